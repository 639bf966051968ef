/* What may stand in one table. Task keys must agree within a task; within a cell, which is averaged
 * over seeds, method keys must agree too and no seed may count twice. Baselines search nothing, so
 * their budget and workers are not looked at. */
#include <stdlib.h>
#include <string.h>
#include "eval/results.h"

/* Older files lack members; one that is not there is null. */
static bool same_member(const af_result *a, const af_result *b, const char *key)
{
    const json_t *one = json_object_get(a->json, key), *other = json_object_get(b->json, key);
    if (!one || !other) return (!one || json_is_null(one)) && (!other || json_is_null(other));
    return json_equal(one, other);
}

static bool same_budget(const af_result *a, const af_result *b)
{
    return strcmp(a->budget, b->budget) == 0 && a->workers == b->workers;
}

bool af_result_same_method(const af_result *a, const af_result *b)
{
    return strcmp(a->method, b->method) == 0 && strcmp(a->space, b->space) == 0 &&
           strcmp(a->backend, b->backend) == 0 && strcmp(a->precision, b->precision) == 0 &&
           (!a->searched || same_budget(a, b)) && same_member(a, b, "searcher_options") &&
           same_member(a, b, "epochs") && same_member(a, b, "fast");
}

bool af_result_repeats(const af_result *a, const af_result *b)
{
    return !a->searched && !same_budget(a, b) && a->seed == b->seed &&
           strcmp(a->task, b->task) == 0 && af_result_same_method(a, b) &&
           same_member(a, b, "metric");
}

/* The ingredients of a key of one file that are not those of the other. */
static void list_differences(char *out, size_t size, json_t *a, json_t *b)
{
    const char *key;
    json_t *value;
    size_t used = 0;
    out[0] = '\0';
    json_object_foreach(a, key, value)
    {
        json_t *other = json_object_get(b, key);
        if (json_equal(value, other) || used >= size) continue;
        char *mine = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        char *theirs = other ? json_dumps(other, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        int n = snprintf(out + used, size - used, "%s%s (%.80s, %.80s)", used ? ", " : "", key,
                         mine ? mine : "?", theirs ? theirs : "absent");
        used += n > 0 ? (size_t)n : 0;
        free(mine);
        free(theirs);
    }
    if (!used) snprintf(out, size, "members that one of them lacks");
}

static af_status refuse(const af_result *a, const af_result *b, const char *what,
                        const char *ingredients, const char *remedy)
{
    char text[512];
    list_differences(text, sizeof text,
                     json_object_get(json_object_get(a->json, "keys"), ingredients),
                     json_object_get(json_object_get(b->json, "keys"), ingredients));
    return af_fail(AF_EINVAL, "%s and %s do not belong in one table: %s, they differ in %s; %s",
                   a->path, b->path, what, text, remedy);
}

static af_status compare(const af_result *a, const af_result *b)
{
    if (strcmp(a->task, b->task) != 0) return AF_OK;
    if (strcmp(a->task_key, b->task_key) != 0)
        return refuse(a, b, "the task is not the same", "task_of", "report them apart");
    if (!af_result_same_method(a, b)) return AF_OK;
    if (strcmp(a->method_key, b->method_key) != 0)
        return refuse(a, b, "the method is not the same", "method_of", "report them apart");
    if (a->seed == b->seed && !af_result_repeats(a, b))
        return af_fail(AF_EINVAL,
                       "%s and %s are the same method on the same task with the same seed %lld; "
                       "leave one of them out",
                       a->path, b->path, (long long)a->seed);
    return AF_OK;
}

af_status af_results_comparable(const af_results *all)
{
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < i; k++) AF_TRY(compare(&all->at[k], &all->at[i]));
    return AF_OK;
}
