/* All five numbers are drawn whatever is done, so that an image is moved alike with and without a
 * flip or a square. */
#include "core/train/augment.h"
#include <stdio.h>
#include <string.h>
#include "core/train/sample.h"

void af_augment_print(char out[AF_AUGMENT_TEXT], const af_augment *a)
{
    char crop[24] = "", cutout[24] = "", masks[80] = "", mix[48] = "", level[48] = "";
    if (a->pad) snprintf(crop, sizeof crop, ", crop %d", a->pad);
    if (a->cutout) snprintf(cutout, sizeof cutout, ", cutout %d", a->cutout);
    if (a->masks)
        snprintf(masks, sizeof masks, ", masks %d of %g rows and %g columns at %g", a->masks,
                 a->mask_rows, a->mask_columns, a->mask_share);
    if (a->mix_share > 0)
        snprintf(mix, sizeof mix, ", mix up to %g at %g", a->mix_most, a->mix_share);
    if (af_augment_levels(a))
        snprintf(level, sizeof level, ", level %g to %g", a->level_least, a->level_most);
    char all[AF_AUGMENT_TEXT];
    snprintf(all, sizeof all, "%s%s%s%s%s%s", crop, a->flip ? ", flip" : "", cutout, masks, mix,
             level);
    const bool any = *all != '\0';
    snprintf(out, AF_AUGMENT_TEXT, "%s%.*s", any && a->in_paper ? "under paper: " : "",
             AF_AUGMENT_TEXT - 16, any ? all + 2 : "");
}

/* How far the crop moves along an axis of n elements. */
static int offset(af_rng *r, int pad, int n)
{
    int drawn = (int)af_rng_below(r, (uint64_t)(2 * pad + 1)) - pad;
    return n > 1 ? drawn : 0;
}

/* The part of an axis of n elements that a square of `side` around a random centre covers. */
static void span(int *from, int *to, af_rng *r, int side, int n)
{
    int centre = (int)af_rng_below(r, (uint64_t)n), first = centre - side / 2;
    *from = first > 0 ? first : 0;
    *to = first + side < n ? first + side : n;
}

static af_augment_draw draw(const af_augment *a, af_shape s, af_rng *r)
{
    af_augment_draw d = {0};
    d.dy = offset(r, a->pad, s.h);
    d.dx = offset(r, a->pad, s.w);
    d.flip = (af_rng_u32(r) & 1) && a->flip;
    span(&d.top, &d.bottom, r, a->cutout, s.h);
    span(&d.left, &d.right, r, a->cutout, s.w);
    if (s.h == 1 && a->cutout) d.top = 0, d.bottom = 1;
    return d;
}

af_augment_draw af_augment_at(const af_augment *a, af_shape s, uint64_t seed, uint64_t trial,
                              uint32_t epoch, int64_t sample)
{
    af_rng r = af_rng_at(seed, "augment", trial, epoch, 0, (uint32_t)sample);
    return draw(a, s, &r);
}

static void move_row(float *to, const float *from, int w, const af_augment_draw *d)
{
    for (int x = 0; x < w; x++) {
        const int at = af_moved_from(x, w, d->flip, d->dx);
        to[x] = at >= 0 ? from[at] : 0;
    }
}

void af_augment_move(float *to, const float *from, af_shape s, const af_augment_draw *d)
{
    for (int c = 0; c < s.c; c++, from += (size_t)s.h * (size_t)s.w)
        for (int y = 0; y < s.h; y++, to += s.w) {
            const int at = af_moved_from(y, s.h, false, d->dy);
            if (at < 0)
                memset(to, 0, (size_t)s.w * sizeof *to);
            else
                move_row(to, from + (size_t)at * (size_t)s.w, s.w, d);
        }
}

void af_augment_cut(float *x, af_shape s, const af_augment_draw *d)
{
    if (d->top >= d->bottom || d->left >= d->right) return;
    for (int c = 0; c < s.c; c++)
        for (int y = d->top; y < d->bottom; y++)
            memset(x + ((size_t)c * (size_t)s.h + (size_t)y) * (size_t)s.w + d->left, 0,
                   (size_t)(d->right - d->left) * sizeof *x);
}

/* Where a band of a random width lies. */
static void band(int *from, int *width, af_rng *r, double most, int n)
{
    *width = (int)(most * af_rng_unit(r) * n);
    *from = (int)(af_rng_unit(r) * (n - *width));
}

static af_mask_draw draw_masks(const af_augment *a, af_shape s, af_rng *r)
{
    af_mask_draw d = {0};
    const int most = a->masks < AF_AUGMENT_MASKS ? a->masks : AF_AUGMENT_MASKS;
    if (most < 1 || af_rng_unit(r) >= a->mask_share) return d;
    d.count = 1 + (int)af_rng_below(r, (uint64_t)most);
    for (int k = 0; k < d.count; k++) {
        band(&d.band[k].row, &d.band[k].rows, r, a->mask_rows, s.h);
        band(&d.band[k].column, &d.band[k].columns, r, a->mask_columns, s.w);
    }
    return d;
}

af_mask_draw af_augment_masks_at(const af_augment *a, af_shape s, uint64_t seed, uint64_t trial,
                                 uint32_t epoch, int64_t sample)
{
    af_rng r = af_rng_at(seed, "spec_augment", trial, epoch, 0, (uint32_t)sample);
    return draw_masks(a, s, &r);
}

static void fill(float *x, int n, float value)
{
    for (int i = 0; i < n; i++) x[i] = value;
}

void af_augment_mask(float *x, af_shape s, const af_mask_draw *d)
{
    float least = x[0];
    for (int64_t i = 0; d->count && i < af_shape_size(s); i++) least = x[i] < least ? x[i] : least;
    for (int k = 0; k < d->count; k++)
        for (int y = 0; y < s.c * s.h; y++) {
            const int row = y % s.h - d->band[k].row;
            float *at = x + (size_t)y * (size_t)s.w;
            if (row >= 0 && row < d->band[k].rows)
                fill(at, s.w, least);
            else
                fill(at + d->band[k].column, d->band[k].columns, least);
        }
}

af_mix_draw af_augment_mix_at(const af_augment *a, af_shape s, int64_t noises, uint64_t seed,
                              uint64_t trial, uint32_t epoch, int64_t sample)
{
    af_rng r = af_rng_at(seed, "mix", trial, epoch, 0, (uint32_t)sample);
    af_mix_draw d = {.noise = -1};
    if (noises < 1 || af_rng_unit(&r) >= a->mix_share) return d;
    d.noise = (int64_t)af_rng_below(&r, (uint64_t)noises);
    d.part = (float)(a->mix_most * af_rng_unit(&r));
    d.move = draw(a, s, &r);
    d.masks = draw_masks(a, s, &r);
    return d;
}

void af_augment_mix(float *x, const float *noise, af_shape s, float part)
{
    for (int64_t i = 0; i < af_shape_size(s); i++) x[i] = af_mixed(x[i], noise[i], part);
}

bool af_augment_levels(const af_augment *a)
{
    return a->level_most > a->level_least;
}

float af_augment_level_at(const af_augment *a, uint64_t seed, uint64_t trial, uint32_t epoch,
                          int64_t sample)
{
    af_rng r = af_rng_at(seed, "level", trial, epoch, 0, (uint32_t)sample);
    return (float)(a->level_least + (a->level_most - a->level_least) * af_rng_unit(&r));
}
