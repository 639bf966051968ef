/* What metrics share: a score of NaN logits would be a plausible number, so it is refused. */
#include "core/metric.h"
#include <math.h>

int af_argmax(const float *v, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (v[i] > v[best]) best = i;
    return best;
}

af_status af_predictions_check(const af_predictions *p)
{
    const int64_t size = af_shape_size(p->shape);
    if (p->n < 1) return af_fail(AF_EINVAL, "no predictions to score, want at least 1");
    for (int64_t i = 0; i < p->n * size; i++)
        if (!isfinite(p->pred[i]))
            return af_fail(AF_EDIVERGED,
                           "prediction %lld of %lld has %g at element %lld, want finite numbers; "
                           "the training diverged: lower the learning rate or clip gradients",
                           (long long)(i / size), (long long)p->n, (double)p->pred[i],
                           (long long)(i % size));
    return AF_OK;
}
