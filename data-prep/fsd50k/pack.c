/* Samples come in any order (that of an archive) and lie in the file by clip, then chunk: they are
 * spilled as they come, with a key each, and copied in order at the end unless they came so. The
 * sum of squares is kept in integers, so its order does not show either. */
#include "data-prep/fsd50k/pack.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/fsd50k/choose.h"
#include "data-prep/fsd50k/features.h"
#include "data-prep/fsd50k/spill.h"

typedef struct key { /* of a sample: where it belongs, where it was spilled */
    int32_t clip, chunk;
    int64_t at;
} key;

typedef struct part {
    af_spill x, y;
    key *key;
    int64_t n, capacity;
    int32_t *group;
    char *ids;
    int64_t *all; /* indices: training samples, then validation; or test samples */
    int64_t count[AF_SPLITS];
} part;

struct af_fsd_pack {
    const af_prep_request *r;
    const af_fsd_layout *layout;
    const af_fsd_clips *clips;
    af_fsd_choice choice;
    af_mel *mel;
    size_t values;       /* of a sample */
    part part[2], noise; /* keys of noise: recording and chunk */
    uint64_t squares;    /* of all training samples */
    float *scale;        /* {3, values}: zeros, deviation, steps */
};

static void close_part(part *t)
{
    af_spill_close(&t->x);
    af_spill_close(&t->y);
    af_free(t->key);
    af_free(t->group);
    af_free(t->ids);
    af_free(t->all);
}

void af_fsd_pack_free(af_fsd_pack *p)
{
    if (!p) return;
    for (int k = 0; k < 2; k++) close_part(&p->part[k]);
    close_part(&p->noise);
    af_free(p->scale);
    af_mel_free(p->mel);
    af_fsd_choice_close(&p->choice);
    af_free(p);
}

af_status af_fsd_pack_new(af_fsd_pack **out, const af_prep_request *r, const af_fsd_clips *clips)
{
    af_fsd_pack *p = af_calloc(1, sizeof *p);
    if (!p) return AF_ENOMEM;
    p->r = r;
    p->clips = clips;
    p->layout = &af_fsd_layouts[r->size];
    p->values = (size_t)af_shape_size(af_fsd_feature_shape(p->layout));
    for (int k = 0; k < 2; k++) p->part[k].x.fd = p->part[k].y.fd = -1;
    p->noise.x.fd = p->noise.y.fd = -1;
    af_status st;
    AF_GOTO(st, done, af_fsd_choose(&p->choice, p->layout, clips));
    AF_GOTO(st, done, af_mel_new(&p->mel));
    for (int k = 0; k < 2; k++) {
        AF_GOTO(st, done, af_spill_open(&p->part[k].x, r->directory));
        AF_GOTO(st, done, af_spill_open(&p->part[k].y, r->directory));
    }
    AF_GOTO(st, done, af_spill_open(&p->noise.x, r->directory));
    *out = p;
    return AF_OK;
done:
    af_fsd_pack_free(p);
    return st;
}

bool af_fsd_pack_wants(const af_fsd_pack *p, int clip)
{
    return p->choice.used[clip];
}

const int *af_fsd_pack_counts(const af_fsd_pack *p)
{
    return p->choice.count;
}

/* ---- samples come in ---- */

static af_status add_sample(const af_fsd_pack *p, part *t, int32_t clip, int32_t chunk,
                            const int16_t *x)
{
    if (t->n == t->capacity) {
        int64_t capacity = t->capacity ? 2 * t->capacity : 1024;
        key *more = af_realloc(t->key, (size_t)capacity * sizeof *more);
        if (!more) return AF_ENOMEM;
        t->key = more;
        t->capacity = capacity;
    }
    t->key[t->n] = (key){clip, chunk, t->n};
    t->n++;
    return af_spill_add(&t->x, x, p->values * sizeof *x);
}

static af_status append(af_fsd_pack *p, int clip, int chunk, const int16_t *x)
{
    const bool train = p->clips->c[clip].split == AF_TRAIN;
    for (size_t i = 0; i < p->values && train; i++) p->squares += (uint64_t)((int64_t)x[i] * x[i]);
    return add_sample(p, &p->part[p->clips->c[clip].split == AF_TEST], clip, chunk, x);
}

af_status af_fsd_pack_chunk(af_fsd_pack *p, int clip, int k, const int16_t *x, int64_t n)
{
    int16_t cut[AF_MEL_CHUNK], made[AF_MEL_SIZE];
    af_fsd_chunk_cut(cut, x, n, 0);
    af_fsd_features(made, p->layout, p->mel, cut);
    return append(p, clip, k, made);
}

af_status af_fsd_pack_clip(af_fsd_pack *p, int clip, const int16_t *x, int64_t n)
{
    const int count = af_fsd_chunk_count(n);
    int16_t *made = af_alloc((size_t)count * p->values * sizeof *made);
    af_status st = AF_OK;
    if (!made) return AF_ENOMEM;
#pragma omp parallel for schedule(dynamic)
    for (int k = 0; k < count; k++) {
        int16_t cut[AF_MEL_CHUNK];
        if (!af_fsd_chunk_used(p->layout, k, count)) continue;
        af_fsd_chunk_cut(cut, x, n, (int64_t)k * AF_FSD_HOP);
        af_fsd_features(made + (size_t)k * p->values, p->layout, p->mel, cut);
    }
    for (int k = 0; k < count && st == AF_OK; k++)
        if (af_fsd_chunk_used(p->layout, k, count))
            st = append(p, clip, k, made + (size_t)k * p->values);
    af_free(made);
    return st;
}

