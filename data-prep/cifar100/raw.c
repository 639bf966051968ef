/* Files are taken as they come, in any order; a directory is searched like an archive with its
 * members one below another. Only one layout may be found: both would be the same images twice. */
#include "data-prep/cifar100/raw.h"
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/sha256.h"
#include "data-prep/cifar100/layouts.h"
#include "data-prep/formats/archive.h"
#include "data-prep/formats/content.h"

enum { MAX_FILE = 192 << 20 }; /* the largest official file has 155 MB */
static const char want[] = "train.bin and test.bin of cifar-100-binary, or train and test of "
                           "cifar-100-python, in a directory or an archive; or, for the variant "
                           "cifar10, cifar-10-batches-bin";
enum { BINARY, PYTHON, TEN, LAYOUTS, BATCHES = 5 };
static const char *const layouts[LAYOUTS] = {"cifar-100-binary", "cifar-100-python",
                                             "cifar-10-batches-bin"};
const char *const af_cifar10_labels[] = {"airplane", "automobile", "bird", "cat",   "deer", "dog",
                                         "frog",     "horse",      "ship", "truck", NULL};

enum { TRAIN, TEST, NAMES };
static const struct {
    const char *name;
    int layout, role;
} files[] = {
    {"train.bin", BINARY, TRAIN},
    {"test.bin", BINARY, TEST},
    {"fine_label_names.txt", BINARY, NAMES},
    {"train", PYTHON, TRAIN},
    {"test", PYTHON, TEST},
    {"meta", PYTHON, NAMES},
    {"data_batch_1.bin", TEN, TRAIN},
    {"data_batch_2.bin", TEN, TRAIN},
    {"data_batch_3.bin", TEN, TRAIN},
    {"data_batch_4.bin", TEN, TRAIN},
    {"data_batch_5.bin", TEN, TRAIN},
    {"test_batch.bin", TEN, TEST},
    {"batches.meta.txt", TEN, NAMES},
};
enum { FILES = sizeof files / sizeof *files };

typedef struct collection {
    af_cifar_raw *raw;
    const char *path;
    const char *const *labels;
    json_t *found; /* file -> sha256 */
    int layout;    /* -1: none yet */
    bool there[LAYOUTS];
    af_cifar_images batch[BATCHES];
} collection;

static int file_of(const char *path)
{
    for (int i = 0; i < FILES; i++)
        if (!strcmp(af_path_name(path), files[i].name)) return i;
    return -1;
}

static bool wanted(const char *member)
{
    return file_of(member) >= 0;
}

static af_status decode(collection *c, int file, const void *data, size_t size, const char *path)
{
    const int layout = files[file].layout, role = files[file].role;
    const char *const *labels = layout == TEN ? af_cifar10_labels : c->labels;
    if (role == NAMES)
        return layout == PYTHON ? af_cifar100_names_python(labels, data, size, path)
                                : af_cifar_names_text(labels, data, size, path);
    af_cifar_images *to = role == TEST    ? &c->raw->test
                          : layout == TEN ? &c->batch[files[file].name[strlen("data_batch_")] - '1']
                                          : &c->raw->train;
    return layout == PYTHON   ? af_cifar100_python(to, data, size, path)
           : layout == BINARY ? af_cifar100_binary(to, data, size, path)
                              : af_cifar10_binary(to, data, size, path);
}

static af_status take(const char *member, const void *data, size_t size, void *payload)
{
    collection *c = payload;
    char path[AF_PATH_MAX], hex[AF_SHA256_HEX];
    int file = file_of(member);
    AF_TRY(af_path_join(path, c->path, member));
    if (c->layout >= 0 && c->layout != files[file].layout)
        return af_fail(AF_EFORMAT, "%s: %s and %s are both in it; name one of them", c->path,
                       layouts[c->layout], layouts[files[file].layout]);
    c->layout = files[file].layout;
    if (json_object_get(c->found, files[file].name))
        return af_fail(AF_EFORMAT, "%s: a second file of this name; name a directory with one",
                       path);
    af_sha256_of(data, size, hex);
    if (json_object_set_new(c->found, files[file].name, json_string(hex)))
        return af_fail(AF_ENOMEM, "%s: out of memory", path);
    return decode(c, file, data, size, path);
}

/* Calls for every file of a layout in a directory. */
static af_status from_directory(collection *c, const char *directory,
                                af_status (*found)(collection *c, int file, const char *path))
{
    char path[AF_PATH_MAX];
    for (int i = 0; i < FILES; i++) {
        AF_TRY(af_path_join(path, directory, files[i].name));
        if (af_file_exists(path) && !af_dir_exists(path)) AF_TRY(found(c, i, path));
    }
    return AF_OK;
}

