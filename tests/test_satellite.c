/* Satellite: every published form gives the same samples, scaled and split as said; what is not the
 * data is refused; the stand-in is a function of its seed, balanced, learned by a network better
 * than by a linear model. Genuine series where AFIELD_TESTDATA has them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/data/dataset.h"
#include "core/prep.h"
#include "data-prep/formats/ucr.h"
#include "data-prep/satellite/phenology.h"
#include "data-prep/satellite/raw.h"
#include "tests/aid/arrays.h"
#include "tests/aid/learned.h"
#include "tests/aid/work.h"

extern const af_task af_task_satellite;
extern const af_prep af_prep_satellite;

enum { STEPS = AF_SATELLITE_STEPS, TRAIN = 27, TEST = 10, ROOM = 1 << 20 };

/* ---- the same small set in every form ---- */

static float value_of(int set, int k, int i)
{
    return (float)((13 * i + 7 * k + 5 * set) % 29 - 4) / 32 + (float)(k % 3) / 4;
}

static int label_of(int set, int k)
{
    return (5 * k + set) % 24 + 1;
}

static void put_text(bytes *b, const char *kind, int set, int count)
{
    const bool commas = !strcmp(kind, "ts") || !strcmp(kind, "arff"), tabs = !strcmp(kind, "tsv");
    if (!strcmp(kind, "ts")) bytes_say(b, "# a comment\n@problemName Crop\n@data\n");
    if (!strcmp(kind, "arff")) bytes_say(b, "%% a comment\n@ATTRIBUTE att1 NUMERIC\n\n@DATA\n");
    for (int k = 0; k < count; k++) {
        if (!commas) bytes_say(b, "%s%d", tabs ? "" : "  ", label_of(set, k));
        for (int i = 0; i < STEPS; i++)
            bytes_say(b, "%s%.9g",
                      commas ? (i ? "," : "")
                      : tabs ? "\t"
                             : "   ",
                      (double)value_of(set, k, i));
        if (commas) bytes_say(b, "%c%d", *kind == 'a' ? ',' : ':', label_of(set, k));
        bytes_say(b, "\r\n");
    }
}

static void put_rows(bytes *b, int set, int count)
{
    float rows[TRAIN * (STEPS + 1)];
    char shape[32];
    for (int k = 0; k < count; k++) {
        rows[k * (STEPS + 1)] = (float)label_of(set, k);
        for (int i = 0; i < STEPS; i++) rows[k * (STEPS + 1) + 1 + i] = value_of(set, k, i);
    }
    snprintf(shape, sizeof shape, "(%d, %d)", count, STEPS + 1);
    bytes_npy(b, "<f4", shape, rows, (size_t)count * (STEPS + 1) * sizeof *rows);
}

/* As NAS-Bench-360: doubles, labels of 64 bits; `flat`: series k = 1 does not change. */
static void put_dict(bytes *b, int set, int count, bool flat)
{
    double data[TRAIN * STEPS];
    int64_t label[TRAIN];
    char shape[32];
    for (int k = 0; k < count; k++) {
        label[k] = label_of(set, k);
        for (int i = 0; i < STEPS; i++)
            data[k * STEPS + i] = flat && k == 1 ? 0.1 : (double)value_of(set, k, i);
    }
    bytes_object_begin(b);
    bytes_say(b, "(dS'data'\n");
    snprintf(shape, sizeof shape, "I%d\nI%d\n", count, STEPS);
    bytes_array(b, "f8", shape, data, (size_t)(count * STEPS) * sizeof *data);
    bytes_say(b, "sS'label'\n");
    snprintf(shape, sizeof shape, "I%d\n", count);
    bytes_array(b, "i8", shape, label, (size_t)count * sizeof *label);
    bytes_say(b, "s");
    bytes_object_end(b);
}

static void fresh(void)
{
    static const char *const names[] = {
        "satellite_train.npy", "satellite_test.npy", "Crop_TRAIN.npy",  "Crop_TRAIN.ts",
        "Crop_TRAIN.tsv",      "Crop_TRAIN.txt",     "Crop_TRAIN.arff", "Crop_TEST.npy",
        "Crop_TEST.ts",        "Crop_TEST.tsv",      "Crop_TEST.txt",   "Crop_TEST.arff",
        "Crop_VALIDATION.npy", "Crop_TEST_part.npy"};
    for (size_t i = 0; i < LENGTH(names); i++) af_file_remove(work_at(names[i]));
}

