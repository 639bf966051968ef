/* Grouping results into rows, columns and cells; labels; order. */
#include "eval/report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "eval/statistics.h"

typedef struct grouping { /* while a report is made */
    const af_results *all;
    const af_result **row;  /* one result of each row */
    const af_result **next; /* in the report's list of runs: of the next cell */
    double *values;         /* as many as there are results */
} grouping;

const af_cell *af_report_cell(const af_report *r, int row, int task)
{
    return &r->cells[(size_t)row * (size_t)r->tasks + (size_t)task];
}

static int by_task(const void *a, const void *b)
{
    return strcmp((*(const af_result *const *)a)->task, (*(const af_result *const *)b)->task);
}

static int find_row(const grouping *g, int rows, const af_result *r)
{
    int i = 0;
    while (i < rows && !af_result_same_method(g->row[i], r)) i++;
    return i;
}

static void find_rows_and_tasks(af_report *r, grouping *g)
{
    for (size_t i = 0; i < g->all->count; i++) {
        const af_result *one = &g->all->at[i];
        int t = 0;
        while (t < r->tasks && strcmp(r->task[t]->task, one->task) != 0) t++;
        if (t == r->tasks) r->task[r->tasks++] = one;
        if (find_row(g, r->rows, one) == r->rows) g->row[r->rows++] = one;
    }
    qsort(r->task, (size_t)r->tasks, sizeof *r->task, by_task);
}

static bool in_cell(const af_result *one, const af_result *row, const af_result *task)
{
    return strcmp(one->task, task->task) == 0 && af_result_same_method(one, row);
}

static bool counted_before(const grouping *g, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (af_result_repeats(&g->all->at[k], &g->all->at[i])) return true;
    return false;
}

static int by_seed(const void *a, const void *b)
{
    const af_result *x = *(const af_result *const *)a, *y = *(const af_result *const *)b;
    return (x->seed > y->seed) - (x->seed < y->seed);
}

/* The runs of a cell, to where the last cell's end. */
static void find_runs(af_cell *c, grouping *g, const af_result *row, const af_result *task)
{
    c->run = g->next;
    for (size_t i = 0; i < g->all->count; i++) {
        const af_result *one = &g->all->at[i];
        if (!in_cell(one, row, task)) continue;
        if (!c->first) c->first = one;
        if (!counted_before(g, i)) c->run[c->runs++] = one;
    }
    g->next += c->runs;
    qsort(c->run, (size_t)c->runs, sizeof *c->run, by_seed);
}

/* The doubles at `offset` of the runs of a cell into g->values. */
static size_t collect(grouping *g, const af_cell *c, size_t offset)
{
    for (int i = 0; i < c->runs; i++)
        g->values[i] = *(const double *)(const void *)((const char *)c->run[i] + offset);
    return (size_t)c->runs;
}

static af_cell make_cell(grouping *g, const af_result *row, const af_result *task)
{
    af_cell c = {0};
    find_runs(&c, g, row, task);
    size_t n = collect(g, &c, offsetof(af_result, score));
    c.score = af_mean(g->values, n);
    c.score_sd = af_sample_sd(g->values, n);
    n = collect(g, &c, offsetof(af_result, error));
    c.error = af_mean(g->values, n);
    c.error_sd = af_sample_sd(g->values, n);
    for (int p = 0; p < AF_SPENT_PARTS; p++)
        for (int u = 0; u < AF_SPENT_UNITS; u++) {
            n = collect(g, &c,
                        offsetof(af_result, spent) +
                            sizeof(double) * (size_t)(p * AF_SPENT_UNITS + u));
            c.spent[p][u] = af_mean(g->values, n);
        }
    return c;
}

/* ---- labels: the method and its space, and whatever else tells two rows apart ---- */

/* Bytes of a text that a label keeps: no character is cut in two. */
static int keeps(const char *text, size_t most)
{
    size_t n = strlen(text);
    if (n <= most) return (int)n;
    for (n = most; n && ((unsigned char)text[n] & 0xc0) == 0x80;) n--;
    return (int)n;
}

static void append(char label[128], const char *prefix, const char *text)
{
    size_t used = strlen(label), room = 127 - used, first = strlen(prefix);
    if (first > room) return;
    snprintf(label + used, 128 - used, "%s%.*s", prefix, keeps(text, room - first), text);
}

static void append_options(char label[128], const af_result *one)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(one->json, "searcher_options"), key, value)
    {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        append(label, " ", key);
        append(label, "=", json_is_string(value) ? json_string_value(value) : text ? text : "?");
        free(text);
    }
}

typedef struct spread { /* what the searches of a table do not have in common */
    bool budget, workers;
} spread;

static spread find_spread(const af_result *const *row, int rows)
{
    spread s = {0};
    const af_result *first = NULL;
    for (int i = 0; i < rows; i++) {
        if (!row[i]->searched) continue;
        if (!first) first = row[i];
        s.budget |= strcmp(row[i]->budget, first->budget) != 0;
        s.workers |= row[i]->workers != first->workers;
    }
    return s;
}

