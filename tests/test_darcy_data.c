/* Darcy data sets as training will see them: generated, and imported from files like the released
 * ones and from the real ones of $AFIELD_TESTDATA. */
#include "tests/aid/work.h"
#include <hdf5.h>
#include <math.h>
#include <matio.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "data-prep/darcy/generate.h"
#include "tests/aid/torch.h"

extern const af_prep af_prep_darcy;
extern const af_task af_task_darcy;

/* ---- generate ---- */

static af_prep_request request(const char *directory, const char *source, af_size size)
{
    static char place[AF_PATH_MAX];
    assert_ok(af_path_join(place, work_dir, directory));
    assert_ok(af_mkdirs(place));
    return (af_prep_request){&af_task_darcy, size, source, 7, place};
}

static void check_scaling(const af_dataset *d, af_protocol p, const af_indices *over)
{
    const int size = d->input.h * d->input.w;
    const af_scaling *s = &d->scaling[p];
    for (int point = 0; point < size; point++) {
        double mean[2] = {0}, squares[2] = {0};
        for (int64_t k = 0; k < over->count; k++) {
            const double v[2] = {((const float *)d->x)[over->i[k] * 3 * size + point],
                                 ((const float *)d->y)[over->i[k] * size + point]};
            for (int c = 0; c < 2; c++) {
                mean[c] += v[c] / (double)over->count;
                squares[c] += v[c] * v[c];
            }
        }
        const float *got[2][2] = {{s->x_mean, s->x_std}, {s->y_mean, s->y_std}};
        for (int c = 0; c < 2; c++) {
            double n = (double)over->count;
            double std = sqrt(fmax(0, squares[c] - n * mean[c] * mean[c]) / (n - 1)) + 1e-5;
            assert_true(fabs(got[c][0][point] - mean[c]) < 1e-6 * (1 + fabs(mean[c])));
            assert_true(fabs(got[c][1][point] - std) < 1e-5 * std + 1e-8);
        }
        for (int c = 1; c < 3; c++)
            assert_true(s->x_mean[c * size + point] == 0 && s->x_std[c * size + point] == 1);
    }
}

static void check_generated_values(const af_dataset *d)
{
    const int n = d->input.w, size = n * n;
    for (int64_t k = 0; k < d->n; k++)
        for (int p = 0; p < size; p++) {
            const float *x = af_dataset_sample(d, k, NULL), u = ((const float *)d->y)[k * size + p];
            bool edge = p < n || p >= size - n || p % n == 0 || p % n == n - 1;
            assert_true(x[p] == 3 || x[p] == 12);
            assert_true(fabs(x[size + p] - (double)(p % n) / (n - 1)) < 1e-7);
            assert_true(fabs(x[2 * size + p] - (double)(p / n) / (n - 1)) < 1e-7);
            assert_true(edge ? u == 0 : u > 0 && u < 0.03);
        }
}

static double attribute(const char *path, const char *name)
{
    double value = NAN;
    hid_t f = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), a = H5Aopen(f, name, H5P_DEFAULT);
    assert_true(H5Aread(a, H5T_NATIVE_DOUBLE, &value) >= 0);
    H5Aclose(a);
    H5Fclose(f);
    return value;
}

static void generates(void **state)
{
    (void)state;
    const af_prep_request r = request("generated", NULL, AF_TINY);
    af_dataset *d, *t;
    char path[AF_PATH_MAX];
    double start = af_clock();
    assert_ok(af_prep_darcy.generate(&r));
    print_message("           tiny generated in %.2f s\n", af_clock() - start);
    assert_ok(af_dataset_open(&d, r.directory, &af_task_darcy, AF_MAIN));
    assert_ok(af_dataset_open(&t, r.directory, &af_task_darcy, AF_HELD_OUT));
    assert_string_equal(d->provenance, "generated");
    const af_indices *clean = d->split[AF_CLEAN], *paper = d->split[AF_PAPER];
    assert_int_equal(clean[AF_TRAIN].count + clean[AF_VALID].count, d->n);
    assert_int_equal(paper[AF_TRAIN].count, d->n);
    assert_null(paper[AF_VALID].i);
    assert_null(clean[AF_TEST].i);
    assert_null(t->split[AF_CLEAN][AF_TRAIN].i);
    assert_int_equal(t->split[AF_CLEAN][AF_TEST].count, t->n);
    assert_int_equal(t->split[AF_PAPER][AF_TEST].count, t->n);
    check_scaling(d, AF_CLEAN, &clean[AF_TRAIN]);
    check_scaling(d, AF_PAPER, &paper[AF_TRAIN]);
    check_generated_values(d);
    check_generated_values(t);
    assert_memory_not_equal(d->y, t->y, 1000); /* test samples are their own */
    af_dataset_close(d);
    af_dataset_close(t);
    assert_ok(af_dataset_path(path, r.directory, "darcy", AF_MAIN));
    assert_true(attribute(path, "residual_max") <= 1e-8 && attribute(path, "residual_max") > 0);
    assert_true(attribute(path, "coefficient_low") == 3);
    assert_true(attribute(path, "coefficient_high") == 12);
}