static void make(const char *kind)
{
    static const char *const stems[] = {"TRAIN", "TEST"};
    bytes b = {0};
    char name[64];
    fresh();
    for (int set = 0; set < 2; set++) {
        int count = set ? TEST : TRAIN;
        snprintf(name, sizeof name, "Crop_%s.%s", stems[set], kind);
        if (!strcmp(kind, "npy"))
            put_rows(&b, set, count);
        else
            put_text(&b, kind, set, count);
        bytes_save(&b, work_at(name));
    }
    af_free(b.data);
}

static void make_dicts(bool flat)
{
    bytes b = {0};
    fresh();
    put_dict(&b, 0, TRAIN, flat);
    bytes_save(&b, work_at("satellite_train.npy"));
    put_dict(&b, 1, TEST, flat);
    bytes_save(&b, work_at("satellite_test.npy"));
    af_free(b.data);
}

static af_status import(const char *path, af_size size)
{
    const af_prep_request r = {
        .task = &af_task_satellite, .size = size, .source = path, .directory = work_dir};
    return af_prep_satellite.import(&r);
}

static af_dataset *open_part(af_dataset_part part)
{
    af_dataset *d;
    assert_ok(af_dataset_open(&d, work_dir, &af_task_satellite, part));
    return d;
}

/* ---- what is read ---- */

static void archive_forms_agree(void **state)
{
    (void)state;
    static const char *const kinds[] = {"npy", "ts", "tsv", "txt", "arff"};
    char first[2][AF_SHA256_HEX] = {"", ""};
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        make(kinds[i]);
        assert_ok(import(work_dir, AF_FULL));
        for (int part = 0; part < 2; part++) {
            af_dataset *d = open_part(part ? AF_HELD_OUT : AF_MAIN);
            assert_string_equal(d->provenance, "partial");
            if (!i) memcpy(first[part], d->sha256, AF_SHA256_HEX);
            assert_string_equal(d->sha256, first[part]);
            af_dataset_close(d);
        }
    }
}

static void check_sample(const af_dataset *d, int64_t at, int set, int k)
{
    float room[STEPS];
    const float *x = af_dataset_sample(d, at, room);
    double mean = 0, square = 0;
    for (int i = 0; i < STEPS; i++) mean += (double)value_of(set, k, i) / STEPS;
    for (int i = 0; i < STEPS; i++) square += pow((double)value_of(set, k, i) - mean, 2) / STEPS;
    for (int i = 0; i < STEPS; i++)
        assert_true(fabs((double)x[i] - ((double)value_of(set, k, i) - mean) / sqrt(square)) <
                    1e-5);
    assert_int_equal(((const int32_t *)d->y)[at], label_of(set, k) - 1);
}

static void every_ninth_validates(void **state)
{
    (void)state;
    make("npy");
    assert_ok(import(work_dir, AF_FULL));
    af_dataset *d = open_part(AF_MAIN);
    assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 24);
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 3);
    assert_int_equal(d->split[AF_PAPER][AF_TRAIN].count, 27);
    check_sample(d, 0, 0, 0);
    check_sample(d, 7, 0, 7);
    check_sample(d, 8, 0, 9);
    check_sample(d, 23, 0, 25);
    check_sample(d, 24, 0, 8);
    check_sample(d, 26, 0, 26);
    assert_string_equal(d->ids + 24 * AF_ID_MAX, "train-000008");
    af_dataset_close(d);
    d = open_part(AF_HELD_OUT);
    assert_int_equal(d->n, TEST);
    for (int k = 0; k < TEST; k++) check_sample(d, k, 1, k);
    af_dataset_close(d);
}

static void validation_file_validates(void **state)
{
    (void)state;
    bytes b = {0};
    make("npy");
    put_rows(&b, 2, 5);
    bytes_save(&b, work_at("Crop_VALIDATION.npy"));
    assert_ok(import(work_dir, AF_FULL));
    af_dataset *d = open_part(AF_MAIN);
    assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, TRAIN);
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 5);
    check_sample(d, TRAIN + 4, 2, 4);
    af_dataset_close(d);
    put_rows(&b, 1, 5);
    bytes_save(&b, work_at("Crop_TEST_part.npy"));
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    assert_says("both Crop_TEST.npy and Crop_TEST_part.npy are in it");
    af_free(b.data);
}

