/* What every method was given and what it took. */
#include <math.h>
#include "eval/cli.h"
#include "eval/page_inside.h"

static void write_row(af_page *p, const af_cell *c, const char *label)
{
    char flops[32];
    const double *total = c->spent[AF_TOTAL];
    af_page_open_row(p, label);
    af_html(p->to, "<td>$</td><td class=\"n\">$</td>", c->first->task,
            c->first->searched ? c->first->budget : "-");
    af_page_number(p, c->spent[AF_SEARCH][AF_X], 3);
    af_page_number(p, c->spent[AF_RETRAIN][AF_X], 3);
    af_page_number(p, total[AF_X], 3);
    af_page_number(p, c->spent[AF_SEARCH][AF_TRIALS], 0);
    af_page_number(p, total[AF_EPOCHS], 0);
    af_page_number(p, total[AF_SECONDS], 1);
    af_print_si(flops, total[AF_FLOPS], "FLOP");
    af_html(p->to, "<td class=\"n\">$</td></tr>\n", flops);
}

void af_page_costs(af_page *p)
{
    const af_report *r = p->r;
    fputs("<section>\n<h2>Budgets and costs</h2>\n", p->to);
    af_page_open_table(p, "Budgets and costs");
    fputs("<thead><tr><th>method</th><th>task</th><th class=\"n\">budget</th>"
          "<th class=\"n\">search<small>x</small></th><th class=\"n\">retrain<small>x</small></th>"
          "<th class=\"n\">total<small>x</small></th><th class=\"n\">trials</th>"
          "<th class=\"n\">epochs</th><th class=\"n\">seconds</th><th class=\"n\">FLOPs</th>"
          "</tr></thead>\n<tbody>\n",
          p->to);
    for (int t = 0; t < r->tasks; t++)
        for (int i = 0; i < r->rows; i++)
            if (af_report_cell(r, i, t)->runs) write_row(p, af_report_cell(r, i, t), r->label[i]);
    af_page_close_table(p);
    fputs("<p class=\"note\">Means over seeds. 1x is what it costs, in FLOPs, to train the task's "
          "plain Wide ResNet once with its recipe. Trials are the search's; totals hold search, "
          "retraining and scoring. Seconds depend on the machine and compare only within one.</p>\n"
          "</section>\n",
          p->to);
}
