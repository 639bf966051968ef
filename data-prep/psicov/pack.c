/* One protein is in memory at a time; samples lie in scratch arrays. */
#include "data-prep/psicov/pack.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/philox.h"
#include "data-prep/psicov/scratch.h"

typedef struct part {
    const af_psicov_layout *l;
    int channels;
    int64_t n, room;
    af_scratch x, y, mask, ids;
    int32_t *group;
    int64_t *all, *split[AF_SPLITS]; /* sample indices */
    af_dataset_content c;
} part;

static size_t area(const part *p)
{
    return (size_t)p->l->tile * (size_t)p->l->tile;
}

static bool single(const af_psicov_layout *l, int length)
{
    return af_psicov_grid(l, length) == 1;
}

static int64_t samples_of(const af_psicov_layout *l, const af_psicov_entry *e)
{
    const int64_t g = af_psicov_grid(l, e->length);
    if (e->split == AF_TRAIN && !single(l, e->length)) return l->crops;
    return g * g;
}

static void part_close(part *p)
{
    af_scratch_free(&p->x);
    af_scratch_free(&p->y);
    af_scratch_free(&p->mask);
    af_scratch_free(&p->ids);
    af_free(p->group);
    af_free(p->all);
    for (int s = 0; s < AF_SPLITS; s++) af_free(p->split[s]);
    for (int k = 0; k < 2; k++) {
        af_scaling *c = &p->c.scaling[AF_CLEAN];
        af_free(k ? c->x_mean : c->y_mean);
        af_free(k ? c->x_std : c->y_std);
    }
}

static af_status part_open(part *p, const af_prep_request *r, const af_psicov_set *s,
                           af_dataset_part which)
{
    const af_psicov_layout *l = &af_psicov_layouts[r->size];
    *p = (part){.l = l, .channels = af_psicov_channels(l)};
    for (int64_t k = 0; k < s->count; k++)
        if ((s->entry[k].split == AF_TEST) == (which == AF_HELD_OUT))
            p->room += samples_of(l, &s->entry[k]);
    const size_t n = (size_t)p->room;
    p->c = (af_dataset_content){.task = r->task,
                                .size = r->size,
                                .part = which,
                                .provenance = s->provenance,
                                .input = {p->channels, l->tile, l->tile},
                                .output = {1, l->tile, l->tile},
                                .dense = true};
    AF_TRY(af_scratch_new(&p->x, n * (size_t)p->channels * area(p) * sizeof(float), r->directory));
    AF_TRY(af_scratch_new(&p->y, n * area(p) * sizeof(float), r->directory));
    AF_TRY(af_scratch_new(&p->mask, n * area(p), r->directory));
    AF_TRY(af_scratch_new(&p->ids, n * AF_ID_MAX, r->directory));
    p->group = af_calloc(n, sizeof *p->group);
    p->all = af_calloc(n, sizeof *p->all);
    bool good = p->group && p->all;
    for (int k = 0; k < AF_SPLITS; k++) {
        p->split[k] = af_calloc(n, sizeof *p->split[k]);
        good = good && p->split[k];
    }
    return good ? AF_OK : AF_ENOMEM;
}

static void add(part *p, const af_protein *from, const af_psicov_entry *e, int64_t k, int top,
                int left)
{
    const int64_t i = p->n++;
    const size_t at = (size_t)i * area(p);
    af_protein_crop((float *)p->x.data + at * (size_t)p->channels, (float *)p->y.data + at,
                    (uint8_t *)p->mask.data + at, from, p->l, top, left);
    snprintf((char *)p->ids.data + i * AF_ID_MAX, AF_ID_MAX, "%s:%d:%d", e->name, top, left);
    p->group[i] = (int32_t)k;
    p->all[i] = i;
    af_indices *split = &p->c.split[AF_CLEAN][e->split];
    split->i = p->split[e->split];
    split->i[split->count++] = i;
}

static void cut(part *p, const af_protein *from, const af_psicov_entry *e, int64_t k)
{
    const int g = af_psicov_grid(p->l, e->length), tile = p->l->tile;
    if (e->split != AF_TRAIN || single(p->l, e->length)) {
        for (int t = 0; t < g * g; t++) add(p, from, e, k, t / g * tile, t % g * tile);
        return;
    }
    /* rows and columns start anywhere, independently, as in NAS-Bench-360 */
    const uint64_t starts = (uint64_t)(e->length + 2 * p->l->pad - tile + 1);
    af_rng r = af_rng_at(0, "psicov crops", 0, 0, 0, (uint32_t)k);
    for (int c = 0; c < p->l->crops; c++) {
        const int top = (int)af_rng_below(&r, starts);
        add(p, from, e, k, top, (int)af_rng_below(&r, starts));
    }
}

