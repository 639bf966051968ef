/* A growing table of names. */
#include "data-prep/fsd50k/names.h"
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"

af_status af_fsd_names_add(af_fsd_names *s, const char *name)
{
    if (s->count == s->capacity) {
        int capacity = s->capacity ? 2 * s->capacity : 1024;
        char(*n)[AF_FSD_NAME] = af_realloc(s->n, (size_t)capacity * sizeof *n);
        if (!n) return AF_ENOMEM;
        s->n = n;
        s->capacity = capacity;
    }
    strcpy(s->n[s->count++], name);
    return AF_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

af_status af_fsd_names_sort(af_fsd_names *s, const char *path)
{
    if (s->count) qsort(s->n, (size_t)s->count, sizeof *s->n, by_name);
    for (int k = 1; k < s->count; k++)
        if (!strcmp(s->n[k], s->n[k - 1]))
            return af_fail(AF_EFORMAT,
                           "%s: two recordings of noise are named %s; name a directory with one",
                           path, s->n[k]);
    return AF_OK;
}

int af_fsd_names_find(const af_fsd_names *s, const char *name)
{
    const char(*found)[AF_FSD_NAME] =
        s->count ? bsearch(name, s->n, (size_t)s->count, sizeof *s->n, by_name) : NULL;
    return found ? (int)(found - s->n) : -1;
}

void af_fsd_names_close(af_fsd_names *s)
{
    af_free(s->n);
    *s = (af_fsd_names){0};
}

bool af_fsd_is_sound(const char *member)
{
    size_t n = strlen(member);
    return n > 5 && (!strcmp(member + n - 4, ".wav") || !strcmp(member + n - 5, ".flac"));
}

bool af_fsd_is_noise(const char *member)
{
    const char *directory = member, *next = member;
    for (const char *slash; (slash = strchr(next, '/')); next = slash + 1) directory = next;
    return next > member && !strncmp(directory, "noise", 5);
}
