/* core/data: what is written is read back bit for bit, what must not be written is refused, and a
 * full disk leaves the old file and nothing else. Damaged files are in test_damage.c. */
#include "tests/aid/work.h"
#include <dirent.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "tests/aid/toy.h"

static const af_task *const both[] = {&toy_labels, &toy_dense};

/* ---- round trip ---- */

static void round_trip(void **state)
{
    (void)state;
    for (size_t k = 0; k < LENGTH(both); k++) {
        toy t;
        af_dataset *d;
        toy_fill(&t, both[k]);
        toy_write(both[k], AF_MAIN);
        assert_ok(af_dataset_open(&d, work_dir, both[k], AF_MAIN));
        assert_string_equal(d->task, both[k]->name);
        assert_string_equal(d->provenance, "generated");
        assert_string_equal(d->path, toy_path(both[k]));
        assert_int_equal(d->size, AF_TINY);
        assert_int_equal(d->n, TOY_N);
        assert_true(af_shape_same(d->input, t.content.input));
        assert_true(af_shape_same(d->output, t.content.output));
        assert_int_equal(d->dense, k == 1);
        assert_memory_equal(d->x, t.x, sizeof t.x);
        assert_memory_equal(d->y, t.content.y, k == 1 ? sizeof t.dense : sizeof t.label);
        assert_memory_equal(d->ids, t.ids, sizeof t.ids);
        assert_memory_equal(d->group, t.group, sizeof t.group);
        assert_memory_equal(d->level, t.level, sizeof t.level);
        assert_int_equal(d->noises, TOY_NOISE);
        assert_memory_equal(d->noise, t.noise, sizeof t.noise);
        assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 3);
        assert_memory_equal(d->split[AF_CLEAN][AF_VALID].i, t.valid, sizeof t.valid);
        assert_int_equal(d->split[AF_PAPER][AF_TRAIN].count, 6);
        assert_null(d->split[AF_PAPER][AF_VALID].i);
        assert_memory_equal(d->scaling[AF_CLEAN].x_std, t.std, sizeof t.std);
        assert_null(d->scaling[AF_CLEAN].y_mean);
        assert_null(d->scaling[AF_PAPER].x_mean);
        assert_int_equal(strlen(d->sha256), 64);
        assert_ok(af_dataset_verify(d));
        af_dataset_close(d);
    }
}

/* Each type of /x: the bytes come back as they were, samples are the numbers they stand for, the
 * checksum knows the type, and a file is as much smaller. */
static void stored_types(void **state)
{
    (void)state;
    static const size_t bytes[AF_STORED_TYPES] = {
        [AF_STORED_FLOAT32] = 4, [AF_STORED_UINT8] = 1, [AF_STORED_INT16] = 2};
    for (af_stored type = 0; type < AF_STORED_TYPES; type++) {
        toy t;
        af_dataset *d;
        float room[TOY_X];
        char sha256[AF_SHA256_HEX];
        toy_fill(&t, &toy_labels);
        toy_store_as(&t, type);
        assert_ok(af_dataset_write(work_dir, &t.content));
        assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
        assert_int_equal(d->x_type, type);
        assert_memory_equal(d->x, t.content.x, TOY_N * TOY_X * bytes[type]);
        for (int i = 0; i < TOY_N; i++)
            assert_memory_equal(af_dataset_sample(d, i, room), t.x + i * TOY_X, sizeof room);
        assert_memory_equal(d->noise, t.content.noise, TOY_NOISE * TOY_X * bytes[type]);
        for (int k = 0; k < TOY_NOISE; k++)
            assert_memory_equal(af_dataset_noise(d, k, room), t.noise + k * TOY_X, sizeof room);
        assert_ok(af_dataset_verify(d));
        memcpy(sha256, d->sha256, sizeof sha256);
        af_dataset_close(d);
        t.content.x_type = AF_STORED_FLOAT32; /* the same numbers under another type */
        t.content.x = t.x;
        t.content.noise = t.noise;
        assert_ok(af_dataset_write(work_dir, &t.content));
        assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
        assert_int_equal(strcmp(sha256, d->sha256) == 0, type == AF_STORED_FLOAT32);
        af_dataset_close(d);
    }
}

