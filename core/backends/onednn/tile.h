/* Matrix tiles: 8 registers of 16 rows of 64 bytes, which hold 32 bf16 or 16 floats a row. A kernel
 * written over these macros becomes AMX instructions; where AF_TILE_EMULATED is defined first,
 * plain C with the same sums in the same order, so that the kernel's logic is tested on any
 * machine. `t` is the emulated registers' memory; register numbers are literals. Tiles in memory
 * are contiguous kilobytes, 64-byte aligned.
 *
 * AF_TILE_DOT(t, c, a, b), after Intel's Software Developer's Manual, TDPBF16PS: each float (m, n)
 * of c grows by the sum over k < 16 of a[m][2k] b[k][2n] plus that of a[m][2k+1] b[k][2n+1]. So
 * rows of a are 32 terms of a sum, and b has two terms of each of 16 columns side by side. */
#ifndef AF_TILE_H
#define AF_TILE_H
#include "core/base/bf16.h"

enum { AF_TILES = 8, AF_TILE_SIDE = 16, AF_TILE_DEPTH = 32, AF_TILE_HALVES = 512 };
enum { AF_TILE_FLOATS = AF_TILE_SIDE * AF_TILE_SIDE };

#if !defined(AF_TILE_EMULATED) && defined(__x86_64__) && (__GNUC__ >= 11 || defined(__clang__))
#define AF_TILE_NATIVE
#include <immintrin.h>

/* Every function that uses tiles or the vectors of tile_pack.h. */
#define AF_TILE_CODE __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw")))

typedef char af_tiles; /* no memory is needed */

/* The operand of ldtilecfg: palette 1, all tiles of full size. */
static const struct af_tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} af_tile_config = {
    1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16},
};

#define AF_TILE_CONFIGURE(t) ((void)(t), _tile_loadconfig(&af_tile_config))
#define AF_TILE_RELEASE(t)   ((void)(t), _tile_release())
/* gcc's loads do not say that they read memory: what was written before stays before. */
#define AF_TILE_FENCE(t)        __asm__ volatile("" ::"r"(t) : "memory")
#define AF_TILE_ZERO(t, c)      _tile_zero(c)
#define AF_TILE_LOAD(t, c, p)   _tile_loadd(c, p, 64)
#define AF_TILE_STORE(t, c, p)  _tile_stored(c, p, 64)
#define AF_TILE_DOT(t, c, a, b) _tile_dpbf16ps(c, a, b)

#else
#define AF_TILE_CODE

typedef union af_tile {
    af_bf16 half[AF_TILE_SIDE][AF_TILE_DEPTH];
    float single[AF_TILE_SIDE][AF_TILE_SIDE];
} af_tile;
typedef af_tile af_tiles[AF_TILES];

/* Products of two bf16 are exact in float, so these sums are those of fused operations. */
static inline void af_tile_dot(af_tile *c, const af_tile *a, const af_tile *b)
{
    for (int m = 0; m < AF_TILE_SIDE; m++)
        for (int n = 0; n < AF_TILE_SIDE; n++) {
            float even = 0, odd = 0;
            for (int k = 0; k < AF_TILE_SIDE; k++) {
                even += af_bf16_float(a->half[m][2 * k]) * af_bf16_float(b->half[k][2 * n]);
                odd += af_bf16_float(a->half[m][2 * k + 1]) * af_bf16_float(b->half[k][2 * n + 1]);
            }
            c->single[m][n] += even + odd;
        }
}

#define AF_TILE_CONFIGURE(t)    memset(*(t), 0, sizeof *(t))
#define AF_TILE_RELEASE(t)      memset(*(t), 0xff, sizeof *(t)) /* NaNs */
#define AF_TILE_FENCE(t)        ((void)(t))
#define AF_TILE_ZERO(t, c)      memset(&(*(t))[c], 0, sizeof(af_tile))
#define AF_TILE_LOAD(t, c, p)   memcpy(&(*(t))[c], p, sizeof(af_tile))
#define AF_TILE_STORE(t, c, p)  memcpy(p, &(*(t))[c], sizeof(af_tile))
#define AF_TILE_DOT(t, c, a, b) af_tile_dot(&(*(t))[c], &(*(t))[a], &(*(t))[b])
#endif

#endif
