/* What a pool and its workers say to each other. */
#include <inttypes.h>
#include "core/base/jsonl.h"
#include "core/base/version.h"
#include "core/search/pool.h"
#include "core/search/record.h"

json_t *af_pool_open_message(const af_workbench *w, const char *data_directory, int threads,
                             int capacity)
{
    return json_pack("{ss ss ss ss ss si si ss ss sb sI si si ss sf}", "type", "open", "task",
                     w->task->name, "metric", w->metric->name, "space", w->space->name, "data",
                     data_directory, "protocol", (int)w->protocol, "recipe_epochs",
                     w->recipe.epochs, "backend", w->backend->name, "precision",
                     af_precision_name(w->backend, w->precision), "fast", w->fast, "seed",
                     (json_int_t)w->seed, "threads", threads, "capacity", capacity, "trials",
                     w->trials, "checkpoint_seconds", w->checkpoint_seconds);
}

json_t *af_pool_ready_message(const af_workbench *w)
{
    return json_pack("{ss ss ss ss}", "type", "ready", "afield", AF_VERSION, "sha256",
                     w->data->sha256, "precision", af_precision_name(w->backend, w->precision));
}

json_t *af_run_message(const af_space *s, const af_trial *t)
{
    json_t *m = json_pack("{ss sI sI si}", "type", "run", "number", (json_int_t)t->number, "root",
                          (json_int_t)t->root, "epochs_done", t->epochs_done);
    if (m && af_proposal_write(m, s, &t->proposal)) return m;
    json_decref(m);
    return NULL;
}

af_status af_run_message_read(af_trial *out, const af_space *s, const json_t *m)
{
    int64_t done;
    AF_TRY(af_json_int(&out->number, m, "number"));
    AF_TRY(af_json_int(&out->root, m, "root"));
    AF_TRY(af_json_int(&done, m, "epochs_done"));
    AF_TRY(af_proposal_read(&out->proposal, s, m));
    if (done < 0 || done >= out->proposal.epochs || out->root < 0 || out->root > out->number)
        return af_fail(AF_EFORMAT,
                       "trial %" PRId64 " of %d epochs continues %" PRId64 " after %" PRId64
                       " epochs",
                       out->number, out->proposal.epochs, out->root, done);
    out->epochs_done = (int)done;
    return AF_OK;
}

json_t *af_outcome_message(int64_t number, const af_outcome *o)
{
    json_t *m = json_pack("{ss sI}", "type", "outcome", "number", (json_int_t)number);
    if (m && af_outcome_write(m, o)) return m;
    json_decref(m);
    return NULL;
}

json_t *af_failed_message(int64_t number, af_status st)
{
    return json_pack("{ss sI si so}", "type", "failed", "number", (json_int_t)number, "status",
                     (int)st, "message", af_json_text(af_error()));
}

static af_status read_failure(const json_t *m)
{
    int64_t kind;
    const char *text;
    AF_TRY(af_json_int(&kind, m, "status"));
    AF_TRY(af_json_str(&text, m, "message"));
    if (kind < AF_EINTERNAL || kind >= AF_OK)
        return af_fail(AF_EFORMAT, "a worker reports status %" PRId64, kind);
    return af_fail((af_status)kind, "%s", text);
}

af_status af_answer_read(int64_t *number, af_outcome *out, const json_t *m)
{
    *number = -1;
    AF_TRY(af_json_int(number, m, "number"));
    return json_object_get(m, "message") ? read_failure(m) : af_outcome_read(out, m);
}
