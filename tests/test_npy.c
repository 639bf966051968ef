/* .npy, .npz and .gz: what numpy writes is read, every type, order and version alike; headers that
 * lie, files cut at any byte and archives that unpack to more than they may are refused, in little
 * memory. */
#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <zlib.h>
#include "core/base/alloc.h"
#include "data-prep/formats/gzip.h"
#include "data-prep/formats/npy.h"
#include "data-prep/formats/npz.h"
#include "tests/aid/archive.h"
#include "tests/aid/work.h"

enum { ROOM = 4096, MIB = 1 << 20 };
#define BYTES(text) text, sizeof text - 1

/* ---- files by hand ---- */

/* A .npy file of version `version` with this header and these elements. */
static size_t put_npy(char *to, int version, const char *header, const void *elements, size_t size)
{
    size_t length = strlen(header), width = version == 1 ? 2 : 4;
    memcpy(to, "\x93NUMPY", 6);
    to[6] = (char)version;
    to[7] = 0;
    for (size_t b = 0; b < width; b++) to[8 + b] = (char)(length >> 8 * b);
    memcpy(to + 8 + width, header, length);
    memcpy(to + 8 + width + length, elements, size);
    return 8 + width + length + size;
}

/* ---- what numpy wrote: tests/golden/arrays.py ---- */

typedef struct seen {
    int arrays, types;
} seen;

static double value_of(char kind, int i)
{
    int n = 7 * i % 11;
    return kind == 'u' ? n : kind == 'i' ? n - 3 : (n - 3) / 4.0;
}

static void check_halves(const af_pickle_array *a)
{
    static const double want[] = {65504, 0x1p-14, 0x1p-24, -0.0, INFINITY, -INFINITY};
    float one;
    assert_int_equal(a->count, LENGTH(want) + 1);
    for (size_t i = 0; i < LENGTH(want); i++) assert_true(af_pickle_element(a, i) == want[i]);
    assert_true(signbit(af_pickle_element(a, 3)));
    assert_true(isnan(af_pickle_element(a, 6)));
    assert_ok(af_npy_floats(&one, a, 2, 1, "halves"));
    assert_int_equal(af_npy_floats(&one, a, 4, 1, "halves"), AF_EFORMAT);
    assert_says("halves: element 4 is not a finite number");
}

static void check_objects(const af_pickle_array *a)
{
    assert_int_equal(a->count, 1);
    const af_pickle_value *data = af_pickle_get(a->items[0], "data");
    const af_pickle_value *label = af_pickle_get(a->items[0], "label");
    assert_int_equal(data->kind, AF_PICKLE_ARRAY);
    assert_int_equal(data->array->shape[1], 3);
    assert_true(af_pickle_element(data->array, 5) == 5);
    assert_true(af_pickle_element(label->array, 1) == 24);
}

static void check_other(const char *name, const af_pickle_array *a)
{
    char text[AF_NPY_SHAPE_TEXT];
    if (!strcmp(name, "halves")) check_halves(a);
    if (!strcmp(name, "objects")) check_objects(a);
    if (!strcmp(name, "dict")) {
        assert_int_equal(a->rank, 0);
        assert_int_equal(af_pickle_get(a->items[0], "label")->items[1]->integer, 4);
    }
    if (!strcmp(name, "scalar")) assert_true(af_pickle_element(a, 0) == -1.5);
    if (!strcmp(name, "bool"))
        for (int i = 0; i < 24; i++)
            assert_true(af_pickle_element(a, (size_t)i) == (7 * i % 11 > 5));
    if (!strcmp(name, "empty")) assert_string_equal(af_npy_shape_text(text, a), "float32 {0, 46}");
    if (!strcmp(name, "text")) {
        assert_int_equal(a->dtype.width, 8);
        assert_memory_equal(a->data + 8, "A\0\0\0~\0\0\0", 8);
        assert_true(isnan(af_pickle_element(a, 0)));
    }
}

static af_status check_array(const char *name, const af_pickle_array *a, const char *path, void *to)
{
    seen *s = to;
    assert_non_null(strstr(path, name));
    s->arrays++;
    check_other(name, a);
    if (a->rank != 3) return AF_OK;
    s->types++;
    assert_int_equal(a->shape[0] * 100 + a->shape[1] * 10 + a->shape[2], 234);
    assert_int_equal(a->fortran, strncmp(name, "fortran", 7) == 0);
    for (int i = 0; i < 24; i++)
        assert_true(af_pickle_element(a, (size_t)i) == value_of(a->dtype.kind, i));
    return AF_OK;
}

