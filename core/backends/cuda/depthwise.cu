/* Convolutions whose groups are single input channels: depthwise ones, with a multiplier or
 * without, and those of an input of one channel. Kernels of usual widths go by depthwise.h, others
 * by plain kernels, one output a thread. Weights are read as the parameter has them. */
#include "core/backends/cuda/depthwise.h"

namespace
{

struct depthwise {
    gpu_node node;
    window at, back; /* back: of the gradient of the data, itself such a convolution */
    int step, back_step;
};

const depthwise *depthwise_of(const af_call *c)
{
    return (const depthwise *)c->self;
}

/* ---- kernels and strides of any size ---- */

template <class T> struct any_forward {
    window g;
    int in, out;
    const T *x;
    const float *w, *bias;
    T *y;
    AF_KERNEL void operator()(int64_t i) const
    {
        int64_t n = i;
        int o = split_off(n, out), ow = split_off(n, g.outs[1]), oh = split_off(n, g.outs[0]);
        int c = o / (out / in);
        float sum = bias ? get(bias, o) : 0;
        for (int kh = 0; kh < g.kernel[0]; kh++) {
            int ih = g.tap(0, oh, kh);
            for (int kw = 0; ih >= 0 && kw < g.kernel[1]; kw++) {
                int iw = g.tap(1, ow, kw);
                if (iw >= 0)
                    sum += get(w, ((int64_t)o * g.kernel[0] + kh) * g.kernel[1] + kw) *
                           (float)get(x, g.input_at(n, ih, iw, in) + c);
            }
        }
        put(y, i, (double)sum);
    }
};

template <class T> struct any_data {
    window g;
    int in, out;
    const T *dy;
    const float *w;
    T *dx;
    bool add;
    AF_KERNEL float at_tap(int64_t n, int oh, int ow, int c, int tap) const
    {
        int multiplier = out / in, area = g.kernel[0] * g.kernel[1];
        int64_t from = g.output_at(n, oh, ow, out);
        float sum = 0;
        for (int o = c * multiplier; o < (c + 1) * multiplier; o++)
            sum += get(w, (int64_t)o * area + tap) * (float)get(dy, from + o);
        return sum;
    }
    AF_KERNEL void operator()(int64_t i) const
    {
        int64_t n = i;
        int c = split_off(n, in), iw = split_off(n, g.size[1]), ih = split_off(n, g.size[0]);
        float sum = 0;
        for (int kh = 0; kh < g.kernel[0]; kh++) {
            int oh = g.untap(0, ih, kh);
            for (int kw = 0; oh >= 0 && kw < g.kernel[1]; kw++) {
                int ow = g.untap(1, iw, kw);
                if (ow >= 0) sum += at_tap(n, oh, ow, c, kh * g.kernel[1] + kw);
            }
        }
        put_gradient(dx, i, (double)sum, add);
    }
};

/* A column is a tap of an output channel, a row a pixel of the output. */
template <class T> struct any_filter {
    window g;
    int in, out;
    const T *x, *dy;
    float *dw;
    typedef sums<1> sum;
    AF_KERNEL void add(sum &s, int column, int64_t row) const
    {
        int64_t n = row;
        int tap = column / out, o = column % out, c = o / (out / in);
        int ow = split_off(n, g.outs[1]), oh = split_off(n, g.outs[0]);
        int ih = g.tap(0, oh, tap / g.kernel[1]), iw = g.tap(1, ow, tap % g.kernel[1]);
        if (ih < 0 || iw < 0) return;
        s.v[0] += (double)get(dy, row * out + o) * (double)get(x, g.input_at(n, ih, iw, in) + c);
    }
    AF_KERNEL void done(int column, const sum &s) const
    {
        int area = g.kernel[0] * g.kernel[1];
        put(dw, (int64_t)(column % out) * area + column / out, s.v[0]);
    }
};

/* ---- queueing ---- */

template <class T> void forward(const af_call *c)
{
    const depthwise *k = depthwise_of(c);
    const window &g = k->at;
    af_device *d = k->node.device;
    int in = c->in[0].c, out = c->node->shape.c;
    const T *x = (const T *)c->x[0];
    const float *w = (const float *)c->w[0];
    const float *bias = c->node->attrs.bias ? (const float *)c->w[1] : NULL;
    T *y = (T *)c->y;
    bool tiled = with_sizes(g, k->step, [&]<int K, int STEP>(sizes<K, STEP>) {
        line cut(g);
        each(d, "depthwise_forward", (int64_t)c->n * g.outs[0] * cut.tiles * out,
             tile_forward<T, K, STEP>{g, cut, in, out, false, false, x, w, bias, y});
    });
    if (!tiled)
        each(d, "depthwise_forward", elements(c), any_forward<T>{g, in, out, x, w, bias, y});
}

template <class T> void backward_data(const af_call *c)
{
    const depthwise *k = depthwise_of(c);
    const window &g = k->back;
    af_device *d = k->node.device;
    int in = c->in[0].c, out = c->node->shape.c;
    const T *dy = (const T *)c->dy;
    const float *w = (const float *)c->w[0];
    T *dx = (T *)c->dx[0];
    bool tiled =
        k->back_step > 0 && with_sizes(g, k->back_step, [&]<int K, int STEP>(sizes<K, STEP>) {
            line cut(g);
            each(d, "depthwise_data", (int64_t)c->n * g.outs[0] * cut.tiles * in,
                 tile_forward<T, K, STEP>{g, cut, in, in, true, c->add[0], dy, w, NULL, dx});
        });
    if (!tiled)
        each(d, "depthwise_data", (int64_t)c->n * af_shape_size(c->in[0]),
             any_data<T>{k->at, in, out, dy, w, dx, c->add[0]});
}

template <class T> void backward_filter(const af_call *c)
{
    const depthwise *k = depthwise_of(c);
    const window &g = k->at;
    af_device *d = k->node.device;
    int in = c->in[0].c, out = c->node->shape.c;
    const T *x = (const T *)c->x[0], *dy = (const T *)c->dy;
    float *dw = (float *)c->dw[0];
    int64_t lines = (int64_t)c->n * g.outs[0];
    bool tiled = with_sizes(g, k->step, [&]<int K, int STEP>(sizes<K, STEP>) {
        line cut(g);
        reduce(d, "depthwise_filter", out * g.kernel[0], lines * cut.tiles, false,
               tile_filter<T, K, STEP>{g, cut, in, out, x, dy, dw});
    });
    if (!tiled)
        reduce(d, "depthwise_filter", out * g.kernel[0] * g.kernel[1], lines * g.outs[1], false,
               any_filter<T>{g, in, out, x, dy, dw});
}

template <class T> void backward(const af_call *c)
{
    if (c->dx[0]) backward_data<T>(c);
    backward_filter<T>(c);
    queue_bias_backward<T>(c);
}

template <class T> constexpr af_kernel kernel()
{
    return {.name = "cuda depthwise", .forward = forward<T>, .backward = backward<T>};
}
const af_kernel kernels[] = {kernel<float>(), kernel<bf16>()};

/* ---- making ---- */

window window_of(const af_request *r)
{
    const af_attrs *a = &r->node->attrs;
    return {.size = {r->in[0].h, r->in[0].w},
            .outs = {r->node->shape.h, r->node->shape.w},
            .kernel = {a->kernel[0], a->kernel[1]},
            .stride = {a->stride[0], a->stride[1]},
            .dilation = {a->dilation[0], a->dilation[1]},
            .pad = {a->pad[0], a->pad[2]}};
}

/* Input position i is under tap k of the outputs i + pad - k * dilation: a convolution by the
 * kernel turned round. */
window turned(const window &g)
{
    window b = g;
    for (int axis = 0; axis < 2; axis++) {
        b.size[axis] = g.outs[axis];
        b.outs[axis] = g.size[axis];
        b.pad[axis] = (g.kernel[axis] - 1) * g.dilation[axis] - g.pad[axis];
    }
    return b;
}

} // namespace

extern "C" af_status AF_GPU(depthwise)(const af_request *r, af_prepared *out)
{
    const af_attrs *a = &r->node->attrs;
    int64_t count = (int64_t)a->out * a->kernel[0] * a->kernel[1];
    if (count > INT32_MAX)
        return af_fail(AF_EINVAL, "cuda: a convolution of %g weights, at most 2^31 will do",
                       (double)count);
    depthwise *k = new_node<depthwise>(r);
    if (!k) return AF_ENOMEM;
    k->at = window_of(r);
    k->back = turned(k->at);
    k->step = step_of(k->at);
    bool plain = a->stride[0] == 1 && a->stride[1] == 1 && a->out == r->in[0].c;
    k->back_step = plain ? 1 : 0;
    out->self = k;
    out->kernel = &kernels[r->type == AF_BF16];
    return AF_OK;
}
