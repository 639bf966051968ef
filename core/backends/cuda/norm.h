/* What the kernels of batch_norm and norm_sum share: a node as they see it, how its elements are
 * shared out among threads, and a subtraction that loses nothing. */
#ifndef AF_CUDA_NORM_H
#define AF_CUDA_NORM_H
#include "core/backends/cuda/gpu.h"
extern "C" {
#include "core/ops/norm.h"
}

namespace
{

enum { PIXELS = 4 }; /* that a thread of a large tensor has, of one channel */

/* A node as its kernels see it. Row r of the statistics is channel r % C of input r / C. */
template <class T> struct norm_node {
    int64_t pixels; /* of the batch */
    int channels, inputs, normed, rows;
    bool relu, train;
    double epsilon;
    const T *x[AF_MAX_INPUTS]; /* at the first channel that is read */
    int width[AF_MAX_INPUTS];  /* channels of a pixel there */
    const float *weight, *bias, *running_mean, *running_var;
    const double *shared;
};

template <class T> norm_node<T> node_of(const af_call *c)
{
    const af_attrs *a = &c->node->attrs;
    bool sum = c->node->op->gathers != NULL;
    af_shape s = c->node->shape;
    norm_node<T> n = {.pixels = (int64_t)c->n * s.h * s.w,
                      .channels = s.c,
                      .inputs = c->node->inputs,
                      .normed = sum ? a->normed : 1,
                      .relu = sum && a->relu,
                      .train = c->train,
                      .epsilon = a->epsilon,
                      .weight = (const float *)c->w[WEIGHT],
                      .bias = (const float *)c->w[BIAS],
                      .running_mean = (const float *)c->w[RUNNING_MEAN],
                      .running_var = (const float *)c->w[RUNNING_VAR],
                      .shared = c->shared};
    n.rows = n.normed * n.channels;
    for (int e = 0; e < n.inputs; e++) {
        n.x[e] = (const T *)c->x[e] + (sum ? a->offset[e] : 0);
        n.width[e] = c->in[e].c;
    }
    return n;
}

/* Elements of a dense tensor, shared out so that a thread keeps to one channel and neighbours are
 * neighbours in memory: thread i has channel i % C of pixels i / C, i / C + groups ... */
template <class T> int64_t groups_of(const norm_node<T> &n)
{
    const int64_t small = 1 << 18, most = 1 << 24; /* threads; below 2^32 for the division */
    int64_t groups = n.pixels * n.channels < small ? n.pixels : (n.pixels + PIXELS - 1) / PIXELS;
    return groups < most / n.channels ? groups : most / n.channels;
}

/* A double as a sum of two floats. */
struct two_floats {
    float high, low;
};
AF_KERNEL two_floats split_of(double v)
{
    float high = (float)v, low = (float)(v - (double)high);
    return two_floats{high, low == low ? low : 0}; /* infinite: as it is */
}
AF_KERNEL float minus(float x, two_floats v)
{
    return (x - v.high) - v.low;
}

} // namespace

#endif