static bool only_dict(const char *name)
{
    return !strcmp(name, "dict");
}

static void reads_what_numpy_writes(void **state)
{
    (void)state;
    seen s = {0};
    assert_ok(af_npz_each("tests/golden/arrays.npz", MIB, NULL, check_array, &s));
    assert_int_equal(s.types, 2 * 11 + 2);
    assert_int_equal(s.arrays, s.types + 7);
    s = (seen){0};
    assert_ok(af_npz_each("tests/golden/arrays.npz", MIB, only_dict, check_array, &s));
    assert_int_equal(s.arrays, 1);
    assert_int_equal(af_npz_each("tests/golden/arrays.npz", 100, NULL, check_array, &s),
                     AF_EFORMAT);
    assert_says("declares");
    assert_says("want 0 to 100");
}

/* ---- versions and spellings ---- */

static void headers_may_be_spelt_otherwise(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1), }      \n",
        "{\"shape\": (2L, 1L), \"descr\": \"<i2\", \"fortran_order\": False}",
        "  {'fortran_order':False,'shape':(2,1),'descr':'<i2'}\n",
    };
    char file[ROOM];
    af_npy f;
    for (int version = 1; version <= 3; version++)
        for (size_t i = 0; i < LENGTH(headers); i++) {
            size_t size = put_npy(file, version, headers[i], "\x01\x02\xff\xff", 4);
            assert_ok(af_npy_parse(&f, file, size, "file"));
            assert_int_equal(f.array.rank, 2);
            assert_true(af_pickle_element(&f.array, 0) == 513);
            assert_true(af_pickle_element(&f.array, 1) == -1);
            af_npy_close(&f);
        }
}

/* ---- what is refused ---- */

#define HEADER(descr, order, shape)                                                                \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }"

static void refuses_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header, *says;
    } cases[] = {
        {HEADER("'<c8'", "False", "(1,)"), "header: elements of type 'c8'; want b1"},
        {HEADER("'<M8[ns]'", "False", "(1,)"), "elements of type 'M8[ns]'"},
        {HEADER("'<f16'", "False", "(1,)"), "elements of type 'f16'"},
        {HEADER("'\x1b[31m'", "False", "(1,)"), "elements of type '?[31m'"},
        {HEADER("''", "False", "(1,)"), "elements of type ''"},
        {HEADER("[('a', '<f4')]", "False", "(2,)"), "an array with fields"},
        {HEADER("4", "False", "(2,)"), "'descr' is no text"},
        {HEADER("'<f4'", "0", "(2,)"), "'fortran_order' is neither True nor False"},
        {HEADER("'<f4'", "False", "2"), "'shape' is no tuple"},
        {HEADER("'<f4'", "False", "(-2,)"), "axis 0 of 'shape' is no extent"},
        {HEADER("'<f4'", "False", "(2 3)"), "axis 0 of 'shape' is no extent"},
        {HEADER("'<f4'", "False", "(1,1,1,1,1,1,1,1,1)"), "more than 8 axes"},
        {HEADER("'<f4'", "False", "(9999999999999999999,)"), "axis 0 of 'shape' is no extent"},
        {HEADER("'<f4'", "False", "(4294967296,4294967296)"), "impossible extent"},
        {HEADER("'<f4'", "False", "(3,)"), "8 bytes of elements, want 3 of 4 each"},
        {HEADER("'<f4'", "False", "(1,)"), "8 bytes of elements, want 1 of 4 each"},
        {HEADER("'<f4'", "False", "(576460752303423488,)"), "8 bytes of elements"},
        {"{'descr': '<f4', 'shape': (2,)}", "no 'fortran_order'"},
        {"{'descr': '<f4', 'descr': '<f4'}", "twice the same key"},
        {"{'descr': '<f4', 'align': True}", "an unknown key"},
        {"{'descr': '<f4' 'shape': (2,)}", "no comma after 'descr'"},
        {HEADER("'<f4'", "False", "(2,)") "}", "more after the }"},
        {"{'descr", "no key where one is due"},
        {"", "header: no {"},
        {HEADER("'|O'", "False", "()"), "file: byte 0"}, /* no pickle */
    };
    char file[ROOM];
    af_npy f;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        size_t size = put_npy(file, 1, cases[i].header, "12345678", 8);
        if (af_npy_parse(&f, file, size, "file") != AF_EFORMAT)
            fail_msg("%s was read", cases[i].header);
        assert_says(cases[i].says);
        assert_memory_equal(af_error(), "file: ", 6);
        assert_null(f.objects);
    }
}

