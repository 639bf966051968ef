/* From a manifest's tree to a task and to where its arrays lie. Files are not looked at here, so a
 * stored manifest tells what its task is wherever the raw data have gone. */
#include "data-prep/own/manifest.h"
#include <stdio.h>
#include <string.h>
#include "core/base/file.h"
#include "core/registry.h"
#include "core/train/loss.h"

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

/* ---- all of it ---- */

/* Data that a task's import has made: there is nothing to say about files. */
static af_status read_parent(af_own *own, const af_yaml_node *root)
{
    const af_yaml_node *n = af_yaml_get(root, "variant_of");
    const char *name = NULL, *data[] = {"data", "split", "first_label"};
    AF_TRY(af_yaml_text(&name, root, "variant_of"));
    for (const af_task *const *b = af_builtin.task; name && *b; b++)
        if (!strcmp((*b)->name, name)) own->task.variant_of = (*b)->name;
    if (!own->task.variant_of)
        return af_yaml_fail(n, "'%.40s' is no built-in task, whose import makes the data", name);
    for (size_t i = 0; i < sizeof data / sizeof *data; i++)
        if (af_yaml_get(root, data[i]))
            return af_yaml_fail(af_yaml_get(root, data[i]),
                                "not beside `variant_of:`; the import of %s knows it", name);
    return AF_OK;
}

static af_status read_manifest(af_own *own)
{
    static const char *const keys[] = {
        "task",      "title",       "domain", "summary",   "notes",   "cite",       "licence",
        "objective", "loss",        "metric", "aggregate", "sampler", "size",       "labels",
        "classes",   "first_label", "recipe", "data",      "split",   "variant_of", NULL};
    const af_yaml_node *root = own->yaml->root;
    AF_TRY(af_yaml_keys(root, keys));
    AF_TRY(read_name(own, root));
    AF_TRY(read_about(own, root));
    AF_TRY(read_kinds(own, root));
    AF_TRY(read_loss(&own->task, root));
    AF_TRY(read_metric(&own->task, root));
    AF_TRY(read_labels(own, root));
    AF_TRY(af_yaml_get(root, "variant_of") ? read_parent(own, root) : af_own_read_data(own, root));
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
