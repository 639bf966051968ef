/* Sampling is a pure function of (seed, trial, epoch): resuming needs no generator state. */
#include <string.h>
#include "core/base/alloc.h"
#include "core/train/batch.h"

static size_t target_bytes(const af_dataset *d)
{
    return d->dense ? (size_t)af_shape_size(d->output) * sizeof(float) : sizeof(int32_t);
}

af_status af_feeder_new(af_feeder *f, const af_dataset *d, const af_scaling *s, int batch,
                        int64_t most)
{
    *f = (af_feeder){.data = d, .scaling = s};
    f->order = af_calloc((size_t)most, sizeof *f->order);
    f->x = af_calloc((size_t)batch, (size_t)af_shape_size(d->input) * sizeof *f->x);
    f->y = af_calloc((size_t)batch, target_bytes(d));
    f->room = af_calloc(1, (size_t)af_shape_size(d->input) * sizeof *f->room);
    if (f->order && f->x && f->y && f->room) return AF_OK;
    af_feeder_close(f);
    return AF_ENOMEM;
}

void af_feeder_close(af_feeder *f)
{
    af_free(f->order);
    af_free(f->x);
    af_free(f->y);
    af_free(f->room);
    *f = (af_feeder){0};
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

void af_feeder_epoch(af_feeder *f, const af_training *t, const af_indices *split, int epoch)
{
    f->count = 0;
    f->augment = t->recipe.augment;
    f->seed = t->seed;
    f->trial = t->trial;
    f->epoch = (uint32_t)epoch;
    if (one_per_group(t->task, f->data)) {
        af_rng r = af_rng_at(t->seed, "window", t->trial, (uint32_t)epoch, 0, 0);
        for (int64_t at = 0; at < split->count;) {
            int64_t end = group_end(f->data, split, at);
            f->order[f->count++] = split->i[at + (int64_t)af_rng_below(&r, (uint64_t)(end - at))];
            at = end;
        }
    } else {
        f->count = split->count;
        memcpy(f->order, split->i, (size_t)split->count * sizeof *f->order);
    }
    af_rng r = af_rng_at(t->seed, "shuffle", t->trial, (uint32_t)epoch, 0, 0);
    af_rng_shuffle(&r, f->order, f->count);
}

static void load_x(const af_feeder *f, float *to, int64_t sample)
{
    af_shape shape = f->data->input;
    size_t size = (size_t)af_shape_size(shape);
    const float *from = af_dataset_sample(f->data, sample, f->room);
    const float *mean = f->scaling->x_mean, *std = f->scaling->x_std;
    const af_augment *a = &f->augment;
    bool augmented = a->pad || a->flip || a->cutout;
    af_augment_draw d = {0};
    if (augmented) {
        d = af_augment_at(a, shape, f->seed, f->trial, f->epoch, sample);
        af_augment_move(to, from, shape, &d);
        from = to;
    }
    if (mean)
        for (size_t i = 0; i < size; i++) to[i] = (from[i] - mean[i]) / std[i];
    else if (!augmented)
        memcpy(to, from, size * sizeof *to);
    if (augmented) af_augment_cut(to, shape, &d);
}

void af_feeder_load(af_feeder *f, const int64_t *which, int n)
{
    const af_dataset *d = f->data;
    size_t size = (size_t)af_shape_size(d->input), target = target_bytes(d);
    for (int s = 0; s < n; s++) {
        load_x(f, f->x + (size_t)s * size, which[s]);
        memcpy((char *)f->y + (size_t)s * target, (const char *)d->y + (size_t)which[s] * target,
               target);
    }
}
