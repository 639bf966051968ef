/* 3x3 convolutions of stride 1 by Winograd's F(2x2,3x3) (Lavin & Gray, CVPR 2016): 16 products a
 * tile of 2x2 outputs where the sum over taps takes 36.
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

typedef struct winograd {
    af_onednn_self base;
    const af_winograd_isa *isa;
    af_kernel kernel;
    af_winograd_walk walk[WALKS];
    float *u[2]; /* transformed weights: for forward, for backward by x */
    float *zeros;
    bool bias;
} winograd;

/* ---- slots ---- */

static void begin(const af_call *c)
{
    const winograd *k = c->self;
    int in = c->in[0].c, out = c->node->shape.c;
    const af_filters forth = {in, out, 9, 9 * in, 0, 1}, back = {out, in, 9 * in, 9, 8, -1};
    af_winograd_pack(k->u[FORWARD], c->w[0], &forth, k->isa->vector);
    if (k->u[BACKWARD_X]) af_winograd_pack(k->u[BACKWARD_X], c->w[0], &back, k->isa->vector);
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
    int in = c->in[0].c, vector = k->isa->vector;
    const af_filters f = {in, c->node->shape.c, 9, 9 * in, 0, 1};
    af_winograd_unpack(c->dw[0], c->lane, &f, af_round_up(in, vector), vector);
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

/* Two thirds of the tiles' outputs lie inside the image: 2x2, 4x4 and from 5x5 on. */
static bool fills_tiles(af_shape s)
{
    int rows = (s.h + 1) / 2, columns = (s.w + 1) / 2;
    return 3 * (int64_t)s.h * s.w >= 8 * (int64_t)rows * columns;
}

static bool suits(const af_request *r)
{
    const af_attrs *a = &r->node->attrs;
    for (int i = 0; i < 2; i++)
        if (a->kernel[i] != 3 || a->stride[i] != 1 || a->dilation[i] != 1) return false;
    for (int i = 0; i < 4; i++)
        if (a->pad[i] < 0 || a->pad[i] > 2) return false; /* dx is padded by 2 - pad */
    return a->groups == 1 && fills_tiles(r->in[0]) && fills_tiles(r->node->shape);
}

/* Fills the walks; returns the floats of scratch. */
static size_t plan_walks(winograd *k, const af_request *r)
{
    const af_attrs *a = &r->node->attrs;
    af_shape x = r->in[0], y = r->node->shape;
    af_winograd_walk w = {.isa = k->isa, .zeros = k->zeros, .in = x, .out = y};
    w.top = a->pad[0], w.left = a->pad[2];
    k->walk[FORWARD] = k->walk[BACKWARD_W] = w;
    w.in = y, w.out = x;
    w.top = 2 - w.top, w.left = 2 - w.left;
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

static bool allocate(winograd *k, const af_request *r)
{
    af_shape x = r->in[0], y = r->node->shape;
    int vector = k->isa->vector;
    size_t x_row = (size_t)x.w * x.c, y_row = (size_t)y.w * y.c;
    k->zeros = af_calloc(x_row > y_row ? x_row : y_row, sizeof(float));
    k->u[FORWARD] = af_calloc(af_winograd_weight_floats(x.c, y.c, vector), sizeof(float));
    if (!k->zeros || !k->u[FORWARD]) return false;
    if (!r->train || !r->wants_dx[0]) return true;
    k->u[BACKWARD_X] = af_calloc(af_winograd_weight_floats(y.c, x.c, vector), sizeof(float));
    return k->u[BACKWARD_X] != NULL;
}

af_status af_onednn_winograd(const af_request *r, af_prepared *out)
{
    int in = r->in[0].c, outs = r->node->shape.c;
    const af_winograd_isa *isa = choose_isa(in < outs ? in : outs);
    if (!isa || !suits(r)) return AF_OK;
    winograd *k = af_calloc(1, sizeof *k);
    if (!k) return AF_ENOMEM;
    k->base.release = release;
    k->isa = isa;
    k->bias = r->node->attrs.bias;
    k->kernel = (af_kernel){.name = isa->name, .begin = begin, .forward = forward};
    if (r->train) k->kernel.backward = backward, k->kernel.finish = finish;
    if (!allocate(k, r)) {
        release(k);
        return AF_ENOMEM;
    }
    out->kernel = &k->kernel;
    out->self = k;
    out->scratch_bytes = plan_walks(k, r) * sizeof(float);
    int rows = af_round_up(in, isa->vector);
    size_t lane = af_winograd_weight_floats(rows, outs, isa->vector) * sizeof(float);
    out->lane_bytes = r->train ? lane : 0;
    return AF_OK;
}
