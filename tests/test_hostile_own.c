/* Readers of a user's own arrays get files that are made to harm, see test_hostile.c; and what
 * keeps a library that crashes on them from taking the program with it. */
#include "tests/aid/hostile.h"
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/data/dataset.h"
#include "data-prep/own/own.h"
#include "tests/aid/arrays.h"

/* ---- a user's own arrays ---- */

static void own_files(void)
{
    const hsize_t wide[] = {1 << 20, 1 << 20, 1 << 10}, flat[] = {1 << 20, 1 << 14};
    const member zeros[] = {{"x.npy", NULL, 900}, {0}};
    static const char code[] = "cos\nsystem\n(S'touch /tmp/hostile-escaped'\ntR.";
    bytes b = {0};
    char *data;
    size_t size;
    hostile_put(hostile_in("own", "y.csv"), "0\n1\n0\n1\n", 8);
    hostile_put(hostile_in("own", "huge.idx"),
                "\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff-", 17);
    hostile_put(hostile_in("own", "short.idx"),
                "\0\0\x0d\x01\0\0\0\x09"
                "123",
                11);
    hostile_put_npy(hostile_in("own", "huge.npy"), "<f4", "(1000000000, 1000)");
    hostile_put_npy(hostile_in("own", "overflow.npy"), "<f4",
                    "(4294967296, 4294967296, 4294967296)");
    bytes_npy(&b, "|O", "(2,)", code, sizeof code - 1);
    bytes_save(&b, hostile_in("own", "code.npy"));
    af_free(b.data);
    hostile_put_gzip(hostile_in("own", "bomb.csv.gz"), "1,2\n", 900);
    hostile_put_archive(hostile_in("own", "bomb.npz"), zeros);
    hostile_put_hdf5(hostile_in("own", "chunks.h5"), "/x", NULL, 3, wide, true, 0);
    hostile_put_hdf5(hostile_in("own", "flat.h5"), "/x", NULL, 2, flat, false, 0);
    assert_ok(af_file_read(&data, &size, hostile_in("own", "flat.h5"), MIB));
    hostile_put(hostile_in("own", "half.h5"), data, size / 2);
    af_free(data);
    hostile_put_sparse(hostile_in("own", "terabyte.csv"), (off_t)1 << 40);
}

static const struct own_case {
    const char *file, *key, *says;
} own_cases[] = {
    {"huge.idx", NULL, "claims more elements than it"},
    {"short.idx", NULL, "3 bytes of elements, want 9 of 4 each"},
    {"huge.npy", NULL, "8 bytes of elements, want 1000000000000 of 4 each"},
    {"overflow.npy", NULL, "impossible extent"},
    {"code.npy", NULL, "os.system"},
    {"bomb.csv.gz", NULL, "out of memory"},
    {"bomb.npz", NULL, "out of memory"},
    {"chunks.h5", "/x", "claims more elements"},
    {"flat.h5", "/x", "claims more elements"},
    {"half.h5", "/x", "no whole HDF5 file"},
    {"terabyte.csv", NULL, "larger than"},
};

static af_status import_own(const void *payload)
{
    const struct own_case *c = payload;
    af_own *own;
    char text[1024], path[AF_PATH_MAX];
    snprintf(path, sizeof path, "%s", hostile_in("own", "own.yaml"));
    snprintf(text, sizeof text,
             "task: mine\nobjective: single_label\nmetric: accuracy\nclasses: 2\nsize: tiny\n"
             "data: {x: {file: %s%s%s}, y: y.csv}\nsplit: {valid: 0.3, test: 0.3, seed: 1}\n",
             c->file, c->key ? ", key: " : "", c->key ? c->key : "");
    AF_TRY(af_own_parse(&own, text, strlen(text), path));
    af_status st = af_own_import(own, path, work_dir);
    af_own_free(own);
    return st;
}

static void own_arrays_refuse(void **state)
{
    (void)state;
    own_files();
    for (size_t i = 0; i < LENGTH(own_cases); i++) {
        long peak;
        if (hostile_unbounded(own_cases[i].says)) continue;
        outcome *o = hostile_bounded(&peak, import_own, &own_cases[i]);
        hostile_judge(own_cases[i].file, o, peak, own_cases[i].file, own_cases[i].says);
        assert_non_null(strstr(o->text, "own.yaml:6: x: "));
        af_apart_free(o, sizeof *o);
        assert_false(af_file_exists(work_at("mine.h5")));
    }
}

/* ---- what a process of its own is for ---- */

static af_status crash(void *payload)
{
    (void)payload;
    abort();
}

static af_status loop(void *payload)
{
    for (volatile char *p = payload;;) *p = 1;
    return AF_OK;
}

static af_status eat(void *payload)
{
    char *p = af_alloc((size_t)1 << 31);
    if (!p) return AF_ENOMEM;
    memset(p, 1, 1 << 20);
    *(char *)payload = p[5];
    af_free(p);
    return AF_OK;
}

static af_status refuse(void *payload)
{
    return af_fail(AF_ENOTFOUND, "%s", (char *)payload);
}

static void a_crash_is_an_error(void **state)
{
    (void)state;
    char *shared = af_apart_alloc(64);
    assert_non_null(shared);
    strcpy(shared, "said there");
    assert_int_equal(af_apart("FILE", 64 * MIB, crash, shared), AF_EFORMAT);
    assert_says("FILE: damaged: the library that reads it crashed (signal 6)");
    assert_int_equal(af_apart("FILE", 64 * MIB, refuse, shared), AF_ENOTFOUND);
    assert_string_equal(af_error(), "said there");
    if (!SANITIZED) assert_int_equal(af_apart("FILE", 64 * MIB, eat, shared), AF_ENOMEM);
    assert_ok(af_apart("FILE", (size_t)4 << 30, eat, shared));
    assert_int_equal(shared[0], 1);
    af_apart_free(shared, 64);
    af_apart_free(NULL, 64);
}

static void a_loop_is_an_error(void **state)
{
    (void)state;
    char *shared = af_apart_alloc(64);
    assert_non_null(shared);
    assert_int_equal(af_apart_within("FILE", 64 * MIB, 1, loop, shared), AF_EFORMAT);
    assert_says("FILE: damaged: the library that reads it did not end");
    assert_int_equal(shared[0], 1);
    strcpy(shared, "said there");
    assert_int_equal(af_apart_within("FILE", 64 * MIB, 1, refuse, shared), AF_ENOTFOUND);
    af_apart_free(shared, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_arrays_refuse),
        cmocka_unit_test(a_crash_is_an_error),
        cmocka_unit_test(a_loop_is_an_error),
    };
    return cmocka_run_group_tests(tests, hostile_begin, work_remove);
}
