/* Splits by group: the groups are dealt out whole, in a given or a shuffled order, and every sample
 * follows its group. A share that asks for samples and gets none is an error. */
#include "core/data/split.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/philox.h"

typedef struct seat {
    int64_t group;
    af_split split;
} seat;

static int by_group(const void *a, const void *b)
{
    const int64_t x = ((const seat *)a)->group, y = ((const seat *)b)->group;
    return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t group_of(const af_split_plan *p, int64_t i)
{
    return p->group ? p->group[i] : i;
}

/* The distinct groups of the samples, ascending and then shuffled. */
static af_status shuffled_groups(int64_t **out, int64_t *count, const af_split_plan *p)
{
    int64_t *g = af_alloc((size_t)p->n * sizeof *g), kept = 0;
    if (!g) return AF_ENOMEM;
    for (int64_t i = 0; i < p->n; i++) g[i] = group_of(p, i);
    qsort(g, (size_t)p->n, sizeof *g, by_value);
    for (int64_t i = 0; i < p->n; i++)
        if (i == 0 || g[i] != g[i - 1]) g[kept++] = g[i];
    af_rng r = af_rng_at(p->seed, "split", 0, 0, 0, 0);
    af_rng_shuffle(&r, g, kept);
    *out = g;
    *count = kept;
    return AF_OK;
}

static af_status counts_of(int64_t counts[AF_SPLITS], const af_split_plan *p, int64_t groups)
{
    const double share[AF_SPLITS] = {1 - p->valid - p->test, p->valid, p->test};
    for (int s = 0; s < AF_SPLITS; s++)
        if (!(share[s] >= 0 && share[s] <= 1))
            return af_fail(AF_EINVAL,
                           "shares valid %g and test %g, want both at least 0 and a sum "
                           "of at most 1",
                           p->valid, p->test);
    counts[AF_VALID] = llround(p->valid * (double)groups);
    counts[AF_TEST] = llround(p->test * (double)groups);
    counts[AF_TRAIN] = groups - counts[AF_VALID] - counts[AF_TEST];
    for (int s = 0; s < AF_SPLITS; s++)
        if (counts[s] < 0 || (share[s] > 1e-9 && counts[s] == 0))
            return af_fail(AF_EINVAL,
                           "%lld groups leave none for %s with a share of %g; give more "
                           "data or a larger share",
                           (long long)groups, af_split_names[s], share[s]);
    return AF_OK;
}

/* Who sits where, sorted by group. */
static af_status seat_groups(seat **out, const int64_t *order, int64_t groups,
                             const int64_t counts[AF_SPLITS])
{
    seat *seats = af_alloc((size_t)groups * sizeof *seats);
    if (!seats) return AF_ENOMEM;
    for (int64_t k = 0; k < groups; k++) {
        const af_split s = k < counts[AF_TRAIN]                      ? AF_TRAIN
                           : k < counts[AF_TRAIN] + counts[AF_VALID] ? AF_VALID
                                                                     : AF_TEST;
        seats[k] = (seat){order[k], s};
    }
    qsort(seats, (size_t)groups, sizeof *seats, by_group);
    for (int64_t k = 1; k < groups; k++)
        if (seats[k].group == seats[k - 1].group) {
            af_status st = af_fail(AF_EINVAL, "group %lld appears twice in the given order",
                                   (long long)seats[k].group);
            af_free(seats);
            return st;
        }
    *out = seats;
    return AF_OK;
}

static af_status deal(af_indices out[AF_SPLITS], const af_split_plan *p, const seat *seats,
                      int64_t groups)
{
    for (int s = 0; s < AF_SPLITS; s++)
        if (!(out[s].i = af_alloc((size_t)p->n * sizeof *out[s].i))) return AF_ENOMEM;
    for (int64_t i = 0; i < p->n; i++) {
        const seat key = {.group = group_of(p, i)};
        const seat *at = bsearch(&key, seats, (size_t)groups, sizeof *seats, by_group);
        if (!at)
            return af_fail(AF_EINVAL,
                           "sample %lld is of group %lld, which the given order of %lld "
                           "groups lacks",
                           (long long)i, (long long)key.group, (long long)groups);
        out[at->split].i[out[at->split].count++] = i;
    }
    for (int s = 0; s < AF_SPLITS; s++)
        if (!out[s].count) {
            af_free(out[s].i);
            out[s].i = NULL;
        }
    return AF_OK;
}

af_status af_split_by_group(af_indices out[AF_SPLITS], const af_split_plan *p)
{
    int64_t *shuffled = NULL, groups = p->groups, counts[AF_SPLITS];
    seat *seats = NULL;
    af_status st = AF_OK;
    memset(out, 0, AF_SPLITS * sizeof *out);
    if (p->n < 1 || (p->order && p->groups < 1))
        return af_fail(AF_EINVAL, "%lld samples in %lld groups, want at least 1 of each",
                       (long long)p->n, (long long)p->groups);
    if (!p->order) AF_GOTO(st, done, shuffled_groups(&shuffled, &groups, p));
    AF_GOTO(st, done, counts_of(counts, p, groups));
    AF_GOTO(st, done, seat_groups(&seats, p->order ? p->order : shuffled, groups, counts));
    AF_GOTO(st, done, deal(out, p, seats, groups));
done:
    if (st != AF_OK) af_split_free(out);
    af_free(seats);
    af_free(shuffled);
    return st;
}

void af_split_free(af_indices split[AF_SPLITS])
{
    for (int s = 0; s < AF_SPLITS; s++) {
        af_free(split[s].i);
        split[s] = (af_indices){0};
    }
}
