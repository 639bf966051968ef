/* afield describe: everything about one task, space, baseline, searcher, metric, op or backend,
 * taken from its struct. Each kind fills one JSON object; the text form prints that object. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/data/dataset.h"
#include "eval/cli.h"
#include "eval/network.h"
#include "eval/outline.h"
#include "eval/own.h"
#include "eval/timing.h"

typedef struct options {
    bool cost, json;
    int size, threads, device;
    const char *backend;
} options;
static const af_option table[] = {
    {"cost", AF_OPT_FLAG, offsetof(options, cost), "false", 0, 0,
     "a task: what 1x costs here; times a few training steps", NULL, NULL},
    {"size", AF_OPT_CHOICE, offsetof(options, size), "auto", 0, 0,
     "with --cost: of the task; auto: tiny, or the only size of your own dataset", af_network_sizes,
     NULL},
    {"threads", AF_OPT_INT, offsetof(options, threads), "0", 0, 1024, "with --cost; 0: all cores",
     NULL, NULL},
    AF_DEVICE_OPTION(offsetof(options, device)),
    {"backend", AF_OPT_TEXT, offsetof(options, backend), "auto", 0, 0, "with --cost", NULL, "NAME"},
    {"json", AF_OPT_FLAG, offsetof(options, json), "false", 0, 0, "print JSON", NULL, NULL},
    {0}};

static void put(json_t *o, const char *key, const char *text)
{
    if (text && *text) json_object_set_new(o, key, json_string(text));
}

static json_t *list_of(const char *const *names)
{
    json_t *list = json_array();
    for (; names && *names; names++) json_array_append_new(list, json_string(*names));
    return list;
}

/* ---- tasks ---- */

static json_t *recipe_json(const af_recipe *r)
{
    json_t *o = json_pack("{si si ss sf ss}", "epochs", r->epochs, "batch", r->batch, "optimiser",
                          af_optimiser_names[r->optimiser], "lr", r->lr, "schedule",
                          af_schedule_names[r->schedule.kind]);
    const struct {
        const char *name;
        double value;
    } rest[] = {{"warmup", r->schedule.warmup},    {"momentum", r->momentum},
                {"weight_decay", r->weight_decay}, {"clip", r->clip},
                {"dropout", r->dropout},           {"factor", r->schedule.factor}};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (rest[i].value != 0) json_object_set_new(o, rest[i].name, json_real(rest[i].value));
    json_t *milestones = json_array();
    for (int i = 0; i < 4 && r->schedule.milestones[i] > 0; i++)
        json_array_append_new(milestones, json_real(r->schedule.milestones[i]));
    if (json_array_size(milestones)) json_object_set(o, "milestones", milestones);
    json_decref(milestones);
    char augment[AF_AUGMENT_TEXT];
    af_augment_print(augment, &r->augment);
    put(o, "augment", augment);
    return o;
}

/* What is there at a size; a text when nothing usable is. */
static json_t *data_json(const af_task *t, af_size size)
{
    char directory[4096], path[4096];
    af_dataset *d;
    if (af_dataset_directory(directory, size) != AF_OK) return json_string(af_error());
    if (af_dataset_path(path, directory, t->name, AF_MAIN) == AF_OK && !af_file_exists(path))
        return json_string("not there");
    if (af_dataset_open(&d, directory, t, AF_MAIN) != AF_OK) return json_string(af_error());
    json_t *o =
        json_pack("{ss ss s[iii] s[iii] sI ss}", "path", d->path, "provenance", d->provenance,
                  "input", d->input.c, d->input.h, d->input.w, "output", d->output.c, d->output.h,
                  d->output.w, "samples", (json_int_t)d->n, "sha256", d->sha256);
    if (d->noises) json_object_set_new(o, "noise", json_integer(d->noises));
    if (d->level) json_object_set_new(o, "level", json_true());
    af_dataset_close(d);
    return o;
}

static af_status add_cost(json_t *o, const af_task *t, const options *given)
{
    const af_backend *backend;
    af_timing m;
    AF_TRY(af_need_backend(&backend, (af_place)given->device, given->backend));
    const af_size size = given->size == AF_SIZES ? af_usual_size(t) : (af_size)given->size;
    AF_TRY(af_time_x(&m, t, size, backend, given->threads));
    json_object_set_new(o, "cost_of_1x",
                        json_pack("{ss ss si sf sf sf sf sf sf sI}", "size", af_size_names[size],
                                  "backend", backend->name, "threads", m.threads, "flops",
                                  m.x_flops, "estimated_seconds", m.x_seconds, "seconds_per_step",
                                  m.step_seconds, "flops_per_second", m.step_flops / m.step_seconds,
                                  "waiting_for_data", m.waiting, "loading", m.loading, "bytes",
                                  (json_int_t)m.memory));
    return AF_OK;
}

