/* DeepSEA: NAS-Bench-360's file gives exactly its values whatever their type and order; DeepSEA's
 * own layout is a variant; what is
 * another file of this family is refused with the reason. Genuine sequences where AFIELD_TESTDATA
 * has them. */
#include "tests/aid/variant.h"
#include "tests/aid/work.h"
#include <matio.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/prep.h"
#include "data-prep/deepsea/filtered.h"
#include "data-prep/deepsea/mats.h"
#include "tests/aid/archive.h"

extern const af_task af_task_deepsea;
extern const af_prep af_prep_deepsea;

enum { BASES = AF_DNA_LENGTH, ARRAYS = 6, FILE_MAX = 1 << 20 };
static const int counts[AF_SPLITS] = {12, 5, 7};

/* ---- a small file ---- */

static int base_of(int split, int k, int i)
{
    return (i * i + 3 * k + split + i / 7) % 4;
}

static int label_of(int split, int k, int c)
{
    return (k * 5 + c * c + split) % 3 == 0;
}

/* What is written instead of the plain file. */
typedef struct variant {
    int leave_out; /* of the arrays x_train y_train x_val y_val x_test y_test; -1: none */
    int twice;     /* is stored twice; -1: none */
    int labels, channels, fewer; /* 0: as published; fewer labels' rows than sequences */
    const char *descr;           /* NULL: |u1 */
    bool fortran;
    int where, value; /* array + 1, one of whose elements is another; 0: none */
    int at;           /* which one; 0: 4000 of x, 40 of y */
} variant;
static const variant good = {.leave_out = -1, .twice = -1};

static int value_of(const variant *v, int array, int split, int k, int i, int c)
{
    const bool is_y = array % 2;
    const int other = v->at  ? v->at
                      : is_y ? 40
                             : 4000,
              at = is_y ? 36 * k + c : (BASES * k + i) * 4 + c;
    if (v->where == array + 1 && at == other) return v->value;
    return is_y ? label_of(split, k, c) : base_of(split, k, i) == c;
}

static void put_value(uint8_t **to, const char *descr, int value)
{
    const double d = value;
    if (!strcmp(descr, "<f8")) {
        memcpy(*to, &d, sizeof d); /* tests run on little-endian machines */
        *to += sizeof d;
    } else
        *(*to)++ = (uint8_t)value;
}

/* The .npy bytes of one array. */
static size_t put_array(uint8_t *to, const variant *v, int array)
{
    uint8_t *from = to;
    char header[256];
    const bool is_y = array % 2;
    const int split = array / 2, n = counts[split] - (is_y ? v->fewer : 0);
    const int labels = v->labels ? v->labels : AF_DNA_LABELS;
    const int rows = is_y ? 1 : BASES, last = is_y ? labels : v->channels ? v->channels : 4;
    const char *descr = v->descr ? v->descr : "|u1";
    char shape[64];
    snprintf(shape, sizeof shape, is_y ? "(%d, %d)" : "(%d, %d, %d)", n, is_y ? last : rows, last);
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }%*s\n",
             descr, v->fortran ? "True" : "False", shape, 7, "");
    const size_t length = strlen(header);
    memcpy(to, "\x93NUMPY\x01\x00", 8);
    to[8] = (uint8_t)length;
    to[9] = (uint8_t)(length >> 8);
    memcpy(to + 10, header, length);
    to += 10 + length;
    for (int e = 0; e < n * rows * last; e++) {
        int k = e / last / rows, i = e / last % rows, c = e % last;
        if (v->fortran) k = e % n, i = e / n % rows, c = e / n / rows;
        put_value(&to, descr, value_of(v, array, split, k, i, c));
    }
    return (size_t)(to - from);
}

