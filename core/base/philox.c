/* Philox4x32-10 and what is drawn from it (Salmon et al., SC 2011). A stream is a pure function of
 * its name and position; see philox_block.h for its key. A position yields 2^32 blocks of four
 * words before its counter wraps. */
#include "core/base/philox.h"
#include <math.h>
#include "core/base/philox_block.h"

void af_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    af_philox_block(counter, key, out);
}

af_rng af_rng_at(uint64_t seed, const char *role, uint64_t trial, uint32_t epoch, uint32_t step,
                 uint32_t index)
{
    af_rng r = {.counter = {0, index, step, epoch}, .used = 4};
    af_philox_key(r.key, seed, af_philox_role(role), trial);
    return r;
}

uint32_t af_rng_u32(af_rng *r)
{
    if (r->used == 4) {
        af_philox4x32(r->counter, r->key, r->out);
        r->counter[0]++;
        r->used = 0;
    }
    return r->out[r->used++];
}

uint64_t af_rng_u64(af_rng *r)
{
    uint64_t low = af_rng_u32(r);
    return low | (uint64_t)af_rng_u32(r) << 32;
}

/* Lemire, "Fast random integer generation in an interval", 2019: the high half of x * n, drawing
 * again in the 2^64 mod n cases that would favour some values. */
uint64_t af_rng_below(af_rng *r, uint64_t n)
{
    unsigned __int128 m = (unsigned __int128)af_rng_u64(r) * n;
    if ((uint64_t)m < n)
        for (uint64_t least = -n % n; (uint64_t)m < least;)
            m = (unsigned __int128)af_rng_u64(r) * n;
    return (uint64_t)(m >> 64);
}

double af_rng_unit(af_rng *r)
{
    return (double)(af_rng_u64(r) >> 11) * 0x1p-53;
}

/* The sine branch is thrown away: every call then takes exactly four words and keeps no state. */
double af_rng_normal(af_rng *r)
{
    double u = 1.0 - af_rng_unit(r); /* in (0, 1] */
    double angle = 2.0 * 3.14159265358979323846 * af_rng_unit(r);
    return sqrt(-2.0 * log(u)) * cos(angle);
}

void af_rng_shuffle(af_rng *r, int64_t *a, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)af_rng_below(r, (uint64_t)i + 1), t = a[i];
        a[i] = a[j];
        a[j] = t;
    }
}
