/* Jobs: from names to a run. "--set a=1,b=2" is checked by the searcher's own option table. */
#include "eval/job.h"
#include <inttypes.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/search/share.h"
#include "eval/cli.h"
#include "eval/network.h"
#include "eval/own.h"
#include "eval/plugin.h"

/* Rows of two tables: `afield run` names a method, `afield serve` is spoken to by one. */
#define ROW(name, kind, member, def, low, high, help, choices, value)                              \
    {                                                                                              \
        name, kind, offsetof(af_job, member), def, low, high, help, choices, value                 \
    }
#define TASK ROW("task", AF_OPT_TEXT, task, NULL, 0, 0, "see `afield list tasks`", NULL, "TASK")
#define SPACE                                                                                      \
    ROW("space", AF_OPT_TEXT, space, NULL, 0, 0, "what a searcher searches (default nb201)", NULL, \
        "SPACE")
#define OF_A_SEARCH(workers_default)                                                               \
    ROW("budget", AF_OPT_TEXT, budget, "4x", 0, 0,                                                 \
        "for the search: 4x, 20trials, 30epochs, 600s or 1e15flop", NULL, "AMOUNT"),               \
        ROW("seed", AF_OPT_U64, seed, "0", 0, 9e18, "decides everything random", NULL, NULL),      \
        ROW("size", AF_OPT_CHOICE, size, "auto", 0, 0,                                             \
            "of the data, the networks and the recipe; auto: tiny, or the only size of your own "  \
            "dataset",                                                                             \
            af_network_sizes, NULL),                                                               \
        ROW("protocol", AF_OPT_CHOICE, protocol, "clean", 0, 0,                                    \
            "clean: validation decides; paper: as NAS-Bench-360 did", af_protocol_names, NULL),    \
        ROW("epochs", AF_OPT_INT, epochs, "0", 0, AF_EPOCHS_MAX,                                   \
            "of the whole recipe, whose schedule they compress; 0: the task's own, which stay "    \
            "the measure of 1x",                                                                   \
            NULL, NULL),                                                                           \
        ROW("workers", AF_OPT_INT, workers, workers_default, 1, 1024,                              \
            "trials in flight, by a virtual clock; part of the configuration", NULL, NULL)
#define OF_A_MACHINE                                                                               \
    ROW("jobs", AF_OPT_INT, jobs, "1", 1, 1024,                                                    \
        "trials executed at once, in processes that share the threads, or side by side on a card; " \
        "never changes a result",                                                                  \
        NULL, NULL),                                                                               \
        ROW("threads", AF_OPT_INT, threads, "0", 0, 1024, "0: all cores; never changes a result",  \
            NULL, NULL),                                                                           \
        AF_DEVICE_OPTION(offsetof(af_job, device)),                                                \
        ROW("backend", AF_OPT_TEXT, backend, "auto", 0, 0,                                         \
            "for checks: this one, see `afield list backends`; auto: the device's best", NULL,     \
            "NAME"),                                                                               \
        ROW("precision", AF_OPT_TEXT, precision, "auto", 0, 0,                                     \
            "of activations: fp32, bf16, on a card also tf32; auto: bf16 on a card, and where " \
            "the processor has matrix units for it",                                                                 \
            NULL, "NAME"),                                                                         \
        ROW("fast", AF_OPT_FLAG, fast, "false", 0, 0,                                              \
            "on a card: faster kernels whose results, and digests, differ from run to run", NULL,  \
            NULL),                                                                                 \
        ROW("out", AF_OPT_TEXT, out, NULL, 0, 0, "directory of the run (default under runs/)",     \
            NULL, "DIR"),                                                                          \
        ROW("resume", AF_OPT_FLAG, resume, "false", 0, 0,                                          \
            "continue what is there; start when nothing is", NULL, NULL)

const af_option af_job_options[] = {
    TASK,
    ROW("method", AF_OPT_TEXT, method, NULL, 0, 0,
        "a searcher, a baseline, exec:'COMMAND' for a program of yours, or the path of a plugin: "
        "./mine.so",
        NULL, "METHOD"),
    SPACE,
    ROW("set", AF_OPT_TEXT, set, NULL, 0, 0,
        "options of the searcher; `afield describe METHOD` lists them", NULL, "NAME=VALUE,..."),
    OF_A_SEARCH("4"),
    OF_A_MACHINE,
    ROW("json", AF_OPT_FLAG, json, "false", 0, 0, "print result.json instead of a summary", NULL,
        NULL),
    {0},
};

const af_option af_serve_options[] = {
    TASK, SPACE, OF_A_SEARCH("1"), OF_A_MACHINE, {0},
};

void af_job_method_name(char out[64], const char *method)
{
    char sha256[AF_SHA256_HEX];
    if (strncmp(method, "exec:", 5) == 0) {
        const char *command = method + 5;
        af_sha256_of(command, strlen(command), sha256);
        if (strcmp(command, "-") == 0)
            snprintf(out, 64, "serve");
        else
            snprintf(out, 64, "exec-%.8s", sha256);
    } else if (af_is_plugin(method)) {
        const char *name = af_path_name(method);
        snprintf(out, 64, "%.*s", (int)(strlen(name) < 60 ? strlen(name) - 3 : 57), name);
    } else {
        snprintf(out, 64, "%.60s", method);
    }
}

