/* A growing table of clips; labels are bits. */
#include "data-prep/fsd50k/clips.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"

af_fsd_clip *af_fsd_clips_add(af_fsd_clips *s, const char *name, af_split split)
{
    if (s->count == s->capacity) {
        int capacity = s->capacity ? 2 * s->capacity : 256;
        af_fsd_clip *c = af_realloc(s->c, (size_t)capacity * sizeof *c);
        if (!c) return NULL;
        s->c = c;
        s->capacity = capacity;
    }
    af_fsd_clip *c = &s->c[s->count++];
    *c = (af_fsd_clip){.split = split};
    snprintf(c->name, sizeof c->name, "%s", name);
    return c;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const af_fsd_clip *)a)->name, ((const af_fsd_clip *)b)->name);
}

static bool same_clip(const af_fsd_clip *a, const af_fsd_clip *b)
{
    return !strcmp(a->name, b->name) && a->split == b->split &&
           !memcmp(a->label, b->label, sizeof a->label);
}

af_status af_fsd_clips_merge(af_fsd_clips *s, const char *path)
{
    int kept = 0;
    if (s->count) qsort(s->c, (size_t)s->count, sizeof *s->c, by_name);
    for (int k = 0; k < s->count; k++)
        if (!kept || !same_clip(&s->c[k], &s->c[kept - 1])) s->c[kept++] = s->c[k];
    s->count = kept;
    return af_fsd_clips_sort(s, path);
}

af_status af_fsd_clips_sort(af_fsd_clips *s, const char *path)
{
    if (s->count) qsort(s->c, (size_t)s->count, sizeof *s->c, by_name);
    for (int k = 1; k < s->count; k++)
        if (!by_name(&s->c[k - 1], &s->c[k]))
            return af_fail(
                AF_EFORMAT, "%s: clip %s is listed twice, in %s and %s or with other labels", path,
                s->c[k].name, af_split_names[s->c[k - 1].split], af_split_names[s->c[k].split]);
    return AF_OK;
}

int af_fsd_clips_find(const af_fsd_clips *s, const char *name)
{
    af_fsd_clip key;
    if (!s->count || strlen(name) >= sizeof key.name) return -1;
    snprintf(key.name, sizeof key.name, "%s", name);
    const af_fsd_clip *found = bsearch(&key, s->c, (size_t)s->count, sizeof key, by_name);
    return found ? (int)(found - s->c) : -1;
}

void af_fsd_clips_close(af_fsd_clips *s)
{
    af_free(s->c);
    *s = (af_fsd_clips){0};
}

void af_fsd_label_set(af_fsd_clip *c, int label)
{
    c->label[label / 8] = (uint8_t)(c->label[label / 8] | 1u << label % 8);
}

bool af_fsd_label_has(const af_fsd_clip *c, int label)
{
    return c->label[label / 8] >> label % 8 & 1;
}

int af_fsd_label_find(const af_fsd_clips *s, const char *name)
{
    for (int k = 0; k < s->labels; k++)
        if (!strcmp(s->vocabulary[k], name)) return k;
    return -1;
}