/* In an order that is not the published one. */
static const char *make_file(const variant *v)
{
    static const char *const names[] = {"x_train", "y_train", "x_val", "y_val", "x_test", "y_test"};
    static char path[AF_PATH_MAX];
    uint8_t *data = af_alloc(FILE_MAX);
    assert_ok(af_mkdirs(work_at("raw")));
    assert_ok(af_path_format(path, "%s/raw/deepsea_filtered.npz", work_dir));
    struct archive *a = archive_write_new();
    archive_write_set_format_zip(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (int k = ARRAYS; k >= 0; k--) {
        const int array = k == ARRAYS ? v->twice : k;
        char name[32];
        if (array < 0 || (k == array && array == v->leave_out)) continue;
        const size_t size = put_array(data, v, array);
        snprintf(name, sizeof name, "%s.npy", names[array]);
        archive_put(a, name, data, size);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    af_free(data);
    return path;
}

static af_status import(const char *source, af_size size)
{
    const af_prep_request r = {
        .task = &af_task_deepsea, .size = size, .source = source, .directory = work_dir};
    return af_prep_deepsea.import(&r);
}

static af_dataset *open_part(af_dataset_part part)
{
    af_dataset *d;
    assert_ok(af_dataset_open(&d, work_dir, &af_task_deepsea, part));
    return d;
}

/* ---- what is imported ---- */

/* Sample i of the file is sequence k of a split; the middle `length` bases, the first labels. */
static void check_sample(const af_dataset *d, int i, int split, int k)
{
    const int length = d->input.w, from = (BASES - length) / 2;
    const uint8_t *x = (const uint8_t *)d->x + i * 4 * length;
    const float *y = (const float *)d->y + i * d->output.c;
    char id[AF_ID_MAX];
    snprintf(id, sizeof id, "%s-%06d", af_split_names[split], k);
    assert_string_equal(d->ids + i * AF_ID_MAX, id);
    for (int c = 0; c < 4; c++)
        for (int b = 0; b < length; b++)
            assert_int_equal(x[c * length + b], base_of(split, k, from + b) == c);
    for (int c = 0; c < d->output.c; c++) assert_true(y[c] == (float)label_of(split, k, c));
}

static void check_dataset(int length, int labels)
{
    af_dataset *d = open_part(AF_MAIN), *t = open_part(AF_HELD_OUT);
    assert_string_equal(d->provenance, "partial");
    assert_true(d->x_type == AF_STORED_UINT8 && d->dense && !af_dataset_io(d).dense);
    assert_true(af_shape_same(d->input, (af_shape){4, 1, length}));
    assert_true(af_shape_same(d->output, (af_shape){labels, 1, 1}));
    assert_int_equal(d->n, counts[AF_TRAIN] + counts[AF_VALID]);
    assert_int_equal(t->n, counts[AF_TEST]);
    for (int k = 0; k < counts[AF_TRAIN]; k++) check_sample(d, k, AF_TRAIN, k);
    for (int k = 0; k < counts[AF_VALID]; k++) check_sample(d, counts[AF_TRAIN] + k, AF_VALID, k);
    for (int k = 0; k < counts[AF_TEST]; k++) check_sample(t, k, AF_TEST, k);
    /* protocol paper never sees the validation sequences */
    for (int p = 0; p < AF_PROTOCOLS; p++) {
        assert_int_equal(d->split[p][AF_TRAIN].count, counts[AF_TRAIN]);
        assert_int_equal(d->split[p][AF_TRAIN].i[0], 0);
        assert_int_equal(d->split[p][AF_VALID].count, p == AF_PAPER ? 0 : counts[AF_VALID]);
        assert_int_equal(t->split[p][AF_TEST].count, counts[AF_TEST]);
    }
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].i[0], counts[AF_TRAIN]);
    af_dataset_close(d);
    af_dataset_close(t);
}

