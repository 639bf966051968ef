/* Global average pooling; see core/ops/global_pool.c. */
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/index.h"
#include "core/backends/cuda/kernels.h"

namespace
{

/* A column for each channel of each sample, a row for each pixel. */
template <class T> struct global_pool_forward {
    typedef sums<1> sum;
    divider channels;
    int64_t pixels;
    const T *x;
    T *y;
    AF_KERNEL void add(sum &s, int column, int64_t pixel) const
    {
        split at = split_by(column, channels);
        s.v[0] += get(x, (at.whole * pixels + pixel) * channels.by + at.rest);
    }
    AF_KERNEL void done(int column, const sum &s) const
    {
        put(y, column, s.v[0] / (double)pixels);
    }
};

template <class T> struct global_pool_backward {
    divider channels, pixels;
    const T *dy;
    T *dx;
    bool add;
    AF_KERNEL void operator()(int64_t i) const
    {
        split at = split_by(i, channels);
        int64_t sample = split_by(at.whole, pixels).whole;
        float d = get(dy, sample * channels.by + at.rest);
        put_gradient(dx, i, d / (float)pixels.by, add);
    }
};

int64_t pixels(const af_call *c)
{
    return (int64_t)c->in[0].h * c->in[0].w;
}

template <class T> void forward(const af_call *c)
{
    reduce(device_of(c), "global_pool_forward", (int)elements(c), pixels(c), false,
           global_pool_forward<T>{divide_by(c->in[0].c), pixels(c), (const T *)c->x[0], (T *)c->y});
}

template <class T> void backward(const af_call *c)
{
    if (!c->dx[0]) return;
    each(device_of(c), "global_pool_backward", elements(c) * pixels(c),
         global_pool_backward<T>{divide_by(c->in[0].c), divide_by(pixels(c)), (const T *)c->dy,
                                 (T *)c->dx[0], c->add[0]});
}

template <class T> constexpr af_kernel kernel()
{
    return {.name = "cuda", .forward = forward<T>, .backward = backward<T>};
}
const af_kernel kernels[] = {kernel<float>(), kernel<bf16>()};

} // namespace

extern "C" af_status AF_GPU(global_pool)(const af_request *r, af_prepared *out)
{
    if (r->n > INT32_MAX / r->in[0].c)
        return af_fail(
            AF_EUNSUPPORTED,
            "global_pool on the device: %d samples of %d channels, want at most %d sums; "
            "use a smaller batch",
            r->n, r->in[0].c, INT32_MAX);
    return prepare_plain(r, out, kernels);
}
