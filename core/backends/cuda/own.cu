/* Dense convolutions by plain kernels: for machines without cuDNN, for what it has nothing for, and
 * for the host. A thread computes one value, without sharing what it reads. */
#include "core/backends/cuda/conv.h"
#include "core/backends/cuda/dense.h"

namespace
{

enum { RUN = 16 }; /* products that are added up in float before their sum joins one in double */

struct shape_of {
    window at;
    int in, out, part, outs; /* channels; part, outs: of a group */
};

struct own {
    af_dense dense;
    af_device *device;
    int64_t n;
    shape_of shape;
};

/* Sum of x[i * x_step] * w[i * w_step]. */
template <class T>
AF_KERNEL double dot(const T *x, const T *w, int64_t x_at, int64_t w_at, int64_t w_step, int n)
{
    double sum = 0;
    for (int i = 0; i < n;) {
        float run = 0;
        int end = i + RUN < n ? i + RUN : n;
        for (; i < end; i++) run += (float)get(x, x_at + i) * (float)get(w, w_at + i * w_step);
        sum += (double)run;
    }
    return sum;
}

template <class T> struct dense_forward {
    shape_of s;
    const T *x, *w;
    T *y;
    AF_KERNEL void operator()(int64_t i) const
    {
        const window &g = s.at;
        int64_t n = i;
        int o = split_off(n, s.out), ow = split_off(n, g.outs[1]), oh = split_off(n, g.outs[0]);
        int from = o / s.outs * s.part;
        double sum = 0;
        for (int kh = 0; kh < g.kernel[0]; kh++)
            for (int kw = 0; kw < g.kernel[1]; kw++) {
                int ih = g.tap(0, oh, kh), iw = g.tap(1, ow, kw);
                int64_t tap = ((int64_t)o * g.kernel[0] + kh) * g.kernel[1] + kw;
                if (ih >= 0 && iw >= 0)
                    sum += dot(x, w, g.input_at(n, ih, iw, s.in) + from, tap * s.part, 1, s.part);
            }
        put(y, i, sum);
    }
};

template <class T> struct dense_data {
    shape_of s;
    const T *dy, *w;
    T *dx;
    bool add;
    AF_KERNEL void operator()(int64_t i) const
    {
        const window &g = s.at;
        int64_t n = i, area = (int64_t)g.kernel[0] * g.kernel[1];
        int c = split_off(n, s.in), iw = split_off(n, g.size[1]), ih = split_off(n, g.size[0]);
        int from = c / s.part * s.outs;
        double sum = 0;
        for (int kh = 0; kh < g.kernel[0]; kh++)
            for (int kw = 0; kw < g.kernel[1]; kw++) {
                int oh = g.untap(0, ih, kh), ow = g.untap(1, iw, kw);
                int64_t tap = from * area + kh * g.kernel[1] + kw;
                if (oh >= 0 && ow >= 0)
                    sum += dot(dy, w, g.output_at(n, oh, ow, s.out) + from,
                               tap * s.part + c % s.part, area * s.part, s.outs);
            }
        put_gradient(dx, i, sum, add);
    }
};

/* A column is a weight, a row a pixel of the output. */
template <class T> struct dense_filter {
    shape_of s;
    const T *x, *dy;
    T *dw;
    typedef sums<1> sum;
    AF_KERNEL void add(sum &to, int column, int64_t row) const
    {
        const window &g = s.at;
        int64_t n = row, o = column;
        int c = split_off(o, s.part), kw = split_off(o, g.kernel[1]),
            kh = split_off(o, g.kernel[0]);
        int ow = split_off(n, g.outs[1]), oh = split_off(n, g.outs[0]);
        int ih = g.tap(0, oh, kh), iw = g.tap(1, ow, kw);
        if (ih < 0 || iw < 0) return;
        int from = (int)o / s.outs * s.part;
        to.v[0] += (double)get(dy, row * s.out + o) *
                   (double)get(x, g.input_at(n, ih, iw, s.in) + from + c);
    }
    AF_KERNEL void done(int column, const sum &from) const
    {
        put(dw, column, from.v[0]);
    }
};

template <class T>
void forward(const af_dense *k, const void *x, const void *w, void *y, void *scratch)
{
    const own *o = (const own *)k;
    const window &g = o->shape.at;
    (void)scratch;
    each(o->device, "dense_forward", o->n * g.outs[0] * g.outs[1] * o->shape.out,
         dense_forward<T>{o->shape, (const T *)x, (const T *)w, (T *)y});
}

template <class T>
void data(const af_dense *k, const void *dy, const void *w, void *dx, bool add, void *scratch)
{
    const own *o = (const own *)k;
    const window &g = o->shape.at;
    (void)scratch;
    each(o->device, "dense_data", o->n * g.size[0] * g.size[1] * o->shape.in,
         dense_data<T>{o->shape, (const T *)dy, (const T *)w, (T *)dx, add});
}

template <class T>
void filter(const af_dense *k, const void *x, const void *dy, void *dw, void *scratch)
{
    const own *o = (const own *)k;
    const shape_of &s = o->shape;
    (void)scratch;
    reduce(o->device, "dense_filter", s.out * s.part * s.at.kernel[0] * s.at.kernel[1],
           o->n * s.at.outs[0] * s.at.outs[1], false,
           dense_filter<T>{s, (const T *)x, (const T *)dy, (T *)dw});
}

void release(af_dense *k)
{
    af_free(k);
}

template <class T> af_dense slots()
{
    return {.name = "cuda, own kernels",
            .forward = forward<T>,
            .data = data<T>,
            .filter = filter<T>,
            .release = release};
}

} // namespace

extern "C" af_status AF_GPU(own_dense)(af_dense **out, af_device *d, const af_dense_problem *p)
{
    own *o = (own *)af_calloc(1, sizeof *o);
    if (!o) return AF_ENOMEM;
    o->dense = p->half ? slots<bf16>() : slots<float>();
    o->device = d;
    o->n = p->n;
    o->shape = {.at = {.size = {p->in.h, p->in.w},
                       .outs = {p->out.h, p->out.w},
                       .kernel = {p->kernel[0], p->kernel[1]},
                       .stride = {p->stride[0], p->stride[1]},
                       .dilation = {p->dilation[0], p->dilation[1]},
                       .pad = {p->pad[0], p->pad[2]}},
                .in = p->in.c,
                .out = p->out.c,
                .part = p->in.c / p->groups,
                .outs = p->out.c / p->groups};
    *out = &o->dense;
    return AF_OK;
}
