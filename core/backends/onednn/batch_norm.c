/* Batch normalisation, vectorised over channels. Partial sums have the layout of the reference
 * (core/ops/batch_norm.c), whose combine functions finish the job.
 *
 * Precision: single-precision sums run over at most TILE pixels and are then added in double. What
 * is summed is shifted first: by the chunk's first pixel, whose share is put back in double, so
 * that a mean far from zero does not drown the variance; and by the mean, going back. */
#include <math.h>
#include "core/backends/onednn/onednn.h"
#include "core/backends/onednn/simd.h"

extern const af_kernel af_reference_batch_norm_f32;

enum { WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR };
enum { MEAN, INV_STD, MEAN_DY, MEAN_DY_XHAT }; /* rows of `shared`, [C] each */
enum { TILE = 64, WAYS = 4 }; /* WAYS independent sums hide the latency of additions */

static size_t pixels(const af_call *c)
{
    return (size_t)c->n * (size_t)c->in[0].h * (size_t)c->in[0].w;
}

/* sum[l] += x - shift and product[l] += (x - shift) * g over n pixels of `width` channels; g is dy,
 * or NULL for x - shift itself. */
AF_INLINE void sums(double *sum, double *product, const float *x, const float *g,
                    const float *shift, size_t C, size_t n, int width)
{
    float s[WAYS][AF_VECTOR] = {{0}}, q[WAYS][AF_VECTOR] = {{0}};
    size_t i = 0;
    for (; i + WAYS <= n; i += WAYS)
        for (int way = 0; way < WAYS; way++)
            for (int l = 0; l < width; l++) {
                float d = x[(i + (size_t)way) * C + l] - shift[l];
                float f = g ? g[(i + (size_t)way) * C + l] : d;
                s[way][l] += f;
                q[way][l] += d * f;
            }
    for (; i < n; i++)
        for (int l = 0; l < width; l++) {
            float d = x[i * C + l] - shift[l], f = g ? g[i * C + l] : d;
            s[0][l] += f;
            q[0][l] += d * f;
        }
    for (int l = 0; l < width; l++) {
        sum[l] += (double)((s[0][l] + s[1][l]) + (s[2][l] + s[3][l]));
        product[l] += (double)((q[0][l] + q[1][l]) + (q[2][l] + q[3][l]));
    }
}

AF_SIMD static void all_sums(double *sum, double *product, const float *x, const float *g,
                             const float *shift, size_t C, size_t n)
{
    for (size_t k = 0; k < C; k++) sum[k] = product[k] = 0;
    for (size_t i = 0; i < n; i += TILE, x += TILE * C, g = g ? g + TILE * C : NULL) {
        size_t part = n - i < TILE ? n - i : TILE, k = 0;
        if (g) {
            for (; k + AF_VECTOR <= C; k += AF_VECTOR)
                sums(sum + k, product + k, x + k, g + k, shift + k, C, part, AF_VECTOR);
            if (k < C) sums(sum + k, product + k, x + k, g + k, shift + k, C, part, (int)(C - k));
        } else {
            for (; k + AF_VECTOR <= C; k += AF_VECTOR)
                sums(sum + k, product + k, x + k, NULL, shift + k, C, part, AF_VECTOR);
            if (k < C) sums(sum + k, product + k, x + k, NULL, shift + k, C, part, (int)(C - k));
        }
    }
}

static void gather(const af_call *c)
{
    size_t C = (size_t)c->in[0].c;
    double n = (double)pixels(c), *sum = c->partial, *squares = sum + C;
    const float *x = c->x[0];
    all_sums(sum, squares, x, NULL, x, C, pixels(c));
    for (size_t k = 0; k < C; k++) {
        double shift = (double)x[k];
        squares[k] += shift * (2 * sum[k] + n * shift);
        sum[k] += n * shift;
    }
}

static void combine(const af_call *c, int chunks)
{
    af_reference_batch_norm_f32.combine(c, chunks);
}

/* y = (x - mean) * scale + shift for n pixels. */
AF_INLINE void scale_tile(float *y, const float *x, const float *mean, const float *scale,
                          const float *shift, size_t C, size_t n, int width)
{
    for (size_t i = 0; i < n; i++, x += C, y += C)
        for (int l = 0; l < width; l++) y[l] = (x[l] - mean[l]) * scale[l] + shift[l];
}

