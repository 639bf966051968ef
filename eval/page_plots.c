/* The two kinds of plots. Names stand in a legend of the page's own; a curve's colour and dashes
 * follow from its row in the table of scores, so they mean the same in every plot. */
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"
#include "eval/anytime.h"
#include "eval/page_inside.h"

static void write_legend(af_page *p, const bool *shown)
{
    fputs("<ul class=\"legend\">\n", p->to);
    for (int i = 0; i < p->r->rows && i < AF_PLOT_CURVES; i++)
        if (shown[i])
            af_html(p->to,
                    "<li><svg viewBox=\"0 0 28 8\" aria-hidden=\"true\"><path d=\"M0,4 L28,4\" "
                    "style=\"stroke:var(--s$);stroke-width:2.5;fill:none\" "
                    "stroke-dasharray=\"$\"/></svg><span>$</span></li>\n",
                    (char[]){(char)('0' + af_plot_colour(i)), '\0'},
                    *af_plot_dashes(i) ? af_plot_dashes(i) : "none", p->r->label[i]);
    fputs("</ul>\n", p->to);
    if (p->r->rows > AF_PLOT_CURVES)
        fprintf(p->to,
                "<p class=\"note\">The first %d of %d methods in the table of scores are "
                "drawn.</p>\n",
                AF_PLOT_CURVES, p->r->rows);
}

static void say_no_plots(af_page *p)
{
    af_html(p->to, "<p class=\"note\">No plot: $.</p>\n", p->why);
}

/* A plot that gnuplot cannot make costs the page its plots, not its existence. */
static af_status draw(af_page *p, const af_plot *plot)
{
    af_status st = af_plot_svg(p->to, plot);
    if (st == AF_OK || st == AF_ENOMEM) return st;
    p->plots = false;
    snprintf(p->why, sizeof p->why, "%s", af_error());
    say_no_plots(p);
    return AF_OK;
}

/* ---- the performance profile ---- */

static const double *ratios_of(const af_report *r, int row)
{
    return r->ratios + (size_t)row * (size_t)r->problems;
}

static double largest_ratio(const af_report *r)
{
    double largest = 1;
    for (int i = 0; i < r->rows * r->problems; i++)
        if (isfinite(r->ratios[i])) largest = fmax(largest, r->ratios[i]);
    return largest;
}

static void fill_profile(af_curve *c, double *memory, const double *ratios, size_t n, double end)
{
    c->x = memory;
    c->y = memory + n + 2;
    c->x[c->n] = 1;
    c->y[c->n++] = af_profile_at(ratios, n, 1);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(ratios[i]) || ratios[i] <= c->x[c->n - 1]) continue;
        c->x[c->n] = ratios[i];
        c->y[c->n++] = af_profile_at(ratios, n, ratios[i]);
    }
    c->x[c->n] = end;
    c->y[c->n] = c->y[c->n - 1];
    c->n++;
}

static af_status draw_profile(af_page *p)
{
    const af_report *r = p->r;
    af_curve curves[AF_PLOT_CURVES] = {{0}};
    bool shown[AF_PLOT_CURVES];
    size_t n = (size_t)r->problems, each = 2 * (n + 2);
    int count = r->rows < AF_PLOT_CURVES ? r->rows : AF_PLOT_CURVES;
    double end = fmax(largest_ratio(r) * 1.05, 1.1);
    double *memory = af_calloc((size_t)count * each, sizeof *memory);
    if (!memory) return AF_ENOMEM;
    for (int i = 0; i < count; i++) {
        shown[i] = true;
        curves[i].style = i;
        fill_profile(&curves[i], memory + (size_t)i * each, ratios_of(r, i), n, end);
    }
    fputs("<figure>\n<figcaption>share of problems within a factor of the "
          "best</figcaption>\n",
          p->to);
    af_status st = draw(p, &(af_plot){.x_label = "factor of the lowest error",
                                      .says = "Performance profile; the table beside it has its "
                                              "numbers",
                                      .log_x = end > 4,
                                      .x_low = 1,
                                      .x_high = end,
                                      .y_low = 0,
                                      .y_high = 1.03,
                                      .curves = curves,
                                      .count = count});
    if (st == AF_OK && p->plots) write_legend(p, shown);
    fputs("</figure>\n", p->to);
    af_free(memory);
    return st;
}

static void profile_table(af_page *p)
{
    static const double at[] = {1, 1.1, 1.5, 2};
    const size_t n = (size_t)p->r->problems;
    af_page_open_table(p, "Performance profile");
    fputs("<thead><tr><th>method</th><th class=\"n\">best</th><th "
          "class=\"n\"><small>within</small>1.1</th>"
          "<th class=\"n\"><small>within</small>1.5</th><th "
          "class=\"n\"><small>within</small>2</th><th class=\"n\">never</th>"
          "</tr></thead>\n<tbody>\n",
          p->to);
    for (int i = 0; i < p->r->rows; i++) {
        const double *ratios = ratios_of(p->r, i);
        af_page_open_row(p, p->r->label[i]);
        for (size_t k = 0; k < sizeof at / sizeof *at; k++)
            af_page_number(p, af_profile_at(ratios, n, at[k]), 2);
        double largest_double = 1.7976931348623157e308;
        af_page_number(p, 1 - af_profile_at(ratios, n, largest_double), 2);
        fputs("</tr>\n", p->to);
    }
    af_page_close_table(p);
}

