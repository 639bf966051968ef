/* Random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011). Counter-based: a stream is named by (seed, role, trial) and positioned by
 * (epoch, step, index), so adding a consumer shifts nobody and resuming needs no saved state.
 *
 *     af_rng r = af_rng_at(seed, "shuffle", trial, epoch, 0, 0);
 *     uint64_t i = af_rng_below(&r, n);
 */
#ifndef AF_PHILOX_H
#define AF_PHILOX_H
#include <stdint.h>

/* One block: out = philox4x32_10(counter, key). Known answer: all zero -> 6627e8d5 e169c58d
 * bc57ac4c 9b00dbd8. */
void af_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

typedef struct af_rng {
    uint32_t key[2], counter[4], out[4]; /* counter = {block, index, step, epoch} */
    int used;                            /* words of `out` already given; 4 = none left */
} af_rng;

/* The stream of `role` (a short constant name) at a position. The key mixes seed, role and trial.
 */
af_rng af_rng_at(uint64_t seed, const char *role, uint64_t trial, uint32_t epoch, uint32_t step,
                 uint32_t index);
uint32_t af_rng_u32(af_rng *r);
uint64_t af_rng_u64(af_rng *r);
uint64_t af_rng_below(af_rng *r, uint64_t n); /* uniform in [0, n), unbiased; n >= 1 */
double af_rng_unit(af_rng *r);                /* uniform in [0, 1), 53 bits */
double af_rng_normal(af_rng *r);              /* standard normal, Box-Muller (cosine branch) */
/* Fisher-Yates. */
void af_rng_shuffle(af_rng *r, int64_t *a, int64_t n);

#endif
