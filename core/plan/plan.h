/* A plan: graph x backend x batch x (train | infer). Everything is allocated here, by liveness; a
 * step allocates nothing.
 *
 *     af_plan_options o = af_plan_options_default();
 *     o.batch = 64; o.loss = &af_loss_cross_entropy; o.train = true;
 *     AF_TRY(af_plan_new(&plan, graph, backend, &o));
 *     af_plan_init(plan, seed, trial);
 *     AF_TRY(af_plan_step(plan, x, y, &update, position, &loss));
 *
 * The batch is cut into lanes (consecutive samples, reduced independently) and lanes into chunks
 * that fit the cache. The plan's threads take whole lanes; every reduction runs in chunk or lane
 * order. So the bits depend on (batch, lanes, chunk), never on the number of
 * threads.
 *
 * On a device (core/device.h) the batch is one chunk, a call of a kernel queues work, and the work
 * of a step is recorded when the same comes a second time, then played.
 *
 * x is {batch, C, H, W} and y the target as the loss wants it, both float, on the host. A device
 * can also compose x of samples as they are stored: af_plan_compose.
 */
#ifndef AF_PLAN_H
#define AF_PLAN_H
#include "core/backend.h"
#include "core/train/loss.h"
#include "core/train/optimiser.h"
#include "core/train/sample.h"

typedef struct af_plan af_plan;

/* How samples are stored, and what they are scaled by; see core/train/sample.h. */
typedef struct af_plan_input {
    af_stored type;
    const float *mean, *std; /* {C, H, W}; NULL: none */
    bool noises;             /* training: there may be background samples to mix in */
} af_plan_input;

typedef struct af_plan_options {
    int batch;
    int lanes;   /* 0: at most 4, fewer when the batch does not divide */
    int chunk;   /* samples; 0: by a fixed cache budget, a divisor of the lane */
    int threads; /* 0: all cores, or OMP_NUM_THREADS; never changes the bits */
    bool train;
    af_precision precision;
    bool fast;           /* results may differ from run to run, if that is quicker (devices) */
    bool timed;          /* measure the seconds of every node */
    bool plain;          /* no passes: every node of the graph runs on its own */
    const af_loss *loss; /* needed to train; infer plans with one can report the loss */
    af_plan *params_of;  /* infer: share this plan's parameters (must outlive it); NULL: own */
    /* Per-element affine decoding of the prediction before the loss, {C, H, W} of the output:
     * prediction = output * scale + shift. NULL: none. Borrowed until the plan is freed. */
    const float *scale, *shift;
    /* What a device is to compose x of; NULL: nothing. Borrowed until the plan is made. */
    const af_plan_input *input;
} af_plan_options;
af_plan_options af_plan_options_default(void);

AF_CHECKED af_status af_plan_new(af_plan **out, const af_graph *g, const af_backend *b,
                                 const af_plan_options *o); /* copies the graph's nodes */
void af_plan_free(af_plan *p);

/* Draws initial parameters from the stream "init" of (seed, trial); resets buffers and momentum. */
void af_plan_init(af_plan *p, uint64_t seed, uint64_t trial);

/* Whether it computes on a device that composes x of samples stored so. */
bool af_plan_composes(const af_plan *p, af_stored type);
/* Sends such samples over; the next step, gradients, calibration or inference, on just as many, is
 * then given NULL for x. The rows stay the caller's, who may change them at once. */
AF_CHECKED af_status af_plan_compose(af_plan *p, const af_rows *rows);

/* One training step on exactly `batch` samples: forward, loss, backward, update. *loss: the batch's
 * mean loss before the update. A loss that is not finite is AF_EDIVERGED; parameters are then
 * unusable. loss NULL: not waited for; af_plan_losses tells later. */
AF_CHECKED af_status af_plan_step(af_plan *p, const float *x, const void *y, const af_update *u,
                                  af_position at, double *loss);
/* Waits for the steps queued so far. *sum: of the losses of all steps since the last call, in their
 * order; AF_EDIVERGED names the first that was not finite. */
