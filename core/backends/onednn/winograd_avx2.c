/* Winograd kernels for AVX2: 16 registers of 8 floats. */
#include "core/backends/onednn/winograd.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define NAME    "avx2"
#define TARGET  __attribute__((target("avx2,fma")))
#define VECTOR  __m256
#define LANES   8
#define GRANULE 2

#define LOAD(p)             _mm256_loadu_ps(p)
#define STORE(p, x)         _mm256_storeu_ps(p, x)
#define LOAD_PART(p, n)     _mm256_maskload_ps(p, first(n))
#define STORE_PART(p, x, n) _mm256_maskstore_ps(p, first(n), x)
#define ALL(x)              _mm256_set1_ps(x)
#define FMA(a, b, c)        _mm256_fmadd_ps(a, b, c)

/* The mask of the first n lanes. */
static inline TARGET __attribute__((always_inline)) __m256i first(int n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

#include "core/backends/onednn/winograd_kernels.h"
#include "core/backends/onednn/winograd_line.h"
const af_winograd_isa *const af_winograd_avx2 = &isa;
#else
const af_winograd_isa *const af_winograd_avx2 = NULL;
#endif
