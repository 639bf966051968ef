/* Whole arrays from and to bfloat16, in the widest vectors of the processor at hand; see bf16.h. */
#include "core/base/bf16.h"

AF_SIMD void af_bf16_widen(float *restrict to, const af_bf16 *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] = af_bf16_float(from[i]);
}

AF_SIMD void af_bf16_narrow(af_bf16 *restrict to, const float *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] = af_bf16_round(from[i]);
}
