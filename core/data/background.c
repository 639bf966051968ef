/* Background in a dataset: each sample's level of it, and samples of nothing else. How they are
 * read, and the rules for them. */
#include <math.h>
#include "core/data/check.h"
#include "core/data/hdf5.h"
#include "core/data/names.h"

af_status af_background_read(af_dataset *d)
{
    af_block level = {.name = "/level", .type = AF_FLOAT32, .rank = 1};
    af_block noise = {.name = "/noise", .type = af_stored_blocks[d->x_type], .rank = 4};
    const af_shape s = d->input;
    if (af_mapping_has(d->mapping, level.name)) {
        AF_TRY(af_mapping_block(d->mapping, &level));
        if (level.dims[0] != d->n)
            return af_fail(AF_EFORMAT, "/level: %lld samples, want the %lld of /x",
                           (long long)level.dims[0], (long long)d->n);
        d->level = level.data;
    }
    if (!af_mapping_has(d->mapping, noise.name)) return AF_OK;
    AF_TRY(af_mapping_block(d->mapping, &noise));
    if (noise.dims[1] != s.c || noise.dims[2] != s.h || noise.dims[3] != s.w)
        return af_fail(AF_EFORMAT,
                       "/noise: %lld x %lld x %lld a sample, want the %d x %d x %d of /x",
                       (long long)noise.dims[1], (long long)noise.dims[2], (long long)noise.dims[3],
                       s.c, s.h, s.w);
    d->noises = noise.dims[0];
    d->noise = noise.data;
    return AF_OK;
}

static af_status check_level(const af_dataset *d)
{
    for (int64_t i = 0; d->level && i < d->n; i++)
        if (!isfinite(d->level[i]))
            return af_fail(AF_EFORMAT, "/level: sample %lld (id '%s') has %g, want a finite number",
                           (long long)i, d->ids + i * AF_ID_MAX, (double)d->level[i]);
    return AF_OK;
}

static af_status check_noise(const af_dataset *d, af_dataset_part part)
{
    const int64_t size = af_shape_size(d->input);
    const float *v = d->noise;
    if (d->noises < 0 || !d->noise != !d->noises)
        return af_fail(AF_EFORMAT, "/noise: %lld samples of %s, want some or none",
                       (long long)d->noises, d->noise ? "an array" : "no array");
    if (d->noise && part == AF_HELD_OUT)
        return af_fail(AF_EFORMAT, "/noise: in the held-out part, want it in the main one only: it "
                                   "is mixed into training samples");
    if (!d->noise || d->x_type != AF_STORED_FLOAT32 || af_all_finite(v, d->noises * size))
        return AF_OK;
    int64_t e = 0;
    while (isfinite(v[e])) e++;
    return af_fail(AF_EFORMAT, "/noise: sample %lld is %g at element %lld, want finite numbers",
                   (long long)(e / size), (double)v[e], (long long)(e % size));
}

af_status af_background_check(const af_dataset *d, af_dataset_part part)
{
    AF_TRY(check_level(d));
    return check_noise(d, part);
}
