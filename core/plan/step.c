/* Running a plan. Each thread of the team takes lanes t, t + T, t + 2T ... and, phase by
 * phase, sends each chunk of a lane through the phase's items. Between phases the reductions over
 * the batch are combined in chunk order. Nothing here allocates. */
#include <math.h>
#include <string.h>
#include "core/base/log.h"
#include "core/plan/internal.h"

typedef af_plan_job job;

static bool calibrates(const job *j)
{
    return j->momentum >= 0;
}

static void *tensor_at(const af_plan *p, const af_tensor *t, int thread, int first)
{
    if (t->first < 0 || !t->sample_bytes) return NULL;
    return t->local ? p->local_memory + (size_t)thread * p->local_bytes + t->offset
                    : p->batch_memory + t->offset + (size_t)first * t->sample_bytes;
}

static void *param_at(const af_plan *p, const af_step_node *n, int k)
{
    char *flat = n->params[k].trained ? p->weights : p->buffers;
    return flat + (size_t)n->param_at[k] * p->item_size;
}

/* What a kernel sees of a node, without the tensors of a chunk. */
static af_call node_call(const job *j, const af_step_node *n, int thread)
{
    const af_plan *p = j->p;
    af_call c = {.node = &n->node,
                 .in = n->in,
                 .self = n->prepared.self,
                 .n = p->o.chunk,
                 .train = p->o.train,
                 .shared = p->shared + n->shared_at,
                 .scratch = p->scratch + (size_t)thread * p->scratch_bytes,
                 .at = j->at,
                 .momentum = calibrates(j) ? &j->momentum : NULL,
                 .inputs = p->on ? af_device_inputs(p) : NULL};
    for (int k = 0; k < n->param_count; k++) c.w[k] = param_at(p, n, k);
    return c;
}

static void lane_pointers(const af_plan *p, const af_step_node *n, int lane, af_call *c)
{
    c->lane = p->lane_memory + (size_t)lane * p->lane_bytes + n->lane_at;
    if (!p->o.train) return;
    for (int k = 0; k < n->param_count; k++)
        if (n->params[k].trained)
            c->dw[k] =
                p->gradients +
                ((size_t)lane * (size_t)p->weight_count + (size_t)n->param_at[k]) * p->item_size;
}

/* The chunk's input on the host; the last chunk of a short inference is padded with zeros. */
static const float *host_input(const job *j, int first)
{
    const af_plan *p = j->p;
    size_t size = (size_t)af_shape_size(p->node[p->input].node.shape);
    if (p->on) return af_device_x(p);
    if (first + p->o.chunk <= j->n) return j->x + (size_t)first * size;
    size_t rows = first < j->n ? (size_t)(j->n - first) : 0;
    if (rows) memcpy(p->tail, j->x + (size_t)first * size, rows * size * sizeof(float));
    memset(p->tail + rows * size, 0, ((size_t)p->o.chunk - rows) * size * sizeof(float));
    return p->tail;
}

static void chunk_pointers(const job *j, const af_item *it, int chunk, int thread, af_call *c)
{
    const af_plan *p = j->p;
    const af_step_node *n = &p->node[it->node];
    c->input = it->input;
    c->first = chunk * p->o.chunk;
    c->partial = p->partials + n->partial_at + (size_t)n->partials * (size_t)chunk;
    c->add_w = chunk % p->chunks_per_lane != 0;
    c->y = tensor_at(p, &n->value, thread, c->first);
    c->saved = tensor_at(p, &n->saved, thread, c->first);
    c->dy = tensor_at(p, &n->gradient, thread, c->first);
    if (it->node == p->input) c->x[0] = host_input(j, c->first);
    for (int k = 0; k < n->node.inputs; k++) {
        const af_step_node *from = &p->node[n->node.in[k]];
        if (!n->on[k]) continue;
        c->x[k] = tensor_at(p, &from->value, thread, c->first);
        c->dx[k] = n->wants_dx[k] ? tensor_at(p, &from->gradient, thread, c->first) : NULL;
        c->add[k] = n->add[k];
    }
    af_active_call(p, n, chunk, c);
}

