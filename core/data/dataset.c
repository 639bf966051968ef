/* Opening a dataset: finding it, mapping it, checking all of it once. Large arrays stay in the file
 * and are paged in as they are used; ids, splits and scaling are copied. Whoever opens the held-out
 * part is counted, so a test can prove that a search never did. */
#include "core/data/dataset.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/data/check.h"
#include "core/data/hdf5.h"
#include "core/data/names.h"

const char *const af_split_names[AF_SPLITS] = {"train", "valid", "test"};

static atomic_long held_out_opened;

long af_dataset_held_out_opened(void)
{
    return atomic_load(&held_out_opened);
}

af_status af_dataset_path(char out[4096], const char *directory, const char *task,
                          af_dataset_part part)
{
    char name[AF_PATH_MAX];
    AF_TRY(af_path_format(name, "%s%s", task, part == AF_HELD_OUT ? ".test.h5" : ".h5"));
    return af_path_join(out, directory, name);
}

af_status af_dataset_directory(char out[4096], af_size size)
{
    char data[AF_PATH_MAX];
    AF_TRY(af_data_dir(data));
    return af_path_join(out, data, af_size_names[size]);
}

/* Of a directory that may or may not be <data>/<size>; only for advice, so a guess will do. */
static af_size size_of_directory(const char *directory)
{
    const char *slash = strrchr(directory, '/');
    const char *name = slash ? slash + 1 : directory;
    for (int s = 0; s < AF_SIZES; s++)
        if (!strcmp(name, af_size_names[s])) return (af_size)s;
    return AF_TINY;
}

af_status af_dataset_explain(af_status st, const char *path, const af_dataset *d)
{
    const char *name = af_size_names[d->size], *task = d->task, *said = af_error();
    const size_t n = strlen(path);
    if (!strncmp(said, path, n)) said += n + strlen(": ");
    if (*d->maker) return af_fail(st, "%s: %s; run: %s --force", path, said, d->maker);
    return af_fail(st,
                   "%s: %s; run: afield data generate %s --size %s (a stand-in), or: afield data "
                   "import %s PATH --size %s (the official data)",
                   path, said, task, name, task, name);
}

static af_status read_attributes(af_dataset *d, const af_task *task, af_dataset_part part)
{
    char text[64];
    int64_t format;
    const af_mapping *m = d->mapping;
    AF_TRY(af_mapping_integer(m, "format", &format));
    if (format != AF_DATASET_FORMAT)
        return af_fail(AF_EFORMAT,
                       "attribute 'format': %lld, want %d; it was made by %s version of afield, "
                       "prepare it again",
                       (long long)format, AF_DATASET_FORMAT,
                       format < AF_DATASET_FORMAT ? "an older" : "a newer");
    AF_TRY(af_mapping_text(m, "task", d->task, sizeof d->task));
    if (strcmp(d->task, task->name) != 0)
        return af_fail(AF_EFORMAT, "attribute 'task': '%s', want '%s'", d->task, task->name);
    AF_TRY(af_mapping_text(m, "size", text, sizeof text));
    if (af_size_find(&d->size, text) != AF_OK)
        return af_fail(AF_EFORMAT, "attribute 'size': '%s', want tiny, small or full", text);
    AF_TRY(af_mapping_text(m, "part", text, sizeof text));
    if (strcmp(text, af_part_names[part]) != 0)
        return af_fail(AF_EFORMAT, "attribute 'part': '%s', want '%s'; do not rename these files",
                       text, af_part_names[part]);
    AF_TRY(af_mapping_text(m, "provenance", d->provenance, sizeof d->provenance));
    AF_TRY(af_mapping_text(m, "sha256", d->sha256, sizeof d->sha256));
    if (part == AF_HELD_OUT || !af_mapping_has_attribute(m, "held_out_sha256")) return AF_OK;
    return af_mapping_text(m, "held_out_sha256", d->held_out_sha256, sizeof d->held_out_sha256);
}

static af_status want_samples(const af_block *b, int64_t n)
{
    if (b->dims[0] == n) return AF_OK;
    return af_fail(AF_EFORMAT, "%s: %lld samples, want the %lld of /x", b->name,
                   (long long)b->dims[0], (long long)n);
}

static af_status take_shape(af_shape *shape, const af_block *b)
{
    for (int i = 1; i < 4; i++)
        if (b->dims[i] > AF_MAX_DIM)
            return af_fail(AF_EFORMAT, "%s: dimension %d is %lld, want at most %d", b->name, i,
                           (long long)b->dims[i], AF_MAX_DIM);
    *shape = (af_shape){(int)b->dims[1], (int)b->dims[2], (int)b->dims[3]};
    return AF_OK;
}

