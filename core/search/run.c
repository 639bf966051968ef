/* A run from data to result.json: search, retraining, one look at the test split. Every stage can
 * be killed: the journal replays the search, a checkpoint the retraining, and scoring is done
 * again. The held-out file is opened in score(), when nothing can learn from it any more. */
#include "core/search/run_inside.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "core/search/journal.h"
#include "core/search/result.h"
#include "core/train/batch.h"

/* Names the retraining's random streams: no trial of a search gets this far. Two methods that
 * choose the same configuration get the same network. */
static const uint64_t RETRAIN_TRIAL = UINT32_MAX;

/* ---- preparation ---- */

static af_status lock_directory(af_run_state *r)
{
    char path[AF_PATH_MAX];
    AF_TRY(af_mkdirs(r->o->out));
    AF_TRY(af_path_join(path, r->o->out, "run.lock"));
    AF_TRY(af_path_join(r->journal, r->o->out, "journal.jsonl"));
    AF_TRY(af_path_join(r->checkpoint, r->o->out, "checkpoint.bin"));
    AF_TRY(af_path_join(r->supernet, r->o->out, "supernet.bin"));
    AF_TRY(af_path_join(r->trials, r->o->out, "trials"));
    AF_TRY(af_path_join(r->result, r->o->out, "result.json"));
    AF_TRY(af_path_join(r->predictions, r->o->out, "predictions.h5"));
    r->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (r->lock < 0) return af_file_fail(path, "cannot write here");
    if (!flock(r->lock, LOCK_EX | LOCK_NB)) return AF_OK;
    if (errno != EWOULDBLOCK) return af_file_fail(path, "cannot lock");
    return af_fail(AF_EIO,
                   "%s: another process is running in this directory; wait for it, or choose "
                   "another one with --out",
                   r->o->out);
}

/* The paper protocol merges training and validation samples; its search uses the clean ones. */
static af_protocol search_protocol(const af_run_state *r)
{
    bool own = r->data->split[r->o->protocol][AF_VALID].count > 0;
    return own ? r->o->protocol : AF_CLEAN;
}

/* What can be known of the data without opening the held-out file: better now than after the
 * search. */
static af_status check_data(const af_run_state *r)
{
    const af_run_options *o = r->o;
    AF_TRY(af_dataset_verify(r->data));
    AF_TRY(af_dataset_complete(r->data, o->data_directory));
    if (r->data->size != o->size)
        return af_fail(AF_EFORMAT,
                       "%s: made at size %s, want %s; prepare it with: afield data "
                       "generate %s --size %s",
                       r->data->path, af_size_names[r->data->size], af_size_names[o->size],
                       o->task->name, af_size_names[o->size]);
    return AF_OK;
}

static af_status open_bench(af_run_state *r)
{
    const af_run_options *o = r->o;
    AF_TRY(af_dataset_open(&r->data, o->data_directory, o->task, AF_MAIN));
    AF_TRY(check_data(r));
    r->bench = (af_workbench){
        .task = o->task,
        .metric = o->metric,
        .data = r->data,
        .protocol = search_protocol(r),
        .space = o->space,
        .backend = o->backend,
        .precision = o->precision,
        .fast = o->fast,
        .io = af_dataset_io(r->data),
        .recipe = o->task->recipe[o->size],
        .seed = o->seed,
        .threads = o->threads,
        .trials = r->trials,
        .checkpoint_seconds = AF_CHECKPOINT_SECONDS,
    };
    if (o->epochs) r->bench.recipe.epochs = o->epochs;
    int full = r->bench.recipe.epochs;
    r->context = (af_search_context){.space = o->space,
                                     .seed = o->seed,
                                     .epochs = full / 10 > 1 ? full / 10 : 1,
                                     .full_epochs = full,
                                     .workers = o->workers};
    r->ledger.budget = o->budget;
    af_budget_print(&o->budget, r->budget);
    const af_indices *train = &r->data->split[o->protocol][AF_TRAIN];
    AF_TRY(af_x_flops(&r->ledger.x_flops, o->task, o->wrn, o->size, &r->bench.io,
                      af_epoch_samples(o->task, r->data, train)));
    char left_out[AF_AUGMENT_TEXT];
    af_augment_left_out(left_out, &r->bench.recipe.augment, r->data, o->protocol);
    if (*left_out) af_log(AF_LOG_WARN, "%s: augmentation left out: %s", r->data->path, left_out);
    AF_TRY(af_run_header(&r->header, o, &r->bench, r->context.epochs));
    r->context.about = r->header;
    return AF_OK;
}

/* ---- retraining ---- */

static af_status show_epoch(void *payload, int epoch, double loss, double error)
{
    af_run_state *r = payload;
    if (isnan(error))
        af_progress_set(r->bar, epoch + 1, "loss %.4f", loss);
    else
        af_progress_set(r->bar, epoch + 1, "loss %.4f, validation error %.4f", loss, error);
    return af_stop_requested() ? af_fail(AF_EINTERRUPTED, "stopped by a signal; --resume continues")
                               : AF_OK;
}

