/* Labels first, then clips: those that are there and bear one of the labels, evenly spaced by name.
 * Of labels that are equally frequent the first ones count. */
#include "data-prep/fsd50k/choose.h"
#include <string.h>
#include "core/base/alloc.h"

static void count_labels(int count[AF_FSD_LABELS], const af_fsd_clips *s)
{
    memset(count, 0, AF_FSD_LABELS * sizeof *count);
    for (int i = 0; i < s->count; i++)
        for (int k = 0; k < s->labels && s->c[i].there && s->c[i].split == AF_TRAIN; k++)
            count[k] += af_fsd_label_has(&s->c[i], k);
}

static void choose_labels(af_fsd_choice *out, int want, const af_fsd_clips *s)
{
    int count[AF_FSD_LABELS], found = 0;
    bool taken[AF_FSD_LABELS] = {false};
    count_labels(count, s);
    for (int i = 0; i < want; i++) {
        int best = -1;
        for (int k = 0; k < s->labels; k++)
            if (!taken[k] && (best < 0 || count[k] > count[best])) best = k;
        taken[best] = true;
    }
    for (int k = 0; k < s->labels; k++) {
        if (!taken[k]) continue;
        out->names[found] = s->vocabulary[k];
        out->label[found++] = k;
    }
}

static bool eligible(const af_fsd_choice *c, int labels, const af_fsd_clip *clip)
{
    for (int k = 0; k < labels && clip->there; k++)
        if (af_fsd_label_has(clip, c->label[k])) return true;
    return false;
}

/* Keeps `most` clips of a split. */
static void thin(af_fsd_choice *c, const af_fsd_clips *s, af_split split, int most)
{
    const int count = c->count[split];
    if (!most || count <= most) return;
    for (int i = 0, seen = 0, kept = 0; i < s->count; i++) {
        if (!c->used[i] || s->c[i].split != split) continue;
        bool keep = kept < most && seen == (int)((int64_t)kept * count / most);
        c->used[i] = keep;
        kept += keep;
        seen++;
    }
    c->count[split] = most;
}

af_status af_fsd_choose(af_fsd_choice *out, const af_fsd_layout *l, const af_fsd_clips *s)
{
    *out = (af_fsd_choice){.used = af_calloc((size_t)s->count, sizeof *out->used)};
    if (!out->used) return AF_ENOMEM;
    if (s->labels < l->labels)
        return af_fail(AF_EFORMAT, "a vocabulary of %d labels, want at least the %d of this size",
                       s->labels, l->labels);
    choose_labels(out, l->labels, s);
    for (int i = 0; i < s->count; i++) {
        out->used[i] = eligible(out, l->labels, &s->c[i]);
        out->count[s->c[i].split] += out->used[i];
    }
    for (int k = 0; k < AF_SPLITS; k++) {
        if (!out->count[k])
            return af_fail(AF_EFORMAT, "no %s clip with a label and a sound file, want at least 1",
                           af_split_names[k]);
        thin(out, s, (af_split)k, l->clips[k]);
    }
    return AF_OK;
}

void af_fsd_choice_close(af_fsd_choice *c)
{
    af_free(c->used);
    c->used = NULL;
}
