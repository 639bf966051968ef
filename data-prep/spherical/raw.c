#include "data-prep/spherical/raw.h"
#include <math.h>
#include "core/base/alloc.h"
#include "data-prep/cifar100/images.h"
#include "data-prep/formats/gzip.h"
#include "data-prep/formats/npy.h"
#include "data-prep/spherical/project.h"

static const size_t MAX_BYTES = (size_t)1 << 30; /* the official file unpacks to 650 MB */

static af_status put_label(af_s2_images *s, size_t k, double label, const char *path)
{
    if (!(label >= 0 && label < AF_CIFAR_CLASSES && label == floor(label)))
        return af_fail(AF_EFORMAT, "%s: image %zu has label %g, want 0 to %d", path, k, label,
                       AF_CIFAR_CLASSES - 1);
    s->label[k] = (uint8_t)label;
    return AF_OK;
}

/* A list of ints or an array of numbers. */
static af_status read_labels(af_s2_images *s, const af_pickle_value *v, const char *part,
                             const char *path)
{
    const bool list = v && v->kind == AF_PICKLE_LIST;
    const af_pickle_array *a = v && v->kind == AF_PICKLE_ARRAY && v->array->data ? v->array : NULL;
    const size_t n = (size_t)s->count;
    if (!(list ? v->count == n : a && a->count == n))
        return af_fail(AF_EFORMAT, "%s: no %zu 'labels' in '%s', one an image", path, n, part);
    s->label = af_calloc(n, sizeof *s->label);
    if (!s->label) return AF_ENOMEM;
    for (size_t k = 0; k < n; k++) {
        double label = a                                    ? af_pickle_element(a, k)
                       : v->items[k]->kind == AF_PICKLE_INT ? (double)v->items[k]->integer
                                                            : NAN;
        AF_TRY(put_label(s, k, label, path));
    }
    return AF_OK;
}

static af_status read_part(af_s2_images *s, const af_pickle_value *root, const char *part,
                           const char *path)
{
    char text[AF_NPY_SHAPE_TEXT];
    const af_pickle_value *dict = af_pickle_get(root, part);
    const af_pickle_value *images = dict ? af_pickle_get(dict, "images") : NULL;
    const af_pickle_array *a = images && images->kind == AF_PICKLE_ARRAY ? images->array : NULL;
    if (!a || a->dtype.kind != 'u' || a->dtype.width != 1 || a->rank != 4 || a->fortran ||
        !a->count || a->shape[1] != AF_SPHERE_PLANES || a->shape[2] != AF_SPHERE_SIDE ||
        a->shape[3] != AF_SPHERE_SIDE)
        return af_fail(AF_EFORMAT, "%s: 'images' of '%s' is %s, want uint8, images x 3 x 60 x 60",
                       path, part, a ? af_npy_shape_text(text, a) : "no array");
    s->count = (int64_t)a->shape[0];
    s->pixel = a->data;
    return read_labels(s, af_pickle_get(dict, "labels"), part, path);
}

af_status af_s2_raw_read(af_s2_raw *out, const char *path)
{
    size_t size;
    af_status st;
    *out = (af_s2_raw){0};
    AF_GOTO(st, done, af_gzip_read(&out->bytes, &size, path, MAX_BYTES));
    AF_GOTO(st, done, af_pickle_parse(&out->pickle, out->bytes, size, path));
    AF_GOTO(st, done, read_part(&out->train, af_pickle_root(out->pickle), "train", path));
    st = read_part(&out->test, af_pickle_root(out->pickle), "test", path);
done:
    if (st != AF_OK) af_s2_raw_close(out);
    return st;
}

void af_s2_raw_close(af_s2_raw *r)
{
    af_free(r->train.label);
    af_free(r->test.label);
    af_pickle_free(r->pickle);
    af_free(r->bytes);
    *r = (af_s2_raw){0};
}
