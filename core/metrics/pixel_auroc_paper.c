/* What NAS-Bench-360 reports as AUROC of Cosmic since its camera-ready version: the area under the
 * ROC curve of thresholded predictions, which has one corner and so is (TPR + TNR) / 2. */
#include "core/metric.h"

/* Of the logit, as there: a probability of 0.622. */
static const float threshold = 0.5f;

static af_status score(const af_predictions *p, double *out)
{
    const int64_t size = p->n * af_shape_size(p->shape);
    const float *target = p->target;
    int64_t total[2] = {0}, right[2] = {0};
    AF_TRY(af_predictions_check(p));
    for (int64_t e = 0; e < size; e++) {
        const bool positive = target[e] > 0.5f;
        total[positive]++;
        right[positive] += (p->pred[e] > threshold) == positive;
    }
    if (!total[0] || !total[1])
        return af_fail(AF_EINVAL, "%lld of %lld pixels are positive, want some of each kind",
                       (long long)total[1], (long long)size);
    *out = ((double)right[0] / (double)total[0] + (double)right[1] / (double)total[1]) / 2;
    return AF_OK;
}

const af_metric af_metric_pixel_auroc_paper = {
    .name = "pixel_auroc_paper",
    .title = "Pixel AUROC (paper)",
    .definition =
        "The camera-ready NAS-Bench-360's figure: roc_auc_score of predictions made binary "
        "at logit > 0.5 (a probability of 0.622, not 0.5), which is the mean of the true "
        "positive and the true negative rate over all pixels of the split. The mask of "
        "ignored pixels is not applied. The preprint's figure is the false negative rate "
        "at the same threshold. The error is 1 - AUROC.",
    .unit = "1",
    .version = 1,
    .higher_is_better = true,
    .dense = true,
    .score = score,
};
