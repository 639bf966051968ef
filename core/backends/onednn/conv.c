/* Dense and grouped convolutions by oneDNN. Activations are NHWC, in fp32, or in bf16 on processors
 * with AMX; weights are kept canonical by the plan, in fp32, and packed into oneDNN's own types and
 * layouts by `begin`, once a step. The gradient of the weights is fp32 and stays in its kernel's
 * layout in the lane's memory until `finish`. oneDNN's backward passes only overwrite, so what has
 * to be added goes through scratch. */
#include <dnnl.h>
#include "core/backends/onednn/onednn.h"
#if DNNL_VERSION_MAJOR == 2
#include "core/backends/onednn/conv.h"
#include "core/base/simd.h"

AF_SIMD static void add_floats(float *sum, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) sum[i] += x[i];
}

AF_SIMD static void add_rounded(af_bf16 *sum, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) sum[i] = af_bf16_round(af_bf16_float(sum[i]) + x[i]);
}

/* Per channel, over all pixels. */
AF_SIMD static void sum_pixels(float *restrict sum, const af_bf16 *restrict dy, size_t pixels,
                               int channels)
{
    for (int c = 0; c < channels; c++) sum[c] = 0;
    for (size_t p = 0; p < pixels; p++, dy += channels)
        for (int c = 0; c < channels; c++) sum[c] += af_bf16_float(dy[c]);
}

static void run(const af_call *c, int pass, void *x, void *y, void *bias, void *w, void *dw)
{
    const conv *k = c->self;
    void *const data[AF_MEMORIES] = {
        [X] = x,
        [Y] = y,
        [W] = w,
        [BIAS] = bias,
        [DW] = dw,
        [DX_FLOAT] = x,
        [W_FORWARD] = k->w[0],
        [W_BACKWARD] = k->w[1],
        [SCRATCH] = (char *)c->scratch + k->temporary,
    };
    af_primitives_run(&k->run, pass, data);
}

static void begin(const af_call *c)
{
    const conv *k = c->self;
    run(c, PACK_FORWARD, NULL, NULL, NULL, c->w[0], NULL);
    if (k->run.pass[PACK_BACKWARD]) run(c, PACK_BACKWARD, NULL, NULL, NULL, c->w[0], NULL);
}

static void forward(const af_call *c)
{
    run(c, FORWARD, af_unconst(c->x[0]), c->y, c->w[1], NULL, NULL);
}

static void backward_x(const af_call *c)
{
    const conv *k = c->self;
    bool add = c->add[0], halves = k->type == AF_BF16;
    void *dx = add ? c->scratch : c->dx[0];
    run(c, add && halves ? DX_TO_ADD : BACKWARD_X, dx, af_unconst(c->dy), NULL, NULL, NULL);
    if (add && halves)
        add_rounded(c->dx[0], dx, k->dx_count);
    else if (add)
        add_floats(c->dx[0], dx, k->dx_count);
}

/* By our own kernel, which adds to the lane's sums itself. */
static void own_backward_w(const af_call *c)
{
    const conv *k = c->self;
    k->gradient(&k->amx, c->x[0], c->dy, c->lane, c->add_w, c->scratch);
    if (!k->bias_count) return;
    float *db = c->add_w ? c->scratch : c->dw[1];
    size_t pixels = (size_t)c->n * (size_t)c->node->shape.h * (size_t)c->node->shape.w;
    sum_pixels(db, c->dy, pixels, k->bias_count);
    if (c->add_w) add_floats(c->dw[1], db, (size_t)k->bias_count);
}

static void backward_w(const af_call *c)
{
    const conv *k = c->self;
    float *dw = c->add_w ? c->scratch : c->lane;
    float *db = c->add_w ? dw + k->dw_count : c->dw[1];
    run(c, BACKWARD_W, af_unconst(c->x[0]), af_unconst(c->dy), db, NULL, dw);
    if (c->add_w) add_floats(c->lane, dw, k->dw_count);
    if (c->add_w && k->bias_count) add_floats(c->dw[1], db, (size_t)k->bias_count);
}

static void backward(const af_call *c)
{
    if (c->dx[0]) backward_x(c);
    if (((const conv *)c->self)->gradient)
        own_backward_w(c);
    else
        backward_w(c);
}

static void finish(const af_call *c)
{
    const conv *k = c->self;
    if (k->gradient)
        af_amx_unpack(&k->amx, c->lane, c->dw[0]);
    else
        run(c, UNPACK, NULL, NULL, NULL, c->dw[0], c->lane);
}

af_kernel af_conv_slots(const char *name, bool train)
{
    return (af_kernel){.name = name,
                       .begin = begin,
                       .forward = forward,
                       .backward = train ? backward : NULL,
                       .finish = train ? finish : NULL};
}
#endif

af_status af_onednn_conv(const af_request *r, af_prepared *out)
{
    const af_attrs *a = &r->node->attrs;
    const af_conv_geometry g = {
        .in = r->in[0].c,
        .out = a->out,
        .groups = a->groups,
        .kernel = {a->kernel[0], a->kernel[1]},
        .stride = {a->stride[0], a->stride[1]},
        .dilation = {a->dilation[0], a->dilation[1]},
        .pad = {a->pad[0], a->pad[1], a->pad[2], a->pad[3]},
        .bias = a->bias,
    };
    if (g.groups > 1 && g.groups == g.in && g.groups == g.out) {
        AF_TRY(af_onednn_depthwise(r, out));
        if (out->kernel || r->type == AF_BF16) return AF_OK;
    }
    if (r->type == AF_F32) AF_TRY(af_onednn_winograd(r, out));
    return out->kernel ? AF_OK : af_onednn_dense(r, &g, out);
}
