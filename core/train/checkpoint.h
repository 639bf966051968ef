/* A training's checkpoint: one file, written atomically, ending in its SHA-256. For core/train, and
 * for searches that train shared weights, whose checkpoints have other pieces. */
#ifndef AF_CHECKPOINT_H
#define AF_CHECKPOINT_H
#include "core/train/train.h"

typedef struct af_progress_state { /* what a training is besides its tensors; plain data */
    int32_t epoch, best_epoch;     /* epochs done; best so far, -1: none */
    double best_error, last_loss;
    double seconds, paused; /* spent in all; and before it went on from its last pause */
} af_progress_state;

typedef struct af_checkpoint { /* where its contents are, or go */
    af_progress_state *state;
    double *curve; /* {rows, 2} */
    int rows;
    void *now, *best; /* snapshots of the plan */
    size_t now_size, best_size;
} af_checkpoint;

/* Identity of a training: two with equal text give the same bits. One to more epochs of the same
 * AF_PREFIX schedule is the same training. */
AF_CHECKED af_status af_training_digest(char hex[AF_SHA256_HEX], const af_training *t);
AF_CHECKED af_status af_checkpoint_write(const char *path, const char *digest,
                                         const af_checkpoint *c);
/* *found is false when there is none, or when it belongs to another training (a warning is logged).
 * A damaged file is AF_EFORMAT. */
AF_CHECKED af_status af_checkpoint_read(const char *path, const char *digest, bool *found,
                                        const af_checkpoint *c);

/* What both stand on: any pieces of memory, and the digest that says whose they are. */
typedef struct af_piece {
    void *data;
    size_t size;
} af_piece;
AF_CHECKED af_status af_pieces_write(const char *path, const char *digest, const af_piece *p,
                                     int count);
AF_CHECKED af_status af_pieces_read(const char *path, const char *digest, bool *found,
                                    const af_piece *p, int count);

#endif
