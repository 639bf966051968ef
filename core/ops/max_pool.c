/* Max pooling. Reads kernel, stride, pad. Padding never wins; of equal values the first in row
 * order wins; a NaN wins and stays NaN. Saves the winner's place in the plane, 4 bytes an output.
 * Cost: forward 1 FLOP (comparison) for each element of each window, backward 1 an output. */
#include <math.h>
#include "core/graph/window.h"
#include "core/op.h"

typedef struct place {
    af_span v, h; /* rows and columns of the input under the window */
} place;

static int32_t winner(const real *x, af_shape in, place p, int k)
{
    int32_t best = p.v.first * in.w + p.h.first;
    for (int ih = p.v.first; ih < p.v.last; ih++)
        for (int iw = p.h.first; iw < p.h.last; iw++) {
            int32_t i = ih * in.w + iw;
            real value = x[(int64_t)i * in.c + k];
            if (value > x[(int64_t)best * in.c + k] || isnan(value)) best = i;
        }
    return best;
}

static void forward(const af_call *c)
{
    const af_attrs *a = &c->node->attrs;
    const real *x = c->x[0];
    real *y = c->y;
    int32_t *saved = c->train ? c->saved : NULL;
    af_shape in = c->in[0], out = c->node->shape;
    for (int s = 0; s < c->n; s++, x += af_shape_size(in))
        for (int oh = 0; oh < out.h; oh++)
            for (int ow = 0; ow < out.w; ow++) {
                place p = {af_window_inputs(oh, a->kernel[0], a->stride[0], a->pad[0], in.h),
                           af_window_inputs(ow, a->kernel[1], a->stride[1], a->pad[2], in.w)};
                for (int k = 0; k < in.c; k++) {
                    int32_t best = winner(x, in, p, k);
                    *y++ = x[(int64_t)best * in.c + k];
                    if (saved != NULL) *saved++ = best;
                }
            }
}

/* Gradient of channel k at input position i: from the windows `p` that it has won. */
static double gather(const real *dy, const int32_t *saved, af_shape out, place p, int32_t i, int k)
{
    double sum = 0;
    for (int oh = p.v.first; oh < p.v.last; oh++)
        for (int ow = p.h.first; ow < p.h.last; ow++) {
            int64_t o = ((int64_t)oh * out.w + ow) * out.c + k;
            if (saved[o] == i) sum += dy[o];
        }
    return sum;
}

static void backward(const af_call *c)
{
    const af_attrs *a = &c->node->attrs;
    const int32_t *saved = c->saved;
    const real *dy = c->dy;
    real *dx = c->dx[0];
    if (dx == NULL) return;
    af_shape in = c->in[0], out = c->node->shape;
    int64_t size = af_shape_size(out);
    for (int s = 0; s < c->n; s++, dy += size, saved += size)
        for (int ih = 0; ih < in.h; ih++)
            for (int iw = 0; iw < in.w; iw++) {
                place p = {af_window_outputs(ih, a->kernel[0], a->stride[0], a->pad[0], out.h),
                           af_window_outputs(iw, a->kernel[1], a->stride[1], a->pad[2], out.w)};
                for (int k = 0; k < in.c; k++, dx++) {
                    double d = gather(dy, saved, out, p, ih * in.w + iw, k);
                    *dx = (real)(c->add[0] ? *dx + d : d);
                }
            }
}

const af_kernel AF_REFERENCE(max_pool) = {
    .name = "reference", .forward = forward, .backward = backward};

#ifndef AF_DOUBLE
static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    return af_pool_shape(out, &n->attrs, &in[0]);
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    (void)in;
    const int *kernel = n->attrs.kernel;
    double size = (double)af_shape_size(n->shape);
    return (af_cost){.forward = size * kernel[0] * kernel[1], .backward = size};
}

static size_t saved_bytes(const af_node *n, const af_shape *in)
{
    (void)in;
    return (size_t)af_shape_size(n->shape) * sizeof(int32_t);
}

extern const af_kernel af_reference_max_pool_f64;

const af_op af_op_max_pool = {
    .name = "max_pool",
    .summary = "max pooling",
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .cost = cost,
    .saved = saved_bytes,
    .reference = {&af_reference_max_pool_f32, &af_reference_max_pool_f64},
};
#endif
