/* The arithmetic under core/base/philox.h: the block function and the mixing of a stream's key.
 * Here on its own because kernels draw the same numbers on a card (core/backends/cuda/dropout.cu).
 * The key is a chain of splitmix64 steps (Steele, Lea, Flood, OOPSLA 2014); each is a bijection, so
 * one (seed, role) never gives two trials one key. */
#ifndef AF_PHILOX_BLOCK_H
#define AF_PHILOX_BLOCK_H
#include <stdint.h>
#include "core/base/anywhere.h"

/* out = philox4x32_10(counter, key). A stream's counter is {block, index, step, epoch}. */
AF_ANYWHERE void af_philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    enum { ROUNDS = 10 };
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u; /* golden ratio */
        k1 += 0xBB67AE85u; /* sqrt(3) - 1 */
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

AF_ANYWHERE uint64_t af_philox_splitmix64(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* FNV-1a of a role's name. */
AF_ANYWHERE uint64_t af_philox_role(const char *name)
{
    uint64_t h = 0xCBF29CE484222325u;
    for (; *name; name++) h = (h ^ (unsigned char)*name) * 0x100000001B3u;
    return h;
}

AF_ANYWHERE void af_philox_key(uint32_t key[2], uint64_t seed, uint64_t role, uint64_t trial)
{
    uint64_t k =
        af_philox_splitmix64(trial ^ af_philox_splitmix64(role ^ af_philox_splitmix64(seed)));
    key[0] = (uint32_t)k;
    key[1] = (uint32_t)(k >> 32);
}

#endif
