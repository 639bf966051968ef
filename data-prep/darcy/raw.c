/* Reading Darcy's raw files. Only the points that are kept are read, so the official files of 1.6
 * GB need some 60 MB. In memory the sample runs fastest, then the row: MATLAB's order. */
#include "data-prep/darcy/raw.h"
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"

enum { SAMPLES_MAX = 1 << 20 };

static af_status check_shapes(af_darcy_raw *f)
{
    af_mat_shape a, u;
    af_status st = af_mat_shape_of(&a, f->mat, "coeff");
    if (st == AF_OK) st = af_mat_shape_of(&u, f->mat, "sol");
    if (st != AF_OK)
        return af_fail(st, "%s; want coeff and sol of the released piececonst_r421 files",
                       af_error());
    if (a.rank != 3 || a.dims[1] != a.dims[2] || (a.dims[1] != 421 && a.dims[1] != 85) ||
        a.dims[0] > SAMPLES_MAX)
        return af_fail(
            AF_EFORMAT,
            "%s: coeff is %lld x %lld x %lld with %d dimensions, want samples x 421 x 421 "
            "or samples x 85 x 85; import the released piececonst_r421 files",
            f->path, (long long)a.dims[0], (long long)a.dims[1], (long long)a.dims[2], a.rank);
    if (u.rank != 3 || memcmp(a.dims, u.dims, 3 * sizeof *a.dims) != 0)
        return af_fail(AF_EFORMAT,
                       "%s: sol is %lld x %lld x %lld, want the %lld x %lld x %lld of coeff",
                       f->path, (long long)u.dims[0], (long long)u.dims[1], (long long)u.dims[2],
                       (long long)a.dims[0], (long long)a.dims[1], (long long)a.dims[2]);
    f->count = a.dims[0];
    f->grid = (int)a.dims[1];
    return AF_OK;
}

af_status af_darcy_raw_open(af_darcy_raw *out, const char *path)
{
    *out = (af_darcy_raw){0};
    af_status st;
    AF_GOTO(st, failed, af_path_format(out->path, "%s", path));
    AF_GOTO(st, failed, af_mat_open(&out->mat, path));
    AF_GOTO(st, failed, check_shapes(out));
    AF_GOTO(st, failed, af_sha256_file(path, out->sha256));
    return AF_OK;
failed:
    af_darcy_raw_close(out);
    return st;
}

void af_darcy_raw_close(af_darcy_raw *f)
{
    af_mat_close(f->mat);
    f->mat = NULL;
}

/* One array into the place of each sample, transposed from {column, row, sample}. */
static af_status read_array(const af_darcy_samples *s, const af_darcy_raw *f, const char *name,
                            int64_t first, float *(*place)(const af_darcy_samples *, int64_t))
{
    size_t n = (size_t)s->nodes, count = (size_t)s->count;
    int64_t step = (f->grid - 1) / (s->nodes - 1);
    const af_mat_slab slab = {
        .first = {first, 0, 0},
        .step = {1, step, step},
        .count = {s->count, s->nodes, s->nodes},
    };
    double *raw = af_calloc(count * n * n, sizeof *raw);
    if (!raw) return AF_ENOMEM;
    af_status st = af_mat_read(raw, f->mat, name, &slab);
    for (size_t k = 0; st == AF_OK && k < count; k++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                place(s, (int64_t)k)[i * n + j] = (float)raw[k + count * (i + n * j)];
    af_free(raw);
    return st;
}

static af_status check_values(const af_darcy_samples *s, const af_darcy_raw *f, int64_t first)
{
    for (int64_t k = 0; k < s->count; k++)
        for (int p = 0; p < s->nodes * s->nodes; p++) {
            float a = af_darcy_coefficient(s, k)[p], u = af_darcy_solution(s, k)[p];
            if (!(a > 0) || !isfinite(a) || !isfinite(u))
                return af_fail(
                    AF_EFORMAT,
                    "%s: sample %lld has coefficient %g and solution %g at a point, want a "
                    "positive and a finite number; fetch the file again",
                    f->path, (long long)(first + k), (double)a, (double)u);
        }
    return AF_OK;
}

af_status af_darcy_raw_read(af_darcy_samples *out, const af_darcy_raw *f, int64_t first,
                            int64_t count, int nodes)
{
    af_darcy_samples s;
    char name[64];
    size_t length = strcspn(af_path_name(f->path), ".");
    length = length < sizeof name ? length : sizeof name - 1;
    memcpy(name, af_path_name(f->path), length);
    name[length] = '\0';
    AF_TRY(af_darcy_samples_new(&s, count, nodes, name, first));
    af_status st;
    AF_GOTO(st, failed, read_array(&s, f, "coeff", first, af_darcy_coefficient));
    AF_GOTO(st, failed, read_array(&s, f, "sol", first, af_darcy_solution));
    AF_GOTO(st, failed, check_values(&s, f, first));
    *out = s;
    return AF_OK;
failed:
    af_darcy_samples_free(&s);
    return st;
}

json_t *af_darcy_raw_json(const af_darcy_raw *f)
{
    return json_pack("{s:s, s:s, s:I, s:i}", "name", af_path_name(f->path), "sha256", f->sha256,
                     "samples", (json_int_t)f->count, "grid", f->grid);
}
