/* The arrays of a split are listed once, with names and shapes; one of two writers takes them, and
 * dataset.json is written from the same list. */
#include "core/data/export.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/data/check.h"
#include "core/data/hdf5.h"
#include "core/data/names.h"
#include "core/data/npy_write.h"

const char *const af_export_names[] = {"npy", "hdf5", NULL};

enum { MOST = 4 * AF_SPLITS + AF_SCALES, NAME = 64 };

/* Rows of `data`: which->i of them, or all in a row. */
typedef struct array {
    char name[NAME]; /* "train/x" */
    af_block_type type;
    int rank, width; /* width: of a text */
    int64_t dims[AF_BLOCK_RANK];
    size_t row; /* bytes of one in `data`; of a text more than `width` */
    const char *data;
    const af_indices *which;
} array;

typedef struct list {
    array at[MOST];
    int count;
} list;

static const struct {
    const char *descr, *name;
    size_t size;
} types[AF_BLOCK_TYPES] = {
    [AF_FLOAT32] = {"<f4", "float32", 4}, [AF_INT32] = {"<i4", "int32", 4},
    [AF_INT64] = {"<i8", "int64", 8},     [AF_UINT8] = {"|u1", "uint8", 1},
    [AF_INT16] = {"<i2", "int16", 2},     [AF_TEXT] = {"|S", "bytes", 1},
};

static void add(list *l, const char *split, const char *what, array a)
{
    snprintf(a.name, sizeof a.name, "%s/%s", split, what);
    const size_t size = a.type == AF_TEXT ? AF_ID_MAX : types[a.type].size;
    a.row = size;
    for (int k = 1; k < a.rank; k++) a.row *= (size_t)a.dims[k];
    l->at[l->count++] = a;
}

static void list_split(list *l, const af_dataset *d, const af_indices *which, const char *split)
{
    const int64_t n = which->count;
    const af_shape x = d->input, y = d->output;
    const bool flat = d->dense && y.h == 1 && y.w == 1; /* many labels: {N, C} */
    add(l, split, "x",
        (array){.type = af_stored_blocks[d->x_type],
                .rank = 4,
                .dims = {n, x.c, x.h, x.w},
                .data = d->x,
                .which = which});
    add(l, split, "y",
        (array){.type = d->dense ? AF_FLOAT32 : AF_INT32,
                .rank = !d->dense ? 1
                        : flat    ? 2
                                  : 4,
                .dims = {n, y.c, y.h, y.w},
                .data = d->y,
                .which = which});
    add(l, split, "id",
        (array){.type = AF_TEXT,
                .rank = 1,
                .width = af_dataset_id_width(d->ids, d->n),
                .dims = {n},
                .data = d->ids,
                .which = which});
    if (d->group)
        add(l, split, "group",
            (array){.type = AF_INT32,
                    .rank = 1,
                    .dims = {n},
                    .data = (const char *)d->group,
                    .which = which});
}

static void list_scaling(list *l, const af_dataset *d, int protocol)
{
    static const char *const names[AF_SCALES] = {"x_mean", "x_std", "y_mean", "y_std"};
    af_scaling scaling = d->scaling[protocol];
    for (int k = 0; k < AF_SCALES; k++) {
        const float *values = *af_scale_slot(&scaling, k);
        const af_shape s = af_scale_is_y(k) ? d->output : d->input;
        if (!values) continue;
        add(l, "scale", names[k],
            (array){.type = AF_FLOAT32,
                    .rank = 3,
                    .dims = {s.c, s.h, s.w},
                    .data = (const char *)values});
    }
}

/* ---- writers ---- */

static const char *row_of(const array *a, int64_t k)
{
    return a->data + (size_t)(a->which ? a->which->i[k] : k) * a->row;
}

/* Where an array goes: "clean/train_x.npy", or the file whose member "/train/x" it is. */
static af_status place(char out[AF_PATH_MAX], const array *a, int protocol, af_export_format format)
{
    const char *slash = strchr(a->name, '/'), *p = af_protocol_names[protocol];
    const bool test = !strncmp(a->name, "test/", 5), scale = !strncmp(a->name, "scale/", 6);
    if (format == AF_EXPORT_HDF5) return af_path_format(out, "%s%s.h5", p, test ? ".test" : "");
    if (scale) return af_path_format(out, "%s/%s.npy", p, slash + 1);
    return af_path_format(out, "%s/%.*s_%s.npy", p, (int)(slash - a->name), a->name, slash + 1);
}