/* prediction = output * scale + shift, in place; and the gradient's way back. */
static void decode(const af_plan *p, void *v, bool back)
{
    int64_t size = af_shape_size(p->node[p->output].node.shape);
    for (int s = 0; s < p->o.chunk; s++)
        for (int64_t i = 0; i < size; i++) {
            int64_t at = s * size + i;
            double shift = back ? 0 : (double)p->o.shift[i];
            if (p->backend->dtype == AF_F64)
                ((double *)v)[at] = ((double *)v)[at] * (double)p->o.scale[i] + shift;
            else
                ((float *)v)[at] =
                    (float)((double)((float *)v)[at] * (double)p->o.scale[i] + shift);
        }
}

static void copy_prediction(const job *j, const void *v, int first)
{
    const af_plan *p = j->p;
    int64_t size = af_shape_size(p->node[p->output].node.shape);
    int rows = j->n - first < p->o.chunk ? j->n - first : p->o.chunk;
    for (int64_t i = 0; i < rows * size; i++)
        j->pred[first * size + i] =
            p->backend->dtype == AF_F64 ? (float)((const double *)v)[i] : ((const float *)v)[i];
}

static void run_loss(const job *j, int chunk, int thread)
{
    const af_plan *p = j->p;
    const af_step_node *n = &p->node[p->output];
    int first = chunk * p->o.chunk;
    if (p->on) {
        af_device_loss_call(p, j->y != NULL);
        return;
    }
    void *v = tensor_at(p, &n->value, thread, first);
    if (p->o.scale) decode(p, v, false);
    if (j->pred) copy_prediction(j, v, first);
    p->chunk_loss[chunk] = 0;
    int rows = j->n - first < p->o.chunk ? j->n - first : p->o.chunk;
    if (!j->y || rows < 1) return;
    size_t target = p->o.loss->target == AF_TARGET_CLASS
                        ? sizeof(int32_t)
                        : (size_t)af_shape_size(n->node.shape) * sizeof(float);
    void *dpred = p->o.train ? tensor_at(p, &n->gradient, thread, first) : NULL;
    p->chunk_loss[chunk] = p->o.loss->run[p->backend->dtype](
        v, j->y + (size_t)first * target, rows, n->node.shape, dpred, 1.0 / p->o.batch);
    if (dpred && p->o.scale) decode(p, dpred, true);
}

/* With a device: when all that is queued is done. A failure is kept there. */
static double now(const af_plan *p)
{
    if (!p->seconds || (p->on && p->on->wait(p->device) != AF_OK)) return 0;
    return af_clock();
}

/* Adds what has passed since `started` to a node's account. */
static void charge(const af_plan *p, int node, int thread, bool back, double started)
{
    if (p->seconds)
        p->seconds[((size_t)thread * (size_t)p->nodes + (size_t)node) * 2 + back] +=
            now(p) - started;
}

static bool skips(const job *j, const af_item *it)
{
    return !j->p->node[it->node].active || (calibrates(j) && it->kind >= AF_LOSS);
}

static void run_item(const job *j, const af_item *it, int lane, int chunk, int thread)
{
    const af_step_node *n = &j->p->node[it->node];
    if (skips(j, it)) return;
    if (it->kind == AF_LOSS) {
        run_loss(j, chunk, thread);
        return;
    }
    af_call c = node_call(j, n, thread);
    lane_pointers(j->p, n, lane, &c);
    chunk_pointers(j, it, chunk, thread, &c);
    void (*slot)(const af_call *) = it->kind == AF_GATHER        ? n->kernel->gather
                                    : it->kind == AF_FORWARD     ? n->kernel->forward
                                    : it->kind == AF_GATHER_BACK ? n->kernel->gather_back
                                                                 : n->kernel->backward;
    if (!slot) return;
    double started = now(j->p);
    if (n->widened)
        af_widen(slot, &c, it->kind, n->widened, j->p->widen + (size_t)thread * j->p->widen_bytes);
    else
        slot(&c);
    charge(j->p, it->node, thread, it->kind > AF_LOSS, started);
}

