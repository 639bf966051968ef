/* MATLAB files through matio, which is given good files only and is told what to convert to.
 * It believes the sizes in a file, so version 5 is checked before (mat5.h) and version 4, for which
 * it takes whatever it does not know, left out. It reports success when data end early, so the
 * buffer is filled with a marker first and must not keep any. It takes the class of a version 7.3
 * array from an attribute that other writers of HDF5 leave out, so the class is always set to
 * double, into which it converts every numeric type. */
#include "data-prep/formats/mat.h"
#include <limits.h>
#include <matio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/data/dataset.h"
#include "data-prep/formats/mat5.h"

struct af_mat {
    mat_t *file;
    char path[AF_PATH_MAX];
};

/* A NaN that no computation and no writer produces. */
static const uint64_t UNWRITTEN = UINT64_MAX;

/* The header ends in the version, 1 or 2 (HDF5) in its high byte, and "MI" in the byte order of the
 * file. */
static af_status check_file(FILE *f, const char *path)
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
    return version == 0x100 ? af_mat5_check(f, path, (int64_t)info.st_size, little) : AF_OK;
}

static af_status open_file(mat_t **out, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return af_file_fail(path, "cannot open");
    af_status st = check_file(f, path);
    fclose(f);
    if (st != AF_OK) return st;
    af_hdf5_quiet();
    *out = Mat_Open(path, MAT_ACC_RDONLY);
    if (*out) return AF_OK;
    return af_fail(AF_EFORMAT, "%s: damaged or truncated MATLAB file; fetch it again", path);
}

af_status af_mat_open(af_mat **out, const char *path)
{
    af_mat *m = af_calloc(1, sizeof *m);
    if (!m) return AF_ENOMEM;
    af_status st = af_path_format(m->path, "%s", path);
    if (st == AF_OK) st = open_file(&m->file, path);
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
    return Mat_GetVersion(m->file) == MAT_FT_MAT73;
}

/* Full, real and numeric. An array without a class is one of HDF5 without MATLAB's attribute. */
static bool is_numeric(const af_mat *m, const matvar_t *v)
{
    bool classless = v->class_type == MAT_C_EMPTY && af_mat_is_hdf5(m);
    return !v->isComplex &&
           (classless || (v->class_type >= MAT_C_DOUBLE && v->class_type <= MAT_C_UINT64));
}

static af_status check_variable(const af_mat *m, const char *name, const matvar_t *v)
{
    if (!is_numeric(m, v))
        return af_fail(AF_EFORMAT, "%s: '%s' is no array of real numbers (class %d%s)", m->path,
                       name, (int)v->class_type, v->isComplex ? ", complex" : "");
    if (v->rank < 2 || v->rank > AF_MAT_RANK || !v->dims)
        return af_fail(AF_EFORMAT, "%s: '%s' has %d dimensions, want 2 to %d", m->path, name,
                       v->rank, AF_MAT_RANK);
    for (int d = 0; d < v->rank; d++)
        if (v->dims[d] < 1 || v->dims[d] > INT_MAX)
            return af_fail(AF_EFORMAT, "%s: dimension %d of '%s' is %zu, want 1 to %d", m->path,
                           d + 1, name, v->dims[d], INT_MAX);
    return AF_OK;
}

static af_status find(matvar_t **out, const af_mat *m, const char *name)
{
    matvar_t *v = Mat_VarReadInfo(m->file, name);
    if (!v)
        return af_fail(AF_ENOTFOUND,
                       "%s: no variable '%s', or the file is damaged before it; "
                       "check that this is the right file",
                       m->path, name);
    af_status st = check_variable(m, name, v);
    if (st != AF_OK) {
        Mat_VarFree(v);
        return st;
    }
    *out = v;
    return AF_OK;
}

af_status af_mat_shape_of(af_mat_shape *out, af_mat *m, const char *name)
{
    matvar_t *v;
    AF_TRY(find(&v, m, name));
    *out = (af_mat_shape){.rank = v->rank};
    for (int d = 0; d < v->rank; d++) out->dims[d] = (int64_t)v->dims[d];
    Mat_VarFree(v);
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

static bool inside(const af_mat_slab *s, const matvar_t *v, int d)
{
    int64_t size = (int64_t)v->dims[d];
    return s->first[d] >= 0 && s->first[d] < size && s->step[d] >= 1 && s->step[d] <= size &&
           s->count[d] >= 1 && s->count[d] - 1 <= (size - 1 - s->first[d]) / s->step[d];
}

static af_status read_slab(double *out, const af_mat *m, matvar_t *v, const char *name,
                           const af_mat_slab *s)
{
    int first[AF_MAT_RANK], step[AF_MAT_RANK], count[AF_MAT_RANK];
    size_t elements = 1, early = 0;
    for (int d = 0; d < v->rank; d++) {
        if (!inside(s, v, d))
            return af_fail(AF_EINVAL,
                           "%s: '%s': elements %lld, step %lld, count %lld of dimension %d "
                           "do not fit its size %zu",
                           m->path, name, (long long)s->first[d], (long long)s->step[d],
                           (long long)s->count[d], d + 1, v->dims[d]);
        first[d] = (int)s->first[d];
        step[d] = (int)s->step[d];
        count[d] = (int)s->count[d];
        elements *= (size_t)s->count[d];
    }
    for (size_t i = 0; i < elements; i++) memcpy(out + i, &UNWRITTEN, sizeof *out);
    v->class_type = MAT_C_DOUBLE;
    int failed = Mat_VarReadData(m->file, v, out, first, step, count);
    for (size_t i = 0; i < elements; i++) early += !memcmp(out + i, &UNWRITTEN, sizeof *out);
    if (!failed && !early) return AF_OK;
    return af_fail(AF_EFORMAT,
                   "%s: '%s': %zu of %zu elements cannot be read; the file is damaged or "
                   "truncated: fetch it again",
                   m->path, name, early, elements);
}

af_status af_mat_read(double *out, af_mat *m, const char *name, const af_mat_slab *slab)
{
    matvar_t *v;
    AF_TRY(find(&v, m, name));
    af_status st = read_slab(out, m, v, name, slab);
    Mat_VarFree(v);
    return st;
}
