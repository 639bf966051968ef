/* Mean average precision of several labels: the mean over classes of the area under the
 * precision-recall curve, as steps: sum over thresholds of (recall - recall before) * precision.
 * Predictions that are equal pass the threshold together, as in scikit-learn's
 * average_precision_score, so the order of samples never counts. */
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/metric.h"

typedef struct entry {
    float score;
    bool positive;
} entry;

static int by_score_down(const void *a, const void *b)
{
    const float x = ((const entry *)a)->score, y = ((const entry *)b)->score;
    return (x < y) - (x > y);
}

/* Of n entries in descending order, `positives` of them positive. */
static double average_precision(const entry *e, int64_t n, int64_t positives)
{
    double sum = 0;
    int64_t hits = 0;
    for (int64_t i = 0, end; i < n; i = end) {
        int64_t before = hits;
        for (end = i; end < n && e[end].score == e[i].score; end++) hits += e[end].positive;
        sum += (double)(hits - before) / (double)positives * (double)hits / (double)end;
    }
    return sum;
}

static af_status score(const af_predictions *p, double *out)
{
    const int64_t classes = af_shape_size(p->shape);
    const float *target = p->target;
    double sum = 0;
    int64_t counted = 0;
    AF_TRY(af_predictions_check(p));
    entry *e = af_alloc((size_t)p->n * sizeof *e);
    if (!e) return AF_ENOMEM;
    for (int64_t c = 0; c < classes; c++) {
        int64_t positives = 0;
        for (int64_t i = 0; i < p->n; i++) {
            e[i] = (entry){p->pred[i * classes + c], target[i * classes + c] > 0.5f};
            positives += e[i].positive;
        }
        if (!positives) continue;
        qsort(e, (size_t)p->n, sizeof *e, by_score_down);
        sum += average_precision(e, p->n, positives);
        counted++;
    }
    af_free(e);
    if (!counted)
        return af_fail(AF_EINVAL,
                       "none of %lld predictions has a positive target, where map is not defined; "
                       "score more samples",
                       (long long)p->n);
    *out = sum / (double)counted;
    return AF_OK;
}

const af_metric af_metric_map = {
    .name = "map",
    .title = "Mean average precision",
    .definition =
        "Unweighted mean over classes of the average precision of the logits: with thresholds at "
        "every distinct value, the sum of (recall - recall at the next higher one) * precision, "
        "equal logits passing together, as scikit-learn's average_precision_score. A target above "
        "0.5 is positive. Classes without a positive target have no recall and are left out, where "
        "scikit-learn warns and counts 0; on the whole test set of FSD50K there are none. Without "
        "any positive target, and for predictions that are not finite, it is an error. Logits rank "
        "as their sigmoids do, without the ties that rounding makes of them. The error is 1 - map.",
    .unit = "1",
    .version = 1,
    .higher_is_better = true,
    .dense = true,
    .score = score,
};
