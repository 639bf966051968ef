/* Making a plan: copy the graph, choose chunks, lay out time and memory, ask the backend for
 * kernels. */
#include <omp.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/plan/internal.h"

enum {
    CHUNK_BYTES = 2 << 20,
    MAX_LANES = 4
}; /* fixed, not this machine's cache: the chunk decides bits */

af_plan_options af_plan_options_default(void)
{
    return (af_plan_options){.batch = 64};
}

/* Largest divisor of n that is at most `most` (1 always is). */
static int divisor(int n, int most)
{
    int d = most < n ? most : n;
    while (d > 1 && n % d) d--;
    return d < 1 ? 1 : d;
}

static size_t widest_node(const af_plan *p)
{
    size_t most = 1;
    for (int i = 0; i < p->nodes; i++) {
        size_t bytes = (size_t)af_shape_size(p->node[i].node.shape) * af_dtype_size(p->type);
        for (int k = 0; k < p->node[i].node.inputs; k++)
            bytes += (size_t)af_shape_size(p->node[i].in[k]) * af_dtype_size(p->type);
        if (bytes > most) most = bytes;
    }
    return most;
}

static af_status choose_chunks(af_plan *p)
{
    af_plan_options *o = &p->o;
    if (o->batch < 1 || o->batch > 1 << 20)
        return af_fail(AF_EINVAL, "plan: batch %d, want 1 to 1048576", o->batch);
    if (p->on) o->lanes = 1, o->chunk = o->batch;
    if (!o->lanes) o->lanes = divisor(o->batch, MAX_LANES);
    if (o->lanes < 1 || o->batch % o->lanes)
        return af_fail(AF_EINVAL, "plan: %d lanes do not divide the batch of %d", o->lanes,
                       o->batch);
    int lane = o->batch / o->lanes;
    if (!o->chunk) {
        size_t fit = CHUNK_BYTES / widest_node(p);
        o->chunk = divisor(lane, fit > 1 << 20 ? 1 << 20 : (int)fit);
    }
    if (o->chunk < 1 || lane % o->chunk)
        return af_fail(AF_EINVAL, "plan: chunks of %d do not divide a lane of %d samples", o->chunk,
                       lane);
    p->chunks_per_lane = lane / o->chunk;
    p->chunks = o->lanes * p->chunks_per_lane;
    return AF_OK;
}

static af_status gather_team(af_plan *p)
{
    int cores =
        p->o.threads > 0 ? p->o.threads : omp_get_max_threads(); /* honours OMP_NUM_THREADS */
    if (p->on) cores = 1;                                        /* that queues */
    AF_TRY(af_team_new(&p->team, cores < p->o.lanes ? cores : p->o.lanes));
    p->threads = af_team_size(p->team);
    return AF_OK;
}

static af_status copy_graph(af_plan *p, const af_graph *g)
{
    AF_TRY(af_graph_status(g));
    p->nodes = af_graph_count(g);
    p->input = af_graph_input(g);
    p->output = af_graph_output(g);
    if (p->input < 0 || p->output < 0)
        return af_fail(AF_EINVAL, "plan: the graph has no %s node",
                       p->input < 0 ? "input" : "output");
    p->node = af_calloc((size_t)p->nodes, sizeof *p->node);
    if (!p->node) return AF_ENOMEM;
    for (int i = 0; i < p->nodes; i++) {
        af_step_node *n = &p->node[i];
        n->node = *af_graph_node(g, i);
        const af_op *op = n->node.op;
        af_graph_input_shapes(g, i, n->in);
        if (op->params) n->param_count = op->params(&n->node, n->in, n->params);
        if (op->partials) n->partials = op->partials(&n->node, n->in);
        if (op->shared) n->shared = op->shared(&n->node, n->in);
        if (n->param_count) n->origin[n->origins++] = p->param_count;
        p->param_count += n->param_count;
    }
    p->params = af_calloc((size_t)p->param_count + 1, sizeof *p->params);
    if (!p->params) return AF_ENOMEM;
    for (int i = 0, next = 0; i < p->nodes; i++)
        for (int k = 0; k < p->node[i].param_count; k++)
            p->params[next++].param = p->node[i].params[k];
    p->cost = af_graph_measure(g).total;
    return AF_OK;
}

/* The sides of a node that are stored in bf16: the host's input and the prediction are not, nor
 * what only the prediction is copied from. */