static void same_for_any_number_of_threads(void **state)
{
    (void)state;
    enum { MANY = 11, FEW = 4 };
    const af_darcy_model model = {2, 3, 3, 12, 1e-10, 71, 5};
    af_darcy_machine m;
    af_darcy_effort effort = {0};
    af_darcy_samples one, three, few;
    const int before = omp_get_max_threads();
    assert_ok(af_darcy_machine_open(&m, &model));
    assert_ok(af_darcy_samples_new(&one, MANY, 15, "s", 0));
    assert_ok(af_darcy_samples_new(&three, MANY, 15, "s", 0));
    assert_ok(af_darcy_samples_new(&few, FEW, 15, "s", 0));
    omp_set_num_threads(1);
    assert_ok(af_darcy_generate(&one, &m, 3, 0, &effort, NULL, 0));
    omp_set_num_threads(3);
    assert_ok(af_darcy_generate(&three, &m, 3, 0, &effort, NULL, 0));
    assert_ok(af_darcy_generate(&few, &m, 3, 0, &effort, NULL, 0));
    omp_set_num_threads(before);
    const size_t size = 15 * 15 * sizeof(float);
    assert_memory_equal(one.x, three.x, MANY * 3 * size);
    assert_memory_equal(one.y, three.y, MANY * size);
    assert_memory_equal(one.y, few.y, FEW * size);
    assert_memory_not_equal(one.y, one.y + 15 * 15, size);
    af_darcy_samples_free(&one);
    af_darcy_samples_free(&three);
    af_darcy_samples_free(&few);
    af_darcy_machine_close(&m);
}

/* ---- import ---- */

/* A file like the released ones: coeff[k][i][j], sol a function of the index. */
static void put_raw(const char *name, size_t count, size_t grid, const char *sol, float bad)
{
    size_t dims[3] = {count, grid, grid}, size = count * grid * grid;
    float *v = af_alloc(size * sizeof *v);
    mat_t *f = Mat_CreateVer(work_at(name), NULL, MAT_FT_MAT5);
    assert_non_null(f);
    for (size_t e = 0; e < size; e++) v[e] = e * 7919 % 13 < 6 ? 12 : 3;
    if (bad != 0) v[size / 2] = bad;
    matvar_t *m = Mat_VarCreate("coeff", MAT_C_SINGLE, MAT_T_SINGLE, 3, dims, v, 0);
    assert_int_equal(Mat_VarWrite(f, m, MAT_COMPRESSION_ZLIB), 0);
    Mat_VarFree(m);
    for (size_t e = 0; e < size; e++)
        v[e] =
            (float)(e % count) + (float)(e / count % grid) / 100 + (float)(e / count / grid) / 1e4f;
    m = Mat_VarCreate(sol, MAT_C_SINGLE, MAT_T_SINGLE, 3, dims, v, 0);
    assert_int_equal(Mat_VarWrite(f, m, MAT_COMPRESSION_ZLIB), 0);
    Mat_VarFree(m);
    Mat_Close(f);
    af_free(v);
}

