/* A sample on its way to a network: what was drawn for it, as data, and the arithmetic of one
 * element. Here on its own because a device does to samples as they are stored what
 * core/train/batch.c does on the host (core/backends/cuda/compose.cu), and gets the same bits. */
#ifndef AF_SAMPLE_H
#define AF_SAMPLE_H
#include "core/base/anywhere.h"
#include "core/data/dataset.h"
#include "core/train/augment.h"

/* What is done to a sample: it gets another level, is moved, scaled, cut, masked and mixed, in this
 * order (core/train/augment.h). All 0 but for `noise`: it is scaled, and no more. */
typedef struct af_drawn {
    bool shifts;
    float shift; /* what is added to it as it is stored */
    af_augment_draw move;
    af_mask_draw masks;
    float part;    /* of the noise in the mixture */
    int32_t noise; /* which row of the batch is mixed in; -1: none */
} af_drawn;

/* Samples as they are stored. The first rows are the samples, those that follow background samples
 * that are mixed into them. A row is what was drawn, then the values {C, H, W}. */
typedef struct af_rows {
    int samples, count; /* count: with those of background */
    bool masks;         /* whether rows may be masked */
    size_t stride;      /* bytes from row to row */
    char *memory;
} af_rows;

static inline size_t af_stored_bytes(af_stored type, af_shape s)
{
    const size_t item = type == AF_STORED_FLOAT32 ? 4 : type == AF_STORED_INT16 ? 2 : 1;
    return (size_t)af_shape_size(s) * item;
}

static inline size_t af_row_stride(af_stored type, af_shape s)
{
    return (sizeof(af_drawn) + af_stored_bytes(type, s) + 15) / 16 * 16;
}

/* ---- one element ---- */

AF_ANYWHERE float af_shifted(float x, float by)
{
    return x + by;
}

/* Which of n elements along an axis is seen at `at` after a crop and a flip; -1: padding. */
AF_ANYWHERE int af_moved_from(int at, int n, bool flip, int by)
{
    const int from = (flip ? n - 1 - at : at) + by;
    return from >= 0 && from < n ? from : -1;
}

AF_ANYWHERE float af_scaled(float x, float mean, float std)
{
    return (x - mean) / std;
}

AF_ANYWHERE float af_mixed(float x, float noise, float part)
{
    return (1 - part) * x + part * noise;
}

#endif
