/* Contract: a device with memory and a queue of work of its own, such as a stream of a GPU. A
 * backend that computes on one names its type; plans then keep tensors and parameters there, every
 * call of a kernel queues work, and nothing waits but `wait` and `fetch`.
 *
 *     AF_TRY(type->open(&d));
 *     float *x = type->alloc(d, size);          zeros, in the device's memory
 *     type->send(d, x, values, size);           queued; `values` may change as soon as it returns
 *     kernel->forward(&call);                   queued
 *     AF_TRY(type->fetch(d, values, x, size));  waits
 *
 * Work is the same from step to step, but for what stands in af_step_inputs. So it can be recorded
 * once and played again: a kernel reads those in the device's memory, never in its arguments.
 *
 * What is queued cannot fail on the spot: the first failure is kept, and `wait` reports it. */
#ifndef AF_DEVICE_H
#define AF_DEVICE_H
#include "core/op.h"
#include "core/train/loss.h"
#include "core/train/optimiser.h"
#include "core/train/sample.h"

typedef struct af_device af_device;
typedef struct af_recording af_recording;

/* What differs from step to step. */
typedef struct af_step_inputs {
    af_position at;
    int64_t samples; /* that count in the loss, the first ones */
    int64_t rows;    /* of which x is composed */
    double momentum; /* of the running statistics; < 0: that of each node */
    double clip;     /* of the update */
    af_update_terms update;
} af_step_inputs;

/* What steps leave behind. All but the first two go on until they are cleared. */
typedef struct af_step_results {
    double loss;             /* of the last step: sum over its samples */
    double squares;          /* of its gradients, if they were clipped */
    double sum;              /* of the steps' mean losses */
    double bad_loss;         /* the first mean that was not finite, */
    uint32_t bad, bad_epoch, /* if there was one, */
        bad_step;            /* and where */
} af_step_results;

/* All pointers are to the device's memory, here and below. */
typedef struct af_device_compose {
    af_stored type;
    af_shape shape;
    int n;            /* samples of x; those that inputs do not count become 0 */
    int room;         /* rows, of which inputs says how many are used */
    bool masks;       /* whether rows may be masked */
    const char *rows; /* as in af_rows */
    size_t stride;
    const float *mean, *std; /* {C, H, W}; NULL: none */
    float *least;            /* {room} scratch */
    float *x;                /* {n, C, H, W} */
    const af_step_inputs *inputs;
} af_device_compose;

typedef struct af_device_loss {
    const af_loss *loss; /* NULL: only decodes the prediction */
    af_shape shape;
    int n;               /* samples in the batch */
    float *pred, *dpred; /* {n, C, H, W}; dpred NULL: no gradient */
    const void *target;
    const float *scale, *shift; /* {C, H, W}: pred = pred * scale + shift, in place; NULL: none */
    double *sample_loss;        /* {2, n} scratch: losses, and what their gradients need */
    const af_step_inputs *inputs;
    af_step_results *results;
} af_device_loss;

/* `count` elements of the flat parameters from `from` on. */
typedef struct af_range {
    int64_t from, count;
} af_range;

typedef struct af_device_update {
    af_optimiser kind;
    bool clips;
    float *weights, *state[AF_OPTIMISER_STATE];
    const float *gradients;
    const af_range *runs; /* on the host; in order, not overlapping */
    int run_count;
    const af_step_inputs *inputs;
    af_step_results *results;
} af_device_update;

typedef struct af_device_type {
    AF_CHECKED af_status (*open)(af_device **out);
    void (*close)(af_device *d); /* when all that was allocated is freed; NULL is fine */
    /* NULL (and the message) when memory is short. 256-byte aligned. */
    void *(*alloc)(af_device *d, size_t bytes);
    void (*free)(af_device *d, void *p); /* when what is queued has used it; NULL is fine */
    void (*send)(af_device *d, void *to, const void *from, size_t bytes);
    void (*clear)(af_device *d, void *to, size_t bytes); /* queued: zeros */
    AF_CHECKED af_status (*fetch)(af_device *d, void *to, const void *from, size_t bytes);
    AF_CHECKED af_status (*wait)(af_device *d);
    /* Kernels may put small work together; `settle` queues what they have kept so far. The plan
     * calls it after all `begin` and after all `finish`. */
    void (*settle)(af_device *d);
    /* From `record` to `recorded` work is kept, not done. No send, fetch, wait, alloc in between.
     */
    AF_CHECKED af_status (*record)(af_device *d);
    AF_CHECKED af_status (*recorded)(af_device *d, af_recording **out);
    void (*play)(af_device *d, const af_recording *r);
    void (*forget)(af_device *d, af_recording *r); /* waits; NULL is fine */
    /* A step's own work, queued. compose (optional): NULL: inputs come as floats. */
    void (*compose)(af_device *d, const af_device_compose *c);
    void (*loss)(af_device *d, const af_device_loss *l);
    void (*update)(af_device *d, const af_device_update *u);
} af_device_type;

#endif
