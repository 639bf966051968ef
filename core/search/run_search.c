/* The search stage of a run: with the searcher's trials, here or in worker processes, or with
 * shared weights; progress, and what the search would have answered at any time. */
#include <inttypes.h>
#include <math.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/search/pool.h"
#include "core/search/result.h"
#include "core/search/run_inside.h"
#include "core/search/share.h"

/* What the search would have answered had it ended here. */
static af_status note_incumbent(af_run_state *r, const af_trial *t, const af_ledger *l)
{
    double x = af_spend_in(&l->search, AF_UNIT_X, l->x_flops), error = r->found.outcome.error;
    if (r->found.best.number != t->number || !isfinite(error)) return AF_OK;
    json_t *point = json_pack("{sI so si so so}", "trials", (json_int_t)r->found.trials, "x",
                              l->x_flops > 0 ? json_real(x) : json_null(), "epochs",
                              t->proposal.epochs, "seconds", json_real(l->search.seconds), "error",
                              isfinite(error) ? json_real(error) : json_null());
    return json_array_append_new(r->anytime, point) ? af_fail(AF_ENOMEM, "no memory") : AF_OK;
}

static af_status show_trial(void *payload, const af_trial *t, const af_outcome *o,
                            const af_ledger *l)
{
    af_run_state *r = payload;
    double spent = af_spend_in(&l->search, l->budget.unit, l->x_flops);
    r->lowest = fmin(r->lowest, o->error);
    af_progress_set(r->bar, spent, "trial %" PRId64 ", %.3g of %s, best error %.4f", t->number,
                    spent, r->budget, r->lowest);
    return note_incumbent(r, t, l);
}

static af_status show_shared(void *payload, int epoch, int epochs, double loss, const af_ledger *l)
{
    af_run_state *r = payload;
    af_progress_set(r->bar, af_spend_in(&l->search, l->budget.unit, l->x_flops),
                    "epoch %d of %d, loss %.4f", epoch + 1, epochs, loss);
    return AF_OK;
}

static af_status search_shared(af_run_state *r)
{
    const af_run_options *o = r->o;
    const af_share s = {.searcher = o->searcher,
                        .options = o->searcher_options,
                        .context = r->context,
                        .bench = &r->bench,
                        .ledger = &r->ledger,
                        .journal = r->journal,
                        .checkpoint = r->supernet,
                        .checkpoint_seconds = AF_CHECKPOINT_SECONDS,
                        .header = r->header,
                        .resume = o->resume,
                        .on_epoch = show_shared,
                        .payload = r};
    r->bar = o->quiet ? NULL : af_progress_new("search", o->budget.amount);
    af_status st = af_share_run(&r->found, &s);
    af_progress_end(r->bar, "%s%.3g epochs, %.3g of %s", st == AF_OK ? "" : "stopped after ",
                    r->ledger.search.epochs,
                    af_spend_in(&r->ledger.search, o->budget.unit, r->ledger.x_flops), r->budget);
    if (st != AF_OK) return af_prefix(st, "search");
    af_file_remove(r->supernet);
    r->config = r->found.best.proposal.config;
    return AF_OK;
}

/* Processes take turns on a device; trials of one process run on it side by side. */
static int capacity_of(const af_run_options *o, int jobs)
{
    return o->gang ? o->gang : o->backend->device ? jobs : 1;
}

/* Threads are shared out; a trial has at least one. */
static af_status open_pool(af_pool **out, af_run_state *r)
{
    const af_run_options *o = r->o;
    *out = NULL;
    if (o->jobs <= 1 || !o->searcher) return AF_OK;
    int all = o->threads ? o->threads : (int)sysconf(_SC_NPROCESSORS_ONLN);
    int jobs = o->jobs < o->workers ? o->jobs : o->workers;
    int capacity = capacity_of(o, jobs), threads = all > jobs ? all / jobs : 1;
    const af_pool_options p = {
        .program = o->program,
        .jobs = jobs,
        .capacity = capacity,
        .space = o->space,
        .open = af_pool_open_message(&r->bench, o->data_directory, threads, capacity),
        .ready = af_pool_ready_message(&r->bench)};
    af_status st = p.open && p.ready
                       ? af_pool_new(out, &p)
                       : af_fail(AF_EINVAL,
                                 "%s: no memory, or not UTF-8, which paths must be where "
                                 "there are several --jobs",
                                 r->trials);
    json_decref(p.open);
    json_decref(p.ready);
    return st;
}

/* Checkpoints of trials; a search that is over continues none. */
static void remove_trials(const af_run_state *r)
{
    char **names, path[AF_PATH_MAX];
    size_t count;
    if (!af_dir_exists(r->trials) || af_dir_list(&names, &count, r->trials) != AF_OK) return;
    for (size_t i = 0; i < count; i++)
        if (af_path_join(path, r->trials, names[i]) == AF_OK) af_file_remove(path);
    af_free(names);
    rmdir(r->trials);
}

static af_status search_with(af_run_state *r, af_search *s)
{
    af_pool *pool;
    af_workers workers;
    AF_TRY(open_pool(&pool, r));
    if (pool) {
        workers = af_pool_workers(pool);
        s->workers = &workers;
    }
    af_status st = af_search_run(&r->found, s);
    af_pool_free(pool);
    if (st == AF_OK) remove_trials(r);
    return st;
}

af_status af_run_search(af_run_state *r)
{
    const af_run_options *o = r->o;
    if (o->searcher && o->searcher->search) return search_shared(r);
    af_evaluator evaluator = af_evaluator_train(&r->bench, r->ledger.x_flops);
    af_search s = {.searcher = o->searcher ? o->searcher : &af_no_search,
                   .options = o->searcher_options,
                   .context = r->context,
                   .evaluator = &evaluator,
                   .ledger = &r->ledger,
                   .journal = r->journal,
                   .header = r->header,
                   .resume = o->resume,
                   .on_trial = show_trial,
                   .payload = r};
    r->lowest = INFINITY;
    r->bar = o->quiet || !o->searcher ? NULL : af_progress_new("search", o->budget.amount);
    af_status st = search_with(r, &s);
    af_progress_end(r->bar, "%s%" PRId64 " trials, %.3g of %s, best error %.4f",
                    st == AF_OK ? "" : "stopped after ", r->found.trials,
                    af_spend_in(&r->ledger.search, o->budget.unit, r->ledger.x_flops), r->budget,
                    r->lowest);
    if (st != AF_OK) return st;
    r->config = r->found.any ? r->found.best.proposal.config : af_space_default(o->space);
    if (o->searcher && !r->found.any)
        return af_fail(AF_EBUDGET, "budget %s: not one trial of %d epochs fits; raise it",
                       r->budget, r->context.epochs);
    if (r->found.any && !isfinite(r->found.outcome.error))
        return af_fail(AF_EDIVERGED,
                       "all %" PRId64 " trials diverged, so there is nothing to choose; "
                       "the recipe of task %s does not suit space %s",
                       r->found.trials, o->task->name, o->space->name);
    return AF_OK;
}