static af_status write_npy(const array *a, const char *path)
{
    char descr[16];
    af_npy_out *f;
    snprintf(descr, sizeof descr, a->type == AF_TEXT ? "%s%d" : "%s", types[a->type].descr,
             a->width);
    AF_TRY(af_npy_create(&f, path, descr, a->rank, a->dims));
    af_status st = AF_OK;
    const size_t size = a->type == AF_TEXT ? (size_t)a->width : a->row;
    for (int64_t k = 0; k < a->dims[0] && st == AF_OK; k++)
        st = af_npy_append(f, row_of(a, k), size);
    return af_npy_finish(f, st);
}

static af_status write_all_npy(const list *l, const char *to, int protocol)
{
    char path[AF_PATH_MAX], name[AF_PATH_MAX];
    AF_TRY(af_path_join(path, to, af_protocol_names[protocol]));
    AF_TRY(af_mkdirs(path));
    for (int k = 0; k < l->count; k++) {
        AF_TRY(place(name, &l->at[k], protocol, AF_EXPORT_NPY));
        AF_TRY(af_path_join(path, to, name));
        AF_TRY(write_npy(&l->at[k], path));
    }
    return AF_OK;
}

static void *gather(const array *a)
{
    const size_t size = a->type == AF_TEXT ? (size_t)a->width : a->row;
    char *to = af_alloc((size_t)a->dims[0] * size);
    for (int64_t k = 0; k < a->dims[0] && to; k++)
        memcpy(to + (size_t)k * size, row_of(a, k), size);
    return to;
}

/* One file: of the test samples, or of everything else. */
static af_status write_hdf5(const list *l, const char *path, bool test)
{
    af_block blocks[MOST] = {0};
    char names[MOST][NAME + 1];
    void *data[MOST] = {0};
    int count = 0;
    af_status st = AF_OK;
    for (int k = 0; k < l->count && st == AF_OK; k++) {
        const array *a = &l->at[k];
        if (!strncmp(a->name, "test/", 5) != test) continue;
        snprintf(names[count], sizeof names[count], "/%s", a->name);
        data[count] = gather(a);
        if (!data[count]) st = AF_ENOMEM;
        blocks[count] = (af_block){.name = names[count],
                                   .type = a->type,
                                   .width = a->width,
                                   .rank = a->rank,
                                   .data = data[count]};
        memcpy(blocks[count++].dims, a->dims, sizeof a->dims);
    }
    if (st == AF_OK) st = af_hdf5_write(path, blocks, count, NULL, 0);
    for (int k = 0; k < count; k++) af_free(data[k]);
    return st;
}

static af_status write_all_hdf5(const list *l, const char *to, int protocol)
{
    char path[AF_PATH_MAX];
    AF_TRY(af_path_format(path, "%s/%s.h5", to, af_protocol_names[protocol]));
    AF_TRY(write_hdf5(l, path, false));
    AF_TRY(af_path_format(path, "%s/%s.test.h5", to, af_protocol_names[protocol]));
    return write_hdf5(l, path, true);
}

/* ---- dataset.json ---- */

/* The value of each channel, if it is one everywhere; else NULL. */
static json_t *per_channel(const array *a)
{
    const int64_t plane = a->dims[1] * a->dims[2];
    const float *v = (const float *)(const void *)a->data;
    json_t *out = json_array();
    for (int64_t c = 0; c < a->dims[0]; c++) {
        for (int64_t k = 1; k < plane; k++)
            if (v[c * plane + k] != v[c * plane]) {
                json_decref(out);
                return NULL;
            }
        json_array_append_new(out, json_real((double)v[c * plane]));
    }
    return out;
}