static void file_is_exact(void **state)
{
    (void)state;
    static const struct {
        const char *descr;
        bool fortran;
    } forms[] = {{"|u1", false}, {"|b1", false}, {"|i1", true}, {"<f8", false}, {"<f8", true}};
    for (size_t f = 0; f < LENGTH(forms); f++) {
        variant v = good;
        v.descr = forms[f].descr;
        v.fortran = forms[f].fortran;
        assert_ok(import(make_file(&v), AF_FULL));
        check_dataset(BASES, AF_DNA_LABELS);
    }
    assert_ok(import(work_at("raw"), AF_TINY)); /* its directory */
    check_dataset(af_dna_layouts[AF_TINY].length, af_dna_layouts[AF_TINY].labels);
}

static void fewer_are_evenly_spaced(void **state)
{
    (void)state;
    static const af_dna_layout l = {200, 3, {5, 5, 1}};
    static const int train[] = {0, 2, 4, 7, 9};
    af_dna_set set[AF_SPLITS];
    int64_t n[AF_SPLITS];
    assert_ok(af_deepsea_filtered_read(set, n, make_file(&good), &l));
    for (int s = 0; s < AF_SPLITS; s++) {
        assert_int_equal(n[s], counts[s]);
        assert_int_equal(set[s].count, l.count[s]);
        for (int k = 0; k < set[s].count; k++) {
            const int number = s == AF_TRAIN ? train[k] : k;
            assert_int_equal(set[s].number[k], number);
            for (int i = 0; i < 200; i++)
                assert_int_equal(set[s].x[(size_t)k * 800 + (size_t)(i + 200 * 2)],
                                 base_of(s, number, 400 + i) == 2);
            for (int c = 0; c < 3; c++)
                assert_true(set[s].y[k * 3 + c] == (float)label_of(s, number, c));
        }
        af_dna_set_free(&set[s]);
    }
}

static void unknown_bases_are_zeros(void **state)
{
    (void)state;
    variant v = good;
    v.where = 1; /* sequence 1 begins with base 3 */
    v.at = 4003;
    v.value = 0;
    assert_int_equal(base_of(AF_TRAIN, 1, 0), 3);
    assert_ok(import(make_file(&v), AF_FULL));
    af_dataset *d = open_part(AF_MAIN);
    const uint8_t *x = (const uint8_t *)d->x + 4 * BASES;
    for (int c = 0; c < 4; c++) {
        assert_int_equal(x[c * BASES], 0);
        for (int i = 1; i < BASES; i++)
            assert_int_equal(x[c * BASES + i], base_of(AF_TRAIN, 1, i) == c);
    }
    af_dataset_close(d);
}

/* ---- DeepSEA's own layout ---- */

enum { TARGETS = 9 };
static const char *const mats[AF_SPLITS] = {"train", "valid", "test"};

/* Axes as in the published files: sequences run fastest. */
static void put_variable(mat_t *f, const char *name, int rank, const size_t *dims, uint8_t *values)
{
    size_t copy[3] = {dims[0], dims[1], rank > 2 ? dims[2] : 1};
    matvar_t *v = Mat_VarCreate(name, MAT_C_UINT8, MAT_T_UINT8, rank, copy, values, 0);
    assert_int_equal(Mat_VarWrite(f, v, MAT_COMPRESSION_ZLIB), 0);
    Mat_VarFree(v);
}

/* `where` + 1: x at which the value is another, of train; 0: none. */
static void put_mats(const char *directory, int split, int targets, int where, int value)
{
    const size_t n = (size_t)counts[split];
    uint8_t *x = af_alloc(n * 4 * BASES), *y = af_alloc(n * (size_t)targets);
    char path[AF_PATH_MAX], name[64];
    for (size_t i = 0; i < n * 4 * BASES; i++)
        x[i] = base_of(split, (int)(i % n), (int)(i / n / 4)) == (int)(i / n % 4);
    for (size_t i = 0; i < n * (size_t)targets; i++)
        y[i] = (uint8_t)label_of(split, (int)(i % n), (int)(i / n));
    if (where) x[where - 1] = (uint8_t)value;
    snprintf(path, sizeof path, "%s", work_at(directory));
    assert_ok(af_mkdirs(path));
    snprintf(name, sizeof name, "%s.mat", mats[split]);
    assert_ok(af_path_join(path, path, name));
    mat_t *f = Mat_CreateVer(path, NULL, split == AF_TRAIN ? MAT_FT_MAT73 : MAT_FT_MAT5);
    assert_non_null(f);
    snprintf(name, sizeof name, "%sxdata", mats[split]);
    put_variable(f, name, 3, (size_t[]){n, 4, BASES}, x);
    snprintf(name, sizeof name, "%sdata", mats[split]);
    put_variable(f, name, 2, (size_t[]){n, (size_t)targets}, y);
    Mat_Close(f);
    af_free(x);
    af_free(y);
}

