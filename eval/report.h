/* A report: results grouped into a table of methods (rows) by tasks (columns). A cell summarises
 * seeds, a row's rank summarises tasks. Results must be comparable, see eval/results.h.
 *
 *     AF_TRY(af_report_new(&r, &all));
 *     af_report_print(r);
 *     af_report_free(r);
 */
#ifndef AF_REPORT_H
#define AF_REPORT_H
#include "eval/results.h"
#include "eval/statistics.h"

typedef struct af_cell {
    int runs;               /* seeds; 0: this method was not run on this task */
    const af_result **run;  /* they, by seed */
    double score, score_sd; /* mean, sample standard deviation; NAN: a run diverged, or one seed */
    double error, error_sd;
    double spent[AF_SPENT_PARTS][AF_SPENT_UNITS]; /* means */
    const af_result *first;                       /* in order of paths */
} af_cell;

typedef struct af_report {
    int tasks, rows;
    const af_result **task; /* one result of each task, by name */
    char (*label)[128];     /* of each row, best rank first */
    double *rank;           /* mean over all tasks of the rank by mean error; NAN: tasks missing */
    af_interval *interval;  /* of the rank, see af_bootstrap_ranks; NAN where there is none */
    bool budgets_differ;    /* among searches: their ranks do not compare methods */
    af_cell *cells;         /* {rows, tasks} */
    const af_result **run;  /* of all cells */
    int problems, whole;    /* of the performance profile; `whole` of them are whole tasks */
    double *ratios;         /* {rows, problems}, ascending in each row; INFINITY: not reached */
} af_report;
/* Borrows the results. */
AF_CHECKED af_status af_report_new(af_report **out, const af_results *all);
void af_report_free(af_report *r);
const af_cell *af_report_cell(const af_report *r, int row, int task);

/* Parts of af_report_new, in eval/report_compare.c. Rows that do not cover every task get no rank:
 * a mean over easier tasks would flatter them, and they take no part in the others' ranks. */
AF_CHECKED af_status af_report_rank(af_report *r);
AF_CHECKED af_status af_report_intervals(af_report *r);
/* A problem of the profile is a task with a seed that every method run on the task has; a task
 * without such a seed is one problem, with mean errors. A method that was not run on it does not
 * reach it. */
AF_CHECKED af_status af_report_profile(af_report *r);

AF_CHECKED af_status af_report_print(const af_report *r); /* to stdout */
json_t *af_report_json(const af_report *r);               /* anytime curves included */

typedef struct af_report_output {
    bool json;         /* print JSON, else tables */
    const char *html;  /* also write a page there; NULL: none */
    const char *title; /* of the page; NULL: what was compared */
} af_report_output;
/* Checks that the results may stand together, groups and prints them. */
AF_CHECKED af_status af_report_show(const af_results *all, const af_report_output *output);

#endif