/* Whether a reduction can be combined once all chunks have been through the item. */
static bool completes(const af_item *it)
{
    return (it->kind == AF_GATHER || it->kind == AF_GATHER_BACK) && it->last;
}

/* The reductions that this phase's gathers began; nodes are shared out among the threads. */
static void combine(const job *j, int phase, int thread)
{
    const af_plan *p = j->p;
    int turn = 0;
    for (int i = p->phase_start[phase]; i < p->phase_start[phase + 1]; i++) {
        const af_item *it = &p->items[i];
        if (!completes(it) || skips(j, it)) continue;
        if (turn++ % p->threads != thread) continue;
        const af_step_node *n = &p->node[it->node];
        af_call c = node_call(j, n, thread);
        c.n = p->o.batch;
        c.partial = p->partials + n->partial_at;
        void (*slot)(const af_call *, int) =
            it->kind == AF_GATHER ? n->kernel->combine : n->kernel->combine_back;
        if (slot) slot(&c, p->chunks);
    }
}

static bool has_gather(const af_plan *p, int phase)
{
    for (int i = p->phase_start[phase]; i < p->phase_start[phase + 1]; i++)
        if (completes(&p->items[i])) return true;
    return false;
}

static void begin(const job *j, int thread)
{
    for (int i = thread; i < j->p->nodes; i += j->p->threads) {
        const af_step_node *n = &j->p->node[i];
        if (!n->active || !n->kernel->begin) continue;
        af_call c = node_call(j, n, thread);
        if (j->p->on) lane_pointers(j->p, n, 0, &c); /* the only one */
        double started = now(j->p);
        n->kernel->begin(&c);
        charge(j->p, i, thread, false, started);
    }
}

static void finish(const job *j, int thread)
{
    for (int lane = thread; lane < j->p->o.lanes; lane += j->p->threads)
        for (int i = 0; i < j->p->nodes; i++) {
            const af_step_node *n = &j->p->node[i];
            if (!n->active || !n->kernel->finish) continue;
            af_call c = node_call(j, n, thread);
            lane_pointers(j->p, n, lane, &c);
            double started = now(j->p);
            n->kernel->finish(&c);
            charge(j->p, i, thread, true, started);
        }
}

static void run_phases(const job *j, int thread)
{
    const af_plan *p = j->p;
    for (int phase = 0; phase < p->phases; phase++) {
        for (int lane = thread; lane < p->o.lanes; lane += p->threads)
            for (int k = 0; k < p->chunks_per_lane; k++) {
                int chunk = lane * p->chunks_per_lane + k;
                if (chunk * p->o.chunk >= j->n) continue;
                for (int i = p->phase_start[phase]; i < p->phase_start[phase + 1]; i++)
                    run_item(j, &p->items[i], lane, chunk, thread);
            }
        if (phase + 1 == p->phases) break;
        af_team_wait(p->team);
        if (!has_gather(p, phase)) continue;
        combine(j, phase, thread);
        af_team_wait(p->team);
    }
}

static void settle(const af_plan *p)
{
    if (p->on) p->on->settle(p->device);
}

static void work(void *arg, int thread)
{
    const job *j = arg;
    if (!j->x) af_composer_call(j->p, af_device_x(j->p));
    begin(j, thread);
    settle(j->p);
    af_team_wait(j->p->team);
    run_phases(j, thread);
    if (!j->p->o.train || calibrates(j)) return;
    finish(j, thread);
    settle(j->p);
    af_team_wait(j->p->team);
    af_update_weights(j->p, j->update, thread);
}

