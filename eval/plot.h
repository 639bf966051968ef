/* Plots, made by gnuplot. It is given numbers and constant words only, never a name or a path from
 * a result: names stand in the page's own legend. So nothing in a result can steer it. The picture
 * comes back as an <svg> element whose colours are the page's: --ink, --rule and --s1 to --s8.
 *
 *     if (af_plot_usable() == AF_OK) AF_TRY(af_plot_svg(to, &plot));
 */
#ifndef AF_PLOT_H
#define AF_PLOT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "core/base/status.h"

enum { AF_PLOT_COLOURS = 8, AF_PLOT_DASHES = 3, AF_PLOT_CURVES = 12 /* at most in one plot */ };

typedef struct af_curve { /* a step function: from x[i] on the value is y[i] */
    size_t n;             /* 0: nothing is drawn */
    double *x, *y;        /* x ascends; its last value is where the curve ends */
    double *low, *high;   /* a band around y; NULL: none */
    int style;            /* colour and dashes, from 0, see af_plot_colour */
} af_curve;

typedef struct af_plot {
    const char *x_label; /* a constant of ours */
    const char *says;    /* what a screen reader says; escaped */
    bool log_x, log_y;
    double x_low, x_high, y_low, y_high; /* high > low; low > 0 of a logarithmic axis */
    const af_curve *curves;
    int count; /* AF_PLOT_CURVES at most */
} af_plot;

/* 1 to AF_PLOT_COLOURS; "" or an SVG dash array such as "6 3". No two of 24 styles are the same. */
int af_plot_colour(int style);
const char *af_plot_dashes(int style);

/* AF_OK: gnuplot starts here. AF_EUNSUPPORTED: it is not installed; the message says how to. */
AF_CHECKED af_status af_plot_usable(void);
/* AF_EUNSUPPORTED when gnuplot is missing, AF_EIO when it fails; then nothing is written. */
AF_CHECKED af_status af_plot_svg(FILE *to, const af_plot *plot);

#endif
