/* What goes wrong between the program and the disk: damaged datasets and a disk that fills up. Each
 * is one error that says what, where and what to do; the journal keeps its bytes or gains whole
 * records; and once the cause is gone, --resume ends as the undisturbed run did. */
#include "tests/aid/work.h"
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/data/dataset.h"
#include "core/registry.h"
#include "eval/job.h"
#include "eval/results.h"

#define DATA "data/tiny/ecg.h5"

static char digest[65]; /* of the undisturbed run */

static af_status run(const char *directory, bool resume)
{
    af_job j;
    char out[AF_PATH_MAX];
    af_options_default(af_job_options, &j);
    assert_ok(af_path_join(out, work_dir, directory));
    j.task = "ecg";
    j.method = "random";
    j.space = "linear";
    j.budget = "3trials";
    j.out = out;
    j.resume = resume;
    return af_job_run(&j);
}

static void assert_undisturbed(const char *directory)
{
    af_result r;
    char path[AF_PATH_MAX];
    assert_ok(af_path_join(path, work_at(directory), "result.json"));
    assert_ok(af_result_load(&r, path));
    assert_string_equal(r.run_digest, digest);
    af_result_close(&r);
}

static int begin(void **state)
{
    af_result r;
    if (work_make(state) != 0) return -1;
    af_log_set(AF_LOG_ERROR);
    af_hdf5_quiet();
    setenv("AFIELD_DATA", work_at("data"), 1);
    assert_ok(run("good", false));
    assert_ok(af_result_load(&r, work_at("good/result.json")));
    snprintf(digest, sizeof digest, "%s", r.run_digest);
    af_result_close(&r);
    return 0;
}

/* ---- damaged data ---- */

static void copy(const char *from, const char *to)
{
    char *data, path[AF_PATH_MAX];
    size_t size;
    assert_ok(af_file_read(&data, &size, work_at(from), (size_t)1 << 30));
    assert_ok(af_path_join(path, work_dir, to));
    assert_ok(af_file_write(path, data, size));
    af_free(data);
}

static void truncate_file(void)
{
    assert_int_equal(truncate(work_at(DATA), 100000), 0);
}

/* Writes one element of a block. */
static void poke(const char *block, hsize_t sample, double value)
{
    hid_t f = H5Fopen(work_at(DATA), H5F_ACC_RDWR, H5P_DEFAULT),
          set = H5Dopen2(f, block, H5P_DEFAULT);
    hid_t space = H5Dget_space(set);
    hsize_t at[4] = {sample}, one[4] = {1, 1, 1, 1};
    hid_t single = H5Screate_simple(H5Sget_simple_extent_ndims(space), one, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, one, NULL);
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, single, space, H5P_DEFAULT, &value) >= 0);
    H5Sclose(single);
    H5Sclose(space);
    H5Dclose(set);
    H5Fclose(f);
}

static void put_nan(void)
{
    poke("/x", 5, NAN);
}

static void put_label(void)
{
    poke("/y", 7, 4);
}

static void put_other_value(void)
{
    poke("/x", 5, 0.5);
}

