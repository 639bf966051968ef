/* AF_SIMD before a function compiles it for several vector widths; the loader picks one by the CPU.
 * Helpers that such a function calls must be AF_INLINE, so that they are compiled along with it.
 * Reductions keep one accumulator per channel: the loop over channels vectorises without changing
 * the order of any sum, so all widths and all thread counts give the same bits. Off under
 * sanitizers (the selection runs before they are ready) and with clang. */
#ifndef AF_SIMD_H
#define AF_SIMD_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define AF_SIMD __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define AF_SIMD
#endif
#define AF_INLINE static inline __attribute__((always_inline))

/* A loop over a block's channels. The hint keeps the compiler from unrolling it into scalars. */
#define AF_EACH(l, width) _Pragma("omp simd") for (int l = 0; l < (width); l++)

enum { AF_VECTOR = 16 }; /* channels that own kernels keep in registers: one AVX-512 vector */

#endif
