/* result.json: what was asked for, what was found, what it cost, and the digests and keys by which
 * strangers compare results. Numbers that are not finite are null. */
#include "core/search/result.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/version.h"

enum { FORMAT = 2 };

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

/* As the protocol trains on the data. */
static json_t *recipe_json(const af_recipe *r, const af_dataset *data, af_protocol protocol)
{
    char augment[AF_AUGMENT_TEXT], left_out[AF_AUGMENT_TEXT];
    json_t *milestones = json_array();
    for (int i = 0; i < 4 && r->schedule.milestones[i] > 0; i++)
        json_array_append_new(milestones, json_real(r->schedule.milestones[i]));
    json_t *o =
        json_pack("{si si ss sf sf sf sf sf s{ss sf so sf}}", "epochs", r->epochs, "batch",
                  r->batch, "optimiser", af_optimiser_names[r->optimiser], "lr", r->lr, "momentum",
                  r->momentum, "weight_decay", r->weight_decay, "clip", r->clip, "dropout",
                  r->dropout, "schedule", "kind", af_schedule_names[r->schedule.kind], "warmup",
                  r->schedule.warmup, "milestones", milestones, "factor", r->schedule.factor);
    af_augment_print(augment, &r->augment);
    af_augment_left_out(left_out, &r->augment, data, protocol);
    if (o && *augment) json_object_set_new(o, "augment", json_string(augment));
    if (o && *left_out) json_object_set_new(o, "augment_left_out", json_string(left_out));
    return o;
}

af_status af_run_header(json_t **out, const af_run_options *o, const af_workbench *w,
                        int search_epochs)
{
    char budget[32];
    af_budget_print(&o->budget, budget);
    json_t *options =
        o->searcher_options_json ? json_incref(o->searcher_options_json) : json_object();
    *out = json_pack("{si ss ss ss ss ss ss so sI ss si ss ss so so si s{ss si} s{ss ss}}",
                     "format", FORMAT, "afield", AF_VERSION, "task", o->task->name, "size",
                     af_size_names[o->size], "protocol", af_protocol_names[o->protocol], "method",
                     o->searcher ? o->searcher->name : o->space->name, "space", o->space->name,
                     "searcher_options", options, "seed", (json_int_t)o->seed, "budget", budget,
                     "workers", o->workers, "backend", o->backend->name, "precision",
                     af_precision_name(o->backend, o->precision), "epochs",
                     o->epochs ? json_integer(o->epochs) : json_null(), "recipe",
                     recipe_json(&w->recipe, w->data, o->protocol), "search_epochs", search_epochs,
                     "metric", "name", o->metric->name, "version", o->metric->version, "data",
                     "provenance", w->data->provenance, "sha256", w->data->sha256);
    if (*out && o->fast) json_object_set_new(*out, "fast", json_true());
    return *out ? AF_OK : af_fail(AF_ENOMEM, "no memory for the header of the run");
}

static json_t *spend_json(const af_spend *s, double x_flops)
{
    return json_pack("{sf sf sf sf so}", "trials", s->trials, "epochs", s->epochs, "seconds",
                     s->seconds, "flops", s->flops, "x",
                     number(x_flops > 0 ? s->flops / x_flops : NAN));
}

static json_t *spent_json(const af_ledger *l)
{
    af_spend total = l->search;
    af_spend_add(&total, &l->retrain, 1);
    af_spend_add(&total, &l->score, 1);
    return json_pack("{so so so so}", "search", spend_json(&l->search, l->x_flops), "retrain",
                     spend_json(&l->retrain, l->x_flops), "score",
                     spend_json(&l->score, l->x_flops), "total", spend_json(&total, l->x_flops));
}

static json_t *curve_json(const af_trained *t)
{
    json_t *curve = json_array();
    for (int e = 0; e < t->epochs; e++)
        json_array_append_new(
            curve, json_pack("[oo]", number(t->curve[2 * e]), number(t->curve[2 * e + 1])));
    return curve;
}