/* One sample less in /y than in /x. */
static void reshape(void)
{
    hid_t f = H5Fopen(work_at(DATA), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, (hsize_t[]){9}, NULL);
    assert_true(H5Ldelete(f, "/y", H5P_DEFAULT) >= 0);
    hid_t set = H5Dcreate2(f, "/y", H5T_NATIVE_INT32, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const int32_t labels[9] = {0};
    assert_true(H5Dwrite(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, labels) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Fclose(f);
}

static void empty_file(void)
{
    work_put(DATA, "");
}

static const struct {
    void (*damage)(void);
    const char *says[3];
} cases[] = {
    {truncate_file, {"truncated", "afield data generate ecg --size tiny"}},
    {empty_file, {"HDF5 file", "afield data generate ecg --size tiny"}},
    {put_nan, {"/x: sample 5", "is nan", "want finite"}},
    {put_label, {"/y: sample 7", "has label 4, want 0 to 3"}},
    {put_other_value,
     {"attribute 'sha256': the data have ", "afield data generate ecg --size tiny"}},
    {reshape, {"/y: 9 samples, want the ", "afield data generate ecg --size tiny"}},
};

static void damaged_data_is_refused(void **state)
{
    (void)state;
    copy(DATA, "good.h5");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        copy("good.h5", DATA);
        copy("good/journal.jsonl", "damaged.jsonl");
        cases[i].damage();
        af_file_remove(work_at("good/result.json")); /* as if stopped before the end */
        assert_int_equal(run("good", true), AF_EFORMAT);
        assert_says("data/tiny/ecg.h5: ");
        for (int k = 0; k < 3 && cases[i].says[k]; k++) assert_says(cases[i].says[k]);
        assert_null(strchr(af_error(), '\n'));
        char *before = work_get("damaged.jsonl");
        work_holds("good/journal.jsonl", before);
        af_free(before);
        copy("good.h5", DATA);
        assert_ok(run("good", true));
        assert_undisturbed("good");
    }
}

/* A value that could be right, in a file whose checksum says otherwise. */
static void changed_data_is_found_by_check(void **state)
{
    (void)state;
    af_dataset *d;
    copy("good.h5", DATA);
    put_other_value();
    assert_ok(af_dataset_open(&d, work_at("data/tiny"), af_find_task("ecg"), AF_MAIN));
    assert_int_equal(af_dataset_verify(d), AF_EFORMAT);
    assert_says("afield data generate ecg --size tiny");
    af_dataset_close(d);
    copy("good.h5", DATA);
}

/* Nothing is learnt from a held-out file, so it is looked at when it is used: at the end. */
static void other_held_out_data_are_refused(void **state)
{
    (void)state;
    char other[AF_PATH_MAX];
    copy("data/tiny/ecg.test.h5", "good.test.h5");
    assert_ok(af_path_join(other, work_dir, "other"));
    const af_task *ecg = af_find_task("ecg");
    assert_ok(af_find_prep("ecg")->generate(
        &(af_prep_request){.task = ecg, .size = AF_TINY, .seed = 1, .directory = other}));
    copy("other/ecg.test.h5", "data/tiny/ecg.test.h5");
    assert_int_equal(run("mixed", false), AF_EFORMAT);
    assert_says("data/tiny/ecg.test.h5: does not belong to ");
    assert_says("afield data generate ecg --size tiny");
    copy(DATA, "good.h5");
    copy("good.test.h5", DATA); /* poke() works on the main file's place */
    put_other_value();
    copy(DATA, "data/tiny/ecg.test.h5");
    copy("good.h5", DATA);
    assert_int_equal(run("mixed", true), AF_EFORMAT);
    assert_says("data/tiny/ecg.test.h5: attribute 'sha256': the data have ");
    copy("good.test.h5", "data/tiny/ecg.test.h5");
    assert_ok(run("mixed", true));
    assert_undisturbed("mixed");
}

/* ---- a full disk ---- */

static void full_disk_stops_and_resumes(void **state)
{
    (void)state;
    static const size_t limits[] = {0, 100, 700, 1500, 2000, 3000, 6000};
    for (size_t i = 0; i < LENGTH(limits); i++) {
        char name[32];
        snprintf(name, sizeof name, "disk%zu", i);
        work_limit_files(limits[i]);
        af_status st = run(name, true);
        work_limit_files(SIZE_MAX);
        assert_int_equal(st, AF_EIO);
        assert_says(name);
        assert_says("File too large");
        assert_null(strchr(af_error(), '\n'));
        assert_ok(run(name, true));
        assert_undisturbed(name);
    }
}

static void full_disk_leaves_no_half_dataset(void **state)
{
    (void)state;
    af_file_remove(work_at(DATA));
    work_limit_files(50000);
    af_status st = run("half", true);
    work_limit_files(SIZE_MAX);
    assert_int_equal(st, AF_EIO);
    assert_says("data/tiny/ecg");
    assert_false(af_file_exists(work_at(DATA)));
    assert_ok(run("half", true));
    assert_undisturbed("half");
}

static void unwritable_places(void **state)
{
    (void)state;
    work_put("file", "");
    assert_int_equal(run("file", false), AF_EIO);
    assert_says("file: ");
    assert_int_equal(run("file/below", false), AF_EIO);
    assert_says("file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_data_is_refused),
        cmocka_unit_test(changed_data_is_found_by_check),
        cmocka_unit_test(other_held_out_data_are_refused),
        cmocka_unit_test(full_disk_stops_and_resumes),
        cmocka_unit_test(full_disk_leaves_no_half_dataset),
        cmocka_unit_test(unwritable_places),
    };
    return cmocka_run_group_tests(tests, begin, work_remove);
}
