/* Global average pooling: the mean over height and width, {C, H, W} -> {C, 1, 1}.
 * Cost: forward 1 FLOP an input element and 1 an output (the division); backward the same. */
#include "core/op.h"

static void forward(const af_call *c)
{
    const real *x = c->x[0];
    real *y = c->y;
    size_t channels = (size_t)c->in[0].c, pixels = (size_t)c->in[0].h * (size_t)c->in[0].w;
    for (size_t s = 0; s < (size_t)c->n; s++)
        for (size_t k = 0; k < channels; k++) {
            double sum = 0;
            for (size_t i = 0; i < pixels; i++) sum += x[(s * pixels + i) * channels + k];
            y[s * channels + k] = (real)(sum / (double)pixels);
        }
}

static void backward(const af_call *c)
{
    const real *dy = c->dy;
    real *dx = c->dx[0];
    if (dx == NULL) return;
    size_t channels = (size_t)c->in[0].c, pixels = (size_t)c->in[0].h * (size_t)c->in[0].w;
    for (size_t s = 0; s < (size_t)c->n; s++)
        for (size_t i = 0; i < pixels; i++)
            for (size_t k = 0; k < channels; k++) {
                real d = (real)(dy[s * channels + k] / (double)pixels);
                real *to = &dx[(s * pixels + i) * channels + k];
                *to = c->add[0] ? *to + d : d;
            }
}

const af_kernel AF_REFERENCE(global_pool) = {
    .name = "reference", .forward = forward, .backward = backward};

#ifndef AF_DOUBLE
static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    (void)n;
    *out = (af_shape){in[0].c, 1, 1};
    return AF_OK;
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    double flops = (double)af_shape_size(in[0]) + n->shape.c;
    return (af_cost){.forward = flops, .backward = flops};
}

extern const af_kernel af_reference_global_pool_f64;

const af_op af_op_global_pool = {
    .name = "global_pool",
    .summary = "mean over height and width",
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .cost = cost,
    .reference = {&af_reference_global_pool_f32, &af_reference_global_pool_f64},
};
#endif
