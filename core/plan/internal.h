/* The plan's inside, shared by the files of core/plan.
 *
 * Time is (phase, position): a phase ends with a barrier, needed wherever an op reduces over the
 * whole batch; inside a phase every chunk goes through all items in order of position. A tensor
 * that is written and read within one phase never leaves the chunk: it lives in the thread's
 * memory. The others are batch-wide.
 */
#ifndef AF_PLAN_INTERNAL_H
#define AF_PLAN_INTERNAL_H
#include "core/device.h"
#include "core/plan/plan.h"
#include "core/plan/team.h"
#include "core/plan/widen.h"

typedef struct af_item { /* one call on every chunk */
    af_item_kind kind;
    af_id node;
    int input; /* gather, backward of one input: which */
    bool last; /* gather: of the node; what is combined is then complete */
    int phase, position;
} af_item;

typedef struct af_tensor {
    size_t sample_bytes; /* 0: does not exist */
    int first, last;     /* positions of the first write and the last read; first < 0: unused */
    int first_phase, last_phase;
    bool local;
    size_t offset;
} af_tensor;

typedef struct af_step_node {
    af_node node;
    af_shape in[AF_MAX_INPUTS];
    bool live, wants_gradient; /* reaches the output; has parameters at or before it */
    int gather_phase, forward_phase, gather_back_phase, backward_phase; /* -1: none */
    af_tensor value, gradient, saved;
    bool wants_dx[AF_MAX_INPUTS], add[AF_MAX_INPUTS];
    bool active, on[AF_MAX_INPUTS]; /* in this step; inputs that are read. active.c */
    bool written;                   /* while additions are worked out */
    size_t mix_at;                  /* {chunks, AF_MAX_INPUTS} of mix_partials */
    bool gone;                      /* taken up by another node; passes.c */
    /* Parameter k is parameter k of these nodes of the graph, one after the other: of this one, of
     * others that it has taken up. Indices into the plan's params, of their first ones. */
    int origin[AF_MAX_INPUTS], origins;
    af_param params[AF_MAX_PARAMS];
    int param_count;
    int64_t param_at[AF_MAX_PARAMS]; /* element offset into weights or buffers */
    int partials, shared;
    size_t partial_at, shared_at; /* doubles */
    size_t lane_at;               /* bytes into a lane's memory */
    const af_kernel *kernel;
    af_prepared prepared;
    unsigned widened; /* AF_WIDEN_*: sides that the kernel cannot read as they are stored */
} af_step_node;

/* A parameter of the graph; in its order, which initial values and flat tensors follow. */
typedef struct af_plan_param {
    af_param param;
    int64_t at; /* element offset into weights or buffers */
    int owner;  /* node of the plan that uses it */
} af_plan_param;

enum { AF_PLAN_PASSES = 3, AF_PASS_TEXT = 160 };

/* Active parameters: `count` elements, the at-th of all active ones and those that follow it,
 * which lie from `from` on in the flat arrays. */
typedef struct af_span {
    int64_t at, from, count;
} af_span;

/* What a plan on a device has besides; device.c. */
typedef struct af_device_side af_device_side;
/* Where its inputs are composed; compose.c. */
typedef struct af_composer af_composer;

struct af_plan {
    const af_backend *backend;
    af_plan_options o;
    size_t item_size;               /* bytes of one parameter */
    af_dtype type;                  /* of activations; prediction and last have the backend's */
    int nodes, output, input, last; /* last: what the output alone reads; -1: none */
    af_step_node *node;
    af_plan_param *params;
    int param_count;
    char pass_note[AF_PLAN_PASSES][AF_PASS_TEXT]; /* what each pass did */
    af_item *items;                               /* sorted by (phase, position) */
    int item_count, phases;
    int *ready;       /* phase in which the gradient of a node's result is complete */
    int *phase_start; /* {phases + 1} indices into items */
    int chunks, chunks_per_lane, threads;
    af_cost cost;
    int64_t weight_count, buffer_count; /* elements of the flat arrays, padded */
    char *weights, *buffers, *state[AF_OPTIMISER_STATE],
        *gradients; /* gradients: {lanes, weights} */
    size_t batch_bytes, local_bytes, lane_bytes, scratch_bytes, widen_bytes;
    /* local, scratch, widen: {threads}; lane: {lanes} */
    char *batch_memory, *local_memory, *lane_memory, *scratch, *widen;
    double *seconds; /* {threads, nodes, 2}; NULL: not timed */
    double *partials, *shared, *chunk_loss, *block_norm;
    float *tail; /* {chunk} samples of input: the padded last chunk of an inference */
    af_team *team;
    int coefficient_count, run_count;
    double *coefficients, *mix_partials;
    size_t mix_partial_count;
    af_span *runs;        /* in order */
    int64_t active_count; /* elements in all runs */
    af_cost active_cost;
    double loss_sum;          /* of the steps since af_plan_losses, on the host */
    const af_device_type *on; /* NULL: the host, and nothing below */
    af_device *device;
    af_device_side *side;
    af_composer *composer; /* NULL: x is floats */
};

