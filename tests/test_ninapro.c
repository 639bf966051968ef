/* NinaPro: NAS-Bench-360's six files give the samples they hold, electrodes as rows, scaled as
 * said; other numbers of electrodes or labels make a variant, what is something else is refused;
 * the stand-in is a function of its seed, two thirds of it rest, learned by a network and not by a
 * linear model. Genuine Myo recordings, which are not this task, where AFIELD_TESTDATA has them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/prep.h"
#include "data-prep/ninapro/forearm.h"
#include "data-prep/ninapro/raw.h"
#include "tests/aid/arrays.h"
#include "tests/aid/learned.h"
#include "tests/aid/variant.h"
#include "tests/aid/work.h"

extern const af_task af_task_ninapro;
extern const af_prep af_prep_ninapro;

enum { STEPS = AF_NINAPRO_STEPS, ELECTRODES = AF_NINAPRO_ELECTRODES, MOST = 12 };
static const int counts[AF_SPLITS] = {12, 4, 3};
static const char *const parts[AF_SPLITS] = {"train", "val", "test"};

static float value_of(int split, int k, int t, int e)
{
    return (float)((11 * t + 5 * e + 3 * k + split) % 37 - 18) / 4;
}

static int label_of(int split, int k)
{
    return k % 3 ? 0 : (5 * k + split) % 18;
}

static const char *name_of(const char *what, int split)
{
    static char name[64];
    snprintf(name, sizeof name, "%s_%s.npy", what, parts[split]);
    return work_at(name);
}

static void put_windows(int split, int count, int steps, int electrodes)
{
    float *x = af_calloc((size_t)count, (size_t)(steps * electrodes) * sizeof *x);
    char shape[64];
    bytes b = {0};
    for (int i = 0; i < count * steps * electrodes; i++)
        x[i] = value_of(split, i / (steps * electrodes), i / electrodes % steps, i % electrodes);
    snprintf(shape, sizeof shape, "(%d, %d, %d)", count, steps, electrodes);
    bytes_npy(&b, "<f4", shape, x, (size_t)(count * steps * electrodes) * sizeof *x);
    bytes_save(&b, name_of("ninapro", split));
    af_free(b.data);
    af_free(x);
}

static void put_labels(int split, int count, int64_t first)
{
    int64_t label[MOST];
    char shape[64];
    bytes b = {0};
    for (int k = 0; k < count; k++) label[k] = k ? label_of(split, k) : first;
    snprintf(shape, sizeof shape, "(%d,)", count);
    bytes_npy(&b, "<i8", shape, label, (size_t)count * sizeof *label);
    bytes_save(&b, name_of("label", split));
    af_free(b.data);
}

static void make(void)
{
    for (int s = 0; s < AF_SPLITS; s++) {
        put_windows(s, counts[s], STEPS, ELECTRODES);
        put_labels(s, counts[s], label_of(s, 0));
    }
}

static af_status import(const char *path, af_size size)
{
    const af_prep_request r = {
        .task = &af_task_ninapro, .size = size, .source = path, .directory = work_dir};
    return af_prep_ninapro.import(&r);
}

static af_dataset *open_part(af_dataset_part part)
{
    af_dataset *d;
    assert_ok(af_dataset_open(&d, work_dir, &af_task_ninapro, part));
    return d;
}

/* ---- what is read ---- */

static void check_windows(const af_dataset *d, int64_t from, int split, int steps)
{
    const int skip = (STEPS - steps) / 2;
    for (int k = 0; k < counts[split]; k++) {
        assert_int_equal(((const int32_t *)d->y)[from + k], label_of(split, k));
        for (int i = 0; i < ELECTRODES * steps; i++)
            assert_true(((const float *)d->x)[(from + k) * ELECTRODES * steps + i] ==
                        value_of(split, k, i % steps + skip, i / steps));
    }
}

