/* The network's input. Reads `shape`. Forward brings the host's floats, {n, C, H, W} in x[0] for
 * both types, into the plan's NHWC; nothing flows back. Cost: an element moved counts as 1 FLOP. */
#include "core/op.h"

static void forward(const af_call *c)
{
    const float *x = c->x[0];
    real *y = c->y;
    size_t channels = (size_t)c->node->shape.c;
    size_t pixels = (size_t)c->node->shape.h * (size_t)c->node->shape.w;
    for (size_t s = 0; s < (size_t)c->n; s++)
        for (size_t k = 0; k < channels; k++)
            for (size_t i = 0; i < pixels; i++)
                y[(s * pixels + i) * channels + k] = x[(s * channels + k) * pixels + i];
}

const af_kernel AF_REFERENCE(input) = {.name = "reference", .forward = forward};

#ifndef AF_DOUBLE
static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    (void)in;
    *out = n->attrs.shape;
    return AF_OK;
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    (void)in;
    return (af_cost){.forward = (double)af_shape_size(n->shape)};
}

extern const af_kernel af_reference_input_f64;

const af_op af_op_input = {
    .name = "input",
    .summary = "the network's input",
    .shape = shape,
    .cost = cost,
    .reference = {&af_reference_input_f32, &af_reference_input_f64},
};
#endif
