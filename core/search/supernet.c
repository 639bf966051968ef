/* A supernet's parts: the two halves of the training samples, the plans, the steps. The halves are
 * drawn by the stream "halves"; a group (a record's windows) is never cut. Batches come from
 * batches as in any training, the second half's in a new order for each step, so its batches are
 * drawn with replacement across steps (as DARTS does). */
#include "core/search/supernet.h"
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/search/supernet_inside.h"

/* Name the random streams; no trial of a search, nor its retraining, has these numbers. */
static const uint64_t WEIGHTS_TRIAL = UINT32_MAX - 1u, OTHER_TRIAL = UINT32_MAX - 2u;

/* ---- halves ---- */

static int64_t group_end(const af_dataset *d, const af_indices *all, int64_t from)
{
    int64_t to = from + 1;
    while (d->group && to < all->count && d->group[all->i[to]] == d->group[all->i[from]]) to++;
    return to;
}

/* Groups in random order go to the first half until it has half of the samples; inside a half
 * they keep the order of the split. */
static af_status deal(af_supernet *s, const af_indices *all, int64_t *start, bool *first)
{
    const af_dataset *d = s->share->bench->data;
    int64_t groups = 0, dealt = 0;
    for (int64_t at = 0; at < all->count; at = group_end(d, all, at)) start[groups++] = at;
    if (groups < 2)
        return af_fail(AF_EFORMAT, "%s: %lld groups of training samples, want 2 or more to halve",
                       d->path, (long long)groups);
    af_rng r = af_rng_at(s->share->bench->seed, "halves", 0, 0, 0, 0);
    af_rng_shuffle(&r, start, groups);
    for (int64_t g = 0; g < groups - 1 && 2 * dealt < all->count; g++) {
        int64_t end = group_end(d, all, start[g]);
        for (int64_t at = start[g]; at < end; at++, dealt++) first[at] = true;
    }
    for (int64_t at = 0; at < all->count; at++) {
        af_indices *half = first[at] ? &s->weights.half : &s->other.half;
        half->i[half->count++] = all->i[at];
    }
    return AF_OK;
}

static af_status halve(af_supernet *s)
{
    const af_workbench *w = s->share->bench;
    const af_indices *all = &w->data->split[w->protocol][AF_TRAIN];
    size_t n = (size_t)all->count + 1;
    int64_t *start = af_calloc(n, sizeof *start);
    bool *first = af_calloc(n, sizeof *first);
    s->weights.half.i = af_calloc(n, sizeof *start);
    s->other.half.i = af_calloc(n, sizeof *start);
    bool ok = start && first && s->weights.half.i && s->other.half.i;
    af_status st = ok ? deal(s, all, start, first) : AF_ENOMEM;
    af_free(start);
    af_free(first);
    return st;
}

/* ---- plans ---- */

static af_status make_plans(af_supernet *s)
{
    const af_workbench *w = s->share->bench;
    const af_training t = {.task = w->task,
                           .data = w->data,
                           .protocol = w->protocol,
                           .graph = s->graph,
                           .backend = w->backend,
                           .precision = w->precision,
                           .fast = w->fast,
                           .threads = w->threads};
    return af_train_plans(&s->nets, &t, s->batch);
}

static af_status open_stream(const af_supernet *s, af_stream *t, uint64_t trial)
{
    const af_workbench *w = s->share->bench;
    t->ordered = -1;
    t->names = (af_training){.task = w->task,
                             .data = w->data,
                             .protocol = w->protocol,
                             .recipe = w->recipe,
                             .seed = w->seed,
                             .trial = trial};
    t->order = af_calloc((size_t)t->half.count + 1, sizeof *t->order);
    return t->order ? af_batch_new_for(&t->batch, w->data, s->batch, s->nets.plan) : AF_ENOMEM;
}

af_status af_supernet_open(af_supernet *s, const af_share *share)
{
    const af_workbench *w = share->bench;
    af_group group[AF_MAX_KNOBS];
    *s = (af_supernet){.share = share};
    af_space_groups(w->space, group, &s->coefficients);
    AF_TRY(af_space_supernet(w->space, &w->io, &s->graph));
    return halve(s);
}

af_status af_supernet_prepare(af_supernet *s)
{
    const af_workbench *w = s->share->bench;
    af_recipe r = {.batch = s->how.batch};
    int64_t first = af_epoch_samples(w->task, w->data, &s->weights.half),
            second = af_epoch_samples(w->task, w->data, &s->other.half);
    int ignored;
    AF_TRY(af_train_batches(&r, first < second ? first : second, &s->batch, &ignored));
    s->steps = s->pass = (int)(first / s->batch);
    AF_TRY(make_plans(s));
    AF_TRY(open_stream(s, &s->weights, WEIGHTS_TRIAL));
    AF_TRY(open_stream(s, &s->other, OTHER_TRIAL));
    s->snapshot_size = af_plan_snapshot_size(s->nets.plan);
    s->snapshot = af_alloc(s->snapshot_size);
    s->one_hot = af_calloc((size_t)s->coefficients, sizeof *s->one_hot);
    s->kept_buffers = af_calloc((size_t)af_plan_size(s->nets.plan, AF_BUFFERS) + 1, sizeof(double));
    if (!s->snapshot || !s->one_hot || !s->kept_buffers) return AF_ENOMEM;
    if (af_plan_coefficients(s->nets.plan) > s->coefficients)
        return af_fail(AF_EINTERNAL, "space %s: its supernet has %d coefficients, its knobs %d",
                       w->space->name, af_plan_coefficients(s->nets.plan), s->coefficients);
    af_plan_init(s->nets.plan, w->seed, WEIGHTS_TRIAL);
    return AF_OK;
}

