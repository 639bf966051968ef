/* Importing ECG recordings: MAT v4, WFDB headers, labels and archives, whole and damaged; and the
 * real challenge data where AFIELD_TESTDATA names a directory that has them. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/data/dataset.h"
#include "core/prep.h"
#include "data-prep/ecg/permutation.h"
#include "data-prep/ecg/physionet.h"
#include "data-prep/ecg/pickled.h"
#include "data-prep/ecg/windows.h"
#include "tests/aid/archive.h"
#include "tests/aid/arrays.h"

extern const af_task af_task_ecg;
extern const af_prep af_prep_ecg;

enum { RECORDS = 12, LENGTH_OF = 1400 };

static char *set_at(const char *name)
{
    static char path[AF_PATH_MAX];
    assert_ok(af_path_format(path, "%s/set/%s", work_dir, name));
    return path;
}

static void put(const char *name, const void *data, size_t size)
{
    assert_ok(af_file_write(set_at(name), data, size));
}

static void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text));
}

/* Twelve recordings R00 ... R11 with header and label; v3 and the first labels differ in R00. */
static void make_set(void)
{
    static struct {
        uint32_t head[5];
        char name[4];
        int16_t x[LENGTH_OF];
    } file = {{30, 1, LENGTH_OF, 0, 4}, "val", {0}}; /* as MATLAB writes on this byte order */
    char name[32], text[256], v1[256] = "R00,O\n", v3[256] = "R00,A\n";
    assert_ok(af_mkdirs(work_at("set")));
    for (int k = 0; k < RECORDS; k++) {
        for (int i = 0; i < LENGTH_OF; i++)
            file.x[i] = (int16_t)lrint(900 * sin(.01 * (k + 3) * i) + k);
        snprintf(name, sizeof name, "R%02d.mat", k);
        put(name, &file, sizeof file);
        snprintf(name, sizeof name, "R%02d.hea", k);
        snprintf(text, sizeof text, "R%02d 1 300 %d\nR%02d.mat 16+24 1000/mV 16 0 0 0 0 ECG\n", k,
                 LENGTH_OF, k);
        put_text(name, text);
        if (!k) continue;
        snprintf(text, sizeof text, "R%02d,%c\r\n", k, "NAO~"[k % 4]);
        strcat(v1, text);
        strcat(v3, text);
    }
    put_text("REFERENCE.csv", v1);
    put_text("REFERENCE-v3.csv", v3);
    put_text("RECORDS", "R00\n");
}

static void import_into(char sha[AF_SHA256_HEX], const char *source, const char *directory)
{
    af_prep_request r = {
        .task = &af_task_ecg, .size = AF_SMALL, .source = source, .directory = directory};
    af_dataset *d;
    assert_ok(af_prep_ecg.import(&r));
    assert_ok(af_dataset_open(&d, directory, &af_task_ecg, AF_MAIN));
    assert_string_equal(d->provenance, "partial");
    snprintf(sha, AF_SHA256_HEX, "%s", d->sha256);
    af_dataset_close(d);
}

static void directory_imports(void **state)
{
    (void)state;
    af_ecg_records set;
    json_t *source;
    make_set();
    assert_ok(af_physionet_read(&set, &source, set_at(".")));
    assert_int_equal(set.count, RECORDS);
    assert_int_equal(set.r[0].label, AF_ECG_FIBRILLATION); /* v3 */
    assert_int_equal(set.r[5].label, AF_ECG_FIBRILLATION);
    assert_string_equal(set.r[11].name, "R11");
    assert_int_equal(set.r[1].x[0], 1);
    assert_string_equal(json_string_value(json_object_get(source, "labels")), "REFERENCE-v3.csv");
    const json_t *files = json_object_get(source, "files");
    assert_int_equal(json_object_size(files), 2 * RECORDS + 2);
    char hex[AF_SHA256_HEX];
    assert_ok(af_sha256_file(set_at("R07.mat"), hex));
    assert_string_equal(json_string_value(json_object_get(files, "R07.mat")), hex);
    json_decref(source);
    af_ecg_records_close(&set);
}

/* ---- NAS-Bench-360's pickle ---- */

/* The records of make_set in one pickle: readings as f8 or i2, divided by `scale`; labels as
 * objects or as an array of texts. Record 3 is spoilt when `bad` says so. */
