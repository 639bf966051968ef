/* A report as text. Three tables: scores and ranks, what was spent, what the tasks
 * were. Data that is not the real thing in full is marked wherever scores on it stand. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "eval/cli.h"
#include "eval/page.h"
#include "eval/report.h"

/* A table under construction: rows of NULL-terminated cells, all in one arena. */
enum { MAX_COLUMNS = 32 }; /* of af_print_table */
typedef struct table {
    af_arena *arena;
    const char ***rows;
    bool right[MAX_COLUMNS];
} table;

static af_status table_new(table *t, int rows, int columns)
{
    if (columns >= MAX_COLUMNS)
        return af_fail(AF_EUNSUPPORTED, "too many tasks for a table; use --json or --csv FILE");
    *t = (table){0};
    t->arena = af_arena_new();
    if (t->arena) t->rows = af_arena_alloc(t->arena, (size_t)(rows + 1) * sizeof *t->rows);
    for (int i = 0; t->rows && i < rows; i++) {
        t->rows[i] = af_arena_alloc(t->arena, (size_t)(columns + 1) * sizeof **t->rows);
        if (!t->rows[i]) t->rows = NULL;
    }
    for (int c = 0; t->rows && c < rows * columns; c++) t->rows[c / columns][c % columns] = "";
    if (t->rows) return AF_OK;
    if (t->arena) af_arena_free(t->arena);
    return AF_ENOMEM;
}

static void table_print(table *t)
{
    af_print_table((const char *const *const *)t->rows, t->right);
    af_arena_free(t->arena);
}

static bool is_stand_in(const af_result *r)
{
    return strcmp(r->provenance, "generated") == 0;
}

static bool is_partial(const af_result *r)
{
    return strcmp(r->provenance, "partial") == 0;
}

static bool is_own(const af_result *r)
{
    return strcmp(r->provenance, "own") == 0;
}

static const char *mark_of(const af_result *r)
{
    return is_stand_in(r) ? "*" : is_partial(r) ? "†" : is_own(r) ? "‡" : "";
}

/* "0.8123 ± 0.0104 (3)" */
static const char *mean_sd(af_arena *a, double mean, double sd, int runs)
{
    if (!runs) return "-";
    if (isnan(mean)) return "diverged";
    if (runs == 1) return af_arena_printf(a, "%.4f", mean);
    return af_arena_printf(a, "%.4f ± %.4f (%d)", mean, sd, runs);
}

/* For metrics where lower is better the error is the score: one column says both. */
static bool error_is_score(const af_report *r, int task)
{
    for (int i = 0; i < r->rows; i++) {
        const af_cell *c = af_report_cell(r, i, task);
        if (c->runs && c->score != c->error && !isnan(c->score)) return false;
    }
    return true;
}

static af_status print_scores(const af_report *r)
{
    table t;
    AF_TRY(table_new(&t, r->rows + 1, 2 + 2 * r->tasks));
    t.rows[0][0] = "method";
    for (int i = 0; i < r->rows; i++) t.rows[i + 1][0] = r->label[i];
    int column = 1;
    for (int k = 0; k < r->tasks; k++) {
        const af_result *task = r->task[k];
        const char *mark = mark_of(task);
        bool both = !error_is_score(r, k);
        t.rows[0][column] = af_arena_printf(t.arena, "%s%s %s%s", task->task, mark, task->metric,
                                            both ? "" : " = error");
        if (both) t.rows[0][column + 1] = af_arena_printf(t.arena, "%s%s error", task->task, mark);
        for (int i = 0; i < r->rows; i++) {
            const af_cell *c = af_report_cell(r, i, k);
            t.rows[i + 1][column] = mean_sd(t.arena, c->score, c->score_sd, c->runs);
            if (both) t.rows[i + 1][column + 1] = mean_sd(t.arena, c->error, c->error_sd, c->runs);
        }
        t.right[column] = t.right[column + 1] = true;
        column += both ? 2 : 1;
    }
    t.rows[0][column] = "rank";
    t.right[column] = true;
    for (int i = 0; i < r->rows; i++)
        t.rows[i + 1][column] =
            isnan(r->rank[i]) ? "-" : af_arena_printf(t.arena, "%.2f", r->rank[i]);
    for (int i = 0; i <= r->rows; i++) t.rows[i][column + 1] = NULL;
    table_print(&t);
    return AF_OK;
}

