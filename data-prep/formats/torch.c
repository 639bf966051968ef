/* Two passes over the archive: one for the pickle, and one for each storage that is asked for,
 * which is converted where the archive's reader has it. */
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
    bool found;
    af_status (*take)(struct member *m, const void *data, size_t size);
    af_torch *code; /* of data.pkl */
    float *out;     /* of a storage: these elements of the tensor, in C order */
    const af_pickle_tensor *tensor;
    size_t first, count;
    const char *path;
} member;

/* "archive/data.pkl": the directory has the name of the file as it was saved. */
static bool is_member(const char *name, void *self)
{
    const member *m = self;
    const char *below = strchr(name, '/');
    return !m->found && below && !strcmp(below + 1, m->ending);
}

static af_status take(const char *name, const void *data, size_t size, void *self)
{
    member *m = self;
    (void)name;
    m->found = true;
    return m->take(m, data, size);
}

static af_status read_member(member *m, size_t most)
{
    AF_TRY(af_archive_walk(m->path, most, is_member, take, m));
    return m->found ? AF_OK
                    : af_fail(AF_EFORMAT,
                              "%s: no %s in it; want a file of torch.save, of PyTorch 1.6 or later",
                              m->path, m->ending);
}

static af_status keep(member *m, const void *data, size_t size)
{
    m->code->code = af_alloc(size + 1);
    if (!m->code->code) return AF_ENOMEM;
    memcpy(m->code->code, data, size);
    m->code->size = size;
    return AF_OK;
}

af_status af_torch_open(af_torch **out, const char *path)
{
    af_torch *t = af_calloc(1, sizeof *t);
    member m = {.ending = "data.pkl", .take = keep, .code = t, .path = path};
    *out = NULL;
    if (!t) return AF_ENOMEM;
    af_status st;
    AF_GOTO(st, failed, af_path_format(t->path, "%s", path));
    AF_GOTO(st, failed, read_member(&m, PICKLE_MOST));
    AF_GOTO(st, failed, af_pickle_parse_torch(&t->pickle, t->code, t->size, path));
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

static af_status convert(member *m, const void *data, size_t size)
{
    const af_pickle_tensor *t = m->tensor;
    const af_pickle_storage *s = &t->storage;
    const size_t width = (size_t)s->dtype.width;
    if (size / width != s->count || size % width)
        return af_fail(AF_EFORMAT, "%s: %s has %zu bytes, want %zu elements of %zu", m->path,
                       m->ending, size, s->count, width);
    const af_pickle_array all = {
        .dtype = s->dtype, .rank = 1, .shape = {s->count}, .count = s->count, .data = data};
    for (size_t i = 0; i < m->count; i++) {
        m->out[i] = (float)af_pickle_element(&all, place(t, m->first + i));
        if (!isfinite(m->out[i]))
            return af_fail(AF_EFORMAT, "%s: %s: element %zu is %g, want a finite number", m->path,
                           m->ending, m->first + i, (double)m->out[i]);
    }
    return AF_OK;
}

af_status af_torch_floats(float *out, const af_torch *t, const af_pickle_tensor *tensor,
                          size_t first, size_t count, size_t most)
{
    char name[64];
    const af_pickle_storage *s = &tensor->storage;
    const size_t width = (size_t)s->dtype.width;
    size_t row = 1;
    for (int d = 1; d < tensor->rank; d++) row *= tensor->shape[d];
    if (!tensor->rank || first > tensor->shape[0] || count > tensor->shape[0] - first)
        return af_fail(AF_EFORMAT, "%s: a tensor of %zu along its first axis, want %zu from %zu",
                       t->path, tensor->rank ? tensor->shape[0] : 0, count, first);
    if (s->name_size > sizeof name - sizeof "data/")
        return af_fail(AF_EFORMAT, "%s: a storage with a name of %zu bytes", t->path, s->name_size);
    snprintf(name, sizeof name, "data/%.*s", (int)s->name_size, s->name);
    if (s->count > most / width)
        return af_fail(AF_EFORMAT,
                       "%s: %s is said to have %zu elements of %zu bytes, more than "
                       "the %zu bytes that are read",
                       t->path, name, s->count, width, most);
    member m = {.ending = name,
                .take = convert,
                .out = out,
                .tensor = tensor,
                .first = first * row,
                .count = count * row,
                .path = t->path};
    return read_member(&m, s->count * width);
}
