/* Pooling, vectorised over channels. Backward hands every output's gradient to the inputs under its
 * window: image after image, in a fixed order. An input is added to by several windows; in bf16
 * these sums are kept in float, one image and AF_VECTOR channels at a time, and rounded once. */
#include "core/backends/onednn/onednn.h"
#include "core/backends/onednn/stored.h"
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

/* Where input pixel (ih, iw) is, pixels being `stride` floats apart. */
AF_INLINE size_t at(const af_call *c, int ih, int iw, int stride)
{
    return ((size_t)ih * (size_t)c->in[0].w + (size_t)iw) * (size_t)stride;
}

static inline size_t pixels_in(const af_call *c)
{
    return (size_t)c->in[0].h * (size_t)c->in[0].w;
}

static void clear(const af_call *c, bool bf16)
{
    size_t n = (size_t)c->n * (size_t)af_shape_size(c->in[0]);
    if (!c->add[0]) memset(c->dx[0], 0, n * af_stored_size(bf16));
}

/* The gradients that windows add to: those of the image itself, or its channels in float. */
typedef struct sums {
    float *from; /* of the block's first channel */
    int stride;
} sums;

AF_INLINE sums open_sums(const af_call *c, void *dx, int width, bool bf16)
{
    if (!bf16) return (sums){dx, c->in[0].c};
    float *restrict sum = c->scratch;
    size_t C = (size_t)c->in[0].c, n = pixels_in(c);
    if (!c->add[0])
        memset(sum, 0, n * AF_VECTOR * sizeof *sum);
    else
        for (size_t i = 0; i < n; i++)
            AF_EACH(l, width) sum[i * AF_VECTOR + (size_t)l] = af_get(dx, i * C + (size_t)l, true);
    return (sums){sum, AF_VECTOR};
}

AF_INLINE void close_sums(const af_call *c, void *dx, int width, bool bf16)
{
    const float *restrict sum = c->scratch;
    size_t C = (size_t)c->in[0].c, n = bf16 ? pixels_in(c) : 0;
    for (size_t i = 0; i < n; i++)
        AF_EACH(l, width) af_put(dx, i * C + (size_t)l, sum[i * AF_VECTOR + (size_t)l], true);
}

static size_t sums_bytes(const af_request *r)
{
    size_t n = (size_t)r->in[0].h * (size_t)r->in[0].w;
    return r->train && r->type == AF_BF16 ? n * AF_VECTOR * sizeof(float) : 0;
}

/* ---- average ---- */

/* gcc 12 keeps a plain loop's sums in registers when they are loaded as floats, else not. */
AF_INLINE void average(void *y, const af_call *c, const void *x, const place *p, int width,
                       bool bf16)
{
    float sum[AF_VECTOR] = {0}, over = divisor(&c->node->attrs, p);
    for (int ih = p->v.first; ih < p->v.last; ih++)
        for (int iw = p->h.first; iw < p->h.last; iw++) {
            const void *from = af_from(x, at(c, ih, iw, c->in[0].c), bf16);
            if (bf16)
                AF_EACH(l, width) sum[l] += af_get(from, (size_t)l, true);
            else
                for (int l = 0; l < width; l++) sum[l] += af_get(from, (size_t)l, false);
        }
    if (bf16)
        AF_EACH(l, width) af_put(y, (size_t)l, sum[l] / over, true);
    else
        for (int l = 0; l < width; l++) af_put(y, (size_t)l, sum[l] / over, false);
}

AF_INLINE void average_forward(const af_call *c, bool bf16)
{
    const void *x = c->x[0];
    void *y = c->y;
    int C = c->in[0].c;
    for (int s = 0; s < c->n; s++, x = af_from(x, (size_t)af_shape_size(c->in[0]), bf16))
        for (int oh = 0; oh < c->node->shape.h; oh++)
            for (int ow = 0; ow < c->node->shape.w; ow++, y = af_to(y, (size_t)C, bf16)) {
                place p = place_of(c, oh, ow);
                size_t k = 0, n = (size_t)C;
                for (; k + AF_VECTOR <= n; k += AF_VECTOR)
                    average(af_to(y, k, bf16), c, af_from(x, k, bf16), &p, AF_VECTOR, bf16);
                if (k < n)
                    average(af_to(y, k, bf16), c, af_from(x, k, bf16), &p, (int)(n - k), bf16);
            }
}
AF_STORED(average_forward)

/* What one output gives to the inputs under its window: through an average, or (won is not NULL) to
 * the one that won. */
