/* afield worker: executes trials for the process that started it, see core/search/pool.h.
 * Everything is told on standard input; standard output answers. */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include "core/base/child.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "core/search/gang.h"
#include "core/search/pool.h"
#include "core/search/run.h"
#include "eval/cli.h"

typedef struct worker {
    af_child *parent;
    pthread_mutex_t speaking; /* to it */
    json_t *open;             /* its texts are borrowed by the workbench */
    af_dataset *data;
    af_workbench bench;
    int capacity; /* trials at once */
} worker;

static af_status answer(worker *w, json_t *m)
{
    pthread_mutex_lock(&w->speaking);
    af_status st = af_child_send(w->parent, m, -1, NULL);
    pthread_mutex_unlock(&w->speaking);
    return st;
}

/* NULL: there is nothing more to do. */
static af_status next_message(json_t **out, worker *w)
{
    af_status st = af_child_receive(out, w->parent, -1, af_stop_requested);
    return st == AF_OK ? AF_OK : af_prefix(st, "standard input");
}

static af_status open_names(worker *w)
{
    af_workbench *b = &w->bench;
    const char *task, *metric, *space, *backend, *precision;
    AF_TRY(af_json_str(&task, w->open, "task"));
    AF_TRY(af_json_str(&metric, w->open, "metric"));
    AF_TRY(af_json_str(&space, w->open, "space"));
    AF_TRY(af_json_str(&backend, w->open, "backend"));
    AF_TRY(af_json_str(&precision, w->open, "precision"));
    AF_TRY(af_json_str(&b->trials, w->open, "trials"));
    AF_TRY(af_need_task(&b->task, task));
    AF_TRY(af_need_space(&b->space, space));
    AF_TRY(af_need_backend(&b->backend, AF_PLACE_AUTO, backend));
    AF_TRY(af_precision_find(&b->precision, b->backend, precision));
    b->fast = json_is_true(json_object_get(w->open, "fast"));
    b->metric = af_find_metric(metric);
    return b->metric ? AF_OK : af_fail(AF_EINTERNAL, "no metric '%s'", metric);
}

static af_status open_numbers(worker *w)
{
    af_workbench *b = &w->bench;
    int64_t protocol, seed, threads, capacity;
    AF_TRY(af_json_int(&protocol, w->open, "protocol"));
    AF_TRY(af_json_int(&seed, w->open, "seed"));
    AF_TRY(af_json_int(&threads, w->open, "threads"));
    AF_TRY(af_json_int(&capacity, w->open, "capacity"));
    AF_TRY(af_json_real(&b->checkpoint_seconds, w->open, "checkpoint_seconds"));
    if (protocol < 0 || protocol >= AF_PROTOCOLS || threads < 1 || threads > 1024 || capacity < 1 ||
        capacity > 1024)
        return af_fail(AF_EFORMAT, "protocol %lld, %lld threads, capacity %lld: out of range",
                       (long long)protocol, (long long)threads, (long long)capacity);
    b->protocol = (af_protocol)protocol;
    b->seed = (uint64_t)seed;
    b->threads = (int)threads;
    w->capacity = (int)capacity;
    return AF_OK;
}

static af_status open_recipe(worker *w)
{
    int64_t epochs;
    AF_TRY(af_json_int(&epochs, w->open, "recipe_epochs"));
    if (epochs < 1 || epochs > AF_EPOCHS_MAX)
        return af_fail(AF_EFORMAT, "a recipe of %lld epochs: out of range", (long long)epochs);
    w->bench.recipe = w->bench.task->recipe[w->data->size];
    w->bench.recipe.epochs = (int)epochs;
    return AF_OK;
}

static af_status open_bench(worker *w)
{
    af_workbench *b = &w->bench;
    const char *data;
    AF_TRY(open_names(w));
    AF_TRY(open_numbers(w));
    AF_TRY(af_json_str(&data, w->open, "data"));
    AF_TRY(af_dataset_open(&w->data, data, b->task, AF_MAIN));
    b->data = w->data;
    b->io = af_dataset_io(w->data);
    return open_recipe(w);
}

/* A failed trial is an answer too; the one who asked decides what becomes of the run. A worker that
 * cannot answer is of no use: it stops, and another takes its trials over. */
static void report(void *self, const af_trial *t, af_status st, const af_outcome *o)
{
    json_t *m = st == AF_OK ? af_outcome_message(t->number, o) : af_failed_message(t->number, st);
    if (answer(self, m) != AF_OK) kill(getpid(), SIGTERM);
}

static af_status run_trials(worker *w, af_gang *g)
{
    for (;;) {
        json_t *m;
        af_trial t = {.number = -1};
        af_status st = next_message(&m, w);
        if (st != AF_OK || !m) return st;
        st = af_run_message_read(&t, w->bench.space, m);
        json_decref(m);
        if (st == AF_OK) st = af_gang_start(g, &t);
        if (st != AF_OK) report(w, &t, st, NULL);
    }
}

static af_status serve(worker *w)
{
    af_gang *g;
    AF_TRY(next_message(&w->open, w));
    if (!w->open)
        return af_fail(AF_EUSAGE, "started by `afield run --jobs N`, not by hand: nothing to do");
    af_status st = open_bench(w);
    AF_TRY(answer(w, st == AF_OK ? af_pool_ready_message(&w->bench) : af_failed_message(-1, st)));
    if (st != AF_OK) return st;
    const af_evaluator e = af_evaluator_train(&w->bench, 0);
    const af_gang_options o = {
        .evaluator = &e, .capacity = w->capacity, .answer = report, .self = w};
    AF_TRY(af_gang_new(&g, &o));
    st = run_trials(w, g);
    af_gang_free(g);
    return st;
}

static af_status run(const void *values, const char *const *words, int count)
{
    worker w = {.speaking = PTHREAD_MUTEX_INITIALIZER};
    (void)values, (void)words, (void)count;
    af_catch_signals();
    af_log_set(AF_LOG_WARN);
    AF_TRY(af_child_ourselves(&w.parent));
    dup2(2, 1); /* what libraries print is no answer */
    af_status st = serve(&w);
    af_dataset_close(w.data);
    json_decref(w.open);
    af_child_stop(w.parent, 0, NULL);
    /* the one who asked has been told, or is gone */
    return w.open && (st == AF_EINTERRUPTED || st == AF_EIO) ? AF_OK : st;
}

static const af_option none[] = {{0}};

const af_cmd af_cmd_worker = {
    .name = "worker",
    .usage = "",
    .summary = "execute trials for `run --jobs N`, which starts it",
    .order = 99,
    .options = none,
    .run = run,
};
