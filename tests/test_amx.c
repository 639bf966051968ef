/* The AMX weight gradient against plain sums in double, over a grid of shapes, in its emulated form
 * on every machine and in AMX instructions where there are some: accumulation over chunks, memory
 * that holds NaNs before, bits that depend on neither thread nor cache budget. */
#include "tests/aid/work.h"
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include "core/backends/onednn/amx.h"
#include "core/base/alloc.h"
#include "tests/aid/call.h"

/* Sums of some thousand products in single precision, relative to the largest of the tensor. */
static const double TOLERANCE = 5e-6;

typedef struct shape {
    const char *name;
    int in, out, h, w;
    int kernel[2], stride[2], dilation[2], pad[4];
} shape;

typedef struct problem {
    af_conv_geometry g;
    af_shape x, y;
    int samples, chunk; /* chunk: samples a call */
    int64_t size;       /* of dw */
    af_bf16 *px, *pdy;
    double *want;
} problem;

static int positions(int size, int before, int after, int kernel, int stride, int dilation)
{
    int reach = (kernel - 1) * dilation + 1;
    return (size + before + after - reach) / stride + 1;
}

static af_bf16 *values(int64_t n, int stream)
{
    af_bf16 *v = af_calloc((size_t)n, sizeof *v);
    assert_non_null(v);
    for (int64_t i = 0; i < n; i++) v[i] = af_bf16_round((float)rig_value(i, stream));
    return v;
}

static const af_bf16 *pixel(const af_bf16 *v, af_shape s, int n, int h, int w)
{
    return v + (((int64_t)n * s.h + h) * s.w + w) * s.c;
}

/* dw[o][c][kh][kw] for one output pixel and one tap. */
static void add_pixel(problem *p, int n, int oh, int ow, int kh, int kw)
{
    const af_conv_geometry *g = &p->g;
    int h = oh * g->stride[0] + kh * g->dilation[0] - g->pad[0];
    int w = ow * g->stride[1] + kw * g->dilation[1] - g->pad[2];
    if (h < 0 || h >= p->x.h || w < 0 || w >= p->x.w) return;
    const af_bf16 *x = pixel(p->px, p->x, n, h, w), *dy = pixel(p->pdy, p->y, n, oh, ow);
    double *to = p->want + (int64_t)(kh * g->kernel[1] + kw) * g->out * g->in;
    for (int o = 0; o < g->out; o++) {
        double d = (double)af_bf16_float(dy[o]);
        for (int c = 0; c < g->in; c++) to[o * g->in + c] += d * (double)af_bf16_float(x[c]);
    }
}

/* From {kh, kw, out, in} to {out, in, kh, kw}. */
static void reorder(problem *p)
{
    int taps = p->g.kernel[0] * p->g.kernel[1], pairs = p->g.out * p->g.in;
    double *to = af_calloc((size_t)p->size, sizeof *to);
    assert_non_null(to);
    for (int t = 0; t < taps; t++)
        for (int i = 0; i < pairs; i++) to[i * taps + t] = p->want[t * pairs + i];
    af_free(p->want);
    p->want = to;
}

static problem pose(const shape *s, int samples, int chunk)
{
    problem p = {.samples = samples, .chunk = chunk, .x = {s->in, s->h, s->w}};
    p.g = (af_conv_geometry){.in = s->in, .out = s->out, .groups = 1};
    memcpy(p.g.kernel, s->kernel, sizeof p.g.kernel);
    memcpy(p.g.stride, s->stride, sizeof p.g.stride);
    memcpy(p.g.dilation, s->dilation, sizeof p.g.dilation);
    memcpy(p.g.pad, s->pad, sizeof p.g.pad);
    p.y.c = s->out;
    p.y.h = positions(s->h, s->pad[0], s->pad[1], s->kernel[0], s->stride[0], s->dilation[0]);
    p.y.w = positions(s->w, s->pad[2], s->pad[3], s->kernel[1], s->stride[1], s->dilation[1]);
    p.size = (int64_t)s->out * s->in * s->kernel[0] * s->kernel[1];
    p.px = values(samples * af_shape_size(p.x), 0);
    p.pdy = values(samples * af_shape_size(p.y), 20);
    p.want = af_calloc((size_t)p.size, sizeof *p.want);
    assert_non_null(p.want);
    for (int n = 0; n < samples; n++)
        for (int oh = 0; oh < p.y.h; oh++)
            for (int ow = 0; ow < p.y.w; ow++)
                for (int kh = 0; kh < s->kernel[0]; kh++)
                    for (int kw = 0; kw < s->kernel[1]; kw++) add_pixel(&p, n, oh, ow, kh, kw);
    reorder(&p);
    return p;
}

