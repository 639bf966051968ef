/* Tiles become maps; maps become one number. */
#include "core/metrics/mae8/maps.h"
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"

static int64_t run_of(const af_predictions *p, int64_t from)
{
    int64_t to = from + 1;
    while (p->group && to < p->n && p->group[to] == p->group[from]) to++;
    return to - from;
}

/* How many tiles stand side by side; 0: no square number. */
static int tiles_in_row(int64_t count)
{
    const int g = (int)lround(sqrt((double)count));
    return (int64_t)g * g == count ? g : 0;
}

static af_status map_new(af_protein_map *m, int side)
{
    const size_t size = (size_t)side * (size_t)side;
    *m = (af_protein_map){side, af_alloc(size * sizeof *m->pred),
                          af_alloc(size * sizeof *m->target), af_alloc(size)};
    return m->pred && m->target && m->counts ? AF_OK : AF_ENOMEM;
}

static void map_free(af_protein_map *m)
{
    af_free(m->pred);
    af_free(m->target);
    af_free(m->counts);
}

static void lay_tile(const af_protein_map *m, const af_predictions *p, int64_t sample, int top,
                     int left)
{
    const int h = p->shape.h, w = p->shape.w;
    for (int y = 0; y < h; y++) {
        const int64_t from = (sample * h + y) * w;
        const size_t to = (size_t)(top + y) * (size_t)m->side + (size_t)left;
        memcpy(m->pred + to, p->pred + from, (size_t)w * sizeof *m->pred);
        memcpy(m->target + to, (const float *)p->target + from, (size_t)w * sizeof *m->target);
        for (int x = 0; x < w; x++) m->counts[to + (size_t)x] = af_metric_counts(p, from + x);
    }
}

/* Mean error over the pairs of one map; NAN when it has none. */
static double error_of(const af_protein_map *m,
                       double (*predicted)(const af_protein_map *m, int p, int q))
{
    double sum = 0;
    int64_t pairs = 0;
    for (int p = 0; p < m->side; p++)
        for (int q = p + AF_MAE8_SEPARATION; q < m->side; q++) {
            const size_t at = (size_t)p * (size_t)m->side + (size_t)q;
            if (!m->counts[at] || !(m->target[at] <= AF_MAE8_DISTANCE)) continue;
            sum += fabs((double)m->target[at] - predicted(m, p, q));
            pairs++;
        }
    return pairs ? sum / (double)pairs : NAN;
}

static af_status protein(double *error, const af_predictions *p, int64_t first, int64_t count,
                         double (*predicted)(const af_protein_map *m, int p, int q))
{
    af_protein_map m;
    const int g = tiles_in_row(count);
    if (!g)
        return af_fail(AF_EINVAL,
                       "group %d has %lld consecutive samples, want a square number: the "
                       "tiles of one map, row by row",
                       p->group[first], (long long)count);
    af_status st = map_new(&m, g * p->shape.h);
    for (int64_t k = 0; st == AF_OK && k < count; k++)
        lay_tile(&m, p, first + k, (int)(k / g) * p->shape.h, (int)(k % g) * p->shape.w);
    if (st == AF_OK) *error = error_of(&m, predicted);
    map_free(&m);
    return st;
}

af_status af_mae8_mean(double *out, const af_predictions *p,
                       double (*predicted)(const af_protein_map *m, int p, int q))
{
    double sum = 0;
    int64_t proteins = 0;
    AF_TRY(af_predictions_check(p));
    if (p->shape.c != 1 || p->shape.h != p->shape.w)
        return af_fail(AF_EINVAL, "predictions of %d x %d x %d, want square tiles of one channel",
                       p->shape.c, p->shape.h, p->shape.w);
    for (int64_t at = 0, count; at < p->n; at += count) {
        double error = NAN;
        count = run_of(p, at);
        AF_TRY(protein(&error, p, at, count, predicted));
        if (isnan(error)) continue;
        sum += error;
        proteins++;
    }
    if (!proteins)
        return af_fail(AF_EINVAL,
                       "no protein has a pair of residues at most %d Angstrom and at "
                       "least %d places apart; give more data",
                       AF_MAE8_DISTANCE, AF_MAE8_SEPARATION);
    *out = sum / (double)proteins;
    return AF_OK;
}
