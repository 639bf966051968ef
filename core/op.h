/* Contract: an op, the unit a graph is made of. One file in core/ops defines `const af_op
 * af_op_<name>` with its shape rule, parameters, cost and reference kernels in plain C; a builder
 * line in core/graph/graph.h makes it convenient. Every op is tested by existing: forward of every
 * backend against the reference, backward against finite differences.
 *
 * Tensors inside a plan are NHWC. A kernel works on one chunk of consecutive samples.
 * The file is compiled twice: once as is (`real` = float), once with AF_DOUBLE (`real` = double),
 * when only the reference kernel AF_REFERENCE(name) is defined.
 */
#ifndef AF_OP_H
#define AF_OP_H
#include <stddef.h>
#include "core/graph/graph.h"

#ifdef AF_DOUBLE
typedef double real;
#define AF_REFERENCE(name) af_reference_##name##_f64
#else
typedef float real;
#define AF_REFERENCE(name) af_reference_##name##_f32
#endif

/* Types of tensors. Ops compute in the first two; bf16 only stores: activations and their gradients
 * of a plan of that precision, never parameters, statistics or gradients of parameters (which on a
 * card may have been rounded to bf16 on their way). */
typedef enum af_dtype { AF_F32, AF_F64, AF_DTYPES, AF_BF16 = AF_DTYPES } af_dtype;
static inline size_t af_dtype_size(af_dtype t)
{
    return t == AF_F64 ? sizeof(double) : t == AF_BF16 ? sizeof(uint16_t) : sizeof(float);
}

typedef enum af_init {
    AF_INIT_ZEROS,
    AF_INIT_ONES,
    AF_INIT_HE_FAN_OUT, /* normal, variance 2 / fan_out (He et al. 2015) */
    AF_INIT_FAN_IN,     /* uniform in +-1/sqrt(fan_in) */
} af_init;

/* A parameter tensor, or a buffer that is not trained (running statistics). Dimensions are
 * canonical: convolution {out, in/groups, kh, kw}, linear {out, in, 1, 1}, per-channel {C, 1, 1,
 * 1}. */
typedef struct af_param {
    const char *name; /* "weight", "bias", "running_mean" ... */
    int dims[4];
    af_init init;
    double fan; /* fan-out or fan-in, as `init` wants */
    bool trained;
} af_param;
static inline int64_t af_param_size(const af_param *p)
{
    return (int64_t)p->dims[0] * p->dims[1] * p->dims[2] * p->dims[3];
}

/* Where in its streams a step is; used by dropout. */
typedef struct af_position {
    uint64_t seed, trial;
    uint32_t epoch, step;
} af_position;

/* One call of a kernel on one chunk. Parameters and their gradients are of the backend's type,
 * float or double; x, y and their gradients too, or bf16 where the request said so. */
typedef struct af_call {
    const af_node *node;
    const af_shape *in; /* input shapes */
    void *self;         /* the backend's state of this node; NULL for the reference */
    int n;              /* samples in this chunk */
    int first;          /* index of the chunk's first sample in the batch */
    bool train;
    int input; /* gather, backward of ops with gathers(): which input this call is about */
    const void *x[AF_MAX_INPUTS]; /* {n, H, W, C} each */
    void *y;                      /* output; read-only in backward */
    const void *dy;               /* gradient of the loss by y */
    void *dx[AF_MAX_INPUTS];      /* NULL: not wanted */
    bool add[AF_MAX_INPUTS];      /* dx += instead of dx = ; every kernel honours it */
    void *w[AF_MAX_PARAMS];       /* parameters and buffers, canonical layout, in params() order */
    void *dw[AF_MAX_PARAMS];      /* this lane's gradients (NULL for buffers) */
    bool add_w;                   /* dw += instead of dw = */
    const double *mix; /* ops that mix: coefficient of each input; 0: off, x and dx are NULL */
    double *dmix;      /* this chunk's part of their gradients, written by backward */
    void *saved;       /* this chunk's part of saved() bytes per sample, forward -> backward */
    double *partial;   /* this chunk's partial sums, partials() doubles */
    double *shared;    /* shared() doubles of this node, written by combine */
    void *lane;        /* this lane's lane_bytes of this node (backends) */
    void *scratch;     /* this thread's scratch, scratch_bytes (backends) */
    af_position at;
    const double *momentum; /* of the running statistics, instead of the node's; NULL: the node's */
    /* On a device: these two, and more, in its memory (core/device.h). All tensors are there too; a
     * call is for the whole batch, and its kernel keeps its own partial sums: partial is NULL. */
    const struct af_step_inputs *inputs;
} af_call;

/* Kernels of one node. Slots that an op does not need are NULL. Order inside a training step:
 *   begin                          once, before anything reads the node (parameter layouts)
 *   [gather on every chunk, combine once]    only ops with partials(): reductions over the batch
 *   forward on every chunk
 *   [gather_back on every chunk, combine_back once]
 *   backward on every chunk
 *   finish                         once a lane, after its last backward (gradient layouts)
 * combine sees the partials of all chunks in chunk order: `partial` = the first chunk's, `n` =
 * number of samples in the batch, chunks follow each other at partials() doubles. Outside training
 * gather and combine are not called: forward then uses the buffers. */
typedef struct af_kernel {
    const char *name; /* what the plan reports: "reference", an implementation's name */
    void (*begin)(const af_call *c);
    void (*gather)(const af_call *c);
    void (*combine)(const af_call *c, int chunks);
    void (*forward)(const af_call *c);
    void (*gather_back)(const af_call *c);
    void (*combine_back)(const af_call *c, int chunks);
    void (*backward)(const af_call *c);
    void (*finish)(const af_call *c);
} af_kernel;

enum { AF_BACKWARD_X = 1, AF_BACKWARD_Y = 2 }; /* what backward (and gather_back) reads again */

struct af_op {
    const char *name, *summary;
    int min_inputs, max_inputs;
    unsigned reads; /* AF_BACKWARD_* */
    bool mixes;     /* inputs are scaled by coefficients first_coefficient, +1 ... of the step */
    /* Checks attributes and inputs; fills the output's shape. Errors through af_fail, with numbers.
     */
    af_status (*shape)(const af_node *n, const af_shape *in, af_shape *out);
    /* (optional) Fills p, returns how many; at most AF_MAX_PARAMS. */
    int (*params)(const af_node *n, const af_shape *in, af_param p[AF_MAX_PARAMS]);
    af_cost (*cost)(const af_node *n, const af_shape *in);
    /* (optional) Bytes per sample kept from forward to backward, besides x and y. */
    size_t (*saved)(const af_node *n, const af_shape *in);
    /* (optional) Doubles of partial sums per chunk, for both directions; 0 = no reduction. */
    int (*partials)(const af_node *n, const af_shape *in);
    /* (optional) How many inputs are gathered, the first ones, each by its own call as soon as it
     * is there; default 1. With it backward too is called for one input at a time, right before the
     * gradient of that input is used: then it need not leave the cache. */
    int (*gathers)(const af_node *n);
    /* (optional) Doubles shared between combine and forward/backward. */
    int (*shared)(const af_node *n, const af_shape *in);
    const af_kernel *reference[AF_DTYPES];
};

/* How many inputs gather is called for. */
static inline int af_gathers(const af_node *n)
{
    return n->op->gathers ? n->op->gathers(n) : 1;
}

/* Whether the node reads only some channels of an input of this shape, and writes only these of its
 * gradient. */
static inline bool af_reads_slice(const af_node *n, af_shape in)
{
    return n->op->gathers && in.c > n->attrs.out;
}

#endif
