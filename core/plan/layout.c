/* When things happen and where they live: phases and items by data dependence, tensors by liveness.
 * Offsets: largest first, each into the lowest gap among the tensors alive at the same time. */
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/plan/internal.h"

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

static void mark_live(af_plan *p)
{
    p->node[p->output].live = true;
    for (int i = p->nodes - 1; i >= 0; i--) {
        if (!p->node[i].live) continue;
        for (int k = 0; k < p->node[i].node.inputs; k++) p->node[p->node[i].node.in[k]].live = true;
    }
    for (int i = 0; i < p->nodes; i++) {
        af_step_node *n = &p->node[i];
        n->wants_gradient = n->node.op->mixes;
        for (int k = 0; k < n->param_count; k++) n->wants_gradient |= n->params[k].trained;
        for (int k = 0; k < n->node.inputs; k++) {
            n->wants_dx[k] = p->o.train && n->live && p->node[n->node.in[k]].wants_gradient;
            n->wants_gradient |= p->node[n->node.in[k]].wants_gradient;
        }
    }
}

static bool reduces(const af_plan *p, const af_step_node *n)
{
    return p->o.train && n->partials > 0;
}

static void forward_phases(af_plan *p)
{
    for (int i = 0; i < p->nodes; i++) {
        af_step_node *n = &p->node[i];
        int ready = 0;
        for (int k = 0; k < n->node.inputs; k++)
            ready = max_int(ready, p->node[n->node.in[k]].forward_phase);
        n->gather_phase = reduces(p, n) ? ready : -1;
        n->forward_phase = reduces(p, n) ? ready + 1 : ready;
    }
}

/* A node's gradient is complete when the last of its consumers has run backward. */
static void backward_phases(af_plan *p)
{
    int *ready = p->ready;
    for (int i = 0; i < p->nodes; i++) ready[i] = p->node[p->output].forward_phase;
    for (int i = p->nodes - 1; i >= 0; i--) {
        af_step_node *n = &p->node[i];
        n->gather_back_phase = n->backward_phase = -1;
        if (!p->o.train || !n->live || !n->wants_gradient) continue;
        n->gather_back_phase = reduces(p, n) ? ready[i] : -1;
        n->backward_phase = reduces(p, n) ? ready[i] + 1 : ready[i];
        for (int k = 0; k < n->node.inputs; k++)
            ready[n->node.in[k]] = max_int(ready[n->node.in[k]], n->backward_phase);
    }
}

static int by_time(const void *a, const void *b)
{
    const af_item *x = a, *y = b;
    int at[4] = {x->phase - y->phase, x->position - y->position, x->node - y->node,
                 x->input - y->input};
    for (int i = 0; i < 4; i++)
        if (at[i]) return at[i];
    return 0;
}

static void push(af_plan *p, af_item_kind kind, int node, int phase, int position)
{
    if (phase >= 0)
        p->items[p->item_count++] = (af_item){
            .kind = kind, .node = node, .last = true, .phase = phase, .position = position};
}

/* Forward at 4i + 1, what gathers of its result right after it; then the loss; then back: gradients
 * of a node's result that come one by one, then gather_back, then backward. */
static int forward_position(int node)
{
    return 4 * node + 1;
}
static int loss_position(const af_plan *p)
{
    return 4 * p->nodes;
}
static int backward_position(const af_plan *p, int node)
{
    return 4 * p->nodes + 3 * (p->nodes - node) + 1;
}

/* One item for each input that is gathered, as soon as that is there. */
static void push_gathers(af_plan *p, int node)
{
    const af_step_node *n = &p->node[node];
    int count = n->gather_phase < 0 ? 0 : af_gathers(&n->node), last = p->item_count;
    for (int k = 0; k < count; k++) {
        int from = n->node.in[k];
        push(p, AF_GATHER, node, p->node[from].forward_phase, forward_position(from) + 1);
        af_item *it = &p->items[p->item_count - 1];
        it->input = k;
        it->last = false;
        if (by_time(it, &p->items[last]) > 0) last = p->item_count - 1;
    }
    if (count) p->items[last].last = true;
}

/* One item, or one for each input, when its gradient is about to be used. */
static void push_backward(af_plan *p, int node)
{
    const af_step_node *n = &p->node[node];
    bool each = n->node.op->gathers && n->backward_phase >= 0;
    if (!each) push(p, AF_BACKWARD, node, n->backward_phase, backward_position(p, node) + 1);
    for (int k = 0; each && k < n->node.inputs; k++) {
        int from = n->node.in[k];
        if (n->wants_dx[k])
            push(p, AF_BACKWARD, node, p->ready[from], backward_position(p, from) - 1);
        else
            push(p, AF_BACKWARD, node, n->backward_phase, backward_position(p, node) + 1);
        p->items[p->item_count - 1].input = k;
    }
}

