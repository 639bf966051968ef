/* What compares the rows of a report: ranks, their intervals, the performance profile. */
#include <math.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "eval/report.h"

static bool covers_all(const af_report *r, int row)
{
    for (int t = 0; t < r->tasks; t++)
        if (!af_report_cell(r, row, t)->runs) return false;
    return true;
}

af_status af_report_rank(af_report *r)
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

/* ---- intervals ---- */

/* Errors of the cells of ranked rows, one after the other. Returns the number of rows. */
static size_t collect_samples(const af_report *r, af_sample *samples, double *errors)
{
    size_t rows = 0, n = 0;
    for (int i = 0; i < r->rows; i++) {
        if (isnan(r->rank[i])) continue;
        for (int t = 0; t < r->tasks; t++) {
            const af_cell *c = af_report_cell(r, i, t);
            samples[rows * (size_t)r->tasks + (size_t)t] = (af_sample){errors + n, (size_t)c->runs};
            for (int k = 0; k < c->runs; k++) errors[n++] = c->run[k]->error;
        }
        rows++;
    }
    return rows;
}

static size_t count_runs(const af_report *r)
{
    size_t n = 0;
    for (int i = 0; i < r->rows * r->tasks; i++) n += (size_t)r->cells[i].runs;
    return n;
}

af_status af_report_intervals(af_report *r)
{
    size_t cells = (size_t)r->rows * (size_t)r->tasks;
    af_sample *samples = af_calloc(cells, sizeof *samples);
    af_interval *found = af_calloc((size_t)r->rows, sizeof *found);
    double *errors = af_calloc(count_runs(r), sizeof *errors);
    af_status st = samples && found && errors ? AF_OK : AF_ENOMEM;
    if (st == AF_OK)
        st = af_bootstrap_ranks(found, samples, collect_samples(r, samples, errors),
                                (size_t)r->tasks);
    for (int i = 0, k = 0; st == AF_OK && i < r->rows; i++)
        r->interval[i] = isnan(r->rank[i]) ? (af_interval){NAN, NAN} : found[k++];
    af_free(samples);
    af_free(found);
    af_free(errors);
    return st;
}

/* ---- the profile ---- */

static const af_result *run_of_seed(const af_cell *c, int64_t seed)
{
    for (int k = 0; k < c->runs; k++)
        if (c->run[k]->seed == seed) return c->run[k];
    return NULL;
}

static bool all_have(const af_report *r, int task, int64_t seed)
{
    for (int i = 0; i < r->rows; i++) {
        const af_cell *c = af_report_cell(r, i, task);
        if (c->runs && !run_of_seed(c, seed)) return false;
    }
    return true;
}

/* Of the method that has the fewest seeds: the only candidates. */
static const af_cell *fewest(const af_report *r, int task)
{
    const af_cell *best = NULL;
    for (int i = 0; i < r->rows; i++) {
        const af_cell *c = af_report_cell(r, i, task);
        if (c->runs && (!best || c->runs < best->runs)) best = c;
    }
    return best;
}

/* Errors {rows, problems} of the problems of all tasks; with errors NULL it only counts them. */
static void find_problems(af_report *r, double *errors)
{
    int problems = r->problems, p = 0;
    r->whole = 0;
    for (int t = 0; t < r->tasks; t++) {
        const af_cell *few = fewest(r, t);
        int before = p;
        for (int k = 0; few && k < few->runs; k++) {
            int64_t seed = few->run[k]->seed;
            if (!all_have(r, t, seed)) continue;
            for (int i = 0; errors && i < r->rows; i++) {
                const af_result *run = run_of_seed(af_report_cell(r, i, t), seed);
                errors[i * problems + p] = run ? run->error : NAN;
            }
            p++;
        }
        if (p > before) continue;
        for (int i = 0; errors && i < r->rows; i++) {
            const af_cell *c = af_report_cell(r, i, t);
            errors[i * problems + p] = c->runs ? c->error : NAN;
        }
        p++;
        r->whole++;
    }
    r->problems = p;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

af_status af_report_profile(af_report *r)
{
    find_problems(r, NULL);
    size_t rows = (size_t)r->rows, problems = (size_t)r->problems;
    double *errors = af_calloc(rows * problems, sizeof *errors);
    r->ratios = af_calloc(rows * problems, sizeof *r->ratios);
    if (!errors || !r->ratios) {
        af_free(errors);
        return AF_ENOMEM;
    }
    find_problems(r, errors);
    af_error_ratios(r->ratios, errors, rows, problems);
    for (size_t i = 0; i < rows; i++)
        qsort(r->ratios + i * problems, problems, sizeof *r->ratios, ascending);
    af_free(errors);
    return AF_OK;
}
