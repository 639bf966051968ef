/* Inputs. Integers of 8 and 16 bits are kept as they are, unless parts differ in type. */
#include <stdio.h>
#include <string.h>
#include "data-prep/own/samples.h"

const char *af_own_shape_text(char out[64], af_shape s)
{
    snprintf(out, 64, "%d x %d x %d", s.c, s.h, s.w);
    return out;
}

af_status af_own_view_of(af_own_view *out, const af_own_array *a, af_own_axes axes,
                         const af_own_source *s)
{
    static const char *const by_rank[] = {"N", "NW", "NHW", "NCHW"};
    int64_t extent[4] = {1, 1, 1, 1}, step = 1;
    if (axes == AF_OWN_BY_RANK && a->rank > 4)
        return af_yaml_fail(s->at, "%s has %d axes, want 1 to 4", s->file, a->rank);
    const char *order = axes == AF_OWN_BY_RANK ? by_rank[a->rank - 1] : af_own_axes_names[axes];
    if ((int)strlen(order) != a->rank)
        return af_yaml_fail(s->at, "%s has %d axes, want the %zu of %s; see `axes:`", s->file,
                            a->rank, strlen(order), order);
    memset(out, 0, sizeof *out);
    for (int k = a->rank - 1; k >= 0; k--) {
        const int to = (int)(strchr("NCHW", order[k]) - "NCHW");
        extent[to] = a->shape[k];
        out->step[to] = step;
        step *= a->shape[k];
    }
    for (int k = 1; k < 4; k++)
        if (extent[k] > AF_MAX_DIM)
            return af_yaml_fail(s->at, "%s: axis %c of %lld, want at most %d", s->file, "NCHW"[k],
                                (long long)extent[k], AF_MAX_DIM);
    out->n = extent[0];
    out->shape = (af_shape){(int)extent[1], (int)extent[2], (int)extent[3]};
    return AF_OK;
}

/* Copies one array behind those that are there. */
static void put(af_own_samples *s, int64_t at, const af_own_array *a, const af_own_view *v)
{
    const af_shape p = v->shape;
    uint8_t *bytes = s->x;
    int16_t *shorts = s->x;
    float *floats = s->x;
    at *= af_shape_size(p);
    for (int64_t i = 0; i < v->n; i++)
        for (int c = 0; c < p.c; c++)
            for (int h = 0; h < p.h; h++)
                for (int w = 0; w < p.w; w++, at++) {
                    const double e = af_own_element(a, i * v->step[0] + c * v->step[1] +
                                                           h * v->step[2] + w * v->step[3]);
                    if (s->x_type == AF_STORED_UINT8)
                        bytes[at] = (uint8_t)e;
                    else if (s->x_type == AF_STORED_INT16)
                        shorts[at] = (int16_t)e;
                    else
                        floats[at] = (float)e;
                }
}

static af_stored stored_as(af_own_type t)
{
    return t == AF_OWN_UINT8   ? AF_STORED_UINT8
           : t == AF_OWN_INT16 ? AF_STORED_INT16
                               : AF_STORED_FLOAT32;
}

static af_status join(af_own_samples *s, const af_own_array *a, const af_own_view *v)
{
    static const size_t width[] = {4, 1, 2};
    char one[64], other[64];
    for (int k = 0; k < AF_SPLITS; k++) {
        const af_own_source *x = &s->own->part[k].x;
        s->first[k + 1] = s->first[k] + (x->at ? v[k].n : 0);
        if (!x->at) continue;
        if (k && !af_shape_same(v[k].shape, v[0].shape))
            return af_yaml_fail(x->at, "samples of %s, want %s as in train",
                                af_own_shape_text(one, v[k].shape),
                                af_own_shape_text(other, v[0].shape));
        const af_stored type = stored_as(a[k].type);
        s->x_type = !k || s->x_type == type ? type : AF_STORED_FLOAT32;
    }
    s->n = s->first[AF_SPLITS];
    s->input = v[0].shape;
    if (s->n < 3)
        return af_yaml_fail(s->own->part[0].x.at, "%lld samples, want at least 3", (long long)s->n);
    s->x = af_calloc((size_t)s->n, (size_t)af_shape_size(s->input) * width[s->x_type]);
    return s->x ? AF_OK : AF_ENOMEM;
}

af_status af_own_inputs(af_own_samples *s)
{
    af_own_array a[AF_SPLITS] = {0};
    af_own_view v[AF_SPLITS] = {0};
    af_status st = AF_OK;
    for (int k = 0; k < AF_SPLITS && st == AF_OK; k++) {
        const af_own_source *x = &s->own->part[k].x;
        if (!x->at) continue;
        st = af_own_array_read(&a[k], x, s->base, AF_OWN_VALUES);
        if (st == AF_OK) st = af_own_view_of(&v[k], &a[k], s->own->x_axes, x);
    }
    if (st == AF_OK) st = join(s, a, v);
    for (int k = 0; k < AF_SPLITS && st == AF_OK; k++)
        if (s->own->part[k].x.at) put(s, s->first[k], &a[k], &v[k]);
    for (int k = 0; k < AF_SPLITS; k++) af_own_array_close(&a[k]);
    return st;
}

void af_own_samples_close(af_own_samples *s)
{
    af_free(s->x);
    af_free(s->label);
    af_free(s->dense);
    af_free(s->ids);
    af_free(s->groups);
    af_free(s->group);
    for (int k = 0; k < AF_SPLITS; k++) af_free(s->split[k].i);
}
