/* Batch normalisation, vectorised over channels. Partial sums have the layout of the reference
 * (core/ops/batch_norm.c), whose combine functions finish the job.
 *
 * Precision: single-precision sums run over at most TILE pixels and are then added in double. What
 * is summed is shifted first: by the chunk's first pixel, whose share is put back in double, so
 * that a mean far from zero does not drown the variance; and by the mean, going back. */
#include <math.h>
#include "core/backends/onednn/onednn.h"
#include "core/backends/onednn/stored.h"
#include "core/ops/norm.h"

extern const af_kernel af_reference_batch_norm_f32;

enum { TILE = 64, WAYS = 4 }; /* WAYS independent sums hide the latency of additions */

static size_t pixels(const af_call *c)
{
    return (size_t)c->n * (size_t)c->in[0].h * (size_t)c->in[0].w;
}

/* sum[l] += x - shift and product[l] += (x - shift) * g over n pixels of `width` channels; g is dy,
 * or NULL for x - shift itself. */
AF_INLINE void sums(double *sum, double *product, const void *x, const void *g, const float *shift,
                    size_t C, size_t n, int width, bool bf16)
{
    float s[WAYS][AF_VECTOR] = {{0}}, q[WAYS][AF_VECTOR] = {{0}};
    size_t i = 0;
    for (; i + WAYS <= n; i += WAYS)
        for (int way = 0; way < WAYS; way++)
            for (int l = 0; l < width; l++) {
                size_t at = (i + (size_t)way) * C + (size_t)l;
                float d = af_get(x, at, bf16) - shift[l], f = g ? af_get(g, at, bf16) : d;
                s[way][l] += f;
                q[way][l] += d * f;
            }
    for (; i < n; i++)
        for (int l = 0; l < width; l++) {
            size_t at = i * C + (size_t)l;
            float d = af_get(x, at, bf16) - shift[l], f = g ? af_get(g, at, bf16) : d;
            s[0][l] += f;
            q[0][l] += d * f;
        }
    for (int l = 0; l < width; l++) {
        sum[l] += (double)((s[0][l] + s[1][l]) + (s[2][l] + s[3][l]));
        product[l] += (double)((q[0][l] + q[1][l]) + (q[2][l] + q[3][l]));
    }
}

/* g: NULL, as a constant, or never NULL. */
AF_INLINE void all_sums(double *sum, double *product, const void *x, const void *g,
                        const float *shift, size_t C, size_t n, bool bf16)
{
    for (size_t k = 0; k < C; k++) sum[k] = product[k] = 0;
    for (size_t i = 0; i < n; i += TILE) {
        size_t part = n - i < TILE ? n - i : TILE, k = 0;
        for (; k < C; k += AF_VECTOR) {
            const void *xk = af_from(x, i * C + k, bf16);
            const void *gk = g ? af_from(g, i * C + k, bf16) : NULL;
            if (k + AF_VECTOR <= C)
                sums(sum + k, product + k, xk, gk, shift + k, C, part, AF_VECTOR, bf16);
            else
                sums(sum + k, product + k, xk, gk, shift + k, C, part, (int)(C - k), bf16);
        }
    }
}

AF_INLINE void gather(const af_call *c, bool bf16)
{
    size_t C = (size_t)c->in[0].c;
    double n = (double)pixels(c), *sum = c->partial, *squares = sum + C;
    float *first = c->scratch;
    for (size_t k = 0; k < C; k++) first[k] = af_get(c->x[0], k, bf16);
    all_sums(sum, squares, c->x[0], NULL, first, C, pixels(c), bf16);
    for (size_t k = 0; k < C; k++) {
        double shift = (double)first[k];
        squares[k] += shift * (2 * sum[k] + n * shift);
        sum[k] += n * shift;
    }
}
AF_STORED(gather)

static void combine(const af_call *c, int chunks)
{
    af_reference_batch_norm_f32.combine(c, chunks);
}

/* y = (x - mean) * scale + shift for n pixels. */
AF_INLINE void scale_tile(void *restrict y, const void *restrict x, const float *restrict factors,
                          size_t C, size_t n, int width, bool bf16)
{
    const float *mean = factors, *scale = mean + C, *shift = scale + C;
    for (size_t i = 0; i < n; i++)
        for (int l = 0; l < width; l++) {
            size_t at = i * C + (size_t)l;
            af_put(y, at, (af_get(x, at, bf16) - mean[l]) * scale[l] + shift[l], bf16);
        }
}

AF_INLINE void scale_all(void *y, const void *x, const float *factors, size_t C, size_t n,
                         bool bf16)
{
    for (size_t i = 0; i < n; i += TILE) {
        size_t part = n - i < TILE ? n - i : TILE;
        for (size_t k = 0; k < C; k += AF_VECTOR) {
            const void *xk = af_from(x, i * C + k, bf16);
            void *yk = af_to(y, i * C + k, bf16);
            if (k + AF_VECTOR <= C)
                scale_tile(yk, xk, factors + k, C, part, AF_VECTOR, bf16);
            else
                scale_tile(yk, xk, factors + k, C, part, (int)(C - k), bf16);
        }
    }
}

