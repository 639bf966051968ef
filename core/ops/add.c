/* Element-wise sum of inputs of one shape. Summed in double, in input order.
 * Cost per element, k inputs: k - 1 FLOPs forward; backward k, one for each gradient handed on. */
#include "core/op.h"

static size_t elements(const af_call *c)
{
    return (size_t)c->n * (size_t)af_shape_size(c->node->shape);
}

static void forward(const af_call *c)
{
    real *y = c->y;
    int inputs = c->node->inputs;
    for (size_t i = 0, n = elements(c); i < n; i++) {
        double sum = 0;
        for (int k = 0; k < inputs; k++) sum += ((const real *)c->x[k])[i];
        y[i] = (real)sum;
    }
}

/* Input after input: the same tensor may be added to itself. */
static void backward(const af_call *c)
{
    const real *dy = c->dy;
    for (int k = 0; k < c->node->inputs; k++) {
        real *dx = c->dx[k];
        if (dx == NULL) continue;
        for (size_t i = 0, n = elements(c); i < n; i++) dx[i] = c->add[k] ? dx[i] + dy[i] : dy[i];
    }
}

const af_kernel AF_REFERENCE(add) = {.name = "reference", .forward = forward, .backward = backward};

#ifndef AF_DOUBLE
static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    for (int k = 1; k < n->inputs; k++)
        if (!af_shape_same(in[0], in[k]))
            return af_fail(AF_EINVAL, "input %d is %dx%dx%d, input 0 is %dx%dx%d, want the same", k,
                           in[k].c, in[k].h, in[k].w, in[0].c, in[0].h, in[0].w);
    *out = in[0];
    return AF_OK;
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    (void)in;
    double size = (double)af_shape_size(n->shape);
    return (af_cost){.forward = (n->inputs - 1) * size, .backward = n->inputs * size};
}

extern const af_kernel af_reference_add_f64;

const af_op af_op_add = {
    .name = "add",
    .summary = "element-wise sum",
    .min_inputs = 1,
    .max_inputs = AF_MAX_INPUTS,
    .shape = shape,
    .cost = cost,
    .reference = {&af_reference_add_f32, &af_reference_add_f64},
};
#endif
