/* A recipe: how a task trains its networks. Data, printed into every result; a space may override
 * fields from hyper-parameters of its configurations. */
#ifndef AF_RECIPE_H
#define AF_RECIPE_H
#include "core/train/augment.h"
#include "core/train/optimiser.h"

enum { AF_EPOCHS_MAX = 100000 }; /* that a recipe may ask for */

typedef struct af_recipe {
    int epochs, batch;
    af_optimiser optimiser;
    double lr, momentum, weight_decay, clip; /* clip 0: none; SGD uses Nesterov momentum */
    af_schedule schedule;
    double dropout;     /* for networks that have a place for it */
    af_augment augment; /* of training batches */
} af_recipe;

#endif
