/* afield bench: runs a suite's matrix of tasks, methods and seeds in order, then prints the report.
 */
#include <stdio.h>
#include <string.h>
#include "core/base/file.h"
#include "core/base/log.h"
#include "eval/cli.h"
#include "eval/report.h"
#include "eval/suite.h"

typedef struct options {
    const char *out;
    bool resume;
    int threads;
} options;
static const af_option table[] = {
    {"out", AF_OPT_TEXT, offsetof(options, out), NULL, 0, 0,
     "directory of the suite's runs (default runs/ and the suite's name)", NULL, "DIR"},
    {"resume", AF_OPT_FLAG, offsetof(options, resume), "false", 0, 0,
     "continue what is there; start when nothing is", NULL, NULL},
    {"threads", AF_OPT_INT, offsetof(options, threads), "0", 0, 1024,
     "0: all cores; never changes a result", NULL, NULL},
    {0}};

/* "suites/demo.yaml" -> "runs/demo" */
static af_status default_directory(char out[AF_PATH_MAX], const char *suite)
{
    const char *slash = strrchr(suite, '/'), *name = slash ? slash + 1 : suite;
    return af_path_format(out, "runs/%.*s", (int)strcspn(name, "."), name);
}

static af_status run_one(const af_suite *s, const options *o, const char *directory, size_t index)
{
    af_job job;
    char name[256], path[AF_PATH_MAX];
    size_t count = af_suite_count(s);
    AF_TRY(af_suite_job(&job, name, s, index));
    AF_TRY(af_path_join(path, directory, name));
    job.out = path;
    job.resume = o->resume;
    job.threads = o->threads;
    af_log(AF_LOG_INFO, "[%zu/%zu] %s", index + 1, count, name);
    af_status st = af_job_run(&job);
    return st == AF_OK ? AF_OK : af_prefix(st, "run %zu of %zu, %s", index + 1, count, path);
}

static void say_what_next(const af_suite *s, const char *directory)
{
    af_log(AF_LOG_INFO,
           "\nresults are in %s; each run has result.json, predictions.h5 and journal.jsonl\ntry "
           "next:\n"
           "  ./afield report %s --csv runs.csv\n"
           "  ./afield describe %s --cost\n"
           "  ./afield run --task %s --method regularized_evolution --budget 20x --seed 1",
           directory, directory, s->tasks[0], s->tasks[0]);
}

static af_status run(const void *values, const char *const *words, int count)
{
    const options *o = values;
    af_suite *s;
    char directory[AF_PATH_MAX];
    (void)count;
    AF_TRY(af_suite_load(&s, words[0]));
    double started = af_clock();
    af_status st =
        o->out ? af_path_format(directory, "%s", o->out) : default_directory(directory, words[0]);
    for (size_t i = 0; st == AF_OK && i < af_suite_count(s); i++) st = run_one(s, o, directory, i);
    if (st == AF_OK) {
        af_log(AF_LOG_INFO, "%zu runs in %.0f s", af_suite_count(s), af_clock() - started);
        if (s->title) printf("%s\n\n", s->title);
        st = af_report_places((const char *[]){directory}, 1);
    }
    if (st == AF_OK) say_what_next(s, directory);
    af_suite_free(s);
    return st;
}

const af_cmd af_cmd_bench = {
    .name = "bench",
    .usage = "SUITE.yaml [--out DIR] [--resume] [--threads N]",
    .summary = "run a suite: tasks x methods x seeds",
    .order = 6,
    .more = "A suite is a YAML file:\n\n"
            "  title: a first comparison\n"
            "  tasks: [darcy, ecg]\n"
            "  methods:\n"
            "    - method: wrn\n"
            "    - method: regularized_evolution\n"
            "      set: population=5        # optional, as are space and name\n"
            "  seeds: [0, 1, 2]             # optional, as are size, budget, protocol, workers, "
            "backend\n"
            "  budget: 4x",
    .options = table,
    .options_size = sizeof(options),
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
