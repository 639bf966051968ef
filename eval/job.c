/* Jobs: from names to a run. "--set a=1,b=2" is checked by the searcher's own option table. */
#include "eval/job.h"
#include <inttypes.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/search/share.h"
#include "eval/cli.h"
#include "eval/network.h"
#include "eval/own.h"

const af_option af_job_options[] = {
    {"task", AF_OPT_TEXT, offsetof(af_job, task), NULL, 0, 0, "see `afield list tasks`", NULL,
     "TASK"},
    {"method", AF_OPT_TEXT, offsetof(af_job, method), NULL, 0, 0, "a searcher or a baseline", NULL,
     "METHOD"},
    {"space", AF_OPT_TEXT, offsetof(af_job, space), NULL, 0, 0,
     "what a searcher searches (default nb201)", NULL, "SPACE"},
    {"set", AF_OPT_TEXT, offsetof(af_job, set), NULL, 0, 0,
     "options of the searcher; `afield describe METHOD` lists them", NULL, "NAME=VALUE,..."},
    {"budget", AF_OPT_TEXT, offsetof(af_job, budget), "4x", 0, 0,
     "for the search: 4x, 20trials, 30epochs, 600s or 1e15flop", NULL, "AMOUNT"},
    {"seed", AF_OPT_U64, offsetof(af_job, seed), "0", 0, 9e18, "decides everything random", NULL,
     NULL},
    {"size", AF_OPT_CHOICE, offsetof(af_job, size), "auto", 0, 0,
     "of the data, the networks and the recipe; auto: tiny, or the only size of your own dataset",
     af_network_sizes, NULL},
    {"protocol", AF_OPT_CHOICE, offsetof(af_job, protocol), "clean", 0, 0,
     "clean: validation decides; paper: as NAS-Bench-360 did", af_protocol_names, NULL},
    {"workers", AF_OPT_INT, offsetof(af_job, workers), "4", 1, 1024,
     "trials in flight, by a virtual clock; part of the configuration", NULL, NULL},
    {"jobs", AF_OPT_INT, offsetof(af_job, jobs), "1", 1, 1024,
     "trials executed at once, in processes that share the threads; never changes a result", NULL,
     NULL},
    {"threads", AF_OPT_INT, offsetof(af_job, threads), "0", 0, 1024,
     "0: all cores; never changes a result", NULL, NULL},
    {"backend", AF_OPT_TEXT, offsetof(af_job, backend), "auto", 0, 0, "see `afield list backends`",
     NULL, "NAME"},
    {"precision", AF_OPT_TEXT, offsetof(af_job, precision), "auto", 0, 0,
     "of activations: fp32, bf16, or auto: bf16 where the processor has matrix units for it", NULL,
     "NAME"},
    {"out", AF_OPT_TEXT, offsetof(af_job, out), NULL, 0, 0,
     "directory of the run (default under runs/)", NULL, "DIR"},
    {"resume", AF_OPT_FLAG, offsetof(af_job, resume), "false", 0, 0,
     "continue what is there; start when nothing is", NULL, NULL},
    {"json", AF_OPT_FLAG, offsetof(af_job, json), "false", 0, 0,
     "print result.json instead of a summary", NULL, NULL},
    {0}};

static af_size size_of(const af_job *j, const af_task *task)
{
    return j->size != AF_SIZES ? (af_size)j->size : task ? af_usual_size(task) : AF_TINY;
}

af_status af_job_directory(char out[AF_PATH_MAX], const af_job *j)
{
    bool baseline = !af_find_searcher(j->method);
    const char *space = baseline ? "" : j->space ? j->space : "nb201";
    return af_path_format(out, "runs/%s-%s-%s%s%s-%s%s-s%" PRIu64, j->task,
                          af_size_names[size_of(j, af_find_task(j->task))], j->method,
                          *space ? "-" : "", space, j->budget,
                          j->protocol == AF_PAPER ? "-paper" : "", j->seed);
}

typedef struct resolved {
    af_run_options o;
    char *set;    /* cut up; the texts in `values` point into it */
    void *values; /* of the searcher's options */
} resolved;

static void release(resolved *r)
{
    af_free(r->set);
    af_free(r->values);
    json_decref(r->o.searcher_options_json);
}

