/* Area under the ROC curve of several labels, averaged: of each label the share of pairs, one
 * positive sample and one negative, in which the positive one has the larger logit; equal logits
 * count one half. That is the trapezoidal area of scikit-learn's roc_auc_score, so the order of
 * samples never counts. Pairs are counted in integers. */
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/metric.h"

typedef struct entry {
    float score;
    bool positive;
} entry;

static int by_score(const void *a, const void *b)
{
    const float x = ((const entry *)a)->score, y = ((const entry *)b)->score;
    return (x > y) - (x < y);
}

/* Twice the number of pairs in the right order, of n entries in ascending order. */
static int64_t pairs_won(const entry *e, int64_t n)
{
    int64_t won = 0, below = 0; /* below: negatives with a smaller score */
    for (int64_t i = 0, end; i < n; i = end) {
        int64_t positives = 0;
        for (end = i; end < n && e[end].score == e[i].score; end++) positives += e[end].positive;
        const int64_t negatives = end - i - positives;
        won += positives * (2 * below + negatives);
        below += negatives;
    }
    return won;
}

static af_status score(const af_predictions *p, double *out)
{
    const int64_t labels = af_shape_size(p->shape);
    const float *target = p->target;
    double sum = 0;
    int64_t counted = 0;
    AF_TRY(af_predictions_check(p));
    entry *e = af_alloc((size_t)p->n * sizeof *e);
    if (!e) return AF_ENOMEM;
    for (int64_t c = 0; c < labels; c++) {
        int64_t positives = 0;
        for (int64_t i = 0; i < p->n; i++) {
            e[i] = (entry){p->pred[i * labels + c], target[i * labels + c] > 0.5f};
            positives += e[i].positive;
        }
        if (!positives || positives == p->n) continue;
        qsort(e, (size_t)p->n, sizeof *e, by_score);
        sum += (double)pairs_won(e, p->n) / (2.0 * (double)positives * (double)(p->n - positives));
        counted++;
    }
    af_free(e);
    if (!counted)
        return af_fail(AF_EINVAL,
                       "none of %lld labels has both a positive and a negative target among %lld "
                       "predictions, so auroc is not defined; score more samples",
                       (long long)labels, (long long)p->n);
    *out = sum / (double)counted;
    return AF_OK;
}

const af_metric af_metric_auroc = {
    .name = "auroc",
    .title = "Area under the ROC curve",
    .definition =
        "Unweighted mean over labels of the area under the ROC curve of the logits by trapezoids: "
        "the share of pairs of a positive and a negative sample that the logits put in the right "
        "order, equal logits counting one half, as scikit-learn's roc_auc_score. A target above "
        "0.5 is positive. A label whose targets are all positive or all negative has no curve and "
        "is left out of the mean, where scikit-learn fails or returns NaN. Without any label that "
        "has one, and for predictions that are not finite, it is an error. Logits rank as their "
        "sigmoids do, without the ties that rounding makes of them. The error is 1 - auroc.",
    .unit = "1",
    .version = 1,
    .higher_is_better = true,
    .dense = true,
    .score = score,
};
