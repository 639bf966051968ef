/* The networks of nb201: stem, three stages of N cells of width C, 2C, 4C with residual blocks of
 * stride 2 between them, BN-ReLU, mean, linear. full: C = 16, N = 5 as published; small: C = 16, N
 * = 3; tiny: C = 16, N = 1. 1-D inputs get 1x3 windows; dense outputs keep resolution and width,
 * with cells in the place of the residual blocks and a linear head per pixel (as NAS-Bench-360 did
 * for Darcy). Only what reaches the cell's output is built, and edges that leave one node share its
 * ReLU: the same function as published, at a lower cost.
 *
 * The supernet has all operations on every edge of every cell; all cells share an edge's
 * coefficients. Batch norm inside it has no trained scale and shift, as in the benchmark's own
 * weight-sharing experiments (a scale would undo what a coefficient says); the skeleton's has. The
 * bias that theirs gives such convolutions is left out: the batch norm behind it takes it away. */
#include <string.h>
#include "core/spaces/nb201/nb201.h"

static const struct {
    int width, cells;
} sizes[AF_SIZES] = {[AF_TINY] = {16, 1}, [AF_SMALL] = {16, 3}, [AF_FULL] = {16, 5}};

static af_attrs window(const af_io *io, int width, int kernel, int stride)
{
    return io->input.h == 1 ? af_conv_attrs_2d(width, 1, kernel, 1, stride)
                            : af_conv_attrs(width, kernel, stride);
}

static af_attrs pool(const af_io *io)
{
    return io->input.h == 1 ? af_pool_attrs_2d(1, 3, 1, 1) : af_pool_attrs(3, 1);
}

/* Halves like a 3x3 convolution of stride 2 does: an odd size is rounded up. */
static af_attrs half(af_shape s)
{
    bool flat = s.h == 1;
    af_attrs a = flat ? af_pool_attrs_2d(1, 2, 1, 2) : af_pool_attrs(2, 2);
    memcpy(a.pad, (int[4]){0, flat ? 0 : s.h % 2, 0, s.w % 2}, sizeof a.pad);
    return a;
}

static af_id conv_bn(af_graph *g, af_id x, af_attrs a)
{
    return af_batch_norm(g, af_conv(g, x, a));
}

static af_id reduction(af_graph *g, const af_io *io, af_id x, int width)
{
    af_id y = conv_bn(g, af_relu(g, x), window(io, width, 3, 2));
    y = conv_bn(g, af_relu(g, y), window(io, width, 3, 1));
    af_id shortcut =
        af_conv(g, af_avg_pool(g, x, half(af_graph_shape(g, x))), window(io, width, 1, 1));
    return af_add(g, (af_id[]){y, shortcut}, 2);
}

/* What a cell needs: edges that add something, nodes that reach the output. The normalised
 * convolutions of a node that is zero are kept: they learn an offset. */
typedef struct needs {
    bool edge[NB201_EDGES], node[NB201_NODES];
} needs;

static needs find_needs(const af_config *c)
{
    needs n = {.node = {[NB201_NODES - 1] = true}};
    bool zero[NB201_NODES] = {false};
    for (int node = 1; node < NB201_NODES; node++) {
        zero[node] = true;
        for (int source = 0; source < node; source++) {
            int op = af_nb201_op(c, node, source);
            bool adds =
                op == NB201_CONV_1X1 || op == NB201_CONV_3X3 || (op != NB201_NONE && !zero[source]);
            n.edge[af_nb201_edge(node, source)] = adds;
            if (adds) zero[node] = false;
        }
    }
    for (int node = NB201_NODES - 1; node > 0; node--)
        for (int source = 0; source < node; source++)
            if (n.node[node] && n.edge[af_nb201_edge(node, source)]) n.node[source] = true;
    return n;
}

typedef struct choice {
    const af_config *c;
    needs need;
} choice;

