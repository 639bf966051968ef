/* What a graph costs and how it reads: sums over the ops' own rules, and the stable text. Costs are
 * per sample and in double: exact for whole numbers up to 2^53, far above any network that trains
 * here. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/op.h"

enum { LINE = 640 }; /* longest line: 8 inputs and every attribute at its widest */

af_cost af_node_cost(const af_graph *g, af_id id)
{
    const af_node *n = af_graph_node(g, id);
    af_shape in[AF_MAX_INPUTS];
    af_graph_input_shapes(g, id, in);
    return n->op->cost(n, in);
}

int64_t af_node_parameters(const af_graph *g, af_id id)
{
    const af_node *n = af_graph_node(g, id);
    if (n->op->params == NULL) return 0;
    af_shape in[AF_MAX_INPUTS];
    af_param params[AF_MAX_PARAMS];
    af_graph_input_shapes(g, id, in);
    int64_t total = 0;
    for (int i = n->op->params(n, in, params); i-- > 0;)
        if (params[i].trained) total += af_param_size(&params[i]);
    return total;
}

af_graph_cost af_graph_measure(const af_graph *g)
{
    af_graph_cost sum = {0};
    for (af_id id = 0; id < af_graph_count(g); id++) {
        af_cost c = af_node_cost(g, id);
        sum.parameters += af_node_parameters(g, id);
        sum.total.macs += c.macs;
        sum.total.forward += c.forward;
        sum.total.backward += c.backward;
    }
    return sum;
}

typedef struct line {
    char text[LINE];
    size_t used;
} line;

static void say(line *l, const char *fmt, ...) AF_PRINTF(2, 3);
static void say(line *l, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(l->text + l->used, LINE - l->used, fmt, args);
    va_end(args);
    if (n > 0) l->used += (size_t)n < LINE - l->used ? (size_t)n : LINE - l->used - 1;
}

static void say_pair(line *l, const char *name, const int v[2], int usual)
{
    if (v[0] != usual || v[1] != usual) say(l, " %s=%dx%d", name, v[0], v[1]);
}

/* The shortest decimal that reads back as the same double. */
static void say_real(line *l, const char *name, double v)
{
    if (v == 0) return;
    char text[32];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    say(l, " %s=%s", name, text);
}

/* "3 conv 2 out=16 kernel=3x3 pad=1,1,1,1 -> 16x32x32": inputs, then what is not as usual. */
static void print_node(line *l, const af_node *n)
{
    const af_attrs *a = &n->attrs;
    l->used = 0;
    say(l, "%d %s", n->id, n->op->name);
    for (int i = 0; i < n->inputs; i++) say(l, " %d", n->in[i]);
    if (a->out) say(l, " out=%d", a->out);
    if (a->kernel[0]) {
        say_pair(l, "kernel", a->kernel, 0);
        say_pair(l, "stride", a->stride, 1);
        say_pair(l, "dilation", a->dilation, 1);
        if (a->pad[0] || a->pad[1] || a->pad[2] || a->pad[3])
            say(l, " pad=%d,%d,%d,%d", a->pad[0], a->pad[1], a->pad[2], a->pad[3]);
        if (a->groups != 1) say(l, " groups=%d", a->groups);
    }
    if (a->bias) say(l, " bias");
    if (a->count_pad) say(l, " count_pad");
    if (a->plain) say(l, " plain");
    if (n->op->mixes) say(l, " first=%d", a->first_coefficient);
    say_real(l, "rate", a->rate);
    say_real(l, "epsilon", a->epsilon);
    say_real(l, "momentum", a->momentum);
    say(l, " -> %dx%dx%d\n", n->shape.c, n->shape.h, n->shape.w);
}

char *af_graph_print(const af_graph *g)
{
    size_t used = 0, room = 4096;
    char *text = af_alloc(room);
    if (text == NULL) return NULL;
    text[0] = '\0';
    line l;
    for (af_id id = 0; id < af_graph_count(g); id++) {
        print_node(&l, af_graph_node(g, id));
        if (used + l.used + 1 > room) {
            room = 2 * (room + l.used);
            char *more = af_realloc(text, room);
            if (more == NULL) {
                af_free(text);
                return NULL;
            }
            text = more;
        }
        memcpy(text + used, l.text, l.used + 1);
        used += l.used;
    }
    return text;
}