static unsigned stored_in_bf16(const af_plan *p, int node)
{
    if (p->type != AF_BF16) return 0;
    bool x = node != p->input && (node != p->output || p->last < 0);
    bool y = node != p->output && node != p->last;
    return (x ? AF_WIDEN_X : 0) | (y ? AF_WIDEN_Y : 0);
}

/* The node that the output alone reads; -1: others do too. */
static int find_last(const af_plan *p)
{
    int from = p->node[p->output].node.in[0], readers = 0;
    for (int i = 0; i < p->nodes; i++)
        for (int k = 0; !p->node[i].gone && k < p->node[i].node.inputs; k++)
            readers += p->node[i].node.in[k] == from;
    return readers == 1 ? from : -1;
}

/* A device has a kernel for every op: it cannot run the reference. */
static af_status choose_device_kernel(const af_plan *p, af_step_node *n, const af_request *r)
{
    AF_TRY(p->backend->prepare(r, &n->prepared));
    n->kernel = n->prepared.kernel;
    if (n->kernel) return AF_OK;
    return af_fail(AF_EUNSUPPORTED, "backend %s has no kernel for the op %s; use --device cpu",
                   p->backend->name, n->node.op->name);
}

/* The backend's kernel for the tensors as they are stored; else one for its own type, with
 * conversions around it; else the reference. */
static af_status choose_kernel(af_plan *p, int node)
{
    af_step_node *n = &p->node[node];
    af_request r = {.node = &n->node,
                    .in = n->in,
                    .n = p->o.chunk,
                    .train = p->o.train,
                    .type = p->type,
                    .precision = p->o.precision,
                    .fast = p->o.fast,
                    .device = p->device};
    unsigned sides = stored_in_bf16(p, node);
    memcpy(r.wants_dx, n->wants_dx, sizeof r.wants_dx);
    if (p->on) return choose_device_kernel(p, n, &r);
    if (p->backend->prepare && (!sides || sides == (AF_WIDEN_X | AF_WIDEN_Y)))
        AF_TRY(p->backend->prepare(&r, &n->prepared));
    if (!n->prepared.kernel && sides) {
        r.type = p->backend->dtype;
        n->widened = sides;
        size_t bytes = af_widen_bytes(&n->node, n->in, p->o.chunk);
        if (bytes > p->widen_bytes) p->widen_bytes = bytes;
        if (p->backend->prepare) AF_TRY(p->backend->prepare(&r, &n->prepared));
    }
    n->kernel = n->prepared.kernel ? n->prepared.kernel : n->node.op->reference[p->backend->dtype];
    return AF_OK;
}

static af_status choose_kernels(af_plan *p)
{
    for (int i = 0; i < p->nodes; i++) {
        af_step_node *n = &p->node[i];
        if (!n->live) continue;
        AF_TRY(choose_kernel(p, i));
        n->lane_at = p->lane_bytes;
        p->lane_bytes += (n->prepared.lane_bytes + 63) & ~(size_t)63;
        if (n->prepared.scratch_bytes > p->scratch_bytes)
            p->scratch_bytes = n->prepared.scratch_bytes;
    }
    p->scratch_bytes = (p->scratch_bytes + 63) & ~(size_t)63;
    return AF_OK;
}

static af_status allocate(af_plan *p)
{
    size_t partials = 0, shared = 0;
    for (int i = 0; i < p->nodes; i++) {
        af_step_node *n = &p->node[i];
        n->partial_at = partials, n->shared_at = shared;
        partials += (size_t)n->partials * (size_t)p->chunks;
        shared += (size_t)n->shared;
    }
    size_t tail = (size_t)p->o.chunk * (size_t)af_shape_size(p->node[p->input].node.shape);
    if (p->on) partials = tail = 0;
    p->batch_memory = af_plan_alloc(p, p->batch_bytes);
    p->local_memory = af_plan_alloc(p, p->local_bytes * (size_t)p->threads);
    p->lane_memory = af_plan_alloc(p, (size_t)p->o.lanes * p->lane_bytes);
    p->scratch = af_plan_alloc(p, p->scratch_bytes * (size_t)p->threads);
    p->widen = af_alloc(p->widen_bytes * (size_t)p->threads);
    if (p->o.timed)
        p->seconds = af_calloc((size_t)p->threads * (size_t)p->nodes * 2, sizeof *p->seconds);
    p->partials = af_calloc(partials + 1, sizeof *p->partials);
    p->shared = af_plan_alloc(p, (shared + 1) * sizeof *p->shared);
    p->chunk_loss = af_calloc((size_t)p->chunks, sizeof *p->chunk_loss);
    p->block_norm = af_calloc((size_t)af_plan_blocks(p) + 1, sizeof *p->block_norm);
    p->tail = af_calloc(tail, sizeof *p->tail);
    bool ok = p->batch_memory && p->local_memory && p->lane_memory && p->scratch && p->widen &&
              p->partials && p->shared && p->chunk_loss && p->block_norm && p->tail;
    ok = ok && (p->seconds || !p->o.timed);
    return ok ? AF_OK : AF_ENOMEM;
}

