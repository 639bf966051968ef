/* Exports: our own readers find in them what the dataset has, in both formats; test samples are in
 * files of their own; the example of docs/data.md runs where there is numpy. */
#include "tests/aid/work.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/data/export.h"
#include "core/data/hdf5.h"
#include "core/data/npy_write.h"
#include "data-prep/formats/npy.h"
#include "tests/aid/toy.h"

static toy main_part, held_out;

static void put(const af_task *task, af_stored type)
{
    toy_fill_pair(&main_part, &held_out, task);
    toy_store_as(&main_part, type);
    toy_store_as(&held_out, type);
    assert_ok(af_dataset_write_pair(work_dir, &main_part.content, &held_out.content));
}

static json_t *export(const af_task *task, af_export_format format)
{
    char to[AF_PATH_MAX];
    snprintf(to, sizeof to, "%s", work_at("out"));
    assert_ok(af_dataset_export(task, work_dir, to, format));
    json_t *o = json_load_file(work_at("out/dataset.json"), 0, NULL);
    assert_non_null(o);
    return o;
}

static json_t *member(json_t *o, const char *protocol, const char *split, const char *array)
{
    json_t *p = json_object_get(json_object_get(o, "protocols"), protocol);
    json_t *a = json_object_get(json_object_get(p, split), array);
    if (!a) fail_msg("dataset.json has no %s/%s/%s", protocol, split, array);
    return a;
}

/* An .npy file of the export; the caller frees *bytes. */
static af_npy npy(char **bytes, json_t *o, const char *protocol, const char *split,
                  const char *what)
{
    char path[AF_PATH_MAX];
    af_npy f;
    size_t size;
    json_t *a = member(o, protocol, split, what);
    snprintf(path, sizeof path, "%s/%s", work_at("out"),
             json_string_value(json_object_get(a, "file")));
    assert_ok(af_file_read(bytes, &size, path, 1 << 20));
    assert_ok(af_npy_parse(&f, *bytes, size, path));
    assert_int_equal(((const unsigned char *)f.array.data - (unsigned char *)*bytes) % 64, 0);
    json_t *shape = json_object_get(a, "shape");
    assert_int_equal(json_array_size(shape), f.array.rank);
    for (int k = 0; k < f.array.rank; k++)
        assert_int_equal(json_integer_value(json_array_get(shape, (size_t)k)), f.array.shape[k]);
    return f;
}

static const char *const splits[] = {"train", "valid", "test"};

static void check_split(json_t *o, int protocol, int s, const af_dataset *d)
{
    char *bytes;
    const af_indices *which = &d->split[protocol][s];
    const char *p = af_protocol_names[protocol];
    float room[TOY_X];
    af_npy x = npy(&bytes, o, p, splits[s], "x");
    assert_int_equal(x.array.shape[0], which->count);
    for (int64_t k = 0; k < which->count; k++) {
        const float *want = af_dataset_sample(d, which->i[k], room);
        for (int e = 0; e < TOY_X; e++)
            assert_true(af_pickle_element(&x.array, (size_t)(k * TOY_X + e)) == (double)want[e]);
    }
    af_npy_close(&x);
    af_free(bytes);
    const int size = d->dense ? TOY_Y : 1;
    af_npy y = npy(&bytes, o, p, splits[s], "y");
    for (int64_t k = 0; k < which->count; k++)
        for (int e = 0; e < size; e++) {
            const int64_t at = which->i[k] * size + e;
            assert_true(
                af_pickle_element(&y.array, (size_t)(k * size + e)) ==
                (d->dense ? (double)((const float *)d->y)[at] : ((const int32_t *)d->y)[at]));
        }
    af_npy_close(&y);
    af_free(bytes);
    af_npy id = npy(&bytes, o, p, splits[s], "id");
    for (int64_t k = 0; k < which->count; k++)
        assert_int_equal(strncmp((const char *)id.array.data + k * id.array.dtype.width,
                                 d->ids + which->i[k] * AF_ID_MAX, (size_t)id.array.dtype.width),
                         0);
    af_npy_close(&id);
    af_free(bytes);
    af_npy group = npy(&bytes, o, p, splits[s], "group");
    for (int64_t k = 0; k < which->count; k++)
        assert_true(af_pickle_element(&group.array, (size_t)k) == d->group[which->i[k]]);
    af_npy_close(&group);
    af_free(bytes);
}

