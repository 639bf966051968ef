/* The cell space of NAS-Bench-201 (Dong and Yang, ICLR 2020) and NATS-Bench's topology space: a
 * cell of 4 nodes in which each of 6 edges carries one of 5 operations and a node is the sum of its
 * edges. What is here: text, isomorphism, mutation; the networks are in nb201/network.c. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/options.h"
#include "core/spaces/nb201/nb201.h"

enum { NAME_TEXT = 32 };

static const char *const op_names[NB201_OPS + 1] = {
    "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3", NULL,
};

/* ---- text ---- */

static void print(const af_config *c, char out[AF_CONFIG_TEXT])
{
    char *end = out;
    for (int node = 1; node < NB201_NODES; node++) {
        end = stpcpy(end, node > 1 ? "+|" : "|");
        for (int source = 0; source < node; source++)
            end += sprintf(end, "%s~%d|", op_names[af_nb201_op(c, node, source)], source);
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
    for (int i = 0; i < NB201_OPS; i++) {
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
    for (int node = 1; node < NB201_NODES; node++) {
        if (node > 1) AF_TRY(expect(&p, '+'));
        AF_TRY(expect(&p, '|'));
        for (int source = 0; source < node; source++) {
            AF_TRY(parse_op(&out->v[af_nb201_edge(node, source)], &p));
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
    if (op == NB201_NONE || !strcmp(source, "#"))
        strcpy(out, "#");
    else if (op == NB201_SKIP)
        strcpy(out, source);
    else
        strcpy(stpcpy(stpcpy(stpcpy(out, "("), source), ")@"), op_names[op]);
}

static void canonical(const af_config *c, char out[AF_CONFIG_TEXT])
{
    char value[NB201_NODES][TERM_TEXT] = {"0"}, terms[NB201_NODES - 1][TERM_TEXT];
    for (int node = 1; node < NB201_NODES; node++) {
        for (int source = 0; source < node; source++)
            print_term(terms[source], af_nb201_op(c, node, source), value[source]);
        qsort(terms, (size_t)node, sizeof *terms, compare_terms);
        char *end = stpcpy(value[node], terms[0]);
        for (int i = 1; i < node; i++) end = stpcpy(stpcpy(end, "+"), terms[i]);
    }
    strcpy(out, value[NB201_NODES - 1]);
}

/* ---- mutation ---- */

/* As in NATS-Bench: first a node, then one of its edges, so edges into early nodes change more
 * often than a uniform choice would have it. */
static void mutate(af_config *c, af_rng *r)
{
    int node = 1 + (int)af_rng_below(r, NB201_NODES - 1);
    int source = (int)af_rng_below(r, (uint64_t)node);
    int op = (int)af_rng_below(r, NB201_OPS - 1);
    c->v[af_nb201_edge(node, source)] = op + (op >= af_nb201_op(c, node, source));
}

static const af_knob knobs[NB201_EDGES] = {
    {"1<-0", AF_CATEGORICAL, op_names, 0, 0, NB201_CONV_3X3},
    {"2<-0", AF_CATEGORICAL, op_names, 0, 0, NB201_CONV_3X3},
    {"2<-1", AF_CATEGORICAL, op_names, 0, 0, NB201_CONV_3X3},
    {"3<-0", AF_CATEGORICAL, op_names, 0, 0, NB201_CONV_3X3},
    {"3<-1", AF_CATEGORICAL, op_names, 0, 0, NB201_CONV_3X3},
    {"3<-2", AF_CATEGORICAL, op_names, 0, 0, NB201_CONV_3X3},
};

const af_space af_space_nb201 = {
    .name = "nb201",
    .title = "NAS-Bench-201 cells",
    .summary = "15,625 cells of 4 nodes and 5 operations, stacked in a residual skeleton",
    .cite = "Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture "
            "Search, ICLR 2020; Dong, Liu, Musial and Gabrys, NATS-Bench, TPAMI 2021",
    .knobs = knobs,
    .count = NB201_EDGES,
    .build = af_nb201_build,
    .parse = parse,
    .print = print,
    .canonical = canonical,
    .mutate = mutate,
    .supernet = af_nb201_supernet,
};
