/* Relative L2 error, the figure of the neural-operator literature (Li et al. 2021, "Fourier neural
 * operator for parametric partial differential equations"). */
#include <math.h>
#include "core/metric.h"

static af_status score(const af_predictions *p, double *out)
{
    const int64_t size = af_shape_size(p->shape);
    const float *target = p->target;
    double sum = 0;
    AF_TRY(af_predictions_check(p));
    for (int64_t i = 0; i < p->n; i++) {
        double difference = 0, norm = 0;
        for (int64_t e = i * size; e < (i + 1) * size; e++) {
            if (!af_metric_counts(p, e)) continue;
            const double t = target[e], d = p->pred[e] - t;
            difference += d * d;
            norm += t * t;
        }
        if (norm == 0)
            return af_fail(AF_EINVAL,
                           "target %lld of %lld is zero everywhere, where relative_l2 is "
                           "not defined; use mse",
                           (long long)i, (long long)p->n);
        sum += sqrt(difference / norm);
    }
    *out = sum / (double)p->n;
    return AF_OK;
}

const af_metric af_metric_relative_l2 = {
    .name = "relative_l2",
    .title = "Relative L2",
    .definition = "Mean over samples of ||p - t|| / ||t||, the 2-norms over all elements of a "
                  "sample that have a target, in the target's own units. Lower is better.",
    .unit = "1",
    .version = 1,
    .dense = true,
    .score = score,
};
