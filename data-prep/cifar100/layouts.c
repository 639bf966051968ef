/* Both decoders give the same bytes: the pickled array has the pixels of an image in the order of
 * the binary record. */
#include "data-prep/cifar100/layouts.h"
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/formats/pickle.h"

enum { HEAD = 2, RECORD = HEAD + AF_CIFAR_BYTES, RECORD10 = 1 + AF_CIFAR_BYTES };

af_status af_cifar_images_new(af_cifar_images *out, int64_t count)
{
    *out = (af_cifar_images){.count = count};
    out->pixel = af_calloc((size_t)count, AF_CIFAR_BYTES);
    out->label = af_calloc((size_t)count, 1);
    if (out->pixel && out->label) return AF_OK;
    af_cifar_images_free(out);
    return AF_ENOMEM;
}

void af_cifar_images_free(af_cifar_images *s)
{
    af_free(s->pixel);
    af_free(s->label);
    *s = (af_cifar_images){0};
}

static af_status check_labels(int64_t coarse, int64_t fine, int64_t image, const char *path)
{
    if (coarse >= 0 && coarse < AF_CIFAR_COARSE && fine >= 0 && fine < AF_CIFAR_CLASSES)
        return AF_OK;
    return af_fail(
        AF_EFORMAT,
        "%s: image %lld has coarse label %lld and fine label %lld, want less than %d and "
        "%d; the file is damaged, or of another dataset",
        path, (long long)image, (long long)coarse, (long long)fine, AF_CIFAR_COARSE,
        AF_CIFAR_CLASSES);
}

af_status af_cifar100_binary(af_cifar_images *out, const void *data, size_t size, const char *path)
{
    const uint8_t *record = data;
    *out = (af_cifar_images){0};
    if (!size || size % RECORD)
        return af_fail(AF_EFORMAT,
                       "%s: %zu bytes, want a multiple of %d (coarse label, fine label, 3072 "
                       "pixels); get it again",
                       path, size, RECORD);
    AF_TRY(af_cifar_images_new(out, (int64_t)(size / RECORD)));
    for (int64_t k = 0; k < out->count; k++, record += RECORD) {
        af_status st = check_labels(record[0], record[1], k, path);
        if (st != AF_OK) {
            af_cifar_images_free(out);
            return st;
        }
        out->label[k] = record[1];
        memcpy(out->pixel + k * AF_CIFAR_BYTES, record + HEAD, AF_CIFAR_BYTES);
    }
    return AF_OK;
}

/* ---- pickled ---- */

af_status af_cifar10_binary(af_cifar_images *out, const void *data, size_t size, const char *path)
{
    const uint8_t *record = data;
    *out = (af_cifar_images){0};
    if (!size || size % RECORD10)
        return af_fail(AF_EFORMAT,
                       "%s: %zu bytes, want a multiple of %d (label, 3072 pixels); get it again",
                       path, size, RECORD10);
    AF_TRY(af_cifar_images_new(out, (int64_t)(size / RECORD10)));
    for (int64_t k = 0; k < out->count; k++, record += RECORD10) {
        if (record[0] >= AF_CIFAR10_CLASSES) {
            af_cifar_images_free(out);
            return af_fail(AF_EFORMAT,
                           "%s: image %lld has label %d, want less than %d; the file is damaged, "
                           "or of another dataset",
                           path, (long long)k, record[0], AF_CIFAR10_CLASSES);
        }
        out->label[k] = record[0];
        memcpy(out->pixel + k * AF_CIFAR_BYTES, record + 1, AF_CIFAR_BYTES);
    }
    return AF_OK;
}

