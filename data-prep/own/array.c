/* Which reader an array needs, and the two of numpy's formats. */
#include "data-prep/own/array.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "core/base/file.h"
#include "data-prep/formats/gzip.h"
#include "data-prep/formats/npz.h"
#include "data-prep/formats/ts.h"

/* More than this machine has would not come to an end. */
static size_t most_bytes(void)
{
    const size_t most = (size_t)1 << 36, page = (size_t)sysconf(_SC_PAGESIZE);
    const long pages = sysconf(_SC_PHYS_PAGES);
    return pages > 0 && (size_t)pages < most / page ? (size_t)pages * page : most;
}

static size_t width_of(af_own_type type)
{
    static const size_t width[] = {1, 2, 4, 8, AF_ID_MAX};
    return width[type];
}

af_status af_own_array_new(af_own_array *out, af_own_type type, int rank, const int64_t *shape,
                           uint64_t most, const char *path)
{
    const uint64_t limit = most < most_bytes() ? most : most_bytes();
    uint64_t bytes = width_of(type);
    *out = (af_own_array){.type = type, .rank = rank, .count = 1};
    if (rank < 1 || rank > AF_OWN_RANK)
        return af_fail(AF_EFORMAT, "%s: an array of %d axes, want 1 to %d", path, rank,
                       AF_OWN_RANK);
    for (int k = 0; k < rank; k++) {
        if (shape[k] < 1) return af_fail(AF_EFORMAT, "%s: an empty array", path);
        if (bytes > limit / (uint64_t)shape[k])
            return af_fail(AF_EFORMAT,
                           "%s: claims more elements than it, or this machine, can hold", path);
        bytes *= (uint64_t)shape[k];
        out->shape[k] = shape[k];
        out->count *= shape[k];
    }
    out->data = af_calloc(1, (size_t)bytes);
    return out->data ? AF_OK : af_prefix(AF_ENOMEM, "%s", path);
}

size_t af_own_array_bytes(const af_own_array *a)
{
    return (size_t)a->count * width_of(a->type);
}

void af_own_array_close(af_own_array *a)
{
    af_free(a->data);
    *a = (af_own_array){0};
}

double af_own_element(const af_own_array *a, int64_t i)
{
    switch (a->type) {
    case AF_OWN_UINT8:
        return ((const uint8_t *)a->data)[i];
    case AF_OWN_INT16:
        return ((const int16_t *)a->data)[i];
    case AF_OWN_FLOAT32:
        return (double)((const float *)a->data)[i];
    default:
        return ((const double *)a->data)[i];
    }
}

/* ---- numpy ---- */

static af_own_type npy_type(const af_pickle_dtype *d, af_own_use use)
{
    if (d->kind == 'S' || d->kind == 'U') return AF_OWN_TEXT;
    if (use == AF_OWN_CODES) return AF_OWN_DOUBLE;
    if (d->kind == 'b' || (d->kind == 'u' && d->width == 1)) return AF_OWN_UINT8;
    return d->kind == 'i' && d->width <= 2 ? AF_OWN_INT16 : AF_OWN_FLOAT32;
}

