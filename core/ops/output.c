/* The network's prediction: NHWC to {n, C, H, W}, and the gradient the other way. Its y and dy are
 * the only tensors of a plan that are not NHWC. Cost: an element moved counts as 1 FLOP, forward
 * and backward. */
#include "core/op.h"

static void forward(const af_call *c)
{
    const real *x = c->x[0];
    real *y = c->y;
    size_t channels = (size_t)c->node->shape.c;
    size_t pixels = (size_t)c->node->shape.h * (size_t)c->node->shape.w;
    for (size_t s = 0; s < (size_t)c->n; s++)
        for (size_t k = 0; k < channels; k++)
            for (size_t i = 0; i < pixels; i++)
                y[(s * channels + k) * pixels + i] = x[(s * pixels + i) * channels + k];
}

static void backward(const af_call *c)
{
    const real *dy = c->dy;
    real *dx = c->dx[0];
    if (dx == NULL) return;
    size_t channels = (size_t)c->node->shape.c;
    size_t pixels = (size_t)c->node->shape.h * (size_t)c->node->shape.w;
    for (size_t s = 0; s < (size_t)c->n; s++)
        for (size_t k = 0; k < channels; k++)
            for (size_t i = 0; i < pixels; i++) {
                real d = dy[(s * channels + k) * pixels + i];
                real *to = &dx[(s * pixels + i) * channels + k];
                *to = c->add[0] ? *to + d : d;
            }
}

const af_kernel AF_REFERENCE(output) = {
    .name = "reference", .forward = forward, .backward = backward};

#ifndef AF_DOUBLE
static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    (void)n;
    *out = in[0];
    return AF_OK;
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    (void)in;
    double size = (double)af_shape_size(n->shape);
    return (af_cost){.forward = size, .backward = size};
}

extern const af_kernel af_reference_output_f64;

const af_op af_op_output = {
    .name = "output",
    .summary = "the network's prediction",
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .cost = cost,
    .reference = {&af_reference_output_f32, &af_reference_output_f64},
};
#endif
