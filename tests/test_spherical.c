/* Spherical: the projection is the published one, compared with values of an independent program;
 * the published file and plain CIFAR-100 are read, and what is neither is refused; the stand-in is
 * a function of its seed, learned by a network better than by a linear model. Genuine images where
 * AFIELD_TESTDATA has them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/prep.h"
#include "data-prep/cifar100/images.h"
#include "data-prep/spherical/project.h"
#include "data-prep/spherical/raw.h"
#include "tests/aid/arrays.h"
#include "tests/aid/learned.h"
#include "tests/aid/work.h"

extern const af_task af_task_spherical;
extern const af_prep af_prep_spherical;

enum { TRAIN = 20, TEST = 6, POINTS = AF_SPHERE_POINTS, BYTES = AF_SPHERE_BYTES };

/* ---- projection ---- */

static void rotations_are_rotations(void **state)
{
    (void)state;
    static const double us[][3] = {{0, 0, 0}, {.25, .5, .75}, {.9, .1, .3}, {.3, .99, .999}};
    for (size_t k = 0; k < LENGTH(us); k++) {
        double m[3][3];
        af_sphere_rotation(m, us[k], 1);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) {
                double dot = 0;
                for (int a = 0; a < 3; a++) dot += m[a][i] * m[a][j];
                assert_true(fabs(dot - (i == j)) < 1e-12);
            }
        double det = m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
                     m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
                     m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
        assert_true(fabs(det - 1) < 1e-12);
        af_sphere_rotation(m, us[k], 0);
        assert_true(fabs(m[2][2] - 1) < 1e-12); /* the poles stay */
    }
}

/* Values of a vectorised numpy program after the published description. */
static void projects_as_published(void **state)
{
    (void)state;
    static const struct {
        double u[3], m00, m12, m20;
        int sum, lit;
        struct {
            int at, value;
        } point[4];
    } cases[] = {
        {{.25, .5, .75},
         0,
         -.866025,
         .866025,
         675686,
         4887,
         {{0, 123},
          {41 * 60 + 22, 123},
          {POINTS + 37 * 60 + 20, 140},
          {2 * POINTS + 39 * 60 + 27, 36}}},
        {{.9, .1, .3},
         -.473607,
         .741476,
         .871658,
         594589,
         4737,
         {{9 * 60 + 30, 48},
          {POINTS + 15 * 60 + 35, 40},
          {2 * POINTS + 13 * 60 + 26, 28},
          {59 * 60, 63}}},
    };
    uint8_t image[AF_CIFAR_BYTES], out[BYTES];
    static af_sphere_view view;
    for (int i = 0; i < AF_CIFAR_BYTES; i++)
        image[i] = (uint8_t)(7 * (i % 1024 / 32) + 3 * (i % 32) + 50 * (i / 1024));
    for (size_t k = 0; k < LENGTH(cases); k++) {
        double m[3][3];
        int sum = 0, lit = 0;
        af_sphere_rotation(m, cases[k].u, 1);
        assert_true(fabs(m[0][0] - cases[k].m00) < 1e-6 && fabs(m[1][2] - cases[k].m12) < 1e-6 &&
                    fabs(m[2][0] - cases[k].m20) < 1e-6);
        af_sphere_view_of(&view, (const double(*)[3])m);
        af_sphere_project(out, image, &view);
        for (int i = 0; i < BYTES; i++) sum += out[i], lit += out[i] > 0;
        assert_in_range(sum, cases[k].sum - 3, cases[k].sum + 3);
        assert_in_range(lit, cases[k].lit - 3, cases[k].lit + 3);
        for (int p = 0; p < 4; p++)
            assert_int_equal(out[cases[k].point[p].at], cases[k].point[p].value);
    }
    memset(image, 0, sizeof image);
    af_sphere_project(out, image, &view);
    for (int i = 0; i < BYTES; i++) assert_int_equal(out[i], 0);
}

/* ---- the published file ---- */

static uint8_t byte_of(int set, int k, int i)
{
    return (uint8_t)(5 * i + 31 * k + 77 * set + i / 999);
}

static int label_of(int set, int k)
{
    return (17 * k + 40 * set) % 100;
}

static void put_part(bytes *b, const char *name, int set, int count, bool list, int bad_label)
{
    char shape[64];
    uint8_t *x = af_alloc((size_t)count * BYTES);
    int64_t label[TRAIN];
    for (int i = 0; i < count * BYTES; i++) x[i] = byte_of(set, i / BYTES, i % BYTES);
    for (int k = 0; k < count; k++) label[k] = k == 1 && bad_label ? bad_label : label_of(set, k);
    bytes_say(b, "S'%s'\n(dS'images'\n", name);
    snprintf(shape, sizeof shape, "I%d\nI3\nI60\nI60\n", count);
    bytes_array(b, "u1", shape, x, (size_t)count * BYTES);
    bytes_say(b, "sS'labels'\n");
    snprintf(shape, sizeof shape, "I%d\n", count);
    if (list) bytes_say(b, "(");
    for (int k = 0; list && k < count; k++) bytes_say(b, "I%lld\n", (long long)label[k]);
    if (list)
        bytes_say(b, "l");
    else
        bytes_array(b, "i8", shape, label, (size_t)count * sizeof *label);
    bytes_say(b, "ss");
    af_free(x);
}

