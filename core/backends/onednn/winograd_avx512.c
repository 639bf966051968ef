/* Winograd kernels for AVX-512: 32 registers of 16 floats. */
#include "core/backends/onednn/winograd.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define NAME    "avx512"
#define TARGET  __attribute__((target("avx512f")))
#define VECTOR  __m512
#define LANES   16
#define GRANULE 4

#define LOAD(p)             _mm512_loadu_ps(p)
#define STORE(p, x)         _mm512_storeu_ps(p, x)
#define LOAD_PART(p, n)     _mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), p)
#define STORE_PART(p, x, n) _mm512_mask_storeu_ps(p, (__mmask16)((1u << (n)) - 1), x)
#define ALL(x)              _mm512_set1_ps(x)
#define FMA(a, b, c)        _mm512_fmadd_ps(a, b, c)

#include "core/backends/onednn/winograd_kernels.h"
#include "core/backends/onednn/winograd_line.h"
const af_winograd_isa *const af_winograd_avx512 = &isa;
#else
const af_winograd_isa *const af_winograd_avx512 = NULL;
#endif
