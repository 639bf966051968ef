/* Element-wise ops and concatenation: plain loops that the compiler
 * vectorises, written so that each tensor is read and written once. */
#include <string.h>
#include "core/backends/onednn/onednn.h"
#include "core/backends/onednn/simd.h"

static size_t elements(const af_call *c)
{
    return (size_t)c->n * (size_t)af_shape_size(c->node->shape);
}

/* ---- relu; a NaN stays one ---- */

AF_SIMD static void relu_forward(const af_call *c)
{
    const float *restrict x = c->x[0];
    float *restrict y = c->y;
    for (size_t i = 0, n = elements(c); i < n; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

AF_SIMD static void relu_backward(const af_call *c)
{
    const float *restrict y = c->y, *restrict dy = c->dy;
    float *restrict dx = c->dx[0];
    size_t n = dx ? elements(c) : 0;
    if (c->add[0])
        for (size_t i = 0; i < n; i++) dx[i] += y[i] > 0 ? dy[i] : 0;
    else
        for (size_t i = 0; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}

static const af_kernel relu_kernel = {
    .name = "vectorised", .forward = relu_forward, .backward = relu_backward};

af_status af_onednn_relu(const af_request *r, af_prepared *out)
{
    (void)r;
    out->kernel = &relu_kernel;
    return AF_OK;
}

/* ---- add ---- */

enum { TILE = 2048 }; /* floats: a tile of the sum stays in the first-level cache */

AF_SIMD static void add_forward(const af_call *c)
{
    for (size_t at = 0, n = elements(c); at < n; at += TILE) {
        size_t part = n - at < TILE ? n - at : TILE;
        const float *x = (const float *)c->x[0] + at;
        float *restrict y = (float *)c->y + at;
        if (c->node->inputs == 1) memcpy(y, x, part * sizeof *y);
        for (int k = 1; k < c->node->inputs; k++, x = y) {
            const float *other = (const float *)c->x[k] + at;
            for (size_t i = 0; i < part; i++) y[i] = x[i] + other[i];
        }
    }
}

AF_SIMD static void add_backward(const af_call *c)
{
    const float *restrict dy = c->dy;
    size_t n = elements(c);
    for (int k = 0; k < c->node->inputs; k++) {
        float *restrict dx = c->dx[k];
        if (!dx) continue;
        if (c->add[k])
            for (size_t i = 0; i < n; i++) dx[i] += dy[i];
        else
            memcpy(dx, dy, n * sizeof *dx);
    }
}

static const af_kernel add_kernel = {
    .name = "vectorised", .forward = add_forward, .backward = add_backward};

af_status af_onednn_add(const af_request *r, af_prepared *out)
{
    (void)r;
    out->kernel = &add_kernel;
    return AF_OK;
}

/* ---- mix: add, with a coefficient for each input ---- */

AF_SIMD static void mix_forward(const af_call *c)
{
    for (size_t at = 0, n = elements(c); at < n; at += TILE) {
        size_t part = n - at < TILE ? n - at : TILE;
        float *restrict y = (float *)c->y + at;
        bool first = true;
        for (int k = 0; k < c->node->inputs; k++) {
            if (c->mix[k] == 0) continue;
            float factor = (float)c->mix[k];
            const float *restrict x = (const float *)c->x[k] + at;
            if (first)
                for (size_t i = 0; i < part; i++) y[i] = factor * x[i];
            else
                for (size_t i = 0; i < part; i++) y[i] += factor * x[i];
            first = false;
        }
        if (first) memset(y, 0, part * sizeof *y);
    }
}

/* Products are summed in lanes of their own, so no vector width changes a bit. */
AF_INLINE double dot(const float *restrict a, const float *restrict b, size_t n)
{
    double lane[AF_VECTOR] = {0}, sum = 0;
    size_t i = 0;
    for (; i + AF_VECTOR <= n; i += AF_VECTOR)
        AF_EACH(l, AF_VECTOR) lane[l] += (double)a[i + (size_t)l] * (double)b[i + (size_t)l];
    for (int l = 0; l < AF_VECTOR; l++) sum += lane[l];
    for (; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

AF_SIMD static void mix_backward(const af_call *c)
{
    const float *restrict dy = c->dy;
    size_t n = elements(c);
    for (int k = 0; k < c->node->inputs; k++) {
        float *restrict dx = c->dx[k];
        float factor = (float)c->mix[k];
        c->dmix[k] = c->mix[k] != 0 ? dot(dy, c->x[k], n) : 0;
        if (!dx || c->mix[k] == 0) continue;
        if (c->add[k])
            for (size_t i = 0; i < n; i++) dx[i] += factor * dy[i];
        else
            for (size_t i = 0; i < n; i++) dx[i] = factor * dy[i];
    }
}

static const af_kernel mix_kernel = {
    .name = "vectorised", .forward = mix_forward, .backward = mix_backward};

af_status af_onednn_mix(const af_request *r, af_prepared *out)
{
    (void)r;
    out->kernel = &mix_kernel;
    return AF_OK;
}

/* ---- concat ---- */

AF_SIMD static void concat_forward(const af_call *c)
{
    size_t width = (size_t)c->node->shape.c, pixels = elements(c) / width;
    float *restrict y = c->y;
    for (int k = 0; k < c->node->inputs; k++) {
        size_t part = (size_t)c->in[k].c;
        const float *restrict x = c->x[k];
        for (size_t i = 0; i < pixels; i++)
            for (size_t j = 0; j < part; j++) y[i * width + j] = x[i * part + j];
        y += part;
    }
}

AF_SIMD static void concat_backward(const af_call *c)
{
    size_t width = (size_t)c->node->shape.c, pixels = elements(c) / width;
    const float *dy = c->dy;
    for (int k = 0; k < c->node->inputs; k++) {
        size_t part = (size_t)c->in[k].c;
        float *restrict dx = c->dx[k];
        if (dx && !c->add[k]) memset(dx, 0, pixels * part * sizeof *dx);
        for (size_t i = 0; dx && i < pixels; i++)
            for (size_t j = 0; j < part; j++) dx[i * part + j] += dy[i * width + j];
        dy += part;
    }
}

static const af_kernel concat_kernel = {
    .name = "vectorised", .forward = concat_forward, .backward = concat_backward};

af_status af_onednn_concat(const af_request *r, af_prepared *out)
{
    (void)r;
    out->kernel = &concat_kernel;
    return AF_OK;
}
