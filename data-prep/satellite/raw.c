#include "data-prep/satellite/raw.h"
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/sha256.h"
#include "data-prep/formats/content.h"
#include "data-prep/formats/npy.h"
#include "data-prep/formats/ucr.h"

enum { MAX_FILE = 1 << 30 }; /* the largest official file has 322 MB */
enum { TRAIN, VALID, TEST, ROLES };
static const char want[] = "satellite_train.npy and satellite_test.npy, or Crop_TRAIN and "
                           "Crop_TEST, both as .npy, .ts, .tsv, .txt or .arff, in a directory";

static const char *const official[ROLES] = {"satellite_train.npy", NULL, "satellite_test.npy"};
static const char *const archived[ROLES] = {"Crop_TRAIN", "Crop_VALIDATION", "Crop_TEST"};
static const char *const kinds[] = {".npy", ".ts", ".tsv", ".txt", ".arff"};
enum { KINDS = sizeof kinds / sizeof *kinds };

af_status af_satellite_set_new(af_satellite_set *out, int64_t count)
{
    *out = (af_satellite_set){.count = count};
    out->x = af_calloc((size_t)count, AF_SATELLITE_STEPS * sizeof *out->x);
    out->label = af_calloc((size_t)count, sizeof *out->label);
    if (out->x && out->label) return AF_OK;
    af_satellite_set_free(out);
    return AF_ENOMEM;
}

void af_satellite_set_free(af_satellite_set *s)
{
    af_free(s->x);
    af_free(s->label);
    *s = (af_satellite_set){0};
}

static af_status put_label(af_satellite_set *s, int64_t k, double label, const char *path)
{
    if (!(label >= 1 && label <= AF_SATELLITE_CLASSES && label == floor(label)))
        return af_fail(AF_EFORMAT,
                       "%s: series %lld has label %g, want 1 to %d; the file is damaged, or of "
                       "another dataset",
                       path, (long long)k, label, AF_SATELLITE_CLASSES);
    s->label[k] = (uint8_t)(label - 1);
    return AF_OK;
}

/* ---- NAS-Bench-360: a dict of data and label, pickled into a .npy file ---- */

static const af_pickle_array *numbers_of(const af_pickle_value *dict, const char *key)
{
    const af_pickle_value *v = af_pickle_get(dict, key);
    return v && v->kind == AF_PICKLE_ARRAY && strchr("iuf", v->array->dtype.kind) ? v->array : NULL;
}

/* {N, 46}, or with an axis of one channel in it. */
static bool is_series(const af_pickle_array *a, size_t steps)
{
    return a->rank >= 2 && a->rank <= 3 && a->shape[0] && a->count / a->shape[0] == steps &&
           (a->shape[1] == steps || a->shape[a->rank - 1] == steps);
}

static af_status from_dict(af_satellite_set *out, const af_pickle_array *f, const char *path)
{
    char text[AF_NPY_SHAPE_TEXT];
    if (!f->items || f->count != 1 || f->items[0]->kind != AF_PICKLE_DICT)
        return af_fail(AF_EFORMAT,
                       "%s: %s, want one dict of 'data' and 'label', as NAS-Bench-360 has it", path,
                       af_npy_shape_text(text, f));
    const af_pickle_array *data = numbers_of(f->items[0], "data"),
                          *label = numbers_of(f->items[0], "label");
    if (!data || !is_series(data, AF_SATELLITE_STEPS))
        return af_fail(AF_EFORMAT, "%s: 'data' is %s, want numbers, series x %d", path,
                       data ? af_npy_shape_text(text, data) : "no array of numbers",
                       AF_SATELLITE_STEPS);
    if (!label || label->count != data->shape[0])
        return af_fail(AF_EFORMAT, "%s: 'label' is %s, want %zu numbers", path,
                       label ? af_npy_shape_text(text, label) : "no array of numbers",
                       data->shape[0]);
    AF_TRY(af_satellite_set_new(out, (int64_t)data->shape[0]));
    for (int64_t k = 0; k < out->count; k++)
        AF_TRY(put_label(out, k, af_pickle_element(label, (size_t)k), path));
    return af_npy_floats(out->x, data, 0, data->count, path);
}

/* ---- the UCR archive: a row of the label and the values ---- */

static af_status from_rows(af_satellite_set *out, const af_pickle_array *a, const char *path)
{
    enum { ROW = AF_SATELLITE_STEPS + 1 };
    char text[AF_NPY_SHAPE_TEXT];
    if (!strchr("iuf", a->dtype.kind) || a->rank != 2 || !a->shape[0] || a->shape[1] != ROW)
        return af_fail(AF_EFORMAT, "%s: %s, want rows of %d: the class and %d values", path,
                       af_npy_shape_text(text, a), ROW, AF_SATELLITE_STEPS);
    AF_TRY(af_satellite_set_new(out, (int64_t)a->shape[0]));
    for (int64_t k = 0; k < out->count; k++) {
        size_t row = (size_t)k * ROW;
        AF_TRY(put_label(out, k, af_pickle_element(a, row), path));
        AF_TRY(
            af_npy_floats(out->x + k * AF_SATELLITE_STEPS, a, row + 1, AF_SATELLITE_STEPS, path));
    }
    return AF_OK;
}

