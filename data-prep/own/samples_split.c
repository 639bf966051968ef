/* Splits: as the data come, by lists of indices, or drawn by share and seed. Groups are dealt out
 * whole where splits are drawn; where they are given, a group in two of them is refused. */
#include <stdlib.h>
#include <string.h>
#include "core/data/split.h"
#include "data-prep/own/samples.h"

static af_status range(af_indices *out, int64_t first, int64_t end)
{
    out->count = end - first;
    out->i = af_alloc((size_t)(out->count ? out->count : 1) * sizeof *out->i);
    if (!out->i) return AF_ENOMEM;
    for (int64_t k = 0; k < out->count; k++) out->i[k] = first + k;
    return AF_OK;
}

/* Training and validation samples, drawn from the first n. */
static af_status draw(af_own_samples *s, int64_t n)
{
    const af_own *own = s->own;
    const af_yaml_node *at = own->split ? own->split : own->yaml->root;
    const af_split_plan plan = {
        .n = n, .group = s->group, .seed = own->seed, .valid = own->valid, .test = own->test};
    af_indices out[AF_SPLITS];
    af_status st = af_split_by_group(out, &plan);
    if (st != AF_OK) return st == AF_EINVAL ? af_yaml_fail(at, "%s", af_error()) : st;
    for (int k = 0; k < AF_SPLITS; k++) {
        if (!out[k].i) continue;
        af_free(s->split[k].i);
        s->split[k] = out[k];
    }
    return AF_OK;
}

/* ---- lists ---- */

static af_status take_index(af_own_samples *s, int split, double v, const af_yaml_node *at)
{
    af_indices *to = &s->split[split];
    if (v < 0 || v >= (double)s->n || v != (double)(int64_t)v)
        return af_yaml_fail(at, "index %g, want whole numbers from 0 to %lld", v,
                            (long long)s->n - 1);
    if (to->count == s->n) return af_yaml_fail(at, "more indices than samples");
    to->i[to->count++] = (int64_t)v;
    return AF_OK;
}

static af_status read_list(af_own_samples *s, int split)
{
    const af_yaml_node *list = s->own->inline_index[split];
    const af_own_source *from = &s->own->index[split];
    af_own_array a = {0};
    af_status st = AF_OK;
    s->split[split].i = af_alloc((size_t)s->n * sizeof *s->split[split].i);
    if (!s->split[split].i) return AF_ENOMEM;
    for (const af_yaml_node *n = list ? list->first : NULL; n && st == AF_OK; n = n->next) {
        double v;
        st = af_yaml_real_of(&v, n, 0, 1e15);
        if (st == AF_OK) st = take_index(s, split, v, n);
    }
    if (list || st != AF_OK) return st;
    AF_TRY(af_own_array_read(&a, from, s->base, AF_OWN_CODES));
    if (a.type == AF_OWN_TEXT) st = af_yaml_fail(from->at, "%s: texts, want indices", from->file);
    for (int64_t i = 0; i < a.count && st == AF_OK; i++)
        st = take_index(s, split, af_own_element(&a, i), from->at);
    af_own_array_close(&a);
    return st;
}

/* ---- checks ---- */

static const af_yaml_node *place(const af_own *own, int split)
{
    if (own->ready && own->part[split].x.at) return own->part[split].x.at;
    if (own->listed)
        return own->inline_index[split] ? own->inline_index[split] : own->index[split].at;
    return own->split ? own->split : own->yaml->root;
}

static int by_value(const void *a, const void *b)
{
    const int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;
    return (p > q) - (p < q);
}

/* owner[g]: 1 + the split that group g is in. Without groups a sample is its own. */
static af_status mark(const af_own_samples *s, int split, unsigned char *owner, unsigned char *seen)
{
    const af_indices *which = &s->split[split];
    const af_yaml_node *at = place(s->own, split);
    if (which->count < 1) return af_yaml_fail(at, "%s has no samples", af_split_names[split]);
    for (int64_t k = 0; k < which->count; k++) {
        const int64_t i = which->i[k], g = s->group ? s->group[i] : i;
        const char *id = s->ids + i * AF_ID_MAX;
        if (seen[i])
            return af_yaml_fail(at,
                                "sample %lld (id '%s') is listed twice; want it in one split, once",
                                (long long)i, id);
        seen[i] = 1;
        if (owner[g] && owner[g] != split + 1)
            return af_yaml_fail(at,
                                "group '%s' is in %s and in %s, so the splits are not independent; "
                                "put all samples of a group into one, or have them drawn by "
                                "`split:` with shares",
                                s->groups + i * AF_ID_MAX, af_split_names[owner[g] - 1],
                                af_split_names[split]);
        owner[g] = (unsigned char)(split + 1);
    }
    return AF_OK;
}

static af_status check(const af_own_samples *s)
{
    unsigned char *owner = af_calloc((size_t)s->n, 1), *seen = af_calloc((size_t)s->n, 1);
    af_status st = owner && seen ? AF_OK : AF_ENOMEM;
    for (int k = 0; k < AF_SPLITS && st == AF_OK; k++) st = mark(s, k, owner, seen);
    af_free(owner);
    af_free(seen);
    return st;
}

af_status af_own_splits(af_own_samples *s)
{
    const af_own *own = s->own;
    for (int k = 0; k < AF_SPLITS; k++) {
        if (own->ready) AF_TRY(range(&s->split[k], s->first[k], s->first[k + 1]));
        if (own->listed) AF_TRY(read_list(s, k));
    }
    if (!own->listed && !own->part[AF_VALID].x.at) AF_TRY(draw(s, own->ready ? s->first[1] : s->n));
    for (int k = 0; k < AF_SPLITS; k++)
        qsort(s->split[k].i, (size_t)s->split[k].count, sizeof(int64_t), by_value);
    return check(s);
}