/* What must agree for two results to stand in one table: the data, what is measured on it, and what
 * 1x is, since budgets are counted in it. Exact as a text: JSON libraries differ in how they write
 * numbers. */
static json_t *task_key(const af_run_facts *f)
{
    static const char *const aggregates[] = {
        [AF_PER_SAMPLE] = "per_sample", [AF_MAJORITY] = "majority", [AF_MEAN_LOGIT] = "mean_logit"};
    static const char *const samplers[] = {[AF_ALL] = "all", [AF_ONE_PER_GROUP] = "one_per_group"};
    const af_task *t = f->options->task;
    char x_flops[32];
    snprintf(x_flops, sizeof x_flops, "%.17g", f->ledger->x_flops);
    const char *search = af_protocol_names[f->searched->protocol];
    const char *final = af_protocol_names[f->options->protocol];
    return json_pack("{ss ss ss ss ss ss ss s{ss+ ss+ ss+ ss+} ss si ss}", "task", t->name,
                     "aggregate", aggregates[t->aggregate], "sampler", samplers[t->sampler],
                     "x_flops", x_flops, "sha256", f->data->sha256, "test_sha256", f->test->sha256,
                     "protocol", final, "splits", "search", search, "/train", "validate", search,
                     "/valid", "retrain", final, "/train", "score", final, "/test", "metric",
                     f->options->metric->name, "metric_version", f->options->metric->version,
                     "size", af_size_names[f->options->size]);
}

/* What must agree as well for a claim about searchers alone. */
static json_t *method_key(const af_run_facts *f)
{
    json_t *key =
        json_pack("{ss ss so ss ss ss}", "afield", AF_VERSION, "space", f->options->space->name,
                  "recipe", recipe_json(&f->searched->recipe, f->data, f->options->protocol),
                  "loss", f->options->task->loss, "precision",
                  af_precision_name(f->options->backend, f->options->precision), "backend",
                  f->options->backend->name);
    if (key && f->options->fast) json_object_set_new(key, "fast", json_true());
    return key;
}

/* SHA-256 of the ingredients as compact JSON with sorted keys. */
static json_t *key_hash(const json_t *ingredients)
{
    char hex[AF_SHA256_HEX];
    char *text = json_dumps(ingredients, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text) return NULL;
    af_sha256_of(text, strlen(text), hex);
    free(text);
    return json_string(hex);
}

static json_t *keys_json(const af_run_facts *f)
{
    json_t *task = task_key(f), *method = method_key(f);
    return json_pack("{so so so so}", "task", key_hash(task), "method", key_hash(method), "task_of",
                     task, "method_of", method);
}

static json_t *metric_json(const af_run_facts *f)
{
    const af_metric *m = f->options->metric;
    return json_pack("{ss si so so so}", "name", m->name, "version", m->version, "score",
                     number(f->score), "error", number(af_metric_error(m, f->score)),
                     "validation_error", number(f->trained->outcome.error));
}

/* Shares of the training steps' seconds. */
static json_t *share(const af_trained *t, double seconds)
{
    return number(t->step_seconds > 0 ? seconds / t->step_seconds : NAN);
}

/* How many nodes of an op each kernel computes: {"conv": {"winograd": 12, "onednn": 3}}. "fp32: "
 * is a kernel between conversions from and to bf16. */
static json_t *kernels_json(const af_plan *plan)
{
    json_t *ops = json_object();
    const int nodes = af_plan_describe(plan).nodes;
    for (int i = 0; i < nodes; i++) {
        af_plan_node_info n;
        char name[128];
        if (!af_plan_node(plan, i, &n)) continue;
        json_t *op = json_object_get(ops, n.node->op->name);
        if (!op) json_object_set_new(ops, n.node->op->name, op = json_object());
        snprintf(name, sizeof name, "%s%s", n.converts ? "fp32: " : "", n.kernel);
        json_int_t count = json_integer_value(json_object_get(op, name));
        json_object_set_new(op, name, json_integer(count + 1));
    }
    return ops;
}