static void types_have_h5py_s_names(void **state)
{
    (void)state;
    const hid_t types[AF_STORED_TYPES] = {[AF_STORED_FLOAT32] = H5T_IEEE_F32LE,
                                          [AF_STORED_UINT8] = H5T_STD_U8LE,
                                          [AF_STORED_INT16] = H5T_STD_I16LE};
    static const char *const names[] = {"float32", "uint8", "int16"};
    for (af_stored type = 0; type < AF_STORED_TYPES; type++) {
        toy t;
        toy_fill(&t, &toy_labels);
        toy_store_as(&t, type);
        assert_ok(af_dataset_write(work_dir, &t.content));
        hid_t f = H5Fopen(toy_path(&toy_labels), H5F_ACC_RDONLY, H5P_DEFAULT);
        static const char *const blocks[] = {"/x", "/noise", "/level"};
        for (int k = 0; k < 3; k++) {
            hid_t set = H5Dopen2(f, blocks[k], H5P_DEFAULT), is = H5Dget_type(set);
            assert_true(H5Tequal(is, k == 2 ? H5T_IEEE_F32LE : types[type]) > 0);
            H5Tclose(is);
            H5Dclose(set);
        }
        H5Fclose(f);
        assert_string_equal(af_stored_names[type], names[type]);
    }
}

static void optional_parts_may_be_absent(void **state)
{
    (void)state;
    toy t;
    af_dataset *d;
    toy_fill(&t, &toy_labels);
    t.content.group = NULL;
    t.content.level = NULL;
    t.content.noises = 0;
    t.content.noise = NULL;
    t.content.scaling[AF_CLEAN] = (af_scaling){0};
    t.content.split[AF_PAPER][AF_TRAIN] = (af_indices){0};
    assert_ok(af_dataset_write(work_dir, &t.content));
    assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
    assert_null(d->group);
    assert_null(d->level);
    assert_null(d->noise);
    assert_int_equal(d->noises, 0);
    assert_null(d->scaling[AF_CLEAN].x_mean);
    assert_null(d->split[AF_PAPER][AF_TRAIN].i);
    assert_ok(af_dataset_verify(d));
    af_dataset_close(d);
}

static void equal_contents_give_equal_files(void **state)
{
    (void)state;
    char first[AF_SHA256_HEX], second[AF_SHA256_HEX];
    toy_write(&toy_labels, AF_MAIN);
    assert_ok(af_sha256_file(toy_path(&toy_labels), first));
    sleep(1); /* a stored time would have moved on */
    toy_write(&toy_labels, AF_MAIN);
    assert_ok(af_sha256_file(toy_path(&toy_labels), second));
    assert_string_equal(first, second);
}

static void held_out_is_counted(void **state)
{
    (void)state;
    af_dataset *d;
    const long before = af_dataset_held_out_opened();
    toy_write(&toy_labels, AF_MAIN);
    toy_write(&toy_labels, AF_HELD_OUT);
    assert_ok(toy_open_and_close(&toy_labels));
    assert_int_equal(af_dataset_held_out_opened(), before);
    assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_HELD_OUT));
    assert_int_equal(d->split[AF_CLEAN][AF_TEST].count, 3);
    af_dataset_close(d);
    assert_int_equal(af_dataset_held_out_opened(), before + 1);
    /* the parts cannot stand in for each other */
    assert_int_equal(rename(work_at("toy.test.h5"), toy_path(&toy_labels)), 0);
    assert_int_equal(toy_open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("attribute 'part': 'test', want 'main'");
}

static void binary_targets_are_0_or_1(void **state)
{
    (void)state;
    af_task mask = toy_dense;
    mask.objective = AF_DENSE_BINARY;
    toy t;
    toy_fill(&t, &mask);
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says("/y: sample 0 (id 'A00000') is -1 at channel 0, row 0, column 1, want 0 or 1");
    for (int i = 0; i < TOY_N * TOY_Y; i++) t.dense[i] = (float)(i % 3 == 0);
    assert_ok(af_dataset_write(work_dir, &t.content));
}

/* ---- files that are no datasets ---- */

static void missing_file_names_the_command(void **state)
{
    (void)state;
    af_dataset *d;
    const af_task absent = {.name = "darcy", .objective = AF_DENSE_REGRESSION};
    assert_int_equal(af_dataset_open(&d, work_dir, &absent, AF_MAIN), AF_ENOTFOUND);
    assert_says("/darcy.h5: no such dataset; run: afield data generate darcy --size tiny");
    assert_says("afield data import darcy PATH --size tiny");
    assert_int_equal(af_dataset_open(&d, "/nowhere/full", &absent, AF_HELD_OUT), AF_ENOTFOUND);
    assert_says("/nowhere/full/darcy.test.h5: no such dataset");
    assert_says("generate darcy --size full");
}

