/* Masks of dense targets, from the file to batches, scores and predictions; and the metric of a
 * protocol. */
#include "tests/aid/work.h"
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/registry.h"
#include "core/train/batch.h"
#include "tests/aid/toy.h"

static uint8_t mask[TOY_N * TOY_Y];

/* Every third element is left out under clean; paper has no mask. */
static void fill(toy *t)
{
    toy_fill(t, &toy_dense);
    for (int e = 0; e < TOY_N * TOY_Y; e++) mask[e] = e % 3 != 0;
    t->content.mask[AF_CLEAN] = mask;
}

static af_dataset *open_masked(void)
{
    toy t;
    af_dataset *d;
    fill(&t);
    assert_ok(af_dataset_write(work_dir, &t.content));
    assert_ok(af_dataset_open(&d, work_dir, &toy_dense, AF_MAIN));
    return d;
}

static void masks_round_trip(void **state)
{
    (void)state;
    af_dataset *d = open_masked();
    assert_memory_equal(d->mask[AF_CLEAN], mask, sizeof mask);
    assert_null(d->mask[AF_PAPER]);
    assert_ok(af_dataset_verify(d));
    char with[AF_SHA256_HEX], other[AF_SHA256_HEX];
    memcpy(with, d->sha256, sizeof with);
    af_dataset_close(d);
    toy t;
    fill(&t);
    mask[7] ^= 1; /* part of the checksum */
    assert_ok(af_dataset_write(work_dir, &t.content));
    assert_ok(af_dataset_open(&d, work_dir, &toy_dense, AF_MAIN));
    memcpy(other, d->sha256, sizeof other);
    af_dataset_close(d);
    assert_string_not_equal(with, other);
    t.content.mask[AF_CLEAN] = NULL;
    assert_ok(af_dataset_write(work_dir, &t.content));
    assert_ok(af_dataset_open(&d, work_dir, &toy_dense, AF_MAIN));
    assert_null(d->mask[AF_CLEAN]);
    assert_string_not_equal(with, d->sha256);
    af_dataset_close(d);
}

static void wrong_masks_are_refused(void **state)
{
    (void)state;
    toy t;
    fill(&t);
    mask[3 * TOY_Y + 1] = 2;
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says("/mask/clean: sample 3 (id 'A00001') has 2, want 0 or 1");
    toy_fill(&t, &toy_labels);
    mask[3 * TOY_Y + 1] = 1;
    t.content.mask[AF_PAPER] = mask;
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says("/mask/paper: there, but the targets are labels");
}

static void batches_have_no_target_there(void **state)
{
    (void)state;
    af_dataset *d = open_masked();
    for (int p = 0; p < AF_PROTOCOLS; p++) {
        const af_training t = {.task = &toy_dense, .data = d, .protocol = (af_protocol)p};
        const af_source source = af_epoch_source(&t, 0);
        const int64_t which[] = {5, 0, 4};
        af_batch b;
        assert_ok(af_batch_new(&b, d, 3));
        af_batch_load(&b, &source, which, 3);
        const float *y = b.y;
        for (int k = 0; k < 3; k++)
            for (int e = 0; e < TOY_Y; e++) {
                const int64_t at = which[k] * TOY_Y + e;
                const float want = ((const float *)d->y)[at];
                if (p == AF_CLEAN && !mask[at])
                    assert_true(isnan(y[k * TOY_Y + e]));
                else
                    assert_true(y[k * TOY_Y + e] == want);
            }
        af_batch_close(&b);
    }
    af_dataset_close(d);
}

static void scores_leave_them_out(void **state)
{
    (void)state;
    af_dataset *d = open_masked();
    const af_metric *mse = af_find_metric("mse");
    float pred[2 * TOY_Y];
    const int64_t samples[] = {7, 1};
    int64_t which[] = {7, 1};
    const af_indices w = {which, 2};
    double score, sum[2] = {0}, count[2] = {0};
    for (int k = 0; k < 2; k++)
        for (int e = 0; e < TOY_Y; e++) {
            const int64_t at = samples[k] * TOY_Y + e;
            const double error = 1 + e + 3 * k;
            pred[k * TOY_Y + e] = ((const float *)d->y)[at] + (float)error;
            sum[0] += mask[at] * error * error;
            count[0] += mask[at];
            sum[1] += error * error;
            count[1]++;
        }
    for (int p = 0; p < AF_PROTOCOLS; p++) {
        assert_ok(af_score(&score, &toy_dense, mse, d, (af_protocol)p, &w, pred));
        assert_true(fabs(score - sum[p] / count[p]) < 1e-12);
    }
    assert_true(fabs(sum[0] / count[0] - sum[1] / count[1]) > 0.01);
    af_task grouped = toy_dense;
    grouped.aggregate = AF_MEAN_LOGIT;
    assert_int_equal(af_score(&score, &grouped, mse, d, AF_CLEAN, &w, pred), AF_EFORMAT);
    assert_says("want no mask");
    af_dataset_close(d);
}

static void predictions_keep_the_mask(void **state)
{
    (void)state;
    af_dataset *d = open_masked();
    const float pred[2 * TOY_Y] = {0};
    int64_t which[] = {9, 2};
    uint8_t back[2 * TOY_Y];
    assert_ok(
        af_predictions_write(work_at("p.h5"), d, AF_CLEAN, &(af_indices){which, 2}, pred, "{}"));
    hid_t f = H5Fopen(work_at("p.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t set = H5Dopen2(f, "/mask", H5P_DEFAULT);
    assert_true(H5Dread(set, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, back) >= 0);
    H5Dclose(set);
    H5Fclose(f);
    assert_memory_equal(back, mask + 9 * TOY_Y, TOY_Y);
    assert_memory_equal(back + TOY_Y, mask + 2 * TOY_Y, TOY_Y);
    assert_ok(
        af_predictions_write(work_at("q.h5"), d, AF_PAPER, &(af_indices){which, 2}, pred, "{}"));
    f = H5Fopen(work_at("q.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(H5Lexists(f, "/mask", H5P_DEFAULT) == 0);
    assert_true(H5Lexists(f, "/group", H5P_DEFAULT) > 0);
    H5Fclose(f);
    af_dataset_close(d);
}

/* Both names exist, for every task; most tasks have one metric. */
static void protocols_have_metrics(void **state)
{
    (void)state;
    for (const af_task *const *t = af_builtin.task; *t; t++)
        for (int p = 0; p < AF_PROTOCOLS; p++) {
            const af_metric *m = af_find_metric(af_task_metric(*t, (af_protocol)p));
            assert_non_null(m);
            assert_int_equal(m->dense, (*t)->objective != AF_SINGLE_LABEL);
        }
    assert_string_equal(af_task_metric(af_find_task("psicov"), AF_CLEAN), "mae8");
    assert_string_equal(af_task_metric(af_find_task("psicov"), AF_PAPER), "mae8_paper");
    assert_string_equal(af_task_metric(af_find_task("darcy"), AF_PAPER), "relative_l2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_round_trip),
        cmocka_unit_test(wrong_masks_are_refused),
        cmocka_unit_test(batches_have_no_target_there),
        cmocka_unit_test(scores_leave_them_out),
        cmocka_unit_test(predictions_keep_the_mask),
        cmocka_unit_test(protocols_have_metrics),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