static void put_pickle(bool wide, double scale, bool objects, const char *bad)
{
    static double y[LENGTH_OF];
    bytes b = {0};
    char shape[16], text[4 * RECORDS] = "";
    bytes_say(&b, "(dS'data'\n");
    bytes_array_begin(&b, "O8", "|", "I12\n");
    bytes_say(&b, "(l");
    for (int k = 0; k < RECORDS; k++) {
        const bool spoilt = k == 3 && bad;
        const int n = spoilt && !strcmp(bad, "short") ? 900 : LENGTH_OF;
        int16_t x[LENGTH_OF];
        for (int i = 0; i < LENGTH_OF; i++) {
            x[i] = (int16_t)lrint(900 * sin(.01 * (k + 3) * i) + k);
            y[i] = x[i] / scale;
        }
        if (spoilt && !strcmp(bad, "scaled")) y[7] = .12345;
        if (spoilt && !strcmp(bad, "large")) y[7] = 40000;
        if (spoilt && !strcmp(bad, "nan")) y[7] = NAN;
        snprintf(shape, sizeof shape, "I%d\n", n);
        if (spoilt && !strcmp(bad, "text"))
            bytes_say(&b, "S'R03'\n");
        else if (wide)
            bytes_array(&b, "f8", shape, y, (size_t)n * sizeof *y);
        else
            bytes_array(&b, "i2", shape, x, (size_t)n * sizeof *x);
        bytes_say(&b, "a");
    }
    bytes_say(&b, "tbsS'label'\n");
    for (int k = 0; k < RECORDS; k++) text[4 * k] = k ? "NAO~"[k % 4] : 'A';
    if (bad && !strcmp(bad, "label")) text[4 * 3] = 'Q';
    if (objects) bytes_array_begin(&b, "O8", "|", "I12\n");
    if (objects) bytes_say(&b, "(l");
    for (int k = 0; objects && k < RECORDS; k++) bytes_say(&b, "V%c\na", text[4 * k]);
    if (objects) bytes_say(&b, "tb");
    const bool few = bad && !strcmp(bad, "few");
    if (!objects) bytes_array(&b, "U1", few ? "I11\n" : "I12\n", text, few ? 44 : sizeof text);
    bytes_say(&b, "s.");
    bytes_save(&b, work_at("challenge2017.pkl"));
    af_free(b.data);
}

static void same_samples(const char *a, const char *b, af_dataset_part part)
{
    af_dataset *x, *y;
    assert_ok(af_dataset_open(&x, a, &af_task_ecg, part));
    assert_ok(af_dataset_open(&y, b, &af_task_ecg, part));
    assert_int_equal(x->n, y->n);
    const size_t floats = (size_t)(x->n * x->input.w);
    assert_memory_equal(x->x, y->x, floats * sizeof(float));
    assert_memory_equal(x->y, y->y, (size_t)x->n * sizeof(int32_t));
    assert_memory_equal(x->group, y->group, (size_t)x->n * sizeof(int32_t));
    for (int s = 0; s < AF_SPLITS; s++) {
        const af_indices *p = &x->split[AF_CLEAN][s], *q = &y->split[AF_CLEAN][s];
        assert_int_equal(p->count, q->count);
        if (p->count) assert_memory_equal(p->i, q->i, (size_t)p->count * sizeof *p->i);
    }
    af_dataset_close(x);
    af_dataset_close(y);
}

/* Samples, labels, groups and splits are those of the records in the order of their names. */
static void pickle_imports_like_records(void **state)
{
    (void)state;
    char sha[AF_SHA256_HEX], records[AF_PATH_MAX], pickle[AF_PATH_MAX], file[AF_PATH_MAX];
    static const struct {
        bool wide, objects;
        double scale;
    } ways[] = {{false, true, 1}, {false, false, 1}, {true, true, 1}, {true, false, 1000}};
    assert_ok(af_path_join(records, work_dir, "records.out"));
    assert_ok(af_path_join(pickle, work_dir, "pickle.out"));
    make_set();
    import_into(sha, set_at("."), records);
    for (size_t i = 0; i < LENGTH(ways); i++) {
        af_dataset *d;
        put_pickle(ways[i].wide, ways[i].scale, ways[i].objects, NULL);
        assert_ok(af_path_format(file, "%s", i % 2 ? work_dir : work_at("challenge2017.pkl")));
        import_into(sha, file, pickle);
        same_samples(records, pickle, AF_MAIN);
        same_samples(records, pickle, AF_HELD_OUT);
        assert_ok(af_dataset_open(&d, pickle, &af_task_ecg, AF_MAIN));
        char first[16];
        snprintf(first, sizeof first, "%05d:", d->group[0] + 1);
        assert_memory_equal(d->ids, first, 6);
        af_dataset_close(d);
    }
}