static void clear(problem *p)
{
    af_free(p->px);
    af_free(p->pdy);
    af_free(p->want);
}

/* The gradient over all samples, chunk after chunk; freed by the caller. */
static float *solve(af_amx_run *run, const problem *p, const af_amx *k)
{
    float *sums = af_alloc(k->sum_bytes), *dw = af_calloc((size_t)p->size, sizeof *dw);
    void *scratch = af_alloc(k->scratch_bytes);
    assert_true(sums && dw && scratch);
    memset(sums, 0xff, k->sum_bytes);
    memset(scratch, 0xff, k->scratch_bytes);
    for (int n = 0; n < p->samples; n += p->chunk)
        run(k, p->px + n * af_shape_size(p->x), p->pdy + n * af_shape_size(p->y), sums, n > 0,
            scratch);
    af_amx_unpack(k, sums, dw);
    af_free(sums);
    af_free(scratch);
    return dw;
}

static double error_of(const problem *p, const float *dw, bool *noticed)
{
    double *got = af_calloc((size_t)p->size, sizeof *got);
    assert_non_null(got);
    for (int64_t i = 0; i < p->size; i++) got[i] = (double)dw[i];
    double error = mismatch(got, p->want, p->size);
    *noticed = mutation_noticed(got, p->want, p->size, TOLERANCE);
    af_free(got);
    return error;
}

static void assert_same(const shape *s, const char *what, const problem *p, const float *a,
                        const float *b)
{
    if (memcmp(a, b, (size_t)p->size * sizeof *a) != 0) fail_msg("%s: %s", s->name, what);
}

/* Less at a time: the same sums in the same order. */
static void check_budget(af_amx_run *run, const shape *s, const problem *p, const af_amx *k,
                         const float *dw)
{
    af_amx less = *k;
    less.groups_held = 1;
    less.rows_held = k->rows_held > 2 ? 2 : 1;
    less.x_rows_held =
        (less.rows_held - 1) * k->stride[0] + (k->kernel[0] - 1) * k->dilation[0] + 1;
    float *again = solve(run, p, &less);
    assert_same(s, "what is held at a time shows", p, dw, again);
    af_free(again);
}

static void check_threads(af_amx_run *run, const shape *s, const problem *p, const af_amx *k,
                          const float *dw)
{
    float *other[4];
#pragma omp parallel for num_threads(4) schedule(static, 1)
    for (int i = 0; i < 4; i++) other[i] = solve(run, p, k);
    for (int i = 0; i < 4; i++) {
        assert_same(s, "the thread shows", p, dw, other[i]);
        af_free(other[i]);
    }
}

static af_amx_run *native(void)
{
    return af_onednn_has_amx() ? af_amx_native : NULL;
}

static int alike; /* shapes whose bits agree in AMX and in its emulation */

/* Everything that is checked of one shape, `chunk` samples a call. Returns the largest error. */
static double check(const shape *s, int samples, int chunk)
{
    problem p = pose(s, samples, chunk);
    af_amx k;
    bool noticed;
    assert_true(af_amx_plan(&k, &p.g, p.x, p.y, chunk));
    float *dw = solve(af_amx_emulated, &p, &k);
    double error = error_of(&p, dw, &noticed);
    if (!(error <= TOLERANCE)) fail_msg("%s: error %.2e, chunks of %d", s->name, error, chunk);
    assert_false(all_zero(p.want, p.size));
    assert_true(noticed);
    check_budget(af_amx_emulated, s, &p, &k, dw);
    if (native()) {
        float *amx = solve(native(), &p, &k);
        double worst = error_of(&p, amx, &noticed);
        if (!(worst <= TOLERANCE)) fail_msg("%s: AMX error %.2e", s->name, worst);
        alike += memcmp(dw, amx, (size_t)p.size * sizeof *dw) == 0;
        check_budget(native(), s, &p, &k, amx);
        check_threads(native(), s, &p, &k, amx);
        af_free(amx);
    } else if (s->in * s->out <= 1024) {
        check_threads(af_amx_emulated, s, &p, &k, dw);
    }
    af_free(dw);
    clear(&p);
    return error;
}

/* ---- the grid ---- */

