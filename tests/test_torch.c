/* Files of torch.save, made by hand: tensors through strides, files that lie; and Darcy flow in
 * such files, which becomes a variant. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/registry.h"
#include "data-prep/formats/torch.h"
#include "tests/aid/torch.h"
#include "tests/aid/variant.h"

enum { MOST = 1 << 20 };

/* ---- the reader ---- */

static void strides(void **state)
{
    (void)state;
    pt f = {.code = {NULL, 0, 0}};
    float x[24], got[6];
    af_torch *t;
    for (int i = 0; i < 24; i++) x[i] = (float)i / 2;
    pt_tensor(&f, "FloatStorage", 0, 24, "I2\n(I2\nI3\nt(I9\nI4\nt");
    bytes_say(&f.code, ".");
    bytes_put(&f.storage[0], x, sizeof x);
    pt_save(&f, work_at("t.pt"));
    assert_ok(af_torch_open(&t, work_at("t.pt")));
    const af_pickle_value *v = af_torch_root(t);
    assert_int_equal(v->kind, AF_PICKLE_TENSOR);
    assert_ok(af_torch_floats(got, t, v->tensor, 0, 2, MOST));
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++) assert_true(got[3 * i + j] == x[2 + 9 * i + 4 * j]);
    got[3] = -1;
    assert_ok(af_torch_floats(got, t, v->tensor, 1, 1, MOST)); /* the second row alone */
    for (int j = 0; j < 3; j++) assert_true(got[j] == x[11 + 4 * j]);
    assert_true(got[3] == -1);
    assert_int_equal(af_torch_floats(got, t, v->tensor, 1, 2, MOST), AF_EFORMAT);
    assert_says("a tensor of 2 along its first axis, want 2 from 1");
    assert_int_equal(af_torch_floats(got, t, v->tensor, 0, 2, sizeof x - 1), AF_EFORMAT);
    assert_says("data/0 is said to have 24 elements of 4 bytes, more than the 95");
    af_torch_close(t);
}

static void lies(void **state)
{
    (void)state;
    static const struct {
        const char *class, *says;
        size_t count, bytes;
        int storage;
    } cases[] = {
        {"FloatStorage", "data/0 has 96 bytes, want 25 elements of 4", 25, 96, 0},
        {"FloatStorage", "member saved/data/0 is larger than 96 bytes", 24, 97, 0},
        {"DoubleStorage", "data/0 has 96 bytes, want 24 elements of 8", 24, 96, 0},
        {"FloatStorage", "no data/1 in it", 24, 96, 1},
        {"HalfStorage", "data/0: element 3 is nan, want a finite number", 48, 96, 0},
    };
    char noise[97], path[AF_PATH_MAX];
    float got[24];
    memset(noise, 0x7f, sizeof noise); /* of 16 bits: not a number */
    memset(noise, 0, 6);
    assert_ok(af_path_join(path, work_dir, "lie.pt"));
    for (size_t i = 0; i < LENGTH(cases); i++) {
        pt f = {.code = {NULL, 0, 0}};
        af_torch *t;
        pt_tensor(&f, cases[i].class, cases[i].storage, cases[i].count, "I0\n(I24\nt(I1\nt");
        bytes_say(&f.code, ".");
        bytes_put(&f.storage[0], noise, cases[i].bytes);
        pt_save(&f, path);
        assert_ok(af_torch_open(&t, path));
        assert_int_equal(af_torch_floats(got, t, af_torch_root(t)->tensor, 0, 24, MOST),
                         AF_EFORMAT);
        assert_says("lie.pt: ");
        assert_says(cases[i].says);
        af_torch_close(t);
    }
}

static void no_such_files(void **state)
{
    (void)state;
    af_torch *t;
    pt f = {.code = {NULL, 0, 0}};
    work_put("text.pt", "a text");
    assert_int_equal(af_torch_open(&t, work_at("text.pt")), AF_EFORMAT);
    assert_null(t);
    bytes_say(&f.code, "cos\nsystem\n.");
    pt_save(&f, work_at("calls.pt"));
    assert_int_equal(af_torch_open(&t, work_at("calls.pt")), AF_EFORMAT);
    assert_says("wants to import os.system, which is refused");
    assert_null(t);
}

/* ---- Darcy flow ---- */

enum { GRID = 5, AREA = GRID * GRID };

static void put_darcy(const char *path, int samples, bool bools, int grid_of_y)
{
    pt f = {.code = {NULL, 0, 0}};
    char view[64];
    const size_t count = (size_t)(samples * AREA);
    bytes_say(&f.code, "(dVx\n");
    snprintf(view, sizeof view, "I0\n(I%d\nI5\nI5\nt(I25\nI5\nI1\nt", samples);
    pt_tensor(&f, bools ? "BoolStorage" : "FloatStorage", 0, count, view);
    snprintf(view, sizeof view, "I0\n(I%d\nI%d\nI5\nt(I25\nI5\nI1\nt", samples, grid_of_y);
    bytes_say(&f.code, "sVy\n");
    pt_tensor(&f, "FloatStorage", 1, count, view);
    bytes_say(&f.code, "s.");
    for (int i = 0; i < samples * AREA; i++) {
        const char bit = (char)(i / AREA % 2 ? i % 3 == 0 : i % 2);
        const float x = (float)i, y = (float)i / 8;
        bytes_put(&f.storage[0], bools ? (const void *)&bit : &x, bools ? 1 : sizeof x);
        bytes_put(&f.storage[1], &y, sizeof y);
    }
    pt_save(&f, path);
}