static json_t *retrain_json(const af_run_facts *f)
{
    const af_trained *t = f->trained;
    af_graph_cost cost = af_graph_measure(f->retrained->graph);
    return json_pack("{si so sI sf so so so so}", "best_epoch", t->outcome.best_epoch, "loss",
                     number(t->outcome.loss), "parameters", (json_int_t)cost.parameters, "macs",
                     cost.total.macs, "recipe",
                     recipe_json(&f->retrained->recipe, f->data, f->options->protocol),
                     "waiting_for_data", share(t, t->waited), "loading", share(t, t->loading),
                     "kernels", kernels_json(t->plan));
}

/* The search as the searcher saw it: null for a baseline, which makes no trials. */
static json_t *chosen_json(const af_found *found)
{
    if (!found->any) return json_null();
    if (found->shared)
        return json_pack("{sn sn si}", "trial", "error", "epochs", found->best.proposal.epochs);
    return json_pack("{sI so si}", "trial", (json_int_t)found->best.number, "error",
                     number(found->outcome.error), "epochs", found->best.proposal.epochs);
}

/* Every reproducible bit of the run. */
static af_status run_digest(char hex[AF_SHA256_HEX], const af_run_facts *f)
{
    af_sha256 *h = af_sha256_new();
    if (!h) return AF_ENOMEM;
    int64_t count = f->test->split[f->options->protocol][AF_TEST].count;
    size_t bytes = (size_t)count * (size_t)af_shape_size(f->test->output) * sizeof(float);
    af_sha256_addf(h, "%s %s\n", f->found->proposal_digest, f->found->outcome_digest);
    for (int i = 0; i < 2 * f->trained->epochs; i++)
        if (isnan(f->trained->curve[i]))
            af_sha256_addf(h, "- "); /* not measured; the sign of a NaN means nothing */
        else
            af_sha256_addf(h, "%a ", f->trained->curve[i]);
    af_sha256_addf(h, "\n%s\n", f->trained->outcome.digest);
    af_sha256_add(h, f->predictions, bytes);
    af_sha256_addf(h, "\n%a\n", f->score);
    af_sha256_end(h, hex);
    return AF_OK;
}

af_status af_result_json(json_t **out, const af_run_facts *f)
{
    char config[AF_CONFIG_TEXT], canonical[AF_CONFIG_TEXT], digest[AF_SHA256_HEX];
    json_t *environment;
    AF_TRY(run_digest(digest, f));
    AF_TRY(af_environment(&environment, f->options->backend,
                          af_plan_describe(f->trained->plan).threads, f->started));
    af_space_print(f->options->space, f->config, config);
    af_space_canonical(f->options->space, f->config, canonical);
    json_t *found = json_pack(
        "{ss ss so so so so sf so ss ss so s{ss ss ss} so sO sb sb}", "config", config, "canonical",
        canonical, "metric", metric_json(f), "chosen", chosen_json(f->found), "retrain",
        retrain_json(f), "spent", spent_json(f->ledger), "x_flops", f->ledger->x_flops, "keys",
        keys_json(f), "proposal_digest", f->found->proposal_digest, "run_digest", digest,
        "environment", environment, "data", "provenance", f->data->provenance, "sha256",
        f->data->sha256, "test_sha256", f->test->sha256, "curve", curve_json(f->trained), "anytime",
        f->anytime, "sealed", !(f->options->searcher && f->options->searcher->foreign),
        "reproducible", !f->options->fast);
    json_t *all = found ? json_deep_copy(f->header) : NULL;
    bool complete = all && !json_object_update(all, found);
    json_decref(found);
    if (complete) {
        *out = all;
        return AF_OK;
    }
    json_decref(all);
    return af_fail(AF_ENOMEM, "no memory for the result");
}
