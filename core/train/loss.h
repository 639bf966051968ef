/* Losses: value and gradient by the prediction, per chunk. Prediction is {n, C, H, W} of the plan's
 * type after decoding; the value is summed over the samples in double. The plan divides by the
 * batch. Each is compiled for both types; core/train/loss.c. */
#ifndef AF_LOSS_H
#define AF_LOSS_H
#include "core/op.h"

typedef enum af_target {
    AF_TARGET_CLASS,
    AF_TARGET_DENSE
} af_target; /* int32 a sample | floats like the prediction */

typedef struct af_loss {
    const char *name, *summary;
    af_target target;
    /* Returns the sum over the n samples; dpred (may be NULL) receives d(sum)/dpred * scale.
     * An element of a dense target that is NAN has no target: it adds nothing to any sum, and its
     * gradient is 0. Means are over all elements all the same, so that every target weighs alike.
     */
    double (*run[AF_DTYPES])(const void *pred, const void *target, int n, af_shape shape,
                             void *dpred, double scale);
} af_loss;

extern const af_loss
    af_loss_cross_entropy;                /* softmax over C; one class a sample, shape {C, 1, 1} */
extern const af_loss af_loss_bce;         /* sigmoid + binary cross-entropy, mean over elements */
extern const af_loss af_loss_mse;         /* mean over elements */
extern const af_loss af_loss_relative_l2; /* ||p - t||_2 / ||t||_2 of a sample */
extern const af_loss *const af_losses[];  /* all of them, NULL-terminated */
const af_loss *af_loss_find(const char *name); /* NULL when unknown */

#endif
