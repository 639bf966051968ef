/* Batches: which samples an epoch visits and how they are brought to the network. Internal to
 * train. */
#ifndef AF_BATCH_H
#define AF_BATCH_H
#include "core/train/train.h"

typedef struct af_feeder {
    const af_dataset *data;
    const af_scaling *scaling; /* of the training's own dataset and protocol */
    int64_t *order;            /* this epoch's samples; room for `most` */
    int64_t count;
    af_augment augment; /* of this epoch, drawn at seed, trial and epoch; none before the first */
    uint64_t seed, trial;
    uint32_t epoch;
    float *x;    /* {batch, C, H, W} */
    void *y;     /* targets of the batch */
    float *room; /* for one sample on its way */
} af_feeder;

AF_CHECKED af_status af_feeder_new(af_feeder *f, const af_dataset *d, const af_scaling *s,
                                   int batch, int64_t most);
void af_feeder_close(af_feeder *f);
/* The epoch's order: every sample of the split, or one of each group, shuffled by the streams
 * "shuffle" and "window" of (seed, trial, epoch). From here on batches are augmented as the recipe
 * says. */
void af_feeder_epoch(af_feeder *f, const af_training *t, const af_indices *split, int epoch);
/* Samples the epoch visits under the task's sampler. */
int64_t af_epoch_samples(const af_task *task, const af_dataset *d, const af_indices *split);
/* Copies n samples which[0 .. n-1] into x and y: moved, scaled, cut. */
void af_feeder_load(af_feeder *f, const int64_t *which, int n);

#endif