af_status af_layout_items(af_plan *p)
{
    p->ready = af_calloc((size_t)p->nodes, sizeof *p->ready);
    if (!p->ready) return AF_ENOMEM;
    mark_live(p);
    forward_phases(p);
    backward_phases(p);
    p->items = af_calloc((size_t)p->nodes * (2 + 2 * AF_MAX_INPUTS) + 1, sizeof *p->items);
    if (!p->items) return AF_ENOMEM;
    for (int i = 0; i < p->nodes; i++) {
        const af_step_node *n = &p->node[i];
        if (!n->live) continue;
        push_gathers(p, i);
        push(p, AF_FORWARD, i, n->forward_phase, forward_position(i));
        push(p, AF_GATHER_BACK, i, n->gather_back_phase, backward_position(p, i));
        push_backward(p, i);
    }
    push(p, AF_LOSS, p->output, p->node[p->output].forward_phase, loss_position(p));
    qsort(p->items, (size_t)p->item_count, sizeof *p->items, by_time);
    p->phases = p->items[p->item_count - 1].phase + 1;
    p->phase_start = af_calloc((size_t)p->phases + 1, sizeof *p->phase_start);
    if (!p->phase_start) return AF_ENOMEM;
    for (int i = 0; i < p->item_count; i++) p->phase_start[p->items[i].phase + 1] = i + 1;
    for (int i = 1; i <= p->phases; i++)
        p->phase_start[i] = max_int(p->phase_start[i], p->phase_start[i - 1]);
    return AF_OK;
}

static void touch(af_tensor *t, const af_item *it)
{
    int at = it->phase * (1 << 16) + it->position;
    if (t->first < 0 || at < t->first) t->first = at, t->first_phase = it->phase;
    if (at > t->last) t->last = at, t->last_phase = it->phase;
}

/* Every item touches what it reads and writes; lifetimes follow. */
static void lifetimes(af_plan *p)
{
    for (int i = 0; i < p->nodes; i++) {
        af_step_node *n = &p->node[i];
        n->value.first = n->gradient.first = n->saved.first = -1;
        n->value.last = n->gradient.last = n->saved.last = -1;
    }
    for (int i = 0; i < p->item_count; i++) {
        const af_item *it = &p->items[i];
        af_step_node *n = &p->node[it->node];
        bool back = it->kind == AF_GATHER_BACK || it->kind == AF_BACKWARD;
        bool reads_x = !back || (n->node.op->reads & AF_BACKWARD_X);
        if (it->kind == AF_LOSS) {
            touch(&n->value, it);
            if (p->o.train) touch(&n->gradient, it);
            continue;
        }
        for (int k = 0; k < n->node.inputs; k++) {
            af_step_node *from = &p->node[n->node.in[k]];
            bool one = it->kind == AF_GATHER || (it->kind == AF_BACKWARD && n->node.op->gathers);
            if (one && k != it->input) continue;
            bool gathered = !n->node.op->gathers || k < af_gathers(&n->node);
            if (reads_x && (!back || gathered)) touch(&from->value, it);
            if (it->kind == AF_BACKWARD && n->wants_dx[k]) touch(&from->gradient, it);
        }
        if (it->kind == AF_FORWARD || (back && (n->node.op->reads & AF_BACKWARD_Y)))
            touch(&n->value, it);
        if (back) touch(&n->gradient, it);
        if (it->kind == AF_FORWARD || back) touch(&n->saved, it);
    }
}

static int by_size(const void *a, const void *b)
{
    const af_tensor *x = *(af_tensor *const *)a, *y = *(af_tensor *const *)b;
    if (x->sample_bytes != y->sample_bytes) return x->sample_bytes > y->sample_bytes ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static bool together(const af_tensor *a, const af_tensor *b)
{
    if (a->local != b->local) return false;
    if (a->local) return a->first <= b->last && b->first <= a->last;
    return a->first_phase <= b->last_phase && b->first_phase <= a->last_phase;
}

static size_t padded(const af_plan *p, const af_tensor *t)
{
    return (t->sample_bytes * (size_t)(t->local ? p->o.chunk : p->o.batch) + 63) & ~(size_t)63;
}

/* The lowest offset at which t overlaps nobody already placed and alive at the same time. */
static void place(const af_plan *p, af_tensor **all, int placed, af_tensor *t)
{
    t->offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < placed; i++) {
            const af_tensor *q = all[i];
            if (!together(t, q)) continue;
            if (t->offset < q->offset + padded(p, q) && q->offset < t->offset + padded(p, t)) {
                t->offset = q->offset + padded(p, q);
                moved = true;
            }
        }
    }
}

af_status af_layout_memory(af_plan *p)
{
    lifetimes(p);
    af_tensor **all = af_calloc((size_t)p->nodes * 3, sizeof *all);
    if (!all) return AF_ENOMEM;
    int count = 0;
    for (int i = 0; i < p->nodes; i++) {
        af_step_node *n = &p->node[i];
        size_t value = (size_t)af_shape_size(n->node.shape) *
                       (i == p->output || i == p->last ? p->item_size : af_dtype_size(p->type));
        n->value.sample_bytes = n->gradient.sample_bytes = value;
        n->saved.sample_bytes =
            p->o.train && n->node.op->saved ? n->node.op->saved(&n->node, n->in) : 0;
        af_tensor *own[] = {&n->value, &n->gradient, &n->saved};
        for (int k = 0; k < 3; k++)
            if (own[k]->first >= 0 && own[k]->sample_bytes) {
                own[k]->local = own[k]->first_phase == own[k]->last_phase;
                all[count++] = own[k];
            }
    }
    qsort(all, (size_t)count, sizeof *all, by_size);
    for (int i = 0; i < count; i++) {
        place(p, all, i, all[i]);
        size_t end = all[i]->offset + padded(p, all[i]);
        size_t *bytes = all[i]->local ? &p->local_bytes : &p->batch_bytes;
        if (end > *bytes) *bytes = end;
    }
    af_free(all);
    return AF_OK;
}
