/* Samples lie in the file by record name, then start; a record's windows are all in one split. */
#include "data-prep/ecg/pack.h"
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/ecg/windows.h"

enum { MIN_RECORDS = 10 };

/* Keeps max_records evenly spaced records. */
static void thin(af_ecg_records *set, int keep)
{
    int count = set->count;
    if (!keep || count <= keep) return;
    for (int i = 0, next = 0; i < count; i++) {
        if (next < keep && i == (int)((int64_t)next * count / keep)) {
            af_ecg_record r = set->r[next]; /* swapped, so that every record is still freed once */
            set->r[next++] = set->r[i];
            set->r[i] = r;
        }
    }
    for (int i = keep; i < count; i++) af_free(set->r[i].x);
    set->count = keep;
}

typedef struct part {
    af_dataset_content c;
    float *x;
    int32_t *y, *group;
    char *ids;
    int64_t *order[AF_SPLITS]; /* sample indices of a split */
    int64_t *all;              /* all samples */
} part;

static void part_close(part *p)
{
    af_free(p->x);
    af_free(p->y);
    af_free(p->group);
    af_free(p->ids);
    for (int s = 0; s < AF_SPLITS; s++) af_free(p->order[s]);
    af_free(p->all);
}

static af_status part_open(part *p, int64_t n, int window)
{
    p->x = af_calloc((size_t)n, (size_t)window * sizeof *p->x);
    p->y = af_calloc((size_t)n, sizeof *p->y);
    p->group = af_calloc((size_t)n, sizeof *p->group);
    p->ids = af_calloc((size_t)n, AF_ID_MAX);
    p->all = af_calloc((size_t)n, sizeof *p->all);
    bool good = p->x && p->y && p->group && p->ids && p->all;
    for (int s = 0; s < AF_SPLITS; s++) {
        p->order[s] = af_calloc((size_t)n, sizeof *p->order[s]);
        good = good && p->order[s];
    }
    return good ? AF_OK : AF_ENOMEM;
}

/* Every window of the records in this part; `scaled` holds the longest record. */
static void part_fill(part *p, const af_ecg_layout *l, const af_ecg_records *set,
                      const af_split *split, float *scaled)
{
    int64_t n = 0;
    for (int k = 0; k < set->count; k++) {
        const af_ecg_record *r = &set->r[k];
        if ((split[k] == AF_TEST) != (p->c.part == AF_HELD_OUT)) continue;
        int length = af_ecg_standardise(scaled, r->x, r->length, l->decimate);
        int64_t windows = af_ecg_windows_of(l, length, r->label, set->count);
        for (int64_t i = 0; i < windows; i++, n++) {
            int64_t start = af_ecg_window_start(l, length, r->label, set->count, i);
            memcpy(p->x + n * l->window, scaled + start, (size_t)l->window * sizeof *scaled);
            p->y[n] = (int32_t)r->label;
            p->group[n] = k;
            p->all[n] = n;
            snprintf(p->ids + n * AF_ID_MAX, AF_ID_MAX, "%s:%lld", r->name, (long long)start);
            af_indices *in = &p->c.split[AF_CLEAN][split[k]];
            in->i = p->order[split[k]];
            in->i[in->count++] = n;
        }
    }
    p->c.n = n;
    af_indices *paper = p->c.split[AF_PAPER];
    paper[p->c.part == AF_HELD_OUT ? AF_TEST : AF_TRAIN] = (af_indices){.i = p->all, .count = n};
}

/* The samples of one part; `p` is to be closed whatever happens. */
static af_status part_make(part *p, const af_prep_request *r, const af_ecg_records *set,
                           const af_split *split, af_dataset_part which)
{
    const af_ecg_layout *l = &af_ecg_layouts[r->size];
    int64_t n = 0, longest = 0;
    for (int k = 0; k < set->count; k++) {
        int length = set->r[k].length / l->decimate;
        if (length > longest) longest = length;
        if ((split[k] == AF_TEST) == (which == AF_HELD_OUT))
            n += af_ecg_windows_of(l, length, set->r[k].label, set->count);
    }
    *p = (part){.c = {.task = r->task,
                      .size = r->size,
                      .part = which,
                      .input = {.c = 1, .h = 1, .w = l->window},
                      .output = {.c = AF_ECG_LABELS, .h = 1, .w = 1}}};
    AF_TRY(part_open(p, n, l->window));
    float *scaled = af_calloc((size_t)longest, sizeof *scaled);
    if (!scaled) return AF_ENOMEM;
    part_fill(p, l, set, split, scaled);
    af_free(scaled);
    p->c.x = p->x;
    p->c.y = p->y;
    p->c.ids = p->ids;
    p->c.group = p->group;
    return AF_OK;
}

static af_status check(const af_ecg_records *set, const af_ecg_layout *l)
{
    if (set->count < MIN_RECORDS)
        return af_fail(AF_EINVAL, "%d ECG records, want at least %d to split by record", set->count,
                       MIN_RECORDS);
    for (int k = 0; k < set->count; k++)
        if (set->r[k].length / l->decimate <= l->window)
            return af_fail(AF_EFORMAT, "record %s has %d samples, want more than %d for one window",
                           set->r[k].name, set->r[k].length, l->window * l->decimate);
    return AF_OK;
}

af_status af_ecg_pack(const af_prep_request *r, af_ecg_records *set, const char *provenance,
                      const char *source)
{
    AF_TRY(check(set, &af_ecg_layouts[r->size]));
    thin(set, af_ecg_layouts[r->size].max_records);
    af_split *split = af_calloc((size_t)set->count, sizeof *split);
    if (!split) return AF_ENOMEM;
    part main = {0}, held_out = {0};
    af_status st;
    AF_GOTO(st, done, af_ecg_split(split, set->count));
    AF_GOTO(st, done, part_make(&main, r, set, split, AF_MAIN));
    AF_GOTO(st, done, part_make(&held_out, r, set, split, AF_HELD_OUT));
    main.c.provenance = held_out.c.provenance = provenance;
    main.c.source = held_out.c.source = source;
    st = af_dataset_write_pair(r->directory, &main.c, &held_out.c);
done:
    part_close(&main);
    part_close(&held_out);
    af_free(split);
    return st;
}