/* Every allocation fails once; sanitizers see whether anything leaks. */
static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    put_raw("memory.mat", 4, 85, "sol", 0);
    char path[AF_PATH_MAX];
    assert_ok(af_path_format(path, "%s", work_at("memory.mat")));
    const af_prep_request r = request("memory", path, AF_TINY);
    const af_darcy_model model = {2, 3, 3, 12, 1e-10, 11, 5};
    int failures = 0;
    af_log_set(AF_LOG_ERROR);
    for (unsigned long k = 1; k < 60; k++) {
        af_darcy_machine m = {0};
        af_darcy_samples s = {0};
        af_darcy_effort effort = {0};
        af_alloc_fail_at(k);
        af_status st = af_darcy_machine_open(&m, &model);
        if (st == AF_OK) st = af_darcy_samples_new(&s, 3, 3, "s", 0);
        if (st == AF_OK) st = af_darcy_generate(&s, &m, 3, 0, &effort, NULL, 0);
        af_darcy_samples_free(&s);
        af_darcy_machine_close(&m);
        af_alloc_fail_at(k);
        af_status imported = af_prep_darcy.import(&r);
        af_alloc_fail_at(0);
        assert_true(st == AF_OK || st == AF_ENOMEM);
        assert_true(imported == AF_OK || imported == AF_ENOMEM);
        failures += (st != AF_OK) + (imported != AF_OK);
    }
    af_log_set(AF_LOG_INFO);
    assert_true(failures > 20);
}

static void imports_two_files(void **state)
{
    (void)state;
    assert_ok(af_mkdirs(work_at("released")));
    put_raw("released/piececonst_r421_N1024_smooth1.mat", 30, 85, "sol", 0);
    put_raw("released/piececonst_r421_N1024_smooth2.mat", 9, 85, "sol", 0);
    char source[AF_PATH_MAX];
    assert_ok(af_path_format(source, "%s", work_at("released")));
    for (af_size size = AF_TINY; size < AF_SIZES; size++) {
        const af_prep_request r = request("imported", source, size);
        const int n = size == AF_TINY ? 15 : 85, step = 84 / (n - 1);
        af_dataset *d, *t;
        assert_ok(af_prep_darcy.import(&r));
        assert_ok(af_dataset_open(&d, r.directory, &af_task_darcy, AF_MAIN));
        assert_ok(af_dataset_open(&t, r.directory, &af_task_darcy, AF_HELD_OUT));
        assert_string_equal(d->provenance, "partial");
        assert_int_equal(d->input.h, n);
        assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 27);
        assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 3);
        assert_int_equal(t->n, 9);
        assert_string_equal(t->ids + 8 * AF_ID_MAX, "piececonst_r421_N1024_smooth2-00008");
        for (int k = 0; k < 30; k++)
            for (int p = 0; p < n * n; p++) {
                float want = (float)k + (float)(p / n * step) / 100 + (float)(p % n * step) / 1e4f;
                assert_true(fabsf(((const float *)d->y)[k * n * n + p] - want) < 1e-5f);
            }
        check_scaling(d, AF_PAPER, &d->split[AF_PAPER][AF_TRAIN]);
        af_dataset_close(d);
        af_dataset_close(t);
    }
}

/* Samples x 4 x 4, all of coefficient 1. */
static void put_tensors(const char *path, int samples)
{
    pt f = {.code = {NULL, 0, 0}};
    char view[64];
    const float one = 1;
    snprintf(view, sizeof view, "I0\n(I%d\nI4\nI4\nt(I16\nI4\nI1\nt", samples);
    bytes_say(&f.code, "(d");
    for (int k = 0; k < 2; k++) {
        bytes_say(&f.code, "V%c\n", "xy"[k]);
        pt_tensor(&f, "FloatStorage", k, (size_t)samples * 16, view);
        bytes_say(&f.code, "s");
        for (int i = 0; i < samples * 16; i++) bytes_put(&f.storage[k], &one, sizeof one);
    }
    bytes_say(&f.code, ".");
    pt_save(&f, path);
}

static void the_tasks_own_files_go_first(void **state)
{
    (void)state;
    static const char *const mats[] = {"both/a_smooth1.mat", "both/a_smooth2.mat"};
    assert_ok(af_mkdirs(work_at("both")));
    put_tensors(work_at("both/darcy_train_16.pt"), 12);
    put_tensors(work_at("both/darcy_test_16.pt"), 4);
    char source[AF_PATH_MAX];
    assert_ok(af_path_format(source, "%s", work_at("both")));
    const af_prep_request r = request("first", source, AF_TINY);
    for (int k = 0; k < 3; k++) { /* the task's files are there */
        af_variant v = {.name = ""};
        assert_ok(af_prep_darcy.variant(&v, &r));
        assert_string_equal(v.name, k < 2 ? "darcy_4" : "");
        if (k < 2) put_raw(mats[k], 12, 85, "sol", 0);
    }
    af_dataset *d;
    assert_ok(af_prep_darcy.import(&r));
    assert_ok(af_dataset_open(&d, r.directory, &af_task_darcy, AF_MAIN));
    assert_string_equal(d->provenance, "partial");
    assert_string_equal(d->ids, "a_smooth1-00000");
    af_dataset_close(d);
}