static void other_files_are_refused(void **state)
{
    (void)state;
    work_put("toy.h5", "");
    assert_int_equal(toy_open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("toy.h5: an empty file, want an HDF5 file; run: afield data generate toy");
    work_put("toy.h5", "id,label\n1,2\n");
    assert_int_equal(toy_open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("toy.h5: not an HDF5 file");
    af_file_remove(work_at("toy.h5"));
    assert_ok(af_mkdirs(work_at("toy.h5")));
    assert_int_equal(toy_open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("not a regular file");
    assert_int_equal(rmdir(work_at("toy.h5")), 0);
}

/* ---- writing ---- */

static void writer_refuses_what_the_reader_would(void **state)
{
    (void)state;
    toy t;
    toy_copy(&toy_labels);
    const size_t entries = work_entries();
    toy_fill(&t, &toy_labels);
    t.x[25] = NAN;
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says("/toy.h5: refused to write: /x: sample 2 (id 'A00000b') is nan");
    assert_says("data-prep/toy.c");
    toy_fill(&t, &toy_labels);
    memset(t.ids + AF_ID_MAX, 'a', AF_ID_MAX);
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says("/id: sample 1 has an id of too many bytes, want 1 to 63");
    toy_fill(&t, &toy_labels);
    t.content.dense = true;
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says("/y: dense values, want labels for single_label task 'toy'");
    toy_fill(&t, &toy_labels);
    t.content.provenance = "found";
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EINVAL);
    assert_says("provenance 'found', want real, partial or generated");
    toy_fill(&t, &toy_labels);
    t.content.input.w = 0;
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says("/x: W is 0, want 1 to");
    toy_fill(&t, &toy_labels);
    t.content.n = 0;
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says("/x: no samples");
    toy_fill(&t, &toy_labels);
    t.level[5] = -INFINITY;
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says("/level: sample 5 (id 'A00001b') has -inf, want a finite number");
    toy_fill(&t, &toy_labels);
    t.noise[17] = NAN;
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says("/noise: sample 1 is nan at element 7, want finite numbers");
    toy_fill(&t, &toy_labels);
    t.content.noise = NULL;
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says("/noise: 3 samples of no array, want some or none");
    toy_fill(&t, &toy_labels);
    t.content.part = AF_HELD_OUT;
    assert_int_equal(af_dataset_write(work_dir, &t.content), AF_EFORMAT);
    assert_says(
        "/toy.test.h5: refused to write: /noise: in the held-out part, want it in the main");
    assert_int_equal(work_entries(), entries);
    assert_ok(toy_open_and_close(&toy_labels));
}

static size_t open_files(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir)) n++;
    closedir(dir);
    return n;
}

static void full_disk_leaves_nothing(void **state)
{
    (void)state;
    char before[AF_SHA256_HEX], after[AF_SHA256_HEX], *bytes;
    size_t size;
    toy t;
    toy_copy(&toy_labels);
    assert_ok(af_sha256_file(work_at("toy.h5"), before));
    assert_ok(af_file_read(&bytes, &size, work_at("toy.h5"), 1 << 20));
    af_free(bytes);
    const size_t entries = work_entries(), files = open_files();
    toy_fill(&t, &toy_labels);
    for (size_t room = 0; room < size; room += 97) {
        work_limit_files(room);
        af_status st = af_dataset_write(work_dir, &t.content);
        work_limit_files(SIZE_MAX);
        assert_int_equal(st, AF_EIO);
        assert_says("toy.h5");
        assert_says("cannot write: File too large; raise the file size limit");
        assert_int_equal(work_entries(), entries);
    }
    assert_int_equal(open_files(), files);
    assert_ok(af_sha256_file(work_at("toy.h5"), after));
    assert_string_equal(before, after);
    toy_write(&toy_labels, AF_MAIN);
}

static void unusable_directory_is_reported(void **state)
{
    (void)state;
    toy t;
    toy_fill(&t, &toy_labels);
    work_put("plain", "a file");
    assert_int_equal(af_dataset_write(work_at("plain"), &t.content), AF_EIO);
    assert_says("plain: cannot create this directory: Not a directory; a part of the path");
    assert_int_equal(af_dataset_write("/proc/afield", &t.content), AF_ENOTFOUND);
    assert_says("/proc/afield: cannot create this directory");
}

