/* The evaluator that trains: builds a trial's network, applies the configuration's hyper-parameters
 * to the task's recipe, trains at the trial's fidelity and validates once, after the last epoch. */
#include <math.h>
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/search/run.h"

af_status af_workbench_job(af_training *out, af_graph **graph, const af_workbench *w,
                           const af_proposal *p, uint64_t trial)
{
    *out = (af_training){
        .task = w->task,
        .metric = w->metric,
        .data = w->data,
        .protocol = w->protocol,
        .backend = w->backend,
        .precision = w->precision,
        .fast = w->fast,
        .recipe = w->recipe,
        .epochs = p->epochs,
        .schedule = p->schedule,
        .seed = w->seed,
        .trial = trial,
        .threads = w->threads,
        .validate = true,
    };
    if (w->space->recipe) w->space->recipe(&p->config, &out->recipe);
    AF_TRY(af_space_build(w->space, &p->config, &w->io, graph));
    out->graph = *graph;
    return AF_OK;
}

static af_status trial_job(af_training *out, af_graph **graph, const af_workbench *w,
                           const af_trial *t)
{
    AF_TRY(af_workbench_job(out, graph, w, &t->proposal, (uint64_t)t->root));
    out->epochs_done = t->epochs_done;
    return AF_OK;
}

static af_status predict(void *self, const af_trial *t, af_spend *out)
{
    af_training job;
    af_graph *graph;
    AF_TRY(trial_job(&job, &graph, self, t));
    af_status st = af_train_predict(out, &job);
    af_graph_free(graph);
    return st;
}

static af_status stop_for_signal(void *payload, int epoch, double loss, double error)
{
    (void)payload, (void)epoch, (void)loss, (void)error;
    return af_stop_requested() ? af_fail(AF_EINTERRUPTED, "stopped by a signal; --resume continues")
                               : AF_OK;
}

/* After `epochs` whole ones. The one in which the loss left the finite numbers counts in full. */
static af_status charge_diverged(af_outcome *out, const af_training *job, double epochs,
                                 double seconds)
{
    af_spend whole;
    AF_TRY(af_train_predict(&whole, job));
    double charged = fmin(whole.epochs, fmax(epochs - job->epochs_done, 0) + 1);
    *out = (af_outcome){.error = INFINITY, .loss = INFINITY, .best_epoch = -1};
    out->spend = (af_spend){1, charged, seconds, whole.flops * (charged / whole.epochs)};
    return AF_OK;
}

/* Whether a longer training may go on from it. */
static bool may_continue(const af_proposal *p, const af_workbench *w)
{
    return p->schedule == AF_PREFIX && p->epochs < w->recipe.epochs;
}

/* A chain of continued trials has one checkpoint. */
static af_status checkpoint_path(char path[AF_PATH_MAX], const af_workbench *w, const af_trial *t)
{
    return af_path_format(path, "%s/%lld.bin", w->trials, (long long)t->root);
}

static af_status set_checkpoint(af_training *job, char path[AF_PATH_MAX], const af_workbench *w,
                                const af_trial *t)
{
    if (!w->trials) return AF_OK;
    AF_TRY(af_mkdirs(w->trials));
    AF_TRY(checkpoint_path(path, w, t));
    job->checkpoint = path;
    job->checkpoint_seconds = w->checkpoint_seconds;
    job->pause = may_continue(&t->proposal, w);
    return AF_OK;
}

static af_status run(void *self, const af_trial *t, af_outcome *out)
{
    af_training job;
    af_trained trained;
    af_graph *graph;
    char checkpoint[AF_PATH_MAX];
    double started = af_clock();
    AF_TRY(trial_job(&job, &graph, self, t));
    job.on_epoch = stop_for_signal;
    af_status st = set_checkpoint(&job, checkpoint, self, t);
    if (st == AF_OK) st = af_train(&trained, &job);
    if (st == AF_OK) {
        *out = trained.outcome;
        af_trained_close(&trained);
    } else if (st == AF_EDIVERGED) {
        af_log(AF_LOG_DEBUG, "trial %lld: %s", (long long)t->number, af_error());
        st = charge_diverged(out, &job, trained.outcome.spend.epochs, af_clock() - started);
    }
    af_graph_free(graph);
    return st;
}

static void forget(void *self, const af_trial *t)
{
    const af_workbench *w = self;
    char path[AF_PATH_MAX];
    if (w->trials && !may_continue(&t->proposal, w) && checkpoint_path(path, w, t) == AF_OK)
        af_file_remove(path);
}

af_evaluator af_evaluator_train(af_workbench *w, double x_flops)
{
    return (af_evaluator){
        .self = w, .predict = predict, .run = run, .forget = forget, .x_flops = x_flops};
}
