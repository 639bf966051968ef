/* The graph's store: nodes in topological order, each checked and shaped as it is added. Invariant:
 * a node in the store is valid; after the first error the graph takes no more nodes and keeps that
 * error. The limits here are what lets everyone else multiply dimensions in 64 bits without care.
 */
#include <stdarg.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/op.h"

struct af_graph {
    af_node *nodes;
    int count, room;
    af_id input, output;
    af_status status;
    char message[512];
};

extern const af_op af_op_input, af_op_output;

static const double MAX_ELEMENTS = INT32_MAX; /* of one tensor, per sample */

af_graph *af_graph_new(void)
{
    af_graph *g = af_calloc(1, sizeof *g);
    if (g != NULL) g->input = g->output = -1;
    return g;
}

void af_graph_free(af_graph *g)
{
    if (g == NULL) return;
    af_free(g->nodes);
    af_free(g);
}

af_status af_graph_status(const af_graph *g)
{
    if (g == NULL) return af_fail(AF_ENOMEM, "no memory for a graph");
    return g->status == AF_OK ? AF_OK : af_fail(g->status, "%s", g->message);
}

int af_graph_count(const af_graph *g)
{
    return g->count;
}

const af_node *af_graph_node(const af_graph *g, af_id id)
{
    return &g->nodes[id];
}

void af_graph_input_shapes(const af_graph *g, af_id id, af_shape in[AF_MAX_INPUTS])
{
    const af_node *n = &g->nodes[id];
    for (int i = 0; i < n->inputs; i++) in[i] = g->nodes[n->in[i]].shape;
}

af_id af_graph_input(const af_graph *g)
{
    return g->input;
}

af_id af_graph_output(const af_graph *g)
{
    return g->output;
}

af_shape af_graph_shape(const af_graph *g, af_id id)
{
    bool exists = g != NULL && id >= 0 && id < g->count;
    return exists ? g->nodes[id].shape : (af_shape){0, 0, 0};
}

/* Keeps an error whose text is this thread's message. */
static af_id keep(af_graph *g, af_status st)
{
    if (g->status == AF_OK) {
        g->status = st;
        snprintf(g->message, sizeof g->message, "%s", af_error());
    }
    return -1;
}

af_id af_graph_fail(af_graph *g, const char *fmt, ...)
{
    if (g == NULL || g->status != AF_OK) return -1;
    char text[sizeof g->message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return keep(g, af_fail(AF_EINVAL, "%s", text));
}

static af_status check_inputs(const af_graph *g, const af_op *op, const af_id *in, int inputs)
{
    if (g->count == AF_MAX_NODES)
        return af_fail(AF_EINVAL, "a graph holds at most %d nodes", AF_MAX_NODES);
    if (inputs < op->min_inputs || inputs > op->max_inputs)
        return af_fail(AF_EINVAL, "%d inputs, want %d to %d", inputs, op->min_inputs,
                       op->max_inputs);
    for (int i = 0; i < inputs; i++)
        if (in[i] < 0 || in[i] >= g->count)
            return af_fail(AF_EINVAL, "input %d is node %d, but the nodes so far are 0 to %d", i,
                           in[i], g->count - 1);
    if (g->output >= 0)
        return af_fail(AF_EINVAL, "nothing may follow the output, node %d", g->output);
    if (op == &af_op_input && g->input >= 0)
        return af_fail(AF_EINVAL, "a graph has one input, and node %d is it", g->input);
    return AF_OK;
}

static af_status check_size(const af_node *n, const af_shape *in)
{
    af_shape s = n->shape;
    if (s.c < 1 || s.h < 1 || s.w < 1 || s.c > AF_MAX_DIM || s.h > AF_MAX_DIM || s.w > AF_MAX_DIM)
        return af_fail(AF_EINVAL, "output %dx%dx%d: each dimension must be 1 to %d", s.c, s.h, s.w,
                       AF_MAX_DIM);
    if ((double)af_shape_size(s) > MAX_ELEMENTS)
        return af_fail(AF_EINVAL, "output %dx%dx%d has more than %.0f elements", s.c, s.h, s.w,
                       MAX_ELEMENTS);
    af_param params[AF_MAX_PARAMS];
    int count = n->op->params ? n->op->params(n, in, params) : 0;
    for (int i = 0; i < count; i++) {
        const int *d = params[i].dims;
        if ((double)d[0] * d[1] * d[2] * d[3] > MAX_ELEMENTS)
            return af_fail(AF_EINVAL, "%s %dx%dx%dx%d has more than %.0f elements", params[i].name,
                           d[0], d[1], d[2], d[3], MAX_ELEMENTS);
    }
    return AF_OK;
}

static af_status reserve(af_graph *g)
{
    if (g->count < g->room) return AF_OK;
    int room = g->room ? 2 * g->room : 64;
    af_node *nodes = af_realloc(g->nodes, (size_t)room * sizeof *nodes);
    if (nodes == NULL) return af_fail(AF_ENOMEM, "no memory for %d nodes", room);
    g->nodes = nodes;
    g->room = room;
    return AF_OK;
}

static af_status append(af_graph *g, const af_op *op, const af_id *in, int inputs, af_attrs attrs)
{
    AF_TRY(check_inputs(g, op, in, inputs));
    AF_TRY(reserve(g));
    af_node *n = &g->nodes[g->count];
    *n = (af_node){.op = op, .id = g->count, .inputs = inputs, .attrs = attrs};
    for (int i = 0; i < inputs; i++) n->in[i] = in[i];

    af_shape shapes[AF_MAX_INPUTS];
    af_graph_input_shapes(g, n->id, shapes);
    AF_TRY(op->shape(n, shapes, &n->shape));
    AF_TRY(check_size(n, shapes));
    if (op == &af_op_input) g->input = n->id;
    if (op == &af_op_output) g->output = n->id;
    g->count++;
    return AF_OK;
}

af_id af_graph_add(af_graph *g, const af_op *op, const af_id *in, int inputs, af_attrs attrs)
{
    if (g == NULL || g->status != AF_OK) return -1;
    af_status st = append(g, op, in, inputs, attrs);
    if (st != AF_OK) return keep(g, af_prefix(st, "node %d (%s)", g->count, op->name));
    return g->count - 1;
}
