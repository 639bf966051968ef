/* What may be compared: the tasks' keys, and the ingredients in which the methods' keys differ. A
 * claim about searchers alone needs method keys that agree. */
#include <string.h>
#include "eval/cli.h"
#include "eval/page_inside.h"

static json_t *method_of(const af_report *r, int row, int task)
{
    const af_cell *c = af_report_cell(r, row, task);
    return c->runs ? af_result_member(c->first, "keys.method_of") : NULL;
}

json_t *af_page_ingredients(const af_page *p, int task)
{
    json_t *all = json_object();
    for (int i = 0; i < p->r->rows; i++) {
        json_t *mine = method_of(p->r, i, task);
        if (mine) json_object_update_missing(all, mine);
    }
    return all;
}

bool af_page_differs(const af_page *p, int task, const char *ingredient)
{
    const json_t *first = NULL;
    bool seen = false;
    for (int i = 0; i < p->r->rows; i++) {
        json_t *mine = method_of(p->r, i, task);
        if (!mine) continue;
        const json_t *value = json_object_get(mine, ingredient);
        if (seen && value != first && !(value && first && json_equal(value, first))) return true;
        first = value;
        seen = true;
    }
    return false;
}

/* ---- tasks ---- */

static void write_tasks(af_page *p)
{
    af_page_open_table(p, "Tasks");
    fputs("<thead><tr><th>task</th><th>size</th><th>protocol</th><th>data</th>"
          "<th class=\"n\">1x</th><th>task key</th></tr></thead>\n<tbody>\n",
          p->to);
    for (int t = 0; t < p->r->tasks; t++) {
        const af_result *one = p->r->task[t];
        char flops[32];
        af_print_si(flops, one->x_flops, "FLOP");
        af_html(p->to,
                "<tr><th scope=\"row\">$$</th><td>$</td><td>$</td><td>$</td><td class=\"n\">$</td>"
                "<td class=\"key\">",
                one->task, af_page_mark(one), one->size, one->protocol,
                strcmp(one->provenance, "generated") == 0 ? "generated stand-in" : one->provenance,
                flops);
        af_html_cut(p->to, one->task_key, 16);
        fputs("</td></tr>\n", p->to);
    }
    af_page_close_table(p);
}

/* ---- differences ---- */

/* Where a value stands: an ingredient, or a member of one that is an object. */
typedef struct place {
    const char *ingredient, *member; /* member NULL: the ingredient itself */
} place;

static const json_t *value_at(const af_report *r, int row, int task, place at)
{
    const json_t *value = json_object_get(method_of(r, row, task), at.ingredient);
    return at.member ? json_object_get(value, at.member) : value;
}

static bool same(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_equal(a, b));
}

/* Names, separated by commas, of the methods whose value is that of row i. */
static void write_methods(af_page *p, int task, place at, int i)
{
    enum { NAMED = 12 };
    int named = 0;
    for (int k = i; k < p->r->rows; k++) {
        if (!method_of(p->r, k, task) ||
            !same(value_at(p->r, i, task, at), value_at(p->r, k, task, at)))
            continue;
        if (named++ < NAMED) af_html(p->to, named > 1 ? ", $" : "$", p->r->label[k]);
    }
    if (named > NAMED) fprintf(p->to, " and %d more", named - NAMED);
}

/* One line for each value; none when all have the same. */
static void write_values(af_page *p, int task, place at)
{
    for (int i = 0, lines = 0; i < p->r->rows; i++) {
        bool told = !method_of(p->r, i, task), alone = true;
        for (int k = 0; k < p->r->rows; k++) {
            if (!method_of(p->r, k, task)) continue;
            bool equal = same(value_at(p->r, i, task, at), value_at(p->r, k, task, at));
            told |= k < i && equal;
            alone &= equal;
        }
        if (told || (alone && !lines)) continue;
        lines++;
        af_page_open_row(p, p->r->task[task]->task);
        af_html(p->to, "<td>$$", at.ingredient, at.member ? ", " : "");
        af_html_cut(p->to, at.member, 100);
        fputs("</td><td class=\"w\">", p->to);
        if (value_at(p->r, i, task, at))
            af_page_json(p, value_at(p->r, i, task, at));
        else
            fputs("absent", p->to);
        fputs("</td><td class=\"w\">", p->to);
        write_methods(p, task, at, i);
        fputs("</td></tr>\n", p->to);
    }
}

/* All members that any row has of an ingredient; NULL when it is not an object everywhere. */
static json_t *members_of(const af_page *p, int task, const char *ingredient)
{
    json_t *all = json_object();
    for (int i = 0; i < p->r->rows; i++) {
        if (!method_of(p->r, i, task)) continue;
        json_t *value = json_object_get(method_of(p->r, i, task), ingredient);
        if (!json_is_object(value)) {
            json_decref(all);
            return NULL;
        }
        json_object_update_missing(all, value);
    }
    return all;
}

static void write_ingredient(af_page *p, int task, const char *ingredient)
{
    const char *name;
    json_t *value, *members = members_of(p, task, ingredient);
    json_object_foreach(members, name, value) write_values(p, task, (place){ingredient, name});
    if (!members) write_values(p, task, (place){ingredient, NULL});
    json_decref(members);
}

static void open_differences(af_page *p)
{
    fputs("<p>Between methods these ingredients differ. A difference of scores may come from them; "
          "a claim about the search alone needs rows that share all of them.</p>\n",
          p->to);
    af_page_open_table(p, "Ingredients in which methods differ");
    fputs("<thead><tr><th>task</th><th>ingredient</th><th>value</th><th>methods</th></tr></thead>\n"
          "<tbody>\n",
          p->to);
}

static void write_differences(af_page *p)
{
    bool any = false;
    for (int t = 0; t < p->r->tasks; t++) {
        const char *name;
        json_t *value, *all = af_page_ingredients(p, t);
        json_object_foreach(all, name, value)
        {
            if (!af_page_differs(p, t, name)) continue;
            if (!any) open_differences(p);
            any = true;
            write_ingredient(p, t, name);
        }
        json_decref(all);
    }
    if (any)
        af_page_close_table(p);
    else
        fputs("<p>On every task all methods share space, recipe, loss, precision, backend and "
              "version.</p>\n",
              p->to);
}

void af_page_keys(af_page *p)
{
    fputs("<section id=\"keys\">\n<h2>What may be compared</h2>\n<p>Within a column all results "
          "have the same task key: the same data, splits, protocol, metric and unit of cost. "
          "Between columns errors do not compare.</p>\n",
          p->to);
    write_tasks(p);
    write_differences(p);
    fputs("</section>\n", p->to);
}
