/* The parts of a page, in the order in which they stand there. Each writes one <section>. */
#ifndef AF_PAGE_INSIDE_H
#define AF_PAGE_INSIDE_H
#include "eval/html.h"
#include "eval/report.h"

typedef struct af_page {
    FILE *to;
    const char *title; /* may be NULL */
    const af_results *all;
    const af_report *r;
    bool plots;    /* false: gnuplot is missing, or has failed */
    char why[512]; /* what was wrong with it */
} af_page;

extern const char af_page_style[]; /* CSS */

void af_page_cautions(af_page *p);
void af_page_scores(af_page *p);
AF_CHECKED af_status af_page_profile(af_page *p);
AF_CHECKED af_status af_page_anytime(af_page *p);
void af_page_costs(af_page *p);
void af_page_keys(af_page *p);
AF_CHECKED af_status af_page_published(af_page *p);
AF_CHECKED af_status af_page_runs(af_page *p);

/* ---- what parts share ---- */

/* A table in a box of its own that scrolls sideways; says names it for screen readers. */
void af_page_open_table(af_page *p, const char *says);
void af_page_close_table(af_page *p);
/* A new row with a name at its head, which may be broken after '_', '/' and '='. */
void af_page_open_row(af_page *p, const char *name);
/* "*" stand-in, "†" part of the real data, "" real. */
const char *af_page_mark(const af_result *task);
/* For metrics where lower is better the error is the score. */
bool af_page_error_is_score(const af_report *r, int task);
/* A JSON value as text: strings as they are, the rest compact with 12 digits; cut to 300 bytes. */
void af_page_json(af_page *p, const json_t *value);
/* A number with `digits` after the point, or four in all when it is too large for that. */
void af_page_value(FILE *to, double value, int digits);
/* The same as a cell of its own; "-" for NAN. */
void af_page_number(af_page *p, double value, int digits);
/* Names of the ingredients of method keys, as an object; the caller decrefs. */
json_t *af_page_ingredients(const af_page *p, int task);
/* Whether the method keys of a task differ in an ingredient; NULL: json_null. */
bool af_page_differs(const af_page *p, int task, const char *ingredient);

#endif
