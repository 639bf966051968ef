/* `afield data check`: opens both files of a dataset, recomputes their checksums, sees that no
 * record is in two splits, and says what is there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/data/dataset.h"
#include "eval/cli.h"
#include "eval/data.h"

static json_t *class_counts(const af_task *task, const af_dataset *d, const af_indices *which)
{
    json_t *counts = json_object();
    int64_t *n = af_calloc((size_t)d->output.c, sizeof *n);
    for (int64_t i = 0; n && i < which->count; i++) n[((const int32_t *)d->y)[which->i[i]]]++;
    for (int c = 0; n && c < d->output.c; c++) {
        char name[32];
        snprintf(name, sizeof name, "%d", c);
        json_object_set_new(counts, task->labels ? task->labels[c] : name, json_integer(n[c]));
    }
    af_free(n);
    return counts;
}

static int by_value(const void *a, const void *b)
{
    const int32_t p = *(const int32_t *)a, q = *(const int32_t *)b;
    return (p > q) - (p < q);
}

static int64_t count_groups(const af_dataset *d, const af_indices *which)
{
    if (!d->group) return which->count;
    int32_t *group = af_alloc((size_t)which->count * sizeof *group);
    for (int64_t i = 0; group && i < which->count; i++) group[i] = d->group[which->i[i]];
    if (group) qsort(group, (size_t)which->count, sizeof *group, by_value);
    int64_t groups = 0;
    for (int64_t i = 0; group && i < which->count; i++) groups += !i || group[i] != group[i - 1];
    af_free(group);
    return groups;
}

/* Marks the groups of a split by id of record: the text before ':' in a sample's id, or the id
 * itself. */
static af_status mark(json_t *owner, const af_dataset *d, const af_indices *which,
                      const char *split)
{
    for (int64_t i = 0; i < which->count; i++) {
        char id[AF_ID_MAX + 1];
        snprintf(id, sizeof id, "%.*s", AF_ID_MAX, d->ids + which->i[i] * AF_ID_MAX);
        if (d->group && strchr(id, ':')) *strchr(id, ':') = 0;
        json_t *before = json_object_get(owner, id);
        if (before && strcmp(json_string_value(before), split) != 0)
            return af_fail(AF_EFORMAT, "%s: %s '%s' is in both %s and %s", d->path,
                           d->group ? "record" : "sample", id, json_string_value(before), split);
        if (!before) json_object_set_new(owner, id, json_string(split));
    }
    return AF_OK;
}

static json_t *describe_part(const af_task *task, const af_dataset *d)
{
    json_t *splits = json_object();
    for (int p = 0; p < AF_PROTOCOLS; p++)
        for (int s = 0; s < AF_SPLITS; s++) {
            const af_indices *which = &d->split[p][s];
            if (!which->i) continue;
            char name[64];
            snprintf(name, sizeof name, "%s/%s", af_protocol_names[p], af_split_names[s]);
            json_t *one = json_pack("{s:I, s:I}", "samples", (json_int_t)which->count, "groups",
                                    (json_int_t)count_groups(d, which));
            if (!d->dense) json_object_set_new(one, "classes", class_counts(task, d, which));
            json_object_set_new(splits, name, one);
        }
    return json_pack("{s:s, s:s, s:s, s:I, s:[iii], s:[iii], s:s, s:o}", "path", d->path, "size",
                     af_size_names[d->size], "provenance", d->provenance, "samples",
                     (json_int_t)d->n, "input", d->input.c, d->input.h, d->input.w, "output",
                     d->output.c, d->output.h, d->output.w, "sha256", d->sha256, "splits", splits);
}

/* Few are listed, many summed up. */
static void print_classes(json_t *classes)
{
    enum { FEW = 24 };
    const char *label;
    json_t *n;
    json_int_t least = INT64_MAX, most = 0;
    json_object_foreach(classes, label, n)
    {
        json_int_t count = json_integer_value(n);
        if (json_object_size(classes) <= FEW) printf("  %s %lld", label, (long long)count);
        if (count < least) least = count;
        if (count > most) most = count;
    }
    if (json_object_size(classes) > FEW)
        printf("  %zu classes of %lld to %lld", json_object_size(classes), (long long)least,
               (long long)most);
}

/* "3 x 15 x 15": channels, rows, columns. */
static const char *shape_text(char out[64], const json_t *shape)
{
    json_int_t n[3];
    for (size_t i = 0; i < 3; i++) n[i] = json_integer_value(json_array_get(shape, i));
    snprintf(out, 64, "%lld x %lld x %lld", (long long)n[0], (long long)n[1], (long long)n[2]);
    return out;
}

static void print_part(json_t *part)
{
    char input[64], output[64];
    const char *key;
    json_t *one;
    printf("%s\n  %s, %s, %lld samples, sha256 %.16s... verified\n",
           json_string_value(json_object_get(part, "path")),
           json_string_value(json_object_get(part, "size")),
           json_string_value(json_object_get(part, "provenance")),
           (long long)json_integer_value(json_object_get(part, "samples")),
           json_string_value(json_object_get(part, "sha256")));
    printf("  input %s, output %s\n", shape_text(input, json_object_get(part, "input")),
           shape_text(output, json_object_get(part, "output")));
    json_object_foreach(json_object_get(part, "splits"), key, one)
    {
        printf("  %-12s %8lld samples %8lld groups ", key,
               (long long)json_integer_value(json_object_get(one, "samples")),
               (long long)json_integer_value(json_object_get(one, "groups")));
        print_classes(json_object_get(one, "classes"));
        putchar('\n');
    }
}

static af_status disjoint(const af_dataset *const part[2])
{
    af_status st = AF_OK;
    for (int p = 0; st == AF_OK && p < AF_PROTOCOLS; p++) {
        json_t *owner = json_object();
        for (int k = 0; k < 2; k++)
            for (int s = 0; st == AF_OK && s < AF_SPLITS; s++)
                if (part[k]->split[p][s].i)
                    st = mark(owner, part[k], &part[k]->split[p][s], af_split_names[s]);
        json_decref(owner);
    }
    return st;
}

af_status af_data_check(const af_task *task, const char *directory, bool as_json)
{
    af_dataset *part[2] = {0};
    af_status st;
    json_t *all = json_object();
    AF_GOTO(st, done, af_dataset_open(&part[0], directory, task, AF_MAIN));
    AF_GOTO(st, done, af_dataset_open(&part[1], directory, task, AF_HELD_OUT));
    for (int k = 0; k < 2; k++) AF_GOTO(st, done, af_dataset_verify(part[k]));
    AF_GOTO(st, done, af_dataset_match(part[0], part[1]));
    AF_GOTO(st, done, disjoint((const af_dataset *const *)part));
    json_object_set_new(all, "main", describe_part(task, part[0]));
    json_object_set_new(all, "held_out", describe_part(task, part[1]));
    if (as_json) {
        st = af_print_json(json_incref(all));
        goto done;
    }
    print_part(json_object_get(all, "main"));
    print_part(json_object_get(all, "held_out"));
    printf("splits are disjoint by %s\n", part[0]->group ? "group" : "sample");
done:
    json_decref(all);
    for (int k = 0; k < 2; k++)
        if (part[k]) af_dataset_close(part[k]);
    return st;
}