AF_INLINE void give(sums to, const af_call *c, const void *dy, const uint8_t *won, const place *p,
                    int width, bool bf16)
{
    float part[AF_VECTOR], over = won ? 1 : divisor(&c->node->attrs, p);
    int32_t tap[AF_VECTOR];
    int kw = c->node->attrs.kernel[1];
    AF_EACH(l, width)
    part[l] = won ? af_get(dy, (size_t)l, bf16) : af_get(dy, (size_t)l, bf16) / over;
    if (won) AF_EACH(l, width) tap[l] = won[l];
    for (int ih = p->v.first; ih < p->v.last; ih++)
        for (int iw = p->h.first; iw < p->h.last; iw++) {
            float *sum = to.from + at(c, ih, iw, to.stride);
            int32_t t = (ih - p->top) * kw + iw - p->left;
            AF_EACH(l, width) sum[l] += !won || tap[l] == t ? part[l] : 0;
        }
}

/* One image and `width` channels. */
AF_INLINE void give_all(const af_call *c, void *dx, const void *dy, const uint8_t *won, int width,
                        bool bf16)
{
    size_t C = (size_t)c->in[0].c;
    sums to = open_sums(c, dx, width, bf16);
    for (int oh = 0; oh < c->node->shape.h; oh++)
        for (int ow = 0; ow < c->node->shape.w; ow++, dy = af_from(dy, C, bf16)) {
            place p = place_of(c, oh, ow);
            give(to, c, dy, won, &p, width, bf16);
            if (won) won += C;
        }
    close_sums(c, dx, width, bf16);
}

/* won: NULL, as a constant, or never NULL. */
AF_INLINE void spread(const af_call *c, const uint8_t *won, bool bf16)
{
    int C = c->in[0].c;
    size_t in = (size_t)af_shape_size(c->in[0]), out = (size_t)af_shape_size(c->node->shape);
    if (!c->dx[0]) return;
    if (!bf16) clear(c, false);
    for (size_t s = 0; s < (size_t)c->n; s++)
        for (int k = 0; k < C; k += AF_VECTOR) {
            void *dx = af_to(c->dx[0], s * in + (size_t)k, bf16);
            const void *dy = af_from(c->dy, s * out + (size_t)k, bf16);
            const uint8_t *w = won ? won + s * out + k : NULL;
            if (k + AF_VECTOR <= C)
                give_all(c, dx, dy, w, AF_VECTOR, bf16);
            else
                give_all(c, dx, dy, w, C - k, bf16);
        }
}

AF_INLINE void average_backward(const af_call *c, bool bf16)
{
    spread(c, NULL, bf16);
}
AF_STORED(average_backward)

static const af_kernel average_kernel[] = {
    {.name = "vectorised", .forward = average_forward_f32, .backward = average_backward_f32},
    {.name = "vectorised", .forward = average_forward_bf16, .backward = average_backward_bf16},
};

af_status af_onednn_avg_pool(const af_request *r, af_prepared *out)
{
    out->kernel = &average_kernel[r->type == AF_BF16];
    out->scratch_bytes = sums_bytes(r);
    return AF_OK;
}

/* ---- maximum; keeps the winning tap of each output in one byte ---- */

AF_INLINE void best_of(void *y, uint8_t *won, const af_call *c, const void *x, const place *p,
                       int width, bool bf16)
{
    float best[AF_VECTOR] = {0};
    int32_t tap[AF_VECTOR];
    int kw = c->node->attrs.kernel[1], C = c->in[0].c;
    const void *first = af_from(x, at(c, p->v.first, p->h.first, C), bf16);
    AF_EACH(l, width) best[l] = af_get(first, (size_t)l, bf16);
    AF_EACH(l, width) tap[l] = (p->v.first - p->top) * kw + p->h.first - p->left;
    for (int ih = p->v.first; ih < p->v.last; ih++)
        for (int iw = p->h.first; iw < p->h.last; iw++) {
            const void *from = af_from(x, at(c, ih, iw, C), bf16);
            int32_t t = (ih - p->top) * kw + iw - p->left;
            AF_EACH(l, width)
            { /* the second test: a NaN wins and stays */
                float v = af_get(from, (size_t)l, bf16);
                int wins = (v > best[l]) | (v != v);
                best[l] = wins ? v : best[l];
                tap[l] = wins ? t : tap[l];
            }
        }
    AF_EACH(l, width) af_put_exact(y, (size_t)l, best[l], bf16);
    if (won) AF_EACH(l, width) won[l] = (uint8_t)tap[l];
}