AF_CHECKED af_status af_plan_losses(af_plan *p, double *sum);
/* Forward and backward only: gradients stay readable by af_plan_read (AF_GRADIENTS). */
AF_CHECKED af_status af_plan_gradients(af_plan *p, const float *x, const void *y, af_position at,
                                       double *loss);
/* Forward in training, on exactly `batch` samples: only running statistics change, of what is
 * active, by the batch's with this momentum. 1, 1/2, 1/3 ... make them the mean over batches. */
AF_CHECKED af_status af_plan_calibrate(af_plan *p, const float *x, double momentum, af_position at);
/* Inference on n <= batch samples; pred receives {n, C, H, W} floats (decoded). y and loss may be
 * NULL; *loss is the sum over the n samples of the per-sample loss. */
AF_CHECKED af_status af_plan_infer(af_plan *p, int n, const float *x, const void *y, float *pred,
                                   double *loss);

/* Coefficients of the graph's mixes: inputs of the next steps, all 1 at first. What only inputs
 * with a coefficient of exactly 0 need is skipped: not computed, not updated, not charged. */
int af_plan_coefficients(const af_plan *p); /* how many; 0: the graph mixes nothing */
void af_plan_set_coefficients(af_plan *p, const double *c);
/* dLoss/dcoefficient of the last step or gradients; 0 for those that are 0. */
void af_plan_coefficient_gradients(const af_plan *p, double *out);
/* Per sample, of what the coefficients leave active. */
af_cost af_plan_active_cost(const af_plan *p);

/* Flat tensors in canonical layout, as doubles. */
typedef enum af_part { AF_WEIGHTS, AF_BUFFERS, AF_GRADIENTS } af_part;
int64_t af_plan_size(const af_plan *p, af_part part);
void af_plan_read(const af_plan *p, af_part part, double *out);
void af_plan_write(af_plan *p, af_part part, const double *in); /* not AF_GRADIENTS */

/* Everything a training needs to go on, as bytes (weights, buffers, optimiser state): for
 * checkpoints and for keeping the best epoch. Valid for a plan of the same graph, backend and
 * options. */
size_t af_plan_snapshot_size(const af_plan *p);
void af_plan_snapshot(const af_plan *p, void *out);
void af_plan_restore(af_plan *p, const void *in);
/* AF_OK unless the device has failed: what was read, taken or digested before is then of no use. */
AF_CHECKED af_status af_plan_status(const af_plan *p);
/* Adds weights and buffers, bit for bit, to a digest. */
struct af_sha256;
void af_plan_digest(const af_plan *p, struct af_sha256 *h);

typedef struct af_plan_info {
    size_t bytes_total, bytes_batch, bytes_lane,
        bytes_params; /* batch-wide and lane-local activations */
    int lanes, chunk, threads, phases, nodes;
} af_plan_info;
af_plan_info af_plan_describe(const af_plan *p);
/* Name of pass 0, 1 ... and what it did; NULL when there are no more. */
const char *af_plan_pass(const af_plan *p, int pass, const char **note);
/* Node i of a plan as it runs; index 0 is forward, 1 is backward. */
typedef struct af_plan_node_info {
    const af_node *node; /* inputs are nodes of the plan */
    const char *kernel;
    bool converts;               /* the kernel runs between conversions from and to bf16 */
    int phase[2];                /* -1: none */
    bool local;                  /* its result never leaves the chunk */
    size_t bytes;                /* of its tensors: result, gradient, what is kept in between */
    double flops[2], traffic[2]; /* of a step; traffic: bytes its kernels move at least */
    double seconds[2];           /* summed over threads and steps, if timed */
} af_plan_node_info;
/* False when i was taken up by another node or nothing needs it. */
bool af_plan_node(const af_plan *p, int i, af_plan_node_info *out);
void af_plan_reset_times(af_plan *p);
const af_cost *af_plan_cost(const af_plan *p); /* per sample */
int af_plan_batch(const af_plan *p);

#endif
