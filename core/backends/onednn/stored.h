/* Own kernels for tensors in float and in bf16 from one text: a body is an AF_INLINE function with
 * the storage as its last parameter, constant wherever it is inlined. It computes in float, in the
 * same order for both; bf16 is converted on the way in and rounded on the way out, once a value.
 * AF_STORED(slot) compiles the body `slot` into slot_f32 and slot_bf16. */
#ifndef AF_ONEDNN_STORED_H
#define AF_ONEDNN_STORED_H
#include "core/backend.h"
#include "core/base/bf16.h"

#define AF_STORED(slot)                                                                            \
    AF_SIMD static void slot##_f32(const af_call *c)                                               \
    {                                                                                              \
        slot(c, false);                                                                            \
    }                                                                                              \
    AF_SIMD static void slot##_bf16(const af_call *c)                                              \
    {                                                                                              \
        slot(c, true);                                                                             \
    }

AF_INLINE size_t af_stored_size(bool bf16)
{
    return bf16 ? sizeof(af_bf16) : sizeof(float);
}

/* A tensor from its n-th value on. */
AF_INLINE const void *af_from(const void *p, size_t n, bool bf16)
{
    return (const char *)p + n * af_stored_size(bf16);
}
AF_INLINE void *af_to(void *p, size_t n, bool bf16)
{
    return (char *)p + n * af_stored_size(bf16);
}

AF_INLINE float af_get(const void *p, size_t i, bool bf16)
{
    return bf16 ? af_bf16_float(((const af_bf16 *)p)[i]) : ((const float *)p)[i];
}
AF_INLINE void af_put(void *p, size_t i, float v, bool bf16)
{
    if (bf16)
        ((af_bf16 *)p)[i] = af_bf16_round(v);
    else
        ((float *)p)[i] = v;
}
/* For values that came from af_get unchanged, or are 0: nothing to round. */
AF_INLINE void af_put_exact(void *p, size_t i, float v, bool bf16)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    if (bf16)
        ((af_bf16 *)p)[i] = (af_bf16)(bits >> 16);
    else
        ((float *)p)[i] = v;
}

#endif