/* Of the directory and of those in it that are called as a layout. */
static af_status from_directories(collection *c,
                                  af_status (*found)(collection *c, int file, const char *path))
{
    char below[AF_PATH_MAX];
    AF_TRY(from_directory(c, c->path, found));
    for (int i = 0; i < LAYOUTS; i++) {
        AF_TRY(af_path_join(below, c->path, layouts[i]));
        if (af_dir_exists(below)) AF_TRY(from_directory(c, below, found));
    }
    return AF_OK;
}

static af_status read_file(collection *c, int file, const char *path)
{
    char *data;
    size_t size;
    (void)file;
    AF_TRY(af_file_read(&data, &size, path, MAX_FILE));
    af_status st = take(path + strlen(c->path) + 1, data, size, c);
    af_free(data);
    return st;
}

static af_status collect(collection *c)
{
    if (af_dir_exists(c->path)) return from_directories(c, read_file);
    AF_TRY(af_want_content(c->path, AF_CONTENT_ARCHIVE, want));
    return af_archive_each(c->path, MAX_FILE, wanted, take, c);
}

/* CIFAR-10's batches in order. */
static af_status join(collection *c)
{
    af_cifar_images *all = &c->raw->train;
    int64_t n = 0;
    if (c->layout != TEN) return AF_OK;
    for (int i = 0; i < BATCHES; i++) n += c->batch[i].count;
    AF_TRY(af_cifar_images_new(all, n));
    for (int i = BATCHES - 1; i >= 0; i--) {
        const af_cifar_images *b = &c->batch[i];
        n -= b->count;
        if (!b->count) continue;
        memcpy(all->pixel + n * AF_CIFAR_BYTES, b->pixel, (size_t)b->count * AF_CIFAR_BYTES);
        memcpy(all->label + n, b->label, (size_t)b->count);
    }
    return AF_OK;
}

static af_status describe(collection *c)
{
    char hex[AF_SHA256_HEX];
    if (!c->raw->train.count && !c->raw->test.count) return af_refuse(c->path, want);
    const bool ten = c->layout == TEN;
    c->raw->classes = ten ? AF_CIFAR10_CLASSES : AF_CIFAR_CLASSES;
    if (!c->raw->train.count || !c->raw->test.count)
        return af_fail(AF_ENOTFOUND,
                       "%s: no %s images in it; want train.bin and test.bin of %s, or train and "
                       "test of %s, or data_batch_1.bin ... and test_batch.bin of %s",
                       c->path, c->raw->train.count ? "test" : "training", layouts[BINARY],
                       layouts[PYTHON], layouts[TEN]);
    json_t *source = json_pack("{s:s, s:s, s:O}", "data", ten ? "CIFAR-10" : "CIFAR-100", "layout",
                               layouts[c->layout], "files", c->found);
    if (source && !af_dir_exists(c->path)) {
        AF_TRY(af_sha256_file(c->path, hex));
        json_object_set_new(source, "archive",
                            json_pack("{s:s, s:s}", "name", af_path_name(c->path), "sha256", hex));
    }
    c->raw->source = source;
    return source ? AF_OK : af_fail(AF_ENOMEM, "%s: out of memory", c->path);
}

af_status af_cifar_raw_read(af_cifar_raw *out, const char *path, const char *const *labels)
{
    *out = (af_cifar_raw){0};
    collection c = {.raw = out, .path = path, .labels = labels, .layout = -1};
    c.found = json_object();
    if (!c.found) return af_fail(AF_ENOMEM, "%s: out of memory", path);
    af_status st = collect(&c);
    if (st == AF_OK) st = join(&c);
    if (st == AF_OK) st = describe(&c);
    for (int i = 0; i < BATCHES; i++) af_cifar_images_free(&c.batch[i]);
    json_decref(c.found);
    if (st != AF_OK) af_cifar_raw_close(out);
    return st;
}

void af_cifar_raw_close(af_cifar_raw *r)
{
    af_cifar_images_free(&r->train);
    af_cifar_images_free(&r->test);
    json_decref(r->source);
    *r = (af_cifar_raw){0};
}

/* ---- by names alone ---- */

static bool see_member(const char *member, void *payload)
{
    collection *c = payload;
    const int file = file_of(member);
    if (file >= 0 && files[file].role != NAMES) c->there[files[file].layout] = true;
    return false;
}

static af_status see_file(collection *c, int file, const char *path)
{
    (void)file;
    see_member(path, c);
    return AF_OK;
}

af_status af_cifar_is_ten(bool *out, const char *path)
{
    collection c = {.path = path};
    af_content kind = AF_CONTENT_OTHER;
    *out = false;
    if (af_dir_exists(path)) {
        AF_TRY(from_directories(&c, see_file));
    } else if (af_file_exists(path)) {
        AF_TRY(af_content_of(&kind, path));
        if (kind == AF_CONTENT_ARCHIVE) AF_TRY(af_archive_walk(path, 0, see_member, NULL, &c));
    }
    *out = c.there[TEN] && !c.there[BINARY] && !c.there[PYTHON];
    return AF_OK;
}
