/* Parameters, buffers and optimiser state: flat arrays in canonical layout, each node's tensors at
 * 64-byte boundaries, the padding always zero. Initial values come from the stream "init", one
 * index a tensor. */
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/philox.h"
#include "core/base/sha256.h"
#include "core/plan/internal.h"

static int64_t round_up(int64_t n)
{
    return (n + 15) & ~(int64_t)15;
}

int64_t af_param_room(const af_param *a)
{
    return round_up(af_param_size(a));
}

static void *zeros(const af_plan *p, int64_t count, int64_t copies)
{
    return af_plan_alloc(p, ((size_t)(count * copies) + 1) * p->item_size);
}

static bool same_params(const af_step_node *a, const af_step_node *b)
{
    bool same = a->param_count == b->param_count && a->node.op == b->node.op;
    for (int k = 0; same && k < a->param_count; k++)
        same = memcmp(a->params[k].dims, b->params[k].dims, sizeof a->params[k].dims) == 0;
    return same;
}

/* The parts of one parameter lie side by side: together they are that of a merged node. */
static void place(af_plan *p, int node)
{
    af_step_node *n = &p->node[node];
    for (int k = 0; k < n->param_count; k++) {
        int64_t *count = n->params[k].trained ? &p->weight_count : &p->buffer_count;
        int64_t at = n->param_at[k] = *count;
        for (int i = 0; i < n->origins; i++) {
            af_plan_param *part = &p->params[n->origin[i] + k];
            part->at = at;
            part->owner = node;
            at += af_param_size(&part->param);
        }
        *count += af_param_room(&n->params[k]);
    }
}

af_status af_params_new(af_plan *p)
{
    for (int i = 0; i < p->nodes; i++)
        if (!p->node[i].gone) place(p, i);
    if (p->o.params_of) {
        const af_plan *from = p->o.params_of;
        bool same = from->nodes == p->nodes && from->item_size == p->item_size;
        for (int i = 0; same && i < p->nodes; i++) same = same_params(&from->node[i], &p->node[i]);
        if (!same)
            return af_fail(AF_EINVAL,
                           "plan: parameters can only be shared between plans of one graph");
        p->weights = from->weights;
        p->buffers = from->buffers;
        return AF_OK;
    }
    p->weights = zeros(p, p->weight_count, 1);
    p->buffers = zeros(p, p->buffer_count, 1);
    if (!p->weights || !p->buffers) return AF_ENOMEM;
    if (!p->o.train) return AF_OK;
    p->gradients = zeros(p, p->weight_count, p->o.lanes);
    if (!p->gradients) return AF_ENOMEM;
    for (int s = 0; s < AF_OPTIMISER_STATE; s++)
        if (!(p->state[s] = zeros(p, p->weight_count, 1))) return AF_ENOMEM;
    return AF_OK;
}

static char *flat_of(const af_plan *p, af_part part)
{
    return part == AF_WEIGHTS ? p->weights : part == AF_BUFFERS ? p->buffers : p->gradients;
}

static size_t bytes_of(const af_plan *p, af_part part)
{
    return (size_t)(part == AF_BUFFERS ? p->buffer_count : p->weight_count) * p->item_size;
}

/* From the device or the host; zeros when the device has failed, as af_plan_status says. */
static void copy_out(const af_plan *p, void *to, const void *from, size_t size)
{
    if (size && p->on && p->on->fetch(p->device, to, from, size) != AF_OK) memset(to, 0, size);
    if (size && !p->on) memcpy(to, from, size);
}

/* A part on the host: itself, or a copy of what the device has. */
static char *view(const af_plan *p, af_part part)
{
    if (!p->on) return flat_of(p, part);
    char *copy = af_device_mirror(p, part);
    copy_out(p, copy, flat_of(p, part), bytes_of(p, part));
    return copy;
}

/* What was changed there goes back. */
static void put_back(const af_plan *p, af_part part)
{
    if (p->on)
        p->on->send(p->device, flat_of(p, part), af_device_mirror(p, part), bytes_of(p, part));
}

static void put(const af_plan *p, char *flat, int64_t at, double v)
{
    if (p->backend->dtype == AF_F64)
        ((double *)(void *)flat)[at] = v;
    else
        ((float *)(void *)flat)[at] = (float)v;
}

static double get(const af_plan *p, const char *flat, int64_t at)
{
    return p->backend->dtype == AF_F64 ? ((const double *)(const void *)flat)[at]
                                       : (double)((const float *)(const void *)flat)[at];
}

