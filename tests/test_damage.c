/* core/data: every way a dataset file can be wrong is one error that names the file, the place,
 * what was found, what was expected and the command that helps. Nothing makes the reader crash. */
#include "tests/aid/work.h"
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

/* What is done to a good file. */
typedef struct damage damage;
struct damage {
    const char *name;
    void (*make)(hid_t f, const damage *c);
    const char *target; /* block or attribute */
    double value;
    const char *says[2];
    int64_t element; /* poke: which one */
    char type;       /* replace: see type_of; F: chunked float */
    hsize_t dims[4];
    const char *text;
    bool dense;
};

static void poke(hid_t f, const damage *c)
{
    hsize_t at[4], dims[4], one[4] = {1, 1, 1, 1}, element = (hsize_t)c->element;
    hid_t set = H5Dopen2(f, c->target, H5P_DEFAULT), space = H5Dget_space(set);
    const int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    for (int i = rank - 1; i >= 0; i--) {
        at[i] = element % dims[i];
        element /= dims[i];
    }
    hid_t single = H5Screate_simple(rank, one, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, one, NULL);
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, single, space, H5P_DEFAULT, &c->value) >= 0);
    H5Sclose(single);
    H5Sclose(space);
    H5Dclose(set);
}

static void unlink_block(hid_t f, const damage *c)
{
    assert_true(H5Ldelete(f, c->target, H5P_DEFAULT) >= 0);
}

/* d(ouble), i(nt), u(nsigned), b(yte), h(alf), B(ig-endian half), s(tring); else float. */
static hid_t type_of(char letter)
{
    switch (letter) {
    case 'd':
        return H5T_NATIVE_DOUBLE;
    case 'i':
        return H5T_NATIVE_INT32;
    case 'u':
        return H5T_NATIVE_UINT32;
    case 'b':
        return H5T_STD_I8LE;
    case 'h':
        return H5T_STD_U16LE;
    case 'B':
        return H5T_STD_I16BE;
    case 's':
        return H5T_C_S1;
    default:
        return H5T_NATIVE_FLOAT;
    }
}

