/* MAE8 as NAS-Bench-360's code comes to it. Its evaluator replaces the upper triangle by the mean
 * of both triangles, raises everything below 0.01 to 0.01, and hands the map to a function that
 * takes the mean of both triangles once more: the lower one counts three quarters. */
#include "core/metrics/mae8/maps.h"

static double floored(double v)
{
    return v < 0.01 ? 0.01 : v;
}

static double predicted(const af_protein_map *m, int p, int q)
{
    const double upper = m->pred[p * m->side + q], lower = m->pred[q * m->side + p];
    return (floored((upper + lower) / 2) + floored(lower)) / 2;
}

static af_status score(const af_predictions *p, double *out)
{
    return af_mae8_mean(out, p, predicted);
}

const af_metric af_metric_mae8_paper = {
    .name = "mae8_paper",
    .title = "MAE8 (paper)",
    .definition =
        "As mae8, but a pair is predicted by 0.75 times its entry below the diagonal plus 0.25 "
        "times the one above: NAS-Bench-360 averages the two triangles twice, the first time into "
        "the upper one only, and in between raises predictions below 0.01 to 0.01. Its protocol "
        "has no mask, so a pair of unknown distance counts as one of distance 0. Not reproduced: "
        "its test loaders shuffle the proteins while lengths are looked up in the order of the "
        "list, so there a protein may be cut to the length of another. Lower is better.",
    .unit = "Angstrom",
    .version = 1,
    .dense = true,
    .score = score,
};
