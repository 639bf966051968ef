/* Sampling is a pure function of (seed, trial, epoch): resuming needs no generator state. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/train/batch.h"

static size_t target_bytes(const af_dataset *d)
{
    return d->dense ? (size_t)af_shape_size(d->output) * sizeof(float) : sizeof(int32_t);
}

af_status af_batch_new(af_batch *b, const af_dataset *d, int size)
{
    const size_t sample = (size_t)af_shape_size(d->input);
    *b = (af_batch){.x = af_calloc((size_t)size, sample * sizeof *b->x),
                    .y = af_calloc((size_t)size, target_bytes(d)),
                    .room = af_calloc(2 * sample, sizeof *b->room)};
    if (b->x && b->y && b->room) return AF_OK;
    af_batch_close(b);
    return AF_ENOMEM;
}

af_status af_batch_new_stored(af_batch *b, const af_dataset *d, int size)
{
    const size_t stride = af_row_stride(d->x_type, d->input), rows = d->noises ? 2 : 1;
    *b = (af_batch){.y = af_calloc((size_t)size, target_bytes(d)),
                    .rows = {.stride = stride, .memory = af_calloc((size_t)size * rows, stride)}};
    if (b->y && b->rows.memory) return AF_OK;
    af_batch_close(b);
    return AF_ENOMEM;
}

af_status af_batch_new_for(af_batch *b, const af_dataset *d, int size, const af_plan *p)
{
    const bool stored = p && af_plan_composes(p, d->x_type);
    return stored ? af_batch_new_stored(b, d, size) : af_batch_new(b, d, size);
}

void af_batch_close(af_batch *b)
{
    af_free(b->rows.memory);
    af_free(b->x);
    af_free(b->y);
    af_free(b->room);
    *b = (af_batch){0};
}

static bool one_per_group(const af_task *task, const af_dataset *d)
{
    return task->sampler == AF_ONE_PER_GROUP && d->group;
}

/* Samples of a group follow each other in a split: preps write them so. */
static int64_t group_end(const af_dataset *d, const af_indices *split, int64_t from)
{
    int64_t to = from + 1;
    while (to < split->count && d->group[split->i[to]] == d->group[split->i[from]]) to++;
    return to;
}

int64_t af_epoch_samples(const af_task *task, const af_dataset *d, const af_indices *split)
{
    if (!one_per_group(task, d)) return split->count;
    int64_t groups = 0;
    for (int64_t at = 0; at < split->count; at = group_end(d, split, at)) groups++;
    return groups;
}

int64_t af_epoch_order(int64_t *order, const af_training *t, const af_indices *split, int epoch)
{
    int64_t count = 0;
    if (one_per_group(t->task, t->data)) {
        af_rng r = af_rng_at(t->seed, "window", t->trial, (uint32_t)epoch, 0, 0);
        for (int64_t at = 0; at < split->count;) {
            int64_t end = group_end(t->data, split, at);
            order[count++] = split->i[at + (int64_t)af_rng_below(&r, (uint64_t)(end - at))];
            at = end;
        }
    } else {
        count = split->count;
        memcpy(order, split->i, (size_t)count * sizeof *order);
    }
    af_rng r = af_rng_at(t->seed, "shuffle", t->trial, (uint32_t)epoch, 0, 0);
    af_rng_shuffle(&r, order, count);
    return count;
}

static af_augment augment_of(const af_augment *a, af_protocol protocol)
{
    return a->in_paper && protocol != AF_PAPER ? (af_augment){0} : *a;
}

af_source af_epoch_source(const af_training *t, int epoch)
{
    return (af_source){.data = t->data,
                       .scaling = &t->data->scaling[t->protocol],
                       .mask = t->data->mask[t->protocol],
                       .augment = augment_of(&t->recipe.augment, t->protocol),
                       .seed = t->seed,
                       .trial = t->trial,
                       .epoch = (uint32_t)epoch};
}

af_source af_scoring_source(const af_training *t, const af_dataset *d)
{
    const af_augment a = augment_of(&t->recipe.augment, t->protocol);
    return (af_source){.data = d,
                       .scaling = &t->data->scaling[t->protocol],
                       .augment = {.level_least = a.level_least, .level_most = a.level_most},
                       .epoch = AF_AUGMENT_SCORING};
}

void af_augment_left_out(char out[AF_AUGMENT_TEXT], const af_augment *augment, const af_dataset *d,
                         af_protocol protocol)
{
    const af_augment a = augment_of(augment, protocol);
    const bool mix = a.mix_share > 0 && !d->noises, level = af_augment_levels(&a) && !d->level;
    snprintf(out, AF_AUGMENT_TEXT, "%s%s%s", mix ? "mix: the data have no /noise" : "",
             mix && level ? "; " : "", level ? "level: the data have no /level" : "");
}

