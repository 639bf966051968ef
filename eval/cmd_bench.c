/* afield bench: runs a suite's matrix of tasks, methods and seeds in order, then prints the report
 * of these runs. One that fails, as a training that diverges, does not end the suite. */
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "eval/cli.h"
#include "eval/report.h"
#include "eval/suite.h"

typedef struct options {
    const char *out, *html;
    bool resume, fast;
    int threads, jobs, device;
} options;
static const af_option table[] = {
    {"out", AF_OPT_TEXT, offsetof(options, out), NULL, 0, 0,
     "directory of the suite's runs (default runs/ and the suite's name)", NULL, "DIR"},
    {"html", AF_OPT_TEXT, offsetof(options, html), NULL, 0, 0,
     "also write the report as a page, see afield report", NULL, "FILE"},
    {"resume", AF_OPT_FLAG, offsetof(options, resume), "false", 0, 0,
     "continue what is there; start when nothing is", NULL, NULL},
    {"jobs", AF_OPT_INT, offsetof(options, jobs), "1", 1, 1024,
     "trials of a run executed at once; never changes a result", NULL, NULL},
    {"threads", AF_OPT_INT, offsetof(options, threads), "0", 0, 1024,
     "0: all cores; never changes a result", NULL, NULL},
    {"device", AF_OPT_CHOICE, offsetof(options, device), "auto", 0, 0,
     "to compute on, instead of what the suite says; auto: what it says", af_place_names, NULL},
    {"fast", AF_OPT_FLAG, offsetof(options, fast), "false", 0, 0,
     "on a card: faster kernels whose results, and digests, differ from run to run", NULL, NULL},
    {0}};

/* "suites/demo.yaml" -> "runs/demo" */
static af_status default_directory(char out[AF_PATH_MAX], const char *suite)
{
    const char *name = af_path_name(suite);
    return af_path_format(out, "runs/%.*s", (int)strcspn(name, "."), name);
}

/* What became of a suite's runs. */
typedef struct outcome {
    char **results; /* result.json of each that ended well */
    char **failures;
    size_t finished, failed;
    af_status first; /* of the failures */
} outcome;

static af_status outcome_new(outcome *r, size_t count)
{
    *r = (outcome){.results = af_calloc(count, sizeof *r->results),
                   .failures = af_calloc(count, sizeof *r->failures)};
    return r->results && r->failures ? AF_OK : AF_ENOMEM;
}

static void outcome_free(outcome *r)
{
    for (size_t i = 0; i < r->finished; i++) af_free(r->results[i]);
    for (size_t i = 0; i < r->failed; i++) af_free(r->failures[i]);
    af_free(r->results);
    af_free(r->failures);
}

/* Failures that the next run would meet too; a program that breaks off is its own affair. */
static bool ends_suite(af_status st, const char *method)
{
    bool program = strncmp(method, "exec:", 5) == 0;
    return st == AF_EINTERRUPTED || (st == AF_EIO && !program) || st == AF_ENOMEM ||
           st == AF_EUSAGE;
}

static af_status run_one(outcome *r, const af_suite *s, const options *o, const char *directory,
                         size_t index)
{
    af_job job;
    char name[256], path[AF_PATH_MAX], result[AF_PATH_MAX];
    size_t count = af_suite_count(s);
    AF_TRY(af_suite_job(&job, name, s, index));
    AF_TRY(af_path_join(path, directory, name));
    AF_TRY(af_path_join(result, path, "result.json"));
    job.out = path;
    job.resume = o->resume;
    job.threads = o->threads;
    job.jobs = o->jobs;
    job.fast |= o->fast;
    if (o->device != AF_PLACE_AUTO) job.device = o->device;
    af_log(AF_LOG_INFO, "[%zu/%zu] %s", index + 1, count, name);
    af_status st = af_job_run(&job);
    if (st == AF_OK) {
        char *copy = r->results[r->finished] = af_strdup(result);
        r->finished += copy != NULL;
        return copy ? AF_OK : AF_ENOMEM;
    }
    (void)af_prefix(st, "run %zu of %zu, %s", index + 1, count, path);
    if (ends_suite(st, job.method)) return st;
    af_log(AF_LOG_WARN, "%s", af_error());
    if (!r->failed) r->first = st;
    char *copy = r->failures[r->failed] = af_strdup(af_error());
    r->failed += copy != NULL;
    return copy ? AF_OK : AF_ENOMEM;
}

