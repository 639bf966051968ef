/* The checksum over a dataset: its identity in results. Every block enters with its name and its
 * dimensions, and /x with its type, so neither another shape over the same bytes nor bytes moved to
 * the next block go unseen. The order is described in core/data/dataset.h. */
#include <string.h>
#include "core/data/check.h"
#include "core/data/hdf5.h"
#include "core/data/names.h"

/* `type`: of a block that may be of one of several; NULL: it is always the same. */
static void add_typed(af_sha256 *h, const af_block *b, const char *type)
{
    af_sha256_addf(h, "%s", b->name);
    for (int i = 0; i < b->rank; i++) af_sha256_addf(h, " %lld", (long long)b->dims[i]);
    if (type) af_sha256_addf(h, " %s", type);
    af_sha256_addf(h, "\n");
    af_sha256_add(h, b->data, (size_t)af_block_bytes(b));
}

static void add(af_sha256 *h, const af_block *b)
{
    add_typed(h, b, NULL);
}

static void add_inputs(af_sha256 *h, const af_dataset *d, const char *name, int64_t n,
                       const void *values)
{
    const af_shape s = d->input;
    const af_block b = {.name = name,
                        .type = af_stored_blocks[d->x_type],
                        .rank = 4,
                        .dims = {n, s.c, s.h, s.w},
                        .data = values};
    add_typed(h, &b, af_stored_names[d->x_type]);
}

static void add_dense_targets(af_sha256 *h, const af_dataset *d)
{
    const af_shape s = d->output;
    add(h, &(af_block){.name = "/y",
                       .type = AF_FLOAT32,
                       .rank = 4,
                       .dims = {d->n, s.c, s.h, s.w},
                       .data = d->y});
}

static void add_list(af_sha256 *h, const char *name, af_block_type type, int64_t n,
                     const void *values)
{
    add(h, &(af_block){.name = name, .type = type, .rank = 1, .dims = {n}, .data = values});
}

static void add_ids(af_sha256 *h, const af_dataset *d)
{
    const int width = af_dataset_id_width(d->ids, d->n);
    af_sha256_addf(h, "/id %lld %d\n", (long long)d->n, width);
    for (int64_t i = 0; i < d->n; i++) af_sha256_add(h, d->ids + i * AF_ID_MAX, (size_t)width);
}

static void add_protocol(af_sha256 *h, const af_dataset *d, int p)
{
    char name[AF_BLOCK_NAME];
    af_scaling scaling = d->scaling[p];
    for (int s = 0; s < AF_SPLITS; s++) {
        const af_indices *split = &d->split[p][s];
        af_split_block_name(name, p, s);
        if (split->i) add_list(h, name, AF_INT64, split->count, split->i);
    }
    for (int k = 0; k < AF_SCALES; k++) {
        const float *values = *af_scale_slot(&scaling, k);
        const af_shape s = af_scale_is_y(k) ? d->output : d->input;
        af_scale_block_name(name, p, k);
        if (values)
            add(h, &(af_block){.name = name,
                               .type = AF_FLOAT32,
                               .rank = 3,
                               .dims = {s.c, s.h, s.w},
                               .data = values});
    }
    af_mask_block_name(name, p);
    if (d->mask[p])
        add(h, &(af_block){.name = name,
                           .type = AF_UINT8,
                           .rank = 4,
                           .dims = {d->n, d->output.c, d->output.h, d->output.w},
                           .data = d->mask[p]});
}

af_status af_dataset_digest(const af_dataset *d, char hex[AF_SHA256_HEX])
{
    af_sha256 *h = af_sha256_new();
    if (!h) return AF_ENOMEM;
    af_sha256_addf(h, "task %s\n", d->task);
    if (!d->dense) af_sha256_addf(h, "classes %d\n", d->output.c);
    add_inputs(h, d, "/x", d->n, d->x);
    if (d->dense)
        add_dense_targets(h, d);
    else
        add_list(h, "/y", AF_INT32, d->n, d->y);
    add_ids(h, d);
    if (d->group) add_list(h, "/group", AF_INT32, d->n, d->group);
    if (d->level) add_list(h, "/level", AF_FLOAT32, d->n, d->level);
    if (d->noises) add_inputs(h, d, "/noise", d->noises, d->noise);
    for (int p = 0; p < AF_PROTOCOLS; p++) add_protocol(h, d, p);
    af_sha256_end(h, hex);
    return AF_OK;
}