static void imports_one_file(void **state)
{
    (void)state;
    enum { COUNT = 40, SIZE = 15 * 15 };
    char path[AF_PATH_MAX];
    put_raw("one.mat", COUNT, 85, "sol", 0);
    assert_ok(af_path_format(path, "%s", work_at("one.mat")));
    const af_prep_request r = request("one", path, AF_TINY);
    af_dataset *d, *t;
    assert_ok(af_prep_darcy.import(&r));
    assert_ok(af_dataset_open(&d, r.directory, &af_task_darcy, AF_MAIN));
    assert_ok(af_dataset_open(&t, r.directory, &af_task_darcy, AF_HELD_OUT));
    assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 32);
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 4);
    assert_int_equal(t->n, 4);
    for (int k = 0; k < 4; k++) assert_true(((const float *)t->y)[k * SIZE] == (float)(36 + k));
    assert_string_equal(t->ids, "one-00036");
    af_dataset_close(d);
    af_dataset_close(t);
}

static void refuses_bad_files(void **state)
{
    (void)state;
    static const struct {
        size_t count, grid;
        const char *sol;
        float bad;
        const char *says;
    } cases[] = {
        {12, 64, "sol", 0, "want samples x 421 x 421"},
        {12, 85, "solution", 0, "no variable 'sol'"},
        {12, 85, "sol", NAN, "want a positive and a finite number"},
        {12, 85, "sol", -3, "want a positive and a finite number"},
        {2, 85, "sol", 0, "want at least 3"},
    };
    for (size_t k = 0; k < LENGTH(cases); k++) {
        char path[AF_PATH_MAX];
        put_raw("bad.mat", cases[k].count, cases[k].grid, cases[k].sol, cases[k].bad);
        assert_ok(af_path_format(path, "%s", work_at("bad.mat")));
        const af_prep_request r = request("refused", path, AF_FULL);
        assert_int_not_equal(af_prep_darcy.import(&r), AF_OK);
        assert_says(cases[k].says);
        assert_says("bad.mat");
    }
    assert_false(af_file_exists(work_at("refused/darcy.h5")));
    const af_prep_request r = request("refused", work_dir, AF_FULL);
    assert_int_equal(af_prep_darcy.import(&r), AF_ENOTFOUND);
    assert_says("smooth1.mat");
}

/* ---- real files ---- */

static bool real_file(char path[AF_PATH_MAX], const char *name)
{
    const char *data = getenv("AFIELD_TESTDATA");
    if (!data) print_message("           AFIELD_TESTDATA is not set: nothing to read\n");
    if (data) assert_ok(af_path_format(path, "%s/darcy/%s", data, name));
    return data != NULL;
}

static void imports_the_real_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int train, rest;
    } files[] = {{"piececonst_r421_N3_v5.mat", 1, 1}, {"piececonst_r85_N120_v73.mat", 96, 12}};
    for (size_t i = 0; i < LENGTH(files); i++) {
        char path[AF_PATH_MAX];
        if (!real_file(path, files[i].name)) skip();
        const af_prep_request r = request("real", path, AF_FULL);
        af_dataset *d, *t;
        assert_ok(af_prep_darcy.import(&r));
        assert_ok(af_dataset_open(&d, r.directory, &af_task_darcy, AF_MAIN));
        assert_ok(af_dataset_open(&t, r.directory, &af_task_darcy, AF_HELD_OUT));
        assert_string_equal(d->provenance, "partial");
        assert_int_equal(d->input.w, 85);
        assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, files[i].train);
        assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, files[i].rest);
        assert_int_equal(t->n, files[i].rest);
        af_dataset_close(d);
        af_dataset_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generates),
        cmocka_unit_test(same_for_any_number_of_threads),
        cmocka_unit_test(imports_two_files),
        cmocka_unit_test(the_tasks_own_files_go_first),
        cmocka_unit_test(imports_one_file),
        cmocka_unit_test(refuses_bad_files),
        cmocka_unit_test(survives_a_lack_of_memory),
        cmocka_unit_test(imports_the_real_files),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
