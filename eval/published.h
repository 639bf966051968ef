/* Published numbers: paper-results/nb360.csv, which the Makefile puts into the program. They are
 * shown beside a task only where they mean the same: the real data in full, protocol paper, and the
 * metric that they state. Never averaged or ranked with ours.
 *
 *     AF_TRY(af_published_load(&p, af_published_csv));
 *     if (!af_published_withheld(&p, task)) ...
 */
#ifndef AF_PUBLISHED_H
#define AF_PUBLISHED_H
#include "eval/results.h"

extern const char af_published_csv[]; /* generated */

typedef struct af_published_row {
    const char *task, *metric, *method, *source, *table; /* metric: as published, "error_pct" */
    const char *note;              /* what limits the comparison; "": nothing */
    const char *mean, *sd, *seeds; /* as printed there; "": not stated */
} af_published_row;

typedef struct af_published {
    char *text; /* the fields lie in it */
    af_published_row *row;
    size_t count;
} af_published;
/* A header line, then quoted or plain fields, see paper-results/README.md. AF_EFORMAT says where.
 */
AF_CHECKED af_status af_published_load(af_published *out, const char *csv);
void af_published_free(af_published *p);

/* Rows that state the error of this task in a metric that is the result's. */
bool af_published_matches(const af_published_row *row, const af_result *task);
/* Why published numbers may not stand beside this task; NULL when they may. A constant text. */
const char *af_published_withheld(const af_published *p, const af_result *task);

#endif
