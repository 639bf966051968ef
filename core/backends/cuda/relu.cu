/* Rectified linear unit; see core/ops/relu.c. */
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/kernels.h"

namespace
{

template <class T> struct relu_forward {
    const T *x;
    T *y;
    AF_KERNEL void operator()(int64_t i) const
    {
        float v = get(x, i);
        put(y, i, v < 0 ? 0 : v); /* NaN stays NaN */
    }
};

template <class T> struct relu_backward {
    const T *y, *dy;
    T *dx;
    bool add;
    AF_KERNEL void operator()(int64_t i) const
    {
        put_gradient(dx, i, get(y, i) > 0 ? get(dy, i) : 0, add);
    }
};

template <class T> void forward(const af_call *c)
{
    each(device_of(c), "relu_forward", elements(c), relu_forward<T>{(const T *)c->x[0], (T *)c->y});
}

template <class T> void backward(const af_call *c)
{
    if (!c->dx[0]) return;
    each(device_of(c), "relu_backward", elements(c),
         relu_backward<T>{(const T *)c->y, (const T *)c->dy, (T *)c->dx[0], c->add[0]});
}

template <class T> constexpr af_kernel kernel()
{
    return {.name = "cuda", .forward = forward<T>, .backward = backward<T>};
}
const af_kernel kernels[] = {kernel<float>(), kernel<bf16>()};

} // namespace

extern "C" af_status AF_GPU(relu)(const af_request *r, af_prepared *out)
{
    return prepare_plain(r, out, kernels);
}
