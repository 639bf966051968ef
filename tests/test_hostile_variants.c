/* Importers of variants get files that are made to harm, see test_hostile.c; so do those of formats
 * in which a task's data are less usual. */
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/data/dataset.h"
#include "tests/aid/hostile.h"
#include "tests/aid/torch.h"

/* ---- files of PyTorch ---- */

/* x and y of storages that are said to have `count` floats and have two. */
static void put_pt(const char *path, size_t count, const char *view)
{
    pt f = {.code = {NULL, 0, 0}};
    bytes_say(&f.code, "(d");
    for (int k = 0; k < 2; k++) {
        bytes_say(&f.code, "V%c\n", "xy"[k]);
        pt_tensor(&f, "FloatStorage", k, count, view);
        bytes_say(&f.code, "s");
        bytes_put(&f.storage[k], "1234567", 8);
    }
    bytes_say(&f.code, ".");
    pt_save(&f, path);
}

static void strides_of_zero(const char *d)
{
    put_pt(hostile_in(d, "a.pt"), 2, "I0\n(I5000\nI512\nI512\nt(I0\nI0\nI0\nt");
}

static void storage_without_end(const char *d)
{
    put_pt(hostile_in(d, "a.pt"), (size_t)1 << 40, "I0\n(I1000000\nI64\nI64\nt(I4096\nI64\nI1\nt");
}

static void storage_that_lies(const char *d)
{
    put_pt(hostile_in(d, "a.pt"), 1 << 22, "I0\n(I1024\nI64\nI64\nt(I4096\nI64\nI1\nt");
}

static void half_a_file(const char *d)
{
    char *data;
    size_t size;
    storage_that_lies(d);
    assert_ok(af_file_read(&data, &size, hostile_in(d, "a.pt"), MIB));
    hostile_put(hostile_in(d, "a.pt"), data, size / 2);
    af_free(data);
}

/* ---- forearms ---- */

static void readings_of_a_terabyte(const char *d)
{
    hostile_put_sparse(hostile_in(d, "A/classe_0.dat"), (off_t)1 << 40);
    hostile_put(hostile_in(d, "A/classe_7.dat"), "", 0);
    hostile_put(hostile_in(d, "A/classe_14.dat"), "", 0);
}

static void readings_cut_off(const char *d)
{
    hostile_put(hostile_in(d, "A/classe_0.dat"), "sixteen and more", 17);
    hostile_put(hostile_in(d, "A/classe_7.dat"), "", 0);
    hostile_put(hostile_in(d, "A/classe_14.dat"), "", 0);
}

static void frames_of_an_arm(const char *d)
{
    const hsize_t dims[] = {16, 1 << 28};
    hostile_put_mat73(hostile_in(d, "S1_E2_A1.mat"), "/emg", NULL, 2, dims);
}

static void frames_that_lie(const char *d)
{
    hostile_put_mat5(hostile_in(d, "S1_E2_A1.mat"));
}

static void half_a_header(const char *d)
{
    hostile_put(hostile_in(d, "S1_E2_A1.mat"), "MATLAB 5.0", 10);
}

static void labels_without_end(const char *d)
{
    static const char *const names[] = {"ninapro_train.npy", "label_train.npy",  "ninapro_val.npy",
                                        "label_val.npy",     "ninapro_test.npy", "label_test.npy"};
    for (size_t i = 0; i < LENGTH(names); i++)
        hostile_put_npy(hostile_in(d, names[i]), "<i8", i % 2 ? "(1000000000,)" : "(1, 52, 8)");
}

/* ---- sequences ---- */

static void sequences_without_end(const char *d)
{
    static const char *const names[][3] = {{"train.mat", "/trainxdata", "/traindata"},
                                           {"valid.mat", "/validxdata", "/validdata"},
                                           {"test.mat", "/testxdata", "/testdata"}};
    const hsize_t dims[] = {1000, 4, 1 << 28};
    for (size_t i = 0; i < LENGTH(names); i++)
        hostile_put_mat73(hostile_in(d, names[i][0]), names[i][1], names[i][2], 3, dims);
}

static void sequences_that_lie(const char *d)
{
    hostile_put_mat5(hostile_in(d, "train.mat"));
    hostile_put_mat5(hostile_in(d, "valid.mat"));
    hostile_put_mat5(hostile_in(d, "test.mat"));
}

/* ---- images ---- */

static void batches_of_zeros(const char *d)
{
    const member m[] = {{"cifar-10-batches-bin/data_batch_1.bin", NULL, 300}, {0}};
    hostile_put_archive(hostile_in(d, "c.tar.gz"), m);
}

static void batches_of_a_terabyte(const char *d)
{
    hostile_put_sparse(hostile_in(d, "cifar-10-batches-bin/data_batch_5.bin"), (off_t)1 << 40);
    hostile_put_sparse(hostile_in(d, "cifar-10-batches-bin/test_batch.bin"), 3073);
}

