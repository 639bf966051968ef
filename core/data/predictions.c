/* Predictions of a finished run, sample by sample with their ids and targets, so that any metric
 * can be computed again from the file alone. */
#include <string.h>
#include "core/base/alloc.h"
#include "core/data/check.h"
#include "core/data/dataset.h"
#include "core/data/hdf5.h"

/* Rows `which` of an array whose rows have `width` bytes; NULL when memory is short. */
static void *gather(af_arena *arena, const void *rows, size_t width, const af_indices *which)
{
    char *out = af_arena_alloc(arena, (size_t)which->count * width);
    for (int64_t k = 0; k < which->count && out; k++)
        memcpy(out + (size_t)k * width, (const char *)rows + (size_t)which->i[k] * width, width);
    return out;
}

static void *gather_ids(af_arena *arena, const af_dataset *d, const af_indices *which, int width)
{
    char *out = af_arena_alloc(arena, (size_t)which->count * (size_t)width);
    for (int64_t k = 0; k < which->count && out; k++)
        memcpy(out + k * width, d->ids + which->i[k] * AF_ID_MAX, (size_t)width);
    return out;
}

static af_status write_blocks(af_arena *arena, const char *path, const af_dataset *d,
                              af_protocol protocol, const af_indices *which, const float *pred,
                              const char *result_json)
{
    const int64_t n = which->count;
    const af_shape s = d->output;
    const int width = af_dataset_id_width(d->ids, d->n);
    const size_t row = d->dense ? (size_t)af_shape_size(s) * sizeof(float) : sizeof(int32_t);
    af_block blocks[] = {
        {"/id", AF_TEXT, width, 1, {n}, gather_ids(arena, d, which, width)},
        {"/pred", AF_FLOAT32, 0, 4, {n, s.c, s.h, s.w}, pred},
        {"/target", AF_INT32, 0, 1, {n}, gather(arena, d->y, row, which)},
        {"/group", AF_INT32, 0, 1, {n}, NULL},
        {"/mask", AF_UINT8, 0, 4, {n, s.c, s.h, s.w}, NULL},
    };
    int count = 3;
    if (d->dense)
        blocks[2] = (af_block){"/target", AF_FLOAT32, 0, 4, {n, s.c, s.h, s.w}, blocks[2].data};
    if (d->group) {
        blocks[count].data = gather(arena, d->group, sizeof *d->group, which);
        count++;
    }
    if (d->mask[protocol]) {
        blocks[count] = blocks[4];
        blocks[count++].data = gather(arena, d->mask[protocol], (size_t)af_shape_size(s), which);
    }
    for (int b = 0; b < count; b++)
        if (!blocks[b].data) return AF_ENOMEM;
    const af_attribute run = {.name = "run", .text = result_json};
    return af_hdf5_write(path, blocks, count, &run, 1);
}

af_status af_predictions_write(const char *path, const af_dataset *d, af_protocol protocol,
                               const af_indices *which, const float *pred, const char *result_json)
{
    if (which->count < 1) return af_fail(AF_EINVAL, "%s: no predictions to write", path);
    af_arena *arena = af_arena_new();
    if (!arena) return AF_ENOMEM;
    af_status st = write_blocks(arena, path, d, protocol, which, pred, result_json);
    af_arena_free(arena);
    return st;
}