/* A table of many tasks is turned: a line for each, errors only. */
enum { TASKS_SIDE_BY_SIDE = 3, METHODS_SIDE_BY_SIDE = 12 };

static af_status print_errors_by_task(const af_report *r)
{
    table t;
    AF_TRY(table_new(&t, r->tasks + 2, 3 + r->rows));
    t.rows[0][0] = "task";
    t.rows[0][1] = "error of";
    t.rows[r->tasks + 1][0] = "rank";
    t.rows[r->tasks + 1][1] = "";
    for (int k = 0; k < r->tasks; k++) {
        const af_result *task = r->task[k];
        t.rows[k + 1][0] = af_arena_printf(t.arena, "%s%s", task->task, mark_of(task));
        t.rows[k + 1][1] = task->metric;
    }
    for (int i = 0; i < r->rows; i++) {
        t.right[i + 2] = true;
        t.rows[0][i + 2] = r->label[i];
        for (int k = 0; k < r->tasks; k++) {
            const af_cell *c = af_report_cell(r, i, k);
            t.rows[k + 1][i + 2] = mean_sd(t.arena, c->error, c->error_sd, c->runs);
        }
        t.rows[r->tasks + 1][i + 2] =
            isnan(r->rank[i]) ? "-" : af_arena_printf(t.arena, "%.2f", r->rank[i]);
    }
    for (int k = 0; k <= r->tasks + 1; k++) t.rows[k][r->rows + 2] = NULL;
    table_print(&t);
    return AF_OK;
}

static int count_cells(const af_report *r)
{
    int n = 0;
    for (int i = 0; i < r->rows * r->tasks; i++) n += r->cells[i].runs > 0;
    return n;
}

static const char *x_text(af_arena *a, double x)
{
    return isnan(x) ? "-" : af_arena_printf(a, "%.3f", x);
}

static void spent_row(table *t, const char **row, const af_cell *c, const char *label)
{
    const double *total = c->spent[AF_TOTAL];
    char flops[32];
    af_print_si(flops, total[AF_FLOPS], "FLOP");
    row[0] = c->first->task;
    row[1] = label;
    row[2] = af_arena_printf(t->arena, "%.0f", c->spent[AF_SEARCH][AF_TRIALS]);
    row[3] = af_arena_printf(t->arena, "%.0f", total[AF_EPOCHS]);
    row[4] = af_arena_printf(t->arena, "%.1f", total[AF_SECONDS]);
    row[5] = af_arena_strdup(t->arena, flops);
    row[6] = x_text(t->arena, c->spent[AF_SEARCH][AF_X]);
    row[7] = x_text(t->arena, c->spent[AF_RETRAIN][AF_X]);
    row[8] = x_text(t->arena, total[AF_X]);
    row[9] = af_arena_printf(t->arena, "%.8s", c->first->method_key);
}

static af_status print_spent(const af_report *r)
{
    static const char *const head[] = {"task",  "method",   "trials",    "epochs",  "seconds",
                                       "FLOPs", "x search", "x retrain", "x total", "method key"};
    enum { COLUMNS = sizeof head / sizeof *head };
    table t;
    AF_TRY(table_new(&t, count_cells(r) + 1, COLUMNS));
    for (int c = 0; c < COLUMNS; c++) {
        t.rows[0][c] = head[c];
        t.right[c] = c >= 2 && c < COLUMNS - 1;
    }
    int row = 1;
    for (int k = 0; k < r->tasks; k++)
        for (int i = 0; i < r->rows; i++)
            if (af_report_cell(r, i, k)->runs)
                spent_row(&t, t.rows[row++], af_report_cell(r, i, k), r->label[i]);
    table_print(&t);
    return AF_OK;
}

