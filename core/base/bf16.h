/* bfloat16: the upper half of a float (8 exponent bits, 7 stored mantissa bits), so a value is off
 * by at most 2^-9 of itself. To it: round to nearest, ties to even; a NaN stays one. */
#ifndef AF_BF16_H
#define AF_BF16_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "core/base/anywhere.h"

typedef uint16_t af_bf16;

AF_ANYWHERE float af_bf16_float(af_bf16 b)
{
    uint32_t bits = (uint32_t)b << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

AF_ANYWHERE af_bf16 af_bf16_round(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    uint32_t nan = 0 - (uint32_t)(f != f); /* all ones; masks, so that vectors stay 32 bits wide */
    uint32_t half = (0x7fff + (bits >> 16 & 1)) & ~nan;
    return (af_bf16)(((bits + half) | (nan & 0x400000)) >> 16);
}

void af_bf16_widen(float *to, const af_bf16 *from, size_t n);
void af_bf16_narrow(af_bf16 *to, const float *from, size_t n);

#endif
