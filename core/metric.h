/* Contract: a metric, computed on a whole split at once, so it cannot depend on the batch size.
 * core/metrics/<name>.c defines `const af_metric af_metric_<name>` with its exact definition. */
#ifndef AF_METRIC_H
#define AF_METRIC_H
#include <stdint.h>
#include "core/graph/graph.h"

typedef struct af_predictions {
    int64_t n;            /* samples, or groups after aggregation */
    af_shape shape;       /* of one prediction */
    const float *pred;    /* {n, C, H, W}: logits or values */
    const void *target;   /* int32 {n} for single labels, else float {n, C, H, W} */
    const uint8_t *mask;  /* {n, C, H, W}: 0 where there is no target; NULL: everywhere is one */
    const int32_t *group; /* {n}: what a sample was cut from; NULL: each is on its own. Samples
                             come in the order of their split. */
} af_predictions;

typedef struct af_metric {
    const char *name, *title, *definition, *unit;
    int version; /* raised when the definition changes; part of the task key */
    bool higher_is_better;
    bool dense; /* wants float targets */
    AF_CHECKED af_status (*score)(const af_predictions *p, double *out);
} af_metric;

/* What tables rank by, lower is better: the score, or 1 - score. */
static inline double af_metric_error(const af_metric *m, double score)
{
    return m->higher_is_better ? 1 - score : score;
}

/* Whether element e of {n, C, H, W} has a target. */
static inline bool af_metric_counts(const af_predictions *p, int64_t e)
{
    return !p->mask || p->mask[e];
}

/* The index of the largest of v[0 .. n), the lowest one when several are. */
int af_argmax(const float *v, int n);
/* AF_EINVAL when there is nothing to score, or naming the first prediction that is not finite.
 * Every score begins with it. */
AF_CHECKED af_status af_predictions_check(const af_predictions *p);

#endif
