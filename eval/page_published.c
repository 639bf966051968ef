/* Published numbers, apart from ours: as printed in their source, in a table of their own, and only
 * for tasks run as published. */
#include <string.h>
#include "eval/page_inside.h"
#include "eval/published.h"

static void write_task(af_page *p, const af_published *published, const af_result *task)
{
    for (size_t i = 0; i < published->count; i++) {
        const af_published_row *row = &published->row[i];
        if (!af_published_matches(row, task)) continue;
        af_html(p->to, "<tr class=\"published\"><th scope=\"row\">$</th><td>$</td><td>$</td>",
                row->method, row->task, row->metric);
        af_html(p->to, "<td class=\"n\">$$$</td><td class=\"n\">$</td><td>$</td><td>$</td></tr>\n",
                row->mean, *row->sd ? " ± " : "", row->sd, *row->seeds ? row->seeds : "not stated",
                row->note, row->table);
    }
}

/* Each source once. */
static void write_sources(af_page *p, const af_published *published)
{
    const char *last = "";
    for (size_t i = 0; i < published->count; i++) {
        if (strcmp(published->row[i].source, last) == 0) continue;
        af_html(p->to, "$$", *last ? "; " : "", published->row[i].source);
        last = published->row[i].source;
    }
}

static void explain(af_page *p, const af_published *published, bool any)
{
    if (any) {
        fputs("<p class=\"note\">From ", p->to);
        write_sources(p, published);
        fputs(
            ". Lower is better; error_pct is 100 (1 - accuracy). Mean ± deviation as printed "
            "there, "
            "with the authors' code, hardware and budgets; <code>afield describe TASK</code> says "
            "what is known to differ. They are in no rank, mean or plot of this page.</p>\n",
            p->to);
    }
    bool all_shown = true;
    for (int t = 0; t < p->r->tasks; t++)
        all_shown &= !af_published_withheld(published, p->r->task[t]);
    if (all_shown) return;
    fputs(any ? "<p>For the other tasks none are shown: " : "<p>None are shown: ", p->to);
    const char *between = "";
    for (int t = 0; t < p->r->tasks; t++) {
        const char *why = af_published_withheld(published, p->r->task[t]);
        if (why) af_html(p->to, "$on $ $", between, p->r->task[t]->task, why);
        if (why) between = "; ";
    }
    fputs(".</p>\n", p->to);
}

af_status af_page_published(af_page *p)
{
    af_published published;
    bool any = false;
    AF_TRY(af_published_load(&published, af_published_csv));
    fputs("<section>\n<h2>Published numbers</h2>\n", p->to);
    for (int t = 0; t < p->r->tasks; t++) {
        if (af_published_withheld(&published, p->r->task[t])) continue;
        if (!any) {
            fputs("<p>Not ours, and not run by Afield: what a paper reports for the same data, "
                  "protocol and metric.</p>\n",
                  p->to);
            af_page_open_table(p, "Published numbers");
            fputs("<thead><tr><th>published method</th><th>task</th><th>metric</th>"
                  "<th class=\"n\">error</th><th "
                  "class=\"n\">seeds</th><th>note</th><th>where</th></tr></thead>\n"
                  "<tbody>\n",
                  p->to);
        }
        any = true;
        write_task(p, &published, p->r->task[t]);
    }
    if (any) af_page_close_table(p);
    explain(p, &published, any);
    fputs("</section>\n", p->to);
    af_published_free(&published);
    return AF_OK;
}
