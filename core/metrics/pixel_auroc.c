/* The area under the ROC curve over all pixels of a split, by ranks (Hanley and McNeil, Radiology
 * 143, 1982), as sklearn's roc_auc_score of the raw predictions. */
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/metric.h"

/* Ordered as the float is: all of a negative one is flipped, of others the sign alone. */
static uint32_t ordered(float v)
{
    uint32_t bits;
    v += 0.0f; /* -0 becomes 0 */
    memcpy(&bits, &v, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Of sorted keys, each 2 * ordered prediction + target. */
static double area(const uint64_t *key, int64_t count, int64_t positives)
{
    const double pairs = (double)positives * (double)(count - positives);
    double won = 0, below = 0;
    for (int64_t i = 0, end; i < count; i = end) {
        double up = 0, down = 0;
        for (end = i; end < count && key[end] >> 1 == key[i] >> 1; end++)
            key[end] & 1 ? up++ : down++;
        won += up * (below + down / 2);
        below += down;
    }
    return won / pairs;
}

static af_status score(const af_predictions *p, double *out)
{
    const int64_t size = p->n * af_shape_size(p->shape);
    const float *target = p->target;
    int64_t count = 0, positives = 0;
    AF_TRY(af_predictions_check(p));
    uint64_t *key = af_alloc((size_t)size * sizeof *key);
    if (!key) return AF_ENOMEM;
    for (int64_t e = 0; e < size; e++) {
        if (!af_metric_counts(p, e)) continue;
        const bool positive = target[e] > 0.5f;
        key[count++] = (uint64_t)ordered(p->pred[e]) << 1 | positive;
        positives += positive;
    }
    if (positives > 0 && positives < count) {
        qsort(key, (size_t)count, sizeof *key, ascending);
        *out = area(key, count, positives);
    }
    af_free(key);
    if (positives > 0 && positives < count) return AF_OK;
    return af_fail(AF_EINVAL, "%lld of %lld pixels are positive, want some of each kind",
                   (long long)positives, (long long)count);
}

const af_metric af_metric_pixel_auroc = {
    .name = "pixel_auroc",
    .title = "Pixel AUROC",
    .definition =
        "Area under the ROC curve over all pixels of the split that have a target, ranked "
        "by their predictions: the share of pairs of a positive and a negative pixel in "
        "which the positive one is predicted higher, equal ones counting one half. The "
        "error is 1 - AUROC.",
    .unit = "1",
    .version = 1,
    .higher_is_better = true,
    .dense = true,
    .score = score,
};
