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

typedef struct af_cell {
    int runs;               /* seeds; 0: this method was not run on this task */
    double score, score_sd; /* mean, sample standard deviation; NAN: a run diverged, or one seed */
    double error, error_sd;
    double spent[AF_SPENT_PARTS][AF_SPENT_UNITS]; /* means */
    const af_result *first;
} af_cell;

typedef struct af_report {
    int tasks, rows;
    const af_result **task; /* one result of each task, by name */
    char (*label)[128];     /* of each row, best rank first */
    double *rank;           /* mean over all tasks of the rank by mean error; NAN: tasks missing */
    bool budgets_differ;    /* among searches: their ranks do not compare methods */
    af_cell *cells;         /* {rows, tasks} */
} af_report;
/* Borrows the results. */
AF_CHECKED af_status af_report_new(af_report **out, const af_results *all);
void af_report_free(af_report *r);
const af_cell *af_report_cell(const af_report *r, int row, int task);

AF_CHECKED af_status af_report_print(const af_report *r); /* to stdout */
json_t *af_report_json(const af_report *r);
/* Checks that the results may stand together, groups and prints them. */
AF_CHECKED af_status af_report_show(const af_results *all, bool json);

#endif
