/* Concatenation along the channels; see core/ops/concat.c. An element of the work is a pixel and a
 * channel number, for all inputs that have so many: where one tensor is concatenated with itself,
 * its gradient is then added up by one thread, input after input. */
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/index.h"
#include "core/backends/cuda/kernels.h"

namespace
{

struct layout {
    int inputs, width;
    int part[AF_MAX_INPUTS], at[AF_MAX_INPUTS]; /* channels of an input; where they go */
    divider widest;
};

template <class T> struct concat_forward {
    layout l;
    T *y;
    const T *x[AF_MAX_INPUTS];
    AF_KERNEL void operator()(int64_t i) const
    {
        split s = split_by(i, l.widest); /* pixel, channel */
        for (int k = 0; k < AF_MAX_INPUTS; k++)
            if (k < l.inputs && s.rest < l.part[k])
                put(y, s.whole * l.width + l.at[k] + s.rest,
                    get(x[k], s.whole * l.part[k] + s.rest));
    }
};

template <class T> struct concat_backward {
    layout l;
    const T *dy;
    T *dx[AF_MAX_INPUTS];
    bool add[AF_MAX_INPUTS];
    AF_KERNEL void operator()(int64_t i) const
    {
        split s = split_by(i, l.widest);
        for (int k = 0; k < AF_MAX_INPUTS; k++)
            if (k < l.inputs && dx[k] && s.rest < l.part[k])
                put_gradient(dx[k], s.whole * l.part[k] + s.rest,
                             get(dy, s.whole * l.width + l.at[k] + s.rest), add[k]);
    }
};

layout layout_of(const af_call *c)
{
    layout l = {.inputs = c->node->inputs, .width = c->node->shape.c};
    int at = 0, widest = 0;
    for (int k = 0; k < l.inputs; k++) {
        l.part[k] = c->in[k].c;
        l.at[k] = at;
        at += l.part[k];
        if (l.part[k] > widest) widest = l.part[k];
    }
    l.widest = divide_by(widest);
    return l;
}

int64_t work(const af_call *c, const layout &l)
{
    return elements(c) / l.width * l.widest.by;
}

template <class T> void forward(const af_call *c)
{
    concat_forward<T> f = {layout_of(c), (T *)c->y, {}};
    fill_inputs(c, f.x);
    each(device_of(c), "concat_forward", work(c, f.l), f);
}

template <class T> void backward(const af_call *c)
{
    concat_backward<T> f = {layout_of(c), (const T *)c->dy, {}, {}};
    if (fill_gradients(c, f.dx, f.add)) each(device_of(c), "concat_backward", work(c, f.l), f);
}

template <class T> constexpr af_kernel kernel()
{
    return {.name = "cuda", .forward = forward<T>, .backward = backward<T>};
}
const af_kernel kernels[] = {kernel<float>(), kernel<bf16>()};

} // namespace

extern "C" af_status AF_GPU(concat)(const af_request *r, af_prepared *out)
{
    return prepare_plain(r, out, kernels);
}
