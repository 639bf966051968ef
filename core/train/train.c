/* The training loop: epochs of steps, validation, keeping the best epoch, checkpoints. Everything
 * random is a function of (seed, trial, epoch, step), everything measured is charged. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/train/checkpoint.h"
#include "core/train/loader.h"

typedef struct loop { /* one training under way */
    const af_training *t;
    af_trained *out;
    const af_indices *train, *valid;
    int batch, steps;
    af_loader *loader;
    int64_t *order; /* of an epoch's samples */
    af_update update;
    af_progress_state state;
    double started, saved_at;
    char *now, *best; /* snapshots; best only when every epoch is validated */
    size_t snapshot;
    int rows; /* of the curve */
    char digest[AF_SHA256_HEX];
} loop;

/* Seconds are only a forecast: the speed of the trainings this process has seen. */
static _Atomic double flops_per_second = 5e10;

af_status af_train_batches(const af_recipe *r, int64_t samples, int *batch, int *steps)
{
    *batch = *steps = 0;
    if (samples < 1) return af_fail(AF_EFORMAT, "no training samples, want at least 1");
    if (r->batch < 1) return af_fail(AF_EINVAL, "recipe: batch %d, want at least 1", r->batch);
    *batch = r->batch;
    if (*batch > samples) *batch = samples >= 4 ? (int)(samples / 4 * 4) : (int)samples;
    *steps = (int)(samples / *batch);
    return AF_OK;
}

static af_status plan_batches(const af_training *t, int *batch, int *steps)
{
    const af_indices *split = &t->data->split[t->protocol][AF_TRAIN];
    int64_t samples = af_epoch_samples(t->task, t->data, split);
    af_status st = af_train_batches(&t->recipe, samples, batch, steps);
    if (st == AF_OK) return AF_OK;
    return af_prefix(st, "%s, protocol %s", t->data->path, af_protocol_names[t->protocol]);
}

static bool validates_at(const af_training *t, int epoch)
{
    return t->validate && (t->every_epoch || epoch == t->epochs - 1);
}

static double epoch_flops(const af_training *t, const af_cost *c, int batch, int steps, int epoch)
{
    double flops = (c->forward + c->backward) * batch * steps;
    if (validates_at(t, epoch))
        flops += c->forward * (double)t->data->split[t->protocol][AF_VALID].count;
    return flops;
}

/* For the epochs from epochs_done to `until`. */
static double charged(const af_training *t, const af_cost *c, int batch, int steps, int until)
{
    double flops = 0;
    for (int e = t->epochs_done; e < until; e++) flops += epoch_flops(t, c, batch, steps, e);
    return flops;
}

af_status af_train_predict(af_spend *out, const af_training *t)
{
    int batch, steps;
    AF_TRY(plan_batches(t, &batch, &steps));
    af_cost c = af_graph_measure(t->graph).total;
    *out = (af_spend){.trials = 1, .epochs = t->epochs - t->epochs_done};
    out->flops = charged(t, &c, batch, steps, t->epochs);
    out->seconds = out->flops / flops_per_second;
    return AF_OK;
}

static af_update first_update(const af_recipe *r)
{
    af_update u = af_update_default();
    u.kind = r->optimiser;
    u.momentum = r->momentum;
    u.weight_decay = r->weight_decay;
    u.clip = r->clip;
    u.nesterov = r->optimiser == AF_SGD && r->momentum > 0;
    return u;
}

af_status af_train_plans(af_trained *out, const af_training *t, int batch)
{
    const af_scaling *s = &t->data->scaling[t->protocol];
    af_plan_options o = af_plan_options_default();
    o.batch = batch;
    o.threads = t->threads;
    o.precision = t->precision;
    o.fast = t->fast;
    o.train = true;
    o.loss = af_loss_find(t->task->loss);
    o.scale = s->y_std;
    o.shift = s->y_mean;
    o.input = &(af_plan_input){t->data->x_type, s->x_mean, s->x_std, t->data->noises > 0};
    if (!o.loss)
        return af_fail(AF_EINTERNAL, "task %s: unknown loss '%s'", t->task->name, t->task->loss);
    AF_TRY(af_plan_new(&out->plan, t->graph, t->backend, &o));
    o.train = false;
    o.params_of = out->plan;
    return af_plan_new(&out->infer, t->graph, t->backend, &o);
}

/* What a checkpoint holds; all but the last two are of fixed size. */
static af_checkpoint checkpoint_of(loop *l)
{
    return (af_checkpoint){.state = &l->state,
                           .curve = l->out->curve,
                           .rows = l->rows,
                           .now = l->now,
                           .now_size = l->snapshot,
                           .best = l->best,
                           .best_size = l->t->every_epoch ? l->snapshot : 0};
}

