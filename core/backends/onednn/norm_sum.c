/* norm_sum, vectorised over channels: a node of a cell in one pass forward and two passes back.
 * Works on tiles of TILE pixels by AF_VECTOR channels; what all inputs share, the sum or the
 * gradient of the sum, stays in the first-level cache while the inputs pass by. One text serves
 * fp32 and bf16 storage: `bf16` is a constant wherever the helpers are inlined. Precision as in
 * batch_norm.c: floats are summed over a tile, shifted, then added in double. */
#include <math.h>
#include "core/backends/onednn/onednn.h"
#include "core/backends/onednn/stored.h"
#include "core/ops/norm.h"

extern const af_kernel af_reference_norm_sum_f32;

enum { TILE = 64, WAYS = 4 };

typedef float tile[TILE][AF_VECTOR];

/* One block of a call: pixels `first` to first + n, channels k to k + width. */
typedef struct block {
    size_t first, n;
    int k, width;
} block;

static size_t pixels(const af_call *c)
{
    return (size_t)c->n * (size_t)c->node->shape.h * (size_t)c->node->shape.w;
}

/* Where input e's first element of the block lies. */
static size_t at(const af_call *c, int e, const block *b)
{
    return b->first * (size_t)c->in[e].c + (size_t)(c->node->attrs.offset[e] + b->k);
}

/* Calls `one` on all blocks; full blocks get their width as a constant. */
#define EACH_BLOCK(c, one, ...)                                                                    \
    for (size_t first = 0, all = pixels(c); first < all; first += TILE)                            \
        for (int k = 0, C = (c)->node->shape.c; k < C; k += AF_VECTOR) {                           \
            block b = {first, all - first < TILE ? all - first : TILE, k,                          \
                       C - k < AF_VECTOR ? C - k : AF_VECTOR};                                     \
            if (b.width == AF_VECTOR)                                                              \
                one(c, &b, AF_VECTOR, __VA_ARGS__);                                                \
            else                                                                                   \
                one(c, &b, b.width, __VA_ARGS__);                                                  \
        }

/* ---- sums ---- */

/* sum[l] += x - shift, product[l] += (x - shift) * g; g NULL: x - shift itself. */
AF_INLINE void tile_sums(double *sum, double *product, const void *x, size_t from, size_t stride,
                         const float *shift, const tile g, const block *b, int width, bool bf16)
{
    float s[WAYS][AF_VECTOR] = {{0}}, q[WAYS][AF_VECTOR] = {{0}};
    size_t i = 0;
    for (; i + WAYS <= b->n; i += WAYS)
        for (int way = 0; way < WAYS; way++)
            for (int l = 0; l < width; l++) {
                float d = af_get(x, from + (i + (size_t)way) * stride + (size_t)l, bf16) - shift[l];
                float f = g ? g[i + (size_t)way][l] : d;
                s[way][l] += f;
                q[way][l] += d * f;
            }
    for (; i < b->n; i++)
        for (int l = 0; l < width; l++) {
            float d = af_get(x, from + i * stride + (size_t)l, bf16) - shift[l];
            float f = g ? g[i][l] : d;
            s[0][l] += f;
            q[0][l] += d * f;
        }
    for (int l = 0; l < width; l++) {
        if (sum) sum[l] += (double)((s[0][l] + s[1][l]) + (s[2][l] + s[3][l]));
        product[l] += (double)((q[0][l] + q[1][l]) + (q[2][l] + q[3][l]));
    }
}

AF_INLINE void gather_block(const af_call *c, const block *b, int width, const float *shift,
                            bool bf16)
{
    int e = c->input;
    double *sum = c->partial + e * c->node->shape.c + b->k;
    double *squares = sum + c->node->attrs.normed * c->node->shape.c;
    tile_sums(sum, squares, c->x[e], at(c, e, b), (size_t)c->in[e].c, shift + b->k, NULL, b, width,
              bf16);
}

AF_SIMD static void gather_f32(const af_call *c,
                               const float *shift){EACH_BLOCK(c, gather_block, shift, false)}

AF_SIMD static void gather_bf16(const af_call *c, const float *shift)
{
    EACH_BLOCK(c, gather_block, shift, true)
}

/* Sums are shifted by the chunk's first pixel, whose share is put back in double. */
static void gather(const af_call *c, bool bf16)
{
    int C = c->node->shape.c, e = c->input;
    double n = (double)pixels(c), *sum = c->partial + e * C;
    double *squares = sum + c->node->attrs.normed * C;
    float *shift = c->scratch;
    for (int k = 0; k < C; k++) {
        sum[k] = squares[k] = 0;
        shift[k] = af_get(c->x[e], (size_t)(c->node->attrs.offset[e] + k), bf16);
    }
    bf16 ? gather_bf16(c, shift) : gather_f32(c, shift);
    for (int k = 0; k < C; k++) {
        double d = (double)shift[k];
        squares[k] += d * (2 * sum[k] + n * d);
        sum[k] += n * d;
    }
}

/* ---- forward ---- */