/* Elements lie in stored order; of one-dimensional ones that is C order. */
static af_status npy_text(char *out, const af_pickle_array *a, size_t i, const char *path)
{
    const size_t unit = a->dtype.kind == 'U' ? 4 : 1, n = (size_t)a->dtype.width / unit;
    const uint8_t *from = a->data + i * (size_t)a->dtype.width;
    size_t used = 0;
    for (size_t k = 0; k < n; k++) {
        const uint8_t *c = from + k * unit;
        uint32_t code = *c;
        if (unit == 4)
            code = a->dtype.big_endian
                       ? (uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 | (uint32_t)c[2] << 8 | c[3]
                       : (uint32_t)c[3] << 24 | (uint32_t)c[2] << 16 | (uint32_t)c[1] << 8 | c[0];
        if (!code) break;
        if (code < ' ' || code > '~')
            return af_fail(AF_EFORMAT, "%s: text %zu has characters other than printable ASCII",
                           path, i);
        if (used == AF_ID_MAX - 1)
            return af_fail(AF_EFORMAT, "%s: text %zu is longer than %d bytes", path, i,
                           AF_ID_MAX - 1);
        out[used++] = (char)code;
    }
    return AF_OK;
}

static af_status fill_from_npy(af_own_array *out, const af_pickle_array *a, const char *path)
{
    uint8_t *bytes = out->data;
    int16_t *shorts = out->data;
    double *doubles = out->data;
    if (out->type == AF_OWN_FLOAT32) return af_npy_floats(out->data, a, 0, a->count, path);
    for (size_t i = 0; i < a->count; i++) {
        if (out->type == AF_OWN_TEXT) {
            AF_TRY(npy_text((char *)out->data + i * AF_ID_MAX, a, i, path));
            continue;
        }
        const double v = af_pickle_element(a, i);
        if (!isfinite(v))
            return af_fail(AF_EFORMAT, "%s: element %zu is not a finite number", path, i);
        if (out->type == AF_OWN_UINT8)
            bytes[i] = (uint8_t)v;
        else if (out->type == AF_OWN_INT16)
            shorts[i] = (int16_t)v;
        else
            doubles[i] = v;
    }
    return AF_OK;
}

static af_status from_npy(af_own_array *out, const af_pickle_array *a, const char *path,
                          af_own_use use)
{
    int64_t shape[AF_PICKLE_RANK];
    char text[AF_NPY_SHAPE_TEXT];
    const af_own_type type = npy_type(&a->dtype, use);
    if (a->dtype.kind == 'O')
        return af_fail(AF_EFORMAT, "%s: an array of objects, want numbers of one shape", path);
    if (type == AF_OWN_TEXT && (use == AF_OWN_VALUES || a->rank != 1))
        return af_fail(AF_EFORMAT, "%s: %s, want %s", path, af_npy_shape_text(text, a),
                       use == AF_OWN_VALUES ? "numbers" : "one text a sample");
    for (int k = 0; k < a->rank; k++) shape[k] = (int64_t)a->shape[k];
    AF_TRY(af_own_array_new(out, type, a->rank, shape, UINT64_MAX, path));
    return fill_from_npy(out, a, path);
}

static af_status read_npy(af_own_array *out, const char *data, size_t size, const char *path,
                          af_own_use use)
{
    af_npy f;
    AF_TRY(af_npy_parse(&f, data, size, path));
    af_status st = from_npy(out, &f.array, path, use);
    af_npy_close(&f);
    return st;
}

/* af_npz_each asks for names without saying for whom. */
static _Thread_local struct {
    const char *key;
    char names[256];
    int seen;
} npz;

static bool npz_wants(const char *name)
{
    const size_t used = strlen(npz.names);
    snprintf(npz.names + used, sizeof npz.names - used, "%s%.40s", used ? ", " : "", name);
    return npz.key ? !strcmp(npz.key, name) : npz.seen == 0;
}

typedef struct npz_payload {
    af_own_array *out;
    af_own_use use;
} npz_payload;

static af_status npz_take(const char *name, const af_pickle_array *a, const char *path, void *p)
{
    const npz_payload *to = p;
    (void)name;
    if (npz.seen++) return af_fail(AF_EFORMAT, "%s: two arrays of this name", path);
    return from_npy(to->out, a, path, to->use);
}

static af_status read_npz(af_own_array *out, const char *path, const af_own_source *s,
                          af_own_use use)
{
    npz_payload to = {out, use};
    npz.key = s->key;
    npz.names[0] = '\0';
    npz.seen = 0;
    AF_TRY(af_npz_each(path, most_bytes(), npz_wants, npz_take, &to));
    if (!npz.seen)
        return af_fail(AF_ENOTFOUND, "%s: no array '%.60s'; it holds: %s", path,
                       s->key ? s->key : "", npz.names);
    if (!s->key && strchr(npz.names, ','))
        return af_fail(AF_EFORMAT, "%s: say which array with `key:`; it holds: %s", path,
                       npz.names);
    return AF_OK;
}

/* ---- any ---- */

static bool starts(const char *data, size_t size, const char *magic, size_t n)
{
    return size >= n && !memcmp(data, magic, n);
}

static af_status read_bytes(af_own_array *out, const char *data, size_t size, const char *path,
                            const af_own_source *s, af_own_use use)
{
    if (starts(data, size, "\x93NUMPY", 6)) return read_npy(out, data, size, path, use);
    if (starts(data, size, "\0\0", 2)) return af_own_read_idx(out, data, size, path, use);
    if (starts(data, size, "MATLAB 5.0", 10))
        return af_fail(AF_EUNSUPPORTED,
                       "%s: a MATLAB file; save it as HDF5 or CSV (h5create and h5write, or "
                       "writematrix)",
                       path);
    if (af_ts_is(data, size)) return af_own_read_ts(out, data, size, path, use);
    return af_own_read_csv(out, data, size, path, s, use);
}

static af_status read_file(af_own_array *out, const char *path, const af_own_source *s,
                           af_own_use use)
{
    char head[8] = {0}, *data;
    size_t size;
    FILE *f = fopen(path, "rb");
    if (!f) return af_file_fail(path, "cannot open");
    const size_t n = fread(head, 1, sizeof head, f);
    fclose(f);
    if (starts(head, n, "PK\3\4", 4)) return read_npz(out, path, s, use);
    if (starts(head, n, "\x89HDF\r\n\x1a\n", 8)) return af_own_read_hdf5(out, path, s, use);
    AF_TRY(starts(head, n, "\x1f\x8b", 2) ? af_gzip_read(&data, &size, path, most_bytes())
                                          : af_file_read(&data, &size, path, most_bytes()));
    af_status st = s->key ? af_fail(AF_EUSAGE, "%s: holds one array; leave `key:` out", path)
                          : read_bytes(out, data, size, path, s, use);
    af_free(data);
    return st;
}

af_status af_own_path(char out[4096], const af_own_source *s, const char *base)
{
    if (s->file[0] == '/') return af_path_format(out, "%s", s->file);
    return af_path_join(out, base, s->file);
}

af_status af_own_array_read(af_own_array *out, const af_own_source *s, const char *base,
                            af_own_use use)
{
    char path[AF_PATH_MAX];
    *out = (af_own_array){0};
    AF_TRY(af_own_path(path, s, base));
    af_status st = read_file(out, path, s, use);
    if (st == AF_OK) return AF_OK;
    af_own_array_close(out);
    if (!strncmp(af_error(), s->at->of->path, strlen(s->at->of->path))) return st; /* has a line */
    return af_prefix(st, "%s:%d: %s", s->at->of->path, s->at->line, s->at->name);
}