static void refuses_files(void **state)
{
    (void)state;
    char file[ROOM];
    af_npy f;
    assert_int_equal(af_npy_parse(&f, "PK\3\4 567890", 11, "file"), AF_EFORMAT);
    assert_says("file: no .npy file");
    size_t size = put_npy(file, 4, HEADER("'<f4'", "False", "(2,)"), "12345678", 8);
    assert_int_equal(af_npy_parse(&f, file, size, "file"), AF_EFORMAT);
    assert_says(".npy version 4, want 1 to 3");
    file[6] = 2;
    memset(file + 8, 0xff, 4);
    assert_int_equal(af_npy_parse(&f, file, size, "file"), AF_EFORMAT);
    assert_says("a header of 4294967295 bytes in a file of");
    /* objects: another number than the header has, and one that wants to call */
    size = put_npy(file, 1, HEADER("'|O'", "False", "(2,)"), BYTES("]."));
    assert_int_equal(af_npy_parse(&f, file, size, "file"), AF_EFORMAT);
    assert_says("no array of 2 objects in its pickle");
    size = put_npy(file, 1, HEADER("'|O'", "False", "()"), BYTES("cos\nsystem\n(S'true'\ntR."));
    assert_int_equal(af_npy_parse(&f, file, size, "file"), AF_EFORMAT);
    assert_says("wants to import os.system, which is refused");
}

/* Every cut is noticed, every changed byte is survived. */
static void cut_or_changed(void **state)
{
    (void)state;
    char file[ROOM];
    af_npy f;
    size_t size = put_npy(file, 1, HEADER("'>f2'", "True", "(2, 3)"), "123456789012", 12);
    for (size_t cut = 0; cut < size; cut++) {
        char *part = af_alloc(cut); /* so that reading beyond it is noticed */
        memcpy(part, file, cut);
        assert_int_equal(af_npy_parse(&f, part, cut, "cut"), AF_EFORMAT);
        af_free(part);
    }
    for (size_t at = 0; at < size; at++)
        for (int byte = 0; byte < 256; byte++) {
            char was = file[at];
            file[at] = (char)byte;
            if (af_npy_parse(&f, file, size, "changed") == AF_OK) {
                for (size_t i = 0; i < f.array.count; i++) (void)af_pickle_element(&f.array, i);
                af_npy_close(&f);
            }
            file[at] = was;
        }
}

/* ---- archives and gzip that lie ---- */

