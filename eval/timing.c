/* Times the plain Wide ResNet on a task's own data. The first steps are not counted: they touch
 * memory, let the backend make its kernels, and on a device record the work of a step. */
#include "eval/timing.h"
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/train/loader.h"
#include "eval/cli.h"

enum { FIRST_STEPS = 2, MOST_STEPS = 50 };
static const double ENOUGH_SECONDS = 2;

typedef struct trial_run { /* what is needed to take training steps */
    const af_training *job;
    af_plan *plan;
    af_loader *loader;
    int64_t *order;
    af_update update;
    int steps; /* an epoch has */
} trial_run;

static af_status open_trial_run(trial_run *r, const af_training *t)
{
    const af_scaling *scaling = &t->data->scaling[t->protocol];
    const af_indices *train = &t->data->split[t->protocol][AF_TRAIN];
    af_plan_options o = af_plan_options_default();
    int64_t samples = af_epoch_samples(t->task, t->data, train);
    r->job = t;
    AF_TRY(af_train_batches(&t->recipe, samples, &o.batch, &r->steps));
    o.threads = t->threads;
    o.precision = t->precision;
    o.train = true;
    o.loss = af_loss_find(t->task->loss);
    o.scale = scaling->y_std;
    o.shift = scaling->y_mean;
    o.input =
        &(af_plan_input){t->data->x_type, scaling->x_mean, scaling->x_std, t->data->noises > 0};
    AF_TRY(af_plan_new(&r->plan, t->graph, t->backend, &o));
    AF_TRY(af_loader_new(&r->loader, t->data, o.batch, (int64_t)r->steps * o.batch, r->plan));
    r->order = af_calloc((size_t)train->count, sizeof *r->order);
    if (!r->order) return AF_ENOMEM;
    af_plan_init(r->plan, t->seed, t->trial);
    af_epoch_order(r->order, t, train, 0);
    r->update = af_update_default();
    r->update.kind = t->recipe.optimiser;
    r->update.lr = 1e-6; /* the time does not depend on it, and nothing can diverge */
    return AF_OK;
}

static af_status take_step(trial_run *r, int step)
{
    const af_source source = af_epoch_source(r->job, 0);
    af_position at = {r->job->seed, r->job->trial, 0, (uint32_t)step};
    if (step % r->steps == 0) /* from the start, as in every epoch */
        af_loader_start(r->loader, &source, r->order, (int64_t)r->steps * af_plan_batch(r->plan));
    const af_batch *b = af_loader_next(r->loader);
    r->update.count = step;
    AF_TRY(af_batch_send(b, r->plan));
    return af_plan_step(r->plan, b->x, b->y, &r->update, at, NULL);
}

static af_status time_steps(af_timing *out, trial_run *r)
{
    const af_cost *cost = af_plan_cost(r->plan);
    af_plan_info info = af_plan_describe(r->plan);
    double ignored;
    for (int i = 0; i < FIRST_STEPS; i++) AF_TRY(take_step(r, i));
    AF_TRY(af_plan_losses(r->plan, &ignored));
    const af_loading before = af_loader_measured(r->loader);
    double started = af_clock(), seconds = 0;
    for (out->steps = 0; out->steps < MOST_STEPS && seconds < ENOUGH_SECONDS; out->steps++) {
        AF_TRY(take_step(r, FIRST_STEPS + out->steps));
        seconds = af_clock() - started;
    }
    AF_TRY(af_plan_losses(r->plan, &ignored)); /* waits for a device, as a training's epochs do */
    seconds = af_clock() - started;
    const af_loading after = af_loader_measured(r->loader);
    out->batch = af_plan_batch(r->plan);
    out->memory = info.bytes_total;
    out->threads = info.threads;
    out->step_flops = (cost->forward + cost->backward) * out->batch;
    out->step_seconds = seconds / out->steps;
    out->x_seconds = out->x_flops / out->step_flops * out->step_seconds;
    out->waiting = (after.waited - before.waited) / seconds;
    out->loading = after.busy / (double)after.batches / out->step_seconds;
    return AF_OK;
}

static af_status time_training(af_timing *out, af_workbench *w)
{
    const af_indices *train = &w->data->split[w->protocol][AF_TRAIN];
    af_proposal plain = {.config = af_space_default(w->space), .epochs = w->recipe.epochs};
    af_training job;
    af_graph *graph;
    AF_TRY(af_x_flops(&out->x_flops, w->task, w->space, w->io.size, &w->io,
                      af_epoch_samples(w->task, w->data, train)));
    AF_TRY(af_workbench_job(&job, &graph, w, &plain, 0));
    trial_run r = {0};
    af_status st = open_trial_run(&r, &job);
    if (st == AF_OK) st = time_steps(out, &r);
    af_loader_free(r.loader);
    af_free(r.order);
    af_plan_free(r.plan);
    af_graph_free(graph);
    return st;
}

af_status af_time_x(af_timing *out, const af_task *task, af_size size, const af_backend *backend,
                    int threads)
{
    char directory[4096];
    af_dataset *data;
    *out = (af_timing){0};
    AF_TRY(af_need_data(directory, task, size));
    AF_TRY(af_dataset_open(&data, directory, task, AF_MAIN));
    af_workbench w = {.task = task,
                      .metric = af_find_metric(task->metric),
                      .data = data,
                      .protocol = AF_CLEAN,
                      .space = af_find_space("wrn"),
                      .backend = backend,
                      .io = af_dataset_io(data),
                      .recipe = task->recipe[size],
                      .threads = threads};
    af_status st = af_precision_find(&w.precision, backend, "auto");
    if (st == AF_OK) st = time_training(out, &w);
    af_dataset_close(data);
    return st;
}
