/* Files that are made to harm: archives and gzip files that unpack to far more than they hold,
 * members that want to be written elsewhere, headers that claim terabytes, links that lead round in
 * a circle, code in pickles. Every importer and every reader of a user's own arrays gets them, in a
 * process whose memory is bounded. Each must be one error that names the file and says what is
 * wrong with it, soon, and leave nothing behind. */
#include "tests/aid/work.h"
#include <archive.h>
#include <archive_entry.h>
#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include "core/base/alloc.h"
#include "core/base/apart.h"
#include "core/base/log.h"
#include "core/data/dataset.h"
#include "core/registry.h"
#include "data-prep/own/own.h"
#include "tests/aid/arrays.h"

enum { MIB = 1 << 20, MOST_MIB = 512, SECONDS = 120 };

/* ---- writing what is hostile ---- */

static const char *in(const char *directory, const char *name)
{
    static char path[AF_PATH_MAX];
    char full[AF_PATH_MAX];
    assert_ok(af_path_format(path, "%s/%s/%s", work_dir, directory, name));
    snprintf(full, sizeof full, "%s", path);
    *strrchr(full, '/') = '\0';
    assert_ok(af_mkdirs(full));
    return path;
}

typedef struct member {
    const char *name, *link; /* a symbolic one; NULL: a file */
    size_t mib;              /* of zeros; 0: a few bytes */
} member;

