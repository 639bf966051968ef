/* Weighted sum of inputs of one shape: y = sum_k c[first_coefficient + k] * x_k. The coefficients
 * are inputs of a step, shared by all nodes that name the same ones: how networks share weights.
 * dx_k = c_k * dy, dLoss/dc_k = sum(dy * x_k). An input whose coefficient is exactly 0 is switched
 * off: it is not read (it was not computed), gets no gradient, and its coefficient's gradient is 0.
 * Reads first_coefficient. Summed in double, in input order.
 * Cost per element, k inputs: forward 2k - 1 FLOPs; backward 3k (k products handed on, k sums of
 * products). */
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
        for (int k = 0; k < inputs; k++)
            if (c->mix[k] != 0) sum += c->mix[k] * ((const real *)c->x[k])[i];
        y[i] = (real)sum;
    }
}

static void backward(const af_call *c)
{
    const real *dy = c->dy;
    size_t n = elements(c);
    for (int k = 0; k < c->node->inputs; k++) {
        const real *x = c->x[k];
        real *dx = c->dx[k];
        c->dmix[k] = 0;
        if (c->mix[k] == 0) continue;
        for (size_t i = 0; i < n; i++) c->dmix[k] += (double)dy[i] * (double)x[i];
        for (size_t i = 0; dx && i < n; i++) {
            double d = c->mix[k] * dy[i];
            dx[i] = (real)(c->add[k] ? dx[i] + d : d);
        }
    }
}

const af_kernel AF_REFERENCE(mix) = {.name = "reference", .forward = forward, .backward = backward};

#ifndef AF_DOUBLE
static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    int first = n->attrs.first_coefficient;
    for (int k = 1; k < n->inputs; k++)
        if (!af_shape_same(in[0], in[k]))
            return af_fail(AF_EINVAL, "input %d is %dx%dx%d, input 0 is %dx%dx%d, want the same", k,
                           in[k].c, in[k].h, in[k].w, in[0].c, in[0].h, in[0].w);
    if (first < 0 || first > AF_MAX_COEFFICIENTS - n->inputs)
        return af_fail(AF_EINVAL, "coefficients %d to %d, want 0 to %d", first,
                       first + n->inputs - 1, AF_MAX_COEFFICIENTS - 1);
    *out = in[0];
    return AF_OK;
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    (void)in;
    double size = (double)af_shape_size(n->shape);
    return (af_cost){.forward = (2 * n->inputs - 1) * size, .backward = 3 * n->inputs * size};
}

extern const af_kernel af_reference_mix_f64;

const af_op af_op_mix = {
    .name = "mix",
    .summary = "sum weighted by the coefficients of a step",
    .min_inputs = 1,
    .max_inputs = AF_MAX_INPUTS,
    .reads = AF_BACKWARD_X,
    .mixes = true,
    .shape = shape,
    .cost = cost,
    .reference = {&af_reference_mix_f32, &af_reference_mix_f64},
};
#endif
