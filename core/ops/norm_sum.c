/* The sum of batch-normalised and plain inputs, then perhaps ReLU: what the pass `fuse` makes of
 * batch_norm, add and relu, so that a node of a cell is read and written once.
 *   y = f(sum over e < normed of ((x_e - mean_e) * inv_std_e * w_e + b_e) + sum of the other x)
 * Reads out, normed (how many inputs, the first ones, are normalised), offset (the first channel
 * that is read of an input with more than `out` channels: a slice of a merged convolution), relu,
 * epsilon, momentum, plain. Statistics and parameters as in batch_norm.c, those of input e at e *
 * out. gather is called for each normalised input on its own, when that is ready. Cost per element:
 * that of the ops it stands for. */
#include "core/ops/norm.h"

static int normed_channels(const af_call *c)
{
    return c->node->attrs.normed * c->node->shape.c;
}

static int64_t pixels(const af_call *c)
{
    return (int64_t)c->n * c->node->shape.h * c->node->shape.w;
}

static void gather(const af_call *c)
{
    int C = c->node->shape.c, e = c->input, stride = c->in[e].c;
    const real *x = (const real *)c->x[e] + c->node->attrs.offset[e];
    double *sum = c->partial + (int64_t)e * C, *squares = sum + normed_channels(c);
    for (int k = 0; k < C; k++) sum[k] = squares[k] = 0;
    for (int64_t i = 0, n = pixels(c); i < n; i++, x += stride)
        for (int k = 0; k < C; k++) {
            sum[k] += (double)x[k];
            squares[k] += (double)x[k] * (double)x[k];
        }
}

static void combine(const af_call *c, int chunks)
{
    norm_combine(c, normed_channels(c), (double)pixels(c), chunks);
}

static double term(const af_call *c, int e, int64_t pixel, int k)
{
    const af_attrs *a = &c->node->attrs;
    double x = ((const real *)c->x[e])[pixel * c->in[e].c + a->offset[e] + k], mean, inv_std;
    if (e >= a->normed) return x;
    int row = e * c->node->shape.c + k;
    norm_statistics(c, normed_channels(c), row, &mean, &inv_std);
    return (x - mean) * (inv_std * (double)((const real *)c->w[WEIGHT])[row]) +
           (double)((const real *)c->w[BIAS])[row];
}

static void forward(const af_call *c)
{
    int C = c->node->shape.c;
    real *y = c->y;
    for (int64_t i = 0, n = pixels(c); i < n; i++)
        for (int k = 0; k < C; k++) {
            double sum = 0;
            for (int e = 0; e < c->node->inputs; e++) sum += term(c, e, i, k);
            *y++ = (real)(c->node->attrs.relu && sum < 0 ? 0 : sum);
        }
}

/* Gradient of the sum: dy where the result passed ReLU. */
static double slope(const af_call *c, int64_t at)
{
    bool passes = !c->node->attrs.relu || ((const real *)c->y)[at] > 0;
    return passes ? (double)((const real *)c->dy)[at] : 0;
}

static double normalised(const af_call *c, int e, int64_t pixel, int k)
{
    int row = e * c->node->shape.c + k;
    double x = ((const real *)c->x[e])[pixel * c->in[e].c + c->node->attrs.offset[e] + k];
    return (x - c->shared[MEAN * normed_channels(c) + row]) *
           c->shared[INV_STD * normed_channels(c) + row];
}

static void gather_back(const af_call *c)
{
    int C = c->node->shape.c, rows = normed_channels(c);
    for (int k = 0; k < 2 * rows; k++) c->partial[k] = 0;
    for (int64_t i = 0, n = pixels(c); i < n; i++)
        for (int k = 0; k < C; k++) {
            double d = slope(c, i * C + k);
            for (int e = 0; e < c->node->attrs.normed; e++) {
                c->partial[e * C + k] += d;
                c->partial[rows + e * C + k] += d * normalised(c, e, i, k);
            }
        }
}

static void combine_back(const af_call *c, int chunks)
{
    norm_combine_back(c, normed_channels(c), (double)pixels(c), chunks);
}