static af_status read_inputs(af_dataset *d)
{
    af_block b = {.name = "/x", .rank = 4};
    AF_TRY(af_mapping_block_of(d->mapping, &b, af_stored_blocks, AF_STORED_TYPES));
    AF_TRY(take_shape(&d->input, &b));
    while (af_stored_blocks[d->x_type] != b.type) d->x_type++;
    d->n = b.dims[0];
    d->x = b.data;
    return AF_OK;
}

static af_status read_dense_targets(af_dataset *d)
{
    af_block b = {.name = "/y", .type = AF_FLOAT32, .rank = 4};
    AF_TRY(af_mapping_block(d->mapping, &b));
    AF_TRY(want_samples(&b, d->n));
    AF_TRY(take_shape(&d->output, &b));
    d->y = b.data;
    return AF_OK;
}

static af_status read_targets(af_dataset *d)
{
    int64_t classes;
    af_block b = {.name = "/y", .type = AF_INT32, .rank = 1};
    if (d->dense) return read_dense_targets(d);
    AF_TRY(af_mapping_integer(d->mapping, "classes", &classes));
    if (classes < 1 || classes > AF_MAX_DIM)
        return af_fail(AF_EFORMAT, "attribute 'classes': %lld, want 1 to %d", (long long)classes,
                       AF_MAX_DIM);
    AF_TRY(af_mapping_block(d->mapping, &b));
    AF_TRY(want_samples(&b, d->n));
    d->output = (af_shape){(int)classes, 1, 1};
    d->y = b.data;
    return AF_OK;
}

static af_status read_names(af_dataset *d)
{
    af_block ids = {.name = "/id", .type = AF_TEXT, .rank = 1};
    af_block group = {.name = "/group", .type = AF_INT32, .rank = 1};
    AF_TRY(af_mapping_block(d->mapping, &ids));
    AF_TRY(want_samples(&ids, d->n));
    char *copy = af_calloc((size_t)d->n, AF_ID_MAX);
    if (!copy) return AF_ENOMEM;
    const char *from = ids.data;
    for (int64_t i = 0; i < d->n; i++)
        memcpy(copy + i * AF_ID_MAX, from + i * ids.width, (size_t)ids.width);
    d->ids = copy;
    if (!af_mapping_has(d->mapping, "/group")) return AF_OK;
    AF_TRY(af_mapping_block(d->mapping, &group));
    AF_TRY(want_samples(&group, d->n));
    d->group = group.data;
    return AF_OK;
}

/* A copy of an optional block, NULL when it is not there. */
static af_status copy_block(const af_dataset *d, af_block *b, void *out)
{
    if (!af_mapping_has(d->mapping, b->name)) return AF_OK;
    AF_TRY(af_mapping_block(d->mapping, b));
    void *copy = af_alloc((size_t)af_block_bytes(b));
    if (!copy) return AF_ENOMEM;
    memcpy(copy, b->data, (size_t)af_block_bytes(b));
    memcpy(out, &copy, sizeof copy);
    return AF_OK;
}

static af_status read_splits(af_dataset *d)
{
    char name[AF_BLOCK_NAME];
    for (int p = 0; p < AF_PROTOCOLS; p++)
        for (int s = 0; s < AF_SPLITS; s++) {
            af_indices *split = &d->split[p][s];
            af_block b = {.name = name, .type = AF_INT64, .rank = 1};
            af_split_block_name(name, p, s);
            AF_TRY(copy_block(d, &b, &split->i));
            if (split->i) split->count = b.dims[0];
        }
    return AF_OK;
}

static af_status read_scaling(af_dataset *d)
{
    char name[AF_BLOCK_NAME];
    for (int p = 0; p < AF_PROTOCOLS; p++)
        for (int k = 0; k < AF_SCALES; k++) {
            af_block b = {.name = name, .type = AF_FLOAT32, .rank = 3};
            const af_shape s = af_scale_is_y(k) ? d->output : d->input;
            af_scale_block_name(name, p, k);
            AF_TRY(copy_block(d, &b, af_scale_slot(&d->scaling[p], k)));
            if (*af_scale_slot(&d->scaling[p], k) &&
                (b.dims[0] != s.c || b.dims[1] != s.h || b.dims[2] != s.w))
                return af_fail(AF_EFORMAT, "%s: %lld x %lld x %lld, want %d x %d x %d as a sample",
                               name, (long long)b.dims[0], (long long)b.dims[1],
                               (long long)b.dims[2], s.c, s.h, s.w);
        }
    return AF_OK;
}

