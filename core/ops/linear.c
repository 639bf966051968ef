/* Fully connected layer over the channels, at every pixel: y = W x + b. Reads out, bias.
 * Parameters: weight {out, in, 1, 1}, uniform in +-1/sqrt(in); bias {out, 1, 1, 1}, zeros.
 * Cost per pixel: MACs out * in, and out more with a bias. FLOPs forward 2 a weight and 1 a bias;
 * backward twice that. */
#include "core/op.h"

static size_t pixels(const af_call *c)
{
    return (size_t)c->n * (size_t)c->in[0].h * (size_t)c->in[0].w;
}

static void forward(const af_call *c)
{
    const real *x = c->x[0], *w = c->w[0], *bias = c->node->attrs.bias ? c->w[1] : NULL;
    real *y = c->y;
    size_t in = (size_t)c->in[0].c, out = (size_t)c->node->shape.c;
    for (size_t i = 0, n = pixels(c); i < n; i++, x += in, y += out)
        for (size_t o = 0; o < out; o++) {
            double sum = bias != NULL ? (double)bias[o] : 0;
            for (size_t k = 0; k < in; k++) sum += (double)w[o * in + k] * (double)x[k];
            y[o] = (real)sum;
        }
}

static void backward_data(const af_call *c)
{
    const real *dy = c->dy, *w = c->w[0];
    real *dx = c->dx[0];
    size_t in = (size_t)c->in[0].c, out = (size_t)c->node->shape.c;
    for (size_t i = 0, n = pixels(c); i < n; i++, dx += in, dy += out)
        for (size_t k = 0; k < in; k++) {
            double sum = c->add[0] ? (double)dx[k] : 0;
            for (size_t o = 0; o < out; o++) sum += (double)w[o * in + k] * (double)dy[o];
            dx[k] = (real)sum;
        }
}

/* `x` NULL: of the bias, whose input is 1. */
static double gradient(const af_call *c, const real *x, size_t o, size_t k)
{
    const real *dy = c->dy;
    size_t in = (size_t)c->in[0].c, out = (size_t)c->node->shape.c;
    double sum = 0;
    for (size_t i = 0, n = pixels(c); i < n; i++)
        sum += (double)dy[i * out + o] * (x != NULL ? (double)x[i * in + k] : 1);
    return sum;
}

static void store(const af_call *c, real *to, double d)
{
    *to = (real)(c->add_w ? *to + d : d);
}

static void backward(const af_call *c)
{
    real *dw = c->dw[0], *db = c->node->attrs.bias ? c->dw[1] : NULL;
    size_t in = (size_t)c->in[0].c, out = (size_t)c->node->shape.c;
    if (c->dx[0] != NULL) backward_data(c);
    for (size_t o = 0; o < out; o++) {
        for (size_t k = 0; k < in; k++) store(c, &dw[o * in + k], gradient(c, c->x[0], o, k));
        if (db != NULL) store(c, &db[o], gradient(c, NULL, o, 0));
    }
}

const af_kernel AF_REFERENCE(linear) = {
    .name = "reference", .forward = forward, .backward = backward};

#ifndef AF_DOUBLE
static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    if (n->attrs.out < 1 || n->attrs.out > AF_MAX_DIM)
        return af_fail(AF_EINVAL, "%d outputs, want 1 to %d", n->attrs.out, AF_MAX_DIM);
    *out = (af_shape){n->attrs.out, in[0].h, in[0].w};
    return AF_OK;
}

static int params(const af_node *n, const af_shape *in, af_param p[AF_MAX_PARAMS])
{
    int out = n->attrs.out;
    p[0] = (af_param){"weight", {out, in[0].c, 1, 1}, AF_INIT_FAN_IN, in[0].c, true};
    p[1] = (af_param){"bias", {out, 1, 1, 1}, AF_INIT_ZEROS, 0, true};
    return n->attrs.bias ? 2 : 1;
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    double size = (double)af_shape_size(n->shape), bias = n->attrs.bias ? size : 0;
    double products = size * in[0].c, flops = 2 * products + bias;
    return (af_cost){.macs = products + bias, .forward = flops, .backward = 2 * flops};
}

extern const af_kernel af_reference_linear_f64;

const af_op af_op_linear = {
    .name = "linear",
    .summary = "fully connected layer over the channels",
    .min_inputs = 1,
    .max_inputs = 1,
    .reads = AF_BACKWARD_X,
    .shape = shape,
    .params = params,
    .cost = cost,
    .reference = {&af_reference_linear_f32, &af_reference_linear_f64},
};
#endif
