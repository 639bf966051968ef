/* Every importer and everything that lies in AFIELD_TESTDATA: what is imported, as what and how
 * much of it, and which words a refusal must have. `test_imports --table` prints what came of each
 * row. Paths that are wrong in themselves need no data. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/registry.h"
#include "tests/aid/variant.h"

typedef struct row {
    const char *task, *path; /* below AFIELD_TESTDATA */
    const char *provenance;  /* NULL: refused */
    int64_t n[AF_SPLITS];    /* samples, protocol clean, tiny */
    int classes;             /* with a sample in any split; 0: no labels */
    const char *says;        /* of a refusal; else the variant's name, or NULL */
} row;

static const row rows[] = {
    {"cifar100", "cifar100", NULL, {0}, 0, "are both in it; name one"},
    {"cifar100", "cifar100/cifar-100-binary", "partial", {24, 6, 18}, 35, NULL},
    {"cifar100", "cifar100/cifar-100-python", "partial", {24, 6, 18}, 35, NULL},
    {"cifar100", "cifar100/cifar-100-binary/train.bin", NULL, {0}, 0, "a part of CIFAR-100"},
    {"cifar100", "cifar100/cifar-100-python/train", NULL, {0}, 0, "a part of CIFAR-100"},
    {"spherical", "cifar100", NULL, {0}, 0, "are both in it; name one"},
    {"spherical", "cifar100/cifar-100-binary", "partial", {24, 6, 18}, 35, NULL},
    {"spherical", "cifar100/cifar-100-python", "partial", {24, 6, 18}, 35, NULL},
    {"ninapro", "semg/nb360", "own", {612, 153, 153}, 7, "ninapro_myo"},
    {"ninapro", "semg", "own", {612, 153, 153}, 7, "ninapro_myo"},
    {"ninapro", "semg/myo", "own", {612, 153, 153}, 7, "ninapro_myo"},
    {"ninapro", "semg/nb360/ninapro_train.npy", NULL, {0}, 0, "all six in one directory"},
    {"fsd50k", "audio_fsd50k", "partial", {140, 40, 40}, 23, NULL},
    {"fsd50k", "audio_fsd50k/FSD50K.dev_audio", NULL, {0}, 0, "holds 90 WAV sounds"},
    {"fsd50k", "audio_fsd50k/FSD50K.ground_truth", NULL, {0}, 0, "no train clip"},
    {"fsd50k", "audio_fsd50k/FSD50K.ground_truth/dev.csv", NULL, {0}, 0, "this is a table (CSV)"},
    {"fsd50k", "audio_fsd50k/full_length", NULL, {0}, 0, "holds a WAV sound (1-17367-A.wav)"},
    {"fsd50k", "audio_fsd50k/full_length/1-17367-A.wav", NULL, {0}, 0, "this is a WAV sound"},
    {"darcy", "darcy", NULL, {0}, 0, "a MATLAB file of version 5"},
    {"darcy", "darcy/piececonst_r421_N3_v5.mat", "partial", {1, 1, 1}, 0, NULL},
    {"darcy", "darcy/piececonst_r85_N120_v73.mat", "partial", {96, 12, 12}, 0, NULL},
    {"darcy", "darcy/neuralop_pt", "own", {108, 12, 48}, 0, "darcy_16"},
    {"darcy", "darcy/neuralop_pt/darcy_train_16.pt", "own", {136, 16, 16}, 0, "darcy_16"},
    {"darcy", "darcy/neuralop_pt/darcy_test_16.pt", "own", {40, 5, 5}, 0, "darcy_16"},
    {"psicov", "psicov", NULL, {0}, 0, "want deepcov.lst, psicov.lst"},
    {"psicov", "psicov/pdnet", "partial", {64, 25, 32}, 0, NULL},
    {"psicov", "psicov/pdnet/features", NULL, {0}, 0, "a directory that has features/ID.pkl"},
    {"psicov", "psicov/pdnet/features/1aqtA.pkl", NULL, {0}, 0, "a dict: seq, ss, pssm, sa"},
    {"psicov", "psicov/pdnet/distance/1aqtA-cb.npy", NULL, {0}, 0, "array of Python objects"},
    {"psicov", "psicov/pdnet/train.lst", NULL, {0}, 0, "this is a text"},
    {"psicov", "psicov/pdb", NULL, {0}, 0, "holds 20 protein structures (PDB)"},
    {"psicov", "psicov/pdb/1aqtA.pdb", NULL, {0}, 0, "this is a protein structure (PDB)"},
    {"psicov", "psicov/aln", NULL, {0}, 0, "holds 20 alignments of sequences"},
    {"psicov", "psicov/aln/1aqtA.aln", NULL, {0}, 0, "this is an alignment of sequences"},
    {"psicov", "psicov/fasta", NULL, {0}, 0, "holds 20 files of sequences (FASTA)"},
    {"psicov", "psicov/fasta/1aqtA.fasta", NULL, {0}, 0, "this is a file of sequences (FASTA)"},
    {"psicov", "psicov/realdist_1guuA", NULL, {0}, 0, "but without ss, pssm, sa"},
    {"psicov", "psicov/realdist_1guuA/1guuA.pkl", NULL, {0}, 0, "but without ss, pssm, sa"},
    {"cosmic", "cosmic", "partial", {64, 16, 48}, 0, NULL},
    {"cosmic", "cosmic/decam", "partial", {64, 24, 16}, 0, NULL},
    {"cosmic", "cosmic/nb360", NULL, {0}, 0, "frames of 1 visits"},
    {"cosmic", "cosmic/algorithmic_mask", NULL, {0}, 0, "frames of 1 visits"},
    {"cosmic", "cosmic/algorithmic_mask/hsc_crs.fits", NULL, {0}, 0, "this is a FITS image"},
    {"cosmic",
     "cosmic/nb360/npy_train/f435w/10595/2/5_hsc_crs.npy",
     NULL,
     {0},
     0,
     "a NumPy array, <f4 (3, 300, 300)"},
    {"ecg", "ecg", NULL, {0}, 0, "300 WFDB headers (cinc2017_validation/A00001.hea ...)"},
    {"ecg", "ecg/cinc2017_validation", "partial", {720, 90, 90}, 4, NULL},
    {"ecg", "ecg/cinc2017_full", NULL, {0}, 0, "holds an archive (training2017.tar.xz)"},
    {"ecg", "ecg/nb360", "partial", {352, 48, 48}, 4, NULL},
    {"ecg", "ecg/nb360/challenge2017.pkl", "partial", {352, 48, 48}, 4, NULL},
    {"ecg", "ecg/cinc2017_validation/A00001.mat", NULL, {0}, 0, "MATLAB file of version 4"},
    {"ecg", "ecg/cinc2017_validation/A00001.hea", NULL, {0}, 0, "this is a WFDB header"},
    {"ecg", "ecg/cinc2017_validation/REFERENCE.csv", NULL, {0}, 0, "this is a table (CSV)"},
    {"satellite", "satellite", NULL, {0}, 0, "3 NumPy arrays (crop/"},
    {"satellite", "satellite/crop", "partial", {1200, 360, 720}, 24, NULL},
    {"satellite", "satellite/nb360", "partial", {1200, 360, 720}, 24, NULL},
    {"satellite", "satellite/nb360/satellite_train.npy", NULL, {0}, 0, "in a directory"},
    {"satellite", "satellite/crop/Crop_TRAIN.npy", NULL, {0}, 0, "<f4 (4607, 47)"},
    {"satellite", "satellite/crop/Crop_VALIDATION.tsv", NULL, {0}, 0, "this is a table (CSV)"},
    {"deepsea", "deepsea/nb360", "partial", {80, 25, 76}, 8, NULL},
    {"deepsea", "deepsea/nb360/deepsea_filtered.npz", "partial", {80, 25, 76}, 8, NULL},
    {"deepsea", "deepsea", NULL, {0}, 0, "deepsea_filtered.npz"},
    {"deepsea", "deepsea/deepsea_mat", "own", {80, 25, 76}, 8, "deepsea_58"},
    {"deepsea", "deepsea/deepsea_mat/train.mat", NULL, {0}, 0, "58 targets"},
    {"deepsea", "deepsea/deepsea_mat/test.mat", NULL, {0}, 0, "58 targets"},
    {"deepsea", "deepsea/danqplant", NULL, {0}, 0, "FASTA with 1024 bases"},
    {"deepsea", "deepsea/danqplant/sample_test_data.fa", NULL, {0}, 0, "FASTA with 1024 bases"},
    {"deepsea", "deepsea/chipseq_seqgz", NULL, {0}, 0, "a ChIP-seq table"},
    {"deepsea",
     "deepsea/chipseq_seqgz/SRF_H1-hESC_SRF_HudsonAlpha_B.seq.gz",
     NULL,
     {0},
     0,
     "a ChIP-seq table"},
    {"deepsea", "deepsea/clipseq_fagz", NULL, {0}, 0, "deepsea_filtered.npz"},
    {"deepsea", "deepsea/clipseq_fagz/24_PARCLIP_QKI_hg19", NULL, {0}, 0, "one class"},
    {"deepsea",
     "deepsea/clipseq_fagz/24_PARCLIP_QKI_hg19/test_sequences.fa.gz",
     NULL,
     {0},
     0,
     "one class"},
    /* of other kinds altogether */
    {"cifar100", "cifar10", "own", {800, 200, 250}, 10, "cifar10"},
    {"cifar100", "cifar10/cifar-10-batches-bin", "own", {800, 200, 250}, 10, "cifar10"},
    {"cifar100", "cifar10/cifar-10-batches-bin/data_batch_1.bin", NULL, {0}, 0, "of CIFAR-10"},
    {"cifar100", "mnist", NULL, {0}, 0, "4 idx arrays, the format of MNIST"},
    {"cifar100",
     "mnist/train-images-idx3-ubyte.gz",
     NULL,
     {0},
     0,
     "5000 x 28 x 28 (`afield data i"},
    {"cifar100", "fashion_mnist", NULL, {0}, 0, "`afield data import-own` reads these"},
    {"cifar100", "medmnist/pneumoniamnist.npz", NULL, {0}, 0, "train_images, val_images"},
    {"cifar100", "vision_camvid", NULL, {0}, 0, "holds 26 PNG images (CamVid/test/"},
    {"spherical", "cifar10", NULL, {0}, 0, "CIFAR-10; this task projects CIFAR-100"},
    {"spherical", "mnist/train-images-idx3-ubyte.gz", NULL, {0}, 0, "an idx array"},
    {"darcy", "deepsea/deepsea_mat/train.mat", NULL, {0}, 0, "no variable 'coeff'"},
    {"darcy", "mnist", NULL, {0}, 0, "4 idx arrays, the format of MNIST"},
    {"ecg", "darcy", NULL, {0}, 0, "a MATLAB file of version 5"},
    {"ecg", "medmnist", NULL, {0}, 0, "holds a .npz file of NumPy arrays"},
    {"cosmic", "vision_camvid/CamVid/test", NULL, {0}, 0, "holds 3 PNG images"},
    {"fsd50k", "mnist", NULL, {0}, 0, "4 idx arrays, the format of MNIST"},
    {"fsd50k",
     "ecg/nb360/challenge2017.pkl",
     NULL,
     {0},
     0,
     "a Python pickle of a dict: data, label"},
    {"satellite", "semg/nb360", NULL, {0}, 0, "6 NumPy arrays"},
    {"psicov", "deepsea/danqplant", NULL, {0}, 0, "2 files of sequences (FASTA)"},
    {"satellite", "README.md", NULL, {0}, 0, "this is a text"},
};