static void last_ninth_of_nas_bench_360_validates(void **state)
{
    (void)state;
    make_dicts(true);
    assert_ok(import(work_dir, AF_FULL));
    af_dataset *d = open_part(AF_MAIN);
    assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 24);
    check_sample(d, 0, 0, 0);
    check_sample(d, 26, 0, 26);
    for (int i = 0; i < STEPS; i++) assert_true(((const float *)d->x)[STEPS + i] == 0);
    af_dataset_close(d);
}

/* ---- what is refused ---- */

static void refuses_texts(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *says;
    } cases[] = {
        {"a.tsv", "1\t2\t3\n2\t0.257.1\t3\n", "a.tsv:2: \"0.257.1\" is not a finite number"},
        {"a.tsv", "1\t2\n", "a.tsv:1: 1 values, want 2 and a class"},
        {"a.tsv", "1\t2\t3\t4\n", "a.tsv:1: more than 2 values and a class"},
        {"a.tsv", "1\tnan\t3\n", "\"nan\" is not a finite number"},
        {"a.tsv", "1\t-inf\t3\n", "\"-inf\" is not a finite number"},
        {"a.tsv", "1\t0x1p3\t3\n", "\"0x1p3\" is not a finite number"},
        {"a.tsv", "1\t1e999\t3\n", "\"1e999\" is not a finite number"},
        {"a.tsv", "\n\n# nothing\n", "a.tsv: no series in it"},
        {"a.tsv", "", "a.tsv: no series in it"},
        {"a.txt", "1 2 3333333333333333333333333333333333333333333333333333333333333333333",
         "is not a finite number"},
        {"a.ts", "@data\n1,?:3\n", "a.ts:2: '?', want a finite number"},
        {"a.ts", "@data\n1,0x2:3\n", "a.ts:2: '0x2', want a finite number"},
        {"a.ts", "@data\n1,2\n", "a.ts:2: no class label at its end"},
        {"a.ts", "@data\n1:3\n", "a.ts: series of 1 x 1 values, want 1 x 2 and a class"},
        {"a.ts", "@data\n1,2:1,2:3\n", "a.ts: series of 2 x 2 values, want 1 x 2"},
        {"a.ts", "@data\n1,2:3\n\n1,2:red\n", "a.ts:4: class \"red\" is not a finite number"},
        {"a.ts", "@problemName a\n", "a.ts: no @data line"},
        {"a.ts", "1,2:3\n", "a.ts:1: no @ line before @data"},
        {"a.arff", "@relation x\n", "a.arff: no series in it"},
        {"a.arff", "@data\n1,2\n", "a.arff:2: no class after 2 values"},
    };
    af_ucr u;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *text = cases[i].text;
        if (af_ucr_parse(&u, text, strlen(text), 2, cases[i].name) != AF_EFORMAT)
            fail_msg("\"%s\" was read", text);
        assert_says(cases[i].says);
        assert_null(u.x);
    }
    assert_int_equal(af_ucr_parse(&u, "1 2\0 3", 6, 2, "a.txt"), AF_EFORMAT);
    assert_says("a.txt: no text file");
}

static void refuses_files(void **state)
{
    (void)state;
    static const char *const shapes[] = {"(2, 46)", "(94,)", "(1, 2, 47)", "(0, 47)"};
    float rows[2 * (STEPS + 1)];
    bytes b = {0};
    make("npy");
    for (size_t i = 0; i < LENGTH(shapes); i++) {
        size_t count = i == 0 ? 2 * STEPS : i == 3 ? 0 : 2 * (STEPS + 1);
        memset(rows, 0, sizeof rows);
        bytes_npy(&b, "<f4", shapes[i], rows, count * sizeof *rows);
        bytes_save(&b, work_at("Crop_TRAIN.npy"));
        assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
        assert_says("want rows of 47");
    }
    static const float labels[] = {0, 25, 1.5f, -1, NAN};
    for (size_t i = 0; i < LENGTH(labels); i++) {
        rows[STEPS + 1] = labels[i];
        rows[0] = 1;
        bytes_npy(&b, "<f4", "(2, 47)", rows, sizeof rows);
        bytes_save(&b, work_at("Crop_TRAIN.npy"));
        assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
        assert_says("Crop_TRAIN.npy: series 1 has label");
    }
    rows[STEPS + 1] = 2;
    rows[STEPS + 5] = NAN;
    bytes_npy(&b, "<f4", "(2, 47)", rows, sizeof rows);
    bytes_save(&b, work_at("Crop_TRAIN.npy"));
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    assert_says("is not a finite number");
    put_rows(&b, 0, 8);
    bytes_save(&b, work_at("Crop_TRAIN.npy"));
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    assert_says("8 training series, want at least 9 to split");
    af_free(b.data);
}