enum { AF_BLOCK = 16384 }; /* elements per block of the optimiser's pass */

/* One step or inference, the same for all threads. */
typedef struct af_plan_job {
    af_plan *p;
    const float *x;          /* NULL: a device composes it */
    const char *y;           /* NULL: no loss */
    float *pred;             /* infer */
    int n;                   /* samples wanted; training: the batch */
    const af_update *update; /* NULL: gradients only */
    af_position at;
    double momentum; /* >= 0: forward only, for the running statistics, whose momentum it is */
} af_plan_job;

/* passes.c: rewrites the nodes; before the layout. */
AF_CHECKED af_status af_passes_run(af_plan *p);
/* layout.c: live nodes, phases, items; then tensors and their offsets. */
AF_CHECKED af_status af_layout_items(af_plan *p);
AF_CHECKED af_status af_layout_memory(af_plan *p);
/* params.c */
AF_CHECKED af_status af_params_new(af_plan *p);
int64_t af_param_room(const af_param *a); /* elements in the flat arrays, padding included */
/* active.c; af_active_new after af_params_new and the layout. */
AF_CHECKED af_status af_active_new(af_plan *p);
void af_active_free(af_plan *p);
void af_active_call(const af_plan *p, const af_step_node *n, int chunk, af_call *c);
/* The first run of active elements [at, end); count 0 when there is none. */
af_span af_active_span(const af_plan *p, int64_t at, int64_t end);
/* update.c; u NULL: only sums the gradients. A thread's part of it. */
int64_t af_plan_blocks(const af_plan *p);
void af_update_weights(af_plan *p, const af_update *u, int thread);

/* Memory of what kernels see, zeros: the device's or the host's. */
void *af_plan_alloc(const af_plan *p, size_t bytes);
void af_plan_release(const af_plan *p, void *memory);

/* ---- device.c: plans on a device. All queue work, and wait for nothing but where it is said. */

AF_CHECKED af_status af_device_open(af_plan *p);     /* before anything is allocated */
AF_CHECKED af_status af_device_side_new(af_plan *p); /* after everything is laid out */
void af_device_side_free(af_plan *p);
/* *out: memory of the device with these floats; stays NULL when `from` is. Queued. */
AF_CHECKED af_status af_device_copy(const af_plan *p, float **out, const float *from, size_t count);

/* Sends the inputs; then runs work(j, 0), or plays what it recorded of the same step before. */
AF_CHECKED af_status af_device_run(af_plan_job *j, void (*work)(void *job, int thread));
/* For `work`: what is in the device's memory, and what it does once a step. */
float *af_device_x(const af_plan *p);
const af_step_inputs *af_device_inputs(const af_plan *p);
const double *af_device_coefficients(const af_plan *p);
void af_device_loss_call(const af_plan *p, bool has_target);
void af_device_update_call(const af_plan *p, const af_update *u);

/* These wait. `anew`: sums begin again. */
AF_CHECKED af_status af_device_results(const af_plan *p, af_step_results *out, bool anew);
AF_CHECKED af_status af_device_prediction(const af_plan *p, int n, float *pred);
/* mix_partials on the host; NAN when the device has failed. */
const double *af_device_mix(const af_plan *p);
/* Room on the host for a part; gradients share that of the weights. */
char *af_device_mirror(const af_plan *p, af_part part);

/* ---- compose.c: x on a device, from samples as they are stored ---- */

AF_CHECKED af_status af_composer_new(af_plan *p); /* of o.input */
void af_composer_free(af_plan *p);
/* What af_plan_compose sent is now used up; fails when that was not this many samples. */
AF_CHECKED af_status af_composer_take(af_plan *p, int samples);
int af_composer_rows(const af_plan *p); /* that were sent last */
bool af_composer_masks(const af_plan *p);
void af_composer_call(const af_plan *p, float *x); /* for `work` */

#endif
