/* Element-wise sum; see core/ops/add.c. */
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/kernels.h"

namespace
{

template <class T> struct add_forward {
    int inputs;
    T *y;
    const T *x[AF_MAX_INPUTS];
    AF_KERNEL void operator()(int64_t i) const
    {
        float sum = 0;
        for (int k = 0; k < AF_MAX_INPUTS; k++)
            if (k < inputs) sum += get(x[k], i);
        put(y, i, sum);
    }
};

/* Input after input: the same tensor may be added to itself. */
template <class T> struct add_backward {
    int inputs;
    const T *dy;
    T *dx[AF_MAX_INPUTS];
    bool add[AF_MAX_INPUTS];
    AF_KERNEL void operator()(int64_t i) const
    {
        float d = get(dy, i);
        for (int k = 0; k < AF_MAX_INPUTS; k++)
            if (k < inputs && dx[k]) put_gradient(dx[k], i, d, add[k]);
    }
};

template <class T> void forward(const af_call *c)
{
    add_forward<T> f = {c->node->inputs, (T *)c->y, {}};
    fill_inputs(c, f.x);
    each(device_of(c), "add_forward", elements(c), f);
}

template <class T> void backward(const af_call *c)
{
    add_backward<T> f = {c->node->inputs, (const T *)c->dy, {}, {}};
    if (fill_gradients(c, f.dx, f.add)) each(device_of(c), "add_backward", elements(c), f);
}

template <class T> constexpr af_kernel kernel()
{
    return {.name = "cuda", .forward = forward<T>, .backward = backward<T>};
}
const af_kernel kernels[] = {kernel<float>(), kernel<bf16>()};

} // namespace

extern "C" af_status AF_GPU(add)(const af_request *r, af_prepared *out)
{
    return prepare_plain(r, out, kernels);
}