static double gradient(const af_call *c, int e, int64_t pixel, int k)
{
    int C = c->node->shape.c, rows = normed_channels(c), row = e * C + k;
    double d = slope(c, pixel * C + k);
    if (e >= c->node->attrs.normed) return d;
    double scale = (double)((const real *)c->w[WEIGHT])[row] * c->shared[INV_STD * rows + row];
    return scale * (d - c->shared[MEAN_DY * rows + row] -
                    normalised(c, e, pixel, k) * c->shared[MEAN_DY_XHAT * rows + row]);
}

static void backward(const af_call *c)
{
    int C = c->node->shape.c, e = c->input;
    real *dx = c->dx[e];
    if (e < c->node->attrs.normed) norm_gradients(c, normed_channels(c), e * C, e * C + C);
    if (dx == NULL) return;
    dx += c->node->attrs.offset[e];
    for (int64_t i = 0, n = pixels(c); i < n; i++, dx += c->in[e].c)
        for (int k = 0; k < C; k++)
            dx[k] = (real)((c->add[e] ? (double)dx[k] : 0) + gradient(c, e, i, k));
}

const af_kernel AF_REFERENCE(norm_sum) = {
    .name = "reference",
    .gather = gather,
    .combine = combine,
    .forward = forward,
    .gather_back = gather_back,
    .combine_back = combine_back,
    .backward = backward,
};

#ifndef AF_DOUBLE
static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    const af_attrs *a = &n->attrs;
    if (a->normed < 0 || a->normed > n->inputs)
        return af_fail(AF_EINVAL, "%d of %d inputs normalised", a->normed, n->inputs);
    if (a->normed > 0) AF_TRY(af_norm_attrs(a));
    for (int k = 0; k < n->inputs; k++) {
        if (in[k].h != in[0].h || in[k].w != in[0].w)
            return af_fail(AF_EINVAL, "input %d is %dx%d, input 0 is %dx%d, want the same", k,
                           in[k].h, in[k].w, in[0].h, in[0].w);
        if (a->out < 1 || a->offset[k] < 0 || a->offset[k] > in[k].c - a->out)
            return af_fail(AF_EINVAL, "input %d: channels %d to %d, it has %d", k, a->offset[k],
                           a->offset[k] + a->out - 1, in[k].c);
    }
    *out = (af_shape){a->out, in[0].h, in[0].w};
    return AF_OK;
}

static int params(const af_node *n, const af_shape *in, af_param p[AF_MAX_PARAMS])
{
    (void)in;
    if (n->attrs.normed == 0) return 0;
    return af_norm_params(n, n->attrs.normed * n->shape.c, p);
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    (void)in;
    double size = (double)af_shape_size(n->shape), normed = n->attrs.normed, inputs = n->inputs;
    double relu = n->attrs.relu ? 1 : 0, summed = inputs > 1 ? inputs : 0;
    return (af_cost){.forward = (6 * normed + inputs - 1 + relu) * size,
                     .backward = (10 * normed + summed + relu) * size};
}

static int partials(const af_node *n, const af_shape *in)
{
    (void)in;
    return 2 * n->attrs.normed * n->shape.c;
}

static int shared(const af_node *n, const af_shape *in)
{
    (void)in;
    return 4 * n->attrs.normed * n->shape.c;
}

static int gathers(const af_node *n)
{
    return n->attrs.normed;
}

extern const af_kernel af_reference_norm_sum_f64;

const af_op af_op_norm_sum = {
    .name = "norm_sum",
    .summary = "sum of normalised and plain inputs, then ReLU: made by fusion",
    .min_inputs = 1,
    .max_inputs = AF_MAX_INPUTS,
    .reads = AF_BACKWARD_X | AF_BACKWARD_Y,
    .shape = shape,
    .params = params,
    .cost = cost,
    .partials = partials,
    .shared = shared,
    .gathers = gathers,
    .reference = {&af_reference_norm_sum_f32, &af_reference_norm_sum_f64},
};
#endif