/* Of a training that is not the task's recipe, whatever the other rows are. */
static void append_epochs(char label[128], const af_result *one)
{
    const json_t *epochs = af_result_member(one, "epochs");
    char number[32];
    if (!json_is_integer(epochs)) return;
    snprintf(number, sizeof number, " epochs=%lld", (long long)json_integer_value(epochs));
    append(label, number, "");
}

static void make_label(char label[128], const af_result *const *row, int rows, int mine, spread s)
{
    const af_result *one = row[mine];
    bool backend = false, precision = false, options = false;
    for (int i = 0; i < rows; i++) {
        if (strcmp(row[i]->method, one->method) != 0 || strcmp(row[i]->space, one->space) != 0)
            continue;
        backend |= strcmp(row[i]->backend, one->backend) != 0;
        precision |= strcmp(row[i]->precision, one->precision) != 0;
        options |= !json_equal(json_object_get(row[i]->json, "searcher_options"),
                               json_object_get(one->json, "searcher_options"));
    }
    char number[32];
    snprintf(number, sizeof number, " workers=%lld", (long long)one->workers);
    snprintf(label, 128, "%.*s", keeps(one->method, 60), one->method);
    if (one->searched) append(label, " / ", one->space);
    if (one->searched && s.budget) append(label, " ", one->budget);
    if (one->searched && s.workers) append(label, number, "");
    if (backend) append(label, " ", one->backend);
    if (precision) append(label, " ", one->precision);
    if (json_is_true(json_object_get(one->json, "fast"))) append(label, " fast", "");
    if (options) append_options(label, one);
    append_epochs(label, one);
}

/* ---- order: best rank first, then by label ---- */

static bool goes_before(const af_report *r, int a, int b)
{
    if (r->rank[a] != r->rank[b] && !(isnan(r->rank[a]) && isnan(r->rank[b])))
        return isnan(r->rank[b]) || r->rank[a] < r->rank[b];
    return strcmp(r->label[a], r->label[b]) < 0;
}

static void swap(void *a, void *b, size_t size)
{
    char t, *x = a, *y = b;
    while (size--) t = *x, *x++ = *y, *y++ = t;
}

static void sort_rows(af_report *r)
{
    size_t stride = (size_t)r->tasks * sizeof *r->cells;
    for (int i = 1; i < r->rows; i++)
        for (int k = i; k > 0 && goes_before(r, k, k - 1); k--) {
            swap(&r->rank[k], &r->rank[k - 1], sizeof *r->rank);
            swap(r->label[k], r->label[k - 1], sizeof *r->label);
            swap(r->cells + (size_t)k * (size_t)r->tasks,
                 r->cells + (size_t)(k - 1) * (size_t)r->tasks, stride);
        }
}

static af_status fill(af_report *r, grouping *g)
{
    size_t n = g->all->count;
    r->task = af_calloc(n, sizeof *r->task);
    r->run = g->next = af_calloc(n, sizeof *r->run);
    g->row = af_calloc(n, sizeof *g->row);
    g->values = af_calloc(n, sizeof *g->values);
    if (!r->task || !r->run || !g->row || !g->values) return AF_ENOMEM;
    find_rows_and_tasks(r, g);
    r->label = af_calloc((size_t)r->rows, sizeof *r->label);
    r->rank = af_calloc((size_t)r->rows, sizeof *r->rank);
    r->interval = af_calloc((size_t)r->rows, sizeof *r->interval);
    r->cells = af_calloc((size_t)r->rows * (size_t)r->tasks, sizeof *r->cells);
    if (!r->label || !r->rank || !r->interval || !r->cells) return AF_ENOMEM;
    spread s = find_spread(g->row, r->rows);
    r->budgets_differ = s.budget;
    for (int i = 0; i < r->rows; i++) {
        make_label(r->label[i], g->row, r->rows, i, s);
        for (int t = 0; t < r->tasks; t++)
            r->cells[i * r->tasks + t] = make_cell(g, g->row[i], r->task[t]);
    }
    AF_TRY(af_report_rank(r));
    sort_rows(r);
    AF_TRY(af_report_intervals(r));
    return af_report_profile(r);
}

af_status af_report_new(af_report **out, const af_results *all)
{
    grouping g = {.all = all};
    af_report *r = af_calloc(1, sizeof *r);
    if (!r) return AF_ENOMEM;
    af_status st = fill(r, &g);
    af_free(g.row);
    af_free(g.values);
    if (st == AF_OK)
        *out = r;
    else
        af_report_free(r);
    return st;
}

void af_report_free(af_report *r)
{
    if (!r) return;
    af_free(r->task);
    af_free(r->label);
    af_free(r->rank);
    af_free(r->interval);
    af_free(r->cells);
    af_free(r->run);
    af_free(r->ratios);
    af_free(r);
}