static void six_files(void **state)
{
    (void)state;
    make();
    for (af_size size = AF_TINY; size <= AF_FULL; size++) {
        const int steps = size == AF_TINY ? 26 : STEPS;
        assert_ok(import(work_dir, size));
        af_dataset *d = open_part(AF_MAIN);
        assert_string_equal(d->provenance, "partial");
        assert_true(af_shape_same(d->input, (af_shape){1, ELECTRODES, steps}));
        assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 12);
        assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 4);
        assert_int_equal(d->split[AF_PAPER][AF_TRAIN].count, 16);
        assert_null(d->group);
        check_windows(d, 0, AF_TRAIN, steps);
        check_windows(d, 12, AF_VALID, steps);
        af_dataset_close(d);
        d = open_part(AF_HELD_OUT);
        check_windows(d, 0, AF_TEST, steps);
        af_dataset_close(d);
    }
}

/* Over the training windows and all readings of an electrode; none under protocol paper. */
static void electrodes_are_scaled(void **state)
{
    (void)state;
    make();
    assert_ok(import(work_dir, AF_FULL));
    af_dataset *d = open_part(AF_MAIN);
    const af_scaling *s = &d->scaling[AF_CLEAN];
    for (int e = 0; e < ELECTRODES; e++) {
        double mean = 0, square = 0;
        for (int i = 0; i < 12 * STEPS; i++)
            mean += (double)value_of(AF_TRAIN, i / STEPS, i % STEPS, e) / (12 * STEPS);
        for (int i = 0; i < 12 * STEPS; i++)
            square +=
                pow((double)value_of(AF_TRAIN, i / STEPS, i % STEPS, e) - mean, 2) / (12 * STEPS);
        for (int t = 0; t < STEPS; t++) {
            assert_true(fabs((double)s->x_mean[e * STEPS + t] - mean) < 1e-5);
            assert_true(fabs((double)s->x_std[e * STEPS + t] - sqrt(square)) < 1e-5);
        }
    }
    assert_null(d->scaling[AF_PAPER].x_mean);
    af_dataset_close(d);
}

/* ---- what is refused ---- */

static void refuses(void **state)
{
    (void)state;
    bytes b = {0};
    make();
    put_windows(AF_VALID, 4, STEPS, 8);
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    assert_says("ninapro_val.npy: 8 electrodes, want 16 as in ninapro_train.npy");
    put_windows(AF_VALID, 4, STEPS, 65);
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    assert_says("x 16 electrodes (1 to 64 make a variant)");
    put_windows(AF_VALID, 4, 50, ELECTRODES);
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    assert_says("ninapro_val.npy: float32 {4, 50, 16}, want numbers, windows x 52 readings x 16");
    put_windows(AF_VALID, 0, STEPS, ELECTRODES);
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    make();
    put_labels(AF_TEST, 2, 0);
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    assert_says("label_test.npy: int64 {2}, want 3 labels, one a window");
    static const int64_t labels[] = {-1, 256, INT64_MAX};
    for (size_t i = 0; i < LENGTH(labels); i++) {
        put_labels(AF_TEST, 3, labels[i]);
        assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
        assert_says("label_test.npy: window 0 has label");
    }
    make();
    float x[STEPS * ELECTRODES] = {[300] = NAN};
    bytes_npy(&b, "<f4", "(1, 52, 16)", x, sizeof x);
    bytes_save(&b, name_of("ninapro", AF_TRAIN));
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    assert_says("ninapro_train.npy: element 300 is not a finite number");
    af_free(b.data);
}