static af_size size_of(const af_job *j, const af_task *task)
{
    return j->size != AF_SIZES ? (af_size)j->size : task ? af_usual_size(task) : AF_TINY;
}

af_status af_job_directory(char out[AF_PATH_MAX], const af_job *j)
{
    const af_space *own = af_find_space(j->method);
    const char *space = own && own->baseline ? "" : j->space ? j->space : "nb201";
    char method[64], epochs[32] = "";
    af_job_method_name(method, j->method);
    if (j->epochs) snprintf(epochs, sizeof epochs, "-%depochs", j->epochs);
    return af_path_format(out, "runs/%s-%s-%s%s%s-%s%s%s-s%" PRIu64, j->task,
                          af_size_names[size_of(j, af_find_task(j->task))], method,
                          *space ? "-" : "", space, j->budget,
                          j->protocol == AF_PAPER ? "-paper" : "", epochs, j->seed);
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

/* As results record it. A control character there could steer the terminal of whoever reads it. */
static af_status record(json_t *record, const char *name, const char *value)
{
    bool plain = true;
    for (const char *c = value; *c; c++) plain &= (unsigned char)*c >= 0x20 && *c != 0x7f;
    if (plain && !json_object_set_new(record, name, json_string(value))) return AF_OK;
    return af_fail(AF_EUSAGE,
                   "%s: want text in UTF-8 and in one line, since results record it; put a longer "
                   "command into a script",
                   name);
}

/* How long one waits for a program decides nothing about a result, and may be changed to resume. */
static bool decides(const af_searcher *s, const af_option *o)
{
    return strcmp(s->name, "exec") || strcmp(o->name, "timeout");
}

static af_status record_options(resolved *r, const af_job *j, const af_option *options)
{
    const af_searcher *s = r->o.searcher;
    char buffer[64], sha256[AF_SHA256_HEX];
    for (const af_option *o = options; o->name; o++)
        if (decides(s, o))
            AF_TRY(
                record(r->o.searcher_options_json, o->name, af_options_text(o, r->values, buffer)));
    if (!s || !af_is_plugin(j->method) || strncmp(j->method, "exec:", 5) == 0) return AF_OK;
    AF_TRY(af_plugin_open(&s, sha256, j->method));
    return record(r->o.searcher_options_json, "plugin_sha256", sha256);
}

static af_status resolve_options(resolved *r, const af_job *j)
{
    static const af_option none[] = {{0}};
    const af_searcher *s = r->o.searcher;
    const af_option *options = s && s->options ? s->options : none;
    r->o.searcher_options_json = json_object();
    r->values = af_calloc(1, (s ? s->options_size : 0) + sizeof(double));
    r->set = af_strdup(j->set ? j->set : "");
    if (!r->values || !r->set || !r->o.searcher_options_json) return AF_ENOMEM;
    if (!s && j->set)
        return af_fail(AF_EUSAGE, "--set: '%s' is a baseline and searches nothing; leave --set out",
                       j->method);
    af_options_default(options, r->values);
    AF_TRY(set_options(s, options, r->values, r->set));
    if (strncmp(j->method, "exec:", 5) == 0)
        AF_TRY(af_options_set(options, r->values, "command", j->method + 5));
    AF_TRY(record_options(r, j, options));
    r->o.searcher_options = r->values;
    return AF_OK;
}

static af_status resolve(resolved *r, const af_job *j)
{
    *r = (resolved){.o = {.seed = j->seed,
                          .protocol = (af_protocol)j->protocol,
                          .epochs = j->epochs,
                          .workers = j->workers,
                          .threads = j->threads,
                          .jobs = j->jobs,
                          .fast = j->fast,
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
        return af_fail(
            AF_EUSAGE,
            "--protocol paper: no publication has a protocol for your own dataset, or for a "
            "variant; leave it out");
    AF_TRY(af_need_method(&r->o.searcher, &r->o.space, j->method, j->space));
    AF_TRY(af_need_backend(&r->o.backend, (af_place)j->device, j->backend));
    AF_TRY(af_check_fast(r->o.backend, j->fast));
    AF_TRY(af_precision_find(&r->o.precision, r->o.backend, j->precision));
    AF_TRY(af_budget_parse(&r->o.budget, j->budget));
    if (r->o.searcher) AF_TRY(af_share_check(r->o.searcher, &r->o.budget));
    AF_TRY(resolve_options(r, j));
    const char *metric = af_task_metric(r->o.task, r->o.protocol);
    r->o.metric = af_find_metric(metric);
    r->o.wrn = af_find_space("wrn");
    if (!r->o.metric) return af_fail(AF_EINTERNAL, "task %s: no metric '%s'", j->task, metric);
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