/* Continues from the checkpoint, if there is one and it is of use: one that went beyond the last
 * epoch, or stopped there without validating, is not. */
static af_status go_on(loop *l)
{
    const af_training *t = l->t;
    const af_progress_state fresh = {.best_epoch = -1, .best_error = INFINITY};
    bool found = false;
    l->state = fresh;
    if (!t->checkpoint) return AF_OK;
    const af_checkpoint c = checkpoint_of(l);
    AF_TRY(af_checkpoint_read(t->checkpoint, l->digest, &found, &c));
    bool whole = l->state.epoch == t->epochs &&
                 (!t->validate || t->every_epoch || l->state.best_epoch == t->epochs - 1);
    if (found && (l->state.epoch < t->epochs || whole))
        af_plan_restore(l->out->plan, l->now);
    else
        l->state = fresh;
    if (l->state.epoch == t->epochs_done) l->state.paused = l->state.seconds;
    return AF_OK;
}

static af_status open_loop(loop *l)
{
    const af_training *t = l->t;
    l->train = &t->data->split[t->protocol][AF_TRAIN];
    l->valid = &t->data->split[t->protocol][AF_VALID];
    if (t->validate && l->valid->count < 1)
        return af_fail(AF_EFORMAT, "%s: no validation samples for protocol %s", t->data->path,
                       af_protocol_names[t->protocol]);
    if (t->epochs <= t->epochs_done || t->epochs_done < 0)
        return af_fail(AF_EINVAL, "training: %d epochs after %d, want at least 1 more", t->epochs,
                       t->epochs_done);
    AF_TRY(plan_batches(t, &l->batch, &l->steps));
    AF_TRY(af_train_plans(l->out, t, l->batch));
    AF_TRY(
        af_loader_new(&l->loader, t->data, l->batch, (int64_t)l->steps * l->batch, l->out->plan));
    AF_TRY(af_training_digest(l->digest, t));
    l->snapshot = af_plan_snapshot_size(l->out->plan);
    l->order = af_calloc((size_t)l->train->count, sizeof *l->order);
    l->now = af_alloc(l->snapshot);
    l->best = af_calloc(1, t->every_epoch ? l->snapshot : 1);
    l->out->epochs = t->epochs;
    l->rows =
        t->schedule == AF_PREFIX && t->recipe.epochs > t->epochs ? t->recipe.epochs : t->epochs;
    l->out->curve = af_calloc((size_t)l->rows * 2, sizeof *l->out->curve);
    if (!l->order || !l->now || !l->best || !l->out->curve) return AF_ENOMEM;
    l->update = first_update(&t->recipe);
    AF_TRY(go_on(l));
    if (l->state.epoch == 0) af_plan_init(l->out->plan, t->seed, t->trial);
    return AF_OK;
}

/* A device is not waited for before the end: the loader makes batches while it computes, and a loss
 * that is not finite is told then. */
static af_status train_epoch(loop *l, int epoch)
{
    const af_training *t = l->t;
    int whole = t->schedule == AF_OWN ? t->epochs : t->recipe.epochs;
    double sum;
    const af_source source = af_epoch_source(t, epoch);
    const double began = af_clock();
    af_epoch_order(l->order, t, l->train, epoch);
    af_loader_start(l->loader, &source, l->order, (int64_t)l->steps * l->batch);
    for (int step = 0; step < l->steps; step++) {
        const af_batch *b = af_loader_next(l->loader);
        l->update.lr = t->recipe.lr *
                       af_schedule_at(&t->recipe.schedule, epoch + (double)step / l->steps, whole);
        l->update.count = (int64_t)epoch * l->steps + step;
        af_position at = {t->seed, t->trial, (uint32_t)epoch, (uint32_t)step};
        AF_TRY(af_batch_send(b, l->out->plan));
        AF_TRY(af_plan_step(l->out->plan, b->x, b->y, &l->update, at, NULL));
    }
    AF_TRY(af_plan_losses(l->out->plan, &sum));
    l->state.last_loss = sum / l->steps;
    l->out->step_seconds += af_clock() - began;
    return AF_OK;
}

static af_status validate(loop *l, double *error)
{
    const af_training *t = l->t;
    float *pred;
    double score, ignored = 0;
    AF_TRY(af_train_infer(&pred, l->out, t, t->data, l->valid, &ignored));
    af_status st = af_score(&score, t->task, t->metric, t->data, t->protocol, l->valid, pred);
    af_free(pred);
    if (st == AF_OK) *error = af_metric_error(t->metric, score);
    return st;
}

static af_status save(loop *l, bool now)
{
    const af_training *t = l->t;
    if (!t->checkpoint || (!now && af_clock() - l->saved_at < t->checkpoint_seconds)) return AF_OK;
    af_plan_snapshot(l->out->plan, l->now);
    AF_TRY(af_plan_status(l->out->plan));
    l->state.seconds += af_clock() - l->started;
    l->started = l->saved_at = af_clock();
    const af_checkpoint c = checkpoint_of(l);
    return af_checkpoint_write(t->checkpoint, l->digest, &c);
}