static af_id chosen_cell(af_graph *g, const void *how, const af_io *io, af_id x, int width)
{
    const af_config *c = ((const choice *)how)->c;
    const needs *need = &((const choice *)how)->need;
    af_id value[NB201_NODES] = {x}, relu[NB201_NODES] = {-1, -1, -1, -1};
    for (int node = 1; node < NB201_NODES; node++) {
        af_id terms[NB201_NODES - 1];
        int count = 0;
        if (!need->node[node]) continue;
        for (int source = 0; source < node; source++) {
            int op = af_nb201_op(c, node, source);
            if (!need->edge[af_nb201_edge(node, source)]) continue;
            if ((op == NB201_CONV_1X1 || op == NB201_CONV_3X3) && relu[source] < 0)
                relu[source] = af_relu(g, value[source]);
            if (op == NB201_SKIP)
                terms[count++] = value[source];
            else if (op == NB201_AVG_POOL)
                terms[count++] = af_avg_pool(g, value[source], pool(io));
            else
                terms[count++] =
                    conv_bn(g, relu[source], window(io, width, op == NB201_CONV_1X1 ? 1 : 3, 1));
        }
        value[node] = count == 0 ? af_zero(g, x) : count == 1 ? terms[0] : af_add(g, terms, count);
    }
    return value[NB201_NODES - 1];
}

/* ---- supernet ---- */

/* What an edge may carry, in the order of the operations; "none" adds nothing, so it has a
 * coefficient but no term. */
static af_id mixed_edge(af_graph *g, const af_io *io, af_id x, af_id relu, int edge, int width)
{
    af_id term[NB201_OPS - 1] = {
        x,
        af_batch_norm_plain(g, af_conv(g, relu, window(io, width, 1, 1))),
        af_batch_norm_plain(g, af_conv(g, relu, window(io, width, 3, 1))),
        af_avg_pool(g, x, pool(io)),
    };
    return af_mix(g, term, NB201_OPS - 1, edge * NB201_OPS + NB201_SKIP);
}

static af_id mixed_cell(af_graph *g, const void *how, const af_io *io, af_id x, int width)
{
    (void)how;
    af_id value[NB201_NODES] = {x}, relu[NB201_NODES];
    for (int node = 1; node < NB201_NODES; node++) {
        af_id edges[NB201_NODES - 1];
        relu[node - 1] = af_relu(g, value[node - 1]);
        for (int source = 0; source < node; source++)
            edges[source] =
                mixed_edge(g, io, value[source], relu[source], af_nb201_edge(node, source), width);
        value[node] = node == 1 ? edges[0] : af_add(g, edges, node);
    }
    return value[NB201_NODES - 1];
}

/* ---- skeleton ---- */

typedef af_id cell_builder(af_graph *g, const void *how, const af_io *io, af_id x, int width);

static void skeleton(const af_io *io, af_graph *g, cell_builder *cell, const void *how)
{
    int width = sizes[io->size].width, cells = sizes[io->size].cells;
    af_id x = conv_bn(g, af_input(g, io->input), window(io, width, 3, 1));
    for (int stage = 0; stage < 3; stage++) {
        if (stage > 0 && io->dense) {
            x = cell(g, how, io, x, width);
        } else if (stage > 0) {
            width *= 2;
            x = reduction(g, io, x, width);
        }
        for (int i = 0; i < cells; i++) x = cell(g, how, io, x, width);
    }
    x = af_relu(g, af_batch_norm(g, x));
    if (!io->dense) x = af_global_pool(g, x);
    af_output(g, af_linear(g, x, io->output.c, true));
}

void af_nb201_build(const af_config *c, const af_io *io, af_graph *g)
{
    const choice p = {c, find_needs(c)};
    skeleton(io, g, chosen_cell, &p);
}

void af_nb201_supernet(const af_io *io, af_graph *g)
{
    skeleton(io, g, mixed_cell, NULL);
}