static af_status labels_of(const af_pickle_value **out, const af_pickle_value *root,
                           const char *key, size_t count, const char *path)
{
    const af_pickle_value *v = af_pickle_get(root, key);
    if (!v || v->kind != AF_PICKLE_LIST || v->count != count)
        return af_fail(AF_EFORMAT, "%s: no list '%s' of %zu labels, one an image", path, key,
                       count);
    for (size_t k = 0; k < count; k++)
        if (v->items[k]->kind != AF_PICKLE_INT)
            return af_fail(AF_EFORMAT, "%s: '%s' of image %zu is a %s, want an int", path, key, k,
                           af_pickle_kind_names[v->items[k]->kind]);
    *out = v;
    return AF_OK;
}

static af_status unpack(af_cifar_images *out, const af_pickle_value *root, const char *path)
{
    const af_pickle_value *v = af_pickle_get(root, "data"), *fine, *coarse;
    const af_pickle_array *a = v && v->kind == AF_PICKLE_ARRAY ? v->array : NULL;
    if (!a || a->dtype.kind != 'u' || a->dtype.width != 1 || a->rank != 2 || !a->count ||
        a->shape[1] != AF_CIFAR_BYTES || a->fortran)
        return af_fail(AF_EFORMAT,
                       "%s: no array 'data' of uint8, images x %d, in it; want the files train and "
                       "test of cifar-100-python",
                       path, AF_CIFAR_BYTES);
    AF_TRY(labels_of(&fine, root, "fine_labels", a->shape[0], path));
    AF_TRY(labels_of(&coarse, root, "coarse_labels", a->shape[0], path));
    AF_TRY(af_cifar_images_new(out, (int64_t)a->shape[0]));
    memcpy(out->pixel, a->data, a->count);
    for (int64_t k = 0; k < out->count; k++) {
        AF_TRY(check_labels(coarse->items[k]->integer, fine->items[k]->integer, k, path));
        out->label[k] = (uint8_t)fine->items[k]->integer;
    }
    return AF_OK;
}

af_status af_cifar100_python(af_cifar_images *out, const void *data, size_t size, const char *path)
{
    af_pickle *p;
    *out = (af_cifar_images){0};
    AF_TRY(af_pickle_parse(&p, data, size, path));
    af_status st = unpack(out, af_pickle_root(p), path);
    af_pickle_free(p);
    if (st != AF_OK) af_cifar_images_free(out);
    return st;
}

/* ---- names of the classes ---- */

static af_status same_name(const char *want, const char *name, size_t size, int k, const char *path)
{
    if (strlen(want) == size && !memcmp(want, name, size)) return AF_OK;
    return af_fail(AF_EFORMAT,
                   "%s: class %d is another than '%s'; the labels are of another dataset", path, k,
                   want);
}

af_status af_cifar_names_text(const char *const *labels, const void *data, size_t size,
                              const char *path)
{
    const char *at = data, *end = at + size;
    for (int k = 0; labels[k]; k++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        size_t bare = length && at[length - 1] == '\r' ? length - 1 : length;
        AF_TRY(same_name(labels[k], at, bare, k, path));
        at = stop ? stop + 1 : end;
    }
    return AF_OK;
}

af_status af_cifar100_names_python(const char *const *labels, const void *data, size_t size,
                                   const char *path)
{
    af_pickle *p;
    AF_TRY(af_pickle_parse(&p, data, size, path));
    const af_pickle_value *names = af_pickle_get(af_pickle_root(p), "fine_label_names");
    af_status st = AF_OK;
    if (!names || names->kind != AF_PICKLE_LIST || names->count != AF_CIFAR_CLASSES)
        st = af_fail(AF_EFORMAT, "%s: no list 'fine_label_names' of %d names", path,
                     AF_CIFAR_CLASSES);
    for (int k = 0; st == AF_OK && k < AF_CIFAR_CLASSES; k++) {
        const af_pickle_value *name = names->items[k];
        bool text = name->kind == AF_PICKLE_TEXT || name->kind == AF_PICKLE_BYTES;
        st = same_name(labels[k], text ? name->data : "", text ? name->size : 0, k, path);
    }
    af_pickle_free(p);
    return st;
}
