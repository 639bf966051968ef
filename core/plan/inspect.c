/* What a plan is made of, for people: its nodes with kernels and memory, and, when it was made to
 * time itself, the seconds that each took. */
#include <stdio.h>
#include <string.h>
#include "core/plan/internal.h"

static size_t tensor_bytes(const af_plan *p, const af_tensor *t)
{
    if (t->first < 0) return 0;
    return t->sample_bytes * (size_t)(t->local ? p->o.chunk * p->threads : p->o.batch);
}

/* Bytes that the kernels of a step move at least: every tensor they read or write, once a call. */
static double traffic(const af_plan *p, const af_step_node *n, bool back)
{
    double y = (double)n->value.sample_bytes, x = 0, dx = 0, gathered = 0;
    int gathers = n->partials == 0 ? 0 : af_gathers(&n->node);
    for (int k = 0; k < n->node.inputs; k++) {
        const af_step_node *from = &p->node[n->node.in[k]];
        double part = (double)n->in[k].c;
        if (af_reads_slice(&n->node, n->in[k])) part = n->node.attrs.out;
        double bytes = (double)from->value.sample_bytes * part / (double)n->in[k].c;
        x += bytes;
        gathered += k < gathers ? bytes : 0;
        dx += n->wants_dx[k] ? bytes : 0;
    }
    bool reads_x = n->node.op->reads & AF_BACKWARD_X, reads_y = n->node.op->reads & AF_BACKWARD_Y;
    double slope = y + (reads_y ? y : 0), per_sample;
    if (!back)
        per_sample = x + y + gathered;
    else if (n->node.op->gathers) /* one call an input */
        per_sample = (gathers ? slope : 0) + n->node.inputs * slope + 2 * gathered + dx;
    else
        per_sample = (gathers ? 2 : 1) * (slope + (reads_x ? x : 0)) + dx;
    return per_sample * p->o.batch;
}

static double spent(const af_plan *p, int node, int back)
{
    double sum = 0;
    for (int t = 0; p->seconds && t < p->threads; t++)
        sum += p->seconds[((size_t)t * (size_t)p->nodes + (size_t)node) * 2 + (size_t)back];
    return sum;
}

bool af_plan_node(const af_plan *p, int i, af_plan_node_info *out)
{
    const af_step_node *n = &p->node[i];
    memset(out, 0, sizeof *out);
    if (!n->live || !n->active) return false;
    af_cost cost = n->node.op->cost(&n->node, n->in);
    *out = (af_plan_node_info){.node = &n->node,
                               .kernel = n->kernel->name,
                               .converts = n->widened != 0,
                               .phase = {n->forward_phase, n->backward_phase},
                               .local = n->value.local,
                               .bytes = tensor_bytes(p, &n->value) + tensor_bytes(p, &n->gradient) +
                                        tensor_bytes(p, &n->saved),
                               .flops = {cost.forward * p->o.batch,
                                         n->backward_phase < 0 ? 0 : cost.backward * p->o.batch},
                               .traffic = {traffic(p, n, false), 0},
                               .seconds = {spent(p, i, 0), spent(p, i, 1)}};
    if (n->backward_phase >= 0) out->traffic[1] = traffic(p, n, true);
    return true;
}

void af_plan_reset_times(af_plan *p)
{
    if (p->seconds)
        memset(p->seconds, 0, (size_t)p->threads * (size_t)p->nodes * 2 * sizeof *p->seconds);
}
