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

void af_batch_close(af_batch *b)
{
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

/* From a sample as it is stored to what a network sees, but for a mix. */
static void bring(float *to, const float *from, const af_source *s, const af_augment_draw *d,
                  const af_mask_draw *masks)
{
    const af_augment *a = &s->augment;
    const float *mean = s->scaling->x_mean, *std = s->scaling->x_std;
    const af_shape shape = s->data->input;
    const size_t size = (size_t)af_shape_size(shape);
    const bool moved = moves(a);
    if (moved) {
        af_augment_move(to, from, shape, d);
        from = to;
    }
    if (mean)
        for (size_t i = 0; i < size; i++) to[i] = (from[i] - mean[i]) / std[i];
    else if (!moved)
        memcpy(to, from, size * sizeof *to);
    if (moved) af_augment_cut(to, shape, d);
    if (a->masks) af_augment_mask(to, shape, masks);
}

/* The sample with another level, in `room`; `from` may be `room`. */
static const float *shift(float *room, const float *from, const af_source *s, int64_t sample)
{
    const int64_t size = af_shape_size(s->data->input);
    const float by = s->data->level[sample] *
                     af_augment_level_at(&s->augment, s->seed, s->trial, s->epoch, sample);
    for (int64_t i = 0; i < size; i++) room[i] = from[i] + by;
    return room;
}

static void mix(float *to, const af_source *s, int64_t sample, float *room)
{
    const af_dataset *d = s->data;
    float *noise = room + af_shape_size(d->input);
    const af_mix_draw m =
        af_augment_mix_at(&s->augment, d->input, d->noises, s->seed, s->trial, s->epoch, sample);
    if (m.noise < 0) return;
    bring(noise, af_dataset_noise(d, m.noise, room), s, &m.move, &m.masks);
    af_augment_mix(to, noise, d->input, m.part);
}

static void load_x(float *to, const af_source *s, int64_t sample, float *room)
{
    const af_augment *a = &s->augment;
    const af_shape shape = s->data->input;
    const float *from = af_dataset_sample(s->data, sample, room);
    af_augment_draw d = {0};
    af_mask_draw masks = {0};
    if (s->data->level && af_augment_levels(a)) from = shift(room, from, s, sample);
    if (moves(a)) d = af_augment_at(a, shape, s->seed, s->trial, s->epoch, sample);
    if (a->masks) masks = af_augment_masks_at(a, shape, s->seed, s->trial, s->epoch, sample);
    bring(to, from, s, &d, &masks);
    if (s->data->noises && a->mix_share > 0) mix(to, s, sample, room);
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
    for (int k = 0; k < n; k++) {
        load_x(b->x + (size_t)k * size, s, which[k], b->room);
        memcpy((char *)b->y + (size_t)k * target, (const char *)d->y + (size_t)which[k] * target,
               target);
        if (s->mask) {
            const int64_t outputs = af_shape_size(d->output);
            mask_y((float *)b->y + k * outputs, s->mask + which[k] * outputs, outputs);
        }
    }
    b->n = n;
}
