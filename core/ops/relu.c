/* Rectified linear unit, y = max(x, 0). NaN stays NaN, so that a diverged network shows in its
 * loss. Cost: 1 FLOP an element, forward and backward.
 *
 * How to write another op: copy this file to core/ops/<name>.c. Write the kernels in plain C for
 * `real`, reading the chunk from `af_call`; honour c->add (dx += instead of dx =) and dx == NULL
 * (not wanted). The file is compiled a second time with real = double, for the kernels only. Below
 * them the shape rule, parameters and cost, and the const struct. Then one builder in
 * core/graph/graph.h and build.c, and at least one row in tests/aid/cases.c: tests/test_op.c
 * refuses an op without one. */
#include "core/op.h"

static size_t elements(const af_call *c)
{
    return (size_t)c->n * (size_t)af_shape_size(c->node->shape);
}

static void forward(const af_call *c)
{
    const real *x = c->x[0];
    real *y = c->y;
    for (size_t i = 0, n = elements(c); i < n; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

static void backward(const af_call *c)
{
    const real *y = c->y, *dy = c->dy;
    real *dx = c->dx[0];
    if (dx == NULL) return;
    for (size_t i = 0, n = elements(c); i < n; i++) {
        real d = y[i] > 0 ? dy[i] : 0;
        dx[i] = c->add[0] ? dx[i] + d : d;
    }
}

const af_kernel AF_REFERENCE(relu) = {
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

extern const af_kernel af_reference_relu_f64;

const af_op af_op_relu = {
    .name = "relu",
    .summary = "rectified linear unit",
    .min_inputs = 1,
    .max_inputs = 1,
    .reads = AF_BACKWARD_Y,
    .shape = shape,
    .cost = cost,
    .reference = {&af_reference_relu_f32, &af_reference_relu_f64},
};
#endif