static void batches_cut_off(const char *d)
{
    hostile_put_sparse(hostile_in(d, "cifar-10-batches-bin/data_batch_1.bin"), 3072);
    hostile_put_sparse(hostile_in(d, "cifar-10-batches-bin/test_batch.bin"), 3073);
}

/* ---- less usual formats ---- */

static void pickle_of_a_terabyte(const char *d)
{
    hostile_put_sparse(hostile_in(d, "challenge2017.pkl"), (off_t)1 << 40);
}

static void pickle_that_lies(const char *d)
{
    hostile_put(hostile_in(d, "challenge2017.pkl"), "\x80\x02}X\xff\xff\xff\x7f....", 12);
}

static void pickle_that_runs(const char *d)
{
    static const char code[] = "cos\nsystem\n(S'touch /tmp/hostile-escaped'\ntR.";
    hostile_put(hostile_in(d, "challenge2017.pkl"), code, sizeof code - 1);
}

/* Frames as they should be. */
static void put_frames(const char *d)
{
    enum { BYTES = 3 * 128 * 128 * 4 };
    char name[64], *zeros = af_calloc(1, BYTES);
    assert_non_null(zeros);
    for (int visit = 0; visit < 3; visit++) {
        bytes b = {0};
        bytes_npy(&b, "<f4", "(3, 128, 128)", zeros, BYTES);
        snprintf(name, sizeof name, "npy_train/f435w/1/%d/1_a.npy", visit);
        bytes_save(&b, hostile_in(d, name));
        af_free(b.data);
    }
    af_free(zeros);
}

static void skies_that_lie(const char *d)
{
    put_frames(d);
    hostile_put_npy(hostile_in(d, "npy_train/f435w/1/1/sky.npy"), "<f8", "(100000000000, 1)");
}

static void skies_of_a_terabyte(const char *d)
{
    put_frames(d);
    hostile_put_sparse(hostile_in(d, "npy_train/f435w/1/1/sky.npy"), (off_t)1 << 40);
}

static const hostile_import imports[] = {
    {"darcy", "PyTorch, strides of 0", strides_of_zero, "a.pt", "a.pt", "this is a PyTorch file"},
    {"darcy", "PyTorch, huge storage", storage_without_end, "a.pt", "a.pt: data/0",
     "1099511627776 elements of 4 bytes, more than the 1073741824"},
    {"darcy", "PyTorch that lies", storage_that_lies, "a.pt", "a.pt: data/0",
     "has 8 bytes, want 4194304 elements of 4"},
    {"darcy", "PyTorch, truncated", half_a_file, "a.pt", "a.pt", "want piececonst"},
    {"ninapro", "Myo terabyte", readings_of_a_terabyte, "", "A/classe_0.dat",
     "larger than the 67108864 bytes"},
    {"ninapro", "Myo, truncated", readings_cut_off, "", "A/classe_0.dat", "17 bytes, want"},
    {"ninapro", "DB5, huge", frames_of_an_arm, "", "S1_E2_A1.mat", "at most 4000000 frames"},
    {"ninapro", "DB5 that lies", frames_that_lie, "", "S1_E2_A1.mat", "truncated"},
    {"ninapro", "DB5, truncated", half_a_header, "", "S1_E2_A1.mat", ""},
    {"ninapro", "labels that lie", labels_without_end, "", "label_train.npy", "bytes of elements"},
    {"deepsea", "MAT v7.3, huge", sequences_without_end, "", "train.mat", "268435456 sequences"},
    {"deepsea", "MAT v5 that lies", sequences_that_lie, "", "train.mat", "truncated"},
    {"cifar100", "CIFAR-10, tar.gz bomb", batches_of_zeros, "c.tar.gz",
     "c.tar.gz: member cifar-10-batches-bin/data_batch_1.bin", "larger than 201326592 bytes"},
    {"cifar100", "CIFAR-10, terabyte", batches_of_a_terabyte, "", "data_batch_5.bin",
     "larger than the 201326592 bytes"},
    {"cifar100", "CIFAR-10, truncated", batches_cut_off, "", "data_batch_1.bin",
     "3072 bytes, want a multiple of 3073"},
    {"ecg", "pickled terabyte", pickle_of_a_terabyte, "", "challenge2017.pkl", "larger than"},
    {"ecg", "pickle that lies", pickle_that_lies, "", "challenge2017.pkl", ""},
    {"ecg", "pickled code", pickle_that_runs, "", "challenge2017.pkl", "os.system"},
    {"cosmic", "sky.npy that lies", skies_that_lie, "", "sky.npy", "bytes of elements"},
    {"cosmic", "sky.npy, terabyte", skies_of_a_terabyte, "", "sky.npy", "larger than"},
};

static void imports_refuse(void **state)
{
    (void)state;
    hostile_imports(imports, LENGTH(imports));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_refuse),
    };
    return cmocka_run_group_tests(tests, hostile_begin, work_remove);
}
