/* Pixels of an NHWC tensor in bf16, sorted into tiles: 16 channels at a time, AVX-512 beside plain
 * C as in tile.h. `from + at[i]` is pixel i of a tile's 32. */
#ifndef AF_TILE_PACK_H
#define AF_TILE_PACK_H
#include "core/backends/onednn/tile.h"

/* Where the pixels of a tile come from that is the sum of two sources of 32: pixel i is at[i] in
 * the first, at[i] - 32 in the second, or zero where bit i of `present` is 0. */
typedef struct af_tile_choice {
    uint16_t at[AF_TILE_DEPTH];
    uint32_t present;
} af_tile_choice;

#ifdef AF_TILE_NATIVE

/* Two vectors become rows 0 and 1 of their 2 x 2 blocks of `bits` wide elements, in each lane. */
#define AF_TILE_UNPACK(bits, to, i, j, from, a, b)                                                 \
    ((to)[i] = _mm512_unpacklo_epi##bits((from)[a], (from)[b]),                                    \
     (to)[j] = _mm512_unpackhi_epi##bits((from)[a], (from)[b]))

/* Pixels i and i + 16, one above the other. */
AF_TILE_CODE static inline __m512i af_tile_pixels(const af_bf16 *low, const af_bf16 *high)
{
    __m256i l = _mm256_loadu_si256((const __m256i_u *)low);
    __m256i h = _mm256_loadu_si256((const __m256i_u *)high);
    return _mm512_inserti64x4(_mm512_castsi256_si512(l), h, 1);
}

/* Transposes the 8 x 8 blocks that 8 vectors have in each of their four 128-bit lanes. */
AF_TILE_CODE static inline __attribute__((always_inline)) void af_tile_blocks(__m512i v[8])
{
    __m512i a[8], b[8];
    for (int i = 0; i < 4; i++) AF_TILE_UNPACK(16, a, 2 * i, 2 * i + 1, v, 2 * i, 2 * i + 1);
    for (int i = 0; i < 2; i++) {
        AF_TILE_UNPACK(32, b, 4 * i, 4 * i + 1, a, 4 * i, 4 * i + 2);
        AF_TILE_UNPACK(32, b, 4 * i + 2, 4 * i + 3, a, 4 * i + 1, 4 * i + 3);
    }
    for (int i = 0; i < 4; i++) AF_TILE_UNPACK(64, v, 2 * i, 2 * i + 1, b, i, i + 4);
}

/* to[channel][pixel] */
AF_TILE_CODE static inline void af_tile_transpose(af_bf16 *to, const af_bf16 *from,
                                                  const int32_t at[AF_TILE_DEPTH])
{
    const __m512i low = _mm512_set_epi64(13, 12, 5, 4, 9, 8, 1, 0);
    const __m512i high = _mm512_set_epi64(15, 14, 7, 6, 11, 10, 3, 2);
    __m512i v[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) v[i] = af_tile_pixels(from + at[i], from + at[i + 16]);
    af_tile_blocks(v);
    af_tile_blocks(v + 8);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        _mm512_store_si512(to + 32 * i, _mm512_permutex2var_epi64(v[i], low, v[8 + i]));
        _mm512_store_si512(to + 32 * (8 + i), _mm512_permutex2var_epi64(v[i], high, v[8 + i]));
    }
}

/* Another 32 pixels of two transposed sources. */
AF_TILE_CODE static inline void af_tile_choose(af_bf16 *to, const af_bf16 *first,
                                               const af_bf16 *second, const af_tile_choice *c)
{
    const __m512i at = _mm512_loadu_si512(c->at);
    for (int i = 0; i < AF_TILE_HALVES; i += AF_TILE_DEPTH)
        _mm512_store_si512(to + i,
                           _mm512_maskz_permutex2var_epi16(c->present, _mm512_load_si512(first + i),
                                                           at, _mm512_load_si512(second + i)));
}

/* to[pair of pixels][channel][which of the pair] */
AF_TILE_CODE static inline void af_tile_interleave(af_bf16 *to, const af_bf16 *from,
                                                   const int32_t at[AF_TILE_DEPTH])
{
    static const uint16_t order[AF_TILE_DEPTH] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                  21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                  11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512i mix = _mm512_loadu_si512(order);
    for (int i = 0; i < AF_TILE_DEPTH; i += 2) {
        __m512i pair = af_tile_pixels(from + at[i], from + at[i + 1]);
        _mm512_store_si512(to + 16 * i, _mm512_permutexvar_epi16(mix, pair));
    }
}

#else

static inline void af_tile_transpose(af_bf16 *to, const af_bf16 *from,
                                     const int32_t at[AF_TILE_DEPTH])
{
    for (int c = 0; c < AF_TILE_SIDE; c++)
        for (int i = 0; i < AF_TILE_DEPTH; i++) to[c * AF_TILE_DEPTH + i] = from[at[i] + c];
}

static inline void af_tile_choose(af_bf16 *to, const af_bf16 *first, const af_bf16 *second,
                                  const af_tile_choice *c)
{
    for (int k = 0; k < AF_TILE_HALVES; k += AF_TILE_DEPTH)
        for (int i = 0; i < AF_TILE_DEPTH; i++) {
            int at = c->at[i];
            af_bf16 v = at < AF_TILE_DEPTH ? first[k + at] : second[k + at - AF_TILE_DEPTH];
            to[k + i] = c->present >> i & 1 ? v : 0;
        }
}

static inline void af_tile_interleave(af_bf16 *to, const af_bf16 *from,
                                      const int32_t at[AF_TILE_DEPTH])
{
    for (int i = 0; i < AF_TILE_DEPTH; i++)
        for (int c = 0; c < AF_TILE_SIDE; c++)
            to[(i / 2 * AF_TILE_SIDE + c) * 2 + i % 2] = from[at[i] + c];
}
#endif

#endif
