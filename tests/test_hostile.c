/* Importers get files that are made to harm: archives and gzip files that unpack to far more than
 * they hold, members that want to be written elsewhere, headers that claim terabytes, links that
 * lead round in a circle, code in pickles. Each must be one error that names the file and says what
 * is wrong with it, soon and in bounded memory, and leave nothing behind. */
#include "tests/aid/hostile.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/data/dataset.h"
#include "core/registry.h"

static void zip_of_zeros(const char *d)
{
    const member m[] = {{"cifar-100-python/train", NULL, 300}, {0}};
    hostile_put_archive(hostile_in(d, "c.zip"), m);
}

static void tar_of_zeros(const char *d)
{
    const member m[] = {{"cifar-100-binary/train.bin", NULL, 300}, {0}};
    hostile_put_archive(hostile_in(d, "c.tar.gz"), m);
}

/* Members that would be written elsewhere, if anything were. */
static void climbing_members(const char *d)
{
    const member m[] = {{"../hostile-escaped", NULL, 0},
                        {"/tmp/hostile-escaped", NULL, 0},
                        {"../../cifar-100-python/train", NULL, 0},
                        {0}};
    hostile_put_archive(hostile_in(d, "c.tar.gz"), m);
    hostile_put_archive(hostile_in(d, "c.zip"), m);
}

static void linked_members(const char *d)
{
    const member m[] = {{"cifar-100-python/train", "/etc/passwd", 0},
                        {"cifar-100-python/test", "../../../etc/passwd", 0},
                        {0}};
    hostile_put_archive(hostile_in(d, "c.tar.gz"), m);
}

static void python_that_runs(const char *d)
{
    static const char code[] = "cos\nsystem\n(S'touch /tmp/hostile-escaped'\ntR.";
    hostile_put(hostile_in(d, "cifar-100-python/train"), code, sizeof code - 1);
}

static void recordings_of_zeros(const char *d)
{
    const member m[] = {{"training2017/A00001.mat", NULL, 64}, {0}};
    hostile_put_archive(hostile_in(d, "e.zip"), m);
}

/* A matrix of 4 x 2^31 - 1 in a file of 28 bytes. */
static void lying_mat4(const char *d)
{
    const int32_t head[] = {30, 4, INT32_MAX, 0, 4, 0x006c6176, 0};
    hostile_put(hostile_in(d, "A00001.mat"), head, sizeof head);
    hostile_put(hostile_in(d, "REFERENCE.csv"), "A00001,N\n", 9);
}

static void tables_of_zeros(const char *d)
{
    const member m[] = {{"FSD50K.ground_truth/vocabulary.csv", NULL, 300}, {0}};
    hostile_put_archive(hostile_in(d, "f.zip"), m);
}

/* A sound of 1 GiB in a file of 48 bytes. */
static void lying_sound(const char *d)
{
    static const char wav[] =
        "RIFF\xf8\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0"
        "\2\0\x10\0data\xf0\xff\xff\x3f\0\0\0";
    static const char dev[] = "fname,labels,mids,split\n1,L0,/m/0,train\n2,L1,/m/1,val\n",
                      eval[] = "fname,labels,mids\n3,L0,/m/0\n";
    char words[200 * 24] = "";
    for (int k = 0; k < 200; k++) sprintf(words + strlen(words), "%d,L%d,/m/%d\n", k, k, k);
    hostile_put(hostile_in(d, "FSD50K.ground_truth/vocabulary.csv"), words, strlen(words));
    hostile_put(hostile_in(d, "FSD50K.ground_truth/dev.csv"), dev, strlen(dev));
    hostile_put(hostile_in(d, "FSD50K.ground_truth/eval.csv"), eval, strlen(eval));
    hostile_put(hostile_in(d, "FSD50K.dev_audio/1.wav"), wav, sizeof wav);
    hostile_put(hostile_in(d, "FSD50K.dev_audio/2.wav"), wav, sizeof wav);
    hostile_put(hostile_in(d, "FSD50K.eval_audio/3.wav"), wav, sizeof wav);
}

