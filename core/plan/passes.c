/* Passes rewrite a plan's nodes before time and memory are laid out. They know ops, not backends,
 * and depend on the graph alone, so all plans of a graph agree on where parameters lie. A node that
 * is taken up by another is gone: nobody reads it any more. In this order: "share": nodes without
 * parameters that do the same to the same tensors become one, such as the ReLU that each edge of a
 * cell has for itself. "fuse": batch norms that only a sum reads, the sum, and the ReLU that alone
 * reads it, become one norm_sum: a node of a cell is then read and written once. "merge":
 * convolutions of one source with equal windows become one with all their outputs, of which the
 * norm_sums read slices; its gradient by the source is the sum over all of them. */
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/plan/internal.h"

extern const af_op af_op_add, af_op_batch_norm, af_op_conv, af_op_dropout, af_op_norm_sum,
    af_op_output, af_op_relu;

/* Who reads a node: how many inputs of live nodes, and the last of them. */
typedef struct use {
    int count, reader, input;
} use;

static bool is(const af_plan *p, int node, const af_op *op)
{
    return p->node[node].node.op == op;
}

static void find_uses(const af_plan *p, use *uses, bool *needed)
{
    for (int i = 0; i < p->nodes; i++) uses[i] = (use){0, -1, -1}, needed[i] = i == p->output;
    for (int i = p->nodes - 1; i >= 0; i--) {
        const af_node *n = &p->node[i].node;
        for (int k = 0; needed[i] && k < n->inputs; k++) {
            needed[n->in[k]] = true;
            use *u = &uses[n->in[k]];
            *u = (use){u->count + 1, i, k};
        }
    }
}

/* The node that alone reads this one, once; -1: none. */
static int sole_reader(const use *uses, int node, const af_plan *p, const af_op *op)
{
    int reader = uses[node].count == 1 ? uses[node].reader : -1;
    return reader >= 0 && is(p, reader, op) ? reader : -1;
}

static void read_from(af_plan *p, int was, int now)
{
    for (int i = was + 1; i < p->nodes; i++)
        for (int k = 0; k < p->node[i].node.inputs; k++)
            if (p->node[i].node.in[k] == was) p->node[i].node.in[k] = now;
}

static void take_up(af_plan *p, af_step_node *into, int node)
{
    for (int i = 0; i < p->node[node].origins; i++)
        into->origin[into->origins++] = p->node[node].origin[i];
    p->node[node].gone = true;
}

/* Shapes, parameters and sums of a node that has become another one. */
static af_status renew(af_plan *p, int i)
{
    af_step_node *n = &p->node[i];
    const af_op *op = n->node.op;
    for (int k = 0; k < n->node.inputs; k++) n->in[k] = p->node[n->node.in[k]].node.shape;
    AF_TRY(op->shape(&n->node, n->in, &n->node.shape));
    n->param_count = op->params ? op->params(&n->node, n->in, n->params) : 0;
    n->partials = op->partials ? op->partials(&n->node, n->in) : 0;
    n->shared = op->shared ? op->shared(&n->node, n->in) : 0;
    return AF_OK;
}

/* What a mix switches off must stay on its own, and leave the order of all else as it is. */
static bool mixes(const af_plan *p, const bool *needed, char note[AF_PASS_TEXT])
{
    for (int i = 0; i < p->nodes; i++)
        if (needed[i] && p->node[i].node.op->mixes) {
            snprintf(note, AF_PASS_TEXT, "nothing: branches of a mix are switched off one by one");
            return true;
        }
    return false;
}

/* ---- share ---- */

/* Whether the op is a function of its inputs alone. */
static bool is_function(const af_op *op)
{
    return op->max_inputs > 0 && !op->params && !op->partials && !op->mixes &&
           op != &af_op_dropout && op != &af_op_output;
}

static bool same_attrs(const af_attrs *a, const af_attrs *b)
{
    return a->out == b->out && !memcmp(a->kernel, b->kernel, sizeof a->kernel) &&
           !memcmp(a->stride, b->stride, sizeof a->stride) &&
           !memcmp(a->dilation, b->dilation, sizeof a->dilation) &&
           !memcmp(a->pad, b->pad, sizeof a->pad) && a->groups == b->groups && a->bias == b->bias &&
           a->count_pad == b->count_pad && a->rate == b->rate && a->epsilon == b->epsilon &&
           a->momentum == b->momentum && a->plain == b->plain && a->normed == b->normed &&
           !memcmp(a->offset, b->offset, sizeof a->offset) && a->relu == b->relu &&
           af_shape_same(a->shape, b->shape);
}