static bool moves(const af_augment *a)
{
    return a->pad || a->flip || a->cutout;
}

/* Everything that is drawn for a sample. *noise: of the background sample that is mixed in; returns
 * which one, -1: none. */
static int64_t draw(af_drawn *own, af_drawn *noise, const af_source *s, int64_t sample)
{
    const af_augment *a = &s->augment;
    const af_dataset *d = s->data;
    *own = *noise = (af_drawn){.noise = -1};
    own->shifts = d->level && af_augment_levels(a);
    if (own->shifts)
        own->shift = d->level[sample] * af_augment_level_at(a, s->seed, s->trial, s->epoch, sample);
    if (moves(a)) own->move = af_augment_at(a, d->input, s->seed, s->trial, s->epoch, sample);
    if (a->masks)
        own->masks = af_augment_masks_at(a, d->input, s->seed, s->trial, s->epoch, sample);
    if (!d->noises || a->mix_share <= 0) return -1;
    const af_mix_draw m =
        af_augment_mix_at(a, d->input, d->noises, s->seed, s->trial, s->epoch, sample);
    own->part = m.part;
    noise->move = m.move;
    noise->masks = m.masks;
    return m.noise;
}

/* From a sample as it is stored to what a network sees, but for a mix; `from` may be `room`. */
static void bring(float *to, const float *from, const af_source *s, const af_drawn *d, float *room)
{
    const float *mean = s->scaling->x_mean, *std = s->scaling->x_std;
    const af_shape shape = s->data->input;
    const size_t size = (size_t)af_shape_size(shape);
    const bool moved = moves(&s->augment);
    if (d->shifts) {
        for (size_t i = 0; i < size; i++) room[i] = af_shifted(from[i], d->shift);
        from = room;
    }
    if (moved) {
        af_augment_move(to, from, shape, &d->move);
        from = to;
    }
    if (mean)
        for (size_t i = 0; i < size; i++) to[i] = af_scaled(from[i], mean[i], std[i]);
    else if (!moved)
        memcpy(to, from, size * sizeof *to);
    if (moved) af_augment_cut(to, shape, &d->move);
    if (d->masks.count) af_augment_mask(to, shape, &d->masks);
}

static void load_x(float *to, const af_source *s, int64_t sample, float *room)
{
    const af_dataset *data = s->data;
    float *noise = room + af_shape_size(data->input);
    af_drawn own, other;
    const int64_t mixed = draw(&own, &other, s, sample);
    bring(to, af_dataset_sample(data, sample, room), s, &own, room);
    if (mixed < 0) return;
    bring(noise, af_dataset_noise(data, mixed, room), s, &other, room);
    af_augment_mix(to, noise, data->input, own.part);
}

static void put_row(af_rows *r, int row, const af_drawn *d, const void *from, int64_t i,
                    size_t bytes)
{
    char *to = r->memory + (size_t)row * r->stride;
    memcpy(to, d, sizeof *d);
    memcpy(to + sizeof *d, (const char *)from + (size_t)i * bytes, bytes);
}

static void load_rows(af_rows *r, const af_source *s, const int64_t *which, int n)
{
    const af_dataset *d = s->data;
    const size_t bytes = af_stored_bytes(d->x_type, d->input);
    r->samples = r->count = n;
    r->masks = s->augment.masks > 0;
    for (int k = 0; k < n; k++) {
        af_drawn own, other;
        const int64_t mixed = draw(&own, &other, s, which[k]);
        if (mixed >= 0) {
            own.noise = r->count;
            put_row(r, r->count++, &other, d->noise, mixed, bytes);
        }
        put_row(r, k, &own, d->x, which[k], bytes);
    }
}

static void mask_y(float *y, const uint8_t *mask, int64_t size)
{
    for (int64_t e = 0; e < size; e++)
        if (!mask[e]) y[e] = NAN;
}

void af_batch_load(af_batch *b, const af_source *s, const int64_t *which, int n)
{
    const af_dataset *d = s->data;
    size_t size = (size_t)af_shape_size(d->input), target = target_bytes(d);
    if (!b->x) load_rows(&b->rows, s, which, n);
    for (int k = 0; k < n; k++) {
        if (b->x) load_x(b->x + (size_t)k * size, s, which[k], b->room);
        memcpy((char *)b->y + (size_t)k * target, (const char *)d->y + (size_t)which[k] * target,
               target);
        if (s->mask) {
            const int64_t outputs = af_shape_size(d->output);
            mask_y((float *)b->y + k * outputs, s->mask + which[k] * outputs, outputs);
        }
    }
    b->n = n;
}

af_status af_batch_send(const af_batch *b, af_plan *p)
{
    return b->x ? AF_OK : af_plan_compose(p, &b->rows);
}