static bool table;
static int differ; /* rows whose numbers are others than the table's */

/* ---- what was imported ---- */

typedef struct sets {
    af_dataset *main, *test;
} sets;

static const af_dataset *part_of(const sets *s, int split)
{
    return split == AF_TEST ? s->test : s->main;
}

static int count_classes(const sets *s, const af_task *task)
{
    bool seen[256] = {false};
    int count = 0;
    if (task->objective > AF_MULTI_LABEL) return 0;
    for (int split = 0; split < AF_SPLITS; split++) {
        const af_dataset *d = part_of(s, split);
        const af_indices *in = &d->split[AF_CLEAN][split];
        for (int64_t k = 0; k < in->count; k++) {
            const float *many = (const float *)d->y + in->i[k] * d->output.c;
            if (!d->dense) seen[((const int32_t *)d->y)[in->i[k]]] = true;
            for (int c = 0; d->dense && c < d->output.c; c++) seen[c] = seen[c] || many[c] > 0;
        }
    }
    for (size_t c = 0; c < LENGTH(seen); c++) count += seen[c];
    return count;
}

typedef struct place { /* where a group or an id is */
    const char *id;
    int32_t group;
    int split;
} place;

static int by_group(const void *a, const void *b)
{
    const place *x = a, *y = b;
    return (x->group > y->group) - (x->group < y->group);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const place *)a)->id, ((const place *)b)->id);
}

