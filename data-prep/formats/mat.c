/* MATLAB files through matio, which is given good files only and is told what to convert to.
 * It believes the sizes in a file, so version 5 is checked before (mat5.h) and version 4, for which
 * it takes whatever it does not know, left out. It reports success when data end early, so the
 * buffer is filled with a marker first and must not keep any. It takes the class of a version 7.3
 * array from an attribute that other writers of HDF5 leave out, so the class is always set to
 * double, into which it converts every numeric type. HDF5 crashes on some damaged files, so version
 * 7.3 is read in a process of its own, which opens the file anew for each question. */
#include "data-prep/formats/mat.h"
#include <limits.h>
#include <matio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/alloc.h"
#include "core/base/apart.h"
#include "core/base/file.h"
#include "core/data/dataset.h"
#include "data-prep/formats/mat5.h"

enum { WORKING = 512 << 20 }; /* bytes that HDF5 may take beside the data */

struct af_mat {
    mat_t *file; /* NULL: version 7.3 */
    char path[AF_PATH_MAX];
};

/* A question to a file; of version 7.3 it is shared with the process that answers. */
typedef struct question {
    const char *path, *name; /* NULL: whether the file opens */
    const af_mat_slab *slab; /* NULL: which shape */
    af_mat_shape shape;      /* the answer */
    size_t elements;         /* of the slab */
} question;

/* A NaN that no computation and no writer produces. */
static const uint64_t UNWRITTEN = UINT64_MAX;

/* The header ends in the version, 1 or 2 (HDF5) in its high byte, and "MI" in the byte order of the
 * file. */
static af_status check_file(bool *hdf5, FILE *f, const char *path)
{
    struct stat info;
    unsigned char header[AF_MAT5_HEADER];
    if (fstat(fileno(f), &info)) return af_file_fail(path, "cannot read");
    bool whole = fread(header, 1, AF_MAT5_HEADER, f) == AF_MAT5_HEADER;
    const unsigned char *end = header + 124;
    bool little = whole && !memcmp(end + 2, "IM", 2), big = whole && !memcmp(end + 2, "MI", 2);
    int version = little ? end[0] | end[1] << 8 : big ? end[0] << 8 | end[1] : 0;
    if (version != 0x100 && version != 0x200)
        return af_fail(AF_EFORMAT,
                       "%s: no MATLAB file of version 5 or 7.3: its header says otherwise; name a "
                       ".mat file that was saved with -v6, -v7 or -v7.3",
                       path);
    *hdf5 = version == 0x200;
    return *hdf5 ? AF_OK : af_mat5_check(f, path, (int64_t)info.st_size, little);
}

static af_status open_mat(mat_t **out, const char *path)
{
    af_hdf5_quiet();
    *out = Mat_Open(path, MAT_ACC_RDONLY);
    if (*out) return AF_OK;
    return af_fail(AF_EFORMAT, "%s: damaged or truncated MATLAB file; fetch it again", path);
}

/* Full, real and numeric. An array without a class is one of HDF5 without MATLAB's attribute. */
static bool is_numeric(mat_t *file, const matvar_t *v)
{
    bool classless = v->class_type == MAT_C_EMPTY && Mat_GetVersion(file) == MAT_FT_MAT73;
    return !v->isComplex &&
           (classless || (v->class_type >= MAT_C_DOUBLE && v->class_type <= MAT_C_UINT64));
}

static af_status check_variable(const question *q, mat_t *file, const matvar_t *v)
{
    if (!is_numeric(file, v))
        return af_fail(AF_EFORMAT, "%s: '%s' is no array of real numbers (class %d%s)", q->path,
                       q->name, (int)v->class_type, v->isComplex ? ", complex" : "");
    if (v->rank < 2 || v->rank > AF_MAT_RANK || !v->dims)
        return af_fail(AF_EFORMAT, "%s: '%s' has %d dimensions, want 2 to %d", q->path, q->name,
                       v->rank, AF_MAT_RANK);
    for (int d = 0; d < v->rank; d++)
        if (v->dims[d] < 1 || v->dims[d] > INT_MAX)
            return af_fail(AF_EFORMAT, "%s: dimension %d of '%s' is %zu, want 1 to %d", q->path,
                           d + 1, q->name, v->dims[d], INT_MAX);
    return AF_OK;
}

static af_mat_shape shape_of(const matvar_t *v)
{
    af_mat_shape shape = {.rank = v->rank};
    for (int d = 0; d < v->rank; d++) shape.dims[d] = (int64_t)v->dims[d];
    return shape;
}

static bool inside(const af_mat_slab *s, const af_mat_shape *shape, int d)
{
    const int64_t size = shape->dims[d];
    return s->first[d] >= 0 && s->first[d] < size && s->step[d] >= 1 && s->step[d] <= size &&
           s->count[d] >= 1 && s->count[d] - 1 <= (size - 1 - s->first[d]) / s->step[d];
}

