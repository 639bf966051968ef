/* NinaPro's recordings: the filter is Butterworth's, windows lie in one gesture and one repetition,
 * groups in one split; Myo trees and MATLAB files of database 5 give the windows that are in them;
 * what is damaged or lacks a split is refused. Genuine Myo recordings where AFIELD_TESTDATA has
 * them. */
#include "tests/aid/variant.h"
#include <math.h>
#include <matio.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/registry.h"
#include "data-prep/ninapro/recordings.h"
#include "tests/aid/learned.h"
#include "tests/aid/work.h"

extern const af_prep af_prep_ninapro;

enum { STEPS = AF_NINAPRO_STEPS, HOP = AF_NINAPRO_HOP, RATE = AF_NINAPRO_RATE };

/* ---- signals ---- */

/* The filter's gain for a wave around a large mean, which stays positive: rectifying does nothing.
 */
static double gain(double hertz)
{
    enum { SECONDS = 20, N = SECONDS * RATE };
    static float x[N];
    double most = 0;
    for (int t = 0; t < N; t++) x[t] = (float)(10 + sin(2 * M_PI * hertz * t / RATE));
    af_ninapro_filter(x, N);
    for (int t = N / 2; t < N; t++) most = fmax(most, fabs((double)x[t]));
    return most;
}

static double expected_gain(double hertz)
{
    const double ratio = tan(M_PI * 2 / RATE) / tan(M_PI * hertz / RATE); /* bilinear */
    const double w = M_PI * hertz / RATE, mean = fabs(sin(15 * w) / (15 * sin(w)));
    return mean / sqrt(1 + pow(ratio, 6));
}

static void the_filter_is_butterworths(void **state)
{
    (void)state;
    static const double hertz[] = {0.5, 1, 2, 3, 5, 8};
    for (size_t i = 0; i < LENGTH(hertz); i++)
        assert_true(fabs(gain(hertz[i]) - expected_gain(hertz[i])) < 0.01);
    float x[100], y[100];
    for (int t = 0; t < 100; t++) x[t] = -7, y[t] = (float)(t % 9 - 4);
    af_ninapro_filter(x, 100);
    for (int t = 0; t < 100; t++) assert_true(fabs((double)x[t]) < 1e-5); /* nothing of a mean */
    float z[100];
    for (int t = 0; t < 100; t++) z[t] = -y[t];
    af_ninapro_filter(y, 100);
    af_ninapro_filter(z, 100);
    assert_memory_equal(y, z, sizeof y); /* rectified */
    af_ninapro_filter(x, 0);
}

static void splits_are_spread(void **state)
{
    (void)state;
    for (int n = 3; n < 200; n++) {
        int count[AF_SPLITS] = {0};
        for (int k = 0; k < n; k++) count[af_ninapro_spread(k, n)]++;
        const int held = n < 10 ? 1 : n / 5;
        assert_int_equal(count[AF_TEST], held);
        assert_int_equal(count[AF_VALID], held);
    }
}

