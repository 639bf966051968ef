/* Recipes of own tasks. Defaults by size are those of the plain Wide ResNet on the built-in tasks:
 * SGD with Nesterov momentum 0.9, decay 5e-4, from lr 0.1, which NAS-Bench-360 trains for 200
 * epochs with steps at 0.3, 0.6 and 0.8; smaller sizes anneal by a cosine. Dense tasks, whose
 * losses are small and whose batches are few, get Adam. */
#include "data-prep/own/manifest.h"

static const af_recipe labels[AF_SIZES] = {
    [AF_TINY] = {.epochs = 12, .batch = 32, .lr = 0.05, .schedule = {.kind = AF_COSINE}},
    [AF_SMALL] = {.epochs = 24, .batch = 64, .lr = 0.1, .schedule = {.kind = AF_COSINE}},
    [AF_FULL] = {.epochs = 200,
                 .batch = 128,
                 .lr = 0.1,
                 .schedule = {.kind = AF_STEP, .milestones = {0.3, 0.6, 0.8}, .factor = 0.2}},
};
static const af_recipe dense[AF_SIZES] = {
    [AF_TINY] = {.epochs = 12, .batch = 8, .lr = 0.005, .schedule = {.kind = AF_COSINE}},
    [AF_SMALL] = {.epochs = 24, .batch = 8, .lr = 0.005, .schedule = {.kind = AF_COSINE}},
    [AF_FULL] = {.epochs = 200, .batch = 8, .lr = 0.001, .schedule = {.kind = AF_COSINE}},
};

static af_recipe defaults(const af_task *t)
{
    const bool is_dense = t->objective == AF_DENSE_REGRESSION || t->objective == AF_DENSE_BINARY;
    af_recipe r = is_dense ? dense[t->size] : labels[t->size];
    r.optimiser = is_dense ? AF_ADAM : AF_SGD;
    r.momentum = is_dense ? 0 : 0.9;
    r.weight_decay = is_dense ? 0 : 5e-4;
    return r;
}

static af_status read_int(int *out, const af_yaml_node *map, const char *name, int low, int high)
{
    int64_t v = *out;
    AF_TRY(af_yaml_int(&v, map, name, low, high));
    *out = (int)v;
    return AF_OK;
}

static af_status read_milestones(af_schedule *s, const af_yaml_node *list)
{
    const int most = sizeof s->milestones / sizeof *s->milestones;
    int k = 0;
    double before = 0;
    if (!list) return AF_OK;
    if (list->kind != AF_YAML_LIST || af_yaml_count(list) > most)
        return af_yaml_fail(list, "want a list of at most %d fractions of the run", most);
    for (int i = 0; i < most; i++) s->milestones[i] = 0;
    for (const af_yaml_node *n = list->first; n; n = n->next) {
        AF_TRY(af_yaml_real_of(&s->milestones[k], n, 0.001, 0.999));
        if (s->milestones[k] <= before) return af_yaml_fail(n, "want ascending fractions");
        before = s->milestones[k++];
    }
    return AF_OK;
}

static af_status read_schedule(af_schedule *s, const af_yaml_node *map)
{
    static const char *const kinds[] = {"constant", "cosine", "step", NULL};
    int kind = s->kind;
    const af_yaml_node *list = af_yaml_get(map, "milestones");
    AF_TRY(af_yaml_choice(&kind, map, "schedule", kinds));
    if (kind == AF_STEP && s->kind != AF_STEP)
        *s = (af_schedule){.milestones = {0.3, 0.6, 0.8}, .factor = 0.2};
    else if (kind != AF_STEP)
        *s = (af_schedule){0};
    s->kind = (af_schedule_kind)kind;
    AF_TRY(af_yaml_real(&s->warmup, map, "warmup", 0, 1));
    if (kind != AF_STEP && list) return af_yaml_fail(list, "only with `schedule: step`");
    if (kind != AF_STEP && af_yaml_get(map, "factor"))
        return af_yaml_fail(af_yaml_get(map, "factor"), "only with `schedule: step`");
    AF_TRY(af_yaml_real(&s->factor, map, "factor", 1e-6, 1));
    return read_milestones(s, list);
}

static af_status read_augment(af_augment *a, const af_yaml_node *map)
{
    static const char *const keys[] = {"crop", "flip", "cutout", NULL};
    if (!map) return AF_OK;
    AF_TRY(af_yaml_keys(map, keys));
    AF_TRY(read_int(&a->pad, map, "crop", 0, 1024));
    AF_TRY(af_yaml_flag(&a->flip, map, "flip"));
    return read_int(&a->cutout, map, "cutout", 0, 1024);
}

af_status af_own_recipe(af_recipe *out, const af_yaml_node *root, const af_task *task)
{
    static const char *const keys[] = {
        "epochs", "batch",        "optimiser", "lr",         "momentum", "clip",    "schedule",
        "warmup", "weight_decay", "factor",    "milestones", "dropout",  "augment", NULL};
    static const char *const optimisers[] = {"sgd", "adam", "adamw", NULL};
    const af_yaml_node *map = af_yaml_get(root, "recipe");
    *out = defaults(task);
    if (!map) return AF_OK;
    int optimiser = out->optimiser;
    AF_TRY(af_yaml_keys(map, keys));
    AF_TRY(read_int(&out->epochs, map, "epochs", 1, AF_EPOCHS_MAX));
    AF_TRY(read_int(&out->batch, map, "batch", 1, 1 << 16));
    AF_TRY(af_yaml_choice(&optimiser, map, "optimiser", optimisers));
    if (optimiser != (int)out->optimiser) { /* the default's rates were for the other one */
        out->lr = optimiser == AF_SGD ? 0.1 : 0.001;
        out->momentum = optimiser == AF_SGD ? 0.9 : 0;
    }
    out->optimiser = (af_optimiser)optimiser;
    AF_TRY(af_yaml_real(&out->lr, map, "lr", 1e-8, 100));
    AF_TRY(af_yaml_real(&out->momentum, map, "momentum", 0, 0.9999));
    AF_TRY(af_yaml_real(&out->weight_decay, map, "weight_decay", 0, 10));
    AF_TRY(af_yaml_real(&out->clip, map, "clip", 0, 1e6));
    AF_TRY(af_yaml_real(&out->dropout, map, "dropout", 0, 0.95));
    AF_TRY(read_schedule(&out->schedule, map));
    return read_augment(&out->augment, af_yaml_get(map, "augment"));
}