static void check_part(const af_dataset *d, int64_t n, int64_t first, const char *id)
{
    assert_int_equal(d->n, n);
    assert_int_equal(d->input.c, 3);
    assert_int_equal(d->input.w, GRID);
    assert_string_equal(d->ids, id);
    for (int64_t k = 0; k < n; k++)
        for (int64_t p = 0; p < AREA; p++) {
            const int64_t i = (first + k) * AREA + p;
            const bool bit = (first + k) % 2 ? i % 3 == 0 : i % 2;
            assert_true(((const float *)d->x)[k * 3 * AREA + p] == (bit ? 12.f : 3.f));
            assert_true(((const float *)d->y)[k * AREA + p] == (float)i / 8);
        }
}

static void darcy_becomes_a_variant(void **state)
{
    (void)state;
    const af_prep *darcy = af_find_prep("darcy");
    char path[AF_PATH_MAX];
    assert_ok(af_mkdirs(work_at("pt")));
    put_darcy(work_at("pt/darcy_train_5.pt"), 40, true, GRID);
    put_darcy(work_at("pt/darcy_test_5.pt"), 7, true, GRID);
    for (int one = 0; one < 2; one++) {
        af_variant v;
        assert_ok(af_path_join(path, work_dir, one ? "pt/darcy_train_5.pt" : "pt"));
        af_own *own = variant_import(&v, darcy, path, AF_TINY);
        assert_string_equal(v.name, "darcy_5");
        assert_string_equal(v.holds, "a grid of 5 x 5");
        af_dataset *d = variant_open(own, AF_MAIN), *t = variant_open(own, AF_HELD_OUT);
        check_part(d, one ? 36 : 40, 0, "darcy_train_5-00000");
        check_part(t, one ? 4 : 7, one ? 36 : 0,
                   one ? "darcy_train_5-00036" : "darcy_test_5-00000");
        assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, one ? 32 : 36);
        assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 4);
        af_dataset_close(d);
        af_dataset_close(t);
        af_own_free(own);
        const af_prep_request q = {af_find_task("darcy"), AF_TINY, path, 0, work_dir};
        assert_int_equal(darcy->import(&q), AF_EFORMAT);
        assert_says("on a grid of 5 x 5: another grid than the task's 85 x 85");
    }
}

static void darcy_contradictions(void **state)
{
    (void)state;
    const af_prep *darcy = af_find_prep("darcy");
    char path[AF_PATH_MAX];
    af_variant v;
    assert_ok(af_mkdirs(work_at("bad")));
    assert_ok(af_path_join(path, work_dir, "bad"));
    put_darcy(work_at("bad/darcy_train_5.pt"), 12, true, GRID);
    assert_int_equal(variant_of(&v, darcy, path, AF_TINY), AF_ENOTFOUND);
    assert_says("darcy_test_5.pt: not there");
    put_darcy(work_at("bad/darcy_train_6.pt"), 12, true, GRID);
    assert_int_equal(variant_of(&v, darcy, path, AF_TINY), AF_EFORMAT);
    assert_says("2 files darcy_train_*.pt");
    /* other shapes than a grid are no variant, and not the task */
    assert_ok(af_path_join(path, work_dir, "bad/darcy_train_6.pt"));
    put_darcy(path, 12, true, 4);
    assert_ok(variant_of(&v, darcy, path, AF_TINY));
    assert_string_equal(v.name, "");
    const af_prep_request q = {af_find_task("darcy"), AF_TINY, path, 0, work_dir};
    assert_int_equal(darcy->import(&q), AF_EFORMAT);
    assert_says("this is a PyTorch file; want piececonst_r421");
    put_darcy(path, 12, false, GRID); /* coefficient 0 in the first sample */
    assert_ok(variant_of(&v, darcy, path, AF_TINY));
    af_own *own = variant_task(&v, af_find_task("darcy"), AF_TINY);
    const af_prep_request r = {&own->task, AF_TINY, path, 0, work_dir};
    assert_int_equal(darcy->import(&r), AF_EFORMAT);
    assert_says("sample 0 has coefficient 0, want a positive one");
    put_darcy(path, 2, true, GRID);
    assert_int_equal(darcy->import(&r), AF_EFORMAT);
    assert_says("2 samples, want at least 3 to split");
    af_own_free(own);
}

/* Every allocation fails once; nothing is half returned. */
static void memory_runs_out(void **state)
{
    (void)state;
    pt f = {.code = {NULL, 0, 0}};
    float got[24] = {0};
    af_status st = AF_ENOMEM;
    unsigned long k = 1;
    pt_tensor(&f, "FloatStorage", 0, 24, "I0\n(I24\nt(I1\nt");
    bytes_say(&f.code, ".");
    bytes_put(&f.storage[0], got, sizeof got);
    pt_save(&f, work_at("short.pt"));
    const char *path = work_at("short.pt");
    for (; st != AF_OK && k < 1000; k++) {
        af_torch *t;
        af_alloc_fail_at(k);
        st = af_torch_open(&t, path);
        if (st == AF_OK) st = af_torch_floats(got, t, af_torch_root(t)->tensor, 0, 24, MOST);
        af_alloc_fail_at(0);
        if (st != AF_OK) assert_int_equal(st, AF_ENOMEM);
        af_torch_close(t);
    }
    assert_ok(st);
    assert_true(k > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strides),
        cmocka_unit_test(lies),
        cmocka_unit_test(no_such_files),
        cmocka_unit_test(darcy_becomes_a_variant),
        cmocka_unit_test(darcy_contradictions),
        cmocka_unit_test(memory_runs_out),
    };
    af_log_set(AF_LOG_ERROR);
    af_hdf5_quiet();
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
