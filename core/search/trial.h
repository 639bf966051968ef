/* A trial: {task, configuration, fidelity, seed}, and what came of it. */
#ifndef AF_TRIAL_H
#define AF_TRIAL_H
#include "core/space.h"

/* Fidelity: epochs, with the learning-rate schedule either compressed into them (own) or cut off
 * (prefix: the first epochs of the recipe's full schedule, which can be continued later). */
typedef enum af_fidelity_schedule { AF_OWN, AF_PREFIX } af_fidelity_schedule;
extern const char *const af_fidelity_names[]; /* "own", "prefix", NULL */

typedef struct af_proposal {
    af_config config;
    int epochs; /* preset to the default fidelity */
    af_fidelity_schedule schedule;
    /* Continues the training of trial `from`, whose outcome was told: same configuration, both
     * AF_PREFIX, more epochs. A trial is continued once at most. Only the epochs beyond it are
     * trained and charged, and the outcome is that of one training to `epochs`. */
    bool continues;
    int64_t from;
} af_proposal;

typedef struct af_trial {
    int64_t number; /* from 0, in the order of proposals */
    af_proposal proposal;
    int64_t root;    /* where a chain of continued trials began, else its own number: names the
                        training's random streams */
    int epochs_done; /* by the trials it continues */
} af_trial;

/* What was used up, in four units at once. FLOPs count every forward and backward of any network;
 * the loss and the optimiser, a few operations per output and parameter, are left out. */
typedef struct af_spend {
    double trials, epochs, seconds, flops;
} af_spend;

typedef struct af_outcome {
    double error; /* validation error, lower is better; INFINITY when training diverged */
    double loss;  /* mean training loss of the last epoch */
    int best_epoch;
    af_spend spend;
    char digest[65]; /* SHA-256 of the trained weights and buffers */
} af_outcome;

#endif
