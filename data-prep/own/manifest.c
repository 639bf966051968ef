/* From a manifest's tree to a task and to where its arrays lie. Files are not looked at here, so a
 * stored manifest tells what its task is wherever the raw data have gone. */
#include "data-prep/own/manifest.h"
#include <stdio.h>
#include <string.h>
#include "core/base/file.h"
#include "core/registry.h"
#include "core/train/loss.h"

const char *const af_own_axes_names[] = {"auto", "N",   "NC",   "NW",   "NHW",
                                         "NCW",  "NWC", "NCHW", "NHWC", NULL};

/* ---- what kind of task ---- */

static af_status read_name(af_own *own, const af_yaml_node *root)
{
    af_task *t = &own->task;
    const af_yaml_node *n = af_yaml_get(root, "task");
    AF_TRY(af_yaml_text(&t->name, root, "task"));
    if (!n) return af_yaml_fail(root, "no `task:`; want the name that `--task` will know it by");
    const size_t length = strspn(t->name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (t->name[length] || length < 2 || length > AF_OWN_NAME || t->name[0] < 'a')
        return af_yaml_fail(n, "'%.60s', want 2 to %d of a-z, 0-9 and _, beginning with a letter",
                            t->name, AF_OWN_NAME);
    for (const af_task *const *b = af_builtin.task; *b; b++)
        if (!strcmp((*b)->name, t->name))
            return af_yaml_fail(n, "'%s' is a built-in task; want another name, such as my_%s",
                                t->name, t->name);
    return AF_OK;
}

static af_status read_about(af_own *own, const af_yaml_node *root)
{
    af_task *t = &own->task;
    t->title = t->name;
    t->domain = "own data";
    t->summary = t->notes = t->cite = t->license = "";
    AF_TRY(af_yaml_text(&t->title, root, "title"));
    AF_TRY(af_yaml_text(&t->domain, root, "domain"));
    AF_TRY(af_yaml_text(&t->summary, root, "summary"));
    AF_TRY(af_yaml_text(&t->notes, root, "notes"));
    AF_TRY(af_yaml_text(&t->cite, root, "cite"));
    AF_TRY(af_yaml_text(&t->license, root, "licence"));
    return AF_OK;
}

static af_status read_kinds(af_own *own, const af_yaml_node *root)
{
    static const char *const objectives[] = {"single_label", "multi_label", "dense_regression",
                                             "dense_binary", NULL};
    static const char *const aggregates[] = {"per_sample", "majority", "mean_logit", NULL};
    static const char *const samplers[] = {"all", "one_per_group", NULL};
    int objective = AF_SINGLE_LABEL, aggregate = AF_PER_SAMPLE, sampler = AF_ALL, size = AF_SMALL;
    if (!af_yaml_get(root, "objective"))
        return af_yaml_fail(root, "no `objective:`; want one of: single_label, multi_label, "
                                  "dense_regression, dense_binary");
    AF_TRY(af_yaml_choice(&objective, root, "objective", objectives));
    AF_TRY(af_yaml_choice(&aggregate, root, "aggregate", aggregates));
    AF_TRY(af_yaml_choice(&sampler, root, "sampler", samplers));
    AF_TRY(af_yaml_choice(&size, root, "size", af_size_names));
    if (aggregate == AF_MAJORITY && objective != AF_SINGLE_LABEL)
        return af_yaml_fail(af_yaml_get(root, "aggregate"), "a majority needs single labels");
    if (aggregate != AF_PER_SAMPLE && objective >= AF_DENSE_REGRESSION)
        return af_yaml_fail(af_yaml_get(root, "aggregate"), "want per_sample for a dense task");
    own->task.objective = (af_objective)objective;
    own->task.aggregate = (af_aggregate)aggregate;
    own->task.sampler = (af_sampler)sampler;
    own->task.size = (af_size)size;
    return AF_OK;
}

/* ---- loss and metric ---- */

static bool loss_fits(const af_loss *l, const af_task *t)
{
    return (l->target == AF_TARGET_CLASS) == (t->objective == AF_SINGLE_LABEL);
}

/* What is learned with bce are logits, of which a distance to the targets says nothing. */
static bool metric_fits(const af_metric *m, const af_task *t)
{
    if (m->dense != (t->objective != AF_SINGLE_LABEL)) return false;
    return strcmp(t->loss, af_loss_bce.name) != 0 || !af_loss_find(m->name);
}

static af_status read_loss(af_task *t, const af_yaml_node *root)
{
    static const char *const usual[] = {[AF_SINGLE_LABEL] = "cross_entropy",
                                        [AF_MULTI_LABEL] = "bce",
                                        [AF_DENSE_REGRESSION] = "mse",
                                        [AF_DENSE_BINARY] = "bce"};
    char list[256] = "";
    t->loss = usual[t->objective];
    AF_TRY(af_yaml_text(&t->loss, root, "loss"));
    const af_loss *loss = af_loss_find(t->loss);
    if (loss && loss_fits(loss, t)) return AF_OK;
    for (const af_loss *const *l = af_losses; *l; l++) {
        const size_t used = strlen(list);
        if (loss_fits(*l, t))
            snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", (*l)->name);
    }
    return af_yaml_fail(af_yaml_get(root, "loss"), "'%.40s' %s %s; want one of: %s", t->loss,
                        loss ? "does not fit" : "is no loss; for", af_objective_names[t->objective],
                        list);
}

static af_status read_metric(af_task *t, const af_yaml_node *root)
{
    static const char *const usual[] = {[AF_SINGLE_LABEL] = "accuracy",
                                        [AF_MULTI_LABEL] = NULL,
                                        [AF_DENSE_REGRESSION] = "mse",
                                        [AF_DENSE_BINARY] = NULL};
    const af_yaml_node *n = af_yaml_get(root, "metric");
    char list[256] = "";
    t->metric = usual[t->objective];
    AF_TRY(af_yaml_text(&t->metric, root, "metric"));
    const af_metric *metric = t->metric ? af_find_metric(t->metric) : NULL;
    if (metric && metric_fits(metric, t)) return AF_OK;
    for (const af_metric *const *m = af_builtin.metric; *m; m++) {
        const size_t used = strlen(list);
        if (metric_fits(*m, t))
            snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", (*m)->name);
    }
    if (!n)
        return af_yaml_fail(root, "no `metric:` for %s with loss %s; there are: %s",
                            af_objective_names[t->objective], t->loss, *list ? list : "none");
    return af_yaml_fail(n, "'%.40s' %s %s with loss %s; there are: %s", t->metric,
                        metric ? "does not fit" : "is no metric; for",
                        af_objective_names[t->objective], t->loss, *list ? list : "none");
}

/* ---- labels ---- */

static af_status read_labels(af_own *own, const af_yaml_node *root)
{
    const bool classes = own->task.objective <= AF_MULTI_LABEL;
    const af_yaml_node *list = af_yaml_get(root, "labels"), *count = af_yaml_get(root, "classes");
    const af_yaml_node *first = af_yaml_get(root, "first_label");
    int64_t n = 0;
    if (!classes && (list || count || first))
        return af_yaml_fail(list ? list : count ? count : first, "a dense task has no labels");
    if (own->task.objective != AF_SINGLE_LABEL && first)
        return af_yaml_fail(first, "only for single_label; other labels are columns of 0 and 1");
    AF_TRY(af_yaml_int(&n, root, "classes", 1, 1 << 16));
    AF_TRY(af_yaml_int(&own->first_label, root, "first_label", INT32_MIN, INT32_MAX));
    own->classes = (int)n;
    if (!list) return AF_OK;
    const int names = list->kind == AF_YAML_LIST ? af_yaml_count(list) : 0;
    if (names < 1 || names > 1 << 16) return af_yaml_fail(list, "want a list of class names");
    if (n && n != names) return af_yaml_fail(list, "%d names for %d classes", names, own->classes);
    const char **out = af_arena_alloc(own->yaml->arena, (size_t)(names + 1) * sizeof *out);
    if (!out) return AF_ENOMEM;
    int k = 0;
    for (const af_yaml_node *m = list->first; m; m = m->next) {
        if (m->kind != AF_YAML_TEXT || !*m->text || strlen(m->text) >= AF_ID_MAX)
            return af_yaml_fail(m, "want a name of 1 to %d bytes", AF_ID_MAX - 1);
        for (const char *c = m->text; *c; c++)
            if ((unsigned char)*c < ' ') return af_yaml_fail(m, "a control character in a name");
        out[k++] = m->text;
    }
    own->task.labels = out;
    own->classes = names;
    return AF_OK;
}

/* ---- arrays ---- */

static af_status read_source(af_own_source *s, const af_yaml_node *n)
{
    static const char *const keys[] = {"file", "key", "columns", "separator", "header", NULL};
    static const char *const headers[] = {"false", "true", "auto", NULL};
    *s = (af_own_source){.at = n, .header = 2};
    if (!n) return AF_OK;
    if (n->kind == AF_YAML_TEXT) {
        s->file = n->text;
    } else {
        AF_TRY(af_yaml_keys(n, keys));
        AF_TRY(af_yaml_text(&s->file, n, "file"));
        AF_TRY(af_yaml_text(&s->key, n, "key"));
        AF_TRY(af_yaml_text(&s->separator, n, "separator"));
        AF_TRY(af_yaml_choice(&s->header, n, "header", headers));
        s->columns = af_yaml_get(n, "columns");
    }
    if (!s->file || !*s->file) return af_yaml_fail(n, "no `file:`; want the array's file");
    if (s->separator && strlen(s->separator) != 1)
        return af_yaml_fail(af_yaml_get(n, "separator"), "'%.20s', want one character",
                            s->separator);
    return AF_OK;
}

static af_status read_part(af_own_part *p, const af_yaml_node *map, bool with_axes)
{
    static const char *const all[] = {"x",      "y",     "id",      "group", "axes",
                                      "y_axes", "scale", "y_scale", NULL};
    static const char *const few[] = {"x", "y", "id", "group", NULL};
    AF_TRY(af_yaml_keys(map, with_axes ? all : few));
    AF_TRY(read_source(&p->x, af_yaml_get(map, "x")));
    AF_TRY(read_source(&p->y, af_yaml_get(map, "y")));
    AF_TRY(read_source(&p->id, af_yaml_get(map, "id")));
    AF_TRY(read_source(&p->group, af_yaml_get(map, "group")));
    if (!p->x.at) return af_yaml_fail(map, "no `x:`; want the inputs");
    if (!p->y.at) return af_yaml_fail(map, "no `y:`; want the targets");
    return AF_OK;
}

static af_status read_layout(af_own *own, const af_yaml_node *map)
{
    static const char *const scales[] = {"channel", "element", "none", NULL};
    const bool regression = own->task.objective == AF_DENSE_REGRESSION;
    int x = AF_OWN_BY_RANK, y = AF_OWN_BY_RANK, x_scale = AF_OWN_CHANNEL;
    int y_scale = regression ? AF_OWN_CHANNEL : AF_OWN_UNSCALED;
    AF_TRY(af_yaml_choice(&x, map, "axes", af_own_axes_names));
    AF_TRY(af_yaml_choice(&y, map, "y_axes", af_own_axes_names));
    AF_TRY(af_yaml_choice(&x_scale, map, "scale", scales));
    AF_TRY(af_yaml_choice(&y_scale, map, "y_scale", scales));
    if (own->task.objective < AF_DENSE_REGRESSION && af_yaml_get(map, "y_axes"))
        return af_yaml_fail(af_yaml_get(map, "y_axes"), "only for dense tasks");
    if (!regression && af_yaml_get(map, "y_scale"))
        return af_yaml_fail(af_yaml_get(map, "y_scale"), "only for dense_regression");
    own->x_axes = (af_own_axes)x;
    own->y_axes = (af_own_axes)y;
    own->x_scale = (af_own_scale)x_scale;
    own->y_scale = (af_own_scale)y_scale;
    return AF_OK;
}

static af_status read_data(af_own *own, const af_yaml_node *root)
{
    static const char *const ready[] = {"train",  "valid", "test",    "axes",
                                        "y_axes", "scale", "y_scale", NULL};
    const af_yaml_node *map = af_yaml_get(root, "data");
    if (!map) return af_yaml_fail(root, "no `data:`; want the files of the arrays below it");
    own->ready = af_yaml_get(map, "train") || af_yaml_get(map, "test");
    if (!own->ready) AF_TRY(read_part(&own->part[0], map, true));
    if (own->ready) AF_TRY(af_yaml_keys(map, ready));
    AF_TRY(read_layout(own, map));
    for (int s = 0; own->ready && s < AF_SPLITS; s++) {
        const af_yaml_node *part = af_yaml_get(map, af_split_names[s]);
        if (!part && s == AF_VALID) continue; /* cut from train */
        if (!part) return af_yaml_fail(map, "no `%s:`", af_split_names[s]);
        AF_TRY(read_part(&own->part[s], part, false));
        if (!own->part[s].group.at != !own->part[AF_TRAIN].group.at)
            return af_yaml_fail(part, "want `group:` in all parts or in none");
    }
    return AF_OK;
}

/* ---- splits ---- */

static af_status read_lists(af_own *own, const af_yaml_node *map)
{
    static const char *const keys[] = {"train", "valid", "test", NULL};
    AF_TRY(af_yaml_keys(map, keys));
    own->listed = true;
    if (own->ready) return af_yaml_fail(map, "index lists, but the data come in parts already");
    for (int s = 0; s < AF_SPLITS; s++) {
        const af_yaml_node *n = af_yaml_get(map, keys[s]);
        if (!n) return af_yaml_fail(map, "no `%s:`; want its samples' indices", keys[s]);
        if (n->kind == AF_YAML_LIST)
            own->inline_index[s] = n;
        else
            AF_TRY(read_source(&own->index[s], n));
    }
    return AF_OK;
}

static af_status read_split(af_own *own, const af_yaml_node *root)
{
    static const char *const keys[] = {"valid", "test", "seed", NULL};
    static const char *const valid_only[] = {"valid", "seed", NULL};
    const af_yaml_node *map = own->split = af_yaml_get(root, "split");
    const bool cut = own->ready && !own->part[AF_VALID].x.at;
    int64_t seed = 0;
    own->valid = 0.1;
    own->test = own->ready ? 0 : 0.1;
    if (map && own->ready && !cut)
        return af_yaml_fail(map, "the data come in parts already; leave it out");
    if (!map) return AF_OK;
    if (af_yaml_get(map, "train")) return read_lists(own, map);
    AF_TRY(af_yaml_keys(map, own->ready ? valid_only : keys));
    AF_TRY(af_yaml_real(&own->valid, map, "valid", 0.001, 0.9));
    if (!own->ready) AF_TRY(af_yaml_real(&own->test, map, "test", 0.001, 0.9));
    AF_TRY(af_yaml_int(&seed, map, "seed", 0, INT64_MAX));
    own->seed = (uint64_t)seed;
    if (own->valid + own->test < 0.95) return AF_OK;
    return af_yaml_fail(map, "valid %g and test %g leave too little to train on", own->valid,
                        own->test);
}

static af_status needs_groups(const af_own *own, const af_yaml_node *root)
{
    const af_task *t = &own->task;
    if (own->part[0].group.at) return AF_OK;
    if (t->aggregate != AF_PER_SAMPLE)
        return af_yaml_fail(af_yaml_get(root, "aggregate"), "needs `group:` beside x and y");
    if (t->sampler != AF_ALL)
        return af_yaml_fail(af_yaml_get(root, "sampler"), "needs `group:` beside x and y");
    return AF_OK;
}

static af_status read_manifest(af_own *own)
{
    static const char *const keys[] = {"task",        "title",   "domain",    "summary", "notes",
                                       "cite",        "licence", "objective", "loss",    "metric",
                                       "aggregate",   "sampler", "size",      "labels",  "classes",
                                       "first_label", "recipe",  "data",      "split",   NULL};
    const af_yaml_node *root = own->yaml->root;
    AF_TRY(af_yaml_keys(root, keys));
    AF_TRY(read_name(own, root));
    AF_TRY(read_about(own, root));
    AF_TRY(read_kinds(own, root));
    AF_TRY(read_loss(&own->task, root));
    AF_TRY(read_metric(&own->task, root));
    AF_TRY(read_labels(own, root));
    AF_TRY(read_data(own, root));
    AF_TRY(read_split(own, root));
    AF_TRY(needs_groups(own, root));
    own->task.own = true;
    AF_TRY(af_own_recipe(&own->task.recipe[0], root, &own->task));
    for (int s = 1; s < AF_SIZES; s++) own->task.recipe[s] = own->task.recipe[0];
    return AF_OK;
}

af_status af_own_parse(af_own **out, const char *text, size_t size, const char *path)
{
    af_own *own = af_calloc(1, sizeof *own);
    *out = NULL;
    if (!own) return AF_ENOMEM;
    af_status st = af_yaml_parse(&own->yaml, text, size, path);
    if (st == AF_OK) st = read_manifest(own);
    if (st == AF_OK)
        *out = own;
    else
        af_own_free(own);
    return st;
}

af_status af_own_load(af_own **out, const char *path)
{
    char *text;
    size_t size;
    AF_TRY(af_file_read(&text, &size, path, AF_OWN_FILE));
    af_status st = af_own_parse(out, text, size, path);
    af_free(text);
    return st;
}

void af_own_free(af_own *own)
{
    if (!own) return;
    af_yaml_free(own->yaml);
    af_free(own);
}
