/* Ids and groups. A group is what several samples come from, such as a patient; groups of the same
 * name in different parts are the same. The id of a sample of a group is "GROUP:ID", which is how
 * `afield data check` tells that no group lies in two splits. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "data-prep/own/samples.h"

typedef struct named {
    const char *name;
    int64_t sample;
} named;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

/* Texts of a column, numbers written out: {n} x AF_ID_MAX. */
static af_status read_names(char *to, int64_t n, const af_own_source *from, const char *base)
{
    af_own_array a;
    AF_TRY(af_own_array_read(&a, from, base, AF_OWN_CODES));
    af_status st = AF_OK;
    if (a.count != n || a.shape[0] != n)
        st = af_yaml_fail(from->at, "%s has %lld entries for %lld samples", from->file,
                          (long long)a.count, (long long)n);
    for (int64_t i = 0; i < n && st == AF_OK; i++) {
        char *name = to + i * AF_ID_MAX;
        if (a.type == AF_OWN_TEXT)
            memcpy(name, (const char *)a.data + i * AF_ID_MAX, AF_ID_MAX);
        else
            snprintf(name, AF_ID_MAX, "%.17g", af_own_element(&a, i));
        if (!*name)
            st = af_yaml_fail(from->at, "%s: sample %lld has no name", from->file, (long long)i);
    }
    af_own_array_close(&a);
    return st;
}

static named *sorted(const char *names, int64_t n)
{
    named *list = af_calloc((size_t)n, sizeof *list);
    for (int64_t i = 0; i < n && list; i++) list[i] = (named){names + i * AF_ID_MAX, i};
    if (list) qsort(list, (size_t)n, sizeof *list, by_name);
    return list;
}

/* Numbers the distinct names in their order. */
static af_status number_groups(af_own_samples *s)
{
    s->group = af_calloc((size_t)s->n, sizeof *s->group);
    named *list = sorted(s->groups, s->n);
    if (!s->group || !list) {
        af_free(list);
        return AF_ENOMEM;
    }
    int32_t number = 0;
    for (int64_t i = 0; i < s->n; i++) {
        if (i && strcmp(list[i].name, list[i - 1].name)) number++;
        s->group[list[i].sample] = number;
    }
    af_free(list);
    return AF_OK;
}

static af_status read_groups(af_own_samples *s)
{
    s->groups = af_calloc((size_t)s->n, AF_ID_MAX);
    if (!s->groups) return AF_ENOMEM;
    for (int k = 0; k < AF_SPLITS; k++) {
        const af_own_source *from = &s->own->part[k].group;
        const int64_t first = s->first[k], n = s->first[k + 1] - first;
        if (!from->at) continue;
        AF_TRY(read_names(s->groups + first * AF_ID_MAX, n, from, s->base));
        for (int64_t i = first; i < first + n; i++)
            if (strchr(s->groups + i * AF_ID_MAX, ':'))
                return af_yaml_fail(from->at,
                                    "%s: group '%.63s' of sample %lld has a colon; want "
                                    "names without",
                                    from->file, s->groups + i * AF_ID_MAX, (long long)(i - first));
    }
    return number_groups(s);
}

/* "s000012", in parts "train000012". */
static void default_names(const af_own_samples *s, int part)
{
    const char *prefix = s->own->ready ? af_split_names[part] : "s";
    for (int64_t i = s->first[part]; i < s->first[part + 1]; i++)
        snprintf(s->ids + i * AF_ID_MAX, AF_ID_MAX, "%s%06" PRId64, prefix, i - s->first[part]);
}

static af_status put_group_before(const af_own_samples *s, const af_yaml_node *at)
{
    for (int64_t i = 0; i < s->n; i++) {
        char *id = s->ids + i * AF_ID_MAX, both[2 * AF_ID_MAX];
        const int length = snprintf(both, sizeof both, "%s:%s", s->groups + i * AF_ID_MAX, id);
        if (length >= AF_ID_MAX)
            return af_yaml_fail(at,
                                "'%s' is longer than %d bytes; want shorter names of groups or ids",
                                both, AF_ID_MAX - 1);
        memset(id, 0, AF_ID_MAX);
        memcpy(id, both, (size_t)length);
    }
    return AF_OK;
}

/* An id names one sample wherever predictions are compared. */
static af_status check_unique(const af_own_samples *s, const af_yaml_node *at)
{
    af_status st = AF_OK;
    named *list = sorted(s->ids, s->n);
    if (!list) return AF_ENOMEM;
    for (int64_t i = 1; i < s->n && st == AF_OK; i++)
        if (!strcmp(list[i].name, list[i - 1].name))
            st =
                af_yaml_fail(at, "two samples have the id '%s'; want each once, or leave `id:` out",
                             list[i].name);
    af_free(list);
    return st;
}

af_status af_own_names(af_own_samples *s)
{
    const af_own_part *part = s->own->part;
    const af_yaml_node *at = part[0].group.at ? part[0].group.at : part[0].x.at;
    if (part[0].group.at) AF_TRY(read_groups(s));
    s->ids = af_calloc((size_t)s->n, AF_ID_MAX);
    if (!s->ids) return AF_ENOMEM;
    for (int k = 0; k < AF_SPLITS; k++) {
        const af_own_source *id = &part[k].id;
        if (!id->at) {
            default_names(s, k);
            continue;
        }
        at = id->at;
        AF_TRY(read_names(s->ids + s->first[k] * AF_ID_MAX, s->first[k + 1] - s->first[k], id,
                          s->base));
    }
    if (s->groups) AF_TRY(put_group_before(s, at));
    return check_unique(s, at);
}
