/* A report as JSON: the tables, intervals of ranks, ratios of the profile, anytime curves. */
#include <math.h>
#include "eval/anytime.h"
#include "eval/report.h"

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *numbers(const double *v, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, number(v[i]));
    return list;
}

/* The points of every run, as their files have them. */
static json_t *anytime_json(const af_cell *c)
{
    json_t *runs = json_array();
    for (int i = 0; i < c->runs; i++) {
        json_t *points = json_object_get(c->run[i]->json, "anytime");
        if (json_array_size(points))
            json_array_append_new(
                runs, json_pack("{sI sO}", "seed", (json_int_t)c->run[i]->seed, "points", points));
    }
    return runs;
}

static bool sealed(const af_cell *c)
{
    for (int i = 0; i < c->runs; i++)
        if (!c->run[i]->sealed) return false;
    return true;
}

static json_t *cell_json(const af_cell *c)
{
    static const char *const units[AF_SPENT_UNITS] = {"trials", "epochs", "seconds", "flops", "x"};
    json_t *spent = json_object();
    for (int p = 0; p < AF_SPENT_PARTS; p++) {
        json_t *part = json_object();
        for (int u = 0; u < AF_SPENT_UNITS; u++)
            json_object_set_new(part, units[u], number(c->spent[p][u]));
        json_object_set_new(spent, af_spent_names[p], part);
    }
    return json_pack("{si so so so so so ss sb so}", "runs", c->runs, "score", number(c->score),
                     "score_sd", number(c->score_sd), "error", number(c->error), "error_sd",
                     number(c->error_sd), "spent", spent, "method_key", c->first->method_key,
                     "sealed", sealed(c), "anytime", anytime_json(c));
}

static json_t *row_json(const af_report *r, int i)
{
    json_t *cells = json_object();
    for (int k = 0; k < r->tasks; k++)
        if (af_report_cell(r, i, k)->runs)
            json_object_set_new(cells, r->task[k]->task, cell_json(af_report_cell(r, i, k)));
    return json_pack(
        "{ss so so so so so}", "method", r->label[i], "rank", number(r->rank[i]), "rank_low",
        number(r->interval[i].low), "rank_high", number(r->interval[i].high), "profile",
        numbers(r->ratios + (size_t)i * (size_t)r->problems, (size_t)r->problems), "tasks", cells);
}

json_t *af_report_json(const af_report *r)
{
    json_t *tasks = json_array(), *rows = json_array();
    for (int k = 0; k < r->tasks; k++)
        json_array_append_new(
            tasks, json_pack("{ss ss ss ss ss sf ss}", "task", r->task[k]->task, "size",
                             r->task[k]->size, "protocol", r->task[k]->protocol, "metric",
                             r->task[k]->metric, "provenance", r->task[k]->provenance, "x_flops",
                             r->task[k]->x_flops, "task_key", r->task[k]->task_key));
    for (int i = 0; i < r->rows; i++) json_array_append_new(rows, row_json(r, i));
    return json_pack("{so so si sb}", "tasks", tasks, "methods", rows, "problems", r->problems,
                     "budgets_differ", r->budgets_differ);
}