static const char *save_gz(bytes *b)
{
    const char *path = work_at("s2_cifar100.gz");
    gzFile f = gzopen(path, "wb1");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, b->data, (unsigned)b->size), b->size);
    assert_int_equal(gzclose(f), Z_OK);
    b->size = 0;
    return path;
}

static const char *make(bool list, int bad_label)
{
    bytes b = {0};
    bytes_say(&b, "(d");
    put_part(&b, "train", 0, TRAIN, list, 0);
    put_part(&b, "test", 1, TEST, list, bad_label);
    bytes_say(&b, ".");
    const char *path = save_gz(&b);
    af_free(b.data);
    return path;
}

static af_status import(const char *path, af_size size)
{
    const af_prep_request r = {
        .task = &af_task_spherical, .size = size, .source = path, .directory = work_dir};
    return af_prep_spherical.import(&r);
}

static af_dataset *open_part(af_dataset_part part)
{
    af_dataset *d;
    assert_ok(af_dataset_open(&d, work_dir, &af_task_spherical, part));
    return d;
}

static void published_file(void **state)
{
    (void)state;
    for (int list = 0; list < 2; list++) {
        const char *path = make(list, 0);
        assert_ok(list ? import(path, AF_FULL) : import(work_dir, AF_FULL));
        for (int part = 0; part < 2; part++) {
            af_dataset *d = open_part(part ? AF_HELD_OUT : AF_MAIN);
            assert_string_equal(d->provenance, "partial");
            assert_int_equal(d->x_type, AF_STORED_UINT8);
            assert_int_equal(d->n, part ? TEST : TRAIN);
            for (int k = 0; k < d->n; k++) {
                assert_int_equal(((const int32_t *)d->y)[k], label_of(part, k));
                for (int i = 0; i < BYTES; i++)
                    assert_int_equal(((const uint8_t *)d->x)[k * BYTES + i], byte_of(part, k, i));
            }
            if (!part) assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 16);
            if (!part) assert_int_equal(d->split[AF_PAPER][AF_TRAIN].count, TRAIN);
            assert_null(d->scaling[AF_PAPER].x_mean);
            assert_non_null(d->scaling[AF_CLEAN].x_mean);
            af_dataset_close(d);
        }
    }
}

/* tiny: sums of 4 x 4 points; both protocols see averages of them. */
static void smaller_sizes_are_summed(void **state)
{
    (void)state;
    assert_ok(import(make(false, 0), AF_TINY));
    af_dataset *d = open_part(AF_MAIN);
    assert_true(af_shape_same(d->input, (af_shape){3, 15, 15}));
    for (int k = 0; k < TRAIN; k++)
        for (int i = 0; i < 3 * 225; i++) {
            int sum = 0;
            for (int p = 0; p < 16; p++)
                sum += byte_of(
                    0, k, i / 225 * POINTS + (i % 225 / 15 * 4 + p / 4) * 60 + i % 15 * 4 + p % 4);
            assert_int_equal(((const int16_t *)d->x)[k * 675 + i], sum);
        }
    double mean = 0, square = 0;
    for (int i = 0; i < 16 * 225; i++) {
        double x = ((const int16_t *)d->x)[i / 225 * 675 + 225 + i % 225];
        mean += x / (16 * 225);
        square += x * x / (16 * 225);
    }
    const af_scaling *clean = &d->scaling[AF_CLEAN], *paper = &d->scaling[AF_PAPER];
    assert_true(fabs((double)clean->x_mean[225] - mean) < 1e-3);
    assert_true(fabs((double)clean->x_std[449] - sqrt(square - mean * mean)) < 1e-3);
    assert_true(paper->x_mean[100] == 0 && paper->x_std[100] == 16);
    af_dataset_close(d);
}

static void refuses(void **state)
{
    (void)state;
    char path[AF_PATH_MAX];
    bytes b = {0};
    static const int labels[] = {100, -1};
    for (int list = 0; list < 2; list++)
        for (size_t i = 0; i < LENGTH(labels); i++) {
            assert_int_equal(import(make(list, labels[i]), AF_FULL), AF_EFORMAT);
            assert_says("s2_cifar100.gz: image 1 has label");
        }
    bytes_say(&b, "(d");
    put_part(&b, "train", 0, TRAIN, false, 0);
    bytes_say(&b, ".");
    assert_int_equal(import(save_gz(&b), AF_FULL), AF_EFORMAT);
    assert_says("'images' of 'test' is no array, want uint8, images x 3 x 60 x 60");
    bytes_say(&b, "(dS'train'\n(dS'images'\n");
    bytes_array(&b, "u1", "I1\nI3\nI60\n", "", 0);
    assert_int_equal(import(save_gz(&b), AF_FULL), AF_EFORMAT);
    assert_says("an array of 180 elements with 0 bytes");
    bytes_say(&b, "cos\nsystem\n(S'true'\ntR.");
    assert_int_equal(import(save_gz(&b), AF_FULL), AF_EFORMAT);
    assert_says("wants to import os.system, which is refused");
    af_free(b.data);
    work_put("s2_cifar100.gz", "what is not compressed at all");
    assert_int_equal(import(work_at("s2_cifar100.gz"), AF_FULL), AF_EFORMAT);
    assert_says("s2_cifar100.gz: no gzip file");
    af_file_remove(work_at("s2_cifar100.gz"));
    assert_ok(af_path_join(path, work_dir, "nowhere"));
    assert_int_equal(import(path, AF_FULL), AF_ENOTFOUND);
}