AF_INLINE void max_forward(const af_call *c, bool bf16)
{
    const void *x = c->x[0];
    void *y = c->y;
    uint8_t *won = c->train ? c->saved : NULL;
    int C = c->in[0].c;
    for (int s = 0; s < c->n; s++, x = af_from(x, (size_t)af_shape_size(c->in[0]), bf16))
        for (int oh = 0; oh < c->node->shape.h; oh++)
            for (int ow = 0; ow < c->node->shape.w; ow++, y = af_to(y, (size_t)C, bf16)) {
                place p = place_of(c, oh, ow);
                for (int k = 0; k < C; k += AF_VECTOR) {
                    void *yk = af_to(y, (size_t)k, bf16);
                    const void *xk = af_from(x, (size_t)k, bf16);
                    if (k + AF_VECTOR <= C)
                        best_of(yk, won ? won + k : NULL, c, xk, &p, AF_VECTOR, bf16);
                    else
                        best_of(yk, won ? won + k : NULL, c, xk, &p, C - k, bf16);
                }
                if (won) won += C;
            }
}
AF_STORED(max_forward)

AF_INLINE void max_backward(const af_call *c, bool bf16)
{
    spread(c, c->saved, bf16);
}
AF_STORED(max_backward)

static const af_kernel max_kernel[] = {
    {.name = "vectorised", .forward = max_forward_f32, .backward = max_backward_f32},
    {.name = "vectorised", .forward = max_forward_bf16, .backward = max_backward_bf16},
};

af_status af_onednn_max_pool(const af_request *r, af_prepared *out)
{
    const int *kernel = r->node->attrs.kernel;
    if ((int64_t)kernel[0] * kernel[1] > UINT8_MAX) return AF_OK; /* not mine */
    out->kernel = &max_kernel[r->type == AF_BF16];
    out->scratch_bytes = sums_bytes(r);
    return AF_OK;
}

/* ---- global average ---- */

enum { TILE = 64 }; /* pixels summed in single precision */

AF_INLINE void mean(void *y, const void *x, size_t C, size_t pixels, int width, bool bf16)
{
    double total[AF_VECTOR] = {0};
    for (size_t i = 0; i < pixels;) {
        float sum[AF_VECTOR] = {0};
        for (size_t end = pixels - i < TILE ? pixels : i + TILE; i < end; i++)
            for (int l = 0; l < width; l++) sum[l] += af_get(x, i * C + (size_t)l, bf16);
        for (int l = 0; l < width; l++) total[l] += (double)sum[l];
    }
    for (int l = 0; l < width; l++) af_put(y, (size_t)l, (float)(total[l] / (double)pixels), bf16);
}

AF_INLINE void global_forward(const af_call *c, bool bf16)
{
    size_t C = (size_t)c->in[0].c, pixels = pixels_in(c);
    for (size_t s = 0; s < (size_t)c->n; s++)
        for (size_t k = 0; k < C; k += AF_VECTOR) {
            const void *x = af_from(c->x[0], s * pixels * C + k, bf16);
            void *y = af_to(c->y, s * C + k, bf16);
            if (k + AF_VECTOR <= C)
                mean(y, x, C, pixels, AF_VECTOR, bf16);
            else
                mean(y, x, C, pixels, (int)(C - k), bf16);
        }
}
AF_STORED(global_forward)

AF_INLINE void global_backward(const af_call *c, bool bf16)
{
    void *restrict dx = c->dx[0];
    const void *restrict dy = c->dy;
    if (!dx) return;
    clear(c, bf16);
    size_t C = (size_t)c->in[0].c, pixels = pixels_in(c);
    for (size_t s = 0; s < (size_t)c->n; s++)
        for (size_t i = 0; i < pixels; i++)
            for (size_t k = 0; k < C; k++) {
                size_t to = (s * pixels + i) * C + k;
                float d = af_get(dy, s * C + k, bf16) / (float)pixels;
                af_put(dx, to, af_get(dx, to, bf16) + d, bf16);
            }
}
AF_STORED(global_backward)

static const af_kernel global_kernel[] = {
    {.name = "vectorised", .forward = global_forward_f32, .backward = global_backward_f32},
    {.name = "vectorised", .forward = global_forward_bf16, .backward = global_backward_bf16},
};

af_status af_onednn_global_pool(const af_request *r, af_prepared *out)
{
    out->kernel = &global_kernel[r->type == AF_BF16];
    return AF_OK;
}
