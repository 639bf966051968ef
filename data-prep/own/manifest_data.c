/* The half of a manifest that says where arrays are, how they lie, and how samples are split. */
#include <string.h>
#include "data-prep/own/manifest.h"

const char *const af_own_axes_names[] = {"auto", "N",   "NC",   "NW",   "NHW",
                                         "NCW",  "NWC", "NCHW", "NHWC", NULL};

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

af_status af_own_read_data(af_own *own, const af_yaml_node *root)
{
    AF_TRY(read_data(own, root));
    AF_TRY(read_split(own, root));
    return needs_groups(own, root);
}
