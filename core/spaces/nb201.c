/* The cell space of NAS-Bench-201 (Dong and Yang, ICLR 2020) and NATS-Bench's topology space: a
 * cell of 4 nodes in which each of 6 edges carries one of 5 operations and a node is the sum of its
 * edges. The network: stem, three stages of N cells of width C, 2C, 4C with residual blocks of
 * stride 2 between them, BN-ReLU, mean, linear. full: C = 16, N = 5 as published; small: C = 16, N
 * = 3; tiny: C = 16, N = 1. 1-D inputs get 1x3 windows; dense outputs keep resolution and width,
 * with cells in the place of the residual blocks and a linear head per pixel (as NAS-Bench-360 did
 * for Darcy). Only what reaches the cell's output is built, and edges that leave one node share its
 * ReLU: the same function as published, at a lower cost. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/options.h"
#include "core/space.h"

enum { NODES = 4, EDGES = 6, OPS = 5, NAME_TEXT = 32 };
enum { NONE, SKIP, CONV_1X1, CONV_3X3, AVG_POOL };

static const char *const op_names[OPS + 1] = {
    "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3", NULL,
};

static const struct {
    int width, cells;
} sizes[AF_SIZES] = {[AF_TINY] = {16, 1}, [AF_SMALL] = {16, 3}, [AF_FULL] = {16, 5}};

/* Edges are grouped by target: (1<-0), (2<-0), (2<-1), (3<-0), (3<-1), (3<-2). */
static int edge(int node, int source)
{
    return node * (node - 1) / 2 + source;
}

static int op_at(const af_config *c, int node, int source)
{
    return (int)c->v[edge(node, source)];
}

/* ---- text ---- */

static void print(const af_config *c, char out[AF_CONFIG_TEXT])
{
    char *end = out;
    for (int node = 1; node < NODES; node++) {
        end = stpcpy(end, node > 1 ? "+|" : "|");
        for (int source = 0; source < node; source++)
            end += sprintf(end, "%s~%d|", op_names[op_at(c, node, source)], source);
    }
}

typedef struct cursor {
    const char *text, *at;
} cursor;

static int position(const cursor *p)
{
    return (int)(p->at - p->text) + 1;
}

static af_status expect(cursor *p, char want)
{
    unsigned char found = (unsigned char)*p->at;
    if (found == (unsigned char)want) {
        if (want) p->at++;
        return AF_OK;
    }
    char shown[NAME_TEXT] = "the end", wanted[NAME_TEXT] = "the end";
    if (found) snprintf(shown, sizeof shown, isgraph(found) ? "'%c'" : "byte 0x%02x", found);
    if (want) snprintf(wanted, sizeof wanted, "'%c'", want);
    return af_fail(AF_EINVAL,
                   "nb201: character %d: found %s, want %s; a cell reads "
                   "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|",
                   position(p), shown, wanted);
}

static af_status parse_op(double *out, cursor *p)
{
    char name[NAME_TEXT];
    size_t n = 0;
    while (n < sizeof name - 1 && (isalnum((unsigned char)p->at[n]) || p->at[n] == '_')) n++;
    memcpy(name, p->at, n);
    name[n] = '\0';
    for (int i = 0; i < OPS; i++) {
        if (strcmp(name, op_names[i])) continue;
        *out = i;
        p->at += n;
        return AF_OK;
    }
    const char *near = af_nearest(name, op_names);
    return af_fail(AF_EINVAL,
                   "nb201: character %d: unknown operation '%s'%s%s%s; the operations are %s, %s, "
                   "%s, %s and %s",
                   position(p), name, near ? ", did you mean '" : "", near ? near : "",
                   near ? "'?" : "", op_names[0], op_names[1], op_names[2], op_names[3],
                   op_names[4]);
}

static af_status parse(af_config *out, const char *text)
{
    cursor p = {text, text};
    for (int node = 1; node < NODES; node++) {
        if (node > 1) AF_TRY(expect(&p, '+'));
        AF_TRY(expect(&p, '|'));
        for (int source = 0; source < node; source++) {
            AF_TRY(parse_op(&out->v[edge(node, source)], &p));
            AF_TRY(expect(&p, '~'));
            AF_TRY(expect(&p, (char)('0' + source)));
            AF_TRY(expect(&p, '|'));
        }
    }
    return expect(&p, '\0');
}

/* ---- isomorphism ---- */

enum { TERM_TEXT = 128 }; /* the longest node, all edges 3x3, has 112 characters */

