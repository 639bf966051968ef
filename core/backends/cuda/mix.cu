/* Weighted sum; see core/ops/mix.c. The coefficients change from step to step and are read on the
 * device; an input that is switched off comes as NULL. */
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/kernels.h"

namespace
{

template <class T> struct mix_forward {
    int inputs;
    const double *mix;
    T *y;
    const T *x[AF_MAX_INPUTS];
    AF_KERNEL void operator()(int64_t i) const
    {
        float sum = 0;
        for (int k = 0; k < AF_MAX_INPUTS; k++)
            if (k < inputs && x[k]) sum += (float)get(mix, k) * get(x[k], i);
        put(y, i, sum);
    }
};

/* One column, a row an element: adds up dy * x for every coefficient, and writes dx on the way.
 * Input after input: the same tensor may be mixed with itself. */
template <class T> struct mix_backward {
    typedef sums<AF_MAX_INPUTS> sum;
    int inputs;
    const double *mix;
    double *dmix;
    const T *dy;
    const T *x[AF_MAX_INPUTS];
    T *dx[AF_MAX_INPUTS];
    bool gradient_add[AF_MAX_INPUTS];
    AF_KERNEL void add(sum &s, int, int64_t i) const
    {
        float d = get(dy, i);
        for (int k = 0; k < AF_MAX_INPUTS; k++) {
            if (k >= inputs || !x[k]) continue;
            s.v[k] += (double)d * (double)get(x[k], i);
            if (dx[k]) put_gradient(dx[k], i, (float)get(mix, k) * d, gradient_add[k]);
        }
    }
    AF_KERNEL void done(int, const sum &s) const
    {
        for (int k = 0; k < AF_MAX_INPUTS; k++)
            if (k < inputs) put(dmix, k, s.v[k]); /* 0 of those that are off */
    }
};

template <class T> void forward(const af_call *c)
{
    mix_forward<T> f = {c->node->inputs, c->mix, (T *)c->y, {}};
    fill_inputs(c, f.x);
    each(device_of(c), "mix_forward", elements(c), f);
}

template <class T> void backward(const af_call *c)
{
    mix_backward<T> f = {c->node->inputs, c->mix, c->dmix, (const T *)c->dy, {}, {}, {}};
    fill_inputs(c, f.x);
    fill_gradients(c, f.dx, f.gradient_add);
    reduce(device_of(c), "mix_backward", 1, elements(c), true, f);
}

template <class T> constexpr af_kernel kernel()
{
    return {.name = "cuda", .forward = forward<T>, .backward = backward<T>};
}
const af_kernel kernels[] = {kernel<float>(), kernel<bf16>()};

} // namespace

extern "C" af_status AF_GPU(mix)(const af_request *r, af_prepared *out)
{
    return prepare_plain(r, out, kernels);
}