/* A new block of zeros. */
static void replace(hid_t f, const damage *c)
{
    int rank = 4;
    while (rank > 1 && !c->dims[rank - 1]) rank--;
    if (c->element) rank = (int)c->element; /* a dimension of 0 */
    hid_t space = H5Screate_simple(rank, c->dims, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
    if (c->type == 'F') H5Pset_chunk(plist, rank, c->dims);
    H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(plist, H5D_FILL_TIME_ALLOC);
    unlink_block(f, c);
    hid_t set = H5Dcreate2(f, c->target, type_of(c->type), space, H5P_DEFAULT, plist, H5P_DEFAULT);
    assert_true(set >= 0);
    H5Dclose(set);
    H5Pclose(plist);
    H5Sclose(space);
}

static void replace_by_group(hid_t f, const damage *c)
{
    unlink_block(f, c);
    H5Gclose(H5Gcreate2(f, c->target, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

static void replace_by_link(hid_t f, const damage *c)
{
    unlink_block(f, c);
    H5Lcreate_external("other.h5", c->target, f, c->target, H5P_DEFAULT, H5P_DEFAULT);
}

static void delete_attribute(hid_t f, const damage *c)
{
    assert_true(H5Adelete(f, c->target) >= 0);
}

static void put_attribute(hid_t f, const char *name, hid_t type, const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    H5Adelete(f, name);
    hid_t a = H5Acreate2(f, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(a, type, value) >= 0);
    H5Aclose(a);
    H5Sclose(space);
}

static void set_text(hid_t f, const damage *c)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(c->text));
    put_attribute(f, c->target, type, c->text);
    H5Tclose(type);
}

static void set_variable_text(hid_t f, const damage *c)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    put_attribute(f, c->target, type, &c->text);
    H5Tclose(type);
}

static void set_number(hid_t f, const damage *c)
{
    const int64_t value = (int64_t)c->value;
    put_attribute(f, c->target, H5T_NATIVE_INT64, &value);
}

static void set_real(hid_t f, const damage *c)
{
    put_attribute(f, c->target, H5T_NATIVE_DOUBLE, &c->value);
}

static const char TRAIN[] = "/splits/clean/train", VALID[] = "/splits/clean/valid";
static const char PAPER[] = "/splits/paper/train", STD[] = "/scale/clean/x_std";

/* clang-format off */
static const damage damages[] = {
    {"x_nan", poke, "/x", NAN, .says = {"/x: sample 3 (id 'A00001') is nan at channel 1, row 0, column 2", "want finite"}, .element = 37},
    {"x_infinite", poke, "/x", -INFINITY, .says = {"/x: sample 0 (id 'A00000') is -inf at channel 0"}},
    {"y_infinite", poke, "/y", INFINITY, .says = {"/y: sample 11 (id 'A00003b') is inf", "want finite"}, .element = 55, .dense = true},
    {"label_high", poke, "/y", 3, .says = {"/y: sample 4 (id 'A00001b') has label 3, want 0 to 2"}, .element = 4},
    {"label_negative", poke, "/y", -1, .says = {"/y: sample 11 (id 'A00003b') has label -1"}, .element = 11},
    {"index_high", poke, TRAIN, TOY_N, .says = {"/splits/clean/train: index 12 at position 5, want 0 to 11"}, .element = 5},
    {"index_negative", poke, PAPER, -1, .says = {"/splits/paper/train: index -1 at position 0"}},
    {"overlap", poke, VALID, 4, .says = {"/splits/clean/valid: sample 4 (id 'A00001b') is already in train"}, .element = 1},
    {"twice", poke, TRAIN, 0, .says = {"/splits/clean/train: sample 0 (id 'A00000') is already in train"}, .element = 1},
    {"std_zero", poke, STD, 0, .says = {"/scale/clean: element 2 of x", "std 0, want a finite mean"}, .element = 2},
    {"std_missing", unlink_block, STD, 0, .says = {"/scale/clean/x_std: missing beside x_mean"}},
    {"std_shape", replace, STD, 0, .says = {"/scale/clean/x_std: 1 x 1 x 5, want 2 x 1 x 5"}, .dims = {1, 1, 5}},
    {"x_missing", unlink_block, "/x", 0, .says = {"/x: missing"}},
    {"id_missing", unlink_block, "/id", 0, .says = {"/id: missing"}},
    {"valid_missing", unlink_block, VALID, 0, .says = {"/splits/clean/valid: missing"}},
    {"splits_missing", unlink_block, "/splits", 0, .says = {"/splits/clean/train: missing"}},
    {"x_double", replace, "/x", 0, .says = {"/x: holds 64-bit float, want 32-bit float or 8-bit integer without sign or 16-bit integer (little-endian)"}, .type = 'd', .dims = {12, 2, 1, 5}},
    {"x_signed_byte", replace, "/x", 0, .says = {"/x: holds 8-bit integer, want 32-bit float or 8-bit integer without sign"}, .type = 'b', .dims = {12, 2, 1, 5}},
    {"x_unsigned_short", replace, "/x", 0, .says = {"/x: holds 16-bit integer without sign, want 32-bit float or"}, .type = 'h', .dims = {12, 2, 1, 5}},
    {"x_big_endian", replace, "/x", 0, .says = {"/x: holds 16-bit integer", "or 16-bit integer (little-endian)"}, .type = 'B', .dims = {12, 2, 1, 5}},
    {"y_byte", replace, "/y", 0, .says = {"/y: holds 8-bit integer, want 32-bit integer (little-endian)"}, .type = 'b', .dims = {12}},
    {"x_rank", replace, "/x", 0, .says = {"/x: has 2 dimensions, want 4"}, .dims = {12, 10}},
    {"x_chunked", replace, "/x", 0, .says = {"/x: stored chunked", "want contiguous"}, .type = 'F', .dims = {12, 2, 1, 5}},
    {"x_empty", replace, "/x", 0, .says = {"/x: dimension 2 is 0, want at least 1"}, .element = 4, .dims = {12, 2, 0, 5}},
    {"x_group", replace_by_group, "/x", 0, .says = {"/x: cannot be opened as a dataset"}},
    {"x_elsewhere", replace_by_link, "/x", 0, .says = {"/x: missing"}},
    {"y_short", replace, "/y", 0, .says = {"/y: 11 samples, want the 12 of /x"}, .type = 'i', .dims = {11}},
    {"y_float", replace, "/y", 0, .says = {"/y: holds 32-bit float, want 32-bit integer"}, .dims = {12}},
    {"y_unsigned", replace, "/y", 0, .says = {"/y: holds 32-bit integer without sign, want"}, .type = 'u', .dims = {12}},
    {"y_width", replace, "/y", 0, .says = {"/y: H x W is 1 x 4, want 1 x 5 as in /x", "dense_regression"}, .dims = {12, 1, 1, 4}, .dense = true},
    {"group_negative", poke, "/group", -1, .says = {"/group: sample 11 (id 'A00003b') is of group -1, want 0 to 2147483647"}, .element = 11},
    {"group_shared", poke, "/group", 101, .says = {"/splits/clean/valid: sample 6 (id 'A00002') is of group 101, which is already in train", "want every group in at most one split"}, .element = 6},
    {"group_short", replace, "/group", 0, .says = {"/group: 3 samples, want the 12 of /x"}, .type = 'i', .dims = {3}},
    {"level_nan", poke, "/level", NAN, .says = {"/level: sample 7 (id 'A00002b') has nan, want a finite number"}, .element = 7},
    {"level_short", replace, "/level", 0, .says = {"/level: 11 samples, want the 12 of /x"}, .dims = {11}},
    {"level_double", replace, "/level", 0, .says = {"/level: holds 64-bit float, want 32-bit float"}, .type = 'd', .dims = {12}},
    {"level_rank", replace, "/level", 0, .says = {"/level: has 2 dimensions, want 1"}, .dims = {12, 1}},
    {"noise_infinite", poke, "/noise", INFINITY, .says = {"/noise: sample 2 is inf at element 3, want finite numbers"}, .element = 23},
    {"noise_shape", replace, "/noise", 0, .says = {"/noise: 2 x 1 x 4 a sample, want the 2 x 1 x 5 of /x"}, .dims = {3, 2, 1, 4}},
    {"noise_other_type", replace, "/noise", 0, .says = {"/noise: holds 16-bit integer", "want 32-bit float"}, .type = 'h', .dims = {3, 2, 1, 5}},
    {"noise_empty", replace, "/noise", 0, .says = {"/noise: dimension 0 is 0, want at least 1"}, .element = 4, .dims = {0, 2, 1, 5}},
    {"id_empty", replace, "/id", 0, .says = {"/id: sample 0 has an id of no bytes, want 1 to 63"}, .type = 's', .dims = {12}},
    {"other_format", set_number, "format", 2, .says = {"attribute 'format': 2, want 3", "made by an older version of afield, prepare it again"}},
    {"newer_format", set_number, "format", 4, .says = {"attribute 'format': 4, want 3", "made by a newer version of afield"}},
    {"real_format", set_real, "format", 1, .says = {"attribute 'format': 64-bit float, want one integer"}},
    {"format_missing", delete_attribute, "format", 0, .says = {"attribute 'format': missing"}},
    {"sha256_missing", delete_attribute, "sha256", 0, .says = {"attribute 'sha256': missing"}},
    {"more_classes", set_number, "classes", 4, .says = {"classes: 4, want the 3 of task 'toy'"}},
    {"no_classes", set_number, "classes", 0, .says = {"attribute 'classes': 0, want 1 to"}},
    {"other_task", set_text, "task", 0, .says = {"attribute 'task': 'ecg', want 'toy'"}, .text = "ecg"},
    {"other_size", set_text, "size", 0, .says = {"attribute 'size': 'huge', want tiny, small or full"}, .text = "huge"},
    {"long_text", set_text, "provenance", 0, .says = {"attribute 'provenance'", "at most 15 bytes"}, .text = "found in the attic"},
    {"variable_text", set_variable_text, "task", 0, .says = {"attribute 'task': variable-length string, want one fixed"}, .text = "toy"},
};
/* clang-format on */

static void damage_is_reported(void **state)
{
    const damage *c = *state;
    const af_task *task = c->dense ? &toy_dense : &toy_labels;
    char remedy[256];
    toy_copy(task);
    hid_t f = H5Fopen(toy_path(task), H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(f >= 0);
    c->make(f, c);
    H5Fclose(f);
    assert_int_equal(toy_open_and_close(task), AF_EFORMAT);
    assert_int_equal(strncmp(af_error(), toy_path(task), strlen(toy_path(task))), 0);
    for (int i = 0; i < 2 && c->says[i]; i++) assert_says(c->says[i]);
    snprintf(remedy, sizeof remedy, "; run: afield data generate %s --size tiny", task->name);
    assert_says(remedy);
}

static void truncation_is_reported(void **state)
{
    (void)state;
    struct stat info;
    toy_copy(&toy_labels);
    assert_int_equal(stat(toy_path(&toy_labels), &info), 0);
    const size_t size = (size_t)info.st_size;
    for (size_t cut = 1; cut <= size; cut += size - cut > 64 ? 61 : 1) {
        assert_int_equal(truncate(toy_path(&toy_labels), (off_t)(size - cut)), 0);
        assert_int_equal(toy_open_and_close(&toy_labels), AF_EFORMAT);
        assert_says("HDF5 file");
        if (cut == 1) assert_says("truncated file");
    }
}

static herr_t copy_attribute(hid_t from, const char *name, const H5A_info_t *info, void *to)
{
    char value[1024];
    (void)info;
    hid_t a = H5Aopen(from, name, H5P_DEFAULT), type = H5Aget_type(a);
    assert_true(H5Tget_size(type) <= sizeof value && H5Aread(a, type, value) >= 0);
    put_attribute(*(const hid_t *)to, name, type, value);
    H5Tclose(type);
    H5Aclose(a);
    return 0;
}

/* Copies the toy into a file that may share messages: of today's format, but with headers as old as
 * possible, which have no checksums. Gives where /x lies, and its size. */
static void rewrite_with_old_headers(uint64_t place[2], hid_t type)
{
    static const char *const members[] = {"y", "id", "group", "splits", "scale"};
    hid_t plist = H5Pcreate(H5P_FILE_CREATE), space, x;
    H5Pset_shared_mesg_nindexes(plist, 1);
    H5Pset_shared_mesg_index(plist, 0, H5O_SHMESG_DTYPE_FLAG, 1 << 20);
    hid_t from = H5Fopen(toy_path(&toy_labels), H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t to = H5Fcreate(work_at("old.h5"), H5F_ACC_TRUNC, plist, H5P_DEFAULT);
    H5Aiterate2(from, H5_INDEX_NAME, H5_ITER_INC, NULL, copy_attribute, &to);
    for (size_t i = 0; i < LENGTH(members); i++)
        assert_true(H5Ocopy(from, members[i], to, members[i], H5P_DEFAULT, H5P_DEFAULT) >= 0);
    space = H5Screate_simple(4, (const hsize_t[]){12, 2, 1, 5}, NULL);
    x = H5Dcreate2(to, "x", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const float zeros[TOY_N * TOY_X] = {0};
    assert_true(H5Dwrite(x, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros) >= 0);
    place[0] = H5Dget_offset(x);
    place[1] = H5Dget_storage_size(x);
    H5Dclose(x);
    H5Sclose(space);
    H5Fclose(to);
    H5Fclose(from);
    H5Pclose(plist);
    assert_int_equal(rename(work_at("old.h5"), toy_path(&toy_labels)), 0);
}

/* Says of /x, stored as `type`, that it lies `back` bytes before its place; 0: just before the end
 * of the file. Address and size of a block lie side by side in its header. */
static void move_x(hid_t type, uint64_t back)
{
    char *bytes;
    size_t size, found = 0;
    uint64_t place[2];
    toy_copy(&toy_labels);
    rewrite_with_old_headers(place, type);
    assert_ok(toy_open_and_close(&toy_labels));
    assert_ok(af_file_read(&bytes, &size, toy_path(&toy_labels), 1 << 20));
    const uint64_t address = back ? place[0] - back : size - 4;
    for (size_t i = 0; i + sizeof place <= size; i++)
        if (!memcmp(bytes + i, place, sizeof place)) {
            memcpy(bytes + i, &address, sizeof address);
            found++;
        }
    af_status st = af_file_write(toy_path(&toy_labels), bytes, size);
    af_free(bytes);
    assert_ok(st);
    assert_int_equal(found, 1);
}

static void block_beyond_the_end_is_reported(void **state)
{
    (void)state;
    const hid_t types[AF_STORED_TYPES] = {H5T_NATIVE_FLOAT, H5T_NATIVE_UINT8, H5T_NATIVE_INT16};
    for (size_t i = 0; i < LENGTH(types); i++) {
        move_x(types[i], 0);
        assert_int_equal(toy_open_and_close(&toy_labels), AF_EFORMAT);
        assert_says("/x: bytes");
        assert_says("the file is truncated");
    }
}

/* Numbers are used where they lie. */
static void uneven_addresses_are_reported(void **state)
{
    (void)state;
    move_x(H5T_NATIVE_FLOAT, 2);
    assert_int_equal(toy_open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("want a multiple of 4");
    move_x(H5T_NATIVE_INT16, 1);
    assert_int_equal(toy_open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("want a multiple of 2");
    move_x(H5T_NATIVE_UINT8, 1);
    assert_ok(toy_open_and_close(&toy_labels));
}

static void format_without_checksums_is_refused(void **state)
{
    (void)state;
    H5Fclose(H5Fcreate(toy_path(&toy_labels), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    assert_int_equal(toy_open_and_close(&toy_labels), AF_EFORMAT);
    assert_says("toy.h5: an HDF5 file of the oldest format");
    assert_says("want one of HDF5 1.8");
}

static size_t flip_bits(void)
{
    char *bytes;
    size_t size, seen = 0;
    assert_ok(af_file_read(&bytes, &size, toy_path(&toy_labels), 1 << 20));
    const int fd = open(toy_path(&toy_labels), O_WRONLY);
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
    assert_ok(toy_open_and_close(&toy_labels));
    return seen;
}

static void flipped_bits_never_crash(void **state)
{
    (void)state;
    for (af_stored type = 0; type < AF_STORED_TYPES; type++) {
        toy t;
        toy_fill(&t, &toy_labels);
        toy_store_as(&t, type);
        assert_ok(af_dataset_write(work_dir, &t.content));
        assert_true(flip_bits() > 1000); /* the rest hit padding */
    }
}

/* A main file that says it were the other one. */
static void noise_is_for_training(void **state)
{
    (void)state;
    af_dataset *d;
    toy_copy(&toy_labels);
    hid_t f = H5Fopen(toy_path(&toy_labels), H5F_ACC_RDWR, H5P_DEFAULT);
    set_text(f, &(damage){.target = "part", .text = "test"});
    H5Fclose(f);
    assert_int_equal(rename(toy_path(&toy_labels), work_at("toy.test.h5")), 0);
    assert_int_equal(af_dataset_open(&d, work_dir, &toy_labels, AF_HELD_OUT), AF_EFORMAT);
    assert_says("/toy.test.h5: /noise: in the held-out part, want it in the main one only");
}

/* Files that open, because nothing in them is impossible. */
static void verify_sees_one_bit(void **state)
{
    (void)state;
    static const damage changes[] = {
        {.make = poke, .target = "/x", .element = 57, .value = 5.0700006},
        {.make = poke, .target = "/y", .element = 5, .value = 2},
        {.make = poke, .target = "/group", .element = 11, .value = INT32_MAX},
        {.make = poke, .target = "/level", .element = 8, .value = 1.0000001},
        {.make = poke, .target = "/noise", .element = 29, .value = 51.000004},
        {.make = unlink_block, .target = "/level"},
        {.make = unlink_block, .target = "/noise"},
        {.make = poke, .target = "/splits/clean/train", .element = 5, .value = 4.0},
        {.make = poke, .target = "/scale/clean/x_mean", .element = 3, .value = 3.5},
        {.make = poke, .target = "/scale/clean/x_std", .element = 9, .value = 10.5},
    };
    for (size_t i = 0; i < LENGTH(changes); i++) {
        af_dataset *d;
        toy_copy(&toy_labels);
        hid_t f = H5Fopen(toy_path(&toy_labels), H5F_ACC_RDWR, H5P_DEFAULT);
        if (strcmp(changes[i].target, TRAIN) == 0) /* two indices change places */
            poke(f, &(damage){.target = TRAIN, .element = 4, .value = 5});
        changes[i].make(f, &changes[i]);
        H5Fclose(f);
        assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
        assert_int_equal(af_dataset_verify(d), AF_EFORMAT);
        assert_says("attribute 'sha256': the data have");
        assert_says("afield data generate toy --size tiny");
        af_dataset_close(d);
    }
}

/* The same values under another task, with other classes, or in another shape. */
static void checksum_covers_what_values_mean(void **state)
{
    (void)state;
    static const char *const four[] = {"a", "b", "c", "d", NULL};
    char first[AF_SHA256_HEX];
    af_task other = toy_labels;
    toy t;
    af_dataset *d;
    toy_copy(&toy_labels);
    assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
    memcpy(first, d->sha256, sizeof first);
    af_dataset_close(d);
    for (int i = 0; i < 3; i++) {
        other = toy_labels;
        if (i == 0) other.name = "game";
        if (i == 1) other.labels = four;
        toy_fill(&t, &other);
        if (i == 1) t.content.output.c = 4;
        if (i == 2) t.content.input = (af_shape){1, 2, 5};
        assert_ok(af_dataset_write(work_dir, &t.content));
        assert_ok(af_dataset_open(&d, work_dir, &other, AF_MAIN));
        assert_ok(af_dataset_verify(d));
        assert_string_not_equal(d->sha256, first);
        af_dataset_close(d);
    }
}

int main(void)
{
    static const struct CMUnitTest plain[] = {
        cmocka_unit_test(truncation_is_reported),
        cmocka_unit_test(block_beyond_the_end_is_reported),
        cmocka_unit_test(uneven_addresses_are_reported),
        cmocka_unit_test(format_without_checksums_is_refused),
        cmocka_unit_test(flipped_bits_never_crash),
        cmocka_unit_test(noise_is_for_training),
        cmocka_unit_test(verify_sees_one_bit),
        cmocka_unit_test(checksum_covers_what_values_mean),
    };
    static damage cases[LENGTH(damages)]; /* cmocka's state is not const */
    struct CMUnitTest tests[LENGTH(plain) + LENGTH(damages)];
    memcpy(tests, plain, sizeof plain);
    memcpy(cases, damages, sizeof damages);
    for (size_t i = 0; i < LENGTH(cases); i++)
        tests[LENGTH(plain) + i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = damage_is_reported, .initial_state = &cases[i]};
    return _cmocka_run_group_tests("damage", tests, LENGTH(tests), work_make, work_remove);
}
