#include "data-prep/ninapro/raw.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/jsonl.h"
#include "data-prep/formats/content.h"
#include "data-prep/formats/npy.h"
#include "data-prep/ninapro/recordings.h"

enum { MAX_FILE = 256 << 20 }; /* the largest official file has 18 MB as doubles */
enum { STEPS = AF_NINAPRO_STEPS, MOST = AF_NINAPRO_MOST_ELECTRODES, HEAD = 4096 };

static const char *const names[AF_SPLITS][2] = {
    [AF_TRAIN] = {"ninapro_train.npy", "label_train.npy"},
    [AF_VALID] = {"ninapro_val.npy", "label_val.npy"},
    [AF_TEST] = {"ninapro_test.npy", "label_test.npy"},
};

af_status af_ninapro_set_new(af_ninapro_set *out, int64_t count, int electrodes, int repetitions)
{
    *out = (af_ninapro_set){.count = count, .electrodes = electrodes, .repetitions = repetitions};
    out->x = af_calloc((size_t)count, (size_t)electrodes * STEPS * sizeof *out->x);
    out->label = af_calloc((size_t)count, sizeof *out->label);
    if (repetitions) out->group = af_calloc((size_t)count, sizeof *out->group);
    if (out->x && out->label && (out->group || !repetitions)) return AF_OK;
    af_ninapro_set_free(out);
    return AF_ENOMEM;
}

void af_ninapro_set_free(af_ninapro_set *s)
{
    af_free(s->x);
    af_free(s->label);
    af_free(s->group);
    *s = (af_ninapro_set){0};
}

af_status af_ninapro_set_add(float **x, af_ninapro_set *s, int label, int32_t group)
{
    const size_t size = (size_t)s->electrodes * STEPS;
    if (s->count == s->room) {
        const size_t room = s->room ? 2 * (size_t)s->room : 256;
        if (room * size * sizeof **x > (size_t)1 << 31)
            return af_fail(AF_EUNSUPPORTED, "windows of more than 2 GiB; import fewer subjects");
        void *all = af_realloc(s->x, room * size * sizeof **x);
        if (all) s->x = all;
        void *labels = all ? af_realloc(s->label, room) : NULL;
        if (labels) s->label = labels;
        void *groups = labels ? af_realloc(s->group, room * sizeof *s->group) : NULL;
        if (groups) s->group = groups;
        if (!groups) return AF_ENOMEM;
        s->room = (int64_t)room;
    }
    s->label[s->count] = (uint8_t)label;
    s->group[s->count] = group;
    *x = s->x + (size_t)s->count++ * size;
    return AF_OK;
}

/* ---- arrays ---- */

static af_status windows(af_ninapro_raw *raw, af_ninapro_set *out, const af_pickle_array *a,
                         const char *path)
{
    char text[AF_NPY_SHAPE_TEXT];
    if (!strchr("iuf", a->dtype.kind) || a->rank != 3 || a->shape[1] != STEPS || !a->count ||
        a->shape[2] > MOST)
        return af_fail(
            AF_EFORMAT,
            "%s: %s, want numbers, windows x %d readings x %d electrodes (1 to %d make a "
            "variant)",
            path, af_npy_shape_text(text, a), STEPS, AF_NINAPRO_ELECTRODES, MOST);
    const int electrodes = (int)a->shape[2], size = STEPS * electrodes;
    if (raw->electrodes && raw->electrodes != electrodes)
        return af_fail(AF_EFORMAT, "%s: %d electrodes, want %d as in %s", path, electrodes,
                       raw->electrodes, names[AF_TRAIN][0]);
    raw->electrodes = electrodes;
    AF_TRY(af_ninapro_set_new(out, (int64_t)a->shape[0], electrodes, 0));
    float window[STEPS * MOST];
    for (int64_t k = 0; k < out->count; k++) {
        float *x = out->x + k * size;
        AF_TRY(af_npy_floats(window, a, (size_t)(k * size), (size_t)size, path));
        for (int i = 0; i < size; i++) x[i % electrodes * STEPS + i / electrodes] = window[i];
    }
    return AF_OK;
}

