/* Two passes over the archive: one for the pickle, and one for each storage that is asked for. */
#include "data-prep/formats/torch.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/archive.h"

enum { PICKLE_MOST = 1 << 20 };

struct af_torch {
    char path[AF_PATH_MAX], *code;
    size_t size;
    af_pickle *pickle;
};

typedef struct member { /* of the archive, by the end of its name */
    const char *ending;
    char *data; /* NULL: not found yet */
    size_t size;
} member;

/* "archive/data.pkl": the directory has the name of the file as it was saved. */
static bool is_member(const char *name, void *self)
{
    const member *m = self;
    const char *below = strchr(name, '/');
    return !m->data && below && !strcmp(below + 1, m->ending);
}

static af_status keep(const char *name, const void *data, size_t size, void *self)
{
    member *m = self;
    (void)name;
    m->data = af_alloc(size + 1);
    if (!m->data) return AF_ENOMEM;
    memcpy(m->data, data, size);
    m->size = size;
    return AF_OK;
}

static af_status read_member(member *m, const char *path, size_t most)
{
    af_status st = af_archive_walk(path, most, is_member, keep, m);
    if (st == AF_OK && !m->data)
        st = af_fail(AF_EFORMAT,
                     "%s: no %s in it; want a file of torch.save, of PyTorch 1.6 or later", path,
                     m->ending);
    if (st != AF_OK) {
        af_free(m->data);
        m->data = NULL;
    }
    return st;
}

af_status af_torch_open(af_torch **out, const char *path)
{
    member m = {.ending = "data.pkl"};
    af_torch *t = af_calloc(1, sizeof *t);
    *out = NULL;
    if (!t) return AF_ENOMEM;
    af_status st;
    AF_GOTO(st, failed, af_path_format(t->path, "%s", path));
    AF_GOTO(st, failed, read_member(&m, path, PICKLE_MOST));
    t->code = m.data;
    AF_GOTO(st, failed, af_pickle_parse_torch(&t->pickle, m.data, m.size, path));
    *out = t;
    return AF_OK;
failed:
    af_torch_close(t);
    return st;
}

void af_torch_close(af_torch *t)
{
    if (!t) return;
    af_pickle_free(t->pickle);
    af_free(t->code);
    af_free(t);
}

const af_pickle_value *af_torch_root(const af_torch *t)
{
    return af_pickle_root(t->pickle);
}

/* Where element i of C order lies in the storage. */
static size_t place(const af_pickle_tensor *t, size_t i)
{
    size_t at = t->first;
    for (int d = t->rank - 1; d >= 0; d--) {
        at += i % t->shape[d] * t->stride[d];
        i /= t->shape[d];
    }
    return at;
}

static af_status convert(float *out, const af_pickle_tensor *t, const member *m, const char *path)
{
    const af_pickle_storage *s = &t->storage;
    const size_t width = (size_t)s->dtype.width;
    size_t count = 1;
    if (m->size / width != s->count || m->size % width)
        return af_fail(AF_EFORMAT, "%s: %s has %zu bytes, want %zu elements of %zu", path,
                       m->ending, m->size, s->count, width);
    const af_pickle_array all = {.dtype = s->dtype,
                                 .rank = 1,
                                 .shape = {s->count},
                                 .count = s->count,
                                 .data = (const uint8_t *)m->data};
    for (int d = 0; d < t->rank; d++) count *= t->shape[d];
    for (size_t i = 0; i < count; i++) {
        out[i] = (float)af_pickle_element(&all, place(t, i));
        if (!isfinite(out[i]))
            return af_fail(AF_EFORMAT, "%s: %s: element %zu is %g, want a finite number", path,
                           m->ending, i, (double)out[i]);
    }
    return AF_OK;
}

af_status af_torch_floats(float *out, const af_torch *t, const af_pickle_tensor *tensor,
                          size_t most)
{
    char name[64];
    const af_pickle_storage *s = &tensor->storage;
    if (s->name_size > sizeof name - sizeof "data/")
        return af_fail(AF_EFORMAT, "%s: a storage with a name of %zu bytes", t->path, s->name_size);
    snprintf(name, sizeof name, "data/%.*s", (int)s->name_size, s->name);
    member m = {.ending = name};
    AF_TRY(read_member(&m, t->path, most));
    af_status st = convert(out, tensor, &m, t->path);
    af_free(m.data);
    return st;
}