static void windows_have_one_gesture_and_repetition(void **state)
{
    (void)state;
    enum { FRAMES = 1000, ELECTRODES = 2 };
    static float x[ELECTRODES * FRAMES], before[ELECTRODES * FRAMES];
    static uint8_t label[FRAMES], repetition[FRAMES];
    static const af_split split[AF_NINAPRO_REPETITIONS] = {[1] = AF_VALID, [2] = AF_TEST};
    af_ninapro_set set[AF_SPLITS];
    int windows = 0;
    for (int t = 0; t < FRAMES; t++) {
        label[t] = t / 130 % 2 ? 3 : 0;
        repetition[t] = (uint8_t)(t / 300 % 3);
        for (int e = 0; e < ELECTRODES; e++) x[e * FRAMES + t] = (float)((t * (7 + e)) % 41 - 20);
    }
    memcpy(before, x, sizeof x);
    for (int e = 0; e < ELECTRODES; e++) af_ninapro_filter(before + e * FRAMES, FRAMES);
    for (int s = 0; s < AF_SPLITS; s++)
        set[s] = (af_ninapro_set){.electrodes = ELECTRODES, .repetitions = AF_NINAPRO_REPETITIONS};
    assert_ok(af_ninapro_cut(set, &(af_ninapro_recording){.frames = FRAMES,
                                                          .electrodes = ELECTRODES,
                                                          .subject = 5,
                                                          .x = x,
                                                          .label = label,
                                                          .repetition = repetition,
                                                          .split = split}));
    int64_t next[AF_SPLITS] = {0};
    for (int t = 0; t + STEPS <= FRAMES; t += HOP) {
        bool whole = true;
        for (int i = 0; i < STEPS; i++)
            whole = whole && label[t + i] == label[t] && repetition[t + i] == repetition[t];
        if (!whole) continue;
        af_ninapro_set *s = &set[split[repetition[t]]];
        const int64_t k = next[split[repetition[t]]]++;
        assert_true(k < s->count);
        assert_int_equal(s->label[k], label[t]);
        assert_int_equal(s->group[k], 5 * AF_NINAPRO_REPETITIONS + repetition[t]);
        for (int e = 0; e < ELECTRODES; e++)
            assert_memory_equal(s->x + (k * ELECTRODES + e) * STEPS, before + e * FRAMES + t,
                                STEPS * sizeof *x);
        windows++;
    }
    assert_true(windows > 10);
    for (int s = 0; s < AF_SPLITS; s++) {
        assert_int_equal(set[s].count, next[s]);
        af_ninapro_set_free(&set[s]);
    }
}

/* ---- Myo ---- */

static void put_dat(const char *directory, int number, int frames, int loud)
{
    int16_t *v = af_alloc((size_t)frames * 8 * sizeof *v);
    char path[AF_PATH_MAX], name[AF_PATH_MAX];
    for (int i = 0; i < frames * 8; i++) v[i] = (int16_t)((i * 31 + number) % 17 * loud - 100);
    snprintf(path, sizeof path, "%s", work_at(directory));
    assert_ok(af_mkdirs(path));
    snprintf(name, sizeof name, "classe_%d.dat", number);
    assert_ok(af_path_join(path, path, name));
    assert_ok(af_file_write(path, v, (size_t)frames * 8 * sizeof *v));
    af_free(v);
}

static void put_session(const char *directory, int repetitions)
{
    for (int i = 0; i < 7 * repetitions; i++) put_dat(directory, i, 300, 3);
}

static const char *at(const char *name)
{
    static char path[AF_PATH_MAX];
    snprintf(path, sizeof path, "%s", work_at(name));
    return path;
}

static int windows_of(int frames)
{
    return (frames - STEPS) / HOP + 1;
}

static void subjects_are_apart(void **state)
{
    (void)state;
    af_variant v;
    put_session("three/A/0", 1);
    put_session("three/A/1", 2); /* repetitions go on counting */
    put_session("three/B/0", 1);
    put_session("three/C/0", 1);
    work_put("three/C/experiment.csv", "no recording");
    work_put("three/C/0/classe_x.dat", "no recording");
    af_own *own = variant_import(&v, &af_prep_ninapro, at("three"), AF_FULL);
    assert_string_equal(v.name, "ninapro_myo");
    assert_string_equal(v.holds, "recordings of 3 subjects, 8 electrodes and 7 gestures");
    assert_string_equal(own->task.labels[6], "hand_open");
    assert_non_null(strstr(own->task.notes, "Splits are by subject"));
    af_dataset *d = variant_open(own, AF_MAIN), *test = variant_open(own, AF_HELD_OUT);
    assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 3 * 7 * windows_of(300)); /* A */
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 7 * windows_of(300));     /* C */
    assert_int_equal(test->n, 7 * windows_of(300));                                /* B */
    assert_true(af_shape_same(d->input, (af_shape){1, 8, 52}));
    assert_int_equal(d->output.c, 7);
    assert_int_equal(d->group[0], 0);
    assert_int_equal(d->group[d->split[AF_CLEAN][AF_TRAIN].count - 1], 2);
    assert_int_equal(d->group[d->n - 1], 2 * AF_NINAPRO_REPETITIONS);
    assert_int_equal(test->group[0], AF_NINAPRO_REPETITIONS);
    assert_string_equal(d->ids, "s01-r1:train-0000");
    for (int64_t k = 0; k < test->n; k++)
        assert_int_equal(((const int32_t *)test->y)[k], k / windows_of(300));
    af_dataset_close(d);
    af_dataset_close(test);
    af_own_free(own);
}

