/* An evaluator turns a trial into an outcome: by training (core/train), by looking up a table, by
 * asking another program. Searchers cannot tell which. */
#ifndef AF_EVALUATOR_H
#define AF_EVALUATOR_H
#include "core/search/trial.h"
#include "core/train/train.h"

typedef struct af_evaluator {
    void *self;
    /* What the trial will cost, exactly in FLOPs and epochs, roughly in seconds. A trial may turn
     * out cheaper (training that diverges stops early), never dearer. */
    af_status (*predict)(void *self, const af_trial *t, af_spend *out);
    af_status (*run)(void *self, const af_trial *t, af_outcome *out);
    /* (optional) The outcome is on disk: what was kept in case the trial is begun again may go. */
    void (*forget)(void *self, const af_trial *t);
    double x_flops; /* 0: tables, which refuse budgets in x */
} af_evaluator;

/* ---- the one that trains; core/search/evaluator_train.c ---- */

/* What all trainings of a run share. */
typedef struct af_workbench {
    const af_task *task;
    const af_metric *metric;
    const af_dataset *data;
    af_protocol protocol; /* whose training and validation splits are used */
    const af_space *space;
    const af_backend *backend;
    af_precision precision;
    bool fast;
    af_io io;
    af_recipe recipe; /* the task's, before a configuration changes it */
    uint64_t seed;
    int threads;
    const char *trials; /* directory of the trials' checkpoints; NULL: none, and a trial that
                           continues another trains from the beginning, to the same bits */
    double checkpoint_seconds;
} af_workbench;

/* The network and the training of a proposal, which validates once, after the last epoch; `trial`
 * names its random streams. The caller frees *graph, after the training. */
AF_CHECKED af_status af_workbench_job(af_training *out, af_graph **graph, const af_workbench *w,
                                      const af_proposal *p, uint64_t trial);
/* Borrows the workbench. Training that diverges is an outcome, charged up to the epoch it died in.
 */
af_evaluator af_evaluator_train(af_workbench *w, double x_flops);

#endif