/* Rows of factors [inputs * C]; forward: y += (x - mean) * scale + shift. */
typedef struct factors {
    float *mean, *scale, *shift, *slope;
} factors;

static factors factors_of(const af_call *c)
{
    int rows = c->node->attrs.normed * c->node->shape.c;
    float *f = c->scratch;
    return (factors){f, f + rows, f + 2 * rows, f + 3 * rows};
}

AF_INLINE void forward_block(const af_call *c, const block *b, int width, const factors *f,
                             bool bf16)
{
    tile sum;
    int C = c->node->shape.c;
    for (int e = 0; e < c->node->inputs; e++) {
        const void *x = c->x[e];
        size_t from = at(c, e, b), stride = (size_t)c->in[e].c;
        float mean[AF_VECTOR], scale[AF_VECTOR], shift[AF_VECTOR];
        bool normed = e < c->node->attrs.normed;
        for (int l = 0; l < width; l++) {
            mean[l] = normed ? f->mean[e * C + b->k + l] : 0;
            scale[l] = normed ? f->scale[e * C + b->k + l] : 1;
            shift[l] = normed ? f->shift[e * C + b->k + l] : 0;
        }
        for (size_t i = 0; i < b->n; i++)
            for (int l = 0; l < width; l++) {
                float v = af_get(x, from + i * stride + (size_t)l, bf16);
                float t = (v - mean[l]) * scale[l] + shift[l];
                sum[i][l] = e == 0 ? t : sum[i][l] + t;
            }
    }
    size_t to = b->first * (size_t)C + (size_t)b->k;
    bool relu = c->node->attrs.relu;
    for (size_t i = 0; i < b->n; i++)
        for (int l = 0; l < width; l++) {
            float v = sum[i][l];
            af_put(c->y, to + i * (size_t)C + (size_t)l, relu && v < 0 ? 0 : v, bf16);
        }
}

AF_SIMD static void forward_f32(const af_call *c,
                                const factors *f){EACH_BLOCK(c, forward_block, f, false)}

AF_SIMD static void forward_bf16(const af_call *c, const factors *f)
{
    EACH_BLOCK(c, forward_block, f, true)
}

static void forward(const af_call *c, bool bf16)
{
    int rows = c->node->attrs.normed * c->node->shape.c;
    const float *weight = c->w[WEIGHT], *bias = c->w[BIAS];
    factors f = factors_of(c);
    for (int k = 0; k < rows; k++) {
        double mean, inv_std;
        norm_statistics(c, rows, k, &mean, &inv_std);
        double scale = inv_std * (double)weight[k];
        f.mean[k] = (float)mean;
        f.scale[k] = (float)scale;
        f.shift[k] = (float)((double)bias[k] - (mean - (double)f.mean[k]) * scale);
    }
    bf16 ? forward_bf16(c, &f) : forward_f32(c, &f);
}

/* ---- back ---- */

/* Gradient of the sum: dy where the result passed ReLU. */
AF_INLINE void slopes(tile g, const af_call *c, const block *b, int width, bool bf16)
{
    size_t C = (size_t)c->node->shape.c, from = b->first * C + (size_t)b->k;
    if (c->node->attrs.relu)
        for (size_t i = 0; i < b->n; i++)
            for (int l = 0; l < width; l++) {
                float dy = af_get(c->dy, from + i * C + (size_t)l, bf16);
                g[i][l] = af_get(c->y, from + i * C + (size_t)l, bf16) > 0 ? dy : 0;
            }
    else
        for (size_t i = 0; i < b->n; i++)
            for (int l = 0; l < width; l++) g[i][l] = af_get(c->dy, from + i * C + (size_t)l, bf16);
}

AF_INLINE void gather_back_block(const af_call *c, const block *b, int width, const factors *f,
                                 bool bf16)
{
    tile g;
    int C = c->node->shape.c, rows = c->node->attrs.normed * C;
    slopes(g, c, b, width, bf16);
    for (int e = 0; e < c->node->attrs.normed; e++) {
        int row = e * C + b->k;
        tile_sums(e == 0 ? c->partial + row : NULL, c->partial + rows + row, c->x[e], at(c, e, b),
                  (size_t)c->in[e].c, f->mean + row, g, b, width, bf16);
    }
}

AF_SIMD static void gather_back_f32(const af_call *c,
                                    const factors *f){EACH_BLOCK(c, gather_back_block, f, false)}

AF_SIMD static void gather_back_bf16(const af_call *c, const factors *f)
{
    EACH_BLOCK(c, gather_back_block, f, true)
}

static void gather_back(const af_call *c, bool bf16)
{
    int C = c->node->shape.c, rows = c->node->attrs.normed * C;
    const double *mean = c->shared + MEAN * rows, *inv_std = c->shared + INV_STD * rows;
    factors f = factors_of(c);
    for (int k = 0; k < 2 * rows; k++) c->partial[k] = 0;
    for (int k = 0; k < rows; k++) f.mean[k] = (float)mean[k];
    bf16 ? gather_back_bf16(c, &f) : gather_back_f32(c, &f);
    for (int k = 0; k < rows; k++) {
        double sum = c->partial[k % C], *product = &c->partial[rows + k];
        *product = (*product - (mean[k] - (double)f.mean[k]) * sum) * inv_std[k];
        c->partial[k] = sum; /* of dy: the same for all inputs */
    }
}