static void put_archive(const char *path, const member *m)
{
    static const char zeros[MIB];
    struct archive *a = archive_write_new();
    if (!af_path_ends(path, ".tar.gz"))
        archive_write_set_format_zip(a);
    else
        archive_write_set_format_pax_restricted(a), archive_write_add_filter_gzip(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (; m->name; m++) {
        struct archive_entry *e = archive_entry_new();
        const size_t size = m->link ? 0 : m->mib ? m->mib * MIB : 8;
        archive_entry_set_pathname(e, m->name);
        archive_entry_set_filetype(e, m->link ? AE_IFLNK : AE_IFREG);
        if (m->link) archive_entry_set_symlink(e, m->link);
        archive_entry_set_perm(e, 0644);
        archive_entry_set_size(e, (la_int64_t)size);
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        for (size_t done = 0; done < size; done += MIB)
            assert_true(archive_write_data(a, zeros, size < MIB ? size : MIB) > 0);
        archive_entry_free(e);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

static void put_gzip(const char *path, const char *head, size_t mib)
{
    static const char zeros[MIB];
    gzFile f = gzopen(path, "wb1");
    assert_non_null(f);
    if (*head) assert_true(gzputs(f, head) > 0);
    for (size_t k = 0; k < mib; k++) assert_int_equal(gzwrite(f, zeros, MIB), MIB);
    assert_int_equal(gzclose(f), Z_OK);
}

static void put_npy(const char *path, const char *dtype, const char *shape)
{
    bytes b = {0};
    bytes_npy(&b, dtype, shape, "1234567", 8);
    bytes_save(&b, path);
    af_free(b.data);
}

static void put(const char *path, const void *data, size_t size)
{
    assert_ok(af_file_write(path, data, size));
}

/* A file of `size` bytes that takes no room. */
static void put_sparse(const char *path, off_t size)
{
    put(path, "", 0);
    assert_int_equal(truncate(path, size), 0);
}

/* One or two arrays of doubles that were never written. */
static void put_hdf5(const char *path, const char *name, const char *second, int rank,
                     const hsize_t *dims, bool chunks, hsize_t user_block)
{
    hsize_t chunk[3];
    for (int k = 0; k < rank; k++) chunk[k] = dims[k] < 256 ? dims[k] : 256;
    hid_t how = H5Pcreate(H5P_FILE_CREATE), plan = H5Pcreate(H5P_DATASET_CREATE);
    if (user_block) H5Pset_userblock(how, user_block);
    hid_t f = H5Fcreate(path, H5F_ACC_TRUNC, how, H5P_DEFAULT);
    if (chunks) H5Pset_chunk(plan, rank, chunk);
    if (chunks) H5Pset_deflate(plan, 9);
    hid_t space = H5Screate_simple(rank, dims, NULL);
    for (; name; name = second, second = NULL) {
        hid_t set = H5Dcreate2(f, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
        assert_true(set >= 0 && H5Dclose(set) >= 0);
    }
    H5Sclose(space), H5Pclose(plan), H5Pclose(how);
    assert_true(H5Fclose(f) >= 0);
}

/* ---- reading it, bounded ---- */

typedef struct outcome { /* shared with the process that reads */
    af_status status;
    char text[8192];
} outcome;

/* Bytes of this process: 0: addresses, 1: memory. */
static size_t occupied(int which)
{
    unsigned long pages[2];
    FILE *f = fopen("/proc/self/statm", "r");
    assert_true(f && fscanf(f, "%lu %lu", &pages[0], &pages[1]) == 2);
    fclose(f);
    return pages[which] * (size_t)sysconf(_SC_PAGESIZE);
}

#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

/* What fn(payload) returned and said, with the peak of memory beyond what there is now, in MiB. */
static outcome *bounded(long *peak, af_status (*fn)(const void *), const void *payload)
{
    outcome *o = af_apart_alloc(sizeof *o);
    struct rusage used;
    int status;
    assert_non_null(o);
    const size_t before = occupied(1);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct rlimit limit = {occupied(0) + (rlim_t)MOST_MIB * MIB, RLIM_INFINITY};
        if (!SANITIZED) setrlimit(RLIMIT_AS, &limit);
        for (int s = 1; s < NSIG; s++) signal(s, SIG_DFL);
        alarm(SECONDS);
        o->status = fn(payload);
        snprintf(o->text, sizeof o->text, "%s", af_error());
        _exit(0);
    }
    assert_int_equal(wait4(child, &status, 0, &used), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        fail_msg("ended by signal %d, exit code %d", WTERMSIG(status), WEXITSTATUS(status));
    *peak = used.ru_maxrss / 1024 - (long)(before / MIB);
    return o;
}

static void judge(const char *what, const outcome *o, long peak, const char *file, const char *says)
{
    if (o->status == AF_OK) fail_msg("%s: was taken", what);
    if (!strstr(o->text, file)) fail_msg("%s: \"%s\" does not name %s", what, o->text, file);
    if (!strstr(o->text, says)) fail_msg("%s: \"%s\" lacks \"%s\"", what, o->text, says);
    if (!SANITIZED && peak > MOST_MIB) fail_msg("%s: took %ld MiB", what, peak);
    if (getenv("AFIELD_SHOW")) print_message("  %-22s %4ld MiB  %s\n", what, peak, o->text);
}

/* ---- importers ---- */

static void zip_of_zeros(const char *d)
{
    const member m[] = {{"cifar-100-python/train", NULL, 300}, {0}};
    put_archive(in(d, "c.zip"), m);
}

static void tar_of_zeros(const char *d)
{
    const member m[] = {{"cifar-100-binary/train.bin", NULL, 300}, {0}};
    put_archive(in(d, "c.tar.gz"), m);
}

/* Members that would be written elsewhere, if anything were. */
static void climbing_members(const char *d)
{
    const member m[] = {{"../hostile-escaped", NULL, 0},
                        {"/tmp/hostile-escaped", NULL, 0},
                        {"../../cifar-100-python/train", NULL, 0},
                        {0}};
    put_archive(in(d, "c.tar.gz"), m);
    put_archive(in(d, "c.zip"), m);
}

static void linked_members(const char *d)
{
    const member m[] = {{"cifar-100-python/train", "/etc/passwd", 0},
                        {"cifar-100-python/test", "../../../etc/passwd", 0},
                        {0}};
    put_archive(in(d, "c.tar.gz"), m);
}

static void python_that_runs(const char *d)
{
    static const char code[] = "cos\nsystem\n(S'touch /tmp/hostile-escaped'\ntR.";
    put(in(d, "cifar-100-python/train"), code, sizeof code - 1);
}

static void recordings_of_zeros(const char *d)
{
    const member m[] = {{"training2017/A00001.mat", NULL, 64}, {0}};
    put_archive(in(d, "e.zip"), m);
}

/* A matrix of 4 x 2^31 - 1 in a file of 28 bytes. */
static void lying_mat4(const char *d)
{
    const int32_t head[] = {30, 4, INT32_MAX, 0, 4, 0x006c6176, 0};
    put(in(d, "A00001.mat"), head, sizeof head);
    put(in(d, "REFERENCE.csv"), "A00001,N\n", 9);
}

static void tables_of_zeros(const char *d)
{
    const member m[] = {{"FSD50K.ground_truth/vocabulary.csv", NULL, 300}, {0}};
    put_archive(in(d, "f.zip"), m);
}

/* A tree that contains itself, and nothing else. */
static void circle(const char *d)
{
    char path[AF_PATH_MAX];
    snprintf(path, sizeof path, "%s", in(d, "round"));
    assert_int_equal(symlink(".", path), 0);
}

static void sphere_of_zeros(const char *d)
{
    put_gzip(in(d, "s2_cifar100.gz"), "", 800);
}

/* Four gibibytes, says the end of a file of some hundred bytes. */
static void sphere_that_lies(const char *d)
{
    char *data;
    size_t size;
    put_gzip(in(d, "s2_cifar100.gz"), "abc", 0);
    assert_ok(af_file_read(&data, &size, in(d, "s2_cifar100.gz"), MIB));
    memset(data + size - 4, 0xff, 4);
    put(in(d, "s2_cifar100.gz"), data, size);
    af_free(data);
}

static void sequences_of_zeros(const char *d)
{
    const member m[] = {{"x_train.npy", NULL, 700}, {0}};
    put_archive(in(d, "deepsea_filtered.npz"), m);
}

static void windows_without_end(const char *d)
{
    static const char *const names[] = {"ninapro_train.npy", "label_train.npy",  "ninapro_val.npy",
                                        "label_val.npy",     "ninapro_test.npy", "label_test.npy"};
    for (size_t i = 0; i < LENGTH(names); i++)
        put_npy(in(d, names[i]), "<f8", "(1000000000, 52, 16)");
}

static void series_that_overflow(const char *d)
{
    put_npy(in(d, "Crop_TRAIN.npy"), "<f8", "(4294967296, 4294967296, 47)");
    put_npy(in(d, "Crop_TEST.npy"), "<f8", "(1, 47)");
}

static void series_of_a_terabyte(const char *d)
{
    put_sparse(in(d, "Crop_TRAIN.tsv"), (off_t)1 << 40);
    put(in(d, "Crop_TEST.tsv"), "1\t2\n", 4);
}

static void fields_without_end(const char *d)
{
    const hsize_t dims[] = {421, 421, 1 << 20};
    char *data, mark[128];
    size_t size;
    memset(mark, ' ', sizeof mark);
    memcpy(mark, "MATLAB 7.3 MAT-file", 19);
    memcpy(mark + 124, "\0\2IM", 4);
    put_hdf5(in(d, "piececonst_r421_N1024_smooth1.mat"), "/coeff", "/sol", 3, dims, true, 512);
    assert_ok(af_file_read(&data, &size, in(d, "piececonst_r421_N1024_smooth1.mat"), 64 * MIB));
    memcpy(data, mark, sizeof mark);
    put(in(d, "piececonst_r421_N1024_smooth1.mat"), data, size);
    put(in(d, "piececonst_r421_N1024_smooth2.mat"), data, size);
    af_free(data);
}

/* An array of 2^31 - 8 bytes, says the tag behind the header. */
static void fields_that_lie(const char *d)
{
    char file[256] = "MATLAB 5.0 MAT-file";
    const uint32_t tag[] = {14, 0x7ffffff8};
    memcpy(file + 124, "\0\1IM", 4);
    memcpy(file + 128, tag, sizeof tag);
    put(in(d, "piececonst_r421_N1024_smooth1.mat"), file, sizeof file);
    put(in(d, "piececonst_r421_N1024_smooth2.mat"), file, sizeof file);
}

static void proteins_elsewhere(const char *d)
{
    put(in(d, "names.lst"), "../../../etc/passwd\n", 20);
    put(in(d, "features/x.pkl"), "N.", 2);
}

static void proteins_that_lie(const char *d)
{
    for (int k = 0; k < 3; k++) {
        char name[64];
        snprintf(name, sizeof name, "features/p%d.pkl", k);
        put(in(d, name), "\x80\x02X\xff\xff\xff\x7f.", 8);
        snprintf(name, sizeof name, "distance/p%d-cb.npy", k);
        put_npy(in(d, name), "<f4", "(100000, 100000)");
    }
}

static void frames_without_end(const char *d)
{
    put_npy(in(d, "npy_train/f435w/1/2/a.npy"), "<f4", "(3, 60000, 60000)");
    put_npy(in(d, "npy_train/f435w/1/3/a.npy"), "<f4", "(3, 60000, 60000)");
    put_npy(in(d, "npy_train/f435w/1/4/a.npy"), "<f4", "(3, 60000, 60000)");
}

/* 2^31 - 1 squared pixels in a file of one block. */
static void skies_without_end(const char *d)
{
    char block[2880];
    memset(block, ' ', sizeof block);
    static const char *const cards[] = {
        "SIMPLE  =                    T", "BITPIX  =                  -64",
        "NAXIS   =                    2", "NAXIS1  =           2147483647",
        "NAXIS2  =           2147483647", "END"};
    for (size_t i = 0; i < LENGTH(cards); i++) memcpy(block + 80 * i, cards[i], strlen(cards[i]));
    for (char name[] = "a.fits", mask[] = "a_mask.fits"; *name < 'd'; ++*name, ++*mask) {
        put(in(d, name), block, sizeof block);
        put(in(d, mask), block, sizeof block);
    }
}

static const struct import {
    const char *task, *what;
    void (*make)(const char *directory);
    const char *source; /* below the directory; "": the directory */
    const char *file, *says;
} imports[] = {
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

static af_status import(const void *payload)
{
    const af_prep_request *r = payload;
    return af_find_prep(r->task->name)->import(r);
}

static void imports_refuse(void **state)
{
    (void)state;
    char out[AF_PATH_MAX], directory[64], source[AF_PATH_MAX], what[64];
    snprintf(out, sizeof out, "%s", work_at("out"));
    assert_ok(af_mkdirs(out));
    for (size_t i = 0; i < LENGTH(imports); i++) {
        const struct import *c = &imports[i];
        char **left;
        size_t count;
        long peak;
        snprintf(directory, sizeof directory, "%zu %s", i, c->what);
        snprintf(what, sizeof what, "%s, %s", c->task, c->what);
        c->make(directory);
        snprintf(source, sizeof source, "%s", in(directory, c->source));
        if (!*c->source) source[strlen(source) - 1] = '\0';
        const size_t entries = work_entries();
        const af_prep_request r = {
            .task = af_find_task(c->task), .size = AF_FULL, .source = source, .directory = out};
        outcome *o = bounded(&peak, import, &r);
        judge(what, o, peak, c->file, c->says);
        af_apart_free(o, sizeof *o);
        assert_ok(af_dir_list(&left, &count, out));
        if (count) fail_msg("%s: left %s", what, left[0]);
        af_free(left);
        assert_int_equal(work_entries(), entries);
        assert_false(af_file_exists("/tmp/hostile-escaped"));
    }
    for (size_t k = 0; af_builtin.prep[k]; k++) { /* none is left out */
        bool tried = false;
        for (size_t i = 0; i < LENGTH(imports); i++)
            tried |= !strcmp(imports[i].task, af_builtin.prep[k]->name);
        if (!tried) fail_msg("nothing hostile for %s", af_builtin.prep[k]->name);
    }
}

/* ---- a user's own arrays ---- */

static void own_files(void)
{
    const hsize_t wide[] = {1 << 20, 1 << 20, 1 << 10}, flat[] = {1 << 20, 1 << 14};
    const member zeros[] = {{"x.npy", NULL, 900}, {0}};
    static const char code[] = "cos\nsystem\n(S'touch /tmp/hostile-escaped'\ntR.";
    bytes b = {0};
    char *data;
    size_t size;
    put(in("own", "y.csv"), "0\n1\n0\n1\n", 8);
    put(in("own", "huge.idx"), "\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff-", 17);
    put(in("own", "short.idx"),
        "\0\0\x0d\x01\0\0\0\x09"
        "123",
        11);
    put_npy(in("own", "huge.npy"), "<f4", "(1000000000, 1000)");
    put_npy(in("own", "overflow.npy"), "<f4", "(4294967296, 4294967296, 4294967296)");
    bytes_npy(&b, "|O", "(2,)", code, sizeof code - 1);
    bytes_save(&b, in("own", "code.npy"));
    af_free(b.data);
    put_gzip(in("own", "bomb.csv.gz"), "1,2\n", 900);
    put_archive(in("own", "bomb.npz"), zeros);
    put_hdf5(in("own", "chunks.h5"), "/x", NULL, 3, wide, true, 0);
    put_hdf5(in("own", "flat.h5"), "/x", NULL, 2, flat, false, 0);
    assert_ok(af_file_read(&data, &size, in("own", "flat.h5"), MIB));
    put(in("own", "half.h5"), data, size / 2);
    af_free(data);
    put_sparse(in("own", "terabyte.csv"), (off_t)1 << 40);
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
    snprintf(path, sizeof path, "%s", in("own", "own.yaml"));
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
        outcome *o = bounded(&peak, import_own, &own_cases[i]);
        judge(own_cases[i].file, o, peak, own_cases[i].file, own_cases[i].says);
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

static int begin(void **state)
{
    af_log_set(AF_LOG_ERROR);
    af_hdf5_quiet();
    return work_make(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_refuse),
        cmocka_unit_test(own_arrays_refuse),
        cmocka_unit_test(a_crash_is_an_error),
    };
    return cmocka_run_group_tests(tests, begin, work_remove);
}