af_status af_fsd_pack_noise(af_fsd_pack *p, int number, const int16_t *x, int64_t n)
{
    int16_t cut[AF_MEL_CHUNK], made[AF_MEL_SIZE];
    for (int k = 0; k < p->layout->noise_chunks; k++) {
        af_fsd_chunk_cut(cut, x, n, af_fsd_noise_start(p->layout, k, n));
        af_fsd_features(made, p->layout, p->mel, cut);
        AF_TRY(add_sample(p, &p->noise, number, k, made));
    }
    return AF_OK;
}

/* ---- and are written ---- */

static int by_place(const void *a, const void *b)
{
    const key *x = a, *y = b;
    if (x->clip != y->clip) return x->clip < y->clip ? -1 : 1;
    return (x->chunk > y->chunk) - (x->chunk < y->chunk);
}

static af_status put_in_order(af_fsd_pack *p, part *t)
{
    bool ordered = true;
    if (!t->n) return AF_OK;
    qsort(t->key, (size_t)t->n, sizeof *t->key, by_place);
    for (int64_t i = 0; i < t->n; i++) ordered = ordered && t->key[i].at == i;
    if (ordered) return AF_OK;
    const void *map;
    af_spill sorted;
    const size_t bytes = p->values * sizeof(int16_t);
    AF_TRY(af_spill_map(&t->x, &map));
    af_status st = af_spill_open(&sorted, p->r->directory);
    for (int64_t i = 0; i < t->n && st == AF_OK; i++)
        st = af_spill_add(&sorted, (const char *)map + (size_t)t->key[i].at * bytes, bytes);
    if (st != AF_OK) {
        af_spill_close(&sorted);
        return st;
    }
    af_spill_close(&t->x);
    t->x = sorted;
    return AF_OK;
}

static af_status describe_samples(af_fsd_pack *p, part *t)
{
    float y[AF_FSD_LABELS];
    t->group = af_alloc((size_t)t->n * sizeof *t->group);
    t->all = af_alloc((size_t)t->n * sizeof *t->all);
    t->ids = af_calloc((size_t)t->n, AF_ID_MAX);
    if (!t->group || !t->all || !t->ids) return AF_ENOMEM;
    int64_t place[AF_SPLITS] = {0};
    for (int64_t i = 0; i < t->n; i++) t->count[p->clips->c[t->key[i].clip].split]++;
    place[AF_VALID] = t->count[AF_TRAIN];
    for (int64_t i = 0; i < t->n; i++) {
        const af_fsd_clip *c = &p->clips->c[t->key[i].clip];
        t->group[i] = t->key[i].clip;
        snprintf(t->ids + i * AF_ID_MAX, AF_ID_MAX, "%s:%d", c->name, t->key[i].chunk);
        for (int k = 0; k < p->layout->labels; k++) y[k] = af_fsd_label_has(c, p->choice.label[k]);
        AF_TRY(af_spill_add(&t->y, y, (size_t)p->layout->labels * sizeof *y));
        t->all[place[c->split]++] = i;
    }
    return AF_OK;
}

static af_status make_scale(af_fsd_pack *p)
{
    const double values = (double)p->part[0].count[AF_TRAIN] * (double)p->values;
    const double deviation = sqrt((double)p->squares / values);
    p->scale = af_calloc(3 * p->values, sizeof *p->scale);
    if (!p->scale) return AF_ENOMEM;
    for (size_t i = 0; i < p->values; i++) {
        p->scale[p->values + i] = deviation > 0 ? (float)deviation : 1; /* silence only */
        p->scale[2 * p->values + i] = AF_FSD_STEPS;
    }
    return AF_OK;
}

static af_status fill_content(af_dataset_content *c, af_fsd_pack *p, part *t)
{
    AF_TRY(af_spill_map(&t->x, &c->x));
    AF_TRY(af_spill_map(&t->y, &c->y));
    c->n = t->n;
    c->group = t->group;
    c->ids = t->ids;
    for (int k = 0; k < AF_PROTOCOLS; k++) {
        if (c->part == AF_HELD_OUT) {
            c->split[k][AF_TEST] = (af_indices){t->all, t->n};
            continue;
        }
        c->split[k][AF_TRAIN] = (af_indices){t->all, t->count[AF_TRAIN]};
        c->split[k][AF_VALID] = (af_indices){t->all + t->count[AF_TRAIN], t->count[AF_VALID]};
        c->scaling[k].x_mean = p->scale;
        c->scaling[k].x_std = p->scale + (k == AF_PAPER ? 2 : 1) * p->values;
    }
    return AF_OK;
}

af_status af_fsd_pack_write(af_fsd_pack *p, const char *provenance, const char *source)
{
    af_dataset_content c[2];
    for (int k = 0; k < 2; k++) {
        part *t = &p->part[k];
        c[k] = (af_dataset_content){.task = p->r->task,
                                    .size = p->r->size,
                                    .part = k ? AF_HELD_OUT : AF_MAIN,
                                    .provenance = provenance,
                                    .source = source,
                                    .labels = p->choice.names,
                                    .input = af_fsd_feature_shape(p->layout),
                                    .output = {p->layout->labels, 1, 1},
                                    .dense = true,
                                    .x_type = AF_STORED_INT16};
        if (!t->n) return af_fail(AF_EFORMAT, "fsd50k: no samples for a part of the dataset");
        AF_TRY(put_in_order(p, t));
        AF_TRY(describe_samples(p, t));
    }
    AF_TRY(put_in_order(p, &p->noise));
    AF_TRY(make_scale(p));
    c[0].noises = p->noise.n;
    if (c[0].noises) AF_TRY(af_spill_map(&p->noise.x, &c[0].noise));
    for (int k = 0; k < 2; k++) AF_TRY(fill_content(&c[k], p, &p->part[k]));
    return af_dataset_write_pair(p->r->directory, &c[0], &c[1]);
}