static af_status from_text(af_satellite_set *out, const char *data, size_t size, const char *path)
{
    af_ucr u;
    AF_TRY(af_ucr_parse(&u, data, size, AF_SATELLITE_STEPS, path));
    af_status st = af_satellite_set_new(out, (int64_t)u.count);
    if (st == AF_OK) memcpy(out->x, u.x, u.count * AF_SATELLITE_STEPS * sizeof *u.x);
    for (int64_t k = 0; st == AF_OK && k < out->count; k++)
        st = put_label(out, k, u.label[k], path);
    af_ucr_free(&u);
    return st;
}

/* ---- files ---- */

static af_status decode(af_satellite_set *out, const char *data, size_t size, bool dict,
                        const char *path)
{
    af_npy f;
    if (af_ucr_named(path)) return from_text(out, data, size, path);
    AF_TRY(af_npy_parse(&f, data, size, path));
    af_status st = dict ? from_dict(out, &f.array, path) : from_rows(out, &f.array, path);
    af_npy_close(&f);
    return st;
}

static af_status read_file(af_satellite_set *out, json_t *files, const char *directory,
                           const char *name, bool dict)
{
    char path[AF_PATH_MAX], hex[AF_SHA256_HEX], *data;
    size_t size;
    AF_TRY(af_path_join(path, directory, name));
    AF_TRY(af_file_read(&data, &size, path, MAX_FILE));
    af_sha256_of(data, size, hex);
    af_status st = decode(out, data, size, dict, path);
    af_free(data);
    if (st == AF_OK && json_object_set_new(files, name, json_string(hex)))
        st = af_fail(AF_ENOMEM, "%s: out of memory", path);
    return st;
}

/* The one name that begins with `stem` and ends in `kind`; NULL: none. */
static af_status find(const char **out, char *const *names, const char *stem, const char *kind,
                      const char *directory)
{
    *out = NULL;
    for (; *names; names++) {
        size_t length = strlen(*names), tail = strlen(kind);
        if (strncmp(*names, stem, strlen(stem)) != 0 || length < tail ||
            strcmp(*names + length - tail, kind) != 0)
            continue;
        if (*out)
            return af_fail(AF_EFORMAT, "%s: both %s and %s are in it; leave one", directory, *out,
                           *names);
        *out = *names;
    }
    return AF_OK;
}

/* Which file has which role; *layout NULL: none of them is there. */
static af_status choose(const char *chosen[ROLES], const char **layout, char *const *names,
                        const char *directory)
{
    for (int role = 0; role < ROLES; role++) {
        chosen[role] = NULL;
        if (official[role]) AF_TRY(find(&chosen[role], names, official[role], "", directory));
    }
    *layout = "NAS-Bench-360";
    if (chosen[TRAIN] || chosen[TEST]) return AF_OK;
    *layout = "UCR";
    for (int k = 0; k < KINDS && !chosen[TRAIN]; k++)
        for (int role = 0; role < ROLES; role++)
            AF_TRY(find(&chosen[role], names, archived[role], kinds[k], directory));
    return AF_OK;
}

static af_status read_all(af_satellite_raw *out, char *const *names, const char *directory)
{
    af_satellite_set *const sets[ROLES] = {&out->train, &out->valid, &out->test};
    const char *chosen[ROLES], *layout;
    AF_TRY(choose(chosen, &layout, names, directory));
    if (!chosen[TRAIN] && !chosen[TEST]) return af_refuse(directory, want);
    if (!chosen[TRAIN] || !chosen[TEST])
        return af_fail(AF_ENOTFOUND, "%s: no %s series in it; want %s", directory,
                       chosen[TRAIN] ? "test" : "training", want);
    json_t *files = json_object();
    out->source =
        json_pack("{s:s, s:s, s:o}", "data", "Satellite", "layout", layout, "files", files);
    if (!out->source) return af_fail(AF_ENOMEM, "%s: out of memory", directory);
    bool dict = !strcmp(layout, "NAS-Bench-360");
    out->sorted = !dict;
    for (int role = 0; role < ROLES; role++)
        if (chosen[role]) AF_TRY(read_file(sets[role], files, directory, chosen[role], dict));
    return AF_OK;
}

af_status af_satellite_raw_read(af_satellite_raw *out, const char *path)
{
    char **names;
    size_t count;
    *out = (af_satellite_raw){0};
    if (!af_dir_exists(path)) return af_refuse(path, want);
    AF_TRY(af_dir_list(&names, &count, path));
    af_status st = read_all(out, names, path);
    af_free(names);
    if (st != AF_OK) af_satellite_raw_close(out);
    return st;
}

void af_satellite_raw_close(af_satellite_raw *r)
{
    af_satellite_set_free(&r->train);
    af_satellite_set_free(&r->valid);
    af_satellite_set_free(&r->test);
    json_decref(r->source);
    *r = (af_satellite_raw){0};
}
