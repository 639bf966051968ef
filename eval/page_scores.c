/* Methods by tasks. A cell shows the metric and, where that is another number, the error by which
 * is ranked. */
#include <math.h>
#include "eval/page_inside.h"

bool af_page_error_is_score(const af_report *r, int task)
{
    for (int i = 0; i < r->rows; i++) {
        const af_cell *c = af_report_cell(r, i, task);
        if (c->runs && c->score != c->error && !isnan(c->score)) return false;
    }
    return true;
}

/* The lowest mean error of a task; INFINITY when nothing can be best: there is no second method. */
static double lowest(const af_report *r, int task)
{
    double best = INFINITY;
    int n = 0;
    for (int i = 0; i < r->rows; i++) {
        const af_cell *c = af_report_cell(r, i, task);
        if (!c->runs) continue;
        n++;
        best = fmin(best, c->error);
    }
    return n > 1 ? best : INFINITY;
}

static void write_mean(FILE *to, double mean, double sd, int runs)
{
    af_page_value(to, mean, 4);
    if (runs < 2) return;
    fputs(" ± ", to);
    af_page_value(to, sd, 4);
    fprintf(to, " (%d)", runs);
}

static void write_cell(af_page *p, const af_cell *c, double best, bool both)
{
    if (!c->runs) {
        fputs("<td class=\"n\">-</td>", p->to);
        return;
    }
    if (isnan(c->error) || isnan(c->score)) {
        fprintf(p->to, "<td class=\"n\">diverged (%d)</td>", c->runs);
        return;
    }
    fputs("<td class=\"n\">", p->to);
    fputs(c->error == best ? "<span class=\"best\">" : "<span>", p->to);
    write_mean(p->to, c->score, c->score_sd, c->runs);
    fputs("</span>", p->to);
    if (both) {
        fputs("<small>error ", p->to);
        af_page_value(p->to, c->error, 4);
        fputs("</small>", p->to);
    }
    fputs("</td>", p->to);
}

static void write_rank(af_page *p, int row, int tasks)
{
    const af_report *r = p->r;
    int covered = 0;
    for (int t = 0; t < r->tasks; t++) covered += af_report_cell(r, row, t)->runs > 0;
    af_page_number(p, r->rank[row], 2);
    if (isnan(r->interval[row].low))
        fputs("<td class=\"n\">-</td>", p->to);
    else
        fprintf(p->to, "<td class=\"n\">%.2f to %.2f</td>", r->interval[row].low,
                r->interval[row].high);
    fprintf(p->to, "<td class=\"n\">%d of %d</td>", covered, tasks);
}

static void write_head(af_page *p)
{
    fputs("<thead><tr><th>method</th>", p->to);
    for (int t = 0; t < p->r->tasks; t++) {
        const af_result *task = p->r->task[t];
        af_html(p->to, "<th class=\"n\">$$<small>$, $</small></th>", task->task, af_page_mark(task),
                task->metric,
                af_page_error_is_score(p->r, t) ? "lower is better" : "higher is better");
    }
    fputs("<th class=\"n\">rank</th><th class=\"n\">95 % interval</th><th class=\"n\">tasks</th>"
          "</tr></thead>\n<tbody>\n",
          p->to);
}

static void explain_rank(af_page *p)
{
    const af_report *r = p->r;
    int most = 0;
    bool some = false;
    for (int i = 0; i < r->rows * r->tasks; i++)
        most = r->cells[i].runs > most ? r->cells[i].runs : most;
    for (int i = 0; i < r->rows; i++) some |= !isnan(r->interval[i].low);
    fprintf(
        p->to,
        "<p class=\"note\">%sMarked ●: the lowest mean error of its column. Rank: by mean error "
        "within each task, ties averaged, then averaged over %d task%s. ",
        most > 1 ? "Mean ± sample standard deviation over (n) seeds. " : "", r->tasks,
        r->tasks == 1 ? "" : "s");
    if (!some)
        fputs(r->rows > AF_BOOTSTRAP_METHODS
                  ? "No interval: too many methods for it.</p>\n"
                  : "No interval: it needs a second task or a second seed of ranked methods.</p>\n",
              p->to);
    else
        fprintf(p->to,
                "Interval: the middle 95 %% of the rank in %d bootstrap replicates. Each draws %s "
                "with replacement, from a fixed stream of random numbers, and ranks anew%s</p>\n",
                AF_REPLICATES,
                most < 2        ? "as many tasks as there are"
                : r->tasks == 1 ? "as many seeds of each method as there are"
                                : "as many tasks as there are and, within each, as many seeds of "
                                  "each method as there are",
                most < 2        ? "; chance between seeds is not in it, as there is one seed."
                : r->tasks == 1 ? "; how much tasks differ is not in it, as there is one task."
                                : ". With so few tasks and seeds it is a rough guide.");
}

void af_page_scores(af_page *p)
{
    fputs("<section>\n<h2>Scores</h2>\n", p->to);
    af_page_open_table(p, "Scores of methods on tasks");
    write_head(p);
    for (int i = 0; i < p->r->rows; i++) {
        af_page_open_row(p, p->r->label[i]);
        for (int t = 0; t < p->r->tasks; t++)
            write_cell(p, af_report_cell(p->r, i, t), lowest(p->r, t),
                       !af_page_error_is_score(p->r, t));
        write_rank(p, i, p->r->tasks);
        fputs("</tr>\n", p->to);
    }
    af_page_close_table(p);
    explain_rank(p);
    fputs("</section>\n", p->to);
}
