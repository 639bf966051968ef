/* MATLAB files: every version and number type that matio writes comes back, whole and thinned; what
 * is damaged, cut off or of another kind is refused with a reason. */
#include "tests/aid/work.h"
#include <matio.h>
#include "core/base/alloc.h"
#include "data-prep/formats/mat.h"

enum { ROWS = 7, COLS = 40, PAGES = 30, SIZE = ROWS * COLS * PAGES };

/* Integers that every type holds, no pattern that a shift could hide. */
static double value(int i)
{
    return (i * 37 + i / 11) % 101;
}

static void put(mat_t *f, const char *name, enum matio_classes class, enum matio_types type,
                enum matio_compression compression)
{
    size_t dims[3] = {ROWS, COLS, PAGES};
    double *d = af_alloc(SIZE * sizeof *d);
    float *s = (float *)d;
    int16_t *h = (int16_t *)d;
    for (int i = 0; i < SIZE; i++) {
        if (type == MAT_T_DOUBLE) d[i] = value(i);
        if (type == MAT_T_SINGLE) s[i] = (float)value(i);
        if (type == MAT_T_INT16) h[i] = (int16_t)value(i);
    }
    matvar_t *v = Mat_VarCreate(name, class, type, 3, dims, d, 0);
    assert_int_equal(Mat_VarWrite(f, v, compression), 0);
    Mat_VarFree(v);
    af_free(d);
}

static const struct file_kind {
    const char *name;
    enum mat_ft version;
    enum matio_compression compression;
} kinds[] = {
    {"plain5.mat", MAT_FT_MAT5, MAT_COMPRESSION_NONE},
    {"packed5.mat", MAT_FT_MAT5, MAT_COMPRESSION_ZLIB},
    {"plain73.mat", MAT_FT_MAT73, MAT_COMPRESSION_NONE},
    {"packed73.mat", MAT_FT_MAT73, MAT_COMPRESSION_ZLIB},
};

static void make(const struct file_kind *k)
{
    mat_t *f = Mat_CreateVer(work_at(k->name), NULL, k->version);
    assert_non_null(f);
    put(f, "d", MAT_C_DOUBLE, MAT_T_DOUBLE, k->compression);
    put(f, "s", MAT_C_SINGLE, MAT_T_SINGLE, k->compression);
    put(f, "h", MAT_C_INT16, MAT_T_INT16, k->compression);
    size_t one[2] = {1, 1};
    double re = 1, im = 2;
    mat_complex_split_t z = {&re, &im};
    matvar_t *v = Mat_VarCreate("z", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, one, &z, MAT_F_COMPLEX);
    assert_int_equal(Mat_VarWrite(f, v, MAT_COMPRESSION_NONE), 0);
    Mat_VarFree(v);
    Mat_Close(f);
}

static int make_all(void **state)
{
    if (work_make(state)) return -1;
    for (size_t k = 0; k < LENGTH(kinds); k++) make(&kinds[k]);
    return 0;
}

static void reads(void **state)
{
    (void)state;
    double *got = af_alloc(SIZE * sizeof *got);
    for (size_t k = 0; k < LENGTH(kinds); k++)
        for (const char *name = "d\0s\0h\0"; *name; name += 2) {
            af_mat *m;
            af_mat_shape shape;
            assert_ok(af_mat_open(&m, work_at(kinds[k].name)));
            assert_ok(af_mat_shape_of(&shape, m, name));
            assert_int_equal(shape.rank, 3);
            assert_int_equal(shape.dims[0], ROWS);
            assert_int_equal(shape.dims[1], COLS);
            assert_int_equal(shape.dims[2], PAGES);
            af_mat_slab slab = af_mat_whole(&shape);
            assert_ok(af_mat_read(got, m, name, &slab));
            for (int i = 0; i < SIZE; i++) assert_true(got[i] == value(i));
            slab = (af_mat_slab){{2, 1, 0}, {1, 3, 7}, {4, 13, 5}};
            assert_ok(af_mat_read(got, m, name, &slab));
            for (int p = 0, i = 0; p < 5; p++)
                for (int c = 0; c < 13; c++)
                    for (int r = 0; r < 4; r++, i++)
                        assert_true(got[i] == value(2 + r + ROWS * (1 + 3 * c + COLS * 7 * p)));
            slab.count[1] = 14;
            assert_int_equal(af_mat_read(got, m, name, &slab), AF_EINVAL);
            assert_says("do not fit its size 40");
            af_mat_close(m);
        }
    af_free(got);
}

static void refuses_other_kinds(void **state)
{
    (void)state;
    for (size_t k = 0; k < LENGTH(kinds); k++) {
        af_mat *m;
        af_mat_shape shape;
        assert_ok(af_mat_open(&m, work_at(kinds[k].name)));
        assert_int_equal(af_mat_shape_of(&shape, m, "nothing"), AF_ENOTFOUND);
        assert_says("no variable 'nothing'");
        assert_int_equal(af_mat_shape_of(&shape, m, "z"), AF_EFORMAT);
        assert_says("no array of real numbers");
        af_mat_close(m);
    }
    af_mat *m;
    work_put("text.mat", "not a matrix");
    assert_int_equal(af_mat_open(&m, work_at("text.mat")), AF_EFORMAT);
    assert_says("no MATLAB file of version 5 or 7.3");
    mat_t *f = Mat_CreateVer(work_at("cell.mat"), NULL, MAT_FT_MAT5);
    matvar_t *v = Mat_VarCreate("c", MAT_C_CELL, MAT_T_CELL, 2, (size_t[]){1, 1}, NULL, 0);
    Mat_VarSetCell(
        v, 0,
        Mat_VarCreate(NULL, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, (size_t[]){1, 1}, (double[]){1}, 0));
    assert_int_equal(Mat_VarWrite(f, v, MAT_COMPRESSION_ZLIB), 0);
    Mat_VarFree(v);
    Mat_Close(f);
    assert_int_equal(af_mat_open(&m, work_at("cell.mat")), AF_EFORMAT);
    assert_says("save numeric arrays only");
    assert_int_equal(af_mat_open(&m, work_at("missing.mat")), AF_ENOTFOUND);
    assert_int_equal(af_mat_open(&m, work_dir), AF_EFORMAT);
}