static json_t *array_json(const array *a, int protocol, af_export_format format)
{
    char file[AF_PATH_MAX];
    if (place(file, a, protocol, format) != AF_OK) return NULL;
    json_t *shape = json_array();
    for (int k = 0; k < a->rank; k++) json_array_append_new(shape, json_integer(a->dims[k]));
    json_t *o = json_pack("{ss so ss}", "file", file, "shape", shape, "dtype", types[a->type].name);
    if (format == AF_EXPORT_HDF5) json_object_set_new(o, "member", json_sprintf("/%s", a->name));
    if (!a->which) {
        json_t *channels = per_channel(a);
        if (channels) json_object_set_new(o, "per_channel", channels);
    }
    return o;
}

static json_t *list_json(const list *l, int protocol, af_export_format format)
{
    json_t *out = json_object();
    for (int k = 0; k < l->count; k++) {
        const char *name = l->at[k].name, *slash = strchr(name, '/');
        char group[NAME];
        snprintf(group, sizeof group, "%.*s", (int)(slash - name), name);
        if (!json_object_get(out, group)) json_object_set_new(out, group, json_object());
        json_object_set_new(json_object_get(out, group), slash + 1,
                            array_json(&l->at[k], protocol, format));
    }
    return out;
}

static json_t *shape_json(af_shape s)
{
    return json_pack("[iii]", s.c, s.h, s.w);
}

static json_t *describe(const af_task *t, const af_dataset *main, const af_dataset *test)
{
    json_t *labels = t->labels ? json_array() : json_null();
    for (int k = 0; t->labels && t->labels[k]; k++)
        json_array_append_new(labels, json_string(t->labels[k]));
    const bool classes = t->objective <= AF_MULTI_LABEL;
    return json_pack(
        "{si ss ss? ss ss ss ss? ss? so so so so ss ss ss? ss? ss}", "format", 1, "task", t->name,
        "title", t->title, "size", af_size_names[main->size], "provenance", main->provenance,
        "objective", af_objective_names[t->objective], "loss", t->loss, "metric", t->metric,
        "classes", classes ? json_integer(main->output.c) : json_null(), "labels", labels, "input",
        shape_json(main->input), "output", shape_json(main->output), "sha256", main->sha256,
        "test_sha256", test->sha256, "licence", t->license, "cite", t->cite, "scaling",
        "x is used as (x - x_mean) / x_std, where there is a scale; predictions are decoded as p * "
        "y_std + y_mean");
}

static af_status write_json(json_t *o, const char *to)
{
    char path[AF_PATH_MAX];
    AF_TRY(af_path_join(path, to, "dataset.json"));
    char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
    if (!text) return af_fail(AF_ENOMEM, "%s: no memory, or texts that are no UTF-8", path);
    af_status st = af_file_write(path, text, strlen(text));
    free(text); /* jansson's */
    return st;
}

static af_status export_all(const af_task *task, const af_dataset *main, const af_dataset *test,
                            const char *to, af_export_format format)
{
    json_t *all = describe(task, main, test), *protocols = json_object();
    af_status st = AF_OK;
    for (int p = 0; p < AF_PROTOCOLS && st == AF_OK; p++) {
        list l = {.count = 0};
        for (int s = 0; s < AF_SPLITS; s++) {
            const af_dataset *d = s == AF_TEST ? test : main;
            if (d->split[p][s].i) list_split(&l, d, &d->split[p][s], af_split_names[s]);
        }
        if (!l.count) continue;
        list_scaling(&l, main, p);
        st = format == AF_EXPORT_NPY ? write_all_npy(&l, to, p) : write_all_hdf5(&l, to, p);
        json_object_set_new(protocols, af_protocol_names[p], list_json(&l, p, format));
    }
    json_object_set_new(all, "protocols", protocols);
    if (st == AF_OK) st = write_json(all, to);
    json_decref(all);
    return st;
}

af_status af_dataset_export(const af_task *task, const char *directory, const char *to,
                            af_export_format format)
{
    af_dataset *main = NULL, *test = NULL;
    af_status st;
    AF_GOTO(st, done, af_dataset_open(&main, directory, task, AF_MAIN));
    AF_GOTO(st, done, af_dataset_open(&test, directory, task, AF_HELD_OUT));
    AF_GOTO(st, done, af_dataset_match(main, test));
    AF_GOTO(st, done, af_mkdirs(to));
    st = export_all(task, main, test, to, format);
done:
    af_dataset_close(main);
    af_dataset_close(test);
    return st;
}