/* ---- pairs ---- */

static void pair_knows_its_other_half(void **state)
{
    (void)state;
    toy main, held_out;
    af_dataset *a, *b;
    char other[AF_PROVENANCE_MAX];
    toy_fill_pair(&main, &held_out, &toy_labels);
    assert_ok(af_dataset_write_pair(work_dir, &main.content, &held_out.content));
    assert_ok(af_dataset_open(&a, work_dir, &toy_labels, AF_MAIN));
    assert_ok(af_dataset_open(&b, work_dir, &toy_labels, AF_HELD_OUT));
    assert_string_equal(a->held_out_sha256, b->sha256);
    assert_ok(af_dataset_complete(a, work_dir));
    assert_ok(af_dataset_match(a, b));
    af_dataset_close(b);
    /* the held-out file of another preparation */
    held_out.x[90] += 1;
    held_out.content.provenance = "partial";
    assert_ok(af_dataset_write(work_dir, &held_out.content));
    assert_ok(af_dataset_provenance(other, work_dir, "toy", AF_HELD_OUT));
    assert_string_equal(other, "partial");
    assert_ok(af_dataset_open(&b, work_dir, &toy_labels, AF_HELD_OUT));
    assert_int_equal(af_dataset_match(a, b), AF_EFORMAT);
    assert_says("/toy.test.h5: does not belong to ");
    assert_says("same size, provenance and shapes");
    assert_says("afield data generate toy --size tiny");
    af_dataset_close(b);
    af_file_remove(work_at("toy.test.h5"));
    assert_int_equal(af_dataset_provenance(other, work_dir, "toy", AF_HELD_OUT), AF_ENOTFOUND);
    assert_int_equal(af_dataset_complete(a, work_dir), AF_ENOTFOUND);
    assert_says("/toy.test.h5: missing, but ");
    assert_says("afield data generate toy --size tiny");
    assert_says("afield data import toy PATH --size tiny");
    af_dataset_close(a);
    /* a main file that was written alone */
    toy_write(&toy_labels, AF_MAIN);
    toy_write(&toy_labels, AF_HELD_OUT);
    assert_ok(af_dataset_open(&a, work_dir, &toy_labels, AF_MAIN));
    assert_int_equal(af_dataset_complete(a, work_dir), AF_EFORMAT);
    assert_says("/toy.h5: attribute 'held_out_sha256': missing");
    assert_says("afield data generate toy --size tiny");
    af_dataset_close(a);
}

/* A disk that has room for the held-out file only, or for neither. */
static void half_a_pair_has_no_main_file(void **state)
{
    (void)state;
    toy main, held_out;
    char *bytes;
    size_t size;
    toy_fill_pair(&main, &held_out, &toy_labels);
    held_out.content.scaling[AF_CLEAN] = (af_scaling){0};
    assert_ok(af_dataset_write_pair(work_dir, &main.content, &held_out.content));
    assert_ok(af_file_read(&bytes, &size, work_at("toy.test.h5"), 1 << 20));
    af_free(bytes);
    const size_t rooms[] = {0, size};
    for (size_t i = 0; i < LENGTH(rooms); i++) {
        assert_ok(af_dataset_write_pair(work_dir, &main.content, &held_out.content));
        work_limit_files(rooms[i]);
        af_status st = af_dataset_write_pair(work_dir, &main.content, &held_out.content);
        work_limit_files(SIZE_MAX);
        assert_int_equal(st, AF_EIO);
        assert_says(i ? "toy.h5: " : "toy.test.h5: ");
        assert_false(af_file_exists(work_at("toy.h5")));
        assert_true(af_file_exists(work_at("toy.test.h5")));
    }
}

static void bad_pairs_leave_the_old_one(void **state)
{
    (void)state;
    toy main, held_out;
    toy_fill_pair(&main, &held_out, &toy_labels);
    assert_ok(af_dataset_write_pair(work_dir, &main.content, &held_out.content));
    held_out.x[0] = NAN;
    assert_int_equal(af_dataset_write_pair(work_dir, &main.content, &held_out.content), AF_EFORMAT);
    assert_says("/toy.test.h5: refused to write: /x: sample 0");
    toy_fill_pair(&main, &held_out, &toy_labels);
    toy_store_as(&held_out, AF_STORED_INT16);
    assert_int_equal(af_dataset_write_pair(work_dir, &main.content, &held_out.content), AF_EINVAL);
    assert_says("one type of /x");
    toy_fill_pair(&main, &held_out, &toy_labels);
    held_out.content.level = NULL;
    assert_int_equal(af_dataset_write_pair(work_dir, &main.content, &held_out.content), AF_EINVAL);
    assert_says("both with /level or both without");
    assert_int_equal(af_dataset_write_pair(work_dir, &main.content, &main.content), AF_EINVAL);
    assert_says("refused to write two parts that are no pair");
    assert_ok(toy_open_and_close(&toy_labels));
}