static af_status one_epoch(loop *l, int epoch)
{
    const af_training *t = l->t;
    double error = NAN;
    AF_TRY(train_epoch(l, epoch));
    if (validates_at(t, epoch)) {
        AF_TRY(validate(l, &error));
        if (!t->every_epoch || error < l->state.best_error) {
            l->state.best_error = isnan(error) ? INFINITY : error;
            l->state.best_epoch = epoch;
            if (t->every_epoch) af_plan_snapshot(l->out->plan, l->best);
        }
    }
    l->out->curve[2 * epoch] = l->state.last_loss;
    l->out->curve[2 * epoch + 1] = error;
    l->state.epoch = epoch + 1;
    if (l->state.epoch == t->epochs_done) /* done again, for want of a checkpoint */
        l->state.paused = l->state.seconds + af_clock() - l->started;
    af_status go = t->on_epoch ? t->on_epoch(t->payload, epoch, l->state.last_loss, error) : AF_OK;
    AF_TRY(save(l, go != AF_OK || (t->pause && epoch == t->epochs - 1)));
    return go;
}

static double charge(const loop *l)
{
    return charged(l->t, af_plan_cost(l->out->plan), l->batch, l->steps, l->state.epoch);
}

static af_status fill_outcome(loop *l)
{
    af_outcome *o = &l->out->outcome;
    const af_loading loading = af_loader_measured(l->loader);
    double seconds = l->state.seconds - l->state.paused + af_clock() - l->started;
    *o = (af_outcome){.error = l->t->validate ? l->state.best_error : NAN,
                      .loss = l->state.last_loss,
                      .best_epoch = l->t->validate ? l->state.best_epoch : l->t->epochs - 1,
                      .spend = {1, l->t->epochs - l->t->epochs_done, seconds, charge(l)}};
    l->out->waited = loading.waited;
    l->out->loading = loading.busy;
    if (seconds > 0.05) flops_per_second = o->spend.flops / seconds;
    af_sha256 *h = af_sha256_new();
    if (!h) return AF_ENOMEM;
    af_plan_digest(l->out->plan, h);
    af_sha256_end(h, o->digest);
    return af_plan_status(l->out->plan);
}

af_status af_train(af_trained *out, const af_training *t)
{
    *out = (af_trained){0};
    loop l = {.t = t, .out = out};
    af_status st;
    AF_GOTO(st, done, open_loop(&l));
    l.started = l.saved_at = af_clock();
    for (int epoch = l.state.epoch; epoch < t->epochs; epoch++)
        AF_GOTO(st, done, one_epoch(&l, epoch));
    if (t->validate && t->every_epoch && l.state.best_epoch >= 0 &&
        l.state.best_epoch != t->epochs - 1)
        af_plan_restore(out->plan, l.best);
    st = fill_outcome(&l);
done:
    if (out->plan && st != AF_OK)
        out->outcome.spend = (af_spend){.epochs = l.state.epoch, .flops = charge(&l)};
    af_loader_free(l.loader);
    af_free(l.order);
    af_free(l.now);
    af_free(l.best);
    if (st != AF_OK) af_trained_close(out);
    return st;
}

void af_trained_close(af_trained *t)
{
    af_plan_free(t->infer);
    af_plan_free(t->plan);
    af_free(t->curve);
    t->infer = t->plan = NULL;
    t->curve = NULL;
}

af_status af_train_infer(float **pred, const af_trained *t, const af_training *job,
                         const af_dataset *d, const af_indices *which, double *flops)
{
    int batch = af_plan_batch(t->infer);
    size_t size = (size_t)af_shape_size(d->output);
    const af_source source = af_scoring_source(job, d);
    af_loader *loader;
    *pred = af_calloc((size_t)which->count + 1, size * sizeof **pred);
    if (!*pred) return AF_ENOMEM;
    af_status st;
    AF_GOTO(st, fail, af_loader_new(&loader, d, batch, which->count, t->infer));
    af_loader_start(loader, &source, which->i, which->count);
    for (int64_t at = 0; st == AF_OK && at < which->count; at += batch) {
        const af_batch *b = af_loader_next(loader);
        st = af_batch_send(b, t->infer);
        if (st == AF_OK)
            st = af_plan_infer(t->infer, b->n, b->x, NULL, *pred + (size_t)at * size, NULL);
    }
    af_loader_free(loader);
    *flops += af_plan_cost(t->infer)->forward * (double)which->count;
    if (st == AF_OK) return AF_OK;
fail:
    af_free(*pred);
    *pred = NULL;
    return st;
}
