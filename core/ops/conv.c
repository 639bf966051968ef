/* Convolution (cross-correlation, as everywhere in the field). Reads out, kernel, stride, pad,
 * dilation, groups (groups = input channels: depthwise), bias.
 * Parameters: weight {out, in/groups, kh, kw}, He et al. 2015 with fan_out = kh * kw * out /
 * groups; bias {out, 1, 1, 1}, zeros. Cost per output element: MACs in/groups * kh * kw, taps on
 * the padding included, and 1 more with a bias. FLOPs forward 2 a weight tap and 1 a bias; backward
 * twice that. */
#include "core/op.h"

/* The row (axis 0) or column (axis 1) of the input under tap k of output position o, or -1. */
static int tap(const af_call *c, int axis, int o, int k)
{
    const af_attrs *a = &c->node->attrs;
    int size = axis == 0 ? c->in[0].h : c->in[0].w;
    int i = o * a->stride[axis] - a->pad[2 * axis] + k * a->dilation[axis];
    return i >= 0 && i < size ? i : -1;
}

/* The output position whose tap k lies on input position i, or -1. */
static int untap(const af_call *c, int axis, int i, int k)
{
    const af_attrs *a = &c->node->attrs;
    int size = axis == 0 ? c->node->shape.h : c->node->shape.w, stride = a->stride[axis];
    int reach = i + a->pad[2 * axis] - k * a->dilation[axis];
    return reach >= 0 && reach % stride == 0 && reach / stride < size ? reach / stride : -1;
}

static const real *pixel(const void *x, af_shape s, int n, int h, int w)
{
    return (const real *)x + (((int64_t)n * s.h + h) * s.w + w) * s.c;
}

/* Output channel o at one output position. */
static double respond(const af_call *c, int n, int oh, int ow, int o)
{
    const af_attrs *a = &c->node->attrs;
    int kh = a->kernel[0], kw = a->kernel[1], area = kh * kw;
    int part = c->in[0].c / a->groups, from = o / (a->out / a->groups) * part;
    const real *w = (const real *)c->w[0] + (int64_t)o * part * area;
    double sum = 0;
    for (int k = 0; k < area; k++) {
        int ih = tap(c, 0, oh, k / kw), iw = tap(c, 1, ow, k % kw);
        if (ih < 0 || iw < 0) continue;
        const real *x = pixel(c->x[0], c->in[0], n, ih, iw) + from;
        for (int i = 0; i < part; i++) sum += (double)w[i * area + k] * (double)x[i];
    }
    return sum;
}

static void forward(const af_call *c)
{
    const real *bias = c->node->attrs.bias ? c->w[1] : NULL;
    af_shape out = c->node->shape;
    real *y = c->y;
    for (int n = 0; n < c->n; n++)
        for (int oh = 0; oh < out.h; oh++)
            for (int ow = 0; ow < out.w; ow++)
                for (int o = 0; o < out.c; o++)
                    *y++ = (real)(respond(c, n, oh, ow, o) + (bias != NULL ? (double)bias[o] : 0));
}

/* Gradient of input channel i at one input position. */
static double gradient_data(const af_call *c, int n, int ih, int iw, int i)
{
    const af_attrs *a = &c->node->attrs;
    int kw = a->kernel[1], area = a->kernel[0] * kw;
    int part = c->in[0].c / a->groups, outs = a->out / a->groups, first = i / part * outs;
    const real *w = (const real *)c->w[0] + ((int64_t)first * part + i % part) * area;
    double sum = 0;
    for (int k = 0; k < area; k++) {
        int oh = untap(c, 0, ih, k / kw), ow = untap(c, 1, iw, k % kw);
        if (oh < 0 || ow < 0) continue;
        const real *dy = pixel(c->dy, c->node->shape, n, oh, ow) + first;
        for (int o = 0; o < outs; o++)
            sum += (double)w[(int64_t)o * part * area + k] * (double)dy[o];
    }
    return sum;
}