/* No group and no name in two splits, and no name twice. */
static void assert_apart(const sets *s)
{
    place *list = af_calloc((size_t)(s->main->n + s->test->n), sizeof *list);
    size_t n = 0;
    for (int split = 0; split < AF_SPLITS; split++) {
        const af_dataset *d = part_of(s, split);
        const af_indices *in = &d->split[AF_CLEAN][split];
        for (int64_t k = 0; k < in->count; k++)
            list[n++] =
                (place){d->ids + in->i[k] * AF_ID_MAX, d->group ? d->group[in->i[k]] : -1, split};
    }
    qsort(list, n, sizeof *list, by_group);
    for (size_t k = 1; k < n; k++)
        if (list[k].group >= 0 && list[k].group == list[k - 1].group)
            assert_int_equal(list[k].split, list[k - 1].split);
    qsort(list, n, sizeof *list, by_id);
    for (size_t k = 1; k < n; k++) assert_string_not_equal(list[k].id, list[k - 1].id);
    af_free(list);
}

static void check_imported(const row *r, const af_task *task, const char *directory)
{
    sets s;
    assert_ok(af_dataset_open(&s.main, directory, task, AF_MAIN));
    assert_ok(af_dataset_open(&s.test, directory, task, AF_HELD_OUT));
    assert_ok(af_dataset_verify(s.main));
    assert_ok(af_dataset_verify(s.test));
    assert_ok(af_dataset_match(s.main, s.test));
    const int classes = count_classes(&s, task);
    if (table) {
        print_message("    %s, %s", task->name, s.main->provenance);
        for (int split = 0; split < AF_SPLITS; split++)
            print_message(" %lld", (long long)part_of(&s, split)->split[AF_CLEAN][split].count);
        print_message(", %d classes, %.64s to %.64s, test %.64s to %.64s\n", classes, s.main->ids,
                      s.main->ids + (s.main->n - 1) * AF_ID_MAX, s.test->ids,
                      s.test->ids + (s.test->n - 1) * AF_ID_MAX);
    }
    assert_string_equal(s.main->provenance, r->provenance);
    assert_apart(&s);
    bool same = classes == r->classes;
    for (int split = 0; split < AF_SPLITS; split++)
        same = same && part_of(&s, split)->split[AF_CLEAN][split].count == r->n[split];
    if (!same) differ++;
    if (!same)
        print_error("%s %s: {%lld, %lld, %lld}, %d\n", r->task, r->path,
                    (long long)part_of(&s, 0)->split[AF_CLEAN][0].count,
                    (long long)part_of(&s, 1)->split[AF_CLEAN][1].count,
                    (long long)part_of(&s, 2)->split[AF_CLEAN][2].count, classes);
    af_dataset_close(s.main);
    af_dataset_close(s.test);
}

