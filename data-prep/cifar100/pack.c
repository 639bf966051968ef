/* Samples lie in the order of the official files; ids are part and position there. Of a size that
 * uses fewer images, each split keeps its first ones: the official order is random. Values are the
 * integers 0 to 255 of the files, or sums of them over the squares that become one pixel. Scaling
 * is the published one, by constants of each channel, which are here repeated for each element and
 * multiplied by 255 and the pixels of a square. */
#include "data-prep/cifar100/pack.h"
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/data/dataset.h"
#include "data-prep/formats/counts.h"

const af_cifar_extent af_cifar_extents[AF_SIZES] = {
    [AF_TINY] = {1600, 400, 400, 1},
    [AF_SMALL] = {8000, 2000, 2000, 0},
    [AF_FULL] = {40000, 10000, 10000, 0},
};
/* Of CIFAR-100 those of NAS-Bench-360; of CIFAR-10 its training images'. */
static const struct constants {
    double mean[AF_CIFAR_PLANES], deviation[AF_CIFAR_PLANES];
} hundred = {{0.5071, 0.4867, 0.4408}, {0.2675, 0.2565, 0.2761}},
  ten = {{0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}};

typedef struct part {
    af_dataset_content c;
    uint8_t *pixels; /* of images that keep their size */
    int16_t *sums;   /* of images made smaller */
    float *x_mean, *x_std;
    int32_t *y;
    char *ids;
    int64_t *all;
} part;

static void part_close(part *p)
{
    af_free(p->pixels);
    af_free(p->sums);
    af_free(p->x_mean);
    af_free(p->x_std);
    af_free(p->y);
    af_free(p->ids);
    af_free(p->all);
}

static af_status part_open(part *p, int64_t n, int halvings)
{
    const int side = AF_CIFAR_SIDE >> halvings;
    size_t size = (size_t)(AF_CIFAR_PLANES * side * side);
    if (halvings)
        p->c.x = p->sums = af_calloc((size_t)n, size * sizeof *p->sums);
    else
        p->c.x = p->pixels = af_calloc((size_t)n, size * sizeof *p->pixels);
    p->c.x_type = halvings ? AF_STORED_INT16 : AF_STORED_UINT8;
    p->x_mean = af_calloc(size, sizeof *p->x_mean);
    p->x_std = af_calloc(size, sizeof *p->x_std);
    p->y = af_calloc((size_t)n, sizeof *p->y);
    p->ids = af_calloc((size_t)n, AF_ID_MAX);
    p->all = af_calloc((size_t)n, sizeof *p->all);
    p->c.input = (af_shape){AF_CIFAR_PLANES, side, side};
    return p->c.x && p->x_mean && p->x_std && p->y && p->ids && p->all ? AF_OK : AF_ENOMEM;
}

/* Sums over squares of pixels. */
static void shrink(int16_t *to, const uint8_t *from, int side)
{
    int factor = AF_CIFAR_SIDE / side;
    for (int c = 0; c < AF_CIFAR_PLANES; c++, from += AF_CIFAR_SIDE * AF_CIFAR_SIDE)
        for (int i = 0; i < side * side; i++) {
            const uint8_t *corner = from + i / side * factor * AF_CIFAR_SIDE + i % side * factor;
            int sum = 0;
            for (int k = 0; k < factor * factor; k++)
                sum += corner[k / factor * AF_CIFAR_SIDE + k % factor];
            *to++ = (int16_t)sum;
        }
}

/* Appends images first .. first + n - 1. */
static void append(part *p, const af_cifar_images *from, int64_t first, int64_t n, const char *name)
{
    size_t size = (size_t)af_shape_size(p->c.input);
    for (int64_t k = first; k < first + n; k++) {
        int64_t at = p->c.n++;
        const uint8_t *pixel = from->pixel + k * AF_CIFAR_BYTES;
        if (p->sums)
            shrink(p->sums + (size_t)at * size, pixel, p->c.input.w);
        else
            memcpy(p->pixels + (size_t)at * size, pixel, size);
        p->y[at] = from->label[k];
        p->all[at] = at;
        snprintf(p->ids + at * AF_ID_MAX, AF_ID_MAX, "%s-%05lld", name, (long long)k);
    }
}

static void fill_scaling(part *p, const struct constants *c)
{
    int plane = p->c.input.h * p->c.input.w;
    int most = 255 * AF_CIFAR_SIDE * AF_CIFAR_SIDE / plane; /* of a sum */
    for (int i = 0; i < AF_CIFAR_PLANES * plane; i++) {
        p->x_mean[i] = (float)(most * c->mean[i / plane]);
        p->x_std[i] = (float)(most * c->deviation[i / plane]);
    }
    for (int k = 0; k < AF_PROTOCOLS; k++)
        p->c.scaling[k] = (af_scaling){.x_mean = p->x_mean, .x_std = p->x_std};
}

static af_status fill_main(part *p, const af_cifar_images *s, const af_cifar_extent *e, bool own)
{
    int64_t fifth = s->count / 5, train = af_least(e->train, s->count - fifth);
    int64_t valid = af_least(e->valid, fifth);
    AF_TRY(part_open(p, train + valid, e->halvings));
    append(p, s, 0, train, "train");
    append(p, s, s->count - fifth, valid, "train");
    p->c.split[AF_CLEAN][AF_TRAIN] = (af_indices){p->all, train};
    p->c.split[AF_CLEAN][AF_VALID] = (af_indices){p->all + train, valid};
    if (!own) p->c.split[AF_PAPER][AF_TRAIN] = (af_indices){p->all, train + valid};
    fill_scaling(p, own ? &ten : &hundred);
    return AF_OK;
}

static af_status fill_held_out(part *p, const af_cifar_images *s, const af_cifar_extent *e,
                               bool own)
{
    int64_t test = af_least(e->test, s->count);
    AF_TRY(part_open(p, test, e->halvings));
    append(p, s, 0, test, "test");
    p->c.split[AF_CLEAN][AF_TEST] = (af_indices){p->all, test};
    if (!own) p->c.split[AF_PAPER][AF_TEST] = p->c.split[AF_CLEAN][AF_TEST];
    return AF_OK;
}

static void describe(part *p, const af_prep_request *r, const char *provenance, const char *source)
{
    p->c.task = r->task;
    p->c.size = r->size;
    p->c.provenance = provenance;
    p->c.source = source;
    p->c.output = (af_shape){r->task->own ? AF_CIFAR10_CLASSES : AF_CIFAR_CLASSES, 1, 1};
    p->c.y = p->y;
    p->c.ids = p->ids;
}

af_status af_cifar_pack(const af_prep_request *r, const af_cifar_images *train,
                        const af_cifar_images *test, const char *provenance, const char *source)
{
    enum { FEWEST = 10 };
    const af_cifar_extent *e = &af_cifar_extents[r->size];
    part main = {.c.part = AF_MAIN}, held_out = {.c.part = AF_HELD_OUT};
    af_status st;
    if (train->count < FEWEST)
        return af_fail(AF_EFORMAT, "%lld training images, want at least %d to split",
                       (long long)train->count, FEWEST);
    AF_GOTO(st, done, fill_main(&main, train, e, r->task->own));
    AF_GOTO(st, done, fill_held_out(&held_out, test, e, r->task->own));
    describe(&main, r, provenance, source);
    describe(&held_out, r, provenance, source);
    st = af_dataset_write_pair(r->directory, &main.c, &held_out.c);
done:
    part_close(&main);
    part_close(&held_out);
    return st;
}
