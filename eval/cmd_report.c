/* afield report: results of many runs as one table, as a page, as CSV, as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include "core/base/file.h"
#include "core/base/log.h"
#include "eval/cli.h"
#include "eval/report.h"

typedef struct options {
    const char *csv, *html;
    bool json;
} options;
static const af_option table[] = {
    {"csv", AF_OPT_TEXT, offsetof(options, csv), NULL, 0, 0,
     "also write one line a run, with all fields", NULL, "FILE"},
    {"html", AF_OPT_TEXT, offsetof(options, html), NULL, 0, 0,
     "also write a page with tables and plots, all in one file", NULL, "FILE"},
    {"json", AF_OPT_FLAG, offsetof(options, json), "false", 0, 0, "print JSON", NULL, NULL},
    {0}};

static af_status write_csv(const af_results *all, const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (f) af_results_csv(all, f);
    if (!f || fclose(f) != 0) {
        free(text);
        return af_fail(AF_ENOMEM, "no memory for the CSV");
    }
    af_status st = af_file_write(path, text, size);
    free(text);
    if (st == AF_OK) af_log(AF_LOG_INFO, "%s: %zu runs", path, all->count);
    return st;
}

static af_status run(const void *values, const char *const *words, int count)
{
    const options *o = values;
    af_results all;
    AF_TRY(af_results_find(&all, words, count));
    af_status st = af_report_show(&all, &(af_report_output){.json = o->json, .html = o->html});
    if (st == AF_OK && o->csv) st = write_csv(&all, o->csv);
    af_results_close(&all);
    return st;
}

const af_cmd af_cmd_report = {
    .name = "report",
    .usage = "DIR... [--html FILE] [--csv FILE] [--json]",
    .summary = "results of runs as one table",
    .order = 7,
    .more = "Reads every result.json below the directories. Refuses to put results side by side "
            "whose task\n"
            "keys (data, splits, protocol, metric version) differ, and says what differs.\n"
            "The plots of the page need gnuplot; without it the page says that they are missing.",
    .options = table,
    .options_size = sizeof(options),
    .min_words = 1,
    .max_words = 32,
    .run = run,
};
