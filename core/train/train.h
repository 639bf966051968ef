/* Training one network on a task's dataset, and predicting with it. Deterministic unless `fast`:
 * (dataset, protocol, graph, backend, precision, recipe, epochs, schedule, seed, trial) give the
 * same bits on one machine, also through checkpoints. */
#ifndef AF_TRAIN_H
#define AF_TRAIN_H
#include "core/data/dataset.h"
#include "core/metric.h"
#include "core/plan/plan.h"
#include "core/search/trial.h"
#include "core/train/recipe.h"

typedef struct af_training {
    const af_task *task;
    const af_metric *metric;
    const af_dataset *data; /* main part */
    af_protocol protocol;   /* picks splits and scaling */
    const af_graph *graph;
    const af_backend *backend;
    af_precision precision; /* of activations */
    bool fast;              /* see af_plan_options; results may then differ from run to run */
    af_recipe recipe;
    int epochs; /* how many to train; the recipe's, or fewer */
    af_fidelity_schedule schedule;
    int epochs_done;        /* of AF_PREFIX: that many were charged before; the checkpoint saves
                               doing them again and changes nothing else */
    uint64_t seed, trial;   /* name the random streams */
    int threads;            /* 0: all */
    bool validate;          /* false: the protocol has no validation split; the last epoch counts */
    bool every_epoch;       /* validate after each epoch and keep the best; else only the last */
    const char *checkpoint; /* path, NULL: none; written at most every checkpoint_seconds */
    double checkpoint_seconds;
    bool pause; /* write it after the last epoch too: a longer training will go on from it */
    /* (optional) After each epoch; returning other than AF_OK stops (a checkpoint is written
     * first). */
    af_status (*on_epoch)(void *payload, int epoch, double loss, double error);
    void *payload;
} af_training;

typedef struct af_trained {
    af_outcome outcome;
    af_plan *plan;  /* holds the chosen epoch's weights */
    af_plan *infer; /* shares its parameters */
    double *curve;  /* {epochs, 2}: training loss, validation error (NAN: not measured) */
    int epochs;
    /* Of this process's training steps: their seconds, those among them that were spent waiting for
     * a batch, and the CPU seconds, of any thread, that making their batches took. Measured, so not
     * reproducible; 0 when a checkpoint had all steps. */
    double step_seconds, waited, loading;
} af_trained;

/* Where it fails, out->outcome.spend has the epochs that were done, from the first, checkpoints
 * included, and the FLOPs charged for them.
 * Batches are recipe.batch, less when the split is smaller; an incomplete last batch is dropped. */
AF_CHECKED af_status af_train(af_trained *out, const af_training *t);
void af_trained_close(af_trained *t);
/* The plans alone, to train and to infer, of t's graph for its task and data; not initialised. */
AF_CHECKED af_status af_train_plans(af_trained *out, const af_training *t, int batch);
/* How a split is cut: *batch samples in each of *steps an epoch. A small split is one batch. */
AF_CHECKED af_status af_train_batches(const af_recipe *r, int64_t samples, int *batch, int *steps);
/* Epochs and FLOPs that this training will be charged, validation included: known exactly before it
 * is run. */
AF_CHECKED af_status af_train_predict(af_spend *out, const af_training *t);
/* Predictions {count, C, H, W} of the samples `which` of d (af_free). x is scaled as in the
 * training `job`. Adds the forward FLOPs to *flops. */
AF_CHECKED af_status af_train_infer(float **pred, const af_trained *t, const af_training *job,
                                    const af_dataset *d, const af_indices *which, double *flops);
/* What of an augmentation is left out under this protocol, as d lacks the data for it: "mix: the
 * data have no /noise"; "" for nothing. */
void af_augment_left_out(char out[AF_AUGMENT_TEXT], const af_augment *augment, const af_dataset *d,
                         af_protocol protocol);
/* Aggregates by group as the task says, then scores. The protocol picks the mask. */
AF_CHECKED af_status af_score(double *score, const af_task *task, const af_metric *metric,
                              const af_dataset *d, af_protocol protocol, const af_indices *which,
                              const float *pred);

#endif