static void pickle_contradictions(void **state)
{
    (void)state;
    static const struct {
        const char *bad, *says;
    } cases[] = {
        {"scaled", "reading 7 of record 4 is 0.12345, want whole numbers of 16 bits"},
        {"large", "reading 7 of record 4 is 40000"},
        {"nan", "reading 7 of record 4 is nan"},
        {"text", "record 4 is bytes, want an array of numbers"},
        {"label", "the label of record 4 is none of N, A, O and ~"},
        {"few", "no 'label' with 12 texts"},
        {"short", "record 00004 has 900 samples, want more than 1000"},
    };
    char path[AF_PATH_MAX];
    const af_prep_request r = {
        .task = &af_task_ecg, .size = AF_SMALL, .source = path, .directory = work_dir};
    assert_ok(af_path_join(path, work_dir, "challenge2017.pkl"));
    for (size_t i = 0; i < LENGTH(cases); i++) {
        put_pickle(true, 1, false, cases[i].bad);
        assert_int_equal(af_prep_ecg.import(&r), AF_EFORMAT);
        assert_says("challenge2017.pkl: ");
        assert_says(cases[i].says);
    }
    work_put("challenge2017.pkl", "(dS'x'\n(ls.");
    assert_int_equal(af_prep_ecg.import(&r), AF_EFORMAT);
    assert_says("no 'data', an array of records");
    work_put("challenge2017.pkl", "(dS'x'\ncos\nsystem\ns.");
    assert_int_equal(af_prep_ecg.import(&r), AF_EFORMAT);
    assert_says("wants to import os.system, which is refused");
    af_file_remove(path);
    make_set();
    put_text("challenge2017.pkl", "(d.");
    snprintf(path, sizeof path, "%s", set_at("."));
    assert_int_equal(af_prep_ecg.import(&r), AF_EFORMAT);
    assert_says("both records and challenge2017.pkl are in it");
    af_file_remove(set_at("challenge2017.pkl"));
}