static void few_subjects_are_split_by_repetition(void **state)
{
    (void)state;
    af_variant v;
    put_session("two/A/0", 4);
    put_session("two/B/0", 3);
    af_own *own = variant_import(&v, &af_prep_ninapro, at("two"), AF_TINY);
    assert_non_null(strstr(own->task.notes, "Splits are by repetition"));
    af_dataset *test = variant_open(own, AF_HELD_OUT);
    for (int64_t k = 0; k < test->n; k++)
        assert_int_equal(test->group[k] % AF_NINAPRO_REPETITIONS, 2);
    assert_int_equal(test->n, 2 * 7 * windows_of(300));
    assert_int_equal(test->input.w, 26);
    af_dataset_close(test);
    af_own_free(own);
    put_session("one/0", 2);
    assert_int_equal(variant_try(&af_prep_ninapro, at("one"), AF_FULL), AF_EFORMAT);
    assert_says("one: 1 subject with 2 repetitions, want 3 of either");
}

static void bad_recordings_are_refused(void **state)
{
    (void)state;
    put_session("bad/A", 3);
    put_dat("bad/A", 9, 300, 30);
    assert_int_equal(variant_try(&af_prep_ninapro, at("bad"), AF_FULL), AF_EFORMAT);
    assert_says("bad/A/classe_9.dat: reading 0 of electrode ");
    assert_says("want -128 to 127");
    work_put("bad/A/classe_9.dat", "17 bytes in a row");
    assert_int_equal(variant_try(&af_prep_ninapro, at("bad"), AF_FULL), AF_EFORMAT);
    assert_says("classe_9.dat: 17 bytes, want readings of 8 electrodes, 16 bytes each");
    work_put("bad/A/classe_9.dat", "");
    assert_int_equal(variant_try(&af_prep_ninapro, at("bad"), AF_FULL), AF_EFORMAT);
    put_dat("bad/A", 9, 300, 3);
    put_dat("bad/A", 9999, 300, 3);
    assert_int_equal(variant_try(&af_prep_ninapro, at("bad"), AF_FULL), AF_EUNSUPPORTED);
    assert_says("classe_9999.dat: a subject's repetition 1429, want less than 64");
    for (int i = 0; i < 21; i++) put_dat("short", i, STEPS - 1, 3);
    assert_int_equal(variant_try(&af_prep_ninapro, at("short"), AF_FULL), AF_EFORMAT);
    assert_says("no window for the split train");
}

/* ---- database 5 ---- */

enum { REPETITIONS = 6, MOVE = 130, REST = 78, PART = MOVE + REST, SUBJECTS = 2 };

static void put_array(mat_t *f, const char *name, enum matio_classes class, enum matio_types type,
                      size_t rows, size_t cols, void *data)
{
    size_t dims[2] = {rows, cols};
    matvar_t *v = Mat_VarCreate(name, class, type, 2, dims, data, 0);
    assert_int_equal(Mat_VarWrite(f, v, MAT_COMPRESSION_ZLIB), 0);
    Mat_VarFree(v);
}

