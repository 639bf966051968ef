/* afield list: everything that exists, from the registry. */
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "eval/cli.h"
#include "eval/own.h"

typedef struct options {
    bool json;
} options;
static const af_option table[] = {
    {"json", AF_OPT_FLAG, offsetof(options, json), "false", 0, 0, "print JSON", NULL, NULL}, {0}};

enum { MAX_ROWS = 256 };
typedef struct line {
    const char *name, *text, *note;
} line;
typedef struct kind {
    const char *name;
    bool (*get)(size_t i, line *out); /* false: past the end */
} kind;

/* The i-th space that is, or is not, a baseline. */
static bool nth_space(size_t i, bool baseline, line *out)
{
    for (size_t k = 0; af_builtin.space[k]; k++) {
        const af_space *s = af_builtin.space[k];
        if (s->baseline != baseline || i-- > 0) continue;
        *out = (line){s->name, s->title, s->cite};
        return true;
    }
    return false;
}
/* The i-th own task; one whose manifest is damaged is listed with what is wrong. */
static bool nth_own(size_t i, line *out)
{
    static struct {
        char name[64], problem[192];
    } text[MAX_ROWS];
    char **names;
    size_t count;
    const af_task *t;
    if (af_own_list(&names, &count) != AF_OK) return false;
    const bool there = i < count && i < MAX_ROWS;
    if (there) snprintf(text[i].name, sizeof text[i].name, "%s", names[i]);
    af_free(names);
    if (!there) return false;
    if (af_own_find(&t, text[i].name) == AF_OK && t) {
        *out = (line){t->name, t->title, t->domain};
        return true;
    }
    snprintf(text[i].problem, sizeof text[i].problem, "not usable: %s", af_error());
    *out = (line){text[i].name, text[i].problem, "own data"};
    return true;
}
static bool tasks(size_t i, line *out)
{
    size_t k = 0;
    while (af_builtin.task[k]) k++;
    if (i >= k) return nth_own(i - k, out);
    const af_task *t = af_builtin.task[i];
    *out = (line){t->name, t->title, t->domain};
    return true;
}
static bool spaces(size_t i, line *out)
{
    return nth_space(i, false, out);
}
static bool searchers(size_t i, line *out)
{
    const af_searcher *s = af_builtin.searcher[i];
    if (s) *out = (line){s->name, s->title, s->cite};
    return s != NULL;
}
static bool baselines(size_t i, line *out)
{
    return nth_space(i, true, out);
}
static bool metrics(size_t i, line *out)
{
    const af_metric *m = af_builtin.metric[i];
    if (m)
        *out =
            (line){m->name, m->title, m->higher_is_better ? "higher is better" : "lower is better"};
    return m != NULL;
}
static bool ops(size_t i, line *out)
{
    const af_op *o = af_builtin.op[i];
    if (o) *out = (line){o->name, o->summary, ""};
    return o != NULL;
}
static bool backends(size_t i, line *out)
{
    static char text[64][256];
    const af_backend *b = af_builtin.backend[i];
    if (!b || i >= 64) return false;
    bool usable = b->probe(text[i], sizeof text[i]) == AF_OK;
    if (!usable) snprintf(text[i], sizeof text[i], "not usable here: %s", af_error());
    *out = (line){b->name, b->summary, text[i]};
    return true;
}

static const kind kinds[] = {
    {"tasks", tasks},     {"spaces", spaces}, {"searchers", searchers}, {"baselines", baselines},
    {"metrics", metrics}, {"ops", ops},       {"backends", backends}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void print_text(const kind *k)
{
    line lines[MAX_ROWS];
    const char *cells[MAX_ROWS + 1][4], *const *rows[MAX_ROWS + 2] = {0};
    size_t n = 0;
    cells[0][0] = k->name, cells[0][1] = cells[0][2] = "", cells[0][3] = NULL;
    rows[0] = cells[0];
    while (n < MAX_ROWS && k->get(n, &lines[n])) {
        const line *l = &lines[n++];
        cells[n][0] = l->name, cells[n][1] = l->text;
        cells[n][2] = l->note ? l->note : "";
        cells[n][3] = NULL;
        rows[n] = cells[n];
    }
    af_print_table(rows, (bool[4]){0});
}

static json_t *to_json(const kind *k)
{
    json_t *list = json_array();
    line l;
    for (size_t i = 0; k->get(i, &l); i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", l.name, "title",
                                              l.text ? l.text : "", "note", l.note ? l.note : ""));
    return list;
}

static af_status run(const void *values, const char *const *words, int count)
{
    const options *o = values;
    bool known = count == 0, first = true;
    json_t *all = json_object();
    for (int i = 0; i < KINDS; i++) {
        if (count && strcmp(words[0], kinds[i].name) != 0) continue;
        known = true;
        if (o->json) {
            json_object_set_new(all, kinds[i].name, to_json(&kinds[i]));
            continue;
        }
        if (!first) putchar('\n');
        first = false;
        print_text(&kinds[i]);
    }
    if (known && o->json) return af_print_json(all);
    json_decref(all);
    return known ? AF_OK
                 : af_fail(AF_EUSAGE,
                           "no kind '%.40s'; there are: tasks, spaces, searchers, baselines, "
                           "metrics, ops, backends",
                           words[0]);
}

const af_cmd af_cmd_list = {
    .name = "list",
    .usage = "[tasks|spaces|searchers|baselines|metrics|ops|backends] [--json]",
    .summary = "everything that exists",
    .order = 1,
    .options = table,
    .options_size = sizeof(options),
    .max_words = 1,
    .run = run,
};
