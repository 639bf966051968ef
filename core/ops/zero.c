/* Zeros in the shape of the input: the "none" operation of cell search spaces. Nothing flows back.
 * Cost: none, as the field counts it. */
#include <string.h>
#include "core/op.h"

static size_t bytes(const af_call *c)
{
    return (size_t)c->n * (size_t)af_shape_size(c->node->shape) * sizeof(real);
}

static void forward(const af_call *c)
{
    memset(c->y, 0, bytes(c));
}

static void backward(const af_call *c)
{
    if (c->dx[0] != NULL && !c->add[0]) memset(c->dx[0], 0, bytes(c));
}

const af_kernel AF_REFERENCE(zero) = {
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
    (void)n;
    (void)in;
    return (af_cost){0};
}

extern const af_kernel af_reference_zero_f64;

const af_op af_op_zero = {
    .name = "zero",
    .summary = "zeros in the shape of the input",
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .cost = cost,
    .reference = {&af_reference_zero_f32, &af_reference_zero_f64},
};
#endif