static af_status describe_task(json_t *o, const void *plugin)
{
    static const char *const aggregates[] = {"per sample", "majority of a group",
                                             "mean logit of a group"};
    const af_task *t = plugin;
    const af_prep *prep = af_find_prep(t->name);
    json_t *recipes = json_object(), *data = json_object();
    char maker[AF_TASK_MAKER];
    af_task_maker(maker, t);
    put(o, "title", t->title);
    put(o, "variant_of", t->variant_of);
    put(o, "domain", t->domain);
    put(o, "summary", t->summary);
    put(o, "objective", af_objective_names[t->objective]);
    put(o, "loss", t->loss);
    put(o, "metric", t->metric);
    if (t->paper_metric) put(o, "paper_metric", t->paper_metric);
    put(o, "scored", aggregates[t->aggregate]);
    put(o, "epoch", t->sampler == AF_ALL ? "every sample" : "one sample of each group");
    if (t->labels) json_object_set_new(o, "labels", list_of(t->labels));
    put(o, "import", prep ? prep->accepts : maker);
    put(o, "generate", prep ? prep->model : NULL);
    put(o, "notes", t->notes);
    put(o, "cite", t->cite);
    put(o, "license", t->license);
    for (int s = 0; s < AF_SIZES; s++) {
        if (t->own && s != (int)t->size) continue;
        json_object_set_new(recipes, af_size_names[s], recipe_json(&t->recipe[s]));
        json_object_set_new(data, af_size_names[s], data_json(t, (af_size)s));
    }
    json_object_set_new(o, "recipe", recipes);
    json_object_set_new(o, "data", data);
    return AF_OK;
}

/* ---- the other kinds ---- */

static json_t *knob_json(const af_knob *k)
{
    static const char *const kinds[] = {"categorical", "integer", "float", "log-float"};
    json_t *o = json_pack("{ss}", "kind", kinds[k->kind]);
    if (k->kind == AF_CATEGORICAL)
        json_object_set_new(o, "choices", list_of(k->choices));
    else
        json_object_set_new(o, "range", json_pack("[ff]", k->low, k->high));
    if (isnan(k->def))
        put(o, "default", "recipe");
    else if (k->kind == AF_CATEGORICAL)
        put(o, "default", k->choices[(int)k->def]);
    else
        json_object_set_new(o, "default", json_real(k->def));
    return o;
}

static af_status describe_space(json_t *o, const void *plugin)
{
    const af_space *s = plugin;
    char text[AF_CONFIG_TEXT];
    af_config c = af_space_default(s);
    double size = af_space_size(s);
    json_t *knobs = json_object();
    put(o, "title", s->title);
    put(o, "summary", s->summary);
    af_space_print(s, &c, text);
    put(o, "default", text);
    if (isfinite(size))
        json_object_set_new(o, "configurations", json_real(size));
    else
        put(o, "configurations", "infinitely many");
    for (int i = 0; i < s->count; i++)
        json_object_set_new(knobs, s->knobs[i].name, knob_json(&s->knobs[i]));
    json_object_set_new(o, "parameters", knobs);
    put(o, "supernet", s->supernet ? "yes: searchers that share weights can search it" : "none");
    put(o, "cite", s->cite);
    return AF_OK;
}

static af_status describe_searcher(json_t *o, const void *plugin)
{
    const af_searcher *s = plugin;
    json_t *all = json_object();
    put(o, "title", s->title);
    put(o, "summary", s->summary);
    put(o, "method",
        s->search ? "shares weights: trains one network that holds the whole space"
                  : "black box: trials are proposed, trained and told");
    for (const af_option *p = s->options; p && p->name; p++) {
        json_t *one = json_pack("{ss}", "default", p->def ? p->def : "");
        if (p->low < p->high) json_object_set_new(one, "range", json_pack("[ff]", p->low, p->high));
        if (p->kind == AF_OPT_CHOICE) json_object_set_new(one, "choices", list_of(p->choices));
        put(one, "help", p->help);
        json_object_set_new(all, p->name, one);
    }
    json_object_set_new(o, "options", all);
    put(o, "cite", s->cite);
    return AF_OK;
}

static af_status describe_metric(json_t *o, const void *plugin)
{
    const af_metric *m = plugin;
    put(o, "title", m->title);
    put(o, "definition", m->definition);
    put(o, "unit", m->unit);
    json_object_set_new(o, "version", json_integer(m->version));
    put(o, "better", m->higher_is_better ? "higher; error = 1 - score" : "lower; error = score");
    return AF_OK;
}