AF_INLINE void forward(const af_call *c, bool bf16)
{
    size_t C = (size_t)c->in[0].c;
    const float *weight = c->w[WEIGHT], *bias = c->w[BIAS];
    float *mean = c->scratch, *scale = mean + C, *shift = scale + C;
    for (size_t k = 0; k < C; k++) {
        double m, inv_std;
        norm_statistics(c, (int)C, (int)k, &m, &inv_std);
        double factor = inv_std * (double)weight[k];
        mean[k] = (float)m;
        scale[k] = (float)factor;
        shift[k] = (float)((double)bias[k] - (m - (double)mean[k]) * factor);
    }
    scale_all(c->y, c->x[0], c->scratch, C, pixels(c), bf16);
}
AF_STORED(forward)

AF_INLINE void gather_back(const af_call *c, bool bf16)
{
    size_t C = (size_t)c->in[0].c;
    const double *mean = c->shared + MEAN * C, *inv_std = c->shared + INV_STD * C;
    double *sum = c->partial, *products = sum + C;
    float *shift = c->scratch;
    for (size_t k = 0; k < C; k++) shift[k] = (float)mean[k];
    all_sums(sum, products, c->x[0], c->dy, shift, C, pixels(c), bf16);
    for (size_t k = 0; k < C; k++)
        products[k] = (products[k] - (mean[k] - (double)shift[k]) * sum[k]) * inv_std[k];
}
AF_STORED(gather_back)

static void combine_back(const af_call *c, int chunks)
{
    af_reference_batch_norm_f32.combine_back(c, chunks);
}

/* dx = dy * a + (x - mean) * b + shift for n pixels. */
AF_INLINE void mix_tile(void *restrict dx, const void *restrict x, const void *restrict dy,
                        const float *restrict factors, size_t C, size_t n, int width, bool add,
                        bool bf16)
{
    const float *mean = factors, *a = mean + C, *b = a + C, *shift = b + C;
    for (size_t i = 0; i < n; i++)
        for (int l = 0; l < width; l++) {
            size_t at = i * C + (size_t)l;
            float d =
                af_get(dy, at, bf16) * a[l] + ((af_get(x, at, bf16) - mean[l]) * b[l] + shift[l]);
            af_put(dx, at, add ? af_get(dx, at, bf16) + d : d, bf16);
        }
}

AF_INLINE void mix_all(void *dx, const void *x, const void *dy, const float *factors, size_t C,
                       size_t n, bool add, bool bf16)
{
    for (size_t i = 0; i < n; i += TILE) {
        size_t part = n - i < TILE ? n - i : TILE;
        for (size_t k = 0; k < C; k += AF_VECTOR) {
            size_t at = i * C + k;
            void *dxk = af_to(dx, at, bf16);
            const void *xk = af_from(x, at, bf16), *dyk = af_from(dy, at, bf16);
            if (k + AF_VECTOR > C)
                mix_tile(dxk, xk, dyk, factors + k, C, part, (int)(C - k), add, bf16);
            else if (add)
                mix_tile(dxk, xk, dyk, factors + k, C, part, AF_VECTOR, true, bf16);
            else
                mix_tile(dxk, xk, dyk, factors + k, C, part, AF_VECTOR, false, bf16);
        }
    }
}

AF_INLINE void backward(const af_call *c, bool bf16)
{
    size_t C = (size_t)c->in[0].c;
    const float *weight = c->w[WEIGHT];
    float *dweight = c->dw[WEIGHT], *dbias = c->dw[BIAS];
    float *mean = c->scratch, *a = mean + C, *b = a + C, *shift = b + C;
    for (size_t k = 0; k < C; k++) {
        float dw = (float)c->partial[C + k], db = (float)c->partial[k];
        if (dweight) dweight[k] = c->add_w ? dweight[k] + dw : dw;
        if (dbias) dbias[k] = c->add_w ? dbias[k] + db : db;
        double m = c->shared[MEAN * C + k], inv_std = c->shared[INV_STD * C + k];
        double factor = (double)weight[k] * inv_std;
        double slope = -factor * inv_std * c->shared[MEAN_DY_XHAT * C + k];
        mean[k] = (float)m;
        a[k] = (float)factor;
        b[k] = (float)slope;
        shift[k] = (float)(-factor * c->shared[MEAN_DY * C + k] - (m - (double)mean[k]) * slope);
    }
    if (c->dx[0]) mix_all(c->dx[0], c->x[0], c->dy, c->scratch, C, pixels(c), c->add[0], bf16);
}
AF_STORED(backward)

#define KERNEL(type)                                                                               \
    {                                                                                              \
        .name = "vectorised", .gather = gather_##type, .combine = combine,                         \
        .forward = forward_##type, .gather_back = gather_back_##type,                              \
        .combine_back = combine_back, .backward = backward_##type,                                 \
    }
static const af_kernel kernel[] = {KERNEL(f32), KERNEL(bf16)};

af_status af_onednn_batch_norm(const af_request *r, af_prepared *out)
{
    out->kernel = &kernel[r->type == AF_BF16];
    out->scratch_bytes = 4 * (size_t)r->in[0].c * sizeof(float);
    return AF_OK;
}