static bool same_node(const af_node *a, const af_node *b)
{
    return a->op == b->op && a->inputs == b->inputs &&
           !memcmp(a->in, b->in, (size_t)a->inputs * sizeof *a->in) &&
           same_attrs(&a->attrs, &b->attrs);
}

static af_status share(af_plan *p, use *uses, bool *needed, char note[AF_PASS_TEXT])
{
    int before = 0, after = 0;
    find_uses(p, uses, needed);
    if (mixes(p, needed, note)) return AF_OK;
    for (int i = 0; i < p->nodes; i++) {
        int same = 0;
        if (!needed[i] || p->node[i].gone || !is_function(p->node[i].node.op)) continue;
        for (int j = i + 1; j < p->nodes; j++)
            if (needed[j] && !p->node[j].gone && same_node(&p->node[i].node, &p->node[j].node)) {
                read_from(p, j, i);
                p->node[j].gone = true;
                same++;
            }
        before += same ? same + 1 : 0, after += same > 0;
    }
    snprintf(note, AF_PASS_TEXT, "%d nodes that repeat others are now %d", before, after);
    return AF_OK;
}

/* ---- fuse ---- */

static bool same_norm(const af_attrs *a, const af_attrs *b)
{
    return a->epsilon == b->epsilon && a->momentum == b->momentum && a->plain == b->plain;
}

typedef struct fusion {
    int normed[AF_MAX_INPUTS], plain[AF_MAX_INPUTS], norms, plains;
    int relu; /* -1: none */
} fusion;

static void add_input(const af_plan *p, const use *uses, fusion *f, int from, int reader)
{
    bool norm = is(p, from, &af_op_batch_norm) &&
                (from == reader || sole_reader(uses, from, p, &af_op_add) == reader);
    if (norm && f->norms > 0)
        norm = same_norm(&p->node[from].node.attrs, &p->node[f->normed[0]].node.attrs);
    if (norm)
        f->normed[f->norms++] = from;
    else
        f->plain[f->plains++] = from;
}

/* Whether node i begins a norm_sum, and of what. */
static bool find_fusion(const af_plan *p, const use *uses, int i, fusion *f)
{
    *f = (fusion){.relu = sole_reader(uses, i, p, &af_op_relu)};
    if (is(p, i, &af_op_batch_norm)) {
        add_input(p, uses, f, i, i);
        return f->relu >= 0;
    }
    if (!is(p, i, &af_op_add)) return false;
    for (int k = 0; k < p->node[i].node.inputs; k++)
        add_input(p, uses, f, p->node[i].node.in[k], i);
    return f->norms > 0 || f->relu >= 0;
}

static af_status apply_fusion(af_plan *p, int i, const fusion *f)
{
    af_step_node *n = &p->node[i];
    const af_step_node first = p->node[f->norms ? f->normed[0] : i];
    af_node fused = {.op = &af_op_norm_sum, .id = i, .inputs = f->norms + f->plains};
    fused.attrs = (af_attrs){.out = n->node.shape.c,
                             .epsilon = first.node.attrs.epsilon,
                             .momentum = first.node.attrs.momentum,
                             .plain = first.node.attrs.plain,
                             .normed = f->norms,
                             .relu = f->relu >= 0};
    for (int k = 0; k < f->norms; k++) fused.in[k] = p->node[f->normed[k]].node.in[0];
    for (int k = 0; k < f->plains; k++) fused.in[f->norms + k] = f->plain[k];
    fused.shape = n->node.shape;
    if (f->norms && f->normed[0] != i)
        for (int k = 0; k < f->norms; k++) take_up(p, n, f->normed[k]);
    if (f->relu >= 0) {
        p->node[f->relu].gone = true;
        read_from(p, f->relu, i);
    }
    n->node = fused;
    return renew(p, i);
}

