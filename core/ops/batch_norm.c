/* Batch normalisation (Ioffe & Szegedy 2015) over batch, height and width, as PyTorch does it:
 * biased variance to normalise, unbiased in the running statistics. Reads epsilon, momentum, plain.
 * Parameters: weight, bias; buffers: running_mean, running_var; all {C, 1, 1, 1}. With `plain`,
 * weight and bias are buffers that stay 1 and 0.
 * partial (2C): forward {sum x [C], sum x^2 [C]}, backward {sum dy [C], sum dy * xhat [C]}.
 * shared (4C): {mean, inv_std, mean dy, mean dy * xhat} of the batch, [C] each.
 * The sums are in double. That is sound: subtracting squares loses 2 log2(mean/std) of 53 bits, so
 * for floats nothing shows before mean/std reaches 2^14, where a float x itself is short of bits.
 * Cost per element: forward 6 FLOPs (sums 3, mean and variance known: subtract, scale, shift);
 * backward 10 (xhat 2, sums 3, dx 5). */
#include "core/ops/norm.h"

static int64_t pixels(const af_call *c)
{
    return (int64_t)c->n * c->in[0].h * c->in[0].w;
}

static void gather(const af_call *c)
{
    int C = c->in[0].c;
    const real *x = c->x[0];
    double *sum = c->partial, *squares = sum + C;
    for (int k = 0; k < C; k++) sum[k] = squares[k] = 0;
    for (int64_t i = 0, n = pixels(c); i < n; i++, x += C)
        for (int k = 0; k < C; k++) {
            sum[k] += (double)x[k];
            squares[k] += (double)x[k] * (double)x[k];
        }
}

static void combine(const af_call *c, int chunks)
{
    norm_combine(c, c->in[0].c, (double)pixels(c), chunks);
}

static void forward(const af_call *c)
{
    int C = c->in[0].c;
    const real *x = c->x[0], *weight = c->w[WEIGHT], *bias = c->w[BIAS];
    real *y = c->y;
    int64_t n = pixels(c);
    for (int k = 0; k < C; k++) {
        double mean, inv_std;
        norm_statistics(c, C, k, &mean, &inv_std);
        double scale = inv_std * weight[k], shift = bias[k];
        for (int64_t i = k; i < n * C; i += C) y[i] = (real)((x[i] - mean) * scale + shift);
    }
}

static void gather_back(const af_call *c)
{
    int C = c->in[0].c;
    const real *x = c->x[0], *dy = c->dy;
    const double *mean = c->shared + MEAN * C, *inv_std = c->shared + INV_STD * C;
    double *sum = c->partial, *products = sum + C;
    for (int k = 0; k < C; k++) sum[k] = products[k] = 0;
    for (int64_t i = 0, n = pixels(c); i < n; i++, x += C, dy += C)
        for (int k = 0; k < C; k++) {
            sum[k] += (double)dy[k];
            products[k] += (double)dy[k] * ((x[k] - mean[k]) * inv_std[k]);
        }
}

static void combine_back(const af_call *c, int chunks)
{
    norm_combine_back(c, c->in[0].c, (double)pixels(c), chunks);
}

/* dx = weight * inv_std * (dy - mean dy - xhat * mean(dy * xhat)); the parameters' gradients are
 * this chunk's partial sums. */
static void backward(const af_call *c)
{
    int C = c->in[0].c;
    const real *x = c->x[0], *dy = c->dy, *weight = c->w[WEIGHT];
    real *dx = c->dx[0];
    int64_t n = pixels(c);
    norm_gradients(c, C, 0, C);
    for (int k = 0; dx != NULL && k < C; k++) {
        double mean = c->shared[MEAN * C + k], inv_std = c->shared[INV_STD * C + k];
        double mean_dy = c->shared[MEAN_DY * C + k], slope = c->shared[MEAN_DY_XHAT * C + k];
        for (int64_t i = k; i < n * C; i += C) {
            double xhat = (x[i] - mean) * inv_std;
            double d = weight[k] * inv_std * (dy[i] - mean_dy - xhat * slope);
            dx[i] = (real)(c->add[0] ? dx[i] + d : d);
        }
    }
}

const af_kernel AF_REFERENCE(batch_norm) = {
    .name = "reference",
    .gather = gather,
    .combine = combine,
    .forward = forward,
    .gather_back = gather_back,
    .combine_back = combine_back,
    .backward = backward,
};

#ifndef AF_DOUBLE
af_status af_norm_attrs(const af_attrs *a)
{
    if (!(a->epsilon > 0)) return af_fail(AF_EINVAL, "epsilon %g, want more than 0", a->epsilon);
    if (!(a->momentum >= 0 && a->momentum <= 1))
        return af_fail(AF_EINVAL, "momentum %g, want 0 to 1", a->momentum);
    return AF_OK;
}

static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    AF_TRY(af_norm_attrs(&n->attrs));
    *out = in[0];
    return AF_OK;
}

int af_norm_params(const af_node *n, int C, af_param p[AF_MAX_PARAMS])
{
    bool trained = !n->attrs.plain;
    p[WEIGHT] = (af_param){"weight", {C, 1, 1, 1}, AF_INIT_ONES, 0, trained};
    p[BIAS] = (af_param){"bias", {C, 1, 1, 1}, AF_INIT_ZEROS, 0, trained};
    p[RUNNING_MEAN] = (af_param){"running_mean", {C, 1, 1, 1}, AF_INIT_ZEROS, 0, false};
    p[RUNNING_VAR] = (af_param){"running_var", {C, 1, 1, 1}, AF_INIT_ONES, 0, false};
    return 4;
}

static int params(const af_node *n, const af_shape *in, af_param p[AF_MAX_PARAMS])
{
    return af_norm_params(n, in[0].c, p);
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    (void)in;
    double size = (double)af_shape_size(n->shape);
    return (af_cost){.forward = 6 * size, .backward = 10 * size};
}

static int partials(const af_node *n, const af_shape *in)
{
    (void)n;
    return 2 * in[0].c;
}

static int shared(const af_node *n, const af_shape *in)
{
    (void)n;
    return 4 * in[0].c;
}

extern const af_kernel af_reference_batch_norm_f64;

const af_op af_op_batch_norm = {
    .name = "batch_norm",
    .summary = "batch normalisation with running statistics",
    .min_inputs = 1,
    .max_inputs = 1,
    .reads = AF_BACKWARD_X,
    .shape = shape,
    .params = params,
    .cost = cost,
    .partials = partials,
    .shared = shared,
    .reference = {&af_reference_batch_norm_f32, &af_reference_batch_norm_f64},
};
#endif
