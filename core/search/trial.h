/* A trial: {task, configuration, fidelity, seed}, and what came of it. */
#ifndef AF_TRIAL_H
#define AF_TRIAL_H
#include "core/space.h"

/* Fidelity: epochs, with the learning-rate schedule either compressed into them (own) or cut off
 * (prefix: the first epochs of the recipe's full schedule, which can be continued later). */
typedef enum af_fidelity_schedule { AF_OWN, AF_PREFIX } af_fidelity_schedule;

typedef struct af_proposal {
    af_config config;
    int epochs; /* preset to the default fidelity */
    af_fidelity_schedule schedule;
} af_proposal;

typedef struct af_trial {
    int64_t
        number; /* from 0, in the order of proposals; also names the training's random streams */
    af_proposal proposal;
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
