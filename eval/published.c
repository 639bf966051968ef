/* Reading the table of published numbers, and the one rule on when it is shown. */
#include "eval/published.h"
#include <string.h>
#include "core/base/alloc.h"

static const char *const columns[] = {"task", "metric", "direction", "method", "mean",
                                      "std",  "seeds",  "source",    "table",  "note"};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* Cuts one field off a line of CSV, in place; *end: nothing follows it. */
static char *cut_field(char **at, bool *end)
{
    char *start = *at, *to = start, *from = start;
    bool quoted = *from == '"';
    if (quoted) {
        for (from++; *from && !(*from == '"' && from[1] != '"'); from++) {
            if (*from == '"') from++;
            *to++ = *from;
        }
        if (*from) from++;
    } else {
        while (*from && *from != ',') from++;
        to = from;
    }
    *end = *from != ',';
    *at = *from == ',' ? from + 1 : from;
    *to = '\0';
    return start;
}

static af_status cut_line(char *fields[COLUMNS], char *line, long number)
{
    bool end = false;
    for (int c = 0; c < COLUMNS; c++) {
        if (end)
            return af_fail(AF_EFORMAT, "published numbers, line %ld: %d fields, want %d", number, c,
                           COLUMNS);
        fields[c] = cut_field(&line, &end);
    }
    if (end && !*line) return AF_OK;
    return af_fail(AF_EFORMAT, "published numbers, line %ld: more than %d fields", number, COLUMNS);
}

static af_status check_head(char *const fields[COLUMNS])
{
    for (int c = 0; c < COLUMNS; c++)
        if (strcmp(fields[c], columns[c]) != 0)
            return af_fail(AF_EFORMAT, "published numbers: column %d is '%.40s', want '%s'", c + 1,
                           fields[c], columns[c]);
    return AF_OK;
}

static af_status read_lines(af_published *p)
{
    long number = 0;
    for (char *line = p->text, *next; line && *line; line = next) {
        char *f[COLUMNS];
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        AF_TRY(cut_line(f, line, ++number));
        if (number == 1)
            AF_TRY(check_head(f));
        else
            p->row[p->count++] = (af_published_row){.task = f[0],
                                                    .metric = f[1],
                                                    .method = f[3],
                                                    .mean = f[4],
                                                    .sd = f[5],
                                                    .seeds = f[6],
                                                    .source = f[7],
                                                    .table = f[8],
                                                    .note = f[9]};
    }
    return AF_OK;
}

af_status af_published_load(af_published *out, const char *csv)
{
    size_t lines = 1;
    for (const char *s = csv; *s; s++) lines += *s == '\n';
    af_published p = {.text = af_strdup(csv), .row = af_calloc(lines, sizeof *p.row)};
    af_status st = p.text && p.row ? read_lines(&p) : AF_ENOMEM;
    if (st == AF_OK)
        *out = p;
    else
        af_published_free(&p);
    return st;
}

void af_published_free(af_published *p)
{
    af_free(p->text);
    af_free(p->row);
    *p = (af_published){0};
}

/* How papers state what a metric of ours measures. */
static const struct {
    const char *published, *metric;
} same_metric[] = {
    {"error_pct", "accuracy"},
    {"rel_l2", "relative_l2"},
    {"1-f1_macro", "f1_macro"},
};

bool af_published_matches(const af_published_row *row, const af_result *task)
{
    if (strcmp(row->task, task->task) != 0) return false;
    for (size_t i = 0; i < sizeof same_metric / sizeof *same_metric; i++)
        if (strcmp(row->metric, same_metric[i].published) == 0 &&
            strcmp(task->metric, same_metric[i].metric) == 0)
            return true;
    return false;
}

const char *af_published_withheld(const af_published *p, const af_result *task)
{
    bool any = false;
    for (size_t i = 0; i < p->count; i++) any |= af_published_matches(&p->row[i], task);
    if (!any) return "no number was published for this task in this metric";
    if (strcmp(task->provenance, "generated") == 0) return "the data is a generated stand-in";
    if (strcmp(task->provenance, "own") == 0) return "the data is somebody's own, or a variant's";
    if (strcmp(task->provenance, "real") != 0) return "the data is a part of the real one";
    if (strcmp(task->size, "full") != 0) return "the size is not the full one";
    if (strcmp(task->protocol, "paper") != 0) return "the protocol is not the paper's";
    return NULL;
}
