/* Sizes, and what of a clip becomes a sample. */
#include "data-prep/fsd50k/features.h"
#include <math.h>
#include <string.h>

const af_fsd_layout af_fsd_layouts[AF_SIZES] = {
    [AF_TINY] = {.labels = 24,
                 .clips = {360, 80, 160},
                 .chunks = 2,
                 .noise = 24,
                 .noise_chunks = 1,
                 .pool = 4},
    [AF_SMALL] = {.labels = 60,
                  .clips = {1200, 200, 400},
                  .chunks = 6,
                  .noise = 60,
                  .noise_chunks = 2,
                  .pool = 1},
    [AF_FULL] = {.labels = AF_FSD_LABELS, .noise = 930, .noise_chunks = 8, .pool = 1},
};

int af_fsd_chunk_count(int64_t n)
{
    return (int)((n + AF_FSD_HOP - 1) / AF_FSD_HOP);
}

/* Whether k is one of `most` evenly spaced numbers below `count`. */
static bool evenly(int most, int k, int count)
{
    if (!most || count <= most) return true;
    int i = (int)(((int64_t)k * most + count - 1) / count); /* the first not before k */
    return (int)((int64_t)i * count / most) == k;
}

bool af_fsd_chunk_used(const af_fsd_layout *l, int k, int count)
{
    return evenly(l->chunks, k, count);
}

bool af_fsd_noise_used(const af_fsd_layout *l, int k, int count)
{
    return evenly(l->noise, k, count);
}

int64_t af_fsd_noise_start(const af_fsd_layout *l, int k, int64_t n)
{
    if (n <= AF_MEL_CHUNK) return 0;
    const int64_t last = n - AF_MEL_CHUNK;
    return l->noise_chunks > 1 ? last * k / (l->noise_chunks - 1) : last / 2;
}

af_shape af_fsd_feature_shape(const af_fsd_layout *l)
{
    return (af_shape){1, AF_MEL_BANDS / l->pool, AF_MEL_FRAMES / l->pool};
}

void af_fsd_chunk_cut(int16_t out[AF_MEL_CHUNK], const int16_t *x, int64_t n, int64_t start)
{
    const int64_t length = n - start < AF_MEL_CHUNK ? n - start : AF_MEL_CHUNK;
    for (int64_t i = 0; i < AF_MEL_CHUNK; i += length) {
        const int64_t left = AF_MEL_CHUNK - i;
        memcpy(out + i, x + start, (size_t)(left < length ? left : length) * sizeof *x);
    }
}

void af_fsd_features(int16_t *out, const af_fsd_layout *l, const af_mel *m,
                     const int16_t x[AF_MEL_CHUNK])
{
    const af_shape s = af_fsd_feature_shape(l);
    double full[AF_MEL_SIZE];
    af_mel_chunk(m, full, x);
    for (int i = 0; i < s.h * s.w; i++) {
        const double *corner = full + i / s.w * l->pool * AF_MEL_FRAMES + i % s.w * l->pool;
        double sum = 0;
        for (int k = 0; k < l->pool * l->pool; k++)
            sum += corner[k / l->pool * AF_MEL_FRAMES + k % l->pool];
        out[i] = (int16_t)lrint(AF_FSD_STEPS * sum / (l->pool * l->pool));
    }
}