static af_status read_masks(af_dataset *d)
{
    char name[AF_BLOCK_NAME];
    for (int p = 0; p < AF_PROTOCOLS; p++) {
        af_block b = {.name = name, .type = AF_UINT8, .rank = 4};
        const af_shape s = d->output;
        af_mask_block_name(name, p);
        if (!af_mapping_has(d->mapping, name)) continue;
        AF_TRY(af_mapping_block(d->mapping, &b));
        AF_TRY(want_samples(&b, d->n));
        if (!d->dense || b.dims[1] != s.c || b.dims[2] != s.h || b.dims[3] != s.w)
            return af_fail(AF_EFORMAT, "%s: %lld x %lld x %lld a sample, want it like a dense /y",
                           name, (long long)b.dims[1], (long long)b.dims[2], (long long)b.dims[3]);
        d->mask[p] = b.data;
    }
    return AF_OK;
}

static af_status read_all(af_dataset *d, const af_task *task, af_dataset_part part)
{
    AF_TRY(af_mapping_open(&d->mapping, d->path));
    if (part == AF_HELD_OUT) atomic_fetch_add(&held_out_opened, 1);
    AF_TRY(read_attributes(d, task, part));
    d->dense = task->objective != AF_SINGLE_LABEL;
    AF_TRY(read_inputs(d));
    AF_TRY(read_targets(d));
    AF_TRY(read_names(d));
    AF_TRY(af_background_read(d));
    AF_TRY(read_splits(d));
    AF_TRY(read_scaling(d));
    AF_TRY(read_masks(d));
    af_mapping_seal(d->mapping);
    return af_dataset_check(d, task, part);
}

af_status af_dataset_open(af_dataset **out, const char *directory, const af_task *task,
                          af_dataset_part part)
{
    af_dataset *d = af_calloc(1, sizeof *d);
    if (!d) return AF_ENOMEM;
    d->size = size_of_directory(directory);
    af_task_maker(d->maker, task);
    af_status st = af_dataset_path(d->path, directory, task->name, part);
    if (st == AF_OK) st = read_all(d, task, part);
    if (st == AF_ENOTFOUND) st = af_fail(st, "no such dataset");
    snprintf(d->task, sizeof d->task, "%s", task->name); /* what was asked for */
    if (st == AF_EFORMAT || st == AF_ENOTFOUND) st = af_dataset_explain(st, d->path, d);
    if (st != AF_OK) {
        af_dataset_close(d);
        return st;
    }
    *out = d;
    return AF_OK;
}

af_io af_dataset_io(const af_dataset *d)
{
    const bool keeps = d->output.h == d->input.h && d->output.w == d->input.w;
    return (af_io){d->input, d->output, d->dense && keeps, d->size}; /* multi-label: not dense */
}

void af_dataset_close(af_dataset *d)
{
    if (!d) return;
    for (int p = 0; p < AF_PROTOCOLS; p++) {
        for (int s = 0; s < AF_SPLITS; s++) af_free(d->split[p][s].i);
        for (int k = 0; k < AF_SCALES; k++) af_free(*af_scale_slot(&d->scaling[p], k));
    }
    union {
        const char *in;
        void *out;
    } ids = {.in = d->ids};
    af_free(ids.out);
    af_mapping_close(d->mapping);
    af_free(d);
}

/* Number i of samples stored as x_type. */
static const float *as_floats(const af_dataset *d, const void *stored, int64_t i, float *room)
{
    const size_t size = (size_t)af_shape_size(d->input), from = (size_t)i * size;
    const uint8_t *bytes = stored;
    const int16_t *shorts = stored;
    switch (d->x_type) {
    case AF_STORED_UINT8:
        for (size_t e = 0; e < size; e++) room[e] = bytes[from + e];
        return room;
    case AF_STORED_INT16:
        for (size_t e = 0; e < size; e++) room[e] = shorts[from + e];
        return room;
    default:
        return (const float *)stored + from;
    }
}

const float *af_dataset_sample(const af_dataset *d, int64_t i, float *room)
{
    return as_floats(d, d->x, i, room);
}

const float *af_dataset_noise(const af_dataset *d, int64_t k, float *room)
{
    return as_floats(d, d->noise, k, room);
}

af_status af_dataset_verify(const af_dataset *d)
{
    char hex[AF_SHA256_HEX];
    AF_TRY(af_dataset_digest(d, hex));
    if (!strcmp(hex, d->sha256)) return AF_OK;
    af_status st = af_fail(AF_EFORMAT,
                           "attribute 'sha256': the data have %s, want %s; they were changed after "
                           "writing",
                           hex, d->sha256);
    return af_dataset_explain(st, d->path, d);
}