static void pack_archive(const char *path, bool zip, bool backwards, const char *leave_out)
{
    char **names;
    size_t count;
    struct archive *a = archive_write_new();
    if (zip)
        archive_write_set_format_zip(a);
    else
        archive_write_set_format_pax_restricted(a), archive_write_add_filter_xz(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    assert_ok(af_dir_list(&names, &count, set_at(".")));
    for (size_t i = 0; i < count; i++) {
        const char *name = names[backwards ? count - 1 - i : i];
        if (leave_out && !strncmp(name, leave_out, strlen(leave_out))) continue;
        char member[AF_PATH_MAX];
        snprintf(member, sizeof member, "training/%s", name);
        archive_put_file(a, member, set_at(name));
    }
    af_free(names);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

/* Directory, zip and tar.xz give the same dataset; so does an archive with its labels beside it. */
static void archives_import(void **state)
{
    (void)state;
    char want[AF_SHA256_HEX], got[AF_SHA256_HEX], path[AF_PATH_MAX], out[AF_PATH_MAX];
    assert_ok(af_path_join(out, work_dir, "out"));
    make_set();
    import_into(want, set_at("."), out);
    assert_ok(af_path_join(path, work_dir, "a.zip"));
    pack_archive(path, true, false, NULL);
    import_into(got, path, out);
    assert_string_equal(got, want);
    assert_ok(af_path_join(path, work_dir, "a.tar.xz"));
    pack_archive(path, false, true, NULL);
    import_into(got, path, out);
    assert_string_equal(got, want);
    assert_ok(af_path_format(path, "%s", set_at("b.tar.xz")));
    pack_archive(path, false, true, "REFERENCE-v3");
    import_into(got, path, out);
    assert_string_equal(got, want);

    char *data;
    size_t size;
    af_ecg_records set;
    json_t *source;
    static const char *const whole[] = {"a.zip", "a.tar.xz"};
    for (size_t i = 0; i < LENGTH(whole); i++) {
        assert_ok(af_file_read(&data, &size, work_at(whole[i]), 1 << 20));
        put("cut", data, size / 2);
        af_free(data);
        assert_int_equal(af_physionet_read(&set, &source, set_at("cut")), AF_EFORMAT);
        assert_says(i ? "want a whole .tar.gz" : "damaged after");
    }
    char *huge = af_calloc(1, (3u << 20) / 2); /* compresses to almost nothing */
    put("R50.mat", huge, (3u << 20) / 2);
    af_free(huge);
    pack_archive(work_at("huge.zip"), true, false, NULL);
    assert_int_equal(af_physionet_read(&set, &source, work_at("huge.zip")), AF_EFORMAT);
    assert_says("R50.mat is larger than");
    put_text("no.zip", "this is no archive at all, however it is named");
    assert_int_equal(af_physionet_read(&set, &source, set_at("no.zip")), AF_EFORMAT);
    assert_says("want a whole .tar.gz");
    assert_int_equal(af_physionet_read(&set, &source, set_at("missing.zip")), AF_ENOTFOUND);
    for (const char *const *n = (const char *const[]){"R50.mat", "b.tar.xz", "cut", "no.zip", NULL};
         *n; n++)
        af_file_remove(set_at(*n));
}

/* One file spoilt at a time. */
static void contradictions(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text, *says;
        af_status kind;
    } bad[] = {
        {"R03.hea", "R03 1 300 1399\nR03.mat 16+24 1000/mV 16 0 0 0 0 ECG\n",
         "R03.hea says 1399 samples", AF_EFORMAT},
        {"R03.hea", "R03 1 300 1400\nR03.mat 16+20 1000/mV 16 0 0 0 0 ECG\n", "from byte 20",
         AF_EFORMAT},
        {"R03.hea", "R03 1 300 1400\nR03.mat 212+24 1000/mV 16 0 0 0 0 ECG\n", "format 212",
         AF_EFORMAT},
        {"R03.hea", "R03 1 300 1400\nR03.mat 16+24 500/mV 16 0 0 0 0 ECG\n", "gain 500/mV",
         AF_EFORMAT},
        {"R03.hea", "R03 1 250 1400\nR03.mat 16+24 1000/mV 16 0 0 0 0 ECG\n", "at 250 Hz",
         AF_EFORMAT},
        {"R03.hea", "R04 1 300 1400\nR04.mat 16+24 1000/mV 16 0 0 0 0 ECG\n", "want R03",
         AF_EFORMAT},
        {"R03.hea", "", "R03.hea: no record line", AF_EFORMAT},
        {"R03.mat", "garbage, but long enough for a header", "R03.mat: byte 0", AF_EFORMAT},
        {"R03.mat", "", "no matrix 'val'", AF_EFORMAT},
        {"R99.hea", "R99 1 300 1400\nR99.mat 16+24 1000/mV\n", "R99.hea without R99.mat",
         AF_ENOTFOUND},
        {"REFERENCE-v3.csv", "R00,N\nR01,Q\n", "REFERENCE-v3.csv:2: label \"Q\"", AF_EFORMAT},
        {"REFERENCE-v3.csv", "R00,N\nR01,A\n", "no label for record R02", AF_ENOTFOUND},
        {"REFERENCE-v3.csv", "R00,N\nR00,N\n", "labelled twice", AF_EFORMAT},
    };
    af_ecg_records set;
    json_t *source;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        make_set();
        put_text(bad[i].file, bad[i].text);
        assert_int_equal(af_physionet_read(&set, &source, set_at(".")), bad[i].kind);
        assert_says(bad[i].says);
        assert_null(source);
        af_file_remove(set_at("R99.hea"));
    }
    make_set();
    af_file_remove(set_at("REFERENCE.csv"));
    af_file_remove(set_at("REFERENCE-v3.csv"));
    assert_int_equal(af_physionet_read(&set, &source, set_at(".")), AF_ENOTFOUND);
    assert_says("no REFERENCE-v3.csv or REFERENCE.csv");
    assert_ok(af_mkdirs(set_at("empty")));
    assert_int_equal(af_physionet_read(&set, &source, set_at("empty")), AF_ENOTFOUND);
    assert_says("no ECG records");
    make_set();
}

static void pickle_without_memory(void **state)
{
    (void)state;
    af_ecg_records set;
    json_t *source;
    af_status st = AF_ENOMEM;
    unsigned long k = 1;
    put_pickle(false, 1, true, NULL);
    for (; st != AF_OK && k < 10000; k++) {
        af_alloc_fail_at(k);
        st = af_ecg_pickle_read(&set, &source, work_at("challenge2017.pkl"));
        af_alloc_fail_at(0);
        if (st == AF_OK) break;
        assert_int_equal(st, AF_ENOMEM);
        assert_null(source);
        assert_null(set.r);
    }
    assert_ok(st);
    assert_true(k > RECORDS);
    json_decref(source);
    af_ecg_records_close(&set);
}

