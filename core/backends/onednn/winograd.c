/* Convolutions of stride 1 by Winograd's algorithm (Lavin & Gray, CVPR 2016): 3x3 by F(2x2,3x3),
 * 16 products a tile of 2x2 outputs where the sum over taps takes 36; along a row, as in 1-D
 * networks, by F(4,taps): 6, 8 or 14 products for 4 outputs of 3, 5 or 8 taps, instead of 12,
 * 20, 32.
 *
 *     y  = A' [ sum over channels  (G w G') . (B' x B) ] A
 *     dx = the same of dy, with the filters turned round and their two channels exchanged
 *     dw = G' [ sum over tiles     (B' x B) . (A dy A') ] G
 *
 * Weights are transformed once a step by `begin`; their gradient is summed in the Winograd domain,
 * in the lane's memory, until `finish`.
 *
 * Used by a rule over shapes and the CPU's vectors. Measured with AVX2 against oneDNN 2.6: from 8
 * channels on each pass is faster, 1.6 to 2.3 times on NAS-Bench-201's layers; with fewer, or on
 * images that fill the tiles badly, some passes are slower. Only the rule, not the gain, is carried
 * over to AVX-512. */
#include <string.h>
#include "core/backends/onednn/onednn.h"
#include "core/base/simd.h"
#include "core/backends/onednn/winograd.h"
#include "core/base/alloc.h"

enum { FORWARD, BACKWARD_X, BACKWARD_W, WALKS };
enum { MOST_PARTS = 4 };

typedef struct winograd {
    af_onednn_self base;
    const af_winograd_isa *isa;
    af_kernel kernel;
    af_winograd_walk walk[WALKS];
    af_filters forth, back;
    float *u[2]; /* transformed weights: for forward, for backward by x */
    float *zeros;
    bool bias;
} winograd;

/* ---- slots ---- */

static bool is_line(const winograd *k)
{
    return k->walk[FORWARD].high == 1;
}

static void begin(const af_call *c)
{
    const winograd *k = c->self;
    void (*pack)(float *, const float *, const af_filters *, int) =
        is_line(k) ? af_winograd_pack_line : af_winograd_pack_square;
    pack(k->u[FORWARD], c->w[0], &k->forth, k->isa->vector);
    if (k->u[BACKWARD_X]) pack(k->u[BACKWARD_X], c->w[0], &k->back, k->isa->vector);
}

static void forward(const af_call *c)
{
    const winograd *k = c->self;
    af_winograd_convolve(&k->walk[FORWARD], c->n, c->x[0], c->y, k->u[FORWARD],
                         k->bias ? c->w[1] : NULL, false, c->scratch);
}

AF_SIMD static void sum_pixels(float *sum, const float *dy, size_t pixels, int channels)
{
    for (size_t i = 0; i < pixels; i++, dy += channels)
        for (int o = 0; o < channels; o++) sum[o] += dy[o];
}

static void backward(const af_call *c)
{
    const winograd *k = c->self;
    af_shape out = c->node->shape;
    if (c->dx[0])
        af_winograd_convolve(&k->walk[BACKWARD_X], c->n, c->dy, c->dx[0], k->u[BACKWARD_X], NULL,
                             c->add[0], c->scratch);
    af_winograd_correlate(&k->walk[BACKWARD_W], c->n, c->x[0], c->dy, c->lane, c->add_w,
                          c->scratch);
    if (!k->bias) return;
    if (!c->add_w) memset(c->dw[1], 0, (size_t)out.c * sizeof(float));
    sum_pixels(c->dw[1], c->dy, (size_t)c->n * out.h * out.w, out.c);
}

static void finish(const af_call *c)
{
    const winograd *k = c->self;
    int vector = k->isa->vector, rows = af_round_up(c->in[0].c, vector);
    if (is_line(k))
        af_winograd_unpack_line(c->dw[0], c->lane, &k->forth, rows, vector);
    else
        af_winograd_unpack_square(c->dw[0], c->lane, &k->forth, rows, vector);
}

/* ---- preparation ---- */

static void release(void *self)
{
    winograd *k = self;
    af_free(k->u[FORWARD]);
    af_free(k->u[BACKWARD_X]);
    af_free(k->zeros);
    af_free(k);
}