/* ---- the rows ---- */

static const char *raw(char path[AF_PATH_MAX], const char *name)
{
    const char *root = getenv("AFIELD_TESTDATA");
    if (!root || !*root) return NULL;
    assert_ok(af_path_format(path, "%s/%s", root, name));
    return path;
}

/* A refusal names the path and says what would be right; where there is nothing, that is enough. */
static void assert_refused(af_status st, const char *task, const char *path)
{
    static const char *const words[] = {"want", "import", "name ", "no such file", "No such file"};
    bool wants = false;
    if (st != AF_EFORMAT && st != AF_ENOTFOUND && st != AF_EUNSUPPORTED)
        fail_msg("%s: %s: %s: %s", task, path, af_status_name(st), st ? af_error() : "imported");
    assert_says(path);
    for (size_t i = 0; i < LENGTH(words); i++) wants = wants || strstr(af_error(), words[i]);
    if (!wants) fail_msg("%s: \"%s\" does not say what is wanted", task, af_error());
    assert_null(strchr(af_error(), '\n'));
}

static void run_row(const row *r, const char *path, const char *directory)
{
    const af_prep *prep = af_find_prep(r->task);
    const af_task *task = af_find_task(r->task);
    af_prep_request q = {task, AF_TINY, path, 0, directory};
    af_own *own = NULL;
    af_variant v = {.name = ""};
    af_status st = prep->variant ? prep->variant(&v, &q) : AF_OK;
    if (st == AF_OK && *v.name) {
        own = variant_task(&v, task, AF_TINY);
        q.task = &own->task;
    }
    if (st == AF_OK) st = prep->import(&q);
    if (!r->provenance) {
        if (table && st != AF_OK) print_message("    %s\n", af_error());
        assert_refused(st, r->task, path);
        assert_says(r->says);
    } else {
        if (st != AF_OK) fail_msg("%s", af_error());
        assert_string_equal(v.name, r->says ? r->says : "");
        check_imported(r, q.task, directory);
    }
    af_own_free(own);
}

