/* Writing a dataset. What goes in passes the checks that reading makes, so a file that exists is a
 * file that opens; the finished file appears under its name at once or not at all, and two files of
 * different preparations are no pair (core/data/pair.c). */
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/version.h"
#include "core/data/check.h"
#include "core/data/dataset.h"
#include "core/data/hdf5.h"
#include "core/data/names.h"

enum { FIXED_ATTRIBUTES = 13, MAX_BLOCKS = 6 + AF_PROTOCOLS * (AF_SPLITS + AF_SCALES + 1) };

/* A file being put together; the names and packed arrays live in the arena. */
typedef struct draft {
    af_arena *arena;
    af_block block[MAX_BLOCKS];
    int blocks;
    af_attribute *attribute;
    int attributes;
} draft;

static void view(af_dataset *d, const af_dataset_content *c)
{
    snprintf(d->task, sizeof d->task, "%s", c->task->name);
    d->size = c->size;
    d->n = c->n;
    d->input = c->input;
    d->output = c->output;
    d->dense = c->dense;
    d->x_type = c->x_type;
    d->x = c->x;
    d->y = c->y;
    d->ids = c->ids;
    d->group = c->group;
    d->level = c->level;
    d->noises = c->noises;
    d->noise = c->noise;
    memcpy(d->split, c->split, sizeof d->split);
    memcpy(d->scaling, c->scaling, sizeof d->scaling);
    memcpy(d->mask, c->mask, sizeof d->mask);
}

static af_status check_texts(const af_dataset_content *c)
{
    static const char *const known[] = {"real", "partial", "generated"};
    const bool own = c->provenance && !strcmp(c->provenance, "own");
    bool ok = c->task->own && own;
    if (c->task->own != own)
        return af_fail(AF_EINVAL,
                       "provenance '%s', want 'own' for a user's own task and only there",
                       c->provenance ? c->provenance : "(none)");
    for (int i = 0; i < 3 && c->provenance; i++) ok = ok || !strcmp(c->provenance, known[i]);
    if (!ok)
        return af_fail(AF_EINVAL, "provenance '%s', want real, partial or generated",
                       c->provenance ? c->provenance : "(none)");
    if (!c->source)
        return af_fail(AF_EINVAL, "no source given, want JSON text that says where the "
                                  "data come from");
    return AF_OK;
}

/* Ids as stored: one after another, as wide as the longest. */
static char *pack_ids(draft *f, const char *ids, int64_t n, int width)
{
    char *packed = af_arena_alloc(f->arena, (size_t)n * (size_t)width);
    for (int64_t i = 0; i < n && packed; i++)
        memcpy(packed + i * width, ids + i * AF_ID_MAX, (size_t)width);
    return packed;
}

static void add_samples(draft *f, const char *name, af_block_type type, int64_t n, af_shape s,
                        const void *values)
{
    f->block[f->blocks++] = (af_block){
        .name = name, .type = type, .rank = 4, .dims = {n, s.c, s.h, s.w}, .data = values};
}

static void add_list(draft *f, const char *name, af_block_type type, int64_t n, const void *values)
{
    f->block[f->blocks++] =
        (af_block){.name = name, .type = type, .rank = 1, .dims = {n}, .data = values};
}

static af_status add_protocol(draft *f, const af_dataset *d, int p)
{
    char name[AF_BLOCK_NAME];
    af_scaling scaling = d->scaling[p];
    for (int s = 0; s < AF_SPLITS; s++) {
        if (!d->split[p][s].i) continue;
        af_split_block_name(name, p, s);
        const char *kept = af_arena_strdup(f->arena, name);
        if (!kept) return AF_ENOMEM;
        add_list(f, kept, AF_INT64, d->split[p][s].count, d->split[p][s].i);
    }
    for (int k = 0; k < AF_SCALES; k++) {
        const float *values = *af_scale_slot(&scaling, k);
        const af_shape s = af_scale_is_y(k) ? d->output : d->input;
        if (!values) continue;
        af_scale_block_name(name, p, k);
        const char *kept = af_arena_strdup(f->arena, name);
        if (!kept) return AF_ENOMEM;
        f->block[f->blocks++] = (af_block){
            .name = kept, .type = AF_FLOAT32, .rank = 3, .dims = {s.c, s.h, s.w}, .data = values};
    }
    if (!d->mask[p]) return AF_OK;
    af_mask_block_name(name, p);
    const char *kept = af_arena_strdup(f->arena, name);
    if (!kept) return AF_ENOMEM;
    add_samples(f, kept, AF_UINT8, d->n, d->output, d->mask[p]);
    return AF_OK;
}

static af_status add_blocks(draft *f, const af_dataset *d)
{
    const int width = af_dataset_id_width(d->ids, d->n);
    const char *ids = pack_ids(f, d->ids, d->n, width);
    if (!ids) return AF_ENOMEM;
    add_samples(f, "/x", af_stored_blocks[d->x_type], d->n, d->input, d->x);
    if (d->dense)
        add_samples(f, "/y", AF_FLOAT32, d->n, d->output, d->y);
    else
        add_list(f, "/y", AF_INT32, d->n, d->y);
    add_list(f, "/id", AF_TEXT, d->n, ids);
    f->block[f->blocks - 1].width = width;
    if (d->group) add_list(f, "/group", AF_INT32, d->n, d->group);
    if (d->level) add_list(f, "/level", AF_FLOAT32, d->n, d->level);
    if (d->noises)
        add_samples(f, "/noise", af_stored_blocks[d->x_type], d->noises, d->input, d->noise);
    for (int p = 0; p < AF_PROTOCOLS; p++) AF_TRY(add_protocol(f, d, p));
    return AF_OK;
}