static void close_stream(af_stream *t)
{
    af_batch_close(&t->batch);
    af_free(t->order);
    af_free(t->half.i);
}

void af_supernet_close(af_supernet *s)
{
    af_trained_close(&s->nets);
    af_graph_free(s->graph);
    close_stream(&s->weights);
    close_stream(&s->other);
    af_free(s->snapshot);
    af_free(s->saved);
    af_free(s->one_hot);
    af_free(s->kept_buffers);
}

/* ---- steps ---- */

void af_supernet_load(af_stream *t, int64_t at, int64_t offset, int batch)
{
    const af_source source = af_epoch_source(&t->names, (int)at);
    if (t->ordered != at) af_epoch_order(t->order, &t->names, &t->half, (int)at);
    t->ordered = at;
    af_batch_load(&t->batch, &source, t->order + offset, batch);
}

static af_update update_of(const af_supernet *s)
{
    const af_sharing *h = &s->how;
    af_update u = af_update_default();
    double done = (double)s->state.done / (double)s->total;
    u.lr = h->lr_min + (h->lr - h->lr_min) * 0.5 * (1 + cos(3.14159265358979323846 * done));
    u.momentum = h->momentum;
    u.nesterov = h->momentum > 0;
    u.weight_decay = h->weight_decay;
    u.clip = h->clip;
    u.count = s->state.done;
    return u;
}

static af_status ready(af_supernet *s, const double *coefficients)
{
    if (!s->stepping)
        return af_fail(AF_EINTERNAL, "supernet: a step outside af_supernet_next; the searcher is "
                                     "wrong");
    for (int i = 0; i < s->coefficients; i++)
        if (!isfinite(coefficients[i]))
            return af_fail(AF_EDIVERGED, "coefficient %d is %g after %lld steps", i,
                           coefficients[i], (long long)s->state.done);
    af_plan_set_coefficients(s->nets.plan, coefficients);
    return AF_OK;
}

static void charge(af_supernet *s)
{
    af_cost c = af_plan_active_cost(s->nets.plan);
    s->state.flops += (c.forward + c.backward) * s->batch;
}

static af_position position(const af_supernet *s, uint64_t trial)
{
    return (af_position){s->share->bench->seed, trial, (uint32_t)(s->state.done / s->steps),
                         (uint32_t)(s->state.done % s->steps)};
}

/* At most one step's loss is owed, so that sums are the same however long it is waited for. While a
 * device computes it, the next batch is loaded. */
af_status af_supernet_settle(af_supernet *s)
{
    if (!s->owed) return AF_OK;
    s->owed = false;
    AF_TRY(af_plan_losses(s->nets.plan, &s->last_loss));
    s->state.loss += s->last_loss;
    return AF_OK;
}

af_status af_supernet_weights_step(af_supernet *s, const double *coefficients, double *loss)
{
    AF_TRY(ready(s, coefficients));
    af_update u = update_of(s);
    af_position at = position(s, WEIGHTS_TRIAL);
    af_supernet_load(&s->weights, at.epoch, (int64_t)at.step * s->batch, s->batch);
    AF_TRY(af_supernet_settle(s));
    AF_TRY(af_batch_send(&s->weights.batch, s->nets.plan));
    AF_TRY(af_plan_step(s->nets.plan, s->weights.batch.x, s->weights.batch.y, &u, at, NULL));
    s->owed = true;
    charge(s);
    if (!loss) return AF_OK;
    AF_TRY(af_supernet_settle(s));
    *loss = s->last_loss;
    return AF_OK;
}

af_status af_supernet_coefficients_step(af_supernet *s, const double *coefficients,
                                        double *gradient, double *loss)
{
    AF_TRY(ready(s, coefficients));
    af_position at = position(s, OTHER_TRIAL);
    af_supernet_load(&s->other, s->state.done, 0, s->batch);
    AF_TRY(af_supernet_settle(s));
    AF_TRY(af_batch_send(&s->other.batch, s->nets.plan));
    AF_TRY(af_plan_gradients(s->nets.plan, s->other.batch.x, s->other.batch.y, at, NULL));
    AF_TRY(af_plan_losses(s->nets.plan, loss));
    for (int i = 0; i < s->coefficients; i++) gradient[i] = 0;
    af_plan_coefficient_gradients(s->nets.plan, gradient);
    AF_TRY(af_plan_status(s->nets.plan));
    s->state.coefficient_loss += *loss;
    charge(s);
    return AF_OK;
}

af_status af_supernet_save(af_supernet *s)
{
    if (!s->saved && !(s->saved = af_alloc(s->snapshot_size))) return AF_ENOMEM;
    af_plan_snapshot(s->nets.plan, s->saved);
    return af_plan_status(s->nets.plan);
}

void af_supernet_restore(af_supernet *s)
{
    af_plan_restore(s->nets.plan, s->saved);
}

af_rng af_supernet_rng(const af_supernet *s, uint32_t index)
{
    af_position at = position(s, 0);
    return af_rng_at(at.seed, "search", 0, at.epoch, at.step, index);
}
