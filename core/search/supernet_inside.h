/* Inside a supernet; for core/search/supernet*.c and share.c. */
#ifndef AF_SUPERNET_INSIDE_H
#define AF_SUPERNET_INSIDE_H
#include "core/search/share.h"
#include "core/search/supernet.h"
#include "core/train/batch.h"

typedef struct af_share_state {    /* what a search is besides its tensors; plain data */
    int64_t done;                  /* steps */
    double loss, coefficient_loss; /* sums over this epoch's steps so far */
    double flops, seconds;
} af_share_state;

/* A stream of batches: one half of the training samples, in the order of its own random stream. */
typedef struct af_stream {
    af_training names; /* task, recipe, seed, trial: what batches follow from */
    af_indices half;
    int64_t *order, ordered; /* ordered: epoch, or step, whose order it is; -1: none */
    af_batch batch;
} af_stream;

struct af_supernet {
    const af_share *share;
    struct af_journal *journal;
    af_sharing how;
    int coefficients; /* of the space; the graph's mixes may name fewer */
    af_graph *graph;
    af_trained nets; /* plan and infer */
    af_stream weights, other;
    int batch, steps, epochs;
    int pass;      /* steps of one pass through the first half; `steps`, or more */
    int64_t total; /* steps */
    bool begun, stepping;
    bool owed;        /* the loss of a step of the weights is yet to be fetched */
    double last_loss; /* of the last one that was */
    af_share_state state;
    double started, saved_at; /* clock */
    char *snapshot, *saved;
    size_t snapshot_size;
    double *one_hot, *kept_buffers;
    char digest[AF_SHA256_HEX]; /* whose checkpoint it is */
};

/* supernet.c: halves, plans, batches. */
AF_CHECKED af_status af_supernet_open(af_supernet *s, const af_share *share);
AF_CHECKED af_status af_supernet_prepare(af_supernet *s); /* after s->how is known */
void af_supernet_close(af_supernet *s);
/* Waits for the step of the weights that was not waited for, and adds its loss. */
AF_CHECKED af_status af_supernet_settle(af_supernet *s);
/* The batch of the weights' stream at (epoch, step), for calibration too. */
void af_supernet_load(af_stream *t, int64_t at, int64_t offset, int batch);

#endif
