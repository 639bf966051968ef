/* Targets: single labels as numbers or as names, many labels as columns of 0 and 1, dense maps. */
#include <stdio.h>
#include <string.h>
#include "data-prep/own/samples.h"

static af_status want_count(const af_own_source *y, int64_t have, int64_t want)
{
    if (have == want) return AF_OK;
    return af_yaml_fail(y->at, "%s has %lld samples, want the %lld of x", y->file, (long long)have,
                        (long long)want);
}

/* ---- single labels ---- */

static af_status number_label(int32_t *out, const af_own *own, double v, int64_t i,
                              const af_own_source *y)
{
    const double shifted = v - (double)own->first_label;
    const int most = own->classes ? own->classes : 1 << 16;
    if (shifted >= 0 && shifted < most && shifted == (double)(int32_t)shifted) {
        *out = (int32_t)shifted;
        return AF_OK;
    }
    return af_yaml_fail(
        y->at, "%s: sample %lld has label %g, want whole numbers from %lld to %lld%s", y->file,
        (long long)i, v, (long long)own->first_label, (long long)own->first_label + most - 1,
        own->first_label ? "" : " (or say `first_label: 1`)");
}

static af_status name_label(int32_t *out, const af_own *own, const char *name, int64_t i,
                            const af_own_source *y)
{
    const char *const *labels = own->task.labels;
    for (int k = 0; labels && labels[k]; k++)
        if (!strcmp(labels[k], name)) {
            *out = k;
            return AF_OK;
        }
    return af_yaml_fail(y->at, "%s: sample %lld has label '%.63s', %s", y->file, (long long)i, name,
                        labels ? "which is none of `labels:`"
                               : "want numbers, or `labels:` with all names");
}

static af_status read_labels(af_own_samples *s, int part)
{
    const af_own_source *y = &s->own->part[part].y;
    const int64_t n = s->first[part + 1] - s->first[part];
    int32_t *to = s->label + s->first[part];
    af_own_array a;
    AF_TRY(af_own_array_read(&a, y, s->base, AF_OWN_CODES));
    af_status st = AF_OK;
    if (a.rank > 2 || (a.rank == 2 && a.shape[1] != 1))
        st = af_yaml_fail(y->at, "%s: want one label a sample; for several use multi_label",
                          y->file);
    if (st == AF_OK) st = want_count(y, a.shape[0], n);
    for (int64_t i = 0; i < n && st == AF_OK; i++)
        st = a.type == AF_OWN_TEXT
                 ? name_label(&to[i], s->own, (const char *)a.data + i * AF_ID_MAX, i, y)
                 : number_label(&to[i], s->own, af_own_element(&a, i), i, y);
    af_own_array_close(&a);
    return st;
}

static af_status all_labels(af_own_samples *s)
{
    int32_t most = 0;
    s->label = af_calloc((size_t)s->n, sizeof *s->label);
    if (!s->label) return AF_ENOMEM;
    for (int k = 0; k < AF_SPLITS; k++)
        if (s->own->part[k].y.at) AF_TRY(read_labels(s, k));
    for (int64_t i = 0; i < s->n; i++) most = s->label[i] > most ? s->label[i] : most;
    s->output = (af_shape){s->own->classes ? s->own->classes : most + 1, 1, 1};
    if (s->output.c > 1) return AF_OK;
    return af_yaml_fail(s->own->part[0].y.at, "one class only; want at least 2");
}

/* ---- values ---- */

static af_status check_output(const af_own_samples *s, const af_own_source *y, af_shape p,
                              bool first)
{
    const af_own *own = s->own;
    const bool labels = own->task.objective == AF_MULTI_LABEL;
    char one[64], other[64];
    if (labels && own->classes && p.c != own->classes)
        return af_yaml_fail(y->at, "%s: %d columns, want %d, one for each class", y->file, p.c,
                            own->classes);
    if (!labels && (p.h != s->input.h || p.w != s->input.w))
        return af_yaml_fail(y->at, "%s: maps of %d x %d, want %d x %d as x has; see `y_axes:`",
                            y->file, p.h, p.w, s->input.h, s->input.w);
    if (first || af_shape_same(p, s->output)) return AF_OK;
    return af_yaml_fail(y->at, "samples of %s, want %s as in train", af_own_shape_text(one, p),
                        af_own_shape_text(other, s->output));
}

static af_status put(const af_own_samples *s, int part, const af_own_array *a, const af_own_view *v)
{
    const af_own_source *y = &s->own->part[part].y;
    const af_shape p = v->shape;
    const bool binary = s->own->task.objective != AF_DENSE_REGRESSION;
    float *to = s->dense + s->first[part] * af_shape_size(p);
    for (int64_t i = 0; i < v->n; i++)
        for (int c = 0; c < p.c; c++)
            for (int h = 0; h < p.h; h++)
                for (int w = 0; w < p.w; w++) {
                    const double e = af_own_element(a, i * v->step[0] + c * v->step[1] +
                                                           h * v->step[2] + w * v->step[3]);
                    if (binary && e != 0 && e != 1)
                        return af_yaml_fail(y->at, "%s: sample %lld has target %g, want 0 or 1",
                                            y->file, (long long)i, e);
                    *to++ = (float)e;
                }
    return AF_OK;
}

static af_status read_values(af_own_samples *s, int part)
{
    const af_own_source *y = &s->own->part[part].y;
    const bool labels = s->own->task.objective == AF_MULTI_LABEL;
    af_own_array a;
    af_own_view v;
    AF_TRY(af_own_array_read(&a, y, s->base, AF_OWN_VALUES));
    af_status st;
    AF_GOTO(st, done, af_own_view_of(&v, &a, labels ? AF_OWN_NC : s->own->y_axes, y));
    AF_GOTO(st, done, want_count(y, v.n, s->first[part + 1] - s->first[part]));
    AF_GOTO(st, done, check_output(s, y, v.shape, part == 0));
    if (part == 0) {
        s->output = v.shape;
        s->dense = af_calloc((size_t)s->n, (size_t)af_shape_size(v.shape) * sizeof *s->dense);
        if (!s->dense) st = AF_ENOMEM;
    }
    if (st == AF_OK) st = put(s, part, &a, &v);
done:
    af_own_array_close(&a);
    return st;
}

af_status af_own_targets(af_own_samples *s)
{
    if (s->own->task.objective == AF_SINGLE_LABEL) return all_labels(s);
    for (int k = 0; k < AF_SPLITS; k++)
        if (s->own->part[k].y.at) AF_TRY(read_values(s, k));
    return AF_OK;
}