static const char *make_mats(void)
{
    static char path[AF_PATH_MAX];
    for (int s = 0; s < AF_SPLITS; s++) put_mats("mats", s, TARGETS, 0, 0);
    snprintf(path, sizeof path, "%s", work_at("mats"));
    return path;
}

static void own_layout_is_a_variant(void **state)
{
    (void)state;
    af_variant v;
    const char *path = make_mats();
    for (af_size size = AF_TINY; size <= AF_FULL; size++) {
        af_own *own = variant_import(&v, &af_prep_deepsea, path, size);
        assert_string_equal(v.name, "deepsea_9");
        assert_string_equal(v.holds, "DeepSEA's own layout with 9 targets");
        af_dataset *d = variant_open(own, AF_MAIN), *t = variant_open(own, AF_HELD_OUT);
        assert_true(af_shape_same(d->input, (af_shape){4, 1, size == AF_TINY ? 100 : BASES}));
        assert_int_equal(d->output.c, size == AF_TINY ? 8 : TARGETS);
        assert_int_equal(own->classes, d->output.c);
        assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, counts[AF_TRAIN]);
        assert_int_equal(d->n, counts[AF_TRAIN] + counts[AF_VALID]);
        assert_int_equal(t->n, counts[AF_TEST]);
        for (int k = 0; k < counts[AF_TRAIN]; k++) check_sample(d, k, AF_TRAIN, k);
        for (int k = 0; k < counts[AF_VALID]; k++)
            check_sample(d, counts[AF_TRAIN] + k, AF_VALID, k);
        for (int k = 0; k < counts[AF_TEST]; k++) check_sample(t, k, AF_TEST, k);
        af_dataset_close(d);
        af_dataset_close(t);
        af_own_free(own);
    }
    assert_int_equal(import(path, AF_FULL), AF_EFORMAT); /* never as the task */
    assert_ok(variant_of(&v, &af_prep_deepsea, make_file(&good), AF_FULL));
    assert_string_equal(v.name, "");
}

static void every_nth_is_kept(void **state)
{
    (void)state;
    static const af_dna_layout l = {200, 3, {5, 5, 2}};
    static const int step[AF_SPLITS] = {3, 1, 4}, n[AF_SPLITS] = {4, 5, 2};
    const char *path = make_mats();
    af_deepsea_mats m;
    af_dna_set set[AF_SPLITS];
    assert_ok(af_deepsea_mats_look(&m, path));
    assert_int_equal(m.targets, TARGETS);
    assert_ok(af_deepsea_mats_read(set, &m, path, &l));
    for (int s = 0; s < AF_SPLITS; s++) {
        assert_int_equal(m.count[s], counts[s]);
        assert_int_equal(set[s].count, n[s]);
        for (int k = 0; k < n[s]; k++) {
            assert_int_equal(set[s].number[k], step[s] * k);
            for (int i = 0; i < 200; i++)
                assert_int_equal(set[s].x[(size_t)k * 800 + (size_t)(i + 200 * 3)],
                                 base_of(s, step[s] * k, 400 + i) == 3);
            for (int c = 0; c < 3; c++)
                assert_true(set[s].y[k * 3 + c] == (float)label_of(s, step[s] * k, c));
        }
        af_dna_set_free(&set[s]);
    }
}