static af_status retrain(af_run_state *r)
{
    const af_run_options *o = r->o;
    af_proposal chosen = {.config = r->config};
    bool again = o->searcher && o->searcher->repeats_trial && r->found.any;
    uint64_t streams = again ? (uint64_t)r->found.best.root : RETRAIN_TRIAL;
    AF_TRY(af_workbench_job(&r->retraining, &r->graph, &r->bench, &chosen, streams));
    af_training *t = &r->retraining;
    t->protocol = o->protocol;
    t->epochs = t->recipe.epochs;
    t->validate = o->protocol == AF_CLEAN;
    t->every_epoch = true;
    t->checkpoint = r->checkpoint;
    t->checkpoint_seconds = AF_CHECKPOINT_SECONDS;
    t->on_epoch = show_epoch;
    t->payload = r;
    r->bar = o->quiet ? NULL : af_progress_new("retrain", t->epochs);
    af_status st = af_train(&r->trained, t);
    if (st == AF_OK)
        af_progress_end(r->bar, "%d epochs, loss %.4f", t->epochs, r->trained.outcome.loss);
    else
        af_progress_end(r->bar, "stopped");
    r->ledger.retrain = r->trained.outcome.spend;
    return st == AF_OK ? AF_OK : af_prefix(st, "retraining");
}

/* ---- scoring ---- */

static af_status score(af_run_state *r)
{
    const af_run_options *o = r->o;
    double started = af_clock();
    AF_TRY(af_dataset_open(&r->test, o->data_directory, o->task, AF_HELD_OUT));
    const af_indices *which = &r->test->split[o->protocol][AF_TEST];
    AF_TRY(af_dataset_match(r->data, r->test));
    AF_TRY(af_dataset_verify(r->test));
    if (which->count < 1)
        return af_fail(AF_EFORMAT, "%s: no test samples for protocol %s; prepare both files anew",
                       r->test->path, af_protocol_names[o->protocol]);
    AF_TRY(af_train_infer(&r->pred, &r->trained, &r->retraining, r->test, which,
                          &r->ledger.score.flops));
    AF_TRY(af_score(&r->score, o->task, o->metric, r->test, o->protocol, which, r->pred));
    r->ledger.score.seconds = af_clock() - started;
    return AF_OK;
}

static af_status leave_result(af_run_state *r)
{
    json_t *result;
    af_run_facts facts = {.options = r->o,
                          .header = r->header,
                          .data = r->data,
                          .test = r->test,
                          .searched = &r->bench,
                          .retrained = &r->retraining,
                          .trained = &r->trained,
                          .config = &r->config,
                          .found = &r->found,
                          .ledger = &r->ledger,
                          .anytime = r->anytime,
                          .predictions = r->pred,
                          .score = r->score,
                          .started = r->started};
    AF_TRY(af_result_json(&result, &facts));
    char *text = json_dumps(result, JSON_COMPACT | JSON_SORT_KEYS);
    af_status st = text ? AF_OK : af_fail(AF_ENOMEM, "no memory for the result");
    if (st == AF_OK)
        st = af_predictions_write(r->predictions, r->test, r->o->protocol,
                                  &r->test->split[r->o->protocol][AF_TEST], r->pred, text);
    if (st == AF_OK) st = af_json_save(result, r->result);
    if (st == AF_OK) af_file_remove(r->checkpoint);
    free(text);
    json_decref(result);
    return st;
}

/* ---- the whole ---- */

/* A finished run is only checked to be the one asked for. */
static af_status already_finished(const af_run_state *r)
{
    af_journal *j;
    json_t *result;
    if (!af_file_exists(r->journal))
        return af_fail(AF_EFORMAT,
                       "%s: there, but its journal.jsonl is not; choose another "
                       "directory with --out",
                       r->result);
    AF_TRY(af_journal_open(&j, r->journal, r->o->space, r->header, r->o->resume));
    af_journal_close(j);
    AF_TRY(af_json_load(&result, r->result));
    json_decref(result);
    af_file_remove(r->checkpoint);
    af_log(AF_LOG_INFO, "%s: this run is finished; its result is in result.json", r->o->out);
    return AF_OK;
}

static af_status perform(af_run_state *r)
{
    if (r->o->seed > INT64_MAX) /* JSON integers end there */
        return af_fail(AF_EUSAGE, "seed %" PRIu64 ", want at most %" PRId64, r->o->seed, INT64_MAX);
    af_clock_utc(r->started);
    AF_TRY(lock_directory(r));
    AF_TRY(open_bench(r));
    if (af_file_exists(r->result)) return already_finished(r);
    AF_TRY(af_run_search(r));
    AF_TRY(retrain(r));
    AF_TRY(score(r));
    return leave_result(r);
}

af_status af_run(const af_run_options *o)
{
    af_catch_signals();
    af_run_state r = {.o = o, .lock = -1, .anytime = json_array()};
    af_status st = r.anytime ? perform(&r) : AF_ENOMEM;
    af_free(r.pred);
    af_trained_close(&r.trained);
    af_graph_free(r.graph);
    json_decref(r.header);
    json_decref(r.anytime);
    af_dataset_close(r.test);
    af_dataset_close(r.data);
    if (r.lock >= 0) close(r.lock);
    return st;
}