static af_status print_tasks(const af_report *r)
{
    static const char *const head[] = {"task", "size", "protocol", "data", "1x", "task key"};
    enum { COLUMNS = sizeof head / sizeof *head };
    table t;
    AF_TRY(table_new(&t, r->tasks + 1, COLUMNS));
    for (int c = 0; c < COLUMNS; c++) t.rows[0][c] = head[c];
    for (int k = 0; k < r->tasks; k++) {
        const af_result *one = r->task[k];
        const json_t *data = json_object_get(one->json, "data");
        const char **row = t.rows[k + 1];
        char flops[32];
        af_print_si(flops, one->x_flops, "FLOP");
        row[0] = one->task;
        row[1] = one->size;
        row[2] = one->protocol;
        row[3] = af_arena_printf(t.arena, "%s%s, train %.8s, test %.8s", one->provenance,
                                 is_stand_in(one) ? " (stand-in)" : "",
                                 json_string_value(json_object_get(data, "sha256")),
                                 json_string_value(json_object_get(data, "test_sha256")));
        row[4] = af_arena_strdup(t.arena, flops);
        row[5] = af_arena_printf(t.arena, "%.8s", one->task_key);
    }
    table_print(&t);
    return AF_OK;
}

static void print_legend(const af_report *r)
{
    int runs = 0, stand_ins = 0, partial = 0, own = 0;
    for (int i = 0; i < r->rows * r->tasks; i++)
        runs = r->cells[i].runs > runs ? r->cells[i].runs : runs;
    for (int k = 0; k < r->tasks; k++) {
        stand_ins += is_stand_in(r->task[k]);
        partial += is_partial(r->task[k]);
        own += is_own(r->task[k]);
    }
    if (runs > 1) printf("mean ± sample standard deviation (seeds); ");
    printf("rank: mean over %d task%s of the rank by error, ties averaged\n", r->tasks,
           r->tasks == 1 ? "" : "s");
    if (stand_ins)
        printf("* generated stand-in data: not comparable with real data or published figures\n");
    if (partial)
        printf("† part of the real data: not comparable with the whole or published figures\n");
    if (own)
        printf("‡ somebody's own dataset, or a variant of a task: comparable where the task key is "
               "the same, with no published figures\n");
    if (r->budgets_differ)
        printf("warning: budgets differ; ranks across unequal budgets do not compare methods\n");
}

af_status af_report_print(const af_report *r)
{
    bool turn = r->tasks > TASKS_SIDE_BY_SIDE && r->rows <= METHODS_SIDE_BY_SIDE;
    AF_TRY(turn ? print_errors_by_task(r) : print_scores(r));
    print_legend(r);
    printf("\nspent, means over seeds, totals with scoring; 1x = training the plain Wide ResNet "
           "once\n");
    AF_TRY(print_spent(r));
    putchar('\n');
    return print_tasks(r);
}

static af_status write_page(const af_results *all, const af_report *r, const af_report_output *o)
{
    bool plots = true;
    fflush(stdout); /* the table goes first */
    AF_TRY(af_page_write(o->html, o->title, all, r, &plots));
    if (!plots) af_log(AF_LOG_WARN, "%s: written without plots: %s", o->html, af_error());
    af_log(AF_LOG_INFO, "page: %s", o->html);
    return AF_OK;
}

af_status af_report_show(const af_results *all, const af_report_output *o)
{
    af_report *r;
    AF_TRY(af_results_comparable(all));
    AF_TRY(af_report_new(&r, all));
    af_status st = o->json ? af_print_json(af_report_json(r)) : af_report_print(r);
    if (st == AF_OK && o->html) st = write_page(all, r, o);
    af_report_free(r);
    if (!o->json && all->unfinished)
        af_log(AF_LOG_WARN, "%zu unfinished run%s left out; --resume finishes them",
               all->unfinished, all->unfinished == 1 ? "" : "s");
    return st;
}
