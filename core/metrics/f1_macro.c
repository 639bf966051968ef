/* Macro F1 of single labels: the mean over classes of 2 TP / (2 TP + FP + FN), as sklearn's
 * f1_score(average="macro", labels=range(C), zero_division=0). */
#include "core/base/alloc.h"
#include "core/metric.h"

typedef struct tally {
    int64_t hit, predicted, present; /* TP, TP + FP, TP + FN */
} tally;

static double f1(const tally *t)
{
    const int64_t d = t->predicted + t->present;
    return d ? 2.0 * (double)t->hit / (double)d : 0;
}

static af_status score(const af_predictions *p, double *out)
{
    const int32_t *target = p->target;
    const int classes = p->shape.c;
    AF_TRY(af_predictions_check(p));
    tally *t = af_calloc((size_t)classes, sizeof *t);
    if (!t) return AF_ENOMEM;
    for (int64_t i = 0; i < p->n; i++) {
        const int guess = af_argmax(p->pred + i * classes, classes);
        t[guess].predicted++;
        t[target[i]].present++;
        t[guess].hit += guess == target[i];
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) sum += f1(&t[c]);
    af_free(t);
    *out = sum / classes;
    return AF_OK;
}

const af_metric af_metric_f1_macro = {
    .name = "f1_macro",
    .title = "Macro F1",
    .definition = "Unweighted mean over all classes of the task of 2 TP / (2 TP + FP + FN), the "
                  "prediction being the class of the largest logit (of equal ones the lowest). A "
                  "class absent from both targets and predictions counts as 0, as in sklearn with "
                  "labels=range(C), zero_division=0. The error is 1 - F1.",
    .unit = "1",
    .version = 1,
    .higher_is_better = true,
    .score = score,
};