static af_status describe_op(json_t *o, const void *plugin)
{
    const af_op *op = plugin;
    put(o, "summary", op->summary);
    json_object_set_new(o, "inputs", json_pack("[ii]", op->min_inputs, op->max_inputs));
    return AF_OK;
}

static af_status describe_backend(json_t *o, const void *plugin)
{
    const af_backend *b = plugin;
    char text[256] = "";
    bool usable = b->probe(text, sizeof text) == AF_OK;
    put(o, "summary", b->summary);
    af_precision best;
    bool single = b->dtype == AF_F64;
    put(o, "precision", single ? "fp64" : b->tf32 ? "fp32, bf16, tf32" : "fp32, bf16");
    if (!single && af_precision_find(&best, b, "auto") == AF_OK)
        put(o, "auto precision", af_precision_name(b, best));
    put(o, "here", usable ? text : af_error());
    json_object_set_new(o, "usable", json_boolean(usable));
    json_object_set_new(o, "default", json_boolean(b == af_default_backend()));
    return AF_OK;
}

/* ---- finding ---- */

typedef struct candidate {
    const char *kind;
    const void *plugin; /* NULL: none of this name */
    af_status (*describe)(json_t *o, const void *plugin);
} candidate;
enum { KINDS = 6, MAX_NAMES = 256 };

#define ADD_NAMES(kind)                                                                            \
    for (size_t i = 0; af_builtin.kind[i] && n < MAX_NAMES - 1; i++)                               \
    names[n++] = af_builtin.kind[i]->name

static af_status unknown(const char *name)
{
    const char *names[MAX_NAMES] = {0};
    size_t n = 0;
    ADD_NAMES(task);
    ADD_NAMES(space);
    ADD_NAMES(searcher);
    ADD_NAMES(metric);
    ADD_NAMES(op);
    ADD_NAMES(backend);
    char **own = NULL;
    size_t count = 0;
    if (af_own_list(&own, &count) != AF_OK) count = 0;
    for (size_t i = 0; i < count && n < MAX_NAMES - 1; i++) names[n++] = own[i];
    const char *near = af_nearest(name, names);
    af_status st =
        af_fail(AF_EUSAGE, "nothing is called '%.40s'%s%s%s; `afield list` shows what there is",
                name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    af_free(own);
    return st;
}

/* Without a kind the first of several things of one name is meant, and the others are mentioned. */
static af_status find(candidate *out, const char *kind, const char *name)
{
    const af_space *space = af_find_space(name);
    const candidate all[KINDS] = {
        {"task", af_find_task(name), describe_task},
        {space && space->baseline ? "baseline" : "space", space, describe_space},
        {"searcher", af_find_searcher(name), describe_searcher},
        {"metric", af_find_metric(name), describe_metric},
        {"op", af_find_op(name), describe_op},
        {"backend", af_find_backend(name), describe_backend},
    };
    const candidate *first = NULL;
    for (int i = 0; i < KINDS; i++) {
        if (!all[i].plugin || (kind && strcmp(kind, all[i].kind) != 0)) continue;
        if (first)
            af_log(AF_LOG_INFO, "this is the %s; for the %s of that name: afield describe %s %s",
                   first->kind, all[i].kind, all[i].kind, name);
        else
            first = &all[i];
    }
    if (!first && kind)
        return af_fail(AF_EUSAGE, "no %.40s '%.40s'; see `afield list`", kind, name);
    if (!first) return unknown(name);
    *out = *first;
    return AF_OK;
}

static af_status run(const void *values, const char *const *words, int count)
{
    const options *o = values;
    candidate found = {0};
    AF_TRY(find(&found, count == 2 ? words[0] : NULL, words[count - 1]));
    if (o->cost && found.describe != describe_task)
        return af_fail(AF_EUSAGE, "--cost: only a task has a cost; %s is a %s", words[count - 1],
                       found.kind);
    json_t *all = json_pack("{ss ss}", "kind", found.kind, "name", words[count - 1]);
    af_status st = found.describe(all, found.plugin);
    if (st == AF_OK && o->cost) st = add_cost(all, found.plugin, o);
    if (st == AF_OK && o->json) return af_print_json(all);
    if (st == AF_OK) af_print_outline(all);
    json_decref(all);
    return st;
}

const af_cmd af_cmd_describe = {
    .name = "describe",
    .usage = "[KIND] NAME [--cost] [--json]",
    .summary = "everything about a task, space, baseline, searcher, metric, op or backend",
    .order = 2,
    .more = "examples:\n  afield describe ecg --cost\n  afield describe regularized_evolution\n"
            "  afield describe op linear",
    .options = table,
    .options_size = sizeof(options),
    .min_words = 1,
    .max_words = 2,
    .run = run,
};