static af_status list_failures(const outcome *r)
{
    fflush(stdout); /* the table goes first */
    af_log(AF_LOG_INFO, "\nfailed:");
    for (size_t i = 0; i < r->failed; i++) af_log(AF_LOG_INFO, "  %s", r->failures[i]);
    return af_fail(r->first,
                   "%zu of %zu runs failed and %s not in the table; --resume tries "
                   "them again and keeps the finished ones",
                   r->failed, r->failed + r->finished, r->failed == 1 ? "is" : "are");
}

/* A word of a shell command line. */
static const char *quoted(char out[AF_PATH_MAX], const char *word)
{
    size_t used = 0;
    if (*word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789/._-+=,:@%")])
        return word;
    out[used++] = '\'';
    for (; *word && used + 6 < AF_PATH_MAX; word++) {
        const char *piece = *word == '\'' ? "'\\''" : (char[]){*word, '\0'};
        memcpy(out + used, piece, strlen(piece));
        used += strlen(piece);
    }
    memcpy(out + used, "'", 2);
    return out;
}

static void say_what_next(const af_suite *s, const char *directory)
{
    char text[AF_PATH_MAX];
    fflush(stdout);
    af_log(AF_LOG_INFO,
           "\nresults are in %s; each run has result.json, predictions.h5 and journal.jsonl\ntry "
           "next:\n"
           "  ./afield report %s --csv runs.csv\n"
           "  ./afield describe %s --cost\n"
           "  ./afield run --task %s --method regularized_evolution --budget 20x --seed 1",
           directory, quoted(text, directory), s->tasks[0], s->tasks[0]);
}

static af_status show_results(const outcome *r, const af_suite *s, const options *o)
{
    af_results all;
    AF_TRY(af_results_find(&all, (const char *const *)r->results, (int)r->finished));
    af_status st = af_report_show(&all, &(af_report_output){.html = o->html, .title = s->title});
    af_results_close(&all);
    return st;
}

static af_status run_all(const af_suite *s, const options *o, const char *directory)
{
    outcome r;
    af_status st;
    double started = af_clock();
    size_t count = af_suite_count(s);
    AF_GOTO(st, done, outcome_new(&r, count));
    for (size_t i = 0; i < count; i++) AF_GOTO(st, done, run_one(&r, s, o, directory, i));
    af_log(AF_LOG_INFO, "%zu runs in %.0f s", count, af_clock() - started);
    if (r.finished) {
        if (s->title) printf("%s\n\n", s->title);
        AF_GOTO(st, done, show_results(&r, s, o));
    }
    if (r.failed)
        st = list_failures(&r);
    else
        say_what_next(s, directory);
done:
    outcome_free(&r);
    return st;
}

static af_status run(const void *values, const char *const *words, int count)
{
    const options *o = values;
    af_suite *s;
    char directory[AF_PATH_MAX];
    (void)count;
    AF_TRY(af_suite_load(&s, words[0]));
    af_status st =
        o->out ? af_path_format(directory, "%s", o->out) : default_directory(directory, words[0]);
    if (st == AF_OK) st = run_all(s, o, directory);
    af_suite_free(s);
    return st;
}

const af_cmd af_cmd_bench = {
    .name = "bench",
    .usage =
        "SUITE.yaml [--out DIR] [--html FILE] [--resume] [--jobs N] [--threads N] [--device D]",
    .summary = "run a suite: tasks x methods x seeds",
    .order = 6,
    .more = "A suite is a YAML file:\n\n"
            "  title: a first comparison\n"
            "  tasks: [darcy, ecg]\n"
            "  methods:\n"
            "    - method: wrn\n"
            "    - method: regularized_evolution\n"
            "      set: population=5        # optional, as are space and name\n"
            "  seeds: [0, 1, 2]             # optional, as are size, budget, protocol, epochs, "
            "device\n"
            "  budget: 4x",
    .options = table,
    .options_size = sizeof(options),
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
