/* Average pooling. Reads kernel, stride, pad, count_pad. The divisor is the number of input
 * elements under the window or, with count_pad, always the kernel's area. Cost: forward 1 FLOP for
 * each element of each window and 1 an output (the division); backward the same. Elements of the
 * padding count, as in a convolution. */
#include "core/graph/window.h"
#include "core/op.h"

static double area(const af_attrs *a, af_span v, af_span h)
{
    if (a->count_pad) return (double)a->kernel[0] * a->kernel[1];
    return (double)(v.last - v.first) * (h.last - h.first);
}

/* Rows (axis 0) or columns (axis 1) of the input under output position o. */
static af_span under(const af_call *c, int axis, int o)
{
    const af_attrs *a = &c->node->attrs;
    int size = axis == 0 ? c->in[0].h : c->in[0].w;
    return af_window_inputs(o, a->kernel[axis], a->stride[axis], a->pad[2 * axis], size);
}

static void forward(const af_call *c)
{
    const real *x = c->x[0];
    real *y = c->y;
    af_shape in = c->in[0], out = c->node->shape;
    for (int s = 0; s < c->n; s++, x += af_shape_size(in))
        for (int oh = 0; oh < out.h; oh++)
            for (int ow = 0; ow < out.w; ow++) {
                af_span v = under(c, 0, oh), h = under(c, 1, ow);
                double divisor = area(&c->node->attrs, v, h);
                for (int k = 0; k < in.c; k++) {
                    double sum = 0;
                    for (int ih = v.first; ih < v.last; ih++)
                        for (int iw = h.first; iw < h.last; iw++)
                            sum += x[((int64_t)ih * in.w + iw) * in.c + k];
                    *y++ = (real)(sum / divisor);
                }
            }
}

/* Gradient of channel k at one input position: over the windows that cover it. */
static double gather(const af_call *c, const real *dy, af_span v, af_span h, int k)
{
    af_shape out = c->node->shape;
    double sum = 0;
    for (int oh = v.first; oh < v.last; oh++)
        for (int ow = h.first; ow < h.last; ow++)
            sum += dy[((int64_t)oh * out.w + ow) * out.c + k] /
                   area(&c->node->attrs, under(c, 0, oh), under(c, 1, ow));
    return sum;
}

static void backward(const af_call *c)
{
    const af_attrs *a = &c->node->attrs;
    const real *dy = c->dy;
    real *dx = c->dx[0];
    if (dx == NULL) return;
    af_shape in = c->in[0], out = c->node->shape;
    for (int s = 0; s < c->n; s++, dy += af_shape_size(out))
        for (int ih = 0; ih < in.h; ih++)
            for (int iw = 0; iw < in.w; iw++) {
                af_span v = af_window_outputs(ih, a->kernel[0], a->stride[0], a->pad[0], out.h);
                af_span h = af_window_outputs(iw, a->kernel[1], a->stride[1], a->pad[2], out.w);
                for (int k = 0; k < in.c; k++, dx++) {
                    double d = gather(c, dy, v, h, k);
                    *dx = (real)(c->add[0] ? *dx + d : d);
                }
            }
}

const af_kernel AF_REFERENCE(avg_pool) = {
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
    double flops = (double)af_shape_size(n->shape) * ((double)kernel[0] * kernel[1] + 1);
    return (af_cost){.forward = flops, .backward = flops};
}

extern const af_kernel af_reference_avg_pool_f64;

const af_op af_op_avg_pool = {
    .name = "avg_pool",
    .summary = "average pooling",
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .cost = cost,
    .reference = {&af_reference_avg_pool_f32, &af_reference_avg_pool_f64},
};
#endif