static void explains_what_it_is(void **state)
{
    (void)state;
    char path[AF_PATH_MAX];
    make();
    af_file_remove(name_of("label", AF_TRAIN));
    assert_int_equal(import(work_dir, AF_FULL), AF_ENOTFOUND);
    assert_says("holds 5 NumPy arrays (label_test.npy ...)");
    assert_says("want NAS-Bench-360's ninapro_train.npy");
    assert_int_equal(import(work_at("nowhere"), AF_FULL), AF_ENOTFOUND);
    assert_ok(af_path_join(path, work_dir, "s1/deep"));
    assert_ok(af_mkdirs(path));
    work_put("s1/deep/S1_E2_A1.mat", "not looked into");
    assert_int_equal(import(work_at("s1"), AF_FULL), AF_EFORMAT);
    assert_says("s1/deep/S1_E2_A1.mat: no MATLAB file of version 5 or 7.3");
    assert_ok(af_path_join(path, work_dir, "s2"));
    assert_ok(af_mkdirs(path));
    work_put("s2/S1_E1_A1.mat", "not looked into");
    assert_int_equal(import(work_at("s2"), AF_FULL), AF_EUNSUPPORTED);
    assert_says("s2/S1_E1_A1.mat: not exercise B of a subject");
}

/* ---- what is something else ---- */

static void others_are_variants(void **state)
{
    (void)state;
    af_variant v;
    make();
    assert_ok(variant_of(&v, &af_prep_ninapro, work_dir, AF_FULL));
    assert_string_equal(v.name, "");
    put_labels(AF_TEST, 3, 18); /* 19 classes */
    assert_ok(variant_of(&v, &af_prep_ninapro, work_dir, AF_FULL));
    assert_string_equal(v.name, "ninapro_e16_c19");
    assert_string_equal(v.holds, "16 electrodes and 19 gestures");
    assert_int_equal(import(work_dir, AF_FULL), AF_EUNSUPPORTED);
    assert_says("not the data of the task ninapro");
    for (int s = 0; s < AF_SPLITS; s++) {
        put_windows(s, counts[s], STEPS, 1);
        put_labels(s, counts[s], label_of(s, 0));
    }
    for (af_size size = AF_TINY; size <= AF_FULL; size++) {
        const int steps = size == AF_TINY ? 26 : STEPS;
        af_own *own = variant_import(&v, &af_prep_ninapro, work_dir, size);
        assert_string_equal(v.name, "ninapro_e1_c17");
        af_dataset *d = variant_open(own, AF_MAIN);
        assert_true(af_shape_same(d->input, (af_shape){1, 1, steps}));
        assert_int_equal(d->output.c, 17);
        assert_int_equal(d->n, 16);
        for (int i = 0; i < steps; i++)
            assert_true(((const float *)d->x)[5 * steps + i] ==
                        value_of(AF_TRAIN, 5, i + (STEPS - steps) / 2, 0));
        af_dataset_close(d);
        af_own_free(own);
    }
}

static void memory_runs_out(void **state)
{
    (void)state;
    af_ninapro_raw raw;
    af_status st = AF_ENOMEM;
    make();
    for (unsigned long k = 1; st != AF_OK; k++) {
        assert_true(k < 200);
        af_alloc_fail_at(k);
        st = af_ninapro_raw_read(&raw, work_dir);
        af_alloc_fail_at(0);
        if (st != AF_OK) assert_int_equal(st, AF_ENOMEM);
    }
    af_ninapro_raw_close(&raw);
}

static void genuine_myo_windows(void **state)
{
    (void)state;
    char path[AF_PATH_MAX];
    const char *root = getenv("AFIELD_TESTDATA");
    if (root) assert_ok(af_path_format(path, "%s/semg/nb360", root));
    if (!root || !af_dir_exists(path)) {
        print_message("skipped: AFIELD_TESTDATA has no semg\n");
        skip();
    }
    af_variant v;
    af_own *own = variant_import(&v, &af_prep_ninapro, path, AF_TINY);
    assert_string_equal(v.name, "ninapro_myo");
    assert_string_equal(v.holds, "8 electrodes and 7 gestures");
    af_dataset *d = variant_open(own, AF_MAIN);
    assert_true(af_shape_same(d->input, (af_shape){1, 8, 26}));
    assert_true(af_shape_same(d->output, (af_shape){7, 1, 1}));
    af_dataset_close(d);
    assert_true(learned(&own->task, "wrn", work_dir) > 0.6); /* chance: 1 in 7 */
    af_own_free(own);
}

/* ---- the stand-in ---- */

