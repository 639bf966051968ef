/* Element-wise ops and concatenation: plain loops that the compiler
 * vectorises, written so that each tensor is read and written once. */
#include "core/backends/onednn/onednn.h"
#include "core/backends/onednn/stored.h"

static size_t elements(const af_call *c)
{
    return (size_t)c->n * (size_t)af_shape_size(c->node->shape);
}

/* ---- relu; a NaN stays one ---- */

AF_INLINE void relu_forward(const af_call *c, bool bf16)
{
    const void *restrict x = c->x[0];
    void *restrict y = c->y;
    for (size_t i = 0, n = elements(c); i < n; i++) {
        float v = af_get(x, i, bf16);
        af_put_exact(y, i, v < 0 ? 0 : v, bf16);
    }
}
AF_STORED(relu_forward)

AF_INLINE void relu_backward(const af_call *c, bool bf16)
{
    const void *restrict y = c->y, *restrict dy = c->dy;
    void *restrict dx = c->dx[0];
    size_t n = dx ? elements(c) : 0;
    if (c->add[0])
        for (size_t i = 0; i < n; i++) {
            float d = af_get(dy, i, bf16);
            d = af_get(y, i, bf16) > 0 ? d : 0;
            af_put(dx, i, af_get(dx, i, bf16) + d, bf16);
        }
    else
        for (size_t i = 0; i < n; i++) {
            float d = af_get(dy, i, bf16);
            d = af_get(y, i, bf16) > 0 ? d : 0;
            af_put_exact(dx, i, d, bf16);
        }
}
AF_STORED(relu_backward)

static const af_kernel relu_kernel[] = {
    {.name = "vectorised", .forward = relu_forward_f32, .backward = relu_backward_f32},
    {.name = "vectorised", .forward = relu_forward_bf16, .backward = relu_backward_bf16},
};

af_status af_onednn_relu(const af_request *r, af_prepared *out)
{
    out->kernel = &relu_kernel[r->type == AF_BF16];
    return AF_OK;
}

/* ---- add ---- */

enum { TILE = 2048 }; /* floats: a tile of the sum stays in the first-level cache */

AF_INLINE void add_forward(const af_call *c, bool bf16)
{
    float tile[TILE];
    for (size_t at = 0, n = elements(c); at < n; at += TILE) {
        size_t part = n - at < TILE ? n - at : TILE;
        const void *x = af_from(c->x[0], at, bf16);
        void *y = af_to(c->y, at, bf16);
        float *restrict sum = bf16 ? tile : y;
        if (c->node->inputs == 1) memcpy(y, x, part * af_stored_size(bf16));
        for (int k = 1; k < c->node->inputs; k++) {
            const void *other = af_from(c->x[k], at, bf16);
            if (k == 1)
                for (size_t i = 0; i < part; i++)
                    sum[i] = af_get(x, i, bf16) + af_get(other, i, bf16);
            else
                for (size_t i = 0; i < part; i++) sum[i] += af_get(other, i, bf16);
        }
        for (size_t i = 0; bf16 && c->node->inputs > 1 && i < part; i++)
            af_put(y, i, tile[i], true);
    }
}
AF_STORED(add_forward)

AF_INLINE void add_backward(const af_call *c, bool bf16)
{
    const void *restrict dy = c->dy;
    size_t n = elements(c);
    for (int k = 0; k < c->node->inputs; k++) {
        void *restrict dx = c->dx[k];
        if (!dx) continue;
        if (c->add[k])
            for (size_t i = 0; i < n; i++)
                af_put(dx, i, af_get(dx, i, bf16) + af_get(dy, i, bf16), bf16);
        else
            memcpy(dx, dy, n * af_stored_size(bf16));
    }
}
AF_STORED(add_backward)

static const af_kernel add_kernel[] = {
    {.name = "vectorised", .forward = add_forward_f32, .backward = add_backward_f32},
    {.name = "vectorised", .forward = add_forward_bf16, .backward = add_backward_bf16},
};

af_status af_onednn_add(const af_request *r, af_prepared *out)
{
    out->kernel = &add_kernel[r->type == AF_BF16];
    return AF_OK;
}

/* ---- mix: add, with a coefficient for each input ---- */

