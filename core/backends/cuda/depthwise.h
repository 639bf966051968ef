/* Kernels of depthwise convolutions along lines, for kernels of width 3 and 5. Such convolutions
 * read and write a lot for what they compute, so a thread computes several outputs of a line, from
 * values that it reads once. These are `apart` from each other so that their windows lie on each
 * other, dilated or not. Neighbouring threads have neighbouring channels. */
#ifndef AF_CUDA_DEPTHWISE_H
#define AF_CUDA_DEPTHWISE_H
#include "core/backends/cuda/conv.h"

namespace
{

enum { TILE = 4 }; /* outputs of a thread */

int divisor(int a, int b)
{
    return b == 0 ? a : divisor(b, a % b);
}

/* Places in a window are counted in dilations: an output's is `step` of them after the one before,
 * when outputs are `apart`. */
int step_of(const window &g)
{
    return g.stride[1] / divisor(g.stride[1], g.dilation[1]);
}

/* How a line is cut into tiles. */
struct line {
    int apart, tiles;
    line(const window &g)
    {
        apart = g.dilation[1] / divisor(g.stride[1], g.dilation[1]);
        if (apart > g.outs[1]) apart = g.outs[1];
        tiles = (g.outs[1] + TILE * apart - 1) / (TILE * apart) * apart;
    }
    AF_KERNEL int first(int tile) const
    {
        return tile / apart * (TILE * apart) + tile % apart;
    }
};

/* What a tile's windows of K places cover of a line of the input. */
template <class T, int K, int STEP> struct covered {
    enum { SIZE = (TILE - 1) * STEP + K };
    float v[SIZE];
    AF_KERNEL covered(const window &g, const T *x, int64_t at, int first, int channels)
    {
        int w = first * g.stride[1] - g.pad[1];
        for (int i = 0; i < SIZE; i++, w += g.dilation[1])
            v[i] = w >= 0 && w < g.size[1] ? (float)get(x, at + (int64_t)w * channels) : 0;
    }
};

/* The outputs of a tile. `flip`: with the kernel turned round, which gives the gradient of the data
 * where the stride is 1. */
template <class T, int K, int STEP> struct tile_forward {
    window g;
    line cut;
    int in, out;
    bool flip, add;
    const T *x;
    const float *w, *bias;
    T *y;
    AF_KERNEL void operator()(int64_t i) const
    {
        int64_t n = i;
        int o = split_off(n, out), tile = split_off(n, cut.tiles), oh = split_off(n, g.outs[0]);
        int c = o / (out / in), first = cut.first(tile);
        float sum[TILE] = {};
        for (int kh = 0; kh < g.kernel[0]; kh++) {
            int ih = g.tap(0, oh, kh);
            if (ih < 0) continue;
            covered<T, K, STEP> x_line(g, x, g.input_at(n, ih, 0, in) + c, first, in);
            int64_t taps = ((int64_t)o * g.kernel[0] + (flip ? g.kernel[0] - 1 - kh : kh)) * K;
            for (int k = 0; k < K; k++) {
                float weight = get(w, taps + (flip ? K - 1 - k : k));
                for (int t = 0; t < TILE; t++) sum[t] += weight * x_line.v[t * STEP + k];
            }
        }
        float more = bias ? get(bias, o) : 0;
        for (int t = 0; t < TILE; t++) {
            int ow = first + t * cut.apart;
            if (ow < g.outs[1])
                put_gradient(y, g.output_at(n, oh, ow, out) + o, (double)(sum[t] + more), add);
        }
    }
};

/* A column is a row of an output channel's kernel, a row is a tile. */
template <class T, int K, int STEP> struct tile_filter {
    window g;
    line cut;
    int in, out;
    const T *x, *dy;
    float *dw;
    typedef sums<K> sum;
    AF_KERNEL void add(sum &s, int column, int64_t row) const
    {
        int64_t n = row;
        int kh = column / out, o = column % out, c = o / (out / in);
        int tile = split_off(n, cut.tiles), oh = split_off(n, g.outs[0]);
        int ih = g.tap(0, oh, kh), first = cut.first(tile);
        if (ih < 0) return;
        covered<T, K, STEP> x_line(g, x, g.input_at(n, ih, 0, in) + c, first, in);
        float part[K] = {};
        for (int t = 0; t < TILE; t++) {
            int ow = first + t * cut.apart;
            if (ow >= g.outs[1]) break;
            float d = get(dy, g.output_at(n, oh, ow, out) + o);
            for (int k = 0; k < K; k++) part[k] += d * x_line.v[t * STEP + k];
        }
        for (int k = 0; k < K; k++) s.v[k] += (double)part[k];
    }
    AF_KERNEL void done(int column, const sum &s) const
    {
        int kh = column / out, o = column % out;
        for (int k = 0; k < K; k++) put(dw, ((int64_t)o * g.kernel[0] + kh) * K + k, s.v[k]);
    }
};

/* Calls f with K and STEP as types know them; false: there are no tiles for these. */
template <int K, int STEP> struct sizes {
};
template <class F> bool with_sizes(const window &g, int step, const F &f)
{
    if (g.kernel[1] == 3 && step == 1)
        f(sizes<3, 1>());
    else if (g.kernel[1] == 5 && step == 1)
        f(sizes<5, 1>());
    else if (g.kernel[1] == 3 && step == 2)
        f(sizes<3, 2>());
    else if (g.kernel[1] == 5 && step == 2)
        f(sizes<5, 2>());
    else
        return false;
    return true;
}

} // namespace

#endif
