/* What convolutions share: where windows lie, and the gradient of the bias. */
#ifndef AF_CUDA_CONV_H
#define AF_CUDA_CONV_H
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/kernels.h"

/* Divides i by n and gives the remainder. Both at least 0; 64-bit division takes many times as
 * long. */
AF_KERNEL int split_off(int64_t &i, int n)
{
    if (i >> 31 == 0) {
        uint32_t whole = (uint32_t)i / (uint32_t)n, rest = (uint32_t)i - whole * (uint32_t)n;
        i = whole;
        return (int)rest;
    }
    int64_t whole = i / n;
    int rest = (int)(i - whole * n);
    i = whole;
    return rest;
}

/* Axis 0 is the height. */
struct window {
    int size[2], outs[2];
    int kernel[2], stride[2], dilation[2], pad[2]; /* pad: at the top, on the left */

    /* The input position under tap k of output position o, or -1. */
    AF_KERNEL int tap(int axis, int o, int k) const
    {
        int i = o * stride[axis] - pad[axis] + k * dilation[axis];
        return i >= 0 && i < size[axis] ? i : -1;
    }
    /* The output position whose tap k lies on input position i, or -1. */
    AF_KERNEL int untap(int axis, int i, int k) const
    {
        int reach = i + pad[axis] - k * dilation[axis];
        if (reach < 0 || reach % stride[axis] != 0) return -1;
        return reach / stride[axis] < outs[axis] ? reach / stride[axis] : -1;
    }
    /* Index of the first channel at a position. */
    AF_KERNEL int64_t input_at(int64_t n, int h, int w, int channels) const
    {
        return ((n * size[0] + h) * size[1] + w) * channels;
    }
    AF_KERNEL int64_t output_at(int64_t n, int h, int w, int channels) const
    {
        return ((n * outs[0] + h) * outs[1] + w) * channels;
    }
};

template <class T> struct bias_backward {
    const T *dy;
    float *db;
    int channels;
    typedef sums<1> sum;
    AF_KERNEL void add(sum &s, int column, int64_t row) const
    {
        s.v[0] += (double)get(dy, row * channels + column);
    }
    AF_KERNEL void done(int column, const sum &s) const
    {
        put(db, column, s.v[0]);
    }
};

template <class T> static void queue_bias_backward(const af_call *c)
{
    af_shape out = c->node->shape;
    if (!c->node->attrs.bias) return;
    reduce(device_of(c), "bias_backward", out.c, (int64_t)c->n * out.h * out.w, false,
           bias_backward<T>{(const T *)c->dy, (float *)c->dw[1], out.c});
}

#endif