#define ONE .dilation = {1, 1}
static const shape kernels[] = {
    {"3x3", .kernel = {3, 3}, .stride = {1, 1}, ONE, .pad = {1, 1, 1, 1}},
    {"1x1", .kernel = {1, 1}, .stride = {1, 1}, ONE},
    {"1x8", .kernel = {1, 8}, .stride = {1, 1}, ONE, .pad = {0, 0, 3, 4}},
    {"3x3 stride 2", .kernel = {3, 3}, .stride = {2, 2}, ONE, .pad = {1, 1, 1, 1}},
    {"1x1 stride 2", .kernel = {1, 1}, .stride = {2, 2}, ONE},
    {"1x3 stride 1, 3", .kernel = {1, 3}, .stride = {1, 3}, ONE, .pad = {0, 0, 2, 0}},
    {"3x3 dilated", .kernel = {3, 3}, .stride = {1, 1}, .dilation = {2, 2}, .pad = {2, 2, 2, 2}},
    {"3x2 unpadded", .kernel = {3, 2}, .stride = {1, 1}, ONE},
    {"5x5 sides", .kernel = {5, 5}, .stride = {2, 1}, .dilation = {1, 2}, .pad = {4, 0, 1, 6}},
};
static const int sizes[][2] = {{32, 32}, {16, 16}, {8, 8}, {7, 9}, {1, 50}, {3, 70}};
static const int widths[][2] = {{3, 16}, {16, 16}, {17, 48}, {48, 17}};

static void grid(void **state)
{
    (void)state;
    int count = 0;
    for (size_t i = 0; i < LENGTH(kernels); i++) {
        double worst = 0;
        for (size_t j = 0; j < LENGTH(sizes); j++)
            for (size_t k = 0; k < LENGTH(widths); k++) {
                shape s = kernels[i];
                s.h = sizes[j][0], s.w = sizes[j][1];
                s.in = widths[k][0], s.out = widths[k][1];
                if (s.h + s.pad[0] + s.pad[1] < (s.kernel[0] - 1) * s.dilation[0] + 1) continue;
                int chunk = 1 + count++ % 8; /* 1 to 8, with one, two or three chunks */
                worst = fmax(worst, check(&s, chunk * (1 + count % 3), chunk));
            }
        printf("  %-16s largest error %.1e\n", kernels[i].name, worst);
    }
    if (native())
        printf("  %d shapes, in AMX too; in %d the same bits as emulated\n", count, alike);
    else
        printf("  %d shapes; no AMX on this processor\n", count);
}

/* Wide enough that rows, or parts of a row, are worked off one after the other. */
static void large(void **state)
{
    (void)state;
    static const shape cases[] = {
        {"64 to 192 at 8x8", 64, 192, 8, 8, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
        {"192 to 64 at 8x8", 192, 64, 8, 8, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
        {"192 to 16 at 32x32", 192, 16, 32, 32, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
        {"64 to 64 at 1x1000", 64, 64, 1, 1000, {1, 8}, {1, 1}, {1, 1}, {0, 0, 3, 4}},
        {"64 to 64, stride 2, at 1x1000", 64, 64, 1, 1000, {1, 3}, {1, 2}, {1, 1}, {0, 0, 1, 1}},
        {"192 to 192, 1x1 at 32x32", 192, 192, 32, 32, {1, 1}, {1, 1}, {1, 1}, {0}},
        {"16 to 16 at 85x85", 16, 16, 85, 85, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
        {"64 to 100, linear", 64, 100, 1, 1, {1, 1}, {1, 1}, {1, 1}, {0}},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        printf("  %-32s %.1e\n", cases[i].name, check(&cases[i], 2, 1 + (int)i % 2));
}

static void refused(void **state)
{
    (void)state;
    af_amx k;
    af_conv_geometry g = {16, 16, 2, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, false};
    af_shape s = {16, 8, 8};
    assert_false(af_amx_plan(&k, &g, s, s, 1));
    g.groups = 1;
    assert_true(af_amx_plan(&k, &g, s, s, 1));
    g.kernel[1] = AF_AMX_TAPS + 1;
    assert_false(af_amx_plan(&k, &g, s, s, 1));
    g.kernel[1] = 3, g.dilation[1] = 40;
    assert_false(af_amx_plan(&k, &g, (af_shape){16, 8, 200}, (af_shape){16, 8, 122}, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grid),
        cmocka_unit_test(large),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
