/* batch_norm and norm_sum; see core/ops/batch_norm.c and core/ops/norm_sum.c. To a kernel the first
 * is a norm_sum of one normalised input. The reductions finish themselves: what gathers also writes
 * statistics, running statistics and the parameters' gradients, so nothing is left to combine.
 *
 * What is done element by element is done in float. A mean is subtracted as a sum of two floats, so
 * that nothing is lost where it is large beside what remains. */
#include "core/backends/cuda/kernels.h"
#include "core/backends/cuda/norm.h"

namespace
{

/* ---- statistics ---- */

template <class T> struct norm_gather {
    typedef sums<2> sum;
    norm_node<T> n;
    int input;
    double momentum; /* the node's, unless the step brings one */
    double *shared;
    float *running_mean, *running_var;
    const af_step_inputs *inputs;
    AF_KERNEL void add(sum &s, int column, int64_t pixel) const
    {
        double v = get(n.x[input], pixel * n.width[input] + column);
        s.v[0] += v;
        s.v[1] += v * v;
    }
    AF_KERNEL void done(int column, const sum &s) const
    {
        int row = input * n.channels + column;
        double count = (double)n.pixels, mean = s.v[0] / count;
        double var = s.v[1] / count - mean * mean, step = get(&inputs->momentum, 0);
        if (var < 0) var = 0;
        put(shared, MEAN * n.rows + row, mean);
        put(shared, INV_STD * n.rows + row, 1 / sqrt(var + n.epsilon));
        if (count > 1) var *= count / (count - 1);
        if (step < 0) step = momentum;
        put(running_mean, row, (1 - step) * get(running_mean, row) + step * mean);
        put(running_var, row, (1 - step) * get(running_var, row) + step * var);
    }
};

template <class T> void gather(const af_call *c)
{
    norm_node<T> n = node_of<T>(c);
    reduce(device_of(c), "norm_gather", n.channels, n.pixels, false,
           norm_gather<T>{n, c->input, c->node->attrs.momentum, c->shared,
                          (float *)c->w[RUNNING_MEAN], (float *)c->w[RUNNING_VAR], c->inputs});
}

/* ---- forward ---- */

template <class T> struct norm_forward {
    norm_node<T> n;
    T *y;
    int64_t groups;
    AF_KERNEL void operator()(int64_t i) const
    {
        int64_t first = (uint32_t)i / (uint32_t)n.channels;
        int channel = (int)(i - first * n.channels);
        for (; first < n.pixels; first += PIXELS * groups) some(first, channel);
    }
    AF_KERNEL void some(int64_t first, int channel) const
    {
        float sum[PIXELS] = {0};
        for (int e = 0; e < n.inputs; e++) {
            float scale = 1, shift = 0;
            two_floats mean = {0, 0};
            if (e < n.normed) factors(e * n.channels + channel, &mean, &scale, &shift);
            for (int k = 0; k < PIXELS; k++) {
                int64_t pixel = first + k * groups;
                if (pixel >= n.pixels) continue;
                float v = get(n.x[e], pixel * n.width[e] + channel);
                sum[k] += minus(v, mean) * scale + shift;
            }
        }
        for (int k = 0; k < PIXELS; k++) {
            int64_t pixel = first + k * groups;
            if (pixel >= n.pixels) continue;
            put(y, pixel * n.channels + channel, n.relu && sum[k] < 0 ? 0 : sum[k]);
        }
    }
    AF_KERNEL void factors(int row, two_floats *mean, float *scale, float *shift) const
    {
        float inv_std;
        if (n.train) {
            *mean = split_of(get(n.shared, MEAN * n.rows + row));
            inv_std = (float)get(n.shared, INV_STD * n.rows + row);
        } else {
            *mean = two_floats{get(n.running_mean, row), 0};
            inv_std = 1 / sqrtf((float)(get(n.running_var, row) + n.epsilon));
        }
        *scale = inv_std * get(n.weight, row);
        *shift = get(n.bias, row);
    }
};

template <class T> void forward(const af_call *c)
{
    norm_node<T> n = node_of<T>(c);
    int64_t groups = groups_of(n);
    each(device_of(c), "norm_forward", groups * n.channels, norm_forward<T>{n, (T *)c->y, groups});
}

/* ---- backward ---- */

/* Gradient of the sum: dy where the result passed ReLU. */
template <class T> struct norm_slope {
    const T *y, *dy;
    bool relu;
    AF_KERNEL float operator()(int64_t at) const
    {
        return !relu || get(y, at) > 0 ? get(dy, at) : 0;
    }
};

template <class T> norm_slope<T> slope_of(const af_call *c, const norm_node<T> &n)
{
    return {(const T *)c->y, (const T *)c->dy, n.relu};
}

/* Sums of dy and of dy * xhat of up to MOST inputs at once. */
template <class T, int MOST> struct norm_gather_back {
    typedef sums<1 + MOST> sum;
    norm_node<T> n;
    norm_slope<T> slope;
    double *shared;
    float *dweight, *dbias; /* NULL: not trained */
    AF_KERNEL double centred(int e, int column, int64_t pixel) const
    {
        return (double)get(n.x[e], pixel * n.width[e] + column) -
               get(n.shared, MEAN * n.rows + e * n.channels + column);
    }
    AF_KERNEL void add(sum &s, int column, int64_t pixel) const
    {
        double d = slope(pixel * n.channels + column);
        s.v[0] += d;
        for (int e = 0; e < MOST; e++)
            if (e < n.normed) s.v[1 + e] += d * centred(e, column, pixel);
    }
    AF_KERNEL void done(int column, const sum &s) const
    {
        double count = (double)n.pixels;
        for (int e = 0; e < MOST; e++) {
            int row = e * n.channels + column;
            if (e >= n.normed) return;
            double product = s.v[1 + e] * get(n.shared, INV_STD * n.rows + row);
            put(shared, MEAN_DY * n.rows + row, s.v[0] / count);
            put(shared, MEAN_DY_XHAT * n.rows + row, product / count);
            if (dweight) put(dweight, row, product);
            if (dbias) put(dbias, row, s.v[0]);
        }
    }
};

template <class T, int MOST> void gather_back_of(const af_call *c, const norm_node<T> &n)
{
    reduce(device_of(c), "norm_gather_back", n.channels, n.pixels, false,
           norm_gather_back<T, MOST>{n, slope_of(c, n), c->shared, (float *)c->dw[WEIGHT],
                                     (float *)c->dw[BIAS]});
}

template <class T> void gather_back(const af_call *c)
{
    norm_node<T> n = node_of<T>(c);
    if (n.normed <= 1)
        gather_back_of<T, 1>(c, n);
    else if (n.normed == 2)
        gather_back_of<T, 2>(c, n);
    else if (n.normed == 3)
        gather_back_of<T, 3>(c, n);
    else if (n.normed == 4)
        gather_back_of<T, 4>(c, n);
    else
        gather_back_of<T, AF_MAX_INPUTS>(c, n);
}

/* dx = weight * inv_std * (dy - mean dy - xhat * mean(dy * xhat)), or dy of a plain input. */
template <class T> struct norm_backward {
    struct factors {
        two_floats mean, mean_dy;
        float slope, scale; /* slope: of x, mean(dy * xhat) * inv_std */
    };
    norm_node<T> n;
    norm_slope<T> slope;
    int input;
    T *dx;
    bool add;
    int64_t groups;
    AF_KERNEL void operator()(int64_t i) const
    {
        int64_t first = (uint32_t)i / (uint32_t)n.channels;
        int channel = (int)(i - first * n.channels), row = input * n.channels + channel;
        bool normed = input < n.normed;
        factors f = normed ? factors_of(row) : factors{{0, 0}, {0, 0}, 0, 1};
        for (; first < n.pixels; first += PIXELS * groups) some(first, channel, f, normed);
    }
    AF_KERNEL factors factors_of(int row) const
    {
        double inv_std = get(n.shared, INV_STD * n.rows + row);
        return {split_of(get(n.shared, MEAN * n.rows + row)),
                split_of(get(n.shared, MEAN_DY * n.rows + row)),
                (float)(inv_std * get(n.shared, MEAN_DY_XHAT * n.rows + row)),
                (float)inv_std * get(n.weight, row)};
    }
    /* Reads all before it writes any: reads need not wait for each other. */
    AF_KERNEL void some(int64_t first, int channel, factors f, bool normed) const
    {
        float d[PIXELS] = {0};
        for (int k = 0; k < PIXELS; k++) {
            int64_t pixel = first + k * groups;
            if (pixel >= n.pixels) continue;
            d[k] = minus(slope(pixel * n.channels + channel), f.mean_dy);
            if (!normed) continue;
            float v = get(n.x[input], pixel * n.width[input] + channel);
            d[k] = f.scale * (d[k] - minus(v, f.mean) * f.slope);
        }
        for (int k = 0; k < PIXELS; k++) {
            int64_t pixel = first + k * groups;
            if (pixel < n.pixels) put_gradient(dx, pixel * n.width[input] + channel, d[k], add);
        }
    }
};

template <class T> void backward(const af_call *c)
{
    int e = c->node->op->gathers ? c->input : 0;
    if (!c->dx[e]) return; /* the parameters' gradients are there since gather_back */
    norm_node<T> n = node_of<T>(c);
    T *dx = (T *)c->dx[e] + (c->node->op->gathers ? c->node->attrs.offset[e] : 0);
    int64_t groups = groups_of(n);
    each(device_of(c), "norm_backward", groups * n.channels,
         norm_backward<T>{n, slope_of(c, n), e, dx, c->add[e], groups});
}

template <class T> constexpr af_kernel kernel()
{
    return {.name = "cuda",
            .gather = gather<T>,
            .forward = forward<T>,
            .gather_back = gather_back<T>,
            .backward = backward<T>};
}
const af_kernel kernels[] = {kernel<float>(), kernel<bf16>()};

} // namespace

extern "C" af_status AF_GPU(batch_norm)(const af_request *r, af_prepared *out)
{
    return prepare_plain(r, out, kernels);
}

extern "C" af_status AF_GPU(norm_sum)(const af_request *r, af_prepared *out)
{
    return prepare_plain(r, out, kernels);
}