static af_status fuse(af_plan *p, use *uses, bool *needed, char note[AF_PASS_TEXT])
{
    int made = 0, norms = 0, relus = 0, sums = 0;
    find_uses(p, uses, needed);
    for (int i = 0; i < p->nodes; i++) {
        fusion f;
        if (!needed[i] || p->node[i].gone || !find_fusion(p, uses, i, &f)) continue;
        made++, norms += f.norms, relus += f.relu >= 0, sums += is(p, i, &af_op_add);
        AF_TRY(apply_fusion(p, i, &f));
        find_uses(p, uses, needed);
    }
    snprintf(note, AF_PASS_TEXT, "%d batch norms, %d sums and %d ReLUs are now %d nodes", norms,
             sums, relus, made);
    return AF_OK;
}

/* ---- merge ---- */

static bool can_merge(const af_plan *p, const use *uses, int i)
{
    const af_node *n = &p->node[i].node;
    int reader = is(p, i, &af_op_conv) ? sole_reader(uses, i, p, &af_op_norm_sum) : -1;
    return reader >= 0 && n->attrs.groups == 1 && !n->attrs.bias &&
           uses[i].input < p->node[reader].node.attrs.normed &&
           p->node[reader].node.attrs.out == n->attrs.out;
}

static bool same_window(const af_node *a, const af_node *b)
{
    const af_attrs *x = &a->attrs, *y = &b->attrs;
    return a->in[0] == b->in[0] && !memcmp(x->kernel, y->kernel, sizeof x->kernel) &&
           !memcmp(x->stride, y->stride, sizeof x->stride) &&
           !memcmp(x->dilation, y->dilation, sizeof x->dilation) &&
           !memcmp(x->pad, y->pad, sizeof x->pad);
}

static af_status merge_group(af_plan *p, const use *uses, const int *group, int count)
{
    af_step_node *into = &p->node[group[0]];
    int total = 0;
    for (int g = 0; g < count; g++) {
        const use *u = &uses[group[g]];
        af_node *reader = &p->node[u->reader].node;
        reader->in[u->input] = group[0];
        reader->attrs.offset[u->input] = total;
        total += p->node[group[g]].node.attrs.out;
        if (g > 0) take_up(p, into, group[g]);
    }
    into->node.attrs.out = total;
    AF_TRY(renew(p, group[0]));
    for (int g = 0; g < count; g++) AF_TRY(renew(p, uses[group[g]].reader));
    return AF_OK;
}

static af_status merge(af_plan *p, use *uses, bool *needed, char note[AF_PASS_TEXT])
{
    int before = 0, after = 0;
    find_uses(p, uses, needed);
    if (mixes(p, needed, note)) return AF_OK;
    for (int i = 0; i < p->nodes; i++) {
        int group[AF_MAX_INPUTS], count = 0;
        if (!needed[i] || p->node[i].gone || !can_merge(p, uses, i)) continue;
        for (int j = i; j < p->nodes && count < AF_MAX_INPUTS; j++)
            if (needed[j] && !p->node[j].gone && can_merge(p, uses, j) &&
                same_window(&p->node[i].node, &p->node[j].node))
                group[count++] = j;
        if (count < 2) continue;
        AF_TRY(merge_group(p, uses, group, count));
        before += count, after++;
        find_uses(p, uses, needed);
    }
    snprintf(note, AF_PASS_TEXT, "%d convolutions with a common source are now %d", before, after);
    return AF_OK;
}

/* ---- all ---- */

static const struct {
    const char *name;
    af_status (*run)(af_plan *p, use *uses, bool *needed, char note[AF_PASS_TEXT]);
} passes[AF_PLAN_PASSES] = {{"share", share}, {"fuse", fuse}, {"merge", merge}};

const char *af_plan_pass(const af_plan *p, int pass, const char **note)
{
    if (pass < 0 || pass >= AF_PLAN_PASSES || p->o.plain) return NULL;
    *note = p->pass_note[pass];
    return passes[pass].name;
}

af_status af_passes_run(af_plan *p)
{
    if (p->o.plain) return AF_OK;
    use *uses = af_alloc((size_t)p->nodes * sizeof *uses);
    bool *needed = af_alloc((size_t)p->nodes * sizeof *needed);
    af_status st = uses && needed ? AF_OK : AF_ENOMEM;
    for (int i = 0; i < AF_PLAN_PASSES && st == AF_OK; i++)
        st = passes[i].run(p, uses, needed, p->pass_note[i]);
    af_free(uses);
    af_free(needed);
    return st;
}