static void every_row(void **state)
{
    (void)state;
    char path[AF_PATH_MAX], out[AF_PATH_MAX];
    if (!raw(path, "")) {
        print_message("skipped: AFIELD_TESTDATA is not set\n");
        skip();
    }
    for (size_t i = 0; i < LENGTH(rows); i++) {
        assert_ok(af_path_format(out, "%s/row%zu", work_dir, i));
        assert_ok(af_mkdirs(out));
        if (table) print_message("%s %s\n", rows[i].task, rows[i].path);
        run_row(&rows[i], raw(path, rows[i].path), out);
    }
    assert_int_equal(differ, 0);
}

static bool has_row(const char *task, const char *path)
{
    for (size_t i = 0; i < LENGTH(rows); i++)
        if (!strcmp(rows[i].task, task) && !strcmp(rows[i].path, path)) return true;
    return false;
}

/* Some importers look into the archives of a directory; going through the 8,528 members of the one
 * there takes long. */
static bool is_slow(const char *path)
{
    return !strcmp(path, "ecg") || !strcmp(path, "ecg/cinc2017_full");
}

/* Every path of the table to every other importer: nothing is taken for what it is not. */
static void every_other_pair(void **state)
{
    (void)state;
    char path[AF_PATH_MAX], out[AF_PATH_MAX];
    if (!raw(path, "")) skip();
    assert_ok(af_path_join(out, work_dir, "others"));
    assert_ok(af_mkdirs(out));
    for (const af_prep *const *p = af_builtin.prep; *p; p++)
        for (size_t i = 0; i < LENGTH(rows); i++) {
            if (has_row((*p)->name, rows[i].path) || is_slow(rows[i].path)) continue;
            const af_prep_request q = {af_find_task((*p)->name), AF_TINY, raw(path, rows[i].path),
                                       0, out};
            assert_refused((*p)->import(&q), (*p)->name, path);
            if (table) print_message("%s: %s\n", (*p)->name, af_error());
        }
}

