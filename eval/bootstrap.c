/* The bootstrap of mean ranks. One replicate is a comparison that might have been: other tasks of
 * the kind, other seeds. Its stream is named by its number, so replicates depend on nothing else.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/philox.h"
#include "eval/statistics.h"

typedef struct work {
    double *means, *ranks; /* {methods} of one task */
    double *replicates;    /* {methods, AF_REPLICATES} */
} work;

static double resampled_mean(const af_sample *s, af_rng *rng)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++) sum += s->at[af_rng_below(rng, s->n)];
    return sum / (double)s->n;
}

static void replicate(work *w, const af_sample *errors, size_t methods, size_t tasks, size_t number)
{
    af_rng rng = af_rng_at(0, "bootstrap", number, 0, 0, 0);
    for (size_t m = 0; m < methods; m++) w->replicates[m * AF_REPLICATES + number] = 0;
    for (size_t k = 0; k < tasks; k++) {
        size_t t = af_rng_below(&rng, tasks);
        for (size_t m = 0; m < methods; m++)
            w->means[m] = resampled_mean(&errors[m * tasks + t], &rng);
        af_ranks(w->ranks, w->means, methods);
        for (size_t m = 0; m < methods; m++)
            w->replicates[m * AF_REPLICATES + number] += w->ranks[m] / (double)tasks;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool says_nothing(const af_sample *errors, size_t methods, size_t tasks)
{
    size_t most = 0;
    for (size_t i = 0; i < methods * tasks; i++) most = errors[i].n > most ? errors[i].n : most;
    return methods > AF_BOOTSTRAP_METHODS || (tasks < 2 && most < 2);
}

af_status af_bootstrap_ranks(af_interval *out, const af_sample *errors, size_t methods,
                             size_t tasks)
{
    for (size_t m = 0; m < methods; m++) out[m] = (af_interval){NAN, NAN};
    if (says_nothing(errors, methods, tasks)) return AF_OK;
    double *memory = af_calloc(methods, (AF_REPLICATES + 2) * sizeof *memory);
    if (!memory) return AF_ENOMEM;
    work w = {memory, memory + methods, memory + 2 * methods};
    for (size_t b = 0; b < AF_REPLICATES; b++) replicate(&w, errors, methods, tasks, b);
    for (size_t m = 0; m < methods; m++) {
        double *mine = w.replicates + m * AF_REPLICATES;
        qsort(mine, AF_REPLICATES, sizeof *mine, ascending);
        out[m] = (af_interval){af_quantile(mine, AF_REPLICATES, 0.025),
                               af_quantile(mine, AF_REPLICATES, 0.975)};
    }
    af_free(memory);
    return AF_OK;
}
