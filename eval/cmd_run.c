/* afield run: one task, one method, one budget, one seed; then a summary of its result.json. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/file.h"
#include "eval/cli.h"
#include "eval/job.h"
#include "eval/results.h"

static void print_spent(const af_result *r)
{
    printf("\n%-12s %8s %8s %9s %14s %8s\n", "spent", "trials", "epochs", "seconds", "FLOPs", "x");
    for (int p = 0; p < AF_SPENT_PARTS; p++) {
        const double *s = r->spent[p];
        char flops[32], x[32] = "-";
        af_print_si(flops, s[AF_FLOPS], "FLOP");
        if (!isnan(s[AF_X])) snprintf(x, sizeof x, "%.3f", s[AF_X]);
        printf("  %-10s %8.0f %8.0f %9.1f %14s %8s\n", af_spent_names[p], s[AF_TRIALS],
               s[AF_EPOCHS], s[AF_SECONDS], flops, x);
    }
}

static void print_summary(const af_result *r)
{
    const char *stand_in = strcmp(r->provenance, "generated") == 0 ? " (stand-in)" : "";
    printf("%s, %s, %s data%s, protocol %s\n", r->task, r->size, r->provenance, stand_in,
           r->protocol);
    printf("%s on %s, budget %s, seed %lld\n\n", r->method, r->space, r->budget,
           (long long)r->seed);
    printf("%-12s %s\n", "chosen", r->config);
    printf("%-12s %s %.4f, error %.4f\n", "test", r->metric, r->score, r->error);
    if (!isnan(r->validation_error))
        printf("%-12s error %.4f\n", "validation", r->validation_error);
    print_spent(r);
    if (json_is_false(json_object_get(r->json, "sealed")))
        printf("\n%-12s runs foreign code\n", "unsealed:");
    if (json_is_true(json_object_get(r->json, "fast")))
        printf("\n%-12s digests may differ from run to run\n", "fast:");
    printf("\n%-12s %s\n%-12s %s\n%-12s %s\n", "proposals", r->proposal_digest, "run digest",
           r->run_digest, "result", r->path);
}

static af_status run(const void *values, const char *const *words, int count)
{
    af_job job = *(const af_job *)values;
    char directory[AF_PATH_MAX], path[AF_PATH_MAX];
    af_result result;
    (void)words;
    (void)count;
    AF_TRY(af_job_check(&job));
    if (!job.out) {
        AF_TRY(af_job_directory(directory, &job));
        job.out = directory;
    }
    AF_TRY(af_job_run(&job));
    AF_TRY(af_path_join(path, job.out, "result.json"));
    AF_TRY(af_result_load(&result, path));
    af_status st = AF_OK;
    if (job.json)
        st = af_print_json(json_incref(result.json));
    else
        print_summary(&result);
    af_result_close(&result);
    return st;
}

const af_cmd af_cmd_run = {
    .name = "run",
    .usage = "--task TASK --method METHOD [options]",
    .summary = "search, retrain, and score once on the test split",
    .order = 5,
    .more =
        "examples:\n  afield run --task ecg --method wrn\n"
        "  afield run --task darcy --method regularized_evolution --set population=5 --budget 8x\n"
        "  afield run --task ecg --method random --space wrn --budget 20trials --seed 1\n"
        "  afield run --task ecg --method exec:'python3 examples/random_search.py' --budget 8x\n"
        "  afield run --task ecg --method ./mine.so --set patience=5 --budget 8x",
    .options = af_job_options,
    .options_size = sizeof(af_job),
    .run = run,
};
