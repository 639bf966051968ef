/* core/data: what is written is read back bit for bit; every way a dataset can be wrong is one
 * error that says what, where, what was expected and which command helps; a full disk leaves
 * nothing. */
#include "tests/aid/work.h"
#include <dirent.h>
#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/philox.h"
#include "tests/aid/toy.h"

/* HDF5 itself leaks when it meets damaged metadata. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

static const af_task *const both[] = {&toy_labels, &toy_dense};

static const char *path_of(const af_task *task, af_dataset_part part)
{
    static char path[AF_PATH_MAX];
    assert_ok(af_dataset_path(path, work_dir, task->name, part));
    return path;
}

/* Without the fsync of af_file_write, which takes long when done a thousand times. */
static void put(const char *path, const char *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void write_toy(const af_task *task, af_dataset_part part)
{
    toy t;
    toy_fill(&t, task);
    t.content.part = part;
    assert_ok(af_dataset_write(work_dir, &t.content));
}

/* A main part that was written once and is only copied. */
static void copy_toy(const af_task *task)
{
    static char bytes[2][1 << 16];
    static size_t sizes[2];
    const int k = task == &toy_dense;
    if (!sizes[k]) {
        char *text;
        write_toy(task, AF_MAIN);
        assert_ok(af_file_read(&text, &sizes[k], path_of(task, AF_MAIN), sizeof bytes[k]));
        memcpy(bytes[k], text, sizes[k]);
        af_free(text);
    }
    put(path_of(task, AF_MAIN), bytes[k], sizes[k]);
}

static af_status open_and_close(const af_task *task)
{
    af_dataset *d = NULL;
    af_status st = af_dataset_open(&d, work_dir, task, AF_MAIN);
    if (st == AF_OK) af_dataset_close(d);
    return st;
}

/* ---- round trip ---- */

static void round_trip(void **state)
{
    (void)state;
    for (size_t k = 0; k < LENGTH(both); k++) {
        toy t;
        af_dataset *d;
        toy_fill(&t, both[k]);
        write_toy(both[k], AF_MAIN);
        assert_ok(af_dataset_open(&d, work_dir, both[k], AF_MAIN));
        assert_string_equal(d->task, both[k]->name);
        assert_string_equal(d->provenance, "generated");
        assert_string_equal(d->path, path_of(both[k], AF_MAIN));
        assert_int_equal(d->size, AF_TINY);
        assert_int_equal(d->n, TOY_N);
        assert_true(af_shape_same(d->input, t.content.input));
        assert_true(af_shape_same(d->output, t.content.output));
        assert_int_equal(d->dense, k == 1);
        assert_memory_equal(d->x, t.x, sizeof t.x);
        assert_memory_equal(d->y, t.content.y, k == 1 ? sizeof t.dense : sizeof t.label);
        assert_memory_equal(d->ids, t.ids, sizeof t.ids);
        assert_memory_equal(d->group, t.group, sizeof t.group);
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

static void optional_parts_may_be_absent(void **state)
{
    (void)state;
    toy t;
    af_dataset *d;
    toy_fill(&t, &toy_labels);
    t.content.group = NULL;
    t.content.scaling[AF_CLEAN] = (af_scaling){0};
    t.content.split[AF_PAPER][AF_TRAIN] = (af_indices){0};
    assert_ok(af_dataset_write(work_dir, &t.content));
    assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
    assert_null(d->group);
    assert_null(d->scaling[AF_CLEAN].x_mean);
    assert_null(d->split[AF_PAPER][AF_TRAIN].i);
    assert_ok(af_dataset_verify(d));
    af_dataset_close(d);
}

static void equal_contents_give_equal_files(void **state)
{
    (void)state;
    char first[AF_SHA256_HEX], second[AF_SHA256_HEX];
    write_toy(&toy_labels, AF_MAIN);
    assert_ok(af_sha256_file(path_of(&toy_labels, AF_MAIN), first));
    sleep(1); /* a stored time would have moved on */
    write_toy(&toy_labels, AF_MAIN);
    assert_ok(af_sha256_file(path_of(&toy_labels, AF_MAIN), second));
    assert_string_equal(first, second);
}

static void held_out_is_counted(void **state)
{
    (void)state;
    af_dataset *d;
    const long before = af_dataset_held_out_opened();
    write_toy(&toy_labels, AF_MAIN);
    write_toy(&toy_labels, AF_HELD_OUT);
    assert_ok(open_and_close(&toy_labels));
    assert_int_equal(af_dataset_held_out_opened(), before);
    assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_HELD_OUT));
    assert_int_equal(d->split[AF_CLEAN][AF_TEST].count, 3);
    af_dataset_close(d);
    assert_int_equal(af_dataset_held_out_opened(), before + 1);
    /* the parts cannot stand in for each other */
    char main_path[AF_PATH_MAX];
    assert_ok(af_path_format(main_path, "%s", path_of(&toy_labels, AF_MAIN)));
    assert_int_equal(rename(path_of(&toy_labels, AF_HELD_OUT), main_path), 0);
    assert_int_equal(open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("attribute 'part': 'test', want 'main'");
}

/* ---- damage ---- */

static void poke(hid_t f, const char *name, int64_t element, const void *value, hid_t type)
{
    hsize_t at[4], dims[4], one[4] = {1, 1, 1, 1};
    hid_t set = H5Dopen2(f, name, H5P_DEFAULT), space = H5Dget_space(set);
    const int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    for (int i = rank - 1; i >= 0; i--) {
        at[i] = (hsize_t)element % dims[i];
        element /= (int64_t)dims[i];
    }
    hid_t single = H5Screate_simple(rank, one, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, one, NULL);
    assert_true(H5Dwrite(set, type, single, space, H5P_DEFAULT, value) >= 0);
    H5Sclose(single);
    H5Sclose(space);
    H5Dclose(set);
}

static void poke_float(hid_t f, const char *name, int64_t element, float value)
{
    poke(f, name, element, &value, H5T_NATIVE_FLOAT);
}

static void poke_integer(hid_t f, const char *name, int64_t element, int64_t value)
{
    poke(f, name, element, &value, H5T_NATIVE_INT64);
}

#define DIMS(...)                                                                                  \
    (const hsize_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
static void replace(hid_t f, const char *name, hid_t type, int rank, const hsize_t *dims,
                    bool chunked)
{
    hid_t space = H5Screate_simple(rank, dims, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
    if (chunked) H5Pset_chunk(plist, rank, dims);
    H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(plist, H5D_FILL_TIME_ALLOC);
    assert_true(H5Ldelete(f, name, H5P_DEFAULT) >= 0);
    hid_t set = H5Dcreate2(f, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    assert_true(set >= 0);
    H5Dclose(set);
    H5Pclose(plist);
    H5Sclose(space);
}

static void set_text(hid_t f, const char *name, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, strlen(text));
    H5Adelete(f, name);
    hid_t a = H5Acreate2(f, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(a, type, text) >= 0);
    H5Aclose(a);
    H5Sclose(space);
    H5Tclose(type);
}

static void set_long_text(hid_t f)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    const char *text = "toy";
    H5Tset_size(type, H5T_VARIABLE);
    H5Adelete(f, "task");
    hid_t a = H5Acreate2(f, "task", type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(a, type, &text) >= 0);
    H5Aclose(a);
    H5Sclose(space);
    H5Tclose(type);
}

static void set_integer(hid_t f, const char *name, int64_t value)
{
    hid_t a = H5Aopen(f, name, H5P_DEFAULT);
    assert_true(H5Awrite(a, H5T_NATIVE_INT64, &value) >= 0);
    H5Aclose(a);
}

static void x_nan(hid_t f)
{
    poke_float(f, "/x", 3 * TOY_X + 7, NAN);
}
static void x_infinite(hid_t f)
{
    poke_float(f, "/x", 0, -INFINITY);
}
static void y_infinite(hid_t f)
{
    poke_float(f, "/y", 11 * TOY_Y, INFINITY);
}
static void label_high(hid_t f)
{
    poke_integer(f, "/y", 4, 3);
}
static void label_negative(hid_t f)
{
    poke_integer(f, "/y", 11, -1);
}
static void index_high(hid_t f)
{
    poke_integer(f, "/splits/clean/train", 5, TOY_N);
}
static void index_negative(hid_t f)
{
    poke_integer(f, "/splits/paper/train", 0, -1);
}
static void overlap(hid_t f)
{
    poke_integer(f, "/splits/clean/valid", 1, 4);
}
static void twice(hid_t f)
{
    poke_integer(f, "/splits/clean/train", 1, 0);
}
static void std_zero(hid_t f)
{
    poke_float(f, "/scale/clean/x_std", 2, 0);
}
static void no_std(hid_t f)
{
    H5Ldelete(f, "/scale/clean/x_std", H5P_DEFAULT);
}
static void std_shape(hid_t f)
{
    replace(f, "/scale/clean/x_std", H5T_NATIVE_FLOAT, 3, DIMS(1, 1, 5), false);
}
static void no_x(hid_t f)
{
    H5Ldelete(f, "/x", H5P_DEFAULT);
}
static void no_valid(hid_t f)
{
    H5Ldelete(f, "/splits/clean/valid", H5P_DEFAULT);
}
static void no_splits(hid_t f)
{
    H5Ldelete(f, "/splits", H5P_DEFAULT);
}
static void no_id(hid_t f)
{
    H5Ldelete(f, "/id", H5P_DEFAULT);
}
static void x_double(hid_t f)
{
    replace(f, "/x", H5T_NATIVE_DOUBLE, 4, DIMS(12, 2, 1, 5), false);
}
static void x_rank(hid_t f)
{
    replace(f, "/x", H5T_NATIVE_FLOAT, 2, DIMS(12, 10), false);
}
static void x_chunked(hid_t f)
{
    replace(f, "/x", H5T_NATIVE_FLOAT, 4, DIMS(12, 2, 1, 5), true);
}
static void x_empty(hid_t f)
{
    replace(f, "/x", H5T_NATIVE_FLOAT, 4, DIMS(12, 2, 0, 5), false);
}
static void y_short(hid_t f)
{
    replace(f, "/y", H5T_NATIVE_INT32, 1, DIMS(11), false);
}
static void y_float(hid_t f)
{
    replace(f, "/y", H5T_NATIVE_FLOAT, 1, DIMS(12), false);
}
static void y_unsigned(hid_t f)
{
    replace(f, "/y", H5T_NATIVE_UINT32, 1, DIMS(12), false);
}
static void y_width(hid_t f)
{
    replace(f, "/y", H5T_NATIVE_FLOAT, 4, DIMS(12, 1, 1, 4), false);
}
static void group_short(hid_t f)
{
    replace(f, "/group", H5T_NATIVE_INT32, 1, DIMS(3), false);
}
static void ids_empty(hid_t f)
{
    replace(f, "/id", H5T_C_S1, 1, DIMS(12), false);
}
static void x_is_group(hid_t f)
{
    H5Ldelete(f, "/x", H5P_DEFAULT);
    H5Gclose(H5Gcreate2(f, "/x", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}
static void x_elsewhere(hid_t f)
{
    H5Ldelete(f, "/x", H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/x", f, "/x", H5P_DEFAULT, H5P_DEFAULT);
}
static void other_format(hid_t f)
{
    set_integer(f, "format", 2);
}
static void no_format(hid_t f)
{
    H5Adelete(f, "format");
}
static void other_task(hid_t f)
{
    set_text(f, "task", "ecg");
}
static void other_size(hid_t f)
{
    set_text(f, "size", "huge");
}
static void long_provenance(hid_t f)
{
    set_text(f, "provenance", "found in the attic");
}
static void more_classes(hid_t f)
{
    set_integer(f, "classes", 4);
}
static void no_classes(hid_t f)
{
    set_integer(f, "classes", 0);
}
static void no_sha(hid_t f)
{
    H5Adelete(f, "sha256");
}

static const struct damage {
    const char *name;
    void (*make)(hid_t f);
    const char *says[3];
    bool dense;
} damages[] = {
    {"x_nan",
     x_nan,
     {"/x: sample 3 (id 'A00001') is nan at channel 1, row 0, column 2", "finite"},
     0},
    {"x_infinite", x_infinite, {"/x: sample 0 (id 'A00000') is -inf at channel 0"}, 0},
    {"y_infinite", y_infinite, {"/y: sample 11 (id 'A00003b') is inf", "want finite"}, 1},
    {"label_high", label_high, {"/y: sample 4 (id 'A00001b') has label 3, want 0 to 2"}, 0},
    {"label_negative", label_negative, {"/y: sample 11 (id 'A00003b') has label -1"}, 0},
    {"index_high", index_high, {"/splits/clean/train: index 12 at position 5, want 0 to 11"}, 0},
    {"index_negative", index_negative, {"/splits/paper/train: index -1 at position 0"}, 0},
    {"overlap", overlap, {"/splits/clean/valid: sample 4 (id 'A00001b') is already in train"}, 0},
    {"twice", twice, {"/splits/clean/train: sample 0 (id 'A00000') is already in train"}, 0},
    {"std_zero", std_zero, {"/scale/clean: element 2 of x", "std 0", "want a finite mean"}, 0},
    {"no_std", no_std, {"/scale/clean/x_std: missing beside x_mean"}, 0},
    {"std_shape", std_shape, {"/scale/clean/x_std: 1 x 1 x 5, want 2 x 1 x 5"}, 0},
    {"no_x", no_x, {"/x: missing"}, 0},
    {"no_valid", no_valid, {"/splits/clean/valid: missing"}, 0},
    {"no_splits", no_splits, {"/splits/clean/train: missing"}, 0},
    {"no_id", no_id, {"/id: missing"}, 0},
    {"x_double", x_double, {"/x: holds 64-bit float, want 32-bit float"}, 0},
    {"x_rank", x_rank, {"/x: has 2 dimensions, want 4"}, 0},
    {"x_chunked", x_chunked, {"/x: stored chunked", "want contiguous"}, 0},
    {"x_empty", x_empty, {"/x: dimension 2 is 0, want at least 1"}, 0},
    {"y_short", y_short, {"/y: 11 samples, want the 12 of /x"}, 0},
    {"y_float", y_float, {"/y: holds 32-bit float, want 32-bit integer"}, 0},
    {"y_unsigned", y_unsigned, {"/y: holds 32-bit integer without sign, want 32-bit integer"}, 0},
    {"y_width", y_width, {"/y: H x W is 1 x 4, want 1 x 5 as in /x", "dense_regression"}, 1},
    {"group_short", group_short, {"/group: 3 samples, want the 12 of /x"}, 0},
    {"ids_empty", ids_empty, {"/id: sample 0 has an id of no bytes, want 1 to 63"}, 0},
    {"x_is_group", x_is_group, {"/x: cannot be opened as a dataset"}, 0},
    {"x_elsewhere", x_elsewhere, {"/x: missing"}, 0},
    {"other_format", other_format, {"attribute 'format': 2, want 1", "another version"}, 0},
    {"no_format", no_format, {"attribute 'format': missing"}, 0},
    {"other_task", other_task, {"attribute 'task': 'ecg', want 'toy'"}, 0},
    {"other_size", other_size, {"attribute 'size': 'huge', want tiny, small or full"}, 0},
    {"variable_text",
     set_long_text,
     {"attribute 'task': variable-length string, want one fixed"},
     0},
    {"long_provenance", long_provenance, {"attribute 'provenance'", "at most 15 bytes"}, 0},
    {"more_classes", more_classes, {"classes: 4, want the 3 of task 'toy'"}, 0},
    {"no_classes", no_classes, {"attribute 'classes': 0, want 1 to"}, 0},
    {"no_sha", no_sha, {"attribute 'sha256': missing"}, 0},
};

static void damage_is_reported(void **state)
{
    const struct damage *c = *state;
    const af_task *task = both[c->dense];
    char remedy[256];
    copy_toy(task);
    hid_t f = H5Fopen(path_of(task, AF_MAIN), H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(f >= 0);
    c->make(f);
    H5Fclose(f);
    assert_int_equal(open_and_close(task), AF_EFORMAT);
    assert_int_equal(strncmp(af_error(), path_of(task, AF_MAIN), strlen(work_dir)), 0);
    for (int i = 0; i < 3 && c->says[i]; i++) assert_says(c->says[i]);
    snprintf(remedy, sizeof remedy, "run: afield data generate %s --size tiny", task->name);
    assert_says(remedy);
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
    assert_int_equal(open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("toy.h5: an empty file, want an HDF5 file; run: afield data generate toy");
    work_put("toy.h5", "id,label\n1,2\n");
    assert_int_equal(open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("toy.h5: not a whole HDF5 file (file signature not found)");
    af_file_remove(work_at("toy.h5"));
    assert_ok(af_mkdirs(work_at("toy.h5")));
    assert_int_equal(open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("not a regular file");
    assert_int_equal(rmdir(work_at("toy.h5")), 0);
}

static void truncation_is_reported(void **state)
{
    (void)state;
    struct stat info;
    copy_toy(&toy_labels);
    assert_int_equal(stat(work_at("toy.h5"), &info), 0);
    const size_t size = (size_t)info.st_size;
    for (size_t cut = 1; cut <= size; cut += size - cut > 64 ? 61 : 1) {
        assert_int_equal(truncate(work_at("toy.h5"), (off_t)(size - cut)), 0);
        assert_int_equal(open_and_close(&toy_labels), AF_EFORMAT);
        assert_says("HDF5 file");
        if (cut == 1) assert_says("truncated file");
    }
}

/* The address of a block lies in the file; without the 1.8 format's checksums HDF5 believes it. */
static void block_beyond_the_end_is_reported(void **state)
{
    (void)state;
    char *bytes;
    size_t size, found = 0;
    copy_toy(&toy_labels);
    hid_t from = H5Fopen(work_at("toy.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t to = H5Fcreate(work_at("old.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    static const char *const members[] = {"x", "y", "id", "group", "splits", "scale"};
    for (size_t i = 0; i < LENGTH(members); i++)
        assert_true(H5Ocopy(from, members[i], to, members[i], H5P_DEFAULT, H5P_DEFAULT) >= 0);
    static const char *const texts[][2] = {{"task", "toy"},
                                           {"size", "tiny"},
                                           {"part", "main"},
                                           {"provenance", "real"},
                                           {"sha256", "0"}};
    for (size_t i = 0; i < LENGTH(texts); i++) set_text(to, texts[i][0], texts[i][1]);
    hid_t scalar = H5Screate(H5S_SCALAR);
    static const char *const numbers[] = {"format", "classes"};
    for (int i = 0; i < 2; i++) {
        H5Aclose(H5Acreate2(to, numbers[i], H5T_NATIVE_INT64, scalar, H5P_DEFAULT, H5P_DEFAULT));
        set_integer(to, numbers[i], i ? 3 : 1);
    }
    H5Sclose(scalar);
    replace(to, "/x", H5T_NATIVE_FLOAT, 4, DIMS(12, 2, 1, 5),
            false); /* a header without checksum */
    hid_t x = H5Dopen2(to, "/x", H5P_DEFAULT);
    const uint64_t at[2] = {H5Dget_offset(x), H5Dget_storage_size(x)}; /* as in its header */
    H5Dclose(x);
    H5Fclose(to);
    H5Fclose(from);
    assert_int_equal(rename(work_at("old.h5"), path_of(&toy_labels, AF_MAIN)), 0);
    assert_ok(open_and_close(&toy_labels)); /* a file of the oldest format reads as well */
    assert_ok(af_file_read(&bytes, &size, work_at("toy.h5"), 1 << 20));
    const uint64_t late = size - 4;
    for (size_t i = 0; i + sizeof at <= size; i++)
        if (!memcmp(bytes + i, at, sizeof at)) {
            memcpy(bytes + i, &late, sizeof late);
            found++;
        }
    assert_int_equal(found, 1);
    put(work_at("toy.h5"), bytes, size);
    af_free(bytes);
    assert_int_equal(open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("/x: bytes");
    assert_says("the file is truncated");
}

static void flipped_bits_never_crash(void **state)
{
    (void)state;
    char *bytes;
    size_t size, seen = 0;
    copy_toy(&toy_labels);
    assert_ok(af_file_read(&bytes, &size, work_at("toy.h5"), 1 << 20));
    const int fd = open(work_at("toy.h5"), O_WRONLY);
    af_rng r = af_rng_at(1, "flip", 0, 0, 0, 0);
    for (int i = 0; i < 2000; i++) {
        const size_t at = af_rng_below(&r, size);
        const char changed = (char)(bytes[at] ^ (1 << af_rng_below(&r, 8)));
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
        af_dataset *d;
        af_status st = af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN);
        if (st == AF_OK) {
            if (af_dataset_verify(d) != AF_OK) seen++;
            af_dataset_close(d);
        } else {
            assert_int_equal(st, AF_EFORMAT);
            seen++;
        }
        assert_int_equal(pwrite(fd, bytes + at, 1, (off_t)at), 1);
    }
    close(fd);
    af_free(bytes);
    assert_ok(open_and_close(&toy_labels));
    assert_true(seen > 1000); /* the rest hit padding, or scaling, which is not in the checksum */
}

static void verify_sees_one_bit(void **state)
{
    (void)state;
    af_dataset *d;
    copy_toy(&toy_labels);
    hid_t f = H5Fopen(path_of(&toy_labels, AF_MAIN), H5F_ACC_RDWR, H5P_DEFAULT);
    poke_float(f, "/x", 57, nextafterf(5.07f, 6));
    H5Fclose(f);
    assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
    assert_int_equal(af_dataset_verify(d), AF_EFORMAT);
    assert_says("attribute 'sha256': the data have");
    assert_says("afield data generate toy --size tiny");
    af_dataset_close(d);
}

/* ---- writing ---- */

static void writer_refuses_what_the_reader_would(void **state)
{
    (void)state;
    toy t;
    copy_toy(&toy_labels);
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
    assert_int_equal(work_entries(), entries);
    assert_ok(open_and_close(&toy_labels));
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
    copy_toy(&toy_labels);
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
    write_toy(&toy_labels, AF_MAIN);
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
    copy_toy(&toy_labels);
    assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
    int64_t which[] = {7, 2, 11};
    assert_ok(af_predictions_write(work_at("p.h5"), d, &(af_indices){which, 3}, pred, json));
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
    static const struct CMUnitTest plain[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(optional_parts_may_be_absent),
        cmocka_unit_test(equal_contents_give_equal_files),
        cmocka_unit_test(held_out_is_counted),
        cmocka_unit_test(binary_targets_are_0_or_1),
        cmocka_unit_test(missing_file_names_the_command),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(truncation_is_reported),
        cmocka_unit_test(block_beyond_the_end_is_reported),
        cmocka_unit_test(flipped_bits_never_crash),
        cmocka_unit_test(verify_sees_one_bit),
        cmocka_unit_test(writer_refuses_what_the_reader_would),
        cmocka_unit_test(full_disk_leaves_nothing),
        cmocka_unit_test(unusable_directory_is_reported),
        cmocka_unit_test(short_memory_is_reported),
        cmocka_unit_test(predictions_round_trip),
    };
    struct CMUnitTest tests[LENGTH(plain) + LENGTH(damages)];
    memcpy(tests, plain, sizeof plain);
    for (size_t i = 0; i < LENGTH(damages); i++) {
        struct damage *c = af_alloc(sizeof *c); /* cmocka's state is not const */
        memcpy(c, &damages[i], sizeof *c);
        tests[LENGTH(plain) + i] = (struct CMUnitTest){
            .name = c->name, .test_func = damage_is_reported, .initial_state = c};
    }
    int failed = _cmocka_run_group_tests("dataset", tests, LENGTH(tests), work_make, work_remove);
    for (size_t i = 0; i < LENGTH(damages); i++) af_free(tests[LENGTH(plain) + i].initial_state);
    return failed;
}
