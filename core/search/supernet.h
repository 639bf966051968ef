/* What a searcher that shares weights is given: one network that holds all of a space, trained on
 * one half of the training samples, and gradients of its coefficients on the other half. Neither
 * half is the validation split. Everything is charged by the operations that the coefficients leave
 * switched on. The length of a search follows from its budget and is known at its start.
 *
 *     AF_TRY(af_supernet_begin(s, &how));              how.state was restored if the run resumes
 *     for (bool more;;) {
 *         ... coefficients c from the state ...
 *         AF_TRY(af_supernet_next(s, c, &more));       checkpoints, journal, signals
 *         if (!more) break;
 *         AF_TRY(af_supernet_weights_step(s, c, NULL));
 *         AF_TRY(af_supernet_coefficients_step(s, c, gradient, &loss));
 *         ... update the state ...
 *     }
 *     *out = af_space_argmax(space, c);
 *
 * Whatever a searcher remembers from step to step is in `state`: then a run that is killed at any
 * instant resumes and ends as an undisturbed one. Random numbers: af_supernet_rng. */
#ifndef AF_SUPERNET_H
#define AF_SUPERNET_H
#include "core/space.h"

typedef struct af_supernet af_supernet;

typedef struct af_sharing { /* how the weights are trained: SGD with Nesterov momentum */
    int batch;              /* of both streams; less when a half is smaller */
    double lr, lr_min;      /* cosine from one to the other over the whole search */
    double momentum, weight_decay, clip;
    int passes;      /* forward and backward passes a step makes at most, of either kind */
    int evaluations; /* calls of af_supernet_evaluate at most, for which budget is kept */
    int recalibrate; /* batches that set running statistics before evaluate; 0: as they are */
    double *state;   /* the searcher's; kept in checkpoints */
    int state_count;
} af_sharing;

/* `how` is copied; its state is borrowed until the search returns. */
AF_CHECKED af_status af_supernet_begin(af_supernet *s, const af_sharing *how);
/* Ends the step before and begins the next; *more is false when there is none. `coefficients` are
 * recorded at the end of an epoch. */
AF_CHECKED af_status af_supernet_next(af_supernet *s, const double *coefficients, bool *more);

/* One update of the weights on this step's batch of the first half: every sample once an epoch,
 * augmented as the task's recipe says. Coefficients as af_space_groups numbers them. loss NULL: a
 * device is not waited for, and a loss that is not finite is told by the next call. */
AF_CHECKED af_status af_supernet_weights_step(af_supernet *s, const double *coefficients,
                                              double *loss);
/* Loss and dLoss/dcoefficient on this step's batch of the second half, which is drawn anew in every
 * step. The weights do not move, running statistics do. */
AF_CHECKED af_status af_supernet_coefficients_step(af_supernet *s, const double *coefficients,
                                                   double *gradient, double *loss);

/* Validation error of one configuration with the shared weights. Leaves no trace but the bill. */
AF_CHECKED af_status af_supernet_evaluate(af_supernet *s, const af_config *c, double *error);
/* Weights, running statistics and momentum, kept and brought back. One copy; restoring needs a save
 * in the same step. */
AF_CHECKED af_status af_supernet_save(af_supernet *s);
void af_supernet_restore(af_supernet *s);

/* The stream "search", positioned by the step; `index` tells several consumers apart. */
af_rng af_supernet_rng(const af_supernet *s, uint32_t index);

#endif
