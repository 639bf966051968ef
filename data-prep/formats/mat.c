/* MATLAB files through matio. Three habits of matio are dealt with here. It reports success when
 * the data end early: the buffer is filled with a marker first and must not keep any. It does not
 * notice damage inside compressed elements of version 5: these are inflated once on opening, which
 * checks zlib's Adler-32. It takes the class of a version 7.3 array from an attribute that other
 * writers of HDF5 leave out: the class is always set to double, into which matio converts every
 * numeric type. */
#include "data-prep/formats/mat.h"
#include <limits.h>
#include <matio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/data/dataset.h"

struct af_mat {
    mat_t *file;
    char path[AF_PATH_MAX];
};

/* A NaN that no computation and no writer produces. */
static const uint64_t UNWRITTEN = UINT64_MAX;

/* Inflates one compressed element of `bytes` bytes and throws the result away. */
static bool stream_is_intact(FILE *f, uint32_t bytes)
{
    unsigned char in[1 << 14], out[1 << 15];
    z_stream z = {0};
    if (inflateInit(&z) != Z_OK) return false;
    int state = Z_OK;
    while (state == Z_OK && bytes) {
        size_t want = bytes < sizeof in ? bytes : sizeof in;
        if (fread(in, 1, want, f) != want) break;
        bytes -= (uint32_t)want;
        z.next_in = in;
        z.avail_in = (uInt)want;
        do {
            z.next_out = out;
            z.avail_out = sizeof out;
            state = inflate(&z, Z_NO_FLUSH);
        } while (state == Z_OK && z.avail_out == 0);
        if (state == Z_BUF_ERROR) state = Z_OK; /* wants more input */
    }
    inflateEnd(&z);
    return state == Z_STREAM_END;
}

static uint32_t word(const unsigned char *b, bool little)
{
    uint32_t w = 0;
    for (int i = 0; i < 4; i++) w |= (uint32_t)b[i] << 8 * (little ? i : 3 - i);
    return w;
}

/* Version 5: 128 bytes of header, then elements {type, bytes, content}; all must lie in the file.
 */
static af_status check_elements(FILE *f, const char *path, int64_t size)
{
    enum { HEADER = 128, TAG = 8, COMPRESSED = 15 };
    unsigned char header[HEADER], tag[TAG];
    if (fread(header, 1, HEADER, f) != HEADER) return af_file_fail(path, "cannot read");
    bool little = header[126] == 'I';
    for (int64_t at = HEADER, bytes; at < size; at += TAG + bytes) {
        if (fseeko(f, at, SEEK_SET)) return af_file_fail(path, "cannot read");
        bytes = fread(tag, 1, TAG, f) == TAG ? word(tag + 4, little) : size;
        if (bytes > size - at - TAG)
            return af_fail(AF_EFORMAT,
                           "%s: truncated: %lld bytes, but the element at byte %lld goes on; "
                           "fetch the file again",
                           path, (long long)size, (long long)at);
        if (word(tag, little) == COMPRESSED && !stream_is_intact(f, (uint32_t)bytes))
            return af_fail(AF_EFORMAT,
                           "%s: damaged: the compressed element at byte %lld does not match "
                           "its checksum; fetch the file again",
                           path, (long long)at);
    }
    return AF_OK;
}

static af_status check_version_5(const char *path)
{
    struct stat info;
    FILE *f = fopen(path, "rb");
    if (!f) return af_file_fail(path, "cannot open");
    af_status st = fstat(fileno(f), &info) ? af_file_fail(path, "cannot read")
                                           : check_elements(f, path, (int64_t)info.st_size);
    fclose(f);
    return st;
}

af_status af_mat_open(af_mat **out, const char *path)
{
    if (!af_file_exists(path))
        return af_fail(AF_ENOTFOUND, "%s: no such file; check the name", path);
    af_mat *m = af_calloc(1, sizeof *m);
    if (!m) return AF_ENOMEM;
    af_status st;
    AF_GOTO(st, failed, af_path_format(m->path, "%s", path));
    af_hdf5_quiet();
    m->file = Mat_Open(path, MAT_ACC_RDONLY);
    if (!m->file)
        AF_GOTO(
            st, failed,
            af_fail(AF_EFORMAT,
                    "%s: not a readable MATLAB file (version 4, 5 or 7.3); it may be truncated: "
                    "compare its size with the source and fetch it again",
                    path));
    if (Mat_GetVersion(m->file) == MAT_FT_MAT5) AF_GOTO(st, failed, check_version_5(path));
    *out = m;
    return AF_OK;
failed:
    af_mat_close(m);
    return st;
}

void af_mat_close(af_mat *m)
{
    if (!m) return;
    if (m->file) Mat_Close(m->file);
    af_free(m);
}

/* Full, real and numeric. An array without a class is one of HDF5 without MATLAB's attribute. */
static bool is_numeric(const af_mat *m, const matvar_t *v)
{
    bool classless = v->class_type == MAT_C_EMPTY && Mat_GetVersion(m->file) == MAT_FT_MAT73;
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
