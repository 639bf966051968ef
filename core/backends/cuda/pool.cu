/* Average and max pooling; see core/ops/avg_pool.c and max_pool.c. Forward has a thread for each
 * output, backward one for each input, which adds up what the windows over it hand back. */
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/index.h"
#include "core/backends/cuda/kernels.h"

namespace
{

enum { FEW = 32 }; /* so many floats are added up as floats */

struct span {
    int first, last;
};

/* Height or width; as in core/graph/window.h. */
struct axis {
    int kernel, pad, inputs, outputs;
    divider stride;
    /* Inputs under output o. */
    AF_KERNEL span under(int o) const
    {
        int first = o * (int)stride.by - pad, last = first + kernel;
        return span{first < 0 ? 0 : first, last > inputs ? inputs : last};
    }
    /* Outputs whose window covers input i. */
    AF_KERNEL span over(int i) const
    {
        int reach = i + pad, last = (int)split_by(reach, stride).whole + 1;
        int first = reach < kernel ? 0 : (int)split_by(reach - kernel, stride).whole + 1;
        return span{first, last > outputs ? outputs : last};
    }
};

struct window {
    axis v, h;
    int channels;
    nhwc elements; /* of the output; in backward, of the input */
    bool count_pad;
    AF_KERNEL float area(span rows, span columns) const
    {
        if (count_pad) return (float)v.kernel * (float)h.kernel;
        return (float)(rows.last - rows.first) * (float)(columns.last - columns.first);
    }
    AF_KERNEL int64_t input(const place &p, int row, int column) const
    {
        return ((p.sample * v.inputs + row) * h.inputs + column) * channels + p.c;
    }
    AF_KERNEL int64_t output(const place &p, int row, int column) const
    {
        return ((p.sample * v.outputs + row) * h.outputs + column) * channels + p.c;
    }
};

/* S: the type of sums. */
template <class T, class S> struct avg_forward {
    window w;
    const T *x;
    T *y;
    AF_KERNEL void operator()(int64_t i) const
    {
        place p = place_of(i, w.elements);
        span rows = w.v.under(p.h), columns = w.h.under(p.w);
        S sum = 0;
        for (int r = rows.first; r < rows.last; r++) {
            int64_t at = w.input(p, r, columns.first);
            for (int c = columns.first; c < columns.last; c++, at += w.channels) sum += get(x, at);
        }
        put(y, i, sum / w.area(rows, columns));
    }
};

template <class T, class S> struct avg_backward {
    window w;
    const T *dy;
    T *dx;
    bool add;
    AF_KERNEL void operator()(int64_t i) const
    {
        place p = place_of(i, w.elements);
        span rows = w.v.over(p.h), columns = w.h.over(p.w);
        S sum = 0;
        for (int r = rows.first; r < rows.last; r++) {
            int64_t at = w.output(p, r, columns.first);
            span under = w.v.under(r);
            for (int c = columns.first; c < columns.last; c++, at += w.channels)
                sum += get(dy, at) / w.area(under, w.h.under(c));
        }
        put_gradient(dx, i, sum, add);
    }
};

/* Of equal values the first in row order wins; a NaN wins and stays NaN. */
template <class T> struct max_forward {
    window w;
    const T *x;
    T *y;
    int32_t *winner; /* its place in the plane; NULL: not kept */
    AF_KERNEL void operator()(int64_t i) const
    {
        place p = place_of(i, w.elements);
        span rows = w.v.under(p.h), columns = w.h.under(p.w);
        int32_t best = rows.first * w.h.inputs + columns.first;
        float most = get(x, w.input(p, rows.first, columns.first));
        for (int r = rows.first; r < rows.last; r++) {
            int64_t at = w.input(p, r, columns.first);
            for (int c = columns.first; c < columns.last; c++, at += w.channels) {
                float v = get(x, at);
                if (!(v > most || v != v)) continue;
                most = v;
                best = r * w.h.inputs + c;
            }
        }
        put(y, i, most);
        if (winner) put(winner, i, best);
    }
};

template <class T, class S> struct max_backward {
    window w;
    const int32_t *winner;
    const T *dy;
    T *dx;
    bool add;
    AF_KERNEL void operator()(int64_t i) const
    {
        place p = place_of(i, w.elements);
        span rows = w.v.over(p.h), columns = w.h.over(p.w);
        int32_t here = p.h * w.h.inputs + p.w;
        S sum = 0;
        for (int r = rows.first; r < rows.last; r++) {
            int64_t at = w.output(p, r, columns.first);
            for (int c = columns.first; c < columns.last; c++, at += w.channels)
                if (get(winner, at) == here) sum += get(dy, at);
        }
        put_gradient(dx, i, sum, add);
    }
};

axis axis_of(const af_attrs *a, int k, int inputs, int outputs)
{
    return axis{a->kernel[k], a->pad[2 * k], inputs, outputs, divide_by(a->stride[k])};
}

window window_of(const af_call *c, bool back)
{
    const af_attrs *a = &c->node->attrs;
    af_shape in = c->in[0], out = c->node->shape;
    return window{axis_of(a, 0, in.h, out.h), axis_of(a, 1, in.w, out.w), in.c,
                  nhwc_of(back ? in : out), a->count_pad};
}

bool adds_few(const af_call *c)
{
    const int *kernel = c->node->attrs.kernel;
    return (int64_t)kernel[0] * kernel[1] <= FEW;
}

int64_t inputs(const af_call *c)
{
    return c->n * af_shape_size(c->in[0]);
}

template <class T, class S> void avg_forward_with(const af_call *c)
{
    each(device_of(c), "avg_forward", elements(c),
         avg_forward<T, S>{window_of(c, false), (const T *)c->x[0], (T *)c->y});
}

template <class T, class S> void avg_backward_with(const af_call *c)
{
    each(device_of(c), "avg_backward", inputs(c),
         avg_backward<T, S>{window_of(c, true), (const T *)c->dy, (T *)c->dx[0], c->add[0]});
}

template <class T, class S> void max_backward_with(const af_call *c)
{
    each(device_of(c), "max_backward", inputs(c),
         max_backward<T, S>{window_of(c, true), (const int32_t *)c->saved, (const T *)c->dy,
                            (T *)c->dx[0], c->add[0]});
}

template <class T> void avg_pool_forward(const af_call *c)
{
    adds_few(c) ? avg_forward_with<T, float>(c) : avg_forward_with<T, double>(c);
}

template <class T> void avg_pool_backward(const af_call *c)
{
    if (!c->dx[0]) return;
    adds_few(c) ? avg_backward_with<T, float>(c) : avg_backward_with<T, double>(c);
}

template <class T> void max_pool_forward(const af_call *c)
{
    each(device_of(c), "max_forward", elements(c),
         max_forward<T>{window_of(c, false), (const T *)c->x[0], (T *)c->y,
                        c->train ? (int32_t *)c->saved : NULL});
}

template <class T> void max_pool_backward(const af_call *c)
{
    if (!c->dx[0]) return;
    adds_few(c) ? max_backward_with<T, float>(c) : max_backward_with<T, double>(c);
}

template <class T> constexpr af_kernel avg_kernel()
{
    return {.name = "cuda", .forward = avg_pool_forward<T>, .backward = avg_pool_backward<T>};
}
template <class T> constexpr af_kernel max_kernel()
{
    return {.name = "cuda", .forward = max_pool_forward<T>, .backward = max_pool_backward<T>};
}
const af_kernel avg_kernels[] = {avg_kernel<float>(), avg_kernel<bf16>()};
const af_kernel max_kernels[] = {max_kernel<float>(), max_kernel<bf16>()};

} // namespace

extern "C" af_status AF_GPU(avg_pool)(const af_request *r, af_prepared *out)
{
    return prepare_plain(r, out, avg_kernels);
}

extern "C" af_status AF_GPU(max_pool)(const af_request *r, af_prepared *out)
{
    return prepare_plain(r, out, max_kernels);
}