static double total_loss(const af_plan *p)
{
    double sum = 0;
    for (int i = 0; i < p->chunks; i++) sum += p->chunk_loss[i];
    return sum;
}

static af_status run(job *j)
{
    if (!j->x) AF_TRY(af_composer_take(j->p, j->n));
    if (j->p->on) return af_device_run(j, work);
    af_team_run(j->p->team, work, j);
    return AF_OK;
}

static af_status diverged(uint32_t epoch, uint32_t step, double loss)
{
    return af_fail(
        AF_EDIVERGED,
        "training diverged at epoch %u, step %u: the loss is %g; try a lower learning rate", epoch,
        step, loss);
}

/* The mean loss of the last step. */
static af_status last_loss(af_plan *p, double *out)
{
    af_step_results r = {.loss = p->on ? 0 : total_loss(p)};
    if (p->on) AF_TRY(af_device_results(p, &r, false));
    *out = r.loss / p->o.batch;
    return AF_OK;
}

static af_status train(af_plan *p, const float *x, const void *y, const af_update *u,
                       af_position at, double *loss)
{
    if (!p->o.train) return af_fail(AF_EINTERNAL, "plan: made for inference, asked to train");
    job j = {.p = p, .x = x, .y = y, .n = p->o.batch, .update = u, .at = at};
    double value;
    j.momentum = -1;
    AF_TRY(run(&j));
    if (p->on && !loss) return AF_OK;
    AF_TRY(last_loss(p, &value));
    p->loss_sum += value;
    if (loss) *loss = value;
    return isfinite(value) ? AF_OK : diverged(at.epoch, at.step, value);
}

af_status af_plan_step(af_plan *p, const float *x, const void *y, const af_update *u,
                       af_position at, double *loss)
{
    return train(p, x, y, u, at, loss);
}

af_status af_plan_gradients(af_plan *p, const float *x, const void *y, af_position at, double *loss)
{
    return train(p, x, y, NULL, at, loss);
}

af_status af_plan_losses(af_plan *p, double *sum)
{
    af_step_results r = {.sum = p->loss_sum};
    p->loss_sum = 0;
    if (p->on) AF_TRY(af_device_results(p, &r, true));
    *sum = r.sum;
    return r.bad ? diverged(r.bad_epoch, r.bad_step, r.bad_loss) : AF_OK;
}

af_status af_plan_calibrate(af_plan *p, const float *x, double momentum, af_position at)
{
    if (!p->o.train) return af_fail(AF_EINTERNAL, "plan: made for inference, asked to calibrate");
    job j = {.p = p, .x = x, .n = p->o.batch, .at = at, .momentum = momentum};
    return run(&j);
}

static af_status look(af_plan *p, int n, float *pred, double *loss)
{
    af_step_results r;
    AF_TRY(af_device_prediction(p, n, pred));
    if (!loss) return AF_OK;
    AF_TRY(af_device_results(p, &r, true));
    *loss = r.loss;
    return AF_OK;
}

af_status af_plan_infer(af_plan *p, int n, const float *x, const void *y, float *pred, double *loss)
{
    if (p->o.train) return af_fail(AF_EINTERNAL, "plan: made for training, asked to infer");
    if (n < 1 || n > p->o.batch)
        return af_fail(AF_EINTERNAL, "plan: %d samples, want 1 to the batch of %d", n, p->o.batch);
    if (y && !p->o.loss) return af_fail(AF_EINTERNAL, "plan: no loss was planned");
    memset(p->chunk_loss, 0, sizeof(double) * (size_t)p->chunks);
    job j = {.p = p, .x = x, .y = y, .pred = pred, .n = n, .momentum = -1};
    AF_TRY(run(&j));
    if (p->on) return look(p, n, pred, y ? loss : NULL);
    if (loss) *loss = total_loss(p);
    return AF_OK;
}