af_status af_page_profile(af_page *p)
{
    const af_report *r = p->r;
    if (r->rows < 2) return AF_OK;
    int pairs = r->problems - r->whole;
    fputs("<section>\n<h2>Performance profile</h2>\n<p>For how large a share of problems is a "
          "method's error within a factor of the lowest error that any method reached on that "
          "problem? ",
          p->to);
    if (pairs)
        fprintf(p->to,
                "A problem is a task with one seed that every method has there: %d of them. ",
                pairs);
    if (r->whole)
        fprintf(p->to, "%d problem%s a whole task, with mean errors. ", r->whole,
                r->whole == 1 ? " is" : "s are each");
    fputs("</p>\n", p->to);
    af_status st = AF_OK;
    fputs("<div class=\"beside\">\n", p->to);
    if (p->plots)
        st = draw_profile(p);
    else
        say_no_plots(p);
    profile_table(p);
    fputs("</div>\n<p class=\"note\">Test errors; after Dolan and Moré (2002). Where the lowest "
          "error is 0 "
          "there is no factor: who reaches it is best, the others never get there. A run that "
          "diverged, and a task that a method was not run on, count as never.</p>\n</section>\n",
          p->to);
    return st;
}

/* ---- anytime curves ---- */

static void find_range(af_plot *plot)
{
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < plot->count; i++) {
        const af_curve *c = &plot->curves[i];
        if (c->n) plot->x_high = fmax(plot->x_high, c->x[c->n - 1]);
        for (size_t k = 0; k < c->n; k++) {
            low = fmin(low, c->low ? c->low[k] : c->y[k]);
            high = fmax(high, c->high ? c->high[k] : c->y[k]);
        }
    }
    plot->x_high = plot->x_high > 0 ? plot->x_high * 1.02 : 1;
    if (low > 0 && high > 4 * low) { /* else the end, which counts, would lie flat on the axis */
        plot->log_y = true;
        plot->y_low = low / 1.1;
        plot->y_high = high * 1.1;
        return;
    }
    double pad = 0.06 * (high - low);
    if (!(pad > 1e-9 * fmax(fabs(low), fabs(high)))) pad = 0.05 * fabs(high) + 1e-6;
    plot->y_low = low >= 0 ? fmax(0, low - pad) : low - pad;
    plot->y_high = high + pad;
}

static bool find_curves(af_plot *plot, bool *shown, af_curve *curves)
{
    bool any = false;
    plot->curves = curves;
    for (int i = 0; i < plot->count; i++) {
        shown[i] |= curves[i].n > 0;
        any |= curves[i].n > 0;
    }
    if (any) find_range(plot);
    return any;
}

/* The figure of one task; *any says whether there was something to draw. */
static af_status draw_anytime(af_page *p, int task, bool *shown, bool *any)
{
    af_curve curves[AF_PLOT_CURVES] = {{0}};
    char says[256];
    af_plot plot = {.x_label = "x spent by the search", .says = says};
    af_status st = AF_OK;
    plot.count = p->r->rows < AF_PLOT_CURVES ? p->r->rows : AF_PLOT_CURVES;
    for (int i = 0; st == AF_OK && i < plot.count; i++) {
        const af_cell *c = af_report_cell(p->r, i, task);
        st = af_anytime_mean(&curves[i], c->run, c->runs);
        curves[i].style = i;
    }
    *any = st == AF_OK && find_curves(&plot, shown, curves);
    if (*any) {
        const af_result *one = p->r->task[task];
        snprintf(says, sizeof says, "Best validation error so far on %.100s", one->task);
        af_html(p->to,
                "<figure>\n<figcaption><b>$$</b> best validation error so far ($$)</figcaption>\n",
                one->task, af_page_mark(one), af_page_error_is_score(p->r, task) ? "" : "1 - ",
                one->metric);
        if (p->plots)
            st = draw(p, &plot);
        else
            say_no_plots(p);
        fputs("</figure>\n", p->to);
    }
    for (int i = 0; i < plot.count; i++) af_curve_free(&curves[i]);
    return st;
}

af_status af_page_anytime(af_page *p)
{
    bool shown[AF_PLOT_CURVES] = {0}, any = false;
    fputs("<section>\n<h2>What the searches had found, and when</h2>\n<div class=\"plots\">\n",
          p->to);
    for (int t = 0; t < p->r->tasks; t++) {
        bool drawn;
        AF_TRY(draw_anytime(p, t, shown, &drawn));
        any |= drawn;
    }
    fputs("</div>\n", p->to);
    if (any && p->plots) write_legend(p, shown);
    fputs(any ? "<p class=\"note\">Validation error of the best trial so far, trained as long as a "
                "trial is, against what the search had spent; 1x is one training of the plain Wide "
                "ResNet. The mean over seeds, held between improvements; the band goes from the "
                "lowest to the highest seed. A curve begins where every seed has a first trial. "
                "Baselines, methods that share weights and results of older versions have none. "
                "This is not the test error of the scores.</p>\n</section>\n"
              : "<p>No result here tells what its search had found when: it is told by searches "
                "that make trials, in the member "
                "<code>anytime</code>, which older results lack.</p>\n</section>\n",
          p->to);
    return AF_OK;
}