static af_status labels(af_ninapro_raw *raw, af_ninapro_set *out, const af_pickle_array *a,
                        const char *path)
{
    char text[AF_NPY_SHAPE_TEXT];
    if (!strchr("iuf", a->dtype.kind) || a->count != (size_t)out->count || a->shape[0] != a->count)
        return af_fail(AF_EFORMAT, "%s: %s, want %lld labels, one a window", path,
                       af_npy_shape_text(text, a), (long long)out->count);
    for (size_t k = 0; k < a->count; k++) {
        double label = af_pickle_element(a, k);
        if (!(label >= 0 && label < AF_NINAPRO_MOST_CLASSES && label == floor(label)))
            return af_fail(AF_EFORMAT,
                           "%s: window %zu has label %g, want 0 to %d (to %d make a variant)", path,
                           k, label, AF_NINAPRO_CLASSES - 1, AF_NINAPRO_MOST_CLASSES - 1);
        out->label[k] = (uint8_t)label;
        if (label >= raw->classes) raw->classes = (int)label + 1;
    }
    return AF_OK;
}

static af_status read_file(af_ninapro_raw *raw, int split, int which, const char *directory)
{
    char path[AF_PATH_MAX], hex[AF_SHA256_HEX], *data;
    size_t size;
    af_npy f;
    AF_TRY(af_path_join(path, directory, names[split][which]));
    AF_TRY(af_file_read(&data, &size, path, MAX_FILE));
    af_sha256_of(data, size, hex);
    af_status st = af_npy_parse(&f, data, size, path);
    if (st == AF_OK) {
        st = which ? labels(raw, &raw->set[split], &f.array, path)
                   : windows(raw, &raw->set[split], &f.array, path);
        af_npy_close(&f);
    }
    af_free(data);
    json_t *files = json_object_get(raw->source, "files");
    if (st == AF_OK && json_object_set_new(files, names[split][which], json_string(hex)))
        st = af_fail(AF_ENOMEM, "%s: out of memory", path);
    return st;
}

af_status af_ninapro_note(af_ninapro_raw *raw, const char *member, const char *path)
{
    char hex[AF_SHA256_HEX];
    AF_TRY(af_sha256_file(path, hex));
    json_t *name = af_json_text(member), *files = json_object_get(raw->source, "files");
    const int failed = json_object_set_new(files, json_string_value(name), json_string(hex));
    json_decref(name);
    return failed ? af_fail(AF_ENOMEM, "%s: out of memory", path) : AF_OK;
}

/* ---- what is there ---- */

static int mat_number(const char *name)
{
    return af_path_ends(name, ".mat") ? 0 : -1;
}

/* MATLAB files of other names may be other exercises; whatever else is there is not known. */
static af_status explain(const char *path)
{
    static const char want[] =
        "NAS-Bench-360's ninapro_train.npy, label_train.npy, ninapro_val.npy, label_val.npy, "
        "ninapro_test.npy and label_test.npy, all six in one directory, or recordings: "
        "S1_E2_A1.mat ... of Ninapro database 5, classe_0.dat ... of a Myo armband";
    af_ninapro_files f;
    AF_TRY(af_ninapro_find(&f, path, mat_number));
    af_status st = f.count ? af_fail(AF_EUNSUPPORTED, "%s/%s: not exercise B of a subject; want %s",
                                     path, f.file[0].member, want)
                           : af_refuse(path, want);
    af_ninapro_files_free(&f);
    return st;
}

static af_status complete(bool *out, const char *directory)
{
    char path[AF_PATH_MAX];
    *out = af_dir_exists(directory);
    for (int i = 0; *out && i < 2 * AF_SPLITS; i++) {
        AF_TRY(af_path_join(path, directory, names[i / 2][i % 2]));
        *out = af_file_exists(path) && !af_dir_exists(path);
    }
    return AF_OK;
}

static af_status read_windows(af_ninapro_raw *out, const char *path)
{
    for (int i = 0; i < 2 * AF_SPLITS; i++) AF_TRY(read_file(out, i / 2, i % 2, path));
    return AF_OK;
}

static const struct {
    int (*number)(const char *name);
    af_status (*look)(af_ninapro_raw *raw, const af_ninapro_files *f, const char *path);
    af_status (*read)(af_ninapro_raw *raw, const af_ninapro_files *f, const char *path);
} kinds[] = {{af_ninapro_myo_number, af_ninapro_myo_look, af_ninapro_myo_read},
             {af_ninapro_db5_number, af_ninapro_db5_look, af_ninapro_db5_read}};