static void put_zip(const char *name, const char *const members[], const void *data, size_t size)
{
    struct archive *a = archive_write_new();
    archive_write_set_format_zip(a);
    assert_int_equal(archive_write_open_filename(a, work_at(name)), ARCHIVE_OK);
    for (; *members; members++) archive_put(a, *members, data, size);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

static af_status count_arrays(const char *name, const af_pickle_array *a, const char *path, void *n)
{
    (void)name, (void)a, (void)path;
    ++*(int *)n;
    return AF_OK;
}

static void npz_is_checked(void **state)
{
    (void)state;
    static const char *const members[] = {"a.npy", "notes.txt", "b.npy", NULL};
    char file[ROOM];
    int arrays = 0;
    size_t size = put_npy(file, 1, HEADER("'|u1'", "False", "(8,)"), "12345678", 8);
    put_zip("two.npz", members, file, size);
    assert_ok(af_npz_each(work_at("two.npz"), MIB, NULL, count_arrays, &arrays));
    assert_int_equal(arrays, 2);
    put_zip("bad.npz", members, file, size - 1);
    assert_int_equal(af_npz_each(work_at("bad.npz"), MIB, NULL, count_arrays, &arrays), AF_EFORMAT);
    assert_says("bad.npz: a: 7 bytes of elements");
    work_put("not.npz", "this is no archive at all, only some text that goes on for a while");
    assert_int_equal(af_npz_each(work_at("not.npz"), MIB, NULL, count_arrays, &arrays), AF_EFORMAT);
    assert_says("not.npz: ");
    assert_int_equal(af_npz_each(work_at("none.npz"), MIB, NULL, count_arrays, &arrays),
                     AF_ENOTFOUND);
    char *bytes;
    assert_ok(af_file_read(&bytes, &size, work_at("two.npz"), ROOM));
    for (size_t cut = 0; cut < size; cut++) { /* what is left may still be whole arrays */
        assert_ok(af_file_write(work_at("cut.npz"), bytes, cut));
        af_status st = af_npz_each(work_at("cut.npz"), MIB, NULL, count_arrays, &arrays);
        assert_true(st == AF_OK || st == AF_EFORMAT);
    }
    /* members declare a size that 400 bytes of file cannot hold */
    for (size_t i = 0; i + 30 < size; i++) {
        if (!memcmp(bytes + i, "PK\3\4", 4)) memcpy(bytes + i + 22, "\xff\xff\xff\x7f", 4);
        if (!memcmp(bytes + i, "PK\1\2", 4)) memcpy(bytes + i + 24, "\xff\xff\xff\x7f", 4);
    }
    assert_ok(af_file_write(work_at("bomb.npz"), bytes, size));
    assert_int_equal(af_npz_each(work_at("bomb.npz"), SIZE_MAX, NULL, count_arrays, &arrays),
                     AF_EFORMAT);
    assert_says("bomb.npz: a: declares 2147483647 bytes, want 0 to");
    af_free(bytes);
}

static long peak_kilobytes(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void put_gz(const char *name, size_t size)
{
    static const char zeros[MIB];
    gzFile f = gzopen(work_at(name), "wb9");
    assert_non_null(f);
    for (size_t done = 0; done < size; done += MIB) {
        size_t part = size - done < MIB ? size - done : MIB;
        assert_int_equal(gzwrite(f, zeros, (unsigned)part), part);
    }
    assert_int_equal(gzclose(f), Z_OK);
}

static void gzip_is_checked(void **state)
{
    (void)state;
    char *data, *bytes;
    size_t size, stored;
    put_gz("some.gz", 300000);
    assert_ok(af_gzip_read(&data, &size, work_at("some.gz"), MIB));
    assert_int_equal(size, 300000);
    assert_int_equal(data[0] | data[size - 1], 0);
    af_free(data);
    assert_int_equal(af_gzip_read(&data, &size, work_at("some.gz"), 299999), AF_EFORMAT);
    assert_says("some.gz: unpacks to more than 299999 bytes");
    assert_null(data);
    assert_ok(af_file_read(&bytes, &stored, work_at("some.gz"), MIB));
    for (size_t cut = 0; cut < stored; cut++) {
        assert_ok(af_file_write(work_at("cut.gz"), bytes, cut));
        assert_int_equal(af_gzip_read(&data, &size, work_at("cut.gz"), MIB), AF_EFORMAT);
        assert_says("cut.gz: ");
    }
    for (size_t at = stored - 8; at < stored; at++) { /* checksum and length */
        bytes[at] = (char)(bytes[at] ^ 1);
        assert_ok(af_file_write(work_at("changed.gz"), bytes, stored));
        assert_int_equal(af_gzip_read(&data, &size, work_at("changed.gz"), MIB), AF_EFORMAT);
        bytes[at] = (char)(bytes[at] ^ 1);
    }
    af_free(bytes);
    work_put("plain.gz", "no gzip file, but longer than the shortest one");
    assert_int_equal(af_gzip_read(&data, &size, work_at("plain.gz"), MIB), AF_EFORMAT);
    assert_says("plain.gz: no gzip file");
    /* 256 MiB of zeros: read up to the limit, in memory of that order */
    long before = peak_kilobytes();
    put_gz("bomb.gz", (size_t)1 << 28);
    assert_int_equal(af_gzip_read(&data, &size, work_at("bomb.gz"), 4 * MIB), AF_EFORMAT);
    assert_in_range(peak_kilobytes() - before, 0, 32 * 1024);
}

static void memory_runs_out(void **state)
{
    (void)state;
    for (int what = 0; what < 2; what++) {
        af_status st = AF_ENOMEM;
        put_gz("some.gz", 300000);
        for (unsigned long k = 1; st != AF_OK; k++) {
            char *data = NULL;
            size_t size;
            int arrays = 0;
            assert_true(k < 200);
            af_alloc_fail_at(k);
            st = what ? af_gzip_read(&data, &size, work_at("some.gz"), MIB)
                      : af_npz_each("tests/golden/arrays.npz", MIB, NULL, count_arrays, &arrays);
            af_alloc_fail_at(0);
            if (st != AF_OK) assert_int_equal(st, AF_ENOMEM);
            af_free(data);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_numpy_writes), cmocka_unit_test(headers_may_be_spelt_otherwise),
        cmocka_unit_test(refuses_headers),         cmocka_unit_test(refuses_files),
        cmocka_unit_test(cut_or_changed),          cmocka_unit_test(npz_is_checked),
        cmocka_unit_test(gzip_is_checked),         cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