static double draw(const af_param *a, af_rng *r)
{
    switch (a->init) {
    case AF_INIT_ZEROS:
        return 0;
    case AF_INIT_ONES:
        return 1;
    case AF_INIT_HE_FAN_OUT:
        return af_rng_normal(r) * sqrt(2 / a->fan);
    case AF_INIT_FAN_IN:
        return (2 * af_rng_unit(r) - 1) / sqrt(a->fan);
    }
    return NAN;
}

void af_plan_init(af_plan *p, uint64_t seed, uint64_t trial)
{
    char *weights = view(p, AF_WEIGHTS), *buffers = view(p, AF_BUFFERS);
    for (int i = 0; i < p->param_count; i++) {
        const af_param *a = &p->params[i].param;
        char *flat = a->trained ? weights : buffers;
        af_rng r = af_rng_at(seed, "init", trial, 0, 0, (uint32_t)i);
        for (int64_t e = 0; e < af_param_size(a); e++)
            put(p, flat, p->params[i].at + e, draw(a, &r));
    }
    put_back(p, AF_WEIGHTS);
    put_back(p, AF_BUFFERS);
    for (int s = 0; s < AF_OPTIMISER_STATE; s++)
        if (p->state[s] && p->on)
            p->on->clear(p->device, p->state[s], bytes_of(p, AF_WEIGHTS));
        else if (p->state[s])
            memset(p->state[s], 0, bytes_of(p, AF_WEIGHTS));
}

int64_t af_plan_size(const af_plan *p, af_part part)
{
    int64_t n = 0;
    for (int i = 0; i < p->param_count; i++)
        if (p->params[i].param.trained == (part != AF_BUFFERS))
            n += af_param_size(&p->params[i].param);
    return n;
}

/* Walks a part's elements in the graph's order: `in` NULL reads into out, else writes. */
static void walk(const af_plan *p, af_part part, char *flat, const double *in, double *out)
{
    int64_t at = 0;
    for (int i = 0; i < p->param_count; i++) {
        const af_plan_param *a = &p->params[i];
        if (a->param.trained != (part != AF_BUFFERS)) continue;
        for (int64_t e = 0; e < af_param_size(&a->param); e++, at++)
            if (in)
                put(p, flat, a->at + e, in[at]);
            else if (part == AF_GRADIENTS && !p->node[a->owner].active)
                out[at] = 0; /* what is there is another step's */
            else
                out[at] = get(p, flat, a->at + e);
    }
}

void af_plan_read(const af_plan *p, af_part part, double *out)
{
    walk(p, part, view(p, part), NULL, out);
}

void af_plan_write(af_plan *p, af_part part, const double *in)
{
    if (part == AF_GRADIENTS) return;
    walk(p, part, view(p, part), in, NULL);
    put_back(p, part);
}

/* The pieces of a snapshot, in order. */
static int pieces(const af_plan *p, char *at[4], size_t size[4])
{
    at[0] = p->weights, size[0] = (size_t)p->weight_count * p->item_size;
    at[1] = p->buffers, size[1] = (size_t)p->buffer_count * p->item_size;
    for (int s = 0; s < AF_OPTIMISER_STATE; s++)
        at[2 + s] = p->state[s], size[2 + s] = p->state[s] ? size[0] : 0;
    return 4;
}

size_t af_plan_snapshot_size(const af_plan *p)
{
    char *at[4];
    size_t size[4], total = 0;
    for (int i = 0, n = pieces(p, at, size); i < n; i++) total += size[i];
    return total;
}

void af_plan_snapshot(const af_plan *p, void *out)
{
    char *at[4], *to = out;
    size_t size[4];
    for (int i = 0, n = pieces(p, at, size); i < n; to += size[i++])
        copy_out(p, to, at[i], size[i]);
}

void af_plan_restore(af_plan *p, const void *in)
{
    char *at[4];
    const char *from = in;
    size_t size[4];
    for (int i = 0, n = pieces(p, at, size); i < n; from += size[i++])
        if (size[i] && p->on)
            p->on->send(p->device, at[i], from, size[i]);
        else if (size[i])
            memcpy(at[i], from, size[i]);
}

void af_plan_digest(const af_plan *p, struct af_sha256 *h)
{
    af_sha256_add(h, view(p, AF_WEIGHTS), bytes_of(p, AF_WEIGHTS));
    af_sha256_add(h, view(p, AF_BUFFERS), bytes_of(p, AF_BUFFERS));
}

af_status af_plan_status(const af_plan *p)
{
    return p->on ? p->on->wait(p->device) : AF_OK;
}