static int compare_terms(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* What an edge adds, written out down to the input "0". An operation on nothing is nothing, "#";
 * each such edge is kept, as in the benchmark's own classes, of which there are 6,466. */
static void print_term(char out[TERM_TEXT], int op, const char *source)
{
    if (op == NONE || !strcmp(source, "#"))
        strcpy(out, "#");
    else if (op == SKIP)
        strcpy(out, source);
    else
        strcpy(stpcpy(stpcpy(stpcpy(out, "("), source), ")@"), op_names[op]);
}

static void canonical(const af_config *c, char out[AF_CONFIG_TEXT])
{
    char value[NODES][TERM_TEXT] = {"0"}, terms[NODES - 1][TERM_TEXT];
    for (int node = 1; node < NODES; node++) {
        for (int source = 0; source < node; source++)
            print_term(terms[source], op_at(c, node, source), value[source]);
        qsort(terms, (size_t)node, sizeof *terms, compare_terms);
        char *end = stpcpy(value[node], terms[0]);
        for (int i = 1; i < node; i++) end = stpcpy(stpcpy(end, "+"), terms[i]);
    }
    strcpy(out, value[NODES - 1]);
}

/* ---- mutation ---- */

/* As in NATS-Bench: first a node, then one of its edges, so edges into early nodes change more
 * often than a uniform choice would have it. */
static void mutate(af_config *c, af_rng *r)
{
    int node = 1 + (int)af_rng_below(r, NODES - 1);
    int source = (int)af_rng_below(r, (uint64_t)node);
    int op = (int)af_rng_below(r, OPS - 1);
    c->v[edge(node, source)] = op + (op >= op_at(c, node, source));
}

/* ---- network ---- */

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
    bool edge[EDGES], node[NODES];
} needs;

static needs find_needs(const af_config *c)
{
    needs n = {.node = {[NODES - 1] = true}};
    bool zero[NODES] = {false};
    for (int node = 1; node < NODES; node++) {
        zero[node] = true;
        for (int source = 0; source < node; source++) {
            int op = op_at(c, node, source);
            bool adds = op == CONV_1X1 || op == CONV_3X3 || (op != NONE && !zero[source]);
            n.edge[edge(node, source)] = adds;
            if (adds) zero[node] = false;
        }
    }
    for (int node = NODES - 1; node > 0; node--)
        for (int source = 0; source < node; source++)
            if (n.node[node] && n.edge[edge(node, source)]) n.node[source] = true;
    return n;
}

static af_id cell(af_graph *g, const af_config *c, const needs *need, const af_io *io, af_id x,
                  int width)
{
    af_id value[NODES] = {x}, relu[NODES] = {-1, -1, -1, -1};
    for (int node = 1; node < NODES; node++) {
        af_id terms[NODES - 1];
        int count = 0;
        if (!need->node[node]) continue;
        for (int source = 0; source < node; source++) {
            int op = op_at(c, node, source);
            if (!need->edge[edge(node, source)]) continue;
            if ((op == CONV_1X1 || op == CONV_3X3) && relu[source] < 0)
                relu[source] = af_relu(g, value[source]);
            if (op == SKIP)
                terms[count++] = value[source];
            else if (op == AVG_POOL)
                terms[count++] = af_avg_pool(g, value[source], pool(io));
            else
                terms[count++] =
                    conv_bn(g, relu[source], window(io, width, op == CONV_1X1 ? 1 : 3, 1));
        }
        value[node] = count == 0 ? af_zero(g, x) : count == 1 ? terms[0] : af_add(g, terms, count);
    }
    return value[NODES - 1];
}

static void build(const af_config *c, const af_io *io, af_graph *g)
{
    const needs need = find_needs(c);
    int width = sizes[io->size].width, cells = sizes[io->size].cells;
    af_id x = conv_bn(g, af_input(g, io->input), window(io, width, 3, 1));
    for (int stage = 0; stage < 3; stage++) {
        if (stage > 0 && io->dense) {
            x = cell(g, c, &need, io, x, width);
        } else if (stage > 0) {
            width *= 2;
            x = reduction(g, io, x, width);
        }
        for (int i = 0; i < cells; i++) x = cell(g, c, &need, io, x, width);
    }
    x = af_relu(g, af_batch_norm(g, x));
    if (!io->dense) x = af_global_pool(g, x);
    af_output(g, af_linear(g, x, io->output.c, true));
}

static const af_knob knobs[EDGES] = {
    {"1<-0", AF_CATEGORICAL, op_names, 0, 0, CONV_3X3},
    {"2<-0", AF_CATEGORICAL, op_names, 0, 0, CONV_3X3},
    {"2<-1", AF_CATEGORICAL, op_names, 0, 0, CONV_3X3},
    {"3<-0", AF_CATEGORICAL, op_names, 0, 0, CONV_3X3},
    {"3<-1", AF_CATEGORICAL, op_names, 0, 0, CONV_3X3},
    {"3<-2", AF_CATEGORICAL, op_names, 0, 0, CONV_3X3},
};

const af_space af_space_nb201 = {
    .name = "nb201",
    .title = "NAS-Bench-201 cells",
    .summary = "15,625 cells of 4 nodes and 5 operations, stacked in a residual skeleton",
    .cite = "Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture "
            "Search, ICLR 2020; Dong, Liu, Musial and Gabrys, NATS-Bench, TPAMI 2021",
    .knobs = knobs,
    .count = EDGES,
    .build = build,
    .parse = parse,
    .print = print,
    .canonical = canonical,
    .mutate = mutate,
};