static void refuses_incomplete(void **state)
{
    (void)state;
    bytes b = {0};
    make("npy");
    af_file_remove(work_at("Crop_TEST.npy"));
    assert_int_equal(import(work_dir, AF_FULL), AF_ENOTFOUND);
    assert_says("no test series in it");
    fresh();
    assert_int_equal(import(work_dir, AF_FULL), AF_ENOTFOUND);
    assert_says("; want satellite_train.npy and satellite_test.npy");
    assert_int_equal(import(work_at("nowhere"), AF_FULL), AF_ENOTFOUND);
    make_dicts(false);
    put_rows(&b, 0, 9);
    bytes_save(&b, work_at("satellite_test.npy"));
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    assert_says("satellite_test.npy: float32 {9, 47}, want one dict of 'data' and 'label'");
    bytes_object_begin(&b);
    bytes_say(&b, "(dS'data'\nNs");
    bytes_object_end(&b);
    bytes_save(&b, work_at("satellite_test.npy"));
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    assert_says("'data' is no array of numbers");
    fresh();
    af_free(b.data);
}

static void memory_runs_out(void **state)
{
    (void)state;
    for (int what = 0; what < 2; what++) {
        af_satellite_raw raw;
        af_status st = AF_ENOMEM;
        if (what)
            make("ts");
        else
            make_dicts(false);
        for (unsigned long k = 1; st != AF_OK; k++) {
            assert_true(k < 200);
            af_alloc_fail_at(k);
            st = af_satellite_raw_read(&raw, work_dir);
            af_alloc_fail_at(0);
            if (st != AF_OK) assert_int_equal(st, AF_ENOMEM);
        }
        af_satellite_raw_close(&raw);
    }
    fresh();
}

/* ---- genuine series; values by numpy ---- */

static const char *genuine(const char *name)
{
    static char path[AF_PATH_MAX];
    const char *root = getenv("AFIELD_TESTDATA");
    if (root) assert_ok(af_path_format(path, "%s/satellite/%s", root, name));
    if (!root || !af_dir_exists(path)) {
        print_message("skipped: AFIELD_TESTDATA has no satellite/%s\n", name);
        skip();
    }
    return path;
}

static int64_t of_class(const af_dataset *d, af_split split, int class)
{
    const af_indices *in = &d->split[AF_CLEAN][split];
    int64_t n = 0;
    for (int64_t i = 0; i < in->count; i++) n += ((const int32_t *)d->y)[in->i[i]] == class;
    return n;
}

static bool near(const af_dataset *d, int64_t k, int i, double want)
{
    return fabs((double)((const float *)d->x)[k * STEPS + i] - want) < 1e-5;
}

static void genuine_crop(void **state)
{
    (void)state;
    assert_ok(import(genuine("crop"), AF_FULL));
    af_dataset *d = open_part(AF_MAIN);
    assert_string_equal(d->provenance, "partial");
    assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 4607);
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 1152);
    assert_int_equal(of_class(d, AF_TRAIN, 0), 195);
    assert_int_equal(of_class(d, AF_TRAIN, 23), 202);
    assert_int_equal(of_class(d, AF_VALID, 0), 44);
    assert_int_equal(((const int32_t *)d->y)[0], 4);
    assert_true(near(d, 0, 0, -0.7815256606267267) && near(d, 0, 1, -1.4847076667173829));
    assert_int_equal(((const int32_t *)d->y)[4607 + 1151], 15);
    assert_true(near(d, 4607 + 1151, 0, -1.9844838298446674));
    af_dataset_close(d);
    d = open_part(AF_HELD_OUT);
    assert_int_equal(d->n, 2500);
    assert_int_equal(of_class(d, AF_TEST, 0), 110);
    assert_true(near(d, 2499, 45, -0.6148867975419141));
    af_dataset_close(d);
}

