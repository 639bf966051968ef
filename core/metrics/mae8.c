/* The error of predicted contacts in Angstrom (PDNet: Adhikari, Scientific Reports 10, 2020), each
 * pair predicted by the mean of its two entries in the map. */
#include "core/metrics/mae8/maps.h"

static double predicted(const af_protein_map *m, int p, int q)
{
    return ((double)m->pred[p * m->side + q] + (double)m->pred[q * m->side + p]) / 2;
}

static af_status score(const af_predictions *p, double *out)
{
    return af_mae8_mean(out, p, predicted);
}

const af_metric af_metric_mae8 = {
    .name = "mae8",
    .title = "MAE8",
    .definition =
        "Mean over proteins of the mean of |t - p| over the pairs of residues at least 24 places "
        "apart in the sequence whose true distance is known and at most 8 Angstrom. A pair is "
        "predicted by the mean of its two entries in the map, which is put together from the "
        "protein's tiles. Proteins without such a pair are left out. Lower is better.",
    .unit = "Angstrom",
    .version = 1,
    .dense = true,
    .score = score,
};