/* A tree that contains itself, and nothing else. */
static void circle(const char *d)
{
    char path[AF_PATH_MAX];
    snprintf(path, sizeof path, "%s", hostile_in(d, "round"));
    assert_int_equal(symlink(".", path), 0);
}

static void sphere_of_zeros(const char *d)
{
    hostile_put_gzip(hostile_in(d, "s2_cifar100.gz"), "", 800);
}

/* Four gibibytes, says the end of a file of some hundred bytes. */
static void sphere_that_lies(const char *d)
{
    char *data;
    size_t size;
    hostile_put_gzip(hostile_in(d, "s2_cifar100.gz"), "abc", 0);
    assert_ok(af_file_read(&data, &size, hostile_in(d, "s2_cifar100.gz"), MIB));
    memset(data + size - 4, 0xff, 4);
    hostile_put(hostile_in(d, "s2_cifar100.gz"), data, size);
    af_free(data);
}

static void sequences_of_zeros(const char *d)
{
    const member m[] = {{"x_train.npy", NULL, 700}, {0}};
    hostile_put_archive(hostile_in(d, "deepsea_filtered.npz"), m);
}

static void windows_without_end(const char *d)
{
    static const char *const names[] = {"ninapro_train.npy", "label_train.npy",  "ninapro_val.npy",
                                        "label_val.npy",     "ninapro_test.npy", "label_test.npy"};
    for (size_t i = 0; i < LENGTH(names); i++)
        hostile_put_npy(hostile_in(d, names[i]), "<f8", i % 2 ? "(1,)" : "(1000000000, 52, 16)");
}

static void series_that_overflow(const char *d)
{
    hostile_put_npy(hostile_in(d, "Crop_TRAIN.npy"), "<f8", "(4294967296, 4294967296, 47)");
    hostile_put_npy(hostile_in(d, "Crop_TEST.npy"), "<f8", "(1, 47)");
}

static void series_of_a_terabyte(const char *d)
{
    hostile_put_sparse(hostile_in(d, "Crop_TRAIN.tsv"), (off_t)1 << 40);
    hostile_put(hostile_in(d, "Crop_TEST.tsv"), "1\t2\n", 4);
}

static void fields_without_end(const char *d)
{
    const hsize_t dims[] = {421, 421, 1 << 20};
    hostile_put_mat73(hostile_in(d, "piececonst_r421_N1024_smooth1.mat"), "/coeff", "/sol", 3,
                      dims);
    hostile_put_mat73(hostile_in(d, "piececonst_r421_N1024_smooth2.mat"), "/coeff", "/sol", 3,
                      dims);
}

static void fields_that_lie(const char *d)
{
    hostile_put_mat5(hostile_in(d, "piececonst_r421_N1024_smooth1.mat"));
    hostile_put_mat5(hostile_in(d, "piececonst_r421_N1024_smooth2.mat"));
}

static void proteins_elsewhere(const char *d)
{
    hostile_put(hostile_in(d, "names.lst"), "../../../etc/passwd\n", 20);
    hostile_put(hostile_in(d, "features/x.pkl"), "N.", 2);
}

static void proteins_that_lie(const char *d)
{
    for (int k = 0; k < 3; k++) {
        char name[64];
        snprintf(name, sizeof name, "features/p%d.pkl", k);
        hostile_put(hostile_in(d, name), "\x80\x02X\xff\xff\xff\x7f.", 8);
        snprintf(name, sizeof name, "distance/p%d-cb.npy", k);
        hostile_put_npy(hostile_in(d, name), "<f4", "(100000, 100000)");
    }
}

static void frames_without_end(const char *d)
{
    hostile_put_npy(hostile_in(d, "npy_train/f435w/1/2/a.npy"), "<f4", "(3, 60000, 60000)");
    hostile_put_npy(hostile_in(d, "npy_train/f435w/1/3/a.npy"), "<f4", "(3, 60000, 60000)");
    hostile_put_npy(hostile_in(d, "npy_train/f435w/1/4/a.npy"), "<f4", "(3, 60000, 60000)");
}

