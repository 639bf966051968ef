/* Pooling, vectorised over channels. Backward hands every output's gradient to the inputs under its
 * window: image after image, in a fixed order. */
#include <string.h>
#include "core/backends/onednn/onednn.h"
#include "core/base/simd.h"
#include "core/graph/window.h"

/* The part of a window that lies on the image, and where the window would begin. */
typedef struct place {
    af_span v, h;
    int top, left;
} place;

static inline place place_of(const af_call *c, int oh, int ow)
{
    const af_attrs *a = &c->node->attrs;
    return (place){af_window_inputs(oh, a->kernel[0], a->stride[0], a->pad[0], c->in[0].h),
                   af_window_inputs(ow, a->kernel[1], a->stride[1], a->pad[2], c->in[0].w),
                   oh * a->stride[0] - a->pad[0], ow * a->stride[1] - a->pad[2]};
}

static inline float divisor(const af_attrs *a, const place *p)
{
    return a->count_pad ? (float)a->kernel[0] * (float)a->kernel[1]
                        : (float)(p->v.last - p->v.first) * (float)(p->h.last - p->h.first);
}

static inline size_t at(const af_call *c, int ih, int iw)
{
    return ((size_t)ih * (size_t)c->in[0].w + (size_t)iw) * (size_t)c->in[0].c;
}

static void clear(const af_call *c)
{
    if (!c->add[0])
        memset(c->dx[0], 0, (size_t)c->n * (size_t)af_shape_size(c->in[0]) * sizeof(float));
}

/* ---- average ---- */

AF_INLINE void average(float *y, const af_call *c, const float *x, const place *p, int width)
{
    float sum[AF_VECTOR] = {0}, over = divisor(&c->node->attrs, p);
    for (int ih = p->v.first; ih < p->v.last; ih++)
        for (int iw = p->h.first; iw < p->h.last; iw++) {
            const float *from = x + at(c, ih, iw);
            for (int l = 0; l < width; l++) sum[l] += from[l];
        }
    for (int l = 0; l < width; l++) y[l] = sum[l] / over;
}

AF_SIMD static void average_forward(const af_call *c)
{
    const float *x = c->x[0];
    float *y = c->y;
    int C = c->in[0].c;
    for (int s = 0; s < c->n; s++, x += af_shape_size(c->in[0]))
        for (int oh = 0; oh < c->node->shape.h; oh++)
            for (int ow = 0; ow < c->node->shape.w; ow++, y += C) {
                place p = place_of(c, oh, ow);
                int k = 0;
                for (; k + AF_VECTOR <= C; k += AF_VECTOR) average(y + k, c, x + k, &p, AF_VECTOR);
                if (k < C) average(y + k, c, x + k, &p, C - k);
            }
}

AF_INLINE void spread(float *dx, const af_call *c, const float *dy, const place *p, int width)
{
    float part[AF_VECTOR], over = divisor(&c->node->attrs, p);
    AF_EACH(l, width) part[l] = dy[l] / over;
    for (int ih = p->v.first; ih < p->v.last; ih++)
        for (int iw = p->h.first; iw < p->h.last; iw++) {
            float *to = dx + at(c, ih, iw);
            AF_EACH(l, width) to[l] += part[l];
        }
}

AF_SIMD static void average_backward(const af_call *c)
{
    float *dx = c->dx[0];
    const float *dy = c->dy;
    int C = c->in[0].c;
    if (!dx) return;
    clear(c);
    for (int s = 0; s < c->n; s++, dx += af_shape_size(c->in[0]))
        for (int oh = 0; oh < c->node->shape.h; oh++)
            for (int ow = 0; ow < c->node->shape.w; ow++, dy += C) {
                place p = place_of(c, oh, ow);
                int k = 0;
                for (; k + AF_VECTOR <= C; k += AF_VECTOR) spread(dx + k, c, dy + k, &p, AF_VECTOR);
                if (k < C) spread(dx + k, c, dy + k, &p, C - k);
            }
}

static const af_kernel average_kernel = {
    .name = "vectorised", .forward = average_forward, .backward = average_backward};

af_status af_onednn_avg_pool(const af_request *r, af_prepared *out)
{
    (void)r;
    out->kernel = &average_kernel;
    return AF_OK;
}

/* ---- maximum; keeps the winning tap of each output in one byte ---- */

AF_INLINE void best_of(float *y, uint8_t *won, const af_call *c, const float *x, const place *p,
                       int width)
{
    float best[AF_VECTOR] = {0};
    int32_t tap[AF_VECTOR];
    int kw = c->node->attrs.kernel[1];
    const float *first = x + at(c, p->v.first, p->h.first);
    AF_EACH(l, width) best[l] = first[l];
    AF_EACH(l, width) tap[l] = (p->v.first - p->top) * kw + p->h.first - p->left;
    for (int ih = p->v.first; ih < p->v.last; ih++)
        for (int iw = p->h.first; iw < p->h.last; iw++) {
            const float *from = x + at(c, ih, iw);
            int32_t t = (ih - p->top) * kw + iw - p->left;
            AF_EACH(l, width)
            { /* the second test: a NaN wins and stays */
                int wins = (from[l] > best[l]) | (from[l] != from[l]);
                best[l] = wins ? from[l] : best[l];
                tap[l] = wins ? t : tap[l];
            }
        }
    AF_EACH(l, width) y[l] = best[l];
    if (won) AF_EACH(l, width) won[l] = (uint8_t)tap[l];
}

