/* From the number of an element to its coordinates. Sizes are known when work is queued, so their
 * divisions become a multiplication and a shift (Granlund and Montgomery, PLDI 1994): cards divide
 * integers in dozens of instructions. */
#ifndef AF_CUDA_INDEX_H
#define AF_CUDA_INDEX_H
#include "core/backends/cuda/gpu.h"

struct divider {
    int64_t by;
    uint32_t factor;
    int shift;
};

/* by >= 1. For dividends below 2^31, and 2^(s-1) < by <= 2^s: the factor ceil(2^(31 + s) / by) has
 * 32 bits and makes no error. */
static inline divider divide_by(int64_t by)
{
    int s = 0;
    if (by > INT32_MAX) return divider{by, 0, 31}; /* quotient 0 */
    while (((int64_t)1 << s) < by) s++;
    uint64_t power = (uint64_t)1 << (31 + s);
    return divider{by, (uint32_t)((power + (uint64_t)by - 1) / (uint64_t)by), 31 + s};
}

struct split {
    int64_t whole, rest;
};

/* i >= 0 */
AF_KERNEL split split_by(int64_t i, const divider &d)
{
    if (i >> 31) return split{i / d.by, i % d.by};
    uint32_t n = (uint32_t)i, whole = (uint32_t)((uint64_t)n * d.factor >> d.shift);
    return split{whole, n - whole * (uint32_t)d.by};
}

/* Of NHWC tensors. */
struct nhwc {
    divider c, w, h;
};
struct place {
    int64_t sample;
    int h, w, c;
};

static inline nhwc nhwc_of(af_shape s)
{
    return nhwc{divide_by(s.c), divide_by(s.w), divide_by(s.h)};
}

AF_KERNEL place place_of(int64_t i, const nhwc &of)
{
    split c = split_by(i, of.c), w = split_by(c.whole, of.w), h = split_by(w.whole, of.h);
    return place{h.whole, (int)h.rest, (int)w.rest, (int)c.rest};
}

#endif