/* 60000 squared pixels in a file of one block. */
static void skies_without_end(const char *d)
{
    char block[2880];
    memset(block, ' ', sizeof block);
    static const char *const cards[] = {
        "SIMPLE  =                    T", "BITPIX  =                  -64",
        "NAXIS   =                    2", "NAXIS1  =                60000",
        "NAXIS2  =                60000", "END"};
    for (size_t i = 0; i < LENGTH(cards); i++) memcpy(block + 80 * i, cards[i], strlen(cards[i]));
    for (char name[] = "a.fits", mask[] = "a_mask.fits"; *name < 'd'; ++*name, ++*mask) {
        hostile_put(hostile_in(d, name), block, sizeof block);
        hostile_put(hostile_in(d, mask), block, sizeof block);
    }
}

static const hostile_import imports[] = {
    {"cifar100", "zip bomb", zip_of_zeros, "c.zip", "c.zip: member cifar-100-python/train",
     "larger than 201326592 bytes"},
    {"cifar100", "tar.gz bomb", tar_of_zeros, "c.tar.gz", "c.tar.gz: member cifar-100-binary/train",
     "larger than 201326592 bytes"},
    {"cifar100", "tar that climbs", climbing_members, "c.tar.gz", "c.tar.gz", "cifar-100-python"},
    {"cifar100", "zip that climbs", climbing_members, "c.zip", "c.zip", "cifar-100-python"},
    {"cifar100", "links in a tar", linked_members, "c.tar.gz", "c.tar.gz", "cifar-100-python"},
    {"cifar100", "pickled code", python_that_runs, "", "cifar-100-python/train", "os.system"},
    {"ecg", "zip bomb", recordings_of_zeros, "e.zip", "e.zip: member training2017/A00001.mat",
     "larger than 1048576 bytes"},
    {"ecg", "MAT v4 that lies", lying_mat4, "", "A00001.mat", ""},
    {"fsd50k", "zip bomb", tables_of_zeros, "f.zip", "f.zip: member FSD50K.ground_truth/vocabul",
     "larger than 268435456 bytes"},
    {"fsd50k", "WAV that lies", lying_sound, "", ".wav", "its header says 1073741808"},
    {"fsd50k", "circle of links", circle, "", "circle of links", ""},
    {"ninapro", "circle of links", circle, "", "circle of links", "want NAS-Bench-360's"},
    {"spherical", "gzip bomb", sphere_of_zeros, "s2_cifar100.gz", "s2_cifar100.gz",
     "out of memory"},
    {"spherical", "gzip that lies", sphere_that_lies, "", "s2_cifar100.gz",
     "incorrect length check"},
    {"deepsea", "npz bomb", sequences_of_zeros, "", "deepsea_filtered.npz: x_train",
     "out of memory"},
    {"ninapro", "npy that lies", windows_without_end, "", "ninapro_train.npy",
     "8 bytes of elements, want 832000000000 of 8 each"},
    {"satellite", "npy that overflows", series_that_overflow, "", "Crop_TRAIN.npy",
     "impossible extent 4294967296"},
    {"satellite", "sparse terabyte", series_of_a_terabyte, "", "Crop_TRAIN.tsv",
     "larger than the 1073741824 bytes"},
    {"darcy", "MAT v7.3, huge", fields_without_end, "", "smooth1.mat", ""},
    {"darcy", "MAT v5 that lies", fields_that_lie, "", "smooth1.mat", "truncated"},
    {"psicov", "names that climb", proteins_elsewhere, "", "names.lst", ""},
    {"psicov", "npy that lies", proteins_that_lie, "", "distance/p0-cb.npy", "bytes of elements"},
    {"cosmic", "npy that lies", frames_without_end, "", "a.npy", "bytes of elements"},
    {"cosmic", "FITS that lies", skies_without_end, "", "a.fits", ""},
};

static void imports_refuse(void **state)
{
    (void)state;
    hostile_imports(imports, LENGTH(imports));
    for (size_t k = 0; af_builtin.prep[k]; k++) { /* none is left out */
        bool tried = false;
        for (size_t i = 0; i < LENGTH(imports); i++)
            tried |= !strcmp(imports[i].task, af_builtin.prep[k]->name);
        if (!tried) fail_msg("nothing hostile for %s", af_builtin.prep[k]->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_refuse),
    };
    return cmocka_run_group_tests(tests, hostile_begin, work_remove);
}
