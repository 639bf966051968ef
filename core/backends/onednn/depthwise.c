/* Depthwise convolutions: one filter a channel. Works on AF_VECTOR channels of one image at a time,
 * copied into a zero-padded buffer that stays in cache, so that no loop knows about borders and
 * dilation costs nothing. oneDNN falls back to matrix products over single channels
 * here: 5x5 weight gradients and dilated backward passes are 10 to 40 times slower there.
 *
 * The gradient by x is itself such a convolution: of dy, spread out by the stride, with the filter
 * turned round. */
#include "core/backends/onednn/onednn.h"
#include "core/backends/onednn/stored.h"
#include "core/base/alloc.h"

/* A zero-padded plane of AF_VECTOR channels: image row r is buffer row top + r * step. */
typedef struct plane {
    int h, w, top, left, step[2];
} plane;

typedef struct depthwise {
    af_onednn_self base;
    int c, blocks, taps;
    int kernel[2], stride[2], dilation[2];
    af_shape in, out;
    plane x, dy;     /* x padded as attributes say; dy spread and padded for the gradient by x */
    float *w, *back; /* [block][tap][AF_VECTOR]; the filter and the filter turned round */
} depthwise;

/* A convolution of a padded plane: size of the result, steps between pixels and between taps. */
typedef struct walk {
    int h, w, kernel[2], stride[2], dilation[2];
    int width; /* floats in a row of the plane */
} walk;

static size_t plane_floats(const plane *p)
{
    return (size_t)p->h * p->w * AF_VECTOR;
}

/* Copies `width` channels of an h x w image with `c` channels into a plane cleared before. */
AF_INLINE void copy_in(float *restrict to, const plane *p, const void *restrict from, int h, int w,
                       int c, int width, bool bf16)
{
    int step = p->step[1] * AF_VECTOR;
    for (int i = 0; i < h; i++) {
        float *row = to + ((size_t)(p->top + i * p->step[0]) * p->w + p->left) * AF_VECTOR;
        const void *x = af_from(from, (size_t)i * w * c, bf16);
        if (width == AF_VECTOR)
            for (int j = 0; j < w; j++, row += step)
                for (int l = 0; l < AF_VECTOR; l++) row[l] = af_get(x, (size_t)(j * c + l), bf16);
        else
            for (int j = 0; j < w; j++, row += step)
                for (int l = 0; l < width; l++) row[l] = af_get(x, (size_t)(j * c + l), bf16);
    }
}

/* `pixels` neighbouring results of one row; pixels is a constant where this is inlined. */
AF_INLINE void row_part(void *y, int c, int width, bool add, const float *x, const float *w,
                        const walk *k, int pixels, bool bf16)
{
    float sum[4][AF_VECTOR] = {{0}};
    int step = k->stride[1] * AF_VECTOR;
    for (int i = 0; i < k->kernel[0]; i++)
        for (int j = 0; j < k->kernel[1]; j++, w += AF_VECTOR) {
            const float *at =
                x + (size_t)i * k->dilation[0] * k->width + j * k->dilation[1] * AF_VECTOR;
            for (int p = 0; p < pixels; p++)
                for (int l = 0; l < AF_VECTOR; l++) sum[p][l] += at[p * step + l] * w[l];
        }
    for (int p = 0; p < pixels; p++, y = af_to(y, (size_t)c, bf16)) {
        if (width < AF_VECTOR || add)
            for (int l = 0; l < width; l++)
                af_put(y, l, add ? af_get(y, l, bf16) + sum[p][l] : sum[p][l], bf16);
        else
            for (int l = 0; l < AF_VECTOR; l++) af_put(y, l, sum[p][l], bf16);
    }
}

AF_INLINE void convolve(void *y, int c, int width, bool add, const float *x, const float *w,
                        const walk *k, bool bf16)
{
    for (int i = 0; i < k->h; i++) {
        const float *row = x + (size_t)i * k->stride[0] * k->width;
        int step = k->stride[1] * AF_VECTOR, j = 0;
        for (; j + 4 <= k->w; j += 4, y = af_to(y, 4 * (size_t)c, bf16))
            row_part(y, c, width, add, row + (size_t)j * step, w, k, 4, bf16);
        for (; j < k->w; j++, y = af_to(y, (size_t)c, bf16))
            row_part(y, c, width, add, row + (size_t)j * step, w, k, 1, bf16);
    }
}

