/* Accuracy of single labels.
 *
 * How to write another metric: copy this file, rename the struct to af_metric_<file name>, and
 * compute the score of a whole split in `score`. Targets are int32 labels, or floats when .dense is
 * set; aggregation by group has already happened. Say exactly what is computed in .definition, edge
 * cases included, and raise .version whenever it changes: results of different versions are never
 * compared.
 */
#include "core/metric.h"

static af_status score(const af_predictions *p, double *out)
{
    const int32_t *target = p->target;
    int64_t right = 0;
    AF_TRY(af_predictions_check(p));
    for (int64_t i = 0; i < p->n; i++)
        right += af_argmax(p->pred + i * p->shape.c, p->shape.c) == target[i];
    *out = (double)right / (double)p->n;
    return AF_OK;
}

const af_metric af_metric_accuracy = {
    .name = "accuracy",
    .title = "Accuracy",
    .definition =
        "Share of predictions whose largest logit is at the target class; of equal logits "
        "the lowest class counts. The error is 1 - accuracy.",
    .unit = "1",
    .version = 1,
    .higher_is_better = true,
    .score = score,
};
