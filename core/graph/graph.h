/* A network as data: nodes in topological order, shapes known at once, no memory for tensors.
 *
 *     af_graph *g = af_graph_new();
 *     af_id x = af_input(g, (af_shape){3, 32, 32});
 *     x = af_relu(g, af_batch_norm(g, af_conv(g, x, af_conv_attrs(16, 3, 1))));
 *     af_output(g, af_linear(g, af_global_pool(g, x), 100, true));
 *     AF_TRY(af_graph_status(g));         the first error is kept; builders given -1 return -1
 *
 * Shapes are per sample, {C, H, W}; one-dimensional tasks have H = 1. Building thousands of graphs
 * a second is fine. Parameters, MACs and FLOPs follow from the ops' own rules.
 */
#ifndef AF_GRAPH_H
#define AF_GRAPH_H
#include <stdbool.h>
#include <stdint.h>
#include "core/base/status.h"

enum {
    AF_MAX_INPUTS = 8,
    AF_MAX_PARAMS = 4,
    AF_MAX_NODES = 4096,
    AF_MAX_DIM = 1 << 20,
    AF_MAX_COEFFICIENTS = 1024
};

typedef int af_id; /* index of a node; -1 = an earlier error */
typedef struct af_op af_op;

typedef struct af_shape {
    int c, h, w;
} af_shape;
static inline int64_t af_shape_size(af_shape s)
{
    return (int64_t)s.c * s.h * s.w;
}
static inline bool af_shape_same(af_shape a, af_shape b)
{
    return a.c == b.c && a.h == b.h && a.w == b.w;
}

/* What an op can be told. An op reads only the fields it documents. */
typedef struct af_attrs {
    int out;                               /* output channels or features */
    int kernel[2], stride[2], dilation[2]; /* {height, width} */
    int pad[4];                            /* top, bottom, left, right */
    int groups;                            /* divides input and output channels */
    bool bias;
    bool count_pad;           /* average pool: padding counts in the divisor */
    double rate;              /* dropout probability */
    double epsilon, momentum; /* batch norm; momentum of the running statistics */
    bool plain;               /* batch norm: scale 1 and shift 0, not trained */
    int first_coefficient;    /* mix: of input 0; the others follow */
    af_shape shape;           /* input: of one sample */
} af_attrs;

typedef struct af_node {
    const af_op *op;
    af_id id;
    int inputs;
    af_id in[AF_MAX_INPUTS];
    af_attrs attrs;
    af_shape shape; /* of the output */
} af_node;

typedef struct af_graph af_graph;
af_graph *af_graph_new(void); /* NULL when memory is short */
void af_graph_free(af_graph *g);
AF_CHECKED af_status af_graph_status(const af_graph *g); /* the first error, its message restored */
int af_graph_count(const af_graph *g);
const af_node *af_graph_node(const af_graph *g,
                             af_id id); /* borrowed; moves when nodes are added */
/* Input shapes of a node, in[0 .. inputs-1]. */
void af_graph_input_shapes(const af_graph *g, af_id id, af_shape in[AF_MAX_INPUTS]);
af_id af_graph_input(const af_graph *g);  /* the input node, -1 when none */
af_id af_graph_output(const af_graph *g); /* the output node, -1 when none */
af_shape af_graph_shape(const af_graph *g, af_id id);

/* The general builder: all others call it. */
af_id af_graph_add(af_graph *g, const af_op *op, const af_id *in, int inputs, af_attrs attrs);
/* Records an error of the network's author (first one wins) and returns -1. */
af_id af_graph_fail(af_graph *g, const char *fmt, ...) AF_PRINTF(2, 3);

/* ---- builders, one per op ---- */
af_attrs af_conv_attrs(int out, int kernel, int stride); /* square, "same" padding (k-1)/2 */
af_attrs af_conv_attrs_2d(int out, int kh, int kw, int sh,
                          int sw); /* "same": odd remainder goes right/bottom */
/* Pools pad likewise: 2x2 stride 2 on an odd size drops the last row, with _2d it rounds up. */
af_attrs af_pool_attrs(int kernel, int stride);
af_attrs af_pool_attrs_2d(int kh, int kw, int sh, int sw);

af_id af_input(af_graph *g, af_shape shape);
af_id af_conv(af_graph *g, af_id x, af_attrs a);
af_id af_batch_norm(af_graph *g, af_id x);       /* epsilon 1e-5, momentum 0.1 */
af_id af_batch_norm_plain(af_graph *g, af_id x); /* without trained scale and shift */
af_id af_relu(af_graph *g, af_id x);
af_id af_avg_pool(af_graph *g, af_id x, af_attrs a);
af_id af_max_pool(af_graph *g, af_id x, af_attrs a);
af_id af_global_pool(af_graph *g, af_id x);                /* mean over H and W -> {C, 1, 1} */
af_id af_linear(af_graph *g, af_id x, int out, bool bias); /* over C at every pixel */
af_id af_add(af_graph *g, const af_id *x, int count);      /* element-wise sum */
/* Sum weighted by coefficients first_coefficient, +1 ... of the step; nodes may share them. */
af_id af_mix(af_graph *g, const af_id *x, int count, int first_coefficient);
af_id af_concat(af_graph *g, const af_id *x, int count); /* along C */
af_id af_zero(af_graph *g, af_id x);                     /* zeros like x */
af_id af_dropout(af_graph *g, af_id x, double rate);
af_id af_output(af_graph *g, af_id x); /* marks the prediction; last node */

/* ---- cost, per sample ---- */
typedef struct af_cost {
    double macs;    /* multiply-accumulates of convolutions and linear layers, bias adds included as
                       the field counts them (one per output of a biased layer) */
    double forward; /* FLOPs of a forward pass, element-wise ops and pooling included */
    double backward; /* FLOPs of a backward pass */
} af_cost;
typedef struct af_graph_cost {
    int64_t parameters; /* trainable */
    af_cost total;
} af_graph_cost;
af_graph_cost af_graph_measure(const af_graph *g);
af_cost af_node_cost(const af_graph *g, af_id id);
int64_t af_node_parameters(const af_graph *g, af_id id);
/* A stable text of the architecture, one line a node; two graphs are the same network when the
 * texts are equal. The caller frees with af_free; NULL when memory is short. */
char *af_graph_print(const af_graph *g);

#endif