static void genuine_nas_bench_360(void **state)
{
    (void)state;
    assert_ok(import(genuine("nb360"), AF_FULL));
    af_dataset *d = open_part(AF_MAIN);
    assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 4607 - 511);
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 511);
    assert_int_equal(of_class(d, AF_TRAIN, 0), 174);
    assert_int_equal(of_class(d, AF_TRAIN, 23), 190);
    assert_int_equal(((const int32_t *)d->y)[4606], 1);
    assert_true(near(d, 4606, 45, 0.364842361371028));
    af_dataset_close(d);
    d = open_part(AF_HELD_OUT);
    assert_int_equal(d->n, 1000);
    assert_true(near(d, 999, 0, -2.863339740507153));
    af_dataset_close(d);
}

/* A table whose first line another program has damaged. */
static void genuine_damage(void **state)
{
    (void)state;
    char path[AF_PATH_MAX], *text;
    size_t size;
    af_ucr u;
    assert_ok(af_path_join(path, genuine("crop"), "Crop_VALIDATION.tsv"));
    assert_ok(af_file_read(&text, &size, path, ROOM));
    assert_int_equal(af_ucr_parse(&u, text, size, STEPS, path), AF_EFORMAT);
    assert_says("Crop_VALIDATION.tsv:1: \"0.257.1\" is not a finite number");
    char *rest = strchr(text, '\n') + 1;
    assert_ok(af_ucr_parse(&u, rest, size - (size_t)(rest - text), STEPS, path));
    assert_int_equal(u.count, 1152);
    assert_true(u.label[0] == 9 && u.x[0] == 0.455f);
    af_ucr_free(&u);
    af_free(text);
}

/* ---- the stand-in ---- */

static void stand_in_is_a_function_of_its_seed(void **state)
{
    (void)state;
    af_satellite_set many, few, other;
    int per_class[AF_SATELLITE_CLASSES] = {0};
    assert_ok(af_satellite_set_new(&many, 240));
    assert_ok(af_satellite_set_new(&few, 100));
    assert_ok(af_satellite_set_new(&other, 100));
    af_phenology_draw(&many, 1, 0);
    af_phenology_draw(&few, 1, 0);
    assert_memory_equal(many.x, few.x, 100 * STEPS * sizeof *few.x);
    for (int what = 0; what < 2; what++) { /* another seed, another series */
        int equal = 0;
        af_phenology_draw(&other, what ? 1 : 2, (uint64_t)what);
        for (int i = 0; i < 100 * STEPS; i++) equal += other.x[i] == few.x[i];
        assert_in_range(equal, 0, 3);
    }
    for (int k = 0; k < 240; k++) {
        per_class[many.label[k]]++;
        for (int i = 0; i < STEPS; i++) assert_true(fabsf(many.x[k * STEPS + i]) < 1.5f);
    }
    for (int c = 0; c < AF_SATELLITE_CLASSES; c++) assert_int_equal(per_class[c], 10);
    af_satellite_set_free(&many);
    af_satellite_set_free(&few);
    af_satellite_set_free(&other);
}

/* Chance is 0.042. */
static void stand_in_is_learned_by_networks(void **state)
{
    (void)state;
    const af_prep_request r = {.task = &af_task_satellite, .size = AF_TINY, .directory = work_dir};
    assert_ok(af_prep_satellite.generate(&r));
    double network = learned(&af_task_satellite, "wrn", work_dir),
           linear = learned(&af_task_satellite, "linear", work_dir);
    assert_true(network > 0.55);
    assert_true(network > linear + 0.08);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(archive_forms_agree),
        cmocka_unit_test(every_ninth_validates),
        cmocka_unit_test(validation_file_validates),
        cmocka_unit_test(last_ninth_of_nas_bench_360_validates),
        cmocka_unit_test(refuses_texts),
        cmocka_unit_test(refuses_files),
        cmocka_unit_test(refuses_incomplete),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(genuine_crop),
        cmocka_unit_test(genuine_nas_bench_360),
        cmocka_unit_test(genuine_damage),
        cmocka_unit_test(stand_in_is_a_function_of_its_seed),
        cmocka_unit_test(stand_in_is_learned_by_networks),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