/* dx = g * scale + ((x - mean) * slope + shift); plain inputs get g. */
AF_INLINE void backward_block(const af_call *c, const block *b, int width, const factors *f,
                              bool bf16)
{
    tile g;
    int e = c->input;
    const void *x = c->x[e];
    void *dx = c->dx[e];
    size_t from = at(c, e, b), stride = (size_t)c->in[e].c;
    bool normed = e < c->node->attrs.normed, add = c->add[e];
    float mean[AF_VECTOR], scale[AF_VECTOR], slope[AF_VECTOR], shift[AF_VECTOR];
    slopes(g, c, b, width, bf16);
    for (int l = 0; normed && l < width; l++) {
        mean[l] = f->mean[b->k + l], scale[l] = f->scale[b->k + l];
        slope[l] = f->slope[b->k + l], shift[l] = f->shift[b->k + l];
    }
    for (size_t i = 0; i < b->n; i++, from += stride)
        for (int l = 0; l < width; l++) {
            float d = g[i][l];
            if (normed)
                d = d * scale[l] +
                    ((af_get(x, from + (size_t)l, bf16) - mean[l]) * slope[l] + shift[l]);
            if (add) d += af_get(dx, from + (size_t)l, bf16);
            af_put(dx, from + (size_t)l, d, bf16);
        }
}

AF_SIMD static void backward_f32(const af_call *c,
                                 const factors *f){EACH_BLOCK(c, backward_block, f, false)}

AF_SIMD static void backward_bf16(const af_call *c, const factors *f)
{
    EACH_BLOCK(c, backward_block, f, true)
}

/* Of the one input, C of each; and this chunk's share of its parameters' gradients. */
static void input_factors(const af_call *c, factors *f)
{
    int C = c->node->shape.c, rows = c->node->attrs.normed * C, first = c->input * C;
    const float *weight = c->w[WEIGHT];
    float *dweight = c->dw[WEIGHT], *dbias = c->dw[BIAS];
    for (int k = 0, row = first; k < C; k++, row++) {
        float dw = (float)c->partial[rows + row], db = (float)c->partial[row];
        if (dweight) dweight[row] = c->add_w ? dweight[row] + dw : dw;
        if (dbias) dbias[row] = c->add_w ? dbias[row] + db : db;
        double mean = c->shared[MEAN * rows + row], inv_std = c->shared[INV_STD * rows + row];
        double scale = (double)weight[row] * inv_std;
        double slope = -scale * inv_std * c->shared[MEAN_DY_XHAT * rows + row];
        f->mean[k] = (float)mean;
        f->scale[k] = (float)scale;
        f->slope[k] = (float)slope;
        f->shift[k] =
            (float)(-scale * c->shared[MEAN_DY * rows + row] - (mean - (double)f->mean[k]) * slope);
    }
}

static void backward(const af_call *c, bool bf16)
{
    factors f = factors_of(c);
    if (c->input < c->node->attrs.normed) input_factors(c, &f);
    if (!c->dx[c->input]) return;
    bf16 ? backward_bf16(c, &f) : backward_f32(c, &f);
}

/* ---- the two kernels ---- */

static void combine(const af_call *c, int chunks)
{
    af_reference_norm_sum_f32.combine(c, chunks);
}

static void combine_back(const af_call *c, int chunks)
{
    af_reference_norm_sum_f32.combine_back(c, chunks);
}

#define SLOTS(type, bf16)                                                                          \
    static void gather_as_##type(const af_call *c)                                                 \
    {                                                                                              \
        gather(c, bf16);                                                                           \
    }                                                                                              \
    static void forward_as_##type(const af_call *c)                                                \
    {                                                                                              \
        forward(c, bf16);                                                                          \
    }                                                                                              \
    static void gather_back_as_##type(const af_call *c)                                            \
    {                                                                                              \
        gather_back(c, bf16);                                                                      \
    }                                                                                              \
    static void backward_as_##type(const af_call *c)                                               \
    {                                                                                              \
        backward(c, bf16);                                                                         \
    }                                                                                              \
    static const af_kernel kernel_##type = {                                                       \
        .name = "vectorised",                                                                      \
        .gather = gather_as_##type,                                                                \
        .combine = combine,                                                                        \
        .forward = forward_as_##type,                                                              \
        .gather_back = gather_back_as_##type,                                                      \
        .combine_back = combine_back,                                                              \
        .backward = backward_as_##type,                                                            \
    };
SLOTS(f32, false)
SLOTS(bf16, true)

af_status af_onednn_norm_sum(const af_request *r, af_prepared *out)
{
    size_t rows = (size_t)(r->node->attrs.normed + 1) * (size_t)r->node->shape.c;
    out->kernel = r->type == AF_BF16 ? &kernel_bf16 : &kernel_f32;
    out->scratch_bytes = 4 * rows * sizeof(float);
    return AF_OK;
}