/* As the database has them: each gesture six times, rest between, class single and int8. */
static void put_db5(const char *name, int subject, int gestures, size_t mark_rows, int worst)
{
    const int frames = gestures * REPETITIONS * PART;
    float *emg = af_alloc((size_t)frames * 16 * sizeof *emg);
    int8_t *label = af_calloc((size_t)frames, 1), *repetition = af_calloc((size_t)frames, 1);
    for (int i = 0; i < frames * 16; i++) emg[i] = (float)((i * 13 + subject) % 29 - 14);
    for (int t = 0; t < frames; t++)
        if (t % PART >= REST) {
            label[t] = (int8_t)(t / (REPETITIONS * PART) + 1);
            repetition[t] = (int8_t)(t / PART % REPETITIONS + 1);
        }
    label[frames - 1] = (int8_t)worst;
    mat_t *f = Mat_CreateVer(at(name), NULL, MAT_FT_MAT5);
    assert_non_null(f);
    put_array(f, "emg", MAT_C_SINGLE, MAT_T_SINGLE, (size_t)frames, 16, emg);
    put_array(f, "restimulus", MAT_C_INT8, MAT_T_INT8, mark_rows ? mark_rows : (size_t)frames, 1,
              label);
    put_array(f, "rerepetition", MAT_C_INT8, MAT_T_INT8, (size_t)frames, 1, repetition);
    Mat_Close(f);
    af_free(emg);
    af_free(label);
    af_free(repetition);
}

static void database_5_is_cut(void **state)
{
    (void)state;
    af_variant v;
    assert_ok(af_mkdirs(at("db5/s10")));
    put_db5("db5/S2_E2_A1.mat", 2, 17, 0, 17);
    put_db5("db5/s10/S10_E2_A1.mat", 10, 17, 0, 17);
    work_put("db5/S2_E1_A1.mat", "another exercise, not looked into");
    af_own *own = variant_import(&v, &af_prep_ninapro, at("db5"), AF_FULL);
    assert_string_equal(v.name, "ninapro_db5");
    assert_string_equal(v.holds,
                        "recordings of 2 subjects, 16 electrodes and 17 gestures with rest");
    assert_string_equal(own->task.labels[0], "rest");
    assert_non_null(strstr(own->task.notes, "NAS-Bench-360's own windows cannot be had again"));
    af_dataset *d = variant_open(own, AF_MAIN), *test = variant_open(own, AF_HELD_OUT);
    assert_true(af_shape_same(d->input, (af_shape){1, 16, 52}));
    assert_int_equal(d->output.c, 18);
    int seen[18] = {0};
    for (int64_t k = 0; k < d->n; k++) {
        const int repetition = d->group[k] % AF_NINAPRO_REPETITIONS + 1;
        assert_true(repetition != 2 && repetition != 5 && repetition <= REPETITIONS);
        assert_int_equal(repetition == 4, k >= d->split[AF_CLEAN][AF_TRAIN].count);
        seen[((const int32_t *)d->y)[k]]++;
    }
    for (int c = 0; c < 18; c++) assert_true(seen[c] > 0);
    for (int64_t k = 0; k < test->n; k++) {
        const int repetition = test->group[k] % AF_NINAPRO_REPETITIONS + 1;
        assert_true(repetition == 2 || repetition == 5);
    }
    assert_int_equal(test->group[0] / AF_NINAPRO_REPETITIONS + 1, 2); /* its own number */
    assert_int_equal(test->group[test->n - 1] / AF_NINAPRO_REPETITIONS + 1, 10);
    af_dataset_close(d);
    af_dataset_close(test);
    af_own_free(own);
}