static void stand_in_is_a_function_of_its_seed(void **state)
{
    (void)state;
    enum { N = 2 * AF_FOREARM_SESSION, SIZE = ELECTRODES * STEPS };
    af_ninapro_set a, b;
    assert_ok(af_ninapro_set_new(&a, 2 * N, ELECTRODES, AF_FOREARM_REPETITIONS));
    assert_ok(af_ninapro_set_new(&b, N, ELECTRODES, AF_FOREARM_REPETITIONS));
    af_forearm_record(&a, 1, 2, (const int[]){0, 3}, 2);
    af_forearm_record(&b, 1, 2, (const int[]){3}, 1); /* the same repetition among others */
    assert_memory_equal(a.x + AF_FOREARM_SESSION * SIZE, b.x,
                        AF_FOREARM_SESSION * SIZE * sizeof *b.x);
    assert_int_equal(a.group[AF_FOREARM_SESSION], b.group[0]);
    assert_int_equal(b.group[0], 3);
    assert_int_equal(b.group[AF_FOREARM_SESSION], AF_FOREARM_REPETITIONS + 3);
    assert_memory_not_equal(a.x, b.x, SIZE * sizeof *b.x); /* another repetition */
    int rest = 0, seen[AF_NINAPRO_CLASSES] = {0};
    for (int k = 0; k < 2 * N; k++) rest += a.label[k] == 0, seen[a.label[k]]++;
    assert_int_equal(3 * rest, 2 * 2 * N);
    for (int c = 1; c < AF_NINAPRO_CLASSES; c++) assert_int_equal(seen[c], 4);
    af_forearm_record(&b, 2, 2, (const int[]){3}, 1);
    assert_memory_not_equal(a.x + AF_FOREARM_SESSION * SIZE, b.x, SIZE * sizeof *b.x);
    af_ninapro_set_free(&a);
    af_ninapro_set_free(&b);
}

/* The wrist's flexors and extensors are seen by the electrodes next to them. */
static void gestures_have_their_place(void **state)
{
    (void)state;
    enum { SUBJECTS = 8, FLEXION = 13, EXTENSION = 14 };
    double power[2][8] = {{0}};
    af_ninapro_set s;
    assert_ok(
        af_ninapro_set_new(&s, SUBJECTS * AF_FOREARM_SESSION, ELECTRODES, AF_FOREARM_REPETITIONS));
    af_forearm_record(&s, 3, SUBJECTS, (const int[]){0}, 1);
    for (int64_t k = 0; k < s.count; k++)
        for (int i = 0; i < 8 * STEPS; i++) {
            double v = (double)s.x[k * ELECTRODES * STEPS + i];
            if (s.label[k] == FLEXION) power[0][i / STEPS] += v * v;
            if (s.label[k] == EXTENSION) power[1][i / STEPS] += v * v;
        }
    assert_true(power[0][6] > 2 * power[0][2]); /* electrode 6 at 270 degrees, 2 at 90 */
    assert_true(power[1][2] > 2 * power[1][6]);
    af_ninapro_set_free(&s);
}

/* Rest alone is 0.667. */
static void stand_in_is_learned_by_networks(void **state)
{
    (void)state;
    const af_prep_request r = {.task = &af_task_ninapro, .size = AF_TINY, .directory = work_dir};
    assert_ok(af_prep_ninapro.generate(&r));
    double network = learned(&af_task_ninapro, "wrn", work_dir),
           linear = learned(&af_task_ninapro, "linear", work_dir);
    assert_true(network > 0.8);
    assert_true(linear < 0.7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_files),
        cmocka_unit_test(electrodes_are_scaled),
        cmocka_unit_test(refuses),
        cmocka_unit_test(explains_what_it_is),
        cmocka_unit_test(others_are_variants),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(genuine_myo_windows),
        cmocka_unit_test(stand_in_is_a_function_of_its_seed),
        cmocka_unit_test(gestures_have_their_place),
        cmocka_unit_test(stand_in_is_learned_by_networks),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
