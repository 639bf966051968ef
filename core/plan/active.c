/* Which part of a plan a step runs. The coefficients of mixes are inputs of a step; an input whose
 * coefficient is exactly 0 is switched off, and what only such inputs need is not active: its
 * kernels are not called, its parameters, optimiser state and running statistics stay as they are
 * (as with a gradient of None in PyTorch). Everything that follows from the coefficients is worked
 * out here, when they are set, so that a step only looks at flags: active nodes, inputs that are
 * on, who is the first to write a gradient, runs of active parameters, cost.
 *
 * Memory was laid out for everything at once, so any part of it fits. */
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/plan/internal.h"

static bool is_mix(const af_step_node *n)
{
    return n->node.op->mixes;
}

static const double *coefficients_of(const af_plan *p, const af_step_node *n)
{
    return p->coefficients + n->node.attrs.first_coefficient;
}

/* What the output needs, through inputs that are on. */
static void mark_active(af_plan *p)
{
    for (int i = 0; i < p->nodes; i++) p->node[i].active = i == p->output;
    for (int i = p->nodes - 1; i >= 0; i--) {
        af_step_node *n = &p->node[i];
        for (int k = 0; k < n->node.inputs; k++) {
            n->on[k] = n->active && (!is_mix(n) || coefficients_of(p, n)[k] != 0);
            p->node[n->node.in[k]].active |= n->on[k];
        }
    }
}

/* The first backward that runs writes a gradient, later ones add to it. */
static void mark_additions(af_plan *p)
{
    for (int i = 0; i < p->nodes; i++) p->node[i].written = false;
    for (int i = 0; i < p->item_count; i++) {
        af_step_node *n = &p->node[p->items[i].node];
        if (p->items[i].kind != AF_BACKWARD || !n->active) continue;
        for (int k = 0; k < n->node.inputs; k++) {
            af_step_node *from = &p->node[n->node.in[k]];
            if (!n->on[k] || !n->wants_dx[k]) continue;
            if (n->node.op->gathers && k != p->items[i].input) continue;
            n->add[k] = from->written && !af_reads_slice(&n->node, n->in[k]);
            from->written = true;
        }
    }
}

/* Neighbouring active parameters become one run; with everything active there is one. */
static void mark_runs(af_plan *p)
{
    p->run_count = 0;
    p->active_count = 0;
    for (int i = 0; i < p->nodes; i++) {
        const af_step_node *n = &p->node[i];
        for (int k = 0; n->active && k < n->param_count; k++) {
            if (!n->params[k].trained) continue;
            int64_t size = af_param_room(&n->params[k]), from = n->param_at[k];
            af_span *last = p->run_count ? &p->runs[p->run_count - 1] : NULL;
            if (last && last->from + last->count == from)
                last->count += size;
            else
                p->runs[p->run_count++] = (af_span){p->active_count, from, size};
            p->active_count += size;
        }
    }
}

/* A mix costs what one with only its active inputs would. */
static af_cost node_cost(const af_step_node *n)
{
    af_node node = n->node;
    node.inputs = 0;
    for (int k = 0; k < n->node.inputs; k++) node.inputs += n->on[k];
    if (is_mix(n) && node.inputs == 0) return (af_cost){0};
    return node.op->cost(&node, n->in);
}

static void add_up_cost(af_plan *p)
{
    p->active_cost = (af_cost){0};
    for (int i = 0; i < p->nodes; i++) {
        if (!p->node[i].active) continue;
        af_cost c = node_cost(&p->node[i]);
        p->active_cost.macs += c.macs;
        p->active_cost.forward += c.forward;
        p->active_cost.backward += c.backward;
    }
}

static void work_out(af_plan *p)
{
    mark_active(p);
    mark_additions(p);
    mark_runs(p);
    add_up_cost(p);
}

af_status af_active_new(af_plan *p)
{
    size_t tensors = 0;
    for (int i = 0; i < p->nodes; i++) {
        af_step_node *n = &p->node[i];
        tensors += (size_t)n->param_count;
        if (!is_mix(n)) continue;
        int end = n->node.attrs.first_coefficient + n->node.inputs;
        if (end > p->coefficient_count) p->coefficient_count = end;
        n->mix_at = p->mix_partial_count;
        p->mix_partial_count += (size_t)p->chunks * AF_MAX_INPUTS;
    }
    p->coefficients = af_calloc((size_t)p->coefficient_count + 1, sizeof *p->coefficients);
    p->mix_partials = af_plan_alloc(p, (p->mix_partial_count + 1) * sizeof *p->mix_partials);
    p->runs = af_calloc(tensors + 1, sizeof *p->runs);
    if (!p->coefficients || !p->mix_partials || !p->runs) return AF_ENOMEM;
    for (int i = 0; i < p->coefficient_count; i++) p->coefficients[i] = 1;
    work_out(p);
    return AF_OK;
}

void af_active_free(af_plan *p)
{
    af_free(p->coefficients);
    af_free(p->runs);
}

void af_active_call(const af_plan *p, const af_step_node *n, int chunk, af_call *c)
{
    if (!is_mix(n)) return;
    c->mix =
        p->on ? af_device_coefficients(p) + n->node.attrs.first_coefficient : coefficients_of(p, n);
    c->dmix = p->mix_partials + n->mix_at + (size_t)chunk * AF_MAX_INPUTS;
}

af_span af_active_span(const af_plan *p, int64_t at, int64_t end)
{
    int low = 0, high = p->run_count - 1;
    if (at >= end) return (af_span){0};
    while (low < high) { /* the last run that begins at or before `at` */
        int middle = (low + high + 1) / 2;
        if (p->runs[middle].at <= at)
            low = middle;
        else
            high = middle - 1;
    }
    const af_span *r = &p->runs[low];
    int64_t skip = at - r->at, count = r->count - skip;
    return (af_span){at, r->from + skip, count < end - at ? count : end - at};
}

/* ---- for the plan's user ---- */

int af_plan_coefficients(const af_plan *p)
{
    return p->coefficient_count;
}

void af_plan_set_coefficients(af_plan *p, const double *c)
{
    size_t bytes = (size_t)p->coefficient_count * sizeof *c;
    bool same = true; /* as far as what runs is concerned */
    for (int i = 0; i < p->coefficient_count; i++) same &= (c[i] != 0) == (p->coefficients[i] != 0);
    memcpy(p->coefficients, c, bytes);
    if (!same) work_out(p);
}

/* Chunks in their order, then nodes in theirs: the same bits with any threads. */
void af_plan_coefficient_gradients(const af_plan *p, double *out)
{
    const double *partials = p->on ? af_device_mix(p) : p->mix_partials;
    for (int i = 0; i < p->coefficient_count; i++) out[i] = 0;
    for (int i = 0; i < p->nodes; i++) {
        const af_step_node *n = &p->node[i];
        for (int k = 0; is_mix(n) && k < n->node.inputs; k++) {
            double sum = 0;
            if (!n->on[k]) continue;
            for (int chunk = 0; chunk < p->chunks; chunk++)
                sum += partials[n->mix_at + (size_t)chunk * AF_MAX_INPUTS + (size_t)k];
            out[n->node.attrs.first_coefficient + k] += sum;
        }
    }
}

af_cost af_plan_active_cost(const af_plan *p)
{
    return p->active_cost;
}
