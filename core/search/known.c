#include "core/search/known.h"
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"

enum { PATIENCE = 100000 };

/* Where the form is among the sorted, or should be. */
static int place(const af_known *k, const char *form)
{
    int low = 0, high = k->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strcmp(k->entries[k->sorted[middle]].form, form) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int at_place(const af_known *k, int at, const char *form)
{
    return at < k->count && !strcmp(k->entries[k->sorted[at]].form, form) ? k->sorted[at] : -1;
}

static af_status grow(af_known *k)
{
    int room = k->room ? 2 * k->room : 64;
    af_known_entry *entries = af_realloc(k->entries, (size_t)room * sizeof *entries);
    if (!entries) return AF_ENOMEM;
    k->entries = entries;
    int *sorted = af_realloc(k->sorted, (size_t)room * sizeof *sorted);
    if (!sorted) return AF_ENOMEM;
    k->sorted = sorted;
    k->room = room;
    return AF_OK;
}

static af_status insert(af_known *k, int at, const char *form)
{
    if (k->count == k->room) AF_TRY(grow(k));
    char *copy = af_strdup(form);
    if (!copy) return AF_ENOMEM;
    memmove(k->sorted + at + 1, k->sorted + at, (size_t)(k->count - at) * sizeof *k->sorted);
    k->sorted[at] = k->count;
    k->entries[k->count++] = (af_known_entry){copy, NAN};
    return AF_OK;
}

int af_known_find(const af_known *k, const af_space *s, const af_config *c)
{
    char form[AF_CONFIG_TEXT];
    af_space_canonical(s, c, form);
    return at_place(k, place(k, form), form);
}

af_status af_known_add(af_known *k, const af_space *s, const af_config *c, int *number)
{
    char form[AF_CONFIG_TEXT];
    af_space_canonical(s, c, form);
    int at = place(k, form);
    *number = at_place(k, at, form);
    if (*number >= 0) return AF_OK;
    AF_TRY(insert(k, at, form));
    *number = k->count - 1;
    return AF_OK;
}

af_status af_known_sample(af_known *k, const af_space *s, af_rng *r, af_config *out, int *number)
{
    *number = -1;
    for (int i = 0; i < PATIENCE; i++) {
        *out = af_space_sample(s, r);
        int old = k->count;
        AF_TRY(af_known_add(k, s, out, number));
        if (*number == old) return AF_OK;
    }
    *number = -1;
    return AF_OK;
}

void af_known_free(af_known *k)
{
    for (int i = 0; i < k->count; i++) af_free(k->entries[i].form);
    af_free(k->entries);
    af_free(k->sorted);
    *k = (af_known){0};
}