static void bad_mats_are_refused(void **state)
{
    (void)state;
    af_variant v;
    const char *path = make_mats();
    put_mats("mats", AF_VALID, TARGETS + 1, 0, 0);
    assert_int_equal(variant_of(&v, &af_prep_deepsea, path, AF_FULL), AF_EFORMAT);
    assert_says("valid.mat: 10 targets, want 9 as in train.mat");
    make_mats();
    put_mats("mats", AF_TRAIN, TARGETS, 1, 2);
    af_own *own;
    assert_ok(variant_of(&v, &af_prep_deepsea, path, AF_FULL));
    own = variant_task(&v, &af_task_deepsea, AF_FULL);
    const af_prep_request r = {
        .task = &own->task, .size = AF_FULL, .source = path, .directory = work_dir};
    assert_int_equal(af_prep_deepsea.import(&r), AF_EFORMAT);
    assert_says("train.mat: 'trainxdata': sequence 0, position 1: want 0 or 1, and one base");
    put_mats("mats", AF_TRAIN, TARGETS, 1 + base_of(AF_TRAIN, 0, 0) * counts[AF_TRAIN], 0);
    assert_ok(af_prep_deepsea.import(&r)); /* an unknown base */
    af_own_free(own);
    for (unsigned long k = 1; k < 40; k++) {
        af_deepsea_mats m;
        af_dna_set set[AF_SPLITS];
        af_alloc_fail_at(k);
        const unsigned long before = af_alloc_count();
        af_status st = af_deepsea_mats_look(&m, path);
        if (st == AF_OK) st = af_deepsea_mats_read(set, &m, path, &af_dna_layouts[AF_TINY]);
        const bool failed = af_alloc_count() - before >= k;
        af_alloc_fail_at(0);
        assert_int_equal(st, failed ? AF_ENOMEM : AF_OK);
        for (int s = 0; s < AF_SPLITS && st == AF_OK; s++) af_dna_set_free(&set[s]);
    }
    af_file_remove(work_at("mats/valid.mat"));
    assert_ok(variant_of(&v, &af_prep_deepsea, path, AF_FULL));
    assert_string_equal(v.name, "");
    assert_int_equal(import(path, AF_FULL), AF_EFORMAT);
    assert_says("test.mat: DeepSEA's layout with 7 sequences and 9 targets");
}

/* ---- what is refused ---- */

