/* A report as one HTML page: no script, no other file, readable on a phone, light or dark as the
 * reader's system is. The same results give the same bytes (with the same gnuplot). */
#ifndef AF_PAGE_H
#define AF_PAGE_H
#include "eval/report.h"

/* Writes `path`. title NULL: what was compared. *plots comes back false when gnuplot is missing or
 * failed; the page says so, and af_error() says why. */
AF_CHECKED af_status af_page_write(const char *path, const char *title, const af_results *all,
                                   const af_report *r, bool *plots);

#endif
