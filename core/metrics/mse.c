/* Mean squared error. */
#include "core/metric.h"

static af_status score(const af_predictions *p, double *out)
{
    const int64_t count = p->n * af_shape_size(p->shape);
    const float *target = p->target;
    double sum = 0;
    int64_t counted = 0;
    AF_TRY(af_predictions_check(p));
    for (int64_t i = 0; i < count; i++) {
        if (!af_metric_counts(p, i)) continue;
        const double d = (double)p->pred[i] - target[i];
        sum += d * d;
        counted++;
    }
    if (!counted) return af_fail(AF_EINVAL, "all targets are masked; nothing to score");
    *out = sum / (double)counted;
    return AF_OK;
}

const af_metric af_metric_mse = {
    .name = "mse",
    .title = "Mean squared error",
    .definition = "Mean over samples and elements that have a target of (p - t)^2, in the target's "
                  "own units squared. "
                  "Lower is better.",
    .unit = "target^2",
    .version = 1,
    .dense = true,
    .score = score,
};