/* The widest vectors that the CPU has and one of which the channels fill; NULL: none. */
static const af_winograd_isa *choose_isa(int channels)
{
#if defined(__x86_64__)
    if (channels >= 16 && __builtin_cpu_supports("avx512f")) return af_winograd_avx512;
    if (channels >= 8 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return af_winograd_avx2;
#endif
    (void)channels;
    return NULL;
}

/* Two thirds of the tiles' outputs lie inside the image; squares: 2x2, 4x4 and from 5x5 on. */
static bool fills_tiles(const af_winograd_walk *a, af_shape s)
{
    int64_t tiles = (int64_t)af_quotient_up(s.h, a->high) * af_quotient_up(s.w, a->wide);
    return 3 * (int64_t)s.h * s.w >= 2 * tiles * a->high * a->wide;
}

/* What the tiles of a filter are; false: there are none. */
static bool choose_tile(af_winograd_walk *w, const af_winograd_isa *isa, const af_attrs *a)
{
    const int taps = a->kernel[1];
    *w = (af_winograd_walk){.isa = isa, .parts = 1};
    if (a->kernel[0] == 3 && taps == 3) {
        w->tile = &isa->square;
        w->high = w->wide = 2, w->under = 4;
        return true;
    }
    if (a->kernel[0] != 1 || taps < AF_LINE_TAPS_MIN || taps > MOST_PARTS * 4) return false;
    if (taps > AF_LINE_TAPS_MAX) w->parts = af_quotient_up(taps, 4);
    w->tile = &isa->line[(w->parts > 1 ? 4 : taps) - AF_LINE_TAPS_MIN];
    w->high = w->under = 1, w->wide = AF_LINE_OUTPUTS;
    return true;
}

static bool suits(const af_winograd_walk *w, const af_request *r)
{
    const af_attrs *a = &r->node->attrs;
    for (int i = 0; i < 2; i++)
        if (a->stride[i] != 1 || a->dilation[i] != 1) return false;
    for (int i = 0; i < 4; i++) /* dx is padded by kernel - 1 - pad */
        if (a->pad[i] < 0 || a->pad[i] >= a->kernel[i / 2]) return false;
    return a->groups == 1 && fills_tiles(w, r->in[0]) && fills_tiles(w, r->node->shape);
}

/* Fills the walks; returns the floats of scratch. */
static size_t plan_walks(winograd *k, af_winograd_walk w, const af_request *r)
{
    const af_attrs *a = &r->node->attrs;
    af_shape x = r->in[0], y = r->node->shape;
    w.zeros = k->zeros, w.in = x, w.out = y;
    w.top = a->pad[0], w.left = a->pad[2];
    k->walk[FORWARD] = k->walk[BACKWARD_W] = w;
    w.in = y, w.out = x;
    w.top = a->kernel[0] - 1 - w.top, w.left = a->kernel[1] - 1 - w.left;
    k->walk[BACKWARD_X] = w;
    for (int i = 0; i < WALKS; i++) af_winograd_cut(&k->walk[i], r->n);
    size_t floats = af_winograd_convolve_floats(&k->walk[FORWARD]);
    if (!r->train) return floats;
    size_t back[2] = {af_winograd_convolve_floats(&k->walk[BACKWARD_X]),
                      af_winograd_correlate_floats(&k->walk[BACKWARD_W])};
    for (int i = 0; i < 2; i++)
        if (back[i] > floats) floats = back[i];
    return floats;
}

static void describe_filters(winograd *k, const af_winograd_walk *w, const af_request *r)
{
    const af_attrs *a = &r->node->attrs;
    const int in = r->in[0].c, out = r->node->shape.c, all = a->kernel[0] * a->kernel[1];
    const int taps = w->high > 1 ? all : w->tile->values - w->wide + 1;
    k->forth = (af_filters){.in = in,
                            .out = out,
                            .in_step = all,
                            .out_step = all * in,
                            .tap_step = 1,
                            .all = all,
                            .taps = taps,
                            .parts = w->parts};
    k->back = k->forth;
    k->back.in = out, k->back.out = in;
    k->back.in_step = all * in, k->back.out_step = all;
    k->back.tap = all - 1, k->back.tap_step = -1;
}

/* Of transformed weights with so many input channels. */
static size_t weight_floats(const af_winograd_walk *w, int in, int out)
{
    int vector = w->isa->vector;
    return af_winograd_weight_floats(w->tile->values, af_winograd_depth(in, w->parts, vector), out,
                                     vector);
}

static bool allocate(winograd *k, const af_winograd_walk *w, const af_request *r)
{
    af_shape x = r->in[0], y = r->node->shape;
    size_t x_row = (size_t)x.w * x.c, y_row = (size_t)y.w * y.c;
    k->zeros = af_calloc(x_row > y_row ? x_row : y_row, sizeof(float));
    k->u[FORWARD] = af_calloc(weight_floats(w, x.c, y.c), sizeof(float));
    if (!k->zeros || !k->u[FORWARD]) return false;
    if (!r->train || !r->wants_dx[0]) return true;
    k->u[BACKWARD_X] = af_calloc(weight_floats(w, y.c, x.c), sizeof(float));
    return k->u[BACKWARD_X] != NULL;
}

af_status af_onednn_winograd(const af_request *r, af_prepared *out)
{
    int in = r->in[0].c, outs = r->node->shape.c;
    const af_winograd_isa *isa = choose_isa(in < outs ? in : outs);
    af_winograd_walk w;
    if (!isa || !choose_tile(&w, isa, &r->node->attrs) || !suits(&w, r)) return AF_OK;
    winograd *k = af_calloc(1, sizeof *k);
    if (!k) return AF_ENOMEM;
    k->base.release = release;
    k->isa = isa;
    k->bias = r->node->attrs.bias;
    k->kernel = (af_kernel){.name = isa->name[w.high == 1], .begin = begin, .forward = forward};
    if (r->train) k->kernel.backward = backward, k->kernel.finish = finish;
    describe_filters(k, &w, r);
    if (!allocate(k, &w, r)) {
        release(k);
        return AF_ENOMEM;
    }
    out->kernel = &k->kernel;
    out->self = k;
    out->scratch_bytes = plan_walks(k, w, r) * sizeof(float);
    size_t lane = weight_floats(&w, af_round_up(in, isa->vector), outs) * sizeof(float);
    out->lane_bytes = r->train ? lane : 0;
    return AF_OK;
}
