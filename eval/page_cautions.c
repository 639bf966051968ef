/* What may not be concluded, in plain words, before any number. */
#include <math.h>
#include <string.h>
#include "eval/page_inside.h"

typedef bool (*is_so)(const af_result *r);

static bool is_stand_in(const af_result *r)
{
    return strcmp(r->provenance, "generated") == 0;
}

static bool is_partial(const af_result *r)
{
    return strcmp(r->provenance, "generated") != 0 && strcmp(r->provenance, "real") != 0 &&
           strcmp(r->provenance, "own") != 0;
}

static bool is_own(const af_result *r)
{
    return strcmp(r->provenance, "own") == 0;
}

static bool is_reduced(const af_result *r)
{
    return strcmp(r->size, "full") != 0 && !is_own(r);
}

/* Names of the tasks of a kind; false: none, nothing written. */
static bool name_tasks(af_page *p, const char *opening, is_so kind)
{
    bool any = false;
    for (int t = 0; t < p->r->tasks; t++) {
        if (!kind(p->r->task[t])) continue;
        fputs(any ? ", " : opening, p->to);
        af_html(p->to, "$", p->r->task[t]->task);
        any = true;
    }
    return any;
}

static void about_data(af_page *p)
{
    if (name_tasks(p, "<li>The data of ", is_stand_in))
        fputs(
            " is a generated stand-in (*): its scores say nothing about the real task, and do not "
            "compare with published numbers.</li>\n",
            p->to);
    if (name_tasks(p, "<li>The data of ", is_partial))
        fputs(
            " is only a part of the real data (†): its scores do not compare with those on all of "
            "it.</li>\n",
            p->to);
    if (name_tasks(p, "<li>The data of ", is_own))
        fputs(" is somebody's own dataset, or a variant of a task (‡): its scores compare where "
              "the task key is the same, "
              "and "
              "with no published numbers.</li>\n",
              p->to);
    if (name_tasks(p, "<li>Smaller than the official setting: ", is_reduced))
        fputs(". A method that is better here need not be better at full size.</li>\n", p->to);
    if (p->r->tasks < 5)
        fprintf(
            p->to,
            "<li>%s: too few to say which method is better elsewhere; the rank is that of these "
            "tasks.</li>\n",
            p->r->tasks == 1   ? "One task"
            : p->r->tasks == 2 ? "Two tasks"
            : p->r->tasks == 3 ? "Three tasks"
                               : "Four tasks");
}

static void about_seeds(af_page *p)
{
    int cells = 0, single = 0, diverged = 0;
    for (int i = 0; i < p->r->rows * p->r->tasks; i++) {
        const af_cell *c = &p->r->cells[i];
        cells += c->runs > 0;
        single += c->runs == 1;
        diverged += c->runs && isnan(c->error);
    }
    if (single && single == cells)
        fputs("<li>One seed each: a difference may be chance, and how much chance there is cannot "
              "be seen.</li>\n",
              p->to);
    else if (single)
        fprintf(p->to,
                "<li>%d of %d cells rest on one seed (those without ±): a difference from them may "
                "be chance.</li>\n",
                single, cells);
    if (diverged)
        fprintf(p->to,
                "<li>In %d of %d cells a run diverged; the cell has no mean and ranks last.</li>\n",
                diverged, cells);
}

static bool row_is_sealed(const af_report *r, int row)
{
    for (int t = 0; t < r->tasks; t++)
        for (int k = 0; k < af_report_cell(r, row, t)->runs; k++)
            if (!af_report_cell(r, row, t)->run[k]->sealed) return false;
    return true;
}

static bool row_covers(const af_report *r, int row)
{
    for (int t = 0; t < r->tasks; t++)
        if (!af_report_cell(r, row, t)->runs) return false;
    return true;
}

/* Labels of the rows for which `holds` is false. */
static bool name_rows(af_page *p, bool (*holds)(const af_report *, int))
{
    enum { SHOWN = 8 };
    int found = 0;
    for (int i = 0; i < p->r->rows; i++) {
        if (holds(p->r, i) || found++ >= SHOWN) continue;
        af_html(p->to, found == 1 ? "<li>$" : ", $", p->r->label[i]);
    }
    if (found > SHOWN) fprintf(p->to, " and %d more", found - SHOWN);
    return found > 0;
}

static void about_methods(af_page *p)
{
    if (p->r->budgets_differ)
        fputs("<li>Budgets differ between searches: a rank across them does not compare methods, "
              "only what was bought with more or less.</li>\n",
              p->to);
    if (name_rows(p, row_is_sealed))
        fputs(
            ": unsealed. Such a method runs code of its own that Afield cannot keep from the test "
            "split; its score rests on trust.</li>\n",
            p->to);
    if (name_rows(p, row_covers))
        fputs(": not run on every task, so without a rank, and in nobody's rank.</li>\n", p->to);
}

/* Which ingredients of method keys differ on some task. */
static void about_keys(af_page *p)
{
    bool spaces = false, any = false;
    json_t *named = json_object();
    for (int t = 0; t < p->r->tasks; t++) {
        const char *name;
        json_t *value, *all = af_page_ingredients(p, t);
        json_object_foreach(all, name, value)
        {
            if (!af_page_differs(p, t, name)) continue;
            if (strcmp(name, "space") == 0)
                spaces = true;
            else
                json_object_set_new(named, name, json_true());
        }
        json_decref(all);
    }
    if (spaces)
        fputs("<li>Methods work in different spaces: a difference may come from what they could "
              "choose from, not from how they chose.</li>\n",
              p->to);
    const char *name;
    json_t *value;
    json_object_foreach(named, name, value)
    {
        fputs(any ? ", " : "<li>Methods were not run alike; they differ in ", p->to);
        af_html(p->to, "$", name);
        any = true;
    }
    if (any)
        fputs(" (see <a href=\"#keys\">what may be compared</a>): a difference may come from "
              "that.</li>\n",
              p->to);
    json_decref(named);
}

void af_page_cautions(af_page *p)
{
    fputs("<section class=\"cautions\">\n<h2>What may not be concluded</h2>\n<ul>\n", p->to);
    about_data(p);
    about_seeds(p);
    about_methods(p);
    about_keys(p);
    if (p->all->unfinished)
        fprintf(p->to, "<li>%zu unfinished run%s left out.</li>\n", p->all->unfinished,
                p->all->unfinished == 1 ? " is" : "s are");
    fputs("<li>Every score rests on the recipes, data and versions named below; it says nothing "
          "about others.</li>\n</ul>\n</section>\n",
          p->to);
}