static void bad_database_files_are_refused(void **state)
{
    (void)state;
    assert_ok(af_mkdirs(at("wrong/again")));
    put_db5("wrong/S1_E2_A1.mat", 1, 2, 0, 18);
    assert_int_equal(variant_try(&af_prep_ninapro, at("wrong"), AF_FULL), AF_EFORMAT);
    assert_says("'restimulus' of frame 2495 is 18, want 0 to 17");
    put_db5("wrong/S1_E2_A1.mat", 1, 2, 100, 0);
    assert_int_equal(variant_try(&af_prep_ninapro, at("wrong"), AF_FULL), AF_EFORMAT);
    assert_says("'restimulus' is 100 x 1, want 2496 x 1 as emg");
    put_db5("wrong/S1_E2_A1.mat", 1, 2, 0, 0);
    put_db5("wrong/again/S1_E2_A1.mat", 1, 2, 0, 0);
    assert_int_equal(variant_try(&af_prep_ninapro, at("wrong"), AF_FULL), AF_EFORMAT);
    assert_says("subject 1 is there twice: S1_E2_A1.mat and again/S1_E2_A1.mat");
    af_file_remove(at("wrong/again/S1_E2_A1.mat"));
    work_put("wrong/S1_E2_A1.mat", "no MATLAB file");
    assert_int_equal(variant_try(&af_prep_ninapro, at("wrong"), AF_FULL), AF_EFORMAT);
    assert_says("wrong/S1_E2_A1.mat: no MATLAB file");
    mat_t *f = Mat_CreateVer(at("wrong/S1_E2_A1.mat"), NULL, MAT_FT_MAT5);
    double emg[60 * 8] = {0};
    put_array(f, "emg", MAT_C_DOUBLE, MAT_T_DOUBLE, 60, 8, emg);
    Mat_Close(f);
    assert_int_equal(variant_try(&af_prep_ninapro, at("wrong"), AF_FULL), AF_EFORMAT);
    assert_says("'emg' is 60 x 8, want at most 4000000 frames x 16 electrodes");
}

/* ---- both ---- */

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    static const char *const trees[] = {"three", "db5"};
    for (size_t i = 0; i < LENGTH(trees); i++) {
        af_ninapro_raw raw;
        af_status st = AF_ENOMEM;
        /* allocations later on are of the same places again */
        for (unsigned long k = 1; st != AF_OK && k < 4000; k += k < 100 ? 1 : 97) {
            af_alloc_fail_at(k);
            const unsigned long before = af_alloc_count();
            st = af_ninapro_raw_read(&raw, at(trees[i]));
            const bool failed = af_alloc_count() - before >= k;
            af_alloc_fail_at(0);
            assert_int_equal(st, failed ? AF_ENOMEM : AF_OK);
        }
        assert_int_equal(st, AF_OK);
        af_ninapro_raw_close(&raw);
    }
}

static void genuine_myo_recordings(void **state)
{
    (void)state;
    char path[AF_PATH_MAX];
    const char *root = getenv("AFIELD_TESTDATA");
    if (root) assert_ok(af_path_format(path, "%s/semg/myo", root));
    if (!root || !af_dir_exists(path)) {
        print_message("skipped: AFIELD_TESTDATA has no semg/myo\n");
        skip();
    }
    af_variant v;
    af_own *own = variant_import(&v, &af_prep_ninapro, path, AF_TINY);
    assert_string_equal(v.holds, "recordings of 6 subjects, 8 electrodes and 7 gestures");
    assert_true(learned(&own->task, "wrn", work_dir) > 0.5); /* chance: 1 in 7 */
    af_own_free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_filter_is_butterworths),
        cmocka_unit_test(splits_are_spread),
        cmocka_unit_test(windows_have_one_gesture_and_repetition),
        cmocka_unit_test(subjects_are_apart),
        cmocka_unit_test(few_subjects_are_split_by_repetition),
        cmocka_unit_test(bad_recordings_are_refused),
        cmocka_unit_test(database_5_is_cut),
        cmocka_unit_test(bad_database_files_are_refused),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(genuine_myo_recordings),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