/* Every allocation fails once; nothing crashes and nothing is half returned. */
static void memory_runs_out(void **state)
{
    (void)state;
    af_ecg_records set;
    json_t *source;
    af_status st = AF_ENOMEM;
    make_set();
    unsigned long k = 1;
    for (; st != AF_OK && k < 10000; k++) {
        af_alloc_fail_at(k);
        st = af_physionet_read(&set, &source, set_at("."));
        af_alloc_fail_at(0);
        if (st == AF_OK) break;
        assert_int_equal(st, AF_ENOMEM);
        assert_null(source);
        assert_null(set.r);
    }
    assert_int_equal(st, AF_OK);
    assert_true(k > 2 * RECORDS);
    json_decref(source);
    af_ecg_records_close(&set);
}

static const char *raw(const char *name)
{
    static char path[AF_PATH_MAX];
    const char *root = getenv("AFIELD_TESTDATA");
    if (!root || !*root) return NULL;
    assert_ok(af_path_format(path, "%s/ecg/%s", root, name));
    return af_file_exists(path) || af_dir_exists(path) ? path : NULL;
}

#define RAW(path, name)                                                                            \
    const char *path = raw(name);                                                                  \
    if (!path) {                                                                                   \
        print_message("skipped: AFIELD_TESTDATA has no ecg/%s\n", name);                           \
        skip();                                                                                    \
    }

static void count_labels(const af_ecg_records *set, const int want[AF_ECG_LABELS])
{
    int count[AF_ECG_LABELS] = {0};
    for (int k = 0; k < set->count; k++) count[set->r[k].label]++;
    assert_memory_equal(count, want, sizeof count);
}

static void validation_set(void **state)
{
    (void)state;
    RAW(path, "cinc2017_validation");
    static const int want[AF_ECG_LABELS] = {148, 47, 65, 40};
    static const int16_t first[] = {-127, -162, -197, -229, -245}; /* od -t d2 -j 24 A00001.mat */
    af_ecg_records set;
    json_t *source;
    assert_ok(af_physionet_read(&set, &source, path));
    assert_int_equal(set.count, 300);
    count_labels(&set, want);
    assert_string_equal(set.r[0].name, "A00001");
    assert_int_equal(set.r[0].length, 9000);
    assert_memory_equal(set.r[0].x, first, sizeof first);
    assert_int_equal(json_integer_value(json_object_get(source, "headers")), 300);
    json_decref(source);
    af_ecg_records_close(&set);
}

static int64_t windows_in(const af_ecg_records *set, const int64_t *record, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        const af_ecg_record *r = &set->r[record ? record[i] : i];
        count += af_ecg_window_count(r->length, 1000, af_ecg_stride[r->label]);
    }
    return count;
}

/* The published window counts come out of the published procedure, which ties down labels, order of
 * records, windows and permutation at once: 80 % train, the rest halved by a second permutation. */
static void training_set(void **state)
{
    (void)state;
    RAW(path, "cinc2017_full/training2017.tar.xz");
    enum { ALL = 8528, HELD = 1706, HALF = 853 };
    static const int want[AF_ECG_LABELS] = {5076, 758, 2415, 279};
    static int64_t order[ALL], again[HELD], part[HELD];
    af_ecg_records set;
    json_t *source;
    double start = af_clock();
    assert_ok(af_physionet_read(&set, &source, path));
    print_message("read in %.1f s\n", af_clock() - start);
    assert_int_equal(set.count, ALL);
    count_labels(&set, want);
    assert_int_equal(windows_in(&set, NULL, ALL), 328515);
    af_numpy_permutation(order, ALL, 0);
    af_numpy_permutation(again, HELD, 0);
    for (int i = 0; i < HELD; i++) part[i] = order[again[i]];
    assert_int_equal(windows_in(&set, order + HELD, ALL - HELD), 261740);
    assert_int_equal(windows_in(&set, part + HALF, HALF), 33281);
    assert_int_equal(windows_in(&set, part, HALF), 33494);
    assert_int_equal(windows_in(&set, order, HALF), 32471); /* our test set: retrain mode's */
    json_decref(source);
    af_ecg_records_close(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {

        cmocka_unit_test(directory_imports),     cmocka_unit_test(archives_import),
        cmocka_unit_test(contradictions),        cmocka_unit_test(pickle_imports_like_records),
        cmocka_unit_test(pickle_contradictions), cmocka_unit_test(pickle_without_memory),
        cmocka_unit_test(memory_runs_out),       cmocka_unit_test(validation_set),
        cmocka_unit_test(training_set),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