static af_status unknown_option(const af_searcher *s, const af_option *options, const char *name)
{
    enum { MAX_NAMES = 64 };
    const char *names[MAX_NAMES] = {0};
    for (int i = 0; i < MAX_NAMES - 1 && options[i].name; i++) names[i] = options[i].name;
    const char *near = af_nearest(name, names);
    return af_fail(AF_EUSAGE, "--set: unknown option %.40s; %s%s%s`afield describe %s` lists %s",
                   name, near ? "did you mean " : "", near ? near : "", near ? "? " : "", s->name,
                   names[0] ? "them" : "none");
}

/* Sets every NAME=VALUE of `text`, which is cut up. */
static af_status set_options(const af_searcher *s, const af_option *options, void *values,
                             char *text)
{
    char *rest;
    for (char *one = strtok_r(text, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(one, '=');
        if (!equals)
            return af_fail(AF_EUSAGE, "--set '%.40s', want NAME=VALUE, several joined by commas",
                           one);
        *equals = '\0';
        if (!af_options_find(options, one, strlen(one))) return unknown_option(s, options, one);
        af_status st = af_options_set(options, values, one, equals + 1);
        if (st != AF_OK) return af_prefix(st, "--set");
    }
    return AF_OK;
}

static af_status resolve_options(resolved *r, const af_job *j)
{
    static const af_option none[] = {{0}};
    const af_searcher *s = r->o.searcher;
    const af_option *options = s && s->options ? s->options : none;
    r->o.searcher_options_json = json_object();
    r->values = af_calloc(1, (s ? s->options_size : 0) + 1);
    r->set = af_strdup(j->set ? j->set : "");
    if (!r->values || !r->set || !r->o.searcher_options_json) return AF_ENOMEM;
    if (!s && j->set)
        return af_fail(AF_EUSAGE, "--set: '%s' is a baseline and searches nothing; leave --set out",
                       j->method);
    af_options_default(options, r->values);
    AF_TRY(set_options(s, options, r->values, r->set));
    for (const af_option *o = options; o->name; o++) {
        char buffer[64];
        json_object_set_new(r->o.searcher_options_json, o->name,
                            json_string(af_options_text(o, r->values, buffer)));
    }
    r->o.searcher_options = r->values;
    return AF_OK;
}

static af_status resolve(resolved *r, const af_job *j)
{
    *r = (resolved){.o = {.seed = j->seed,
                          .protocol = (af_protocol)j->protocol,
                          .workers = j->workers,
                          .threads = j->threads,
                          .jobs = j->jobs,
                          .program = "/proc/self/exe",
                          .out = j->out,
                          .resume = j->resume}};
    if (!j->task)
        return af_fail(AF_EUSAGE, "--task is missing; `afield list tasks` shows what there is");
    if (!j->method)
        return af_fail(AF_EUSAGE,
                       "--method is missing; `afield list searchers` and `afield list baselines` "
                       "show what there is");
    AF_TRY(af_need_task(&r->o.task, j->task));
    r->o.size = size_of(j, r->o.task);
    if (r->o.task->own && j->protocol == AF_PAPER)
        return af_fail(AF_EUSAGE,
                       "--protocol paper: no publication has a protocol for your own dataset; leave "
                       "it out");
    AF_TRY(af_need_method(&r->o.searcher, &r->o.space, j->method, j->space));
    AF_TRY(af_need_backend(&r->o.backend, j->backend));
    AF_TRY(af_precision_find(&r->o.precision, r->o.backend, j->precision));
    AF_TRY(af_budget_parse(&r->o.budget, j->budget));
    if (r->o.searcher) AF_TRY(af_share_check(r->o.searcher, &r->o.budget));
    AF_TRY(resolve_options(r, j));
    r->o.metric = af_find_metric(r->o.task->metric);
    r->o.wrn = af_find_space("wrn");
    if (!r->o.metric)
        return af_fail(AF_EINTERNAL, "task %s: no metric '%s'", j->task, r->o.task->metric);
    return r->o.wrn ? AF_OK : af_fail(AF_EINTERNAL, "no space 'wrn', which defines the unit x");
}

af_status af_job_check(const af_job *j)
{
    resolved r;
    af_status st = resolve(&r, j);
    release(&r);
    return st;
}

af_status af_job_run(const af_job *j)
{
    resolved r;
    char data[AF_PATH_MAX];
    af_status st;
    AF_GOTO(st, done, resolve(&r, j));
    AF_GOTO(st, done, af_need_data(data, r.o.task, r.o.size));
    r.o.data_directory = data;
    st = af_run(&r.o);
done:
    release(&r);
    return st;
}