static void refuses_cifar10(void **state)
{
    (void)state;
    static const char images[20 * 3073] = {0};
    char path[AF_PATH_MAX];
    assert_ok(af_mkdirs(work_at("ten")));
    assert_ok(af_file_write(work_at("ten/data_batch_1.bin"), images, sizeof images));
    assert_ok(af_file_write(work_at("ten/test_batch.bin"), images, sizeof images));
    snprintf(path, sizeof path, "%s", work_at("ten"));
    assert_int_equal(import(path, AF_FULL), AF_EUNSUPPORTED);
    assert_says("ten: CIFAR-10; this task projects CIFAR-100");
}

static void memory_runs_out(void **state)
{
    (void)state;
    af_s2_raw raw;
    af_status st = AF_ENOMEM;
    const char *path = make(false, 0);
    for (unsigned long k = 1; st != AF_OK; k++) {
        assert_true(k < 200);
        af_alloc_fail_at(k);
        st = af_s2_raw_read(&raw, path);
        af_alloc_fail_at(0);
        if (st != AF_OK) assert_int_equal(st, AF_ENOMEM);
    }
    af_s2_raw_close(&raw);
    af_file_remove(path);
}

/* ---- plain CIFAR-100, projected here ---- */

static void genuine_cifar(void **state)
{
    (void)state;
    char path[AF_PATH_MAX], first[AF_SHA256_HEX] = "", *bytes_read;
    static const char *const layouts[] = {"cifar-100-binary", "cifar-100-python"};
    const char *root = getenv("AFIELD_TESTDATA");
    size_t size;
    if (root) assert_ok(af_path_format(path, "%s/cifar100/cifar-100-binary", root));
    if (!root || !af_dir_exists(path)) {
        print_message("skipped: AFIELD_TESTDATA has no cifar100\n");
        skip();
    }
    for (size_t i = 0; i < LENGTH(layouts); i++) {
        assert_ok(af_path_format(path, "%s/cifar100/%s", root, layouts[i]));
        assert_ok(import(path, AF_FULL));
        af_dataset *d = open_part(AF_HELD_OUT);
        if (!i) memcpy(first, d->sha256, sizeof first);
        assert_string_equal(d->sha256, first);
        af_dataset_close(d);
    }
    assert_ok(af_path_format(path, "%s/cifar100/cifar-100-binary/train.bin", root));
    assert_ok(af_file_read(&bytes_read, &size, path, 1 << 20));
    af_dataset *d = open_part(AF_MAIN);
    assert_string_equal(d->provenance, "partial");
    assert_int_equal(d->n, 30);
    for (int k = 0; k < 30; k++) {
        const uint8_t *x = (const uint8_t *)d->x + k * BYTES;
        int most = 0;
        for (int i = 0; i < BYTES; i++) most = x[i] > most ? x[i] : most;
        assert_in_range(most, 254, 255);
        assert_int_equal(((const int32_t *)d->y)[k], (uint8_t)bytes_read[k * 3074 + 1]);
    }
    af_free(bytes_read);
    af_dataset_close(d);
}

/* ---- the stand-in ---- */

static void generate(uint64_t seed, char main[AF_SHA256_HEX])
{
    const af_prep_request r = {
        .task = &af_task_spherical, .size = AF_TINY, .seed = seed, .directory = work_dir};
    assert_ok(af_prep_spherical.generate(&r));
    af_dataset *d = open_part(AF_MAIN);
    memcpy(main, d->sha256, AF_SHA256_HEX);
    for (int k = 0; k < 200; k++) assert_int_equal(((const int32_t *)d->y)[k], k % 100);
    af_dataset_close(d);
}

/* Chance is 0.01. */
static void stand_in_is_learned_by_networks(void **state)
{
    (void)state;
    char first[AF_SHA256_HEX], other[AF_SHA256_HEX], again[AF_SHA256_HEX];
    generate(1, other);
    generate(0, first);
    generate(0, again);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    double network = learned(&af_task_spherical, "wrn", work_dir),
           linear = learned(&af_task_spherical, "linear", work_dir);
    assert_true(network > 0.08);
    assert_true(network > 1.8 * linear);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rotations_are_rotations),
        cmocka_unit_test(projects_as_published),
        cmocka_unit_test(published_file),
        cmocka_unit_test(smaller_sizes_are_summed),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_cifar10),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(genuine_cifar),
        cmocka_unit_test(stand_in_is_learned_by_networks),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
