/* Grouping results into rows, columns and cells; ranks; labels. Rows that do not cover every task
 * get no rank: a mean over easier tasks would flatter them, and they take no part in the others'
 * ranks. */
#include "eval/report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "eval/statistics.h"

typedef struct grouping { /* while a report is made */
    const af_results *all;
    const af_result **row; /* one result of each row */
    double *values;        /* as many as there are results */
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

/* The doubles at `offset` of the results of a cell into g->values; returns how many. */
static size_t collect(grouping *g, const af_result *row, const af_result *task, size_t offset)
{
    size_t n = 0;
    for (size_t i = 0; i < g->all->count; i++)
        if (in_cell(&g->all->at[i], row, task) && !counted_before(g, i))
            g->values[n++] = *(const double *)(const void *)((const char *)&g->all->at[i] + offset);
    return n;
}

static af_cell make_cell(grouping *g, const af_result *row, const af_result *task)
{
    af_cell c = {0};
    size_t n = collect(g, row, task, offsetof(af_result, score));
    c.runs = (int)n;
    c.score = af_mean(g->values, n);
    c.score_sd = af_sample_sd(g->values, n);
    n = collect(g, row, task, offsetof(af_result, error));
    c.error = af_mean(g->values, n);
    c.error_sd = af_sample_sd(g->values, n);
    for (int p = 0; p < AF_SPENT_PARTS; p++)
        for (int u = 0; u < AF_SPENT_UNITS; u++) {
            n = collect(g, row, task,
                        offsetof(af_result, spent) +
                            sizeof(double) * (size_t)(p * AF_SPENT_UNITS + u));
            c.spent[p][u] = af_mean(g->values, n);
        }
    for (size_t i = g->all->count; i-- > 0;)
        if (in_cell(&g->all->at[i], row, task)) c.first = &g->all->at[i];
    return c;
}

static bool covers_all(const af_report *r, int row)
{
    for (int t = 0; t < r->tasks; t++)
        if (!af_report_cell(r, row, t)->runs) return false;
    return true;
}

static af_status find_ranks(af_report *r)
{
    double *errors = af_calloc((size_t)r->rows, 2 * sizeof *errors);
    if (!errors) return AF_ENOMEM;
    double *ranks = errors + r->rows;
    for (int i = 0; i < r->rows; i++) r->rank[i] = covers_all(r, i) ? 0 : NAN;
    for (int t = 0; t < r->tasks; t++) {
        size_t n = 0, k = 0;
        for (int i = 0; i < r->rows; i++)
            if (!isnan(r->rank[i])) errors[n++] = af_report_cell(r, i, t)->error;
        af_ranks(ranks, errors, n);
        for (int i = 0; i < r->rows; i++)
            if (!isnan(r->rank[i])) r->rank[i] += ranks[k++] / r->tasks;
    }
    af_free(errors);
    return AF_OK;
}

/* ---- labels: the method and its space, and whatever else tells two rows apart ---- */

static void append(char label[128], const char *prefix, const char *text)
{
    size_t used = strlen(label);
    snprintf(label + used, 128 - used, "%s%s", prefix, text);
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
    snprintf(label, 128, "%.60s", one->method);
    if (one->searched) append(label, " / ", one->space);
    if (one->searched && s.budget) append(label, " ", one->budget);
    if (one->searched && s.workers) append(label, number, "");
    if (backend) append(label, " ", one->backend);
    if (precision) append(label, " ", one->precision);
    if (options) append_options(label, one);
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
    g->row = af_calloc(n, sizeof *g->row);
    g->values = af_calloc(n, sizeof *g->values);
    if (!r->task || !g->row || !g->values) return AF_ENOMEM;
    find_rows_and_tasks(r, g);
    r->label = af_calloc((size_t)r->rows, sizeof *r->label);
    r->rank = af_calloc((size_t)r->rows, sizeof *r->rank);
    r->cells = af_calloc((size_t)r->rows * (size_t)r->tasks, sizeof *r->cells);
    if (!r->label || !r->rank || !r->cells) return AF_ENOMEM;
    spread s = find_spread(g->row, r->rows);
    r->budgets_differ = s.budget;
    for (int i = 0; i < r->rows; i++) {
        make_label(r->label[i], g->row, r->rows, i, s);
        for (int t = 0; t < r->tasks; t++)
            r->cells[i * r->tasks + t] = make_cell(g, g->row[i], r->task[t]);
    }
    AF_TRY(find_ranks(r));
    sort_rows(r);
    return AF_OK;
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
    af_free(r->cells);
    af_free(r);
}
