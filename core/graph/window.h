/* Sliding windows: the geometry and the checks that convolution and pooling share. */
#ifndef AF_WINDOW_H
#define AF_WINDOW_H
#include "core/graph/graph.h"

/* Checks kernel, stride, dilation and padding of `a` on an input of in->h by in->w and gives the
 * output's height and width. */
AF_CHECKED af_status af_window_shape(int *out_h, int *out_w, const af_attrs *a, const af_shape *in);
/* As above for a pool: no dilation, and padding smaller than the kernel, so that every window sees
 * the input. */
AF_CHECKED af_status af_pool_shape(af_shape *out, const af_attrs *a, const af_shape *in);

/* A range of indices, first <= i < last. */
typedef struct af_span {
    int first, last;
} af_span;

/* Input positions that output position o of an undilated window covers. */
static inline af_span af_window_inputs(int o, int kernel, int stride, int pad, int size)
{
    int first = o * stride - pad, last = first + kernel;
    return (af_span){first < 0 ? 0 : first, last > size ? size : last};
}

/* Output positions whose undilated window covers input position i. */
static inline af_span af_window_outputs(int i, int kernel, int stride, int pad, int outputs)
{
    int reach = i + pad, first = reach < kernel ? 0 : (reach - kernel) / stride + 1;
    int last = reach / stride + 1;
    return (af_span){first, last > outputs ? outputs : last};
}

#endif
