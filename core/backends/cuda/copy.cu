/* Input, output and zero; see core/ops/input.c, output.c and zero.c. The first two copy between
 * NHWC, in the plan's type, and the floats {n, C, H, W} of the plan's user. */
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/index.h"
#include "core/backends/cuda/kernels.h"

namespace
{

/* From {n, inner, outer} to {n, outer, inner}, as sizes go in `to`. */
template <class To, class From> struct transpose {
    divider inner, outer;
    const From *from;
    To *to;
    bool add;
    AF_KERNEL void operator()(int64_t i) const
    {
        split a = split_by(i, inner), b = split_by(a.whole, outer);
        float v = get(from, (b.whole * inner.by + a.rest) * outer.by + b.rest);
        put_gradient(to, i, v, add);
    }
};

divider channels(const af_call *c)
{
    return divide_by(c->node->shape.c);
}

divider pixels(const af_call *c)
{
    return divide_by((int64_t)c->node->shape.h * c->node->shape.w);
}

template <class T> void input_forward(const af_call *c)
{
    each(device_of(c), "input_forward", elements(c),
         transpose<T, float>{channels(c), pixels(c), (const float *)c->x[0], (T *)c->y, false});
}

template <class T> void output_forward(const af_call *c)
{
    each(device_of(c), "output_forward", elements(c),
         transpose<float, T>{pixels(c), channels(c), (const T *)c->x[0], (float *)c->y, false});
}

template <class T> void output_backward(const af_call *c)
{
    if (!c->dx[0]) return;
    each(device_of(c), "output_backward", elements(c),
         transpose<T, float>{channels(c), pixels(c), (const float *)c->dy, (T *)c->dx[0],
                             c->add[0]});
}

template <class T> struct zeros {
    T *y;
    AF_KERNEL void operator()(int64_t i) const
    {
        put(y, i, 0.0);
    }
};

template <class T> void zero_forward(const af_call *c)
{
    each(device_of(c), "zero_forward", elements(c), zeros<T>{(T *)c->y});
}

template <class T> void zero_backward(const af_call *c)
{
    if (c->dx[0] && !c->add[0])
        each(device_of(c), "zero_backward", elements(c), zeros<T>{(T *)c->dx[0]});
}

template <class T> constexpr af_kernel input_kernel()
{
    return {.name = "cuda", .forward = input_forward<T>};
}
template <class T> constexpr af_kernel output_kernel()
{
    return {.name = "cuda", .forward = output_forward<T>, .backward = output_backward<T>};
}
template <class T> constexpr af_kernel zero_kernel()
{
    return {.name = "cuda", .forward = zero_forward<T>, .backward = zero_backward<T>};
}
const af_kernel input_kernels[] = {input_kernel<float>(), input_kernel<bf16>()};
const af_kernel output_kernels[] = {output_kernel<float>(), output_kernel<bf16>()};
const af_kernel zero_kernels[] = {zero_kernel<float>(), zero_kernel<bf16>()};

} // namespace

extern "C" af_status AF_GPU(input)(const af_request *r, af_prepared *out)
{
    return prepare_plain(r, out, input_kernels);
}

extern "C" af_status AF_GPU(output)(const af_request *r, af_prepared *out)
{
    return prepare_plain(r, out, output_kernels);
}

extern "C" af_status AF_GPU(zero)(const af_request *r, af_prepared *out)
{
    return prepare_plain(r, out, zero_kernels);
}
