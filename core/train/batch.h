/* Batches: which samples an epoch visits and how they are brought to the network: read as floats,
 * given a level, moved, scaled, cut, masked, mixed. Or, for a plan that composes its inputs, as
 * they are stored, with what is to be done to them. What a batch holds depends on its samples and
 * their source only. Internal to train. */
#ifndef AF_BATCH_H
#define AF_BATCH_H
#include "core/train/train.h"

typedef struct af_source {
    const af_dataset *data;
    const af_scaling *scaling; /* of the training's own dataset and protocol */
    const uint8_t *mask;       /* of data, for targets; NULL: none */
    af_augment augment;        /* drawn at seed, trial and epoch; all 0: none */
    uint64_t seed, trial;
    uint32_t epoch;
} af_source;

typedef struct af_batch {
    int n;
    float *x; /* {n, C, H, W}; NULL: as stored */
    af_rows rows;
    void *y;     /* targets, int32 {n} or float {n, C, H, W}, NAN where masked */
    float *room; /* for one sample and one background sample on their way */
} af_batch;

/* Samples an epoch visits under the task's sampler. */
int64_t af_epoch_samples(const af_task *task, const af_dataset *d, const af_indices *split);
/* Fills `order`, which has room for the split, with the epoch's order: every sample of the split,
 * or one of each group, shuffled by the streams "shuffle" and "window" of (seed, trial, epoch).
 * Returns their number. */
int64_t af_epoch_order(int64_t *order, const af_training *t, const af_indices *split, int epoch);
/* The training's data, augmented as its recipe says for this epoch. */
af_source af_epoch_source(const af_training *t, int epoch);
/* Samples of d as they are validated and scored: not augmented but for their level. */
af_source af_scoring_source(const af_training *t, const af_dataset *d);

AF_CHECKED af_status af_batch_new(af_batch *b, const af_dataset *d, int size);
/* One that holds samples as they are stored. */
AF_CHECKED af_status af_batch_new_stored(af_batch *b, const af_dataset *d, int size);
/* The kind that the plan is best given. */
AF_CHECKED af_status af_batch_new_for(af_batch *b, const af_dataset *d, int size, const af_plan *p);
void af_batch_close(af_batch *b); /* also of one that is all 0 */
/* Brings n samples which[0 .. n-1] into the batch. */
void af_batch_load(af_batch *b, const af_source *s, const int64_t *which, int n);
/* Before a step on the batch, which is given its x: sends what is as stored to the plan. */
AF_CHECKED af_status af_batch_send(const af_batch *b, af_plan *p);

#endif
