/* The page as a whole: its head, the order of its sections, what they share. */
#include "eval/page.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "eval/page_inside.h"
#include "eval/plot.h"

void af_page_open_table(af_page *p, const char *says)
{
    af_html(p->to,
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"$\">\n<table>\n",
            says);
}

void af_page_close_table(af_page *p)
{
    fputs("</tbody>\n</table>\n</div>\n", p->to);
}

void af_page_open_row(af_page *p, const char *name)
{
    char part[2] = "";
    fputs("<tr><th scope=\"row\">", p->to);
    while (*name) {
        size_t n = strcspn(name, "_/=");
        char piece[256];
        snprintf(piece, sizeof piece, "%.*s", (int)n, name);
        part[0] = name[n];
        af_html(p->to, "$$", piece, part);
        name += n;
        if (*name) fputs("<wbr/>", p->to), name++;
    }
    fputs("</th>", p->to);
}

void af_page_json(af_page *p, const json_t *value)
{
    const size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12);
    char *text = json_is_string(value) ? NULL : json_dumps(value, flags);
    af_html_cut(p->to, json_is_string(value) ? json_string_value(value) : text, 300);
    free(text);
}

const char *af_page_mark(const af_result *task)
{
    return strcmp(task->provenance, "generated") == 0 ? "*"
           : strcmp(task->provenance, "real") == 0    ? ""
           : strcmp(task->provenance, "own") == 0     ? "‡"
                                                      : "†";
}

void af_page_value(FILE *to, double value, int digits)
{
    if (fabs(value) < 1e9)
        fprintf(to, "%.*f", digits, value);
    else
        fprintf(to, "%.4g", value);
}

void af_page_number(af_page *p, double value, int digits)
{
    fputs("<td class=\"n\">", p->to);
    if (isnan(value))
        fputs("-", p->to);
    else
        af_page_value(p->to, value, digits);
    fputs("</td>", p->to);
}

/* ---- the head ---- */

/* "darcy and ecg", "a, b and c" */
static void list_tasks(af_page *p)
{
    const af_report *r = p->r;
    for (int t = 0; t < r->tasks; t++)
        af_html(p->to, "$$", t == 0 ? "" : t + 1 == r->tasks ? " and " : ", ", r->task[t]->task);
}

static void list_seeds(af_page *p)
{
    const af_report *r = p->r;
    int fewest = 0, most = 0;
    for (int i = 0; i < r->rows * r->tasks; i++) {
        int n = r->cells[i].runs;
        if (!n) continue;
        fewest = !fewest || n < fewest ? n : fewest;
        most = n > most ? n : most;
    }
    if (fewest == most)
        fprintf(p->to, "%d seed%s each", most, most == 1 ? "" : "s");
    else
        fprintf(p->to, "%d to %d seeds each", fewest, most);
}

/* The one budget of all searches, or NULL. */
static const char *one_budget(const af_report *r)
{
    for (int i = 0; !r->budgets_differ && i < r->rows * r->tasks; i++)
        if (r->cells[i].runs && r->cells[i].first->searched) return r->cells[i].first->budget;
    return NULL;
}

static void write_lead(af_page *p)
{
    const af_report *r = p->r;
    fprintf(p->to, "<p class=\"lead\">%d method%s on ", r->rows, r->rows == 1 ? "" : "s");
    list_tasks(p);
    fputs(", ", p->to);
    list_seeds(p);
    if (one_budget(r))
        af_html(p->to, ", with a budget of $ for every search", one_budget(r));
    else if (r->budgets_differ)
        fputs(", with different budgets", p->to);
    fputs(": the chosen network is trained with the full recipe and scored once on the test "
          "split.</p>\n",
          p->to);
}

static void write_head(af_page *p)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
          "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>",
          p->to);
    if (p->title)
        af_html(p->to, "$", p->title);
    else
        list_tasks(p);
    fprintf(p->to, " - Afield</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1>",
            af_page_style);
    if (p->title)
        af_html(p->to, "$", p->title);
    else
        fprintf(p->to, "%d method%s on %d task%s", p->r->rows, p->r->rows == 1 ? "" : "s",
                p->r->tasks, p->r->tasks == 1 ? "" : "s");
    fputs("</h1>\n", p->to);
    write_lead(p);
    fputs("</header>\n<main>\n", p->to);
}

static void write_foot(af_page *p)
{
    fprintf(p->to,
            "</main>\n<footer>\n<p>Made from %zu result%s by <code>afield report --html</code>. "
            "The same results give the same page.</p>\n</footer>\n</body>\n</html>\n",
            p->all->count, p->all->count == 1 ? "" : "s");
}

static af_status write_body(af_page *p)
{
    write_head(p);
    af_page_cautions(p);
    af_page_scores(p);
    AF_TRY(af_page_profile(p));
    AF_TRY(af_page_anytime(p));
    af_page_costs(p);
    af_page_keys(p);
    AF_TRY(af_page_published(p));
    AF_TRY(af_page_runs(p));
    write_foot(p);
    return AF_OK;
}

static af_status look_for_gnuplot(af_page *p)
{
    af_status st = af_plot_usable();
    p->plots = st == AF_OK;
    if (st != AF_OK) snprintf(p->why, sizeof p->why, "%s", af_error());
    return st == AF_ENOMEM ? st : AF_OK;
}

af_status af_page_write(const char *path, const char *title, const af_results *all,
                        const af_report *r, bool *plots)
{
    char *text = NULL;
    size_t size = 0;
    af_page p = {.to = open_memstream(&text, &size), .title = title, .all = all, .r = r};
    if (!p.to) return af_fail(AF_ENOMEM, "no memory for the page");
    af_status st = look_for_gnuplot(&p);
    if (st == AF_OK) st = write_body(&p);
    if (fclose(p.to) != 0 && st == AF_OK) st = af_fail(AF_ENOMEM, "no memory for the page");
    if (st == AF_OK) st = af_file_write(path, text, size);
    free(text);
    *plots = p.plots;
    if (st == AF_OK && !p.plots) (void)(af_fail)(AF_EUNSUPPORTED, "%s", p.why);
    return st;
}