AF_SIMD static void scale_all(float *restrict y, const float *restrict x,
                              const float *restrict factors, size_t C, size_t n)
{
    const float *mean = factors, *scale = mean + C, *shift = scale + C;
    for (size_t i = 0; i < n; i += TILE, x += TILE * C, y += TILE * C) {
        size_t part = n - i < TILE ? n - i : TILE, k = 0;
        for (; k + AF_VECTOR <= C; k += AF_VECTOR)
            scale_tile(y + k, x + k, mean + k, scale + k, shift + k, C, part, AF_VECTOR);
        if (k < C) scale_tile(y + k, x + k, mean + k, scale + k, shift + k, C, part, (int)(C - k));
    }
}

static void forward(const af_call *c)
{
    size_t C = (size_t)c->in[0].c;
    const float *weight = c->w[WEIGHT], *bias = c->w[BIAS];
    const float *running_mean = c->w[RUNNING_MEAN], *running_var = c->w[RUNNING_VAR];
    float *mean = c->scratch, *scale = mean + C, *shift = scale + C;
    for (size_t k = 0; k < C; k++) {
        double m = c->train ? c->shared[MEAN * C + k] : (double)running_mean[k];
        double inv_std = c->train ? c->shared[INV_STD * C + k]
                                  : 1 / sqrt((double)running_var[k] + c->node->attrs.epsilon);
        double factor = inv_std * (double)weight[k];
        mean[k] = (float)m;
        scale[k] = (float)factor;
        shift[k] = (float)((double)bias[k] - (m - (double)mean[k]) * factor);
    }
    scale_all(c->y, c->x[0], c->scratch, C, pixels(c));
}

static void gather_back(const af_call *c)
{
    size_t C = (size_t)c->in[0].c;
    const double *mean = c->shared + MEAN * C, *inv_std = c->shared + INV_STD * C;
    double *sum = c->partial, *products = sum + C;
    float *shift = c->scratch;
    for (size_t k = 0; k < C; k++) shift[k] = (float)mean[k];
    all_sums(sum, products, c->x[0], c->dy, shift, C, pixels(c));
    for (size_t k = 0; k < C; k++)
        products[k] = (products[k] - (mean[k] - (double)shift[k]) * sum[k]) * inv_std[k];
}

static void combine_back(const af_call *c, int chunks)
{
    af_reference_batch_norm_f32.combine_back(c, chunks);
}

/* dx = dy * a + (x - mean) * b + shift for n pixels. */
AF_INLINE void mix_tile(float *dx, const float *x, const float *dy, const float *factors, size_t C,
                        size_t n, int width, bool add)
{
    const float *mean = factors, *a = mean + C, *b = a + C, *shift = b + C;
    for (size_t i = 0; i < n; i++, x += C, dy += C, dx += C)
        for (int l = 0; l < width; l++) {
            float d = dy[l] * a[l] + ((x[l] - mean[l]) * b[l] + shift[l]);
            dx[l] = add ? dx[l] + d : d;
        }
}

AF_SIMD static void mix_all(float *restrict dx, const float *restrict x, const float *restrict dy,
                            const float *restrict factors, size_t C, size_t n, bool add)
{
    for (size_t i = 0; i < n; i += TILE, x += TILE * C, dy += TILE * C, dx += TILE * C) {
        size_t part = n - i < TILE ? n - i : TILE, k = 0;
        for (; k + AF_VECTOR <= C; k += AF_VECTOR) {
            if (add)
                mix_tile(dx + k, x + k, dy + k, factors + k, C, part, AF_VECTOR, true);
            else
                mix_tile(dx + k, x + k, dy + k, factors + k, C, part, AF_VECTOR, false);
        }
        if (k < C) mix_tile(dx + k, x + k, dy + k, factors + k, C, part, (int)(C - k), add);
    }
}

static void backward(const af_call *c)
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
    if (c->dx[0]) mix_all(c->dx[0], c->x[0], c->dy, c->scratch, C, pixels(c), c->add[0]);
}

static const af_kernel kernel = {
    .name = "vectorised",
    .gather = gather,
    .combine = combine,
    .forward = forward,
    .gather_back = gather_back,
    .combine_back = combine_back,
    .backward = backward,
};

af_status af_onednn_batch_norm(const af_request *r, af_prepared *out)
{
    out->kernel = &kernel;
    out->scratch_bytes = 4 * (size_t)r->in[0].c * sizeof(float);
    return AF_OK;
}