static void add_text(draft *f, const char *name, const char *text)
{
    f->attribute[f->attributes++] = (af_attribute){.name = name, .text = text ? text : ""};
}

static void add_number(draft *f, const char *name, double number, bool integer)
{
    f->attribute[f->attributes++] =
        (af_attribute){.name = name, .number = number, .integer = integer};
}

/* "N, A, O, ~"; NULL when memory is short. */
static const char *join(draft *f, const char *const *names)
{
    const char *text = "";
    for (int i = 0; names && names[i] && text; i++)
        text = af_arena_printf(f->arena, "%s%s%s", text, i ? ", " : "", names[i]);
    return text;
}

static af_status add_attributes(draft *f, const af_dataset_content *c, const af_dataset *d)
{
    const size_t room = FIXED_ATTRIBUTES + (size_t)c->attrs;
    const char *labels = join(f, c->labels ? c->labels : c->task->labels);
    f->attribute = af_arena_alloc(f->arena, room * sizeof *f->attribute);
    if (!f->attribute || !labels) return AF_ENOMEM;
    add_number(f, "format", AF_DATASET_FORMAT, true);
    add_text(f, "task", c->task->name);
    add_text(f, "size", af_size_names[c->size]);
    add_text(f, "part", af_part_names[c->part]);
    add_text(f, "provenance", c->provenance);
    add_text(f, "source", c->source);
    add_text(f, "generator", "afield " AF_VERSION);
    add_text(f, "license", c->task->license);
    add_text(f, "cite", c->task->cite);
    add_text(f, "labels", labels);
    if (!c->dense) add_number(f, "classes", c->output.c, true);
    add_text(f, "sha256", d->sha256);
    if (d->held_out_sha256[0]) add_text(f, "held_out_sha256", d->held_out_sha256);
    for (int i = 0; i < c->attrs; i++) add_number(f, c->attr_names[i], c->attr_values[i], false);
    return AF_OK;
}

/* Looks at all of `c` before anything is written; *out is freed with af_free. */
static af_status examine(af_dataset **out, const char *directory, const af_dataset_content *c)
{
    af_dataset *d = af_calloc(1, sizeof *d);
    if (!d) return AF_ENOMEM;
    view(d, c);
    af_status st = af_dataset_path(d->path, directory, c->task->name, c->part);
    if (st == AF_OK) st = check_texts(c);
    if (st == AF_OK) st = af_dataset_check(d, c->task, c->part);
    if (st == AF_OK) st = af_dataset_digest(d, d->sha256);
    if (st == AF_EFORMAT || st == AF_EINVAL)
        st = c->task->own ? af_fail(st, "%s: refused to write: %s", d->path, af_error())
                          : af_fail(st,
                                    "%s: refused to write: %s; look at the raw data or at "
                                    "data-prep/%s.c",
                                    d->path, af_error(), c->task->name);
    if (st == AF_OK)
        *out = d;
    else
        af_free(d);
    return st;
}

static af_status store(const af_dataset *d, const af_dataset_content *c)
{
    draft f = {.arena = af_arena_new()};
    if (!f.arena) return AF_ENOMEM;
    af_status st = add_blocks(&f, d);
    if (st == AF_OK) st = add_attributes(&f, c, d);
    if (st == AF_OK) st = af_hdf5_write(d->path, f.block, f.blocks, f.attribute, f.attributes);
    af_arena_free(f.arena);
    return st;
}

af_status af_dataset_write(const char *directory, const af_dataset_content *c)
{
    af_dataset *d;
    AF_TRY(af_mkdirs(directory));
    AF_TRY(examine(&d, directory, c));
    af_status st = store(d, c);
    af_free(d);
    return st;
}

static af_status check_pair(const af_dataset_content *main, const af_dataset_content *held_out)
{
    const bool fit = main->part == AF_MAIN && held_out->part == AF_HELD_OUT &&
                     main->task == held_out->task && main->size == held_out->size &&
                     main->x_type == held_out->x_type && !main->level == !held_out->level &&
                     af_shape_same(main->input, held_out->input) &&
                     af_shape_same(main->output, held_out->output);
    if (fit) return AF_OK;
    return af_fail(AF_EINVAL,
                   "task %s: refused to write two parts that are no pair, want a main and a "
                   "held-out part of one task, one size, one type of /x and the same shapes, both "
                   "with /level or both without",
                   main->task->name);
}

af_status af_dataset_write_pair(const char *directory, const af_dataset_content *main,
                                const af_dataset_content *held_out)
{
    af_dataset *first = NULL, *second = NULL;
    af_status st;
    AF_GOTO(st, done, check_pair(main, held_out));
    AF_GOTO(st, done, af_mkdirs(directory));
    AF_GOTO(st, done, examine(&first, directory, main));
    AF_GOTO(st, done, examine(&second, directory, held_out));
    snprintf(first->held_out_sha256, sizeof first->held_out_sha256, "%s", second->sha256);
    af_file_remove(first->path);
    AF_GOTO(st, done, store(second, held_out));
    st = store(first, main);
done:
    af_free(first);
    af_free(second);
    return st;
}