static af_status check_slab(const question *q)
{
    const af_mat_slab *s = q->slab;
    for (int d = 0; d < q->shape.rank; d++)
        if (!inside(s, &q->shape, d))
            return af_fail(AF_EINVAL,
                           "%s: '%s': elements %lld, step %lld, count %lld of dimension %d "
                           "do not fit its size %lld",
                           q->path, q->name, (long long)s->first[d], (long long)s->step[d],
                           (long long)s->count[d], d + 1, (long long)q->shape.dims[d]);
    return AF_OK;
}

static af_status read_slab(double *out, const question *q, mat_t *file, matvar_t *v)
{
    int first[AF_MAT_RANK], step[AF_MAT_RANK], count[AF_MAT_RANK];
    size_t early = 0;
    AF_TRY(check_slab(q));
    for (int d = 0; d < v->rank; d++) {
        first[d] = (int)q->slab->first[d];
        step[d] = (int)q->slab->step[d];
        count[d] = (int)q->slab->count[d];
    }
    for (size_t i = 0; i < q->elements; i++) memcpy(out + i, &UNWRITTEN, sizeof *out);
    v->class_type = MAT_C_DOUBLE;
    int failed = Mat_VarReadData(file, v, out, first, step, count);
    for (size_t i = 0; i < q->elements; i++) early += !memcmp(out + i, &UNWRITTEN, sizeof *out);
    if (!failed && !early) return AF_OK;
    return af_fail(AF_EFORMAT,
                   "%s: '%s': %zu of %zu elements cannot be read; the file is damaged or "
                   "truncated: fetch it again",
                   q->path, q->name, early, q->elements);
}

static af_status answer(question *q, mat_t *file, double *out)
{
    matvar_t *v = Mat_VarReadInfo(file, q->name);
    if (!v)
        return af_fail(AF_ENOTFOUND,
                       "%s: no variable '%s', or the file is damaged before it; "
                       "check that this is the right file",
                       q->path, q->name);
    af_status st = check_variable(q, file, v);
    if (st == AF_OK) q->shape = shape_of(v);
    if (st == AF_OK && q->slab) st = read_slab(out, q, file, v);
    Mat_VarFree(v);
    return st;
}

/* In a process of its own; elements go behind the question. */
static af_status answer_apart(void *payload)
{
    question *q = payload;
    mat_t *file;
    AF_TRY(open_mat(&file, q->path));
    af_status st = q->name ? answer(q, file, (double *)(void *)(q + 1)) : AF_OK;
    Mat_Close(file);
    return st;
}

static af_status ask_apart(question *q, double *out)
{
    const size_t bytes = q->elements * sizeof *out, size = sizeof *q + bytes;
    question *shared = af_apart_alloc(size);
    if (!shared) return AF_ENOMEM;
    *shared = *q;
    af_status st = af_apart(q->path, bytes + WORKING, answer_apart, shared);
    q->shape = shared->shape;
    if (st == AF_OK && out) memcpy(out, shared + 1, bytes);
    af_apart_free(shared, size);
    return st;
}

static af_status ask(question *q, const af_mat *m, double *out)
{
    q->path = m->path;
    return m->file ? answer(q, m->file, out) : ask_apart(q, out);
}

/* ---- files ---- */

static af_status open_file(af_mat *m)
{
    bool hdf5 = false;
    question q = {.name = NULL};
    FILE *f = fopen(m->path, "rb");
    if (!f) return af_file_fail(m->path, "cannot open");
    af_status st = check_file(&hdf5, f, m->path);
    fclose(f);
    if (st != AF_OK) return st;
    return hdf5 ? ask(&q, m, NULL) : open_mat(&m->file, m->path);
}

af_status af_mat_open(af_mat **out, const char *path)
{
    af_mat *m = af_calloc(1, sizeof *m);
    if (!m) return AF_ENOMEM;
    af_status st = af_path_format(m->path, "%s", path);
    if (st == AF_OK) st = open_file(m);
    if (st != AF_OK) {
        af_mat_close(m);
        return st;
    }
    *out = m;
    return AF_OK;
}

void af_mat_close(af_mat *m)
{
    if (!m) return;
    if (m->file) Mat_Close(m->file);
    af_free(m);
}

bool af_mat_is_hdf5(const af_mat *m)
{
    return !m->file;
}

af_status af_mat_shape_of(af_mat_shape *out, af_mat *m, const char *name)
{
    question q = {.name = name};
    AF_TRY(ask(&q, m, NULL));
    *out = q.shape;
    return AF_OK;
}

af_mat_slab af_mat_whole(const af_mat_shape *shape)
{
    af_mat_slab s = {.count = {0}};
    for (int d = 0; d < shape->rank; d++) {
        s.step[d] = 1;
        s.count[d] = shape->dims[d];
    }
    return s;
}

/* A slab that does not fit is refused before anything is read, so there it is enough that the room
 * is not smaller than what is asked for. */
af_status af_mat_read(double *out, af_mat *m, const char *name, const af_mat_slab *slab)
{
    question q = {.name = name, .slab = slab, .elements = 1};
    for (int d = 0; d < AF_MAT_RANK; d++)
        if (slab->count[d] > 0) q.elements *= (size_t)slab->count[d];
    return ask(&q, m, out);
}