/* ---- wrong in themselves ---- */

static void for_each_prep(const char *path, void (*check)(af_status st, const char *path))
{
    char out[AF_PATH_MAX];
    assert_ok(af_path_join(out, work_dir, "wrong.out"));
    assert_ok(af_mkdirs(out));
    for (const af_prep *const *p = af_builtin.prep; *p; p++) {
        const af_prep_request q = {af_find_task((*p)->name), AF_TINY, path, 0, out};
        const af_status st = (*p)->import(&q);
        if (table) print_message("%s: %s\n", (*p)->name, af_error());
        if (st != AF_EIO) assert_refused(st, (*p)->name, path);
        assert_says(path);
        if (check) check(st, path);
    }
}

static void is_not_there(af_status st, const char *path)
{
    (void)path;
    assert_int_equal(st, AF_ENOTFOUND);
    assert_says("o such file or directory");
}

static void wrong_paths(void **state)
{
    (void)state;
    char path[AF_PATH_MAX];
    assert_ok(af_path_join(path, work_dir, "nowhere"));
    for_each_prep(path, is_not_there);
    assert_ok(af_path_join(path, work_dir, "empty"));
    assert_ok(af_mkdirs(path));
    for_each_prep(path, NULL);
    assert_ok(af_path_join(path, work_dir, "letters"));
    assert_ok(af_mkdirs(path));
    work_put("letters/letter.txt", "Dear reader,\nnothing to learn from.\n");
    for_each_prep(path, NULL);
    assert_ok(af_path_join(path, work_dir, "letters/letter.txt"));
    for_each_prep(path, NULL);
    work_put("letters/nothing", "");
    assert_ok(af_path_join(path, work_dir, "letters/nothing"));
    for_each_prep(path, NULL);
}

static void is_locked(af_status st, const char *path)
{
    (void)path;
    assert_int_equal(st, AF_EIO);
    assert_says("Permission denied; check its permissions");
}

/* Root may read everything, so it becomes nobody for a while. */
static void unreadable_paths(void **state)
{
    (void)state;
    enum { NOBODY = 65534 };
    char path[AF_PATH_MAX];
    work_put("locked.npy", "x");
    assert_ok(af_mkdirs(work_at("locked")));
    assert_ok(af_mkdirs(work_at("wrong.out")));
    assert_int_equal(chmod(work_dir, 0755), 0);
    assert_int_equal(chmod(work_at("locked.npy"), 0), 0);
    assert_int_equal(chmod(work_at("locked"), 0), 0);
    if (!geteuid()) assert_int_equal(seteuid(NOBODY), 0);
    assert_ok(af_path_join(path, work_dir, "locked"));
    for_each_prep(path, is_locked);
    assert_ok(af_path_join(path, work_dir, "locked.npy"));
    for_each_prep(path, NULL); /* who wants a directory need not open it */
    assert_ok(af_path_join(path, work_dir, "locked/below"));
    for_each_prep(path, NULL);
}

static int unlock(void **state)
{
    (void)state;
    return seteuid(getuid()) || chmod(work_at("locked"), 0700) ? -1 : 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),
        cmocka_unit_test(every_other_pair),
        cmocka_unit_test(wrong_paths),
        cmocka_unit_test_teardown(unreadable_paths, unlock),
    };
    table = argc > 1 && !strcmp(argv[1], "--table");
    af_log_set(AF_LOG_ERROR);
    af_hdf5_quiet();
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