/* Gradient of tap k between input channel i and output channel o. */
static double gradient_weight(const af_call *c, int o, int i, int k)
{
    af_shape out = c->node->shape;
    int kw = c->node->attrs.kernel[1];
    double sum = 0;
    for (int n = 0; n < c->n; n++)
        for (int oh = 0; oh < out.h; oh++) {
            int ih = tap(c, 0, oh, k / kw);
            for (int ow = 0; ih >= 0 && ow < out.w; ow++) {
                int iw = tap(c, 1, ow, k % kw);
                if (iw >= 0)
                    sum += (double)pixel(c->dy, out, n, oh, ow)[o] *
                           (double)pixel(c->x[0], c->in[0], n, ih, iw)[i];
            }
        }
    return sum;
}

static double gradient_bias(const af_call *c, int o)
{
    af_shape out = c->node->shape;
    const real *dy = c->dy;
    double sum = 0;
    for (int64_t i = 0, n = (int64_t)c->n * out.h * out.w; i < n; i++) sum += dy[i * out.c + o];
    return sum;
}

static void backward(const af_call *c)
{
    const af_attrs *a = &c->node->attrs;
    af_shape in = c->in[0];
    int area = a->kernel[0] * a->kernel[1], part = in.c / a->groups, outs = a->out / a->groups;
    real *dx = c->dx[0], *dw = c->dw[0], *db = a->bias ? c->dw[1] : NULL;
    for (int n = 0; dx != NULL && n < c->n; n++)
        for (int ih = 0; ih < in.h; ih++)
            for (int iw = 0; iw < in.w; iw++)
                for (int i = 0; i < in.c; i++, dx++)
                    *dx = (real)(gradient_data(c, n, ih, iw, i) + (c->add[0] ? (double)*dx : 0));
    for (int o = 0; o < a->out; o++) {
        for (int i = 0; i < part; i++)
            for (int k = 0; k < area; k++, dw++)
                *dw = (real)(gradient_weight(c, o, o / outs * part + i, k) +
                             (c->add_w ? (double)*dw : 0));
        if (db != NULL) db[o] = (real)(gradient_bias(c, o) + (c->add_w ? (double)db[o] : 0));
    }
}

const af_kernel AF_REFERENCE(conv) = {
    .name = "reference", .forward = forward, .backward = backward};

#ifndef AF_DOUBLE
#include "core/graph/window.h"

static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    const af_attrs *a = &n->attrs;
    if (a->out < 1 || a->out > AF_MAX_DIM)
        return af_fail(AF_EINVAL, "%d output channels, want 1 to %d", a->out, AF_MAX_DIM);
    if (a->groups < 1 || in[0].c % a->groups != 0 || a->out % a->groups != 0)
        return af_fail(AF_EINVAL, "%d groups, want a divisor of %d input and %d output channels",
                       a->groups, in[0].c, a->out);
    out->c = a->out;
    return af_window_shape(&out->h, &out->w, a, &in[0]);
}

static int params(const af_node *n, const af_shape *in, af_param p[AF_MAX_PARAMS])
{
    const af_attrs *a = &n->attrs;
    int kh = a->kernel[0], kw = a->kernel[1];
    double fan = (double)kh * kw * (a->out / a->groups);
    p[0] =
        (af_param){"weight", {a->out, in[0].c / a->groups, kh, kw}, AF_INIT_HE_FAN_OUT, fan, true};
    p[1] = (af_param){"bias", {a->out, 1, 1, 1}, AF_INIT_ZEROS, 0, true};
    return a->bias ? 2 : 1;
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    const af_attrs *a = &n->attrs;
    double size = (double)af_shape_size(n->shape), bias = a->bias ? size : 0;
    double products = size * (in[0].c / a->groups) * a->kernel[0] * a->kernel[1];
    double flops = 2 * products + bias;
    return (af_cost){.macs = products + bias, .forward = flops, .backward = 2 * flops};
}

extern const af_kernel af_reference_conv_f64;

const af_op af_op_conv = {
    .name = "conv",
    .summary = "convolution, grouped and dilated ones included",
    .min_inputs = 1,
    .max_inputs = 1,
    .reads = AF_BACKWARD_X,
    .shape = shape,
    .params = params,
    .cost = cost,
    .reference = {&af_reference_conv_f32, &af_reference_conv_f64},
};
#endif