af_status af_plan_new(af_plan **out, const af_graph *g, const af_backend *b,
                      const af_plan_options *o)
{
    *out = NULL;
    if (!af_precision_offered(b, o->precision))
        return af_fail(AF_EINVAL, "backend %s: no precision %s", b->name,
                       af_precision_name(b, o->precision));
    if (o->train && !o->loss) return af_fail(AF_EINVAL, "plan: training needs a loss");
    af_plan *p = af_calloc(1, sizeof *p);
    if (!p) return AF_ENOMEM;
    p->backend = b;
    p->on = b->device;
    p->o = *o;
    p->item_size = af_dtype_size(b->dtype);
    p->type = o->precision == AF_BF16_PRECISION ? AF_BF16 : b->dtype;
    af_status st;
    AF_GOTO(st, fail, copy_graph(p, g));
    AF_GOTO(st, fail, af_passes_run(p));
    p->last = p->on ? -1 : find_last(p);
    if (p->on) AF_GOTO(st, fail, af_device_open(p));
    AF_GOTO(st, fail, choose_chunks(p));
    AF_GOTO(st, fail, gather_team(p));
    AF_GOTO(st, fail, af_layout_items(p));
    AF_GOTO(st, fail, af_layout_memory(p));
    AF_GOTO(st, fail, choose_kernels(p));
    AF_GOTO(st, fail, af_params_new(p));
    AF_GOTO(st, fail, af_active_new(p));
    AF_GOTO(st, fail, allocate(p));
    if (p->on) AF_GOTO(st, fail, af_device_side_new(p));
    *out = p;
    return AF_OK;
fail:
    af_plan_free(p);
    return st;
}

void af_plan_free(af_plan *p)
{
    if (!p) return;
    af_team_free(p->team);
    af_active_free(p);
    for (int i = 0; p->node && i < p->nodes; i++)
        if (p->node[i].prepared.self) p->backend->release(p->node[i].prepared.self);
    void *seen[] = {p->o.params_of ? NULL : p->weights,
                    p->o.params_of ? NULL : p->buffers,
                    p->gradients,
                    p->state[0],
                    p->state[1],
                    p->batch_memory,
                    p->local_memory,
                    p->lane_memory,
                    p->scratch,
                    p->shared,
                    p->mix_partials};
    void *own[] = {p->ready, p->seconds,  p->node,       p->params,     p->items, p->phase_start,
                   p->widen, p->partials, p->chunk_loss, p->block_norm, p->tail};
    for (size_t i = 0; (!p->on || p->device) && i < sizeof seen / sizeof *seen; i++)
        af_plan_release(p, seen[i]);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) af_free(own[i]);
    af_device_side_free(p);
    af_free(p);
}

af_plan_info af_plan_describe(const af_plan *p)
{
    size_t params =
        (size_t)(p->weight_count * (1 + (p->o.train ? AF_OPTIMISER_STATE + p->o.lanes : 0)) +
                 p->buffer_count) *
        p->item_size;
    size_t local = (p->local_bytes + p->scratch_bytes + p->widen_bytes) * (size_t)p->threads +
                   p->lane_bytes * (size_t)p->o.lanes;
    return (af_plan_info){p->batch_bytes + local + params,
                          p->batch_bytes,
                          local,
                          params,
                          p->o.lanes,
                          p->o.chunk,
                          p->threads,
                          p->phases,
                          p->nodes};
}

const af_cost *af_plan_cost(const af_plan *p)
{
    return &p->cost;
}

int af_plan_batch(const af_plan *p)
{
    return p->o.batch;
}
