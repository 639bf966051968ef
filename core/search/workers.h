/* Who executes trials. Searchers and the virtual clock never see it: which worker takes a trial,
 * how many there are and when each is done change no result. In this process (below), in other
 * processes (pool.h), on a device several in each (gang.h); ranks on other machines would be
 * others.
 */
#ifndef AF_WORKERS_H
#define AF_WORKERS_H
#include "core/search/evaluator.h"

typedef struct af_workers {
    void *self;
    int slots; /* trials at once */
    /* Begins a trial; called with fewer than `slots` under way. */
    af_status (*start)(void *self, const af_trial *t);
    /* Waits until one of them is done. AF_EINTERRUPTED when a signal asks to stop and none is under
     * way any more. *number is set when the failure is a trial's own, else -1. */
    af_status (*finish)(void *self, int64_t *number, af_outcome *out);
} af_workers;

/* One trial at a time, by the evaluator itself, when its outcome is waited for. */
typedef struct af_here {
    const af_evaluator *evaluator;
    af_trial trial;
} af_here;
af_workers af_workers_here(af_here *h);

#endif
