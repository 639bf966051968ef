/* MT19937 (Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998) and the shuffle of
 * numpy's legacy generator: Fisher-Yates from the end, indices drawn by masked rejection. */
#include "data-prep/ecg/permutation.h"

enum { SHIFT = 397 };

void af_mt19937_seed(af_mt19937 *g, uint32_t seed)
{
    for (uint32_t i = 0; i < AF_MT_WORDS; i++) {
        g->state[i] = seed;
        seed = 1812433253u * (seed ^ seed >> 30) + i + 1;
    }
    g->used = AF_MT_WORDS;
}

static void twist(uint32_t s[AF_MT_WORDS])
{
    for (int i = 0; i < AF_MT_WORDS; i++) {
        uint32_t y = (s[i] & 0x80000000u) | (s[(i + 1) % AF_MT_WORDS] & 0x7fffffffu);
        s[i] = s[(i + SHIFT) % AF_MT_WORDS] ^ y >> 1 ^ (y & 1 ? 0x9908b0dfu : 0);
    }
}

uint32_t af_mt19937_next(af_mt19937 *g)
{
    if (g->used == AF_MT_WORDS) {
        twist(g->state);
        g->used = 0;
    }
    uint32_t y = g->state[g->used++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

static uint32_t at_most(af_mt19937 *g, uint32_t max)
{
    uint32_t mask = max, value;
    for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
    do value = af_mt19937_next(g) & mask;
    while (value > max);
    return value;
}

void af_numpy_permutation(int64_t *out, int64_t n, uint32_t seed)
{
    af_mt19937 g;
    af_mt19937_seed(&g, seed);
    for (int64_t i = 0; i < n; i++) out[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = at_most(&g, (uint32_t)i), t = out[i];
        out[i] = out[j];
        out[j] = t;
    }
}