/* Gradient of `taps` neighbouring weights from one row; summed on its own, then added. */
AF_INLINE void row_gradient(float *dw, const float *x, const float *dy, const walk *k, int taps)
{
    float sum[3][AF_VECTOR] = {{0}};
    int step = k->stride[1] * AF_VECTOR, apart = k->dilation[1] * AF_VECTOR;
    for (int j = 0; j < k->w; j++, x += step, dy += AF_VECTOR)
        for (int t = 0; t < taps; t++)
            for (int l = 0; l < AF_VECTOR; l++) sum[t][l] += x[t * apart + l] * dy[l];
    for (int t = 0; t < taps; t++)
        for (int l = 0; l < AF_VECTOR; l++) dw[t * AF_VECTOR + l] += sum[t][l];
}

AF_INLINE void gradient(float *dw, const float *x, const float *dy, const walk *k)
{
    for (int i = 0; i < k->h; i++, dy += k->w * AF_VECTOR)
        for (int r = 0; r < k->kernel[0]; r++) {
            const float *row = x + (size_t)(i * k->stride[0] + r * k->dilation[0]) * k->width;
            float *to = dw + (size_t)r * k->kernel[1] * AF_VECTOR;
            int t = 0;
            for (; t + 3 <= k->kernel[1]; t += 3)
                row_gradient(to + t * AF_VECTOR, row + (size_t)t * k->dilation[1] * AF_VECTOR, dy,
                             k, 3);
            for (; t < k->kernel[1]; t++)
                row_gradient(to + t * AF_VECTOR, row + (size_t)t * k->dilation[1] * AF_VECTOR, dy,
                             k, 1);
        }
}

/* ---- slots ---- */

static int block_width(const depthwise *k, int block)
{
    int left = k->c - block * AF_VECTOR;
    return left < AF_VECTOR ? left : AF_VECTOR;
}

/* Image n of a tensor, from the first channel of a block on. */
AF_INLINE const void *block_of(const void *t, int n, af_shape s, int block, bool bf16)
{
    return af_from(t, (size_t)n * (size_t)af_shape_size(s) + (size_t)block * AF_VECTOR, bf16);
}

static walk walk_of(const depthwise *k)
{
    return (walk){k->out.h,
                  k->out.w,
                  {k->kernel[0], k->kernel[1]},
                  {k->stride[0], k->stride[1]},
                  {k->dilation[0], k->dilation[1]},
                  k->x.w * AF_VECTOR};
}

static void begin(const af_call *call)
{
    const depthwise *k = call->self;
    const float *w = call->w[0];
    for (int c = 0; c < k->c; c++)
        for (int t = 0; t < k->taps; t++) {
            size_t at = (size_t)(c / AF_VECTOR) * k->taps * AF_VECTOR + c % AF_VECTOR;
            float value = w[(size_t)c * k->taps + t];
            k->w[at + (size_t)t * AF_VECTOR] = value;
            k->back[at + (size_t)(k->taps - 1 - t) * AF_VECTOR] = value;
        }
}

AF_INLINE void forward(const af_call *call, bool bf16)
{
    const depthwise *k = call->self;
    const walk step = walk_of(k);
    float *x = call->scratch;
    memset(x, 0, plane_floats(&k->x) * sizeof *x);
    for (int n = 0; n < call->n; n++)
        for (int b = 0; b < k->blocks; b++) {
            int width = block_width(k, b);
            const void *from = block_of(call->x[0], n, k->in, b, bf16);
            void *y = af_unconst(block_of(call->y, n, k->out, b, bf16));
            copy_in(x, &k->x, from, k->in.h, k->in.w, k->c, width, bf16);
            convolve(y, k->c, width, false, x, k->w + (size_t)b * k->taps * AF_VECTOR, &step, bf16);
        }
}
AF_STORED(forward)

AF_INLINE void backward_x(const af_call *call, float *dy, bool bf16)
{
    const depthwise *k = call->self;
    const walk step = {k->in.h,
                       k->in.w,
                       {k->kernel[0], k->kernel[1]},
                       {1, 1},
                       {k->dilation[0], k->dilation[1]},
                       k->dy.w * AF_VECTOR};
    memset(dy, 0, plane_floats(&k->dy) * sizeof *dy);
    for (int n = 0; n < call->n; n++)
        for (int b = 0; b < k->blocks; b++) {
            int width = block_width(k, b);
            const void *from = block_of(call->dy, n, k->out, b, bf16);
            void *dx = af_unconst(block_of(call->dx[0], n, k->in, b, bf16));
            copy_in(dy, &k->dy, from, k->out.h, k->out.w, k->c, width, bf16);
            convolve(dx, k->c, width, call->add[0], dy, k->back + (size_t)b * k->taps * AF_VECTOR,
                     &step, bf16);
        }
}

