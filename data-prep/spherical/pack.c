/* Of a size that uses fewer images, each split keeps evenly spaced ones: consecutive images share a
 * rotation. Values are the integers 0 to 255, or sums of them over the squares that become one
 * point. */
#include "data-prep/spherical/pack.h"
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/cifar100/images.h"
#include "data-prep/formats/counts.h"
#include "data-prep/formats/labelled.h"
#include "data-prep/spherical/project.h"

enum { FEWEST = 10, PLANES = AF_SPHERE_PLANES, SIDE = AF_SPHERE_SIDE };

const af_spherical_extent af_spherical_extents[AF_SIZES] = {
    [AF_TINY] = {1600, 300, 400, 4, 0.05},
    [AF_SMALL] = {8000, 2000, 2000, 2, 1},
    [AF_FULL] = {40000, 10000, 10000, 1, 1},
};

/* Sums over squares of points. */
static void shrink(int16_t *to, const uint8_t *from, int block)
{
    const int side = SIDE / block;
    for (int i = 0; i < PLANES * side * side; i++) {
        const uint8_t *corner = from + i / (side * side) * AF_SPHERE_POINTS +
                                i / side % side * block * SIDE + i % side * block;
        int sum = 0;
        for (int k = 0; k < block * block; k++) sum += corner[k / block * SIDE + k % block];
        to[i] = (int16_t)sum;
    }
}

/* n evenly spaced images of first .. first + count - 1. */
static void append(af_labelled *p, const af_spherical_source *from, int64_t first, int64_t count,
                   int64_t n, const char *name)
{
    const int block = SIDE / p->c.input.w, size = af_shape_size(p->c.input);
    const int64_t begin = p->c.n;
    for (int64_t i = 0; i < n; i++)
        af_labelled_add(p, 0, -1, "%s-%05lld", name, (long long)(first + i * count / n));
#pragma omp parallel for schedule(dynamic, 8)
    for (int64_t i = 0; i < n; i++) {
        uint8_t image[AF_SPHERE_BYTES];
        int64_t at = begin + i;
        p->y[at] = from->draw(image, from->payload, first + i * count / n);
        if (block > 1)
            shrink((int16_t *)(void *)p->x + at * size, image, block);
        else
            memcpy(p->x + at * size, image, sizeof image);
    }
}

/* Mean and deviation of each channel over the training images, at every point. */
static void fill_scaling(float *mean, float *std, const af_labelled *main, int64_t train)
{
    const int plane = main->c.input.h * main->c.input.w;
    for (int c = 0; c < PLANES; c++) {
        double sum = 0, squares = 0, n = (double)(train * plane);
        for (int64_t k = 0; k < train; k++)
            for (int i = 0; i < plane; i++) {
                int64_t at = (k * PLANES + c) * plane + i;
                double x = main->c.x_type == AF_STORED_UINT8
                               ? (double)((const uint8_t *)main->x)[at]
                               : (double)((const int16_t *)(const void *)main->x)[at];
                sum += x;
                squares += x * x;
            }
        double deviation = sqrt(squares / n - sum / n * (sum / n));
        for (int i = 0; i < plane; i++) {
            mean[c * plane + i] = (float)(sum / n);
            std[c * plane + i] = deviation > 0 ? (float)deviation : 1;
        }
    }
}

static af_status fill(af_labelled *main, af_labelled *test, const af_spherical_source *from,
                      const af_spherical_source *held, int64_t train, int64_t valid)
{
    const int64_t fifth = from->count / 5;
    append(main, from, 0, from->count - fifth, train, "train");
    append(main, from, from->count - fifth, fifth, valid, "train");
    append(test, held, 0, held->count, test->room, "test");
    return AF_OK;
}

af_status af_spherical_pack(const af_prep_request *r, const af_spherical_source *from,
                            const af_spherical_source *held, const char *provenance,
                            const json_t *origin)
{
    const af_spherical_extent *e = &af_spherical_extents[r->size];
    const int side = SIDE / e->block, size = PLANES * side * side;
    const af_shape shape = {PLANES, side, side};
    const af_stored type = e->block > 1 ? AF_STORED_INT16 : AF_STORED_UINT8;
    const int64_t train = af_least(e->train, from->count - from->count / 5);
    const int64_t valid = af_least(e->valid, from->count / 5);
    af_labelled main = {0}, test = {0};
    af_status st;
    if (from->count < FEWEST)
        return af_fail(AF_EFORMAT, "%lld training images, want at least %d to split",
                       (long long)from->count, FEWEST);
    float *scale = af_calloc((size_t)size, 4 * sizeof *scale);
    if (!scale) return AF_ENOMEM;
    AF_GOTO(st, done,
            af_labelled_open(&main, r, AF_MAIN, train + valid, shape, type, AF_CIFAR_CLASSES));
    AF_GOTO(st, done,
            af_labelled_open(&test, r, AF_HELD_OUT, af_least(e->test, held->count), shape, type,
                             AF_CIFAR_CLASSES));
    AF_GOTO(st, done, fill(&main, &test, from, held, train, valid));
    fill_scaling(scale, scale + size, &main, train);
    main.c.scaling[AF_CLEAN] = (af_scaling){.x_mean = scale, .x_std = scale + size};
    for (int i = 0; i < size; i++) scale[3 * size + i] = (float)(e->block * e->block);
    if (e->block > 1) /* 0 to 255 again */
        main.c.scaling[AF_PAPER] =
            (af_scaling){.x_mean = scale + 2 * size, .x_std = scale + 3 * size};
    memcpy(test.c.scaling, main.c.scaling, sizeof test.c.scaling);
    st = af_labelled_write(&main, train, &test, provenance, origin);
done:
    af_labelled_close(&main);
    af_labelled_close(&test);
    af_free(scale);
    return st;
}
