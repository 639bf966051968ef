/* afield report: results of many runs as one table, as CSV, as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include "core/base/file.h"
#include "core/base/log.h"
#include "eval/cli.h"
#include "eval/report.h"

typedef struct options {
    const char *csv;
    bool json;
} options;
static const af_option table[] = {
    {"csv", AF_OPT_TEXT, offsetof(options, csv), NULL, 0, 0,
     "also write one line a run, with all fields", NULL, "FILE"},
    {"json", AF_OPT_FLAG, offsetof(options, json), "false", 0, 0, "print JSON", NULL, NULL},
    {0}};

static af_status write_csv(const char *const *places, int count, const char *path)
{
    af_results all;
    char *text = NULL;
    size_t size = 0;
    AF_TRY(af_results_find(&all, places, count));
    FILE *f = open_memstream(&text, &size);
    if (f) af_results_csv(&all, f);
    size_t runs = all.count;
    af_results_close(&all);
    if (!f || fclose(f) != 0) {
        free(text);
        return af_fail(AF_ENOMEM, "no memory for the CSV");
    }
    af_status st = af_file_write(path, text, size);
    free(text);
    if (st == AF_OK) af_log(AF_LOG_INFO, "%s: %zu runs", path, runs);
    return st;
}

static af_status print_json(const char *const *places, int count)
{
    af_results all;
    af_report *r = NULL;
    af_status st;
    AF_TRY(af_results_find(&all, places, count));
    AF_GOTO(st, done, af_results_comparable(&all));
    AF_GOTO(st, done, af_report_new(&r, &all));
    st = af_print_json(af_report_json(r));
done:
    af_report_free(r);
    af_results_close(&all);
    return st;
}

static af_status run(const void *values, const char *const *words, int count)
{
    const options *o = values;
    AF_TRY(o->json ? print_json(words, count) : af_report_places(words, count));
    return o->csv ? write_csv(words, count, o->csv) : AF_OK;
}

const af_cmd af_cmd_report = {
    .name = "report",
    .usage = "DIR... [--csv FILE] [--json]",
    .summary = "results of runs as one table",
    .order = 7,
    .more = "Reads every result.json below the directories. Refuses to put results side by side "
            "whose task\n"
            "keys (data, splits, protocol, metric version) differ, and says what differs.",
    .options = table,
    .options_size = sizeof(options),
    .min_words = 1,
    .max_words = 32,
    .run = run,
};