static void refuses_damage(void **state)
{
    (void)state;
    static const struct {
        variant v;
        const char *says;
    } cases[] = {
        {{2, -1, .labels = 0}, "no array x_val in it; want x_train, y_train, x_val"},
        {{5, -1, .labels = 0}, "no array y_test in it"},
        {{-1, 3, .labels = 0}, "y_val: it is there twice"},
        {{-1, -1, .labels = 58}, "y_test: uint8 {7, 58}, want numbers {sequences, 36}"},
        {{-1, -1, .channels = 5}, "x_test: uint8 {7, 1000, 5}, want numbers {sequences, 1000, 4}"},
        {{-1, -1, .fewer = 1}, "x_test: 7 sequences, but y_test has 6"},
        {{-1, -1, .descr = "|S1"}, "y_test: bytes {7, 36}, want numbers"},
        {{-1, -1, .where = 1, .value = 2}, "x_train: sequence 1, position 0, channel 0 is neither"},
        {{-1, -1, .where = 1, .value = 1}, "x_train: sequence 1 has 2 bases at position 0, want 1"},
        {{-1, -1, .where = 1, .value = -1, .descr = "<f8"}, "x_train: sequence 1, position 0"},
        {{-1, -1, .where = 4, .value = 2}, "y_val: label 4 of sequence 1 is neither 0 nor 1"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(import(make_file(&cases[i].v), AF_TINY), AF_EFORMAT);
        assert_says(cases[i].says);
    }
}

/* Without the directory at its end a zip file still has all its members. */
static void refuses_what_is_cut_off(void **state)
{
    (void)state;
    const char *path = make_file(&good);
    char *data;
    size_t size;
    assert_ok(af_file_read(&data, &size, path, FILE_MAX));
    for (size_t keep = 1; keep < 3 * size / 4; keep += size / 20) {
        assert_ok(af_file_write(path, data, keep));
        assert_int_equal(import(path, AF_TINY), AF_EFORMAT);
    }
    af_free(data);
}

static void put_gz(const char *name, const char *text)
{
    gzFile f = gzopen(work_at(name), "wb");
    assert_int_equal(gzwrite(f, text, (unsigned)strlen(text)), strlen(text));
    gzclose_w(f);
}

static void put_mat(const char *name, const char *variable, size_t targets)
{
    size_t dims[2] = {3, targets};
    uint8_t values[3 * 919] = {0};
    mat_t *f = Mat_CreateVer(work_at(name), NULL, MAT_FT_MAT5);
    matvar_t *v = Mat_VarCreate(variable, MAT_C_UINT8, MAT_T_UINT8, 2, dims, values, 0);
    assert_int_equal(Mat_VarWrite(f, v, MAT_COMPRESSION_ZLIB), 0);
    Mat_VarFree(v);
    Mat_Close(f);
}

static void other_files_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *name, *says;
    } cases[] = {
        {"plant.fa", "FASTA with 12 bases a sequence and the names of its labels in the header"},
        {"clip.fa.gz", "FASTA with 4 bases a sequence and one class (bound or not)"},
        {"chip.seq.gz", "a ChIP-seq table (FoldID, EventID, seq, Bound) of one protein, 5 bases"},
        {"train.mat", "3 sequences and 919 targets, where the task has 36 that are not known"},
        {"test.mat", "and test.mat makes the variant deepsea_58; else import NAS-Bench-360's"},
        {"other.mat", "a MATLAB file without DeepSEA's traindata, validdata or testdata"},
        {"notes.txt", "this is a text; want NAS-Bench-360's deepsea_filtered.npz"},
        {"none.txt", "this is an empty file; want"},
        {"missing", "missing: no such file or directory"},
        {"holds", "clip.fa: FASTA with 4 bases a sequence and one class"},
        {"images", "images: holds 2 PNG images (a.png ...); want NAS-Bench-360's"},
        {"void", "void: a directory without files; want NAS-Bench-360's deepsea_filtered.npz"},
    };
    work_put("plant.fa", ">osa_AGO_1,osa_AP2_1\nACGTAC\nGTNNAC\n>osa_WRKY_1\nAC\n");
    put_gz("clip.fa.gz", "> chr1,+,1,4; class:0\nACGT\n> chr1,+,1,4; class:1\nACGG\n");
    put_gz("chip.seq.gz", "FoldID\tEventID\tseq\tBound\nA\tseq_1_peak\tACGTA\t1\n");
    put_mat("train.mat", "traindata", 919);
    put_mat("test.mat", "testdata", 58);
    put_mat("other.mat", "sol", 58);
    work_put("notes.txt", "ACGT\n");
    work_put("none.txt", "");
    assert_ok(af_mkdirs(work_at("holds/below")));
    work_put("holds/clip.fa", ">a; class:1\nACGT\n");
    work_put("holds/about.txt", "about\n");
    assert_ok(af_mkdirs(work_at("void")));
    assert_ok(af_mkdirs(work_at("images")));
    work_put("images/a.png", "\x89PNG\r\n\x1a\n");
    work_put("images/b.png", "\x89PNG\r\n\x1a\n");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_true(import(work_at(cases[i].name), AF_TINY) != AF_OK);
        assert_says(cases[i].says);
    }
}

static void memory_runs_out(void **state)
{
    (void)state;
    const char *path = make_file(&good);
    af_status st = AF_ENOMEM;
    unsigned long k = 1;
    for (; st == AF_ENOMEM; k++) {
        af_alloc_fail_at(k);
        st = import(path, AF_TINY);
        af_alloc_fail_at(0);
        assert_true(k < 1000);
    }
    assert_ok(st);
    assert_true(k > 15);
}