AF_INLINE void backward_w(const af_call *call, float *x, float *dy, bool bf16)
{
    const depthwise *k = call->self;
    const walk step = walk_of(k);
    const plane packed = {k->out.h, k->out.w, 0, 0, {1, 1}};
    float *dw = call->lane;
    if (!call->add_w) memset(dw, 0, (size_t)k->blocks * k->taps * AF_VECTOR * sizeof *dw);
    memset(x, 0, plane_floats(&k->x) * sizeof *x);
    memset(dy, 0, plane_floats(&packed) * sizeof *dy);
    for (int b = 0; b < k->blocks; b++, dw += (size_t)k->taps * AF_VECTOR)
        for (int n = 0; n < call->n; n++) {
            int width = block_width(k, b);
            const void *xn = block_of(call->x[0], n, k->in, b, bf16);
            const void *dyn = block_of(call->dy, n, k->out, b, bf16);
            copy_in(x, &k->x, xn, k->in.h, k->in.w, k->c, width, bf16);
            copy_in(dy, &packed, dyn, k->out.h, k->out.w, k->c, width, bf16);
            gradient(dw, x, dy, &step);
        }
}

AF_INLINE void backward(const af_call *call, bool bf16)
{
    const depthwise *k = call->self;
    float *x = call->scratch, *dy = x + plane_floats(&k->x);
    if (call->dx[0]) backward_x(call, dy, bf16);
    backward_w(call, x, dy, bf16);
}
AF_STORED(backward)

static void finish(const af_call *call)
{
    const depthwise *k = call->self;
    const float *from = call->lane;
    float *dw = call->dw[0];
    for (int c = 0; c < k->c; c++)
        for (int t = 0; t < k->taps; t++)
            dw[(size_t)c * k->taps + t] =
                from[((size_t)(c / AF_VECTOR) * k->taps + t) * AF_VECTOR + c % AF_VECTOR];
}

static void release(void *self)
{
    depthwise *k = self;
    af_free(k->w);
    af_free(k->back);
    af_free(k);
}

#define TRAIN(type)                                                                                \
    {                                                                                              \
        .name = "depthwise", .begin = begin, .forward = forward_##type,                            \
        .backward = backward_##type, .finish = finish                                              \
    }
static const af_kernel train[] = {TRAIN(f32), TRAIN(bf16)};
static const af_kernel infer[] = {
    {.name = "depthwise", .begin = begin, .forward = forward_f32},
    {.name = "depthwise", .begin = begin, .forward = forward_bf16},
};

/* False when padding is wider than the filter: the turned-round filter would start inside. */
static bool place(depthwise *k, const af_attrs *a)
{
    const int in[2] = {k->in.h, k->in.w}, out[2] = {k->out.h, k->out.w};
    int x[2], dy[2], lead[2];
    for (int i = 0; i < 2; i++) {
        int extent = (a->kernel[i] - 1) * a->dilation[i] + 1;
        lead[i] = extent - 1 - a->pad[2 * i];
        if (lead[i] < 0 || a->pad[2 * i + 1] >= extent) return false;
        x[i] = in[i] + a->pad[2 * i] + a->pad[2 * i + 1];
        dy[i] = in[i] + extent - 1;
        int end = lead[i] + (out[i] - 1) * a->stride[i] + 1;
        if (dy[i] < end) dy[i] = end;
        if (dy[i] < out[i]) dy[i] = out[i];
    }
    k->x = (plane){x[0], x[1], a->pad[0], a->pad[2], {1, 1}};
    k->dy = (plane){dy[0], dy[1], lead[0], lead[1], {a->stride[0], a->stride[1]}};
    return true;
}

af_status af_onednn_depthwise(const af_request *r, af_prepared *out)
{
    const af_attrs *a = &r->node->attrs;
    depthwise *k = af_calloc(1, sizeof *k);
    if (!k) return AF_ENOMEM;
    k->base.release = release;
    k->in = r->in[0];
    k->out = r->node->shape;
    k->c = k->in.c;
    k->blocks = (k->c + AF_VECTOR - 1) / AF_VECTOR;
    k->taps = a->kernel[0] * a->kernel[1];
    for (int i = 0; i < 2; i++) {
        k->kernel[i] = a->kernel[i];
        k->stride[i] = a->stride[i];
        k->dilation[i] = a->dilation[i];
    }
    if (a->bias || !place(k, a)) {
        release(k);
        return AF_OK;
    }
    size_t floats = (size_t)k->blocks * k->taps * AF_VECTOR;
    k->w = af_calloc(floats, sizeof *k->w);
    k->back = af_calloc(floats, sizeof *k->back);
    if (!k->w || !k->back) {
        release(k);
        return AF_ENOMEM;
    }
    out->kernel = &(r->train ? train : infer)[r->type == AF_BF16];
    out->self = k;
    out->lane_bytes = r->train ? floats * sizeof(float) : 0;
    out->scratch_bytes =
        (plane_floats(&k->x) + (r->train ? plane_floats(&k->dy) : 0)) * sizeof(float);
    return AF_OK;
}