AF_SIMD static void max_forward(const af_call *c)
{
    const float *x = c->x[0];
    float *y = c->y;
    uint8_t *won = c->train ? c->saved : NULL;
    int C = c->in[0].c;
    for (int s = 0; s < c->n; s++, x += af_shape_size(c->in[0]))
        for (int oh = 0; oh < c->node->shape.h; oh++)
            for (int ow = 0; ow < c->node->shape.w; ow++, y += C, won = won ? won + C : NULL) {
                place p = place_of(c, oh, ow);
                int k = 0;
                for (; k + AF_VECTOR <= C; k += AF_VECTOR)
                    best_of(y + k, won ? won + k : NULL, c, x + k, &p, AF_VECTOR);
                if (k < C) best_of(y + k, won ? won + k : NULL, c, x + k, &p, C - k);
            }
}

AF_INLINE void reward(float *dx, const af_call *c, const float *dy, const uint8_t *won,
                      const place *p, int width)
{
    int kw = c->node->attrs.kernel[1];
    int32_t tap[AF_VECTOR];
    AF_EACH(l, width) tap[l] = won[l];
    for (int ih = p->v.first; ih < p->v.last; ih++)
        for (int iw = p->h.first; iw < p->h.last; iw++) {
            float *to = dx + at(c, ih, iw);
            int32_t t = (ih - p->top) * kw + iw - p->left;
            AF_EACH(l, width) to[l] += tap[l] == t ? dy[l] : 0;
        }
}

AF_SIMD static void max_backward(const af_call *c)
{
    float *dx = c->dx[0];
    const float *dy = c->dy;
    const uint8_t *won = c->saved;
    int C = c->in[0].c;
    if (!dx) return;
    clear(c);
    for (int s = 0; s < c->n; s++, dx += af_shape_size(c->in[0]))
        for (int oh = 0; oh < c->node->shape.h; oh++)
            for (int ow = 0; ow < c->node->shape.w; ow++, dy += C, won += C) {
                place p = place_of(c, oh, ow);
                int k = 0;
                for (; k + AF_VECTOR <= C; k += AF_VECTOR)
                    reward(dx + k, c, dy + k, won + k, &p, AF_VECTOR);
                if (k < C) reward(dx + k, c, dy + k, won + k, &p, C - k);
            }
}

static const af_kernel max_kernel = {
    .name = "vectorised", .forward = max_forward, .backward = max_backward};

af_status af_onednn_max_pool(const af_request *r, af_prepared *out)
{
    const int *kernel = r->node->attrs.kernel;
    if ((int64_t)kernel[0] * kernel[1] <= UINT8_MAX) out->kernel = &max_kernel;
    return AF_OK;
}

/* ---- global average ---- */

enum { TILE = 64 }; /* pixels summed in single precision */

AF_INLINE void mean(float *y, const float *x, size_t C, size_t pixels, int width)
{
    double total[AF_VECTOR] = {0};
    for (size_t i = 0; i < pixels;) {
        float sum[AF_VECTOR] = {0};
        for (size_t end = pixels - i < TILE ? pixels : i + TILE; i < end; i++)
            for (int l = 0; l < width; l++) sum[l] += x[i * C + (size_t)l];
        for (int l = 0; l < width; l++) total[l] += (double)sum[l];
    }
    for (int l = 0; l < width; l++) y[l] = (float)(total[l] / (double)pixels);
}

AF_SIMD static void global_forward(const af_call *c)
{
    const float *x = c->x[0];
    float *y = c->y;
    size_t C = (size_t)c->in[0].c, pixels = (size_t)c->in[0].h * (size_t)c->in[0].w;
    for (int s = 0; s < c->n; s++, x += pixels * C, y += C) {
        size_t k = 0;
        for (; k + AF_VECTOR <= C; k += AF_VECTOR) mean(y + k, x + k, C, pixels, AF_VECTOR);
        if (k < C) mean(y + k, x + k, C, pixels, (int)(C - k));
    }
}

AF_SIMD static void global_backward(const af_call *c)
{
    float *dx = c->dx[0];
    const float *dy = c->dy;
    if (!dx) return;
    clear(c);
    size_t C = (size_t)c->in[0].c, pixels = (size_t)c->in[0].h * (size_t)c->in[0].w;
    for (int s = 0; s < c->n; s++, dy += C)
        for (size_t i = 0; i < pixels; i++, dx += C)
            for (size_t k = 0; k < C; k++) dx[k] += dy[k] / (float)pixels;
}

static const af_kernel global_kernel = {
    .name = "vectorised", .forward = global_forward, .backward = global_backward};

af_status af_onednn_global_pool(const af_request *r, af_prepared *out)
{
    (void)r;
    out->kernel = &global_kernel;
    return AF_OK;
}