/* Recordings of the first kind of which there are some. */
static af_status read_recordings(af_ninapro_raw *out, const char *path)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        af_ninapro_files f;
        AF_TRY(af_ninapro_find(&f, path, kinds[i].number));
        const bool there = f.count > 0;
        af_status st = there ? kinds[i].read(out, &f, path) : AF_OK;
        af_ninapro_files_free(&f);
        if (st != AF_OK || !there) {
            AF_TRY(st);
            continue;
        }
        for (int s = 0; s < AF_SPLITS; s++)
            if (!out->set[s].count)
                return af_fail(AF_EFORMAT, "%s: no window for the split %s; want more repetitions",
                               path, af_split_names[s]);
        return AF_OK;
    }
    return explain(path);
}

af_status af_ninapro_raw_read(af_ninapro_raw *out, const char *path)
{
    bool all;
    *out = (af_ninapro_raw){0};
    if (!af_file_exists(path) && !af_dir_exists(path))
        return af_fail(AF_ENOTFOUND, "%s: no such file or directory", path);
    AF_TRY(complete(&all, path));
    out->source = json_pack("{s:s, s:o}", "layout", all ? "NAS-Bench-360" : "recordings", "files",
                            json_object());
    af_status st = !out->source ? af_fail(AF_ENOMEM, "%s: out of memory", path)
                   : all        ? read_windows(out, path)
                                : read_recordings(out, path);
    if (st != AF_OK) af_ninapro_raw_close(out);
    return st;
}

/* ---- without reading windows ---- */

/* 0: not as it should be, which reading explains. */
static af_status look_at_windows(int *electrodes, const char *directory)
{
    char path[AF_PATH_MAX], head[HEAD];
    af_pickle_array a;
    AF_TRY(af_path_join(path, directory, names[AF_TRAIN][0]));
    FILE *f = fopen(path, "rb");
    if (!f) return af_file_fail(path, "cannot open");
    const size_t size = fread(head, 1, sizeof head, f);
    fclose(f);
    const bool good =
        af_npy_header(&a, head, size, path) == AF_OK && a.rank == 3 && a.shape[2] <= MOST;
    *electrodes = good ? (int)a.shape[2] : 0;
    return AF_OK;
}

static af_status look_at_labels(int *classes, int split, const char *directory)
{
    char path[AF_PATH_MAX], *data;
    size_t size;
    af_npy f;
    AF_TRY(af_path_join(path, directory, names[split][1]));
    AF_TRY(af_file_read(&data, &size, path, MAX_FILE));
    af_status st = af_npy_parse(&f, data, size, path);
    for (size_t k = 0; st == AF_OK && k < f.array.count; k++) {
        const double label = af_pickle_element(&f.array, k);
        if (label >= *classes && label < AF_NINAPRO_MOST_CLASSES) *classes = (int)label + 1;
    }
    if (st == AF_OK) af_npy_close(&f);
    af_free(data);
    return st;
}

af_status af_ninapro_raw_look(af_ninapro_raw *out, const char *path)
{
    bool all;
    *out = (af_ninapro_raw){.kind = AF_NINAPRO_WINDOWS};
    AF_TRY(complete(&all, path));
    if (all) {
        AF_TRY(look_at_windows(&out->electrodes, path));
        for (int s = 0; s < AF_SPLITS; s++) AF_TRY(look_at_labels(&out->classes, s, path));
        return AF_OK;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !out->electrodes; i++) {
        af_ninapro_files f;
        AF_TRY(af_ninapro_find(&f, path, kinds[i].number));
        af_status st = f.count ? kinds[i].look(out, &f, path) : AF_OK;
        af_ninapro_files_free(&f);
        AF_TRY(st);
    }
    return AF_OK;
}

void af_ninapro_raw_close(af_ninapro_raw *r)
{
    for (int s = 0; s < AF_SPLITS; s++) af_ninapro_set_free(&r->set[s]);
    json_decref(r->source);
    *r = (af_ninapro_raw){0};
}