static af_status fill(part *main, part *held_out, const af_psicov_set *s)
{
    af_progress *bar = af_progress_new("psicov: proteins", (double)s->count);
    af_status st = AF_OK;
    for (int64_t k = 0; k < s->count && st == AF_OK; k++) {
        af_protein p = {0};
        st = s->fetch(&p, s->self, k);
        if (st == AF_OK) cut(s->entry[k].split == AF_TEST ? held_out : main, &p, &s->entry[k], k);
        af_protein_free(&p);
        af_progress_set(bar, (double)k + 1, "%s", s->entry[k].name);
    }
    if (st == AF_OK)
        af_progress_end(bar, "%lld proteins, %lld samples", (long long)s->count,
                        (long long)(main->n + held_out->n));
    else
        af_progress_end(bar, "failed");
    return st;
}

/* Mean and standard deviation of one channel where there are targets, the same at every cell. */
static void moments(float *mean, float *std, const part *p, const float *values, size_t channels,
                    size_t channel)
{
    const af_indices *train = &p->c.split[AF_CLEAN][AF_TRAIN];
    const uint8_t *mask = p->mask.data;
    double sum = 0, squares = 0, count = 0;
    for (int64_t k = 0; k < train->count; k++) {
        const size_t i = (size_t)train->i[k];
        const float *v = values + (i * channels + channel) * area(p);
        for (size_t e = 0; e < area(p); e++) {
            if (!mask[i * area(p) + e]) continue;
            sum += v[e];
            squares += (double)v[e] * v[e];
            count++;
        }
    }
    const double m = count ? sum / count : 0;
    const double s = count ? sqrt(fmax(squares / count - m * m, 0)) : 0;
    for (size_t e = 0; e < area(p); e++) {
        mean[channel * area(p) + e] = (float)m;
        std[channel * area(p) + e] = s > 1e-6 ? (float)s : 1;
    }
}

static af_status fit_scaling(part *p)
{
    const size_t channels = (size_t)p->channels;
    af_scaling *s = &p->c.scaling[AF_CLEAN];
    s->x_mean = af_calloc(channels * area(p), sizeof *s->x_mean);
    s->x_std = af_calloc(channels * area(p), sizeof *s->x_std);
    s->y_mean = af_calloc(area(p), sizeof *s->y_mean);
    s->y_std = af_calloc(area(p), sizeof *s->y_std);
    if (!s->x_mean || !s->x_std || !s->y_mean || !s->y_std) return AF_ENOMEM;
    for (size_t c = 0; c < channels; c++) moments(s->x_mean, s->x_std, p, p->x.data, channels, c);
    moments(s->y_mean, s->y_std, p, p->y.data, 1, 0);
    return AF_OK;
}

static void finish(part *p, const char *source)
{
    const bool test = p->c.part == AF_HELD_OUT;
    p->c.n = p->n;
    p->c.x = p->x.data;
    p->c.y = p->y.data;
    p->c.ids = p->ids.data;
    p->c.group = p->group;
    p->c.source = source;
    p->c.mask[AF_CLEAN] = p->mask.data;
    p->c.split[AF_PAPER][test ? AF_TEST : AF_TRAIN] = (af_indices){p->all, p->n};
}

af_status af_psicov_pack(const af_prep_request *r, const af_psicov_set *s,
                         json_t *(*source)(void *self))
{
    part main = {0}, held_out = {0};
    char *text = NULL;
    json_t *origin = NULL;
    af_status st;
    AF_GOTO(st, done, af_mkdirs(r->directory));
    AF_GOTO(st, done, part_open(&main, r, s, AF_MAIN));
    AF_GOTO(st, done, part_open(&held_out, r, s, AF_HELD_OUT));
    AF_GOTO(st, done, fill(&main, &held_out, s));
    AF_GOTO(st, done, fit_scaling(&main));
    origin = source(s->self);
    text = origin ? json_dumps(origin, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    st = text ? AF_OK : af_fail(AF_ENOMEM, "out of memory: cannot write the origin of the data");
    if (st != AF_OK) goto done;
    finish(&main, text);
    finish(&held_out, text);
    st = af_dataset_write_pair(r->directory, &main.c, &held_out.c);
done:
    free(text); /* jansson's */
    json_decref(origin);
    part_close(&main);
    part_close(&held_out);
    return st;
}