AF_INLINE void mix_forward(const af_call *c, bool bf16)
{
    float tile[TILE];
    for (size_t at = 0, n = elements(c); at < n; at += TILE) {
        size_t part = n - at < TILE ? n - at : TILE;
        void *y = af_to(c->y, at, bf16);
        float *restrict sum = bf16 ? tile : y;
        memset(sum, 0, part * sizeof *sum);
        for (int k = 0; k < c->node->inputs; k++) {
            if (c->mix[k] == 0) continue;
            float factor = (float)c->mix[k];
            const void *x = af_from(c->x[k], at, bf16);
            for (size_t i = 0; i < part; i++) sum[i] += factor * af_get(x, i, bf16);
        }
        for (size_t i = 0; bf16 && i < part; i++) af_put(y, i, tile[i], true);
    }
}
AF_STORED(mix_forward)

/* Products are summed in lanes of their own, so no vector width changes a bit. */
AF_INLINE double dot(const void *restrict a, const void *restrict b, size_t n, bool bf16)
{
    double lane[AF_VECTOR] = {0}, sum = 0;
    size_t i = 0;
    for (; i + AF_VECTOR <= n; i += AF_VECTOR) AF_EACH(l, AF_VECTOR)
    lane[l] += (double)af_get(a, i + (size_t)l, bf16) * (double)af_get(b, i + (size_t)l, bf16);
    for (int l = 0; l < AF_VECTOR; l++) sum += lane[l];
    for (; i < n; i++) sum += (double)af_get(a, i, bf16) * (double)af_get(b, i, bf16);
    return sum;
}

AF_INLINE void mix_backward(const af_call *c, bool bf16)
{
    const void *restrict dy = c->dy;
    size_t n = elements(c);
    for (int k = 0; k < c->node->inputs; k++) {
        void *restrict dx = c->dx[k];
        float factor = (float)c->mix[k];
        c->dmix[k] = c->mix[k] != 0 ? dot(dy, c->x[k], n, bf16) : 0;
        if (!dx || c->mix[k] == 0) continue;
        if (c->add[k])
            for (size_t i = 0; i < n; i++)
                af_put(dx, i, af_get(dx, i, bf16) + factor * af_get(dy, i, bf16), bf16);
        else
            for (size_t i = 0; i < n; i++) af_put(dx, i, factor * af_get(dy, i, bf16), bf16);
    }
}
AF_STORED(mix_backward)

static const af_kernel mix_kernel[] = {
    {.name = "vectorised", .forward = mix_forward_f32, .backward = mix_backward_f32},
    {.name = "vectorised", .forward = mix_forward_bf16, .backward = mix_backward_bf16},
};

af_status af_onednn_mix(const af_request *r, af_prepared *out)
{
    out->kernel = &mix_kernel[r->type == AF_BF16];
    return AF_OK;
}

/* ---- concat ---- */

AF_INLINE void concat_forward(const af_call *c, bool bf16)
{
    size_t width = (size_t)c->node->shape.c, pixels = elements(c) / width;
    void *restrict y = c->y;
    for (int k = 0; k < c->node->inputs; k++) {
        size_t part = (size_t)c->in[k].c;
        const void *restrict x = c->x[k];
        for (size_t i = 0; i < pixels; i++)
            for (size_t j = 0; j < part; j++)
                af_put_exact(y, i * width + j, af_get(x, i * part + j, bf16), bf16);
        y = af_to(y, part, bf16);
    }
}
AF_STORED(concat_forward)

AF_INLINE void concat_backward(const af_call *c, bool bf16)
{
    size_t width = (size_t)c->node->shape.c, pixels = elements(c) / width;
    const void *dy = c->dy;
    for (int k = 0; k < c->node->inputs; k++) {
        size_t part = (size_t)c->in[k].c;
        void *restrict dx = c->dx[k];
        if (dx && !c->add[k]) memset(dx, 0, pixels * part * af_stored_size(bf16));
        for (size_t i = 0; dx && i < pixels; i++)
            for (size_t j = 0; j < part; j++) {
                size_t at = i * part + j;
                af_put(dx, at, af_get(dx, at, bf16) + af_get(dy, i * width + j, bf16), bf16);
            }
        dy = af_from(dy, part, bf16);
    }
}
AF_STORED(concat_backward)

static const af_kernel concat_kernel[] = {
    {.name = "vectorised", .forward = concat_forward_f32, .backward = concat_backward_f32},
    {.name = "vectorised", .forward = concat_forward_bf16, .backward = concat_backward_bf16},
};

af_status af_onednn_concat(const af_request *r, af_prepared *out)
{
    out->kernel = &concat_kernel[r->type == AF_BF16];
    return AF_OK;
}