/* ---- allocation ---- */

static void short_memory_is_reported(void **state)
{
    (void)state;
    toy t;
    af_dataset *d;
    af_status st = AF_ENOMEM;
    toy_fill(&t, &toy_labels);
    for (unsigned long k = 1; st == AF_ENOMEM; k++) {
        af_alloc_fail_at(k);
        st = af_dataset_write(work_dir, &t.content);
        af_alloc_fail_at(0);
        assert_true(k < 100);
    }
    assert_ok(st);
    st = AF_ENOMEM;
    for (unsigned long k = 1; st == AF_ENOMEM; k++) {
        af_alloc_fail_at(k);
        st = af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN);
        af_alloc_fail_at(0);
        assert_true(k < 100);
    }
    assert_ok(st);
    af_dataset_close(d);
}

/* ---- predictions ---- */

static void predictions_round_trip(void **state)
{
    (void)state;
    af_dataset *d;
    float pred[9], back[9];
    int32_t target[3], group[3];
    char ids[3][8], *json = af_calloc(1, 100001), *json_back = af_calloc(1, 100001);
    for (int i = 0; i < 9; i++) pred[i] = (float)i / 3;
    memset(json, ' ', 100000); /* larger than HDF5's compact attributes */
    memcpy(json, "{\"seed\": 1}", 11);
    toy_copy(&toy_labels);
    assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
    int64_t which[] = {7, 2, 11};
    assert_ok(
        af_predictions_write(work_at("p.h5"), d, AF_CLEAN, &(af_indices){which, 3}, pred, json));
    af_dataset_close(d);
    hid_t f = H5Fopen(work_at("p.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t text = H5Tcopy(H5T_C_S1), a = H5Aopen(f, "run", H5P_DEFAULT);
    H5Tset_size(text, 8);
    H5Tset_cset(text, H5T_CSET_UTF8);
    const struct {
        const char *name;
        hid_t type;
        void *out;
    } sets[] = {{"/id", text, ids},
                {"/pred", H5T_NATIVE_FLOAT, back},
                {"/target", H5T_NATIVE_INT32, target},
                {"/group", H5T_NATIVE_INT32, group}};
    for (size_t i = 0; i < LENGTH(sets); i++) {
        hid_t set = H5Dopen2(f, sets[i].name, H5P_DEFAULT);
        assert_true(H5Dread(set, sets[i].type, H5S_ALL, H5S_ALL, H5P_DEFAULT, sets[i].out) >= 0);
        H5Dclose(set);
    }
    H5Tset_size(text, 100001);
    assert_true(H5Aread(a, text, json_back) >= 0);
    H5Aclose(a);
    H5Tclose(text);
    H5Fclose(f);
    assert_string_equal(ids[0], "A00002b");
    assert_string_equal(ids[1], "A00000b");
    assert_memory_equal(back, pred, sizeof pred);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(target[k], which[k] % 4 % 3);
        assert_int_equal(group[k], 100 + which[k] / 3);
    }
    assert_string_equal(json_back, json);
    af_free(json_back);
    af_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(stored_types),
        cmocka_unit_test(types_have_h5py_s_names),
        cmocka_unit_test(optional_parts_may_be_absent),
        cmocka_unit_test(equal_contents_give_equal_files),
        cmocka_unit_test(held_out_is_counted),
        cmocka_unit_test(binary_targets_are_0_or_1),
        cmocka_unit_test(missing_file_names_the_command),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(writer_refuses_what_the_reader_would),
        cmocka_unit_test(full_disk_leaves_nothing),
        cmocka_unit_test(unusable_directory_is_reported),
        cmocka_unit_test(pair_knows_its_other_half),
        cmocka_unit_test(half_a_pair_has_no_main_file),
        cmocka_unit_test(bad_pairs_leave_the_old_one),
        cmocka_unit_test(short_memory_is_reported),
        cmocka_unit_test(predictions_round_trip),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