/* ---- genuine sequences ---- */

static const char *genuine_at(const char *name)
{
    static char path[AF_PATH_MAX];
    const char *root = getenv("AFIELD_TESTDATA");
    if (root) assert_ok(af_path_format(path, "%s/deepsea/%s", root, name));
    if (root && (af_file_exists(path) || af_dir_exists(path))) return path;
    print_message("skipped: AFIELD_TESTDATA has no deepsea/%s\n", name);
    skip();
    return NULL;
}

static void genuine(void **state)
{
    (void)state;
    static const int n[] = {105, 76}; /* 80 + 25 */
    static const int positives[] = {1245 + 395, 1290};
    assert_ok(import(genuine_at("nb360"), AF_FULL));
    for (int part = 0; part < 2; part++) {
        af_dataset *d = open_part(part ? AF_HELD_OUT : AF_MAIN);
        const uint8_t *x = d->x;
        const float *y = d->y;
        int bases = 0, sum = 0;
        assert_int_equal(d->n, n[part]);
        for (int i = 0; i < d->n * 4 * BASES; i++) bases += x[i];
        for (int i = 0; i < d->n * AF_DNA_LABELS; i++) sum += y[i] == 1;
        assert_int_equal(bases, n[part] * BASES);
        assert_int_equal(sum, positives[part]);
        af_dataset_close(d);
    }
}

/* The same sequences as in NAS-Bench-360's layout, with more targets. */
static void genuine_mats(void **state)
{
    (void)state;
    af_variant v;
    assert_ok(import(genuine_at("nb360"), AF_FULL));
    af_own *own = variant_import(&v, &af_prep_deepsea, genuine_at("deepsea_mat"), AF_FULL);
    assert_string_equal(v.name, "deepsea_58");
    for (int part = 0; part < 2; part++) {
        af_dataset *task = open_part((af_dataset_part)part),
                   *d = variant_open(own, (af_dataset_part)part);
        int sum = 0;
        assert_int_equal(d->n, task->n);
        assert_int_equal(d->output.c, 58);
        assert_memory_equal(d->x, task->x, (size_t)d->n * 4 * BASES);
        for (int i = 0; i < d->n * 58; i++) sum += ((const float *)d->y)[i] == 1;
        assert_true(sum > (part ? 1290 : 1245 + 395));
        af_dataset_close(task);
        af_dataset_close(d);
    }
    af_own_free(own);
}

static void genuine_others(void **state)
{
    (void)state;
    static const struct {
        const char *name, *says;
    } cases[] = {
        {"deepsea_mat/train.mat", "80 sequences and 58 targets, where"},
        {"deepsea_mat/valid.mat", "25 sequences and 58 targets, where"},
        {"deepsea_mat/test.mat", "76 sequences and 58 targets, where"},
        {"danqplant/sample_test_data.fa", "FASTA with 1024 bases a sequence and the names"},
        {"chipseq_seqgz/USF2_H1-hESC_USF2_Stanford_AC.seq.gz", "of one protein, 101 bases"},
        {"clipseq_fagz/24_PARCLIP_QKI_hg19/test_sequences.fa.gz", "101 bases a sequence and one"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(import(genuine_at(cases[i].name), AF_TINY), AF_EFORMAT);
        assert_says(cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_is_exact),           cmocka_unit_test(fewer_are_evenly_spaced),
        cmocka_unit_test(unknown_bases_are_zeros), cmocka_unit_test(refuses_damage),
        cmocka_unit_test(refuses_what_is_cut_off), cmocka_unit_test(other_files_are_told_apart),
        cmocka_unit_test(memory_runs_out),         cmocka_unit_test(genuine),
        cmocka_unit_test(own_layout_is_a_variant), cmocka_unit_test(every_nth_is_kept),
        cmocka_unit_test(bad_mats_are_refused),    cmocka_unit_test(genuine_mats),
        cmocka_unit_test(genuine_others),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