/* HDF5 keeps no checksum of its index: a chunk that cannot be found any more reads as zeros. */
static bool is_right(const double *got, bool holes)
{
    for (int i = 0; i < SIZE; i++)
        if (got[i] != value(i) && !(holes && got[i] == 0)) return false;
    return true;
}

/* Opening, or reading the three arrays, fails. Stops at one that is read wrongly and leaves it. */
static bool refused(const char *path, double *room)
{
    af_mat *m;
    if (af_mat_open(&m, path) != AF_OK) return true;
    af_status st = AF_OK;
    for (const char *name = "d\0s\0h\0"; *name && st == AF_OK; name += 2) {
        const af_mat_slab all = {{0}, {1, 1, 1}, {ROWS, COLS, PAGES}};
        st = af_mat_read(room, m, name, &all);
        if (st == AF_OK && !is_right(room, false)) break;
    }
    af_mat_close(m);
    return st != AF_OK;
}

static void refuses_truncated(void **state)
{
    (void)state;
    double *room = af_alloc(SIZE * sizeof *room);
    for (size_t k = 0; k < LENGTH(kinds); k++) {
        char *bytes;
        size_t size;
        assert_ok(af_file_read(&bytes, &size, work_at(kinds[k].name), 1 << 24));
        assert_false(refused(work_at(kinds[k].name), room));
        for (size_t part = 1; part < 16; part++) {
            assert_ok(af_file_write(work_at("cut.mat"), bytes, size * part / 16));
            if (!refused(work_at("cut.mat"), room))
                fail_msg("%s cut to %zu/16 was read", kinds[k].name, part);
            if (kinds[k].version == MAT_FT_MAT5) assert_says("goes on");
            assert_true(strlen(af_error()) > 20);
        }
        af_free(bytes);
    }
    af_free(room);
}

/* A flipped bit in a compressed file is found, or it was in bytes that carry nothing. */
static void refuses_damaged(void **state)
{
    (void)state;
    static const char *const packed[] = {"packed5.mat", "packed73.mat"};
    double *room = af_alloc(SIZE * sizeof *room);
    for (size_t k = 0; k < LENGTH(packed); k++) {
        char *bytes;
        size_t size, found = 0;
        assert_ok(af_file_read(&bytes, &size, work_at(packed[k]), 1 << 24));
        for (size_t at = 150; at < size * 9 / 10; at += size / 61) {
            bytes[at] ^= 0x10;
            assert_ok(af_file_write(work_at("flip.mat"), bytes, size));
            if (refused(work_at("flip.mat"), room))
                found++;
            else if (!is_right(room, k == 1))
                fail_msg("%s with a bit flipped at byte %zu was read", packed[k], at);
            bytes[at] ^= 0x10;
        }
        assert_true(found > 5);
        af_free(bytes);
    }
    af_free(room);
}

/* The first array of a file of version 5 starts at byte 128: its tag, flags at 136, dimensions at
 * 152, name at 176 (short form), data at 184. */
static void refuses_lies(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint32_t word;
        const char *says;
    } lies[] = {
        {132, 0x7fffffff, "truncated"},
        {136, 5, "no array flags"},
        {144, 3, "save numeric arrays only"}, /* class: object */
        {156, 0x40000000, "impossible dimensions"},
        {160, 0x7fffffff, "another size than its dimensions"},
        {164, 0xffffffff, "impossible dimensions"},
        {176, 0x7fffffff, "impossible name"},
        {184, 14, "another size than its dimensions"}, /* type: array */
        {188, 0x7ffffff0, "another size than its dimensions"},
    };
    char *bytes;
    size_t size;
    assert_ok(af_file_read(&bytes, &size, work_at("plain5.mat"), 1 << 24));
    for (size_t k = 0; k < LENGTH(lies); k++) {
        af_mat *m;
        uint32_t truth;
        memcpy(&truth, bytes + lies[k].at, sizeof truth);
        memcpy(bytes + lies[k].at, &lies[k].word, sizeof truth);
        assert_ok(af_file_write(work_at("lie.mat"), bytes, size));
        assert_int_equal(af_mat_open(&m, work_at("lie.mat")), AF_EFORMAT);
        assert_says(lies[k].says);
        memcpy(bytes + lies[k].at, &truth, sizeof truth);
    }
    af_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses_other_kinds),
        cmocka_unit_test(refuses_truncated),
        cmocka_unit_test(refuses_damaged),
        cmocka_unit_test(refuses_lies),
    };
    return cmocka_run_group_tests(tests, make_all, work_remove);
}