static void npy_holds_the_dataset(void **state)
{
    (void)state;
    const af_task *const tasks[] = {&toy_labels, &toy_dense};
    for (int t = 0; t < 2; t++)
        for (int type = 0; type < AF_STORED_TYPES; type++) {
            af_dataset *d[2];
            int seen = 0;
            put(tasks[t], (af_stored)type);
            json_t *o = export(tasks[t], AF_EXPORT_NPY);
            for (int k = 0; k < 2; k++)
                assert_ok(af_dataset_open(&d[k], work_dir, tasks[t], (af_dataset_part)k));
            for (int p = 0; p < AF_PROTOCOLS; p++)
                for (int s = 0; s < AF_SPLITS; s++)
                    if (d[s == AF_TEST]->split[p][s].i)
                        check_split(o, p, s, d[s == AF_TEST]), seen++;
            assert_true(seen >= 3);
            assert_string_equal(json_string_value(json_object_get(o, "sha256")), d[0]->sha256);
            assert_string_equal(
                json_string_value(json_object_get(member(o, "clean", "train", "x"), "dtype")),
                af_stored_names[type]);
            for (int k = 0; k < 2; k++) af_dataset_close(d[k]);
            json_decref(o);
        }
}

static void scaling_goes_along(void **state)
{
    (void)state;
    char *bytes;
    put(&toy_labels, AF_STORED_FLOAT32);
    json_t *o = export(&toy_labels, AF_EXPORT_NPY);
    af_npy f = npy(&bytes, o, "clean", "scale", "x_mean");
    for (int e = 0; e < TOY_X; e++)
        assert_true(af_pickle_element(&f.array, (size_t)e) == (double)main_part.mean[e]);
    af_npy_close(&f);
    af_free(bytes);
    json_decref(o);
}

static void hdf5_holds_test_samples_apart(void **state)
{
    (void)state;
    put(&toy_labels, AF_STORED_INT16);
    json_t *o = export(&toy_labels, AF_EXPORT_HDF5);
    json_t *test = member(o, "clean", "test", "x"), *train = member(o, "clean", "train", "x");
    assert_string_equal(json_string_value(json_object_get(test, "file")), "clean.test.h5");
    assert_string_equal(json_string_value(json_object_get(train, "file")), "clean.h5");
    assert_string_equal(json_string_value(json_object_get(train, "member")), "/train/x");
    json_decref(o);
    af_mapping *m;
    assert_ok(af_mapping_open(&m, work_at("out/clean.h5")));
    assert_false(af_mapping_has(m, "/test/x"));
    af_block b = {.name = "/train/x", .type = AF_INT16, .rank = 4};
    assert_ok(af_mapping_block(m, &b));
    assert_int_equal(b.dims[0], 6);
    const int16_t *x = b.data;
    for (int k = 0; k < 6; k++)
        assert_int_equal(x[k * TOY_X + 1], main_part.shorts[main_part.train[k] * TOY_X + 1]);
    af_mapping_close(m);
    assert_ok(af_mapping_open(&m, work_at("out/clean.test.h5")));
    assert_true(af_mapping_has(m, "/test/x") && af_mapping_has(m, "/test/group"));
    assert_false(af_mapping_has(m, "/train/x"));
    af_mapping_close(m);
}

static void a_full_disk_leaves_no_half_array(void **state)
{
    (void)state;
    char to[AF_PATH_MAX];
    put(&toy_labels, AF_STORED_FLOAT32);
    snprintf(to, sizeof to, "%s", work_at("full"));
    work_limit_files(200);
    af_status st = af_dataset_export(&toy_labels, work_dir, to, AF_EXPORT_NPY);
    work_limit_files(SIZE_MAX);
    assert_int_equal(st, AF_EIO);
    assert_says("train_x.npy");
    char **names;
    size_t count;
    assert_ok(af_dir_list(&names, &count, work_at("full/clean")));
    assert_int_equal(count, 0);
    af_free(names);
}

/* The text between ```python and ``` in docs/data.md. */
static bool put_example(void)
{
    char *text, *from, *end;
    size_t size;
    if (af_file_read(&text, &size, "docs/data.md", 1 << 20) != AF_OK) return false;
    from = strstr(text, "```python\n");
    assert_non_null(from);
    from += strlen("```python\n");
    end = strstr(from, "```");
    assert_non_null(end);
    *end = '\0';
    work_put("example.py", from);
    af_free(text);
    return true;
}

static void the_example_of_the_documents_runs(void **state)
{
    (void)state;
    char command[2 * AF_PATH_MAX + 100];
    if (system("python3 -c 'import numpy' 2>/dev/null") != 0 || !put_example()) {
        print_message("no python3 with numpy, or no docs/data.md: not run\n");
        skip();
    }
    put(&toy_labels, AF_STORED_UINT8);
    json_decref(export(&toy_labels, AF_EXPORT_NPY));
    snprintf(command, sizeof command, "cd '%s' && python3 example.py out > printed", work_dir);
    assert_int_equal(system(command), 0);
    work_holds("printed", "toy (6, 2, 1, 5) (6,) 3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_holds_the_dataset),
        cmocka_unit_test(scaling_goes_along),
        cmocka_unit_test(hdf5_holds_test_samples_apart),
        cmocka_unit_test(a_full_disk_leaves_no_half_array),
        cmocka_unit_test(the_example_of_the_documents_runs),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
