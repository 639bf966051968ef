/* Own datasets: what a manifest may say and what it is told otherwise, every format to the same
 * bytes, groups that stay whole, hostile files, look-up by name, memory that runs out. */
#include "tests/aid/work.h"
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/data/npy_write.h"
#include "data-prep/own/own.h"
#include "eval/cli.h"
#include "eval/own.h"

enum { N = 24, W = 3, GROUPS = 6, ROOM = 8192 };

/* x[i][w], below 256; the label is a function of it. */
static int value_of(int i, int w)
{
    return (i * 37 + w * 11 + i * w) % 200;
}

static int label_of(int i)
{
    return i % 3;
}

static const char *put_csv(const char *name, const char *separator)
{
    static char text[ROOM];
    int n = snprintf(text, ROOM, "id%ssite%sa%sb%sc%skind\n", separator, separator, separator,
                     separator, separator);
    for (int i = 0; i < N; i++) {
        n += snprintf(text + n, (size_t)(ROOM - n), "r%02d%sS%d", i, separator, i % GROUPS);
        for (int w = 0; w < W; w++)
            n += snprintf(text + n, (size_t)(ROOM - n), "%s%d", separator, value_of(i, w));
        n += snprintf(text + n, (size_t)(ROOM - n), "%s%d\n", separator, label_of(i));
    }
    work_put(name, text);
    return text;
}

#define HEAD "task: mine\nobjective: single_label\nmetric: f1_macro\nclasses: 3\nsize: tiny\n"
#define TABLE                                                                                      \
    "data:\n  x: {file: t.csv, columns: [a, b, c]}\n  y: {file: t.csv, columns: kind}\n"           \
    "  id: {file: t.csv, columns: id}\n  group: {file: t.csv, columns: site}\n"
#define SHARES "split: {valid: 0.3, test: 0.2, seed: 5}\n"

static const char *const base = HEAD TABLE SHARES;

static af_status import_text(const char *text)
{
    af_own *own;
    char path[AF_PATH_MAX];
    work_put("own.yaml", text);
    snprintf(path, sizeof path, "%s", work_at("own.yaml"));
    AF_TRY(af_own_load(&own, path));
    af_status st = af_own_import(own, path, work_dir);
    af_own_free(own);
    return st;
}

/* A part of the dataset of the last import, which the caller closes. */
static af_dataset *open_part(const char *manifest, af_dataset_part part)
{
    static af_own *kept; /* its task is used to open */
    af_dataset *d;
    af_own_free(kept);
    assert_ok(af_own_parse(&kept, manifest, strlen(manifest), "own.yaml"));
    assert_ok(af_dataset_open(&d, work_dir, &kept->task, part));
    return d;
}

static void sha_of(char out[AF_SHA256_HEX], const char *manifest)
{
    if (import_text(manifest) != AF_OK) fail_msg("%s", af_error());
    af_dataset *d = open_part(manifest, AF_MAIN);
    memcpy(out, d->sha256, AF_SHA256_HEX);
    af_dataset_close(d);
}

/* ---- what is told ---- */

static const struct refusal {
    const char *text, *says[3];
} refusals[] = {
    {"", {"own.yaml: empty"}},
    {"- a\n", {"own.yaml:1: a list"}},
    {"task: [\n", {"own.yaml:2: no YAML"}},
    {"task: &x mine\n", {"own.yaml:1: anchors"}},
    {"task: mine\nloss: *x\n", {"own.yaml:2: anchors"}},
    {"task: !!int 3\n", {"anchors, aliases and tags"}},
    {"task: mine\ntask: mine\n", {"own.yaml:2: 'task' is given twice, first in line 1"}},
    {"a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}}\n", {"too deep"}},
    {"? [a]\n: b\n", {"a key that is no text"}},
    {"task: mine\n---\ntask: mine\n", {"a second document"}},
    {"titel: x\n" HEAD TABLE, {"own.yaml:1: titel: unknown key; did you mean 'title'?"}},
    {"license: x\n" HEAD TABLE, {"did you mean 'licence'?"}},
    {"objective: single_label\n" TABLE, {"no `task:`"}},
    {"task: ecg\n", {"own.yaml:1: task: 'ecg' is a built-in task", "my_ecg"}},
    {"task: ../mine\n", {"'../mine', want 2 to 40 of a-z"}},
    {"task: Mine\n", {"a-z"}},
    {"task: mine\n", {"no `objective:`", "multi_label"}},
    {"task: mine\nobjective: guess\n",
     {"own.yaml:2: objective: 'guess', want one of: single_label"}},
    {"task: mine\nobjective: single_label\nloss: mse\n",
     {":3: loss: 'mse' does not fit", "cross_entropy"}},
    {"task: mine\nobjective: single_label\nloss: none\n", {"is no loss", "cross_entropy"}},
    {"task: mine\nobjective: single_label\nmetric: mse\n",
     {":3: metric: 'mse' does not fit", "f1_macro"}},
    {"task: mine\nobjective: dense_binary\nmetric: mse\n",
     {"'mse' does not fit dense_binary with loss bce"}},
    {"task: mine\nobjective: multi_label\n", {"no `metric:` for multi_label"}},
    {"task: mine\nobjective: dense_regression\nlabels: [a]\n",
     {":3: labels: a dense task has no labels"}},
    {"task: mine\nobjective: single_label\nlabels: a\n", {"want a list of class names"}},
    {"task: mine\nobjective: single_label\nclasses: 0\n", {"'0', want an integer from 1"}},
    {"task: mine\nobjective: single_label\nclasses: 3\nlabels: [a, b]\n",
     {"2 names for 3 classes"}},
    {"task: mine\nobjective: single_label\nsize: huge\n", {"want one of: tiny, small, full"}},
    {"task: mine\nobjective: dense_regression\naggregate: majority\n",
     {"a majority needs single labels"}},
    {HEAD "aggregate: majority\ndata: {x: t.csv, y: t.csv}\n", {":6: aggregate: needs `group:`"}},
    {HEAD "sampler: one_per_group\ndata: {x: t.csv, y: t.csv}\n", {"needs `group:`"}},
    {HEAD, {"no `data:`"}},
    {HEAD "data: {y: t.csv}\n", {":6: data: no `x:`"}},
    {HEAD "data: {x: t.csv, y: {key: a}}\n", {"y: no `file:`"}},
    {HEAD "data: {x: t.csv, y: t.csv, z: t.csv}\n", {"z: unknown key"}},
    {HEAD "data: {train: {x: a, y: b}}\n", {"no `test:`"}},
    {HEAD "data: {x: {file: a, separator: ab}, y: b}\n", {"want one character"}},
    {HEAD "data: {x: a, y: b, y_scale: none}\n", {"only for dense_regression"}},
    {HEAD "data: {x: a, y: b, axes: NHCW}\n", {"axes: 'NHCW', want one of: auto"}},
    {HEAD TABLE "split: {valid: 0.6, test: 0.4}\n", {"leave too little to train on"}},
    {HEAD TABLE "split: {valid: -1}\n", {"valid: '-1', want a number from 0.001"}},
    {HEAD TABLE "split: {train: [0], valid: [1]}\n", {"no `test:`"}},
    {HEAD "data: {train: {x: a, y: b}, valid: {x: a, y: b}, test: {x: a, y: b}}\n" SHARES,
     {"come in parts already"}},
    {HEAD TABLE "recipe: {epochs: 0}\n", {"epochs: '0', want an integer from 1"}},
    {HEAD TABLE "recipe: {lr: nan}\n", {"lr: 'nan', want a number"}},
    {HEAD TABLE "recipe: {schedule: cosine, factor: 0.1}\n", {"only with `schedule: step`"}},
    {HEAD TABLE "recipe: {schedule: step, milestones: [0.6, 0.3]}\n", {"want ascending fractions"}},
    {HEAD TABLE "recipe: {augment: {turn: 3}}\n",
     {"turn: unknown key; want one of: crop, flip, cutout"}},
    {HEAD TABLE "recipe: 3\n", {"want `key: value` lines"}},
};

static void manifests_are_refused_with_place_and_remedy(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(refusals); i++) {
        const struct refusal *r = &refusals[i];
        af_own *own;
        const af_status st = af_own_parse(&own, r->text, strlen(r->text), "own.yaml");
        if (st != AF_EUSAGE)
            fail_msg("case %zu: status %d, want a usage error:\n%s", i, st, r->text);
        for (int k = 0; k < 3 && r->says[k]; k++)
            if (!strstr(af_error(), r->says[k]))
                fail_msg("case %zu: \"%s\" lacks \"%s\"", i, af_error(), r->says[k]);
        if (strncmp(af_error(), "own.yaml:", 9)) fail_msg("case %zu: no file: %s", i, af_error());
    }
}

static const struct refusal bad_data[] = {
    {HEAD "data: {x: nowhere.npy, y: t.csv}\n", {"own.yaml:6: x: ", "nowhere.npy", "No such file"}},
    {HEAD "data: {x: t.csv, y: t.csv}\n",
     {"own.yaml:6: x: ", "t.csv:2: 'r00' in column 1, want a finite number"}},
    {HEAD "data: {x: {file: t.csv, columns: d}, y: t.csv}\n", {"columns: no column 'd'"}},
    {HEAD "data: {x: {file: t.csv, columns: 3-9}, y: t.csv}\n", {"'3-9', but", "columns 1 to 6"}},
    {HEAD "data: {x: {file: t.csv, columns: [a], key: k}, y: t.csv}\n", {"leave `key:` out"}},
    {HEAD "data: {x: ragged.csv, y: t.csv}\n", {"ragged.csv:3: 2 fields, want 3"}},
    {HEAD "data: {x: nan.csv, y: t.csv}\n", {"nan.csv:2: 'nan' in column 2, want a finite number"}},
    {HEAD "data: {x: huge.csv, y: t.csv}\n",
     {"huge.csv:1: '1e300' in column 1, want a finite number"}},
    {HEAD "data: {x: quote.csv, y: t.csv}\n", {"quote.csv:1: a quote that does not end"}},
    {HEAD "data: {x: {file: t.csv, columns: a}, y: two.csv}\n",
     {"own.yaml:6: y: ", "want one label"}},
    {HEAD "data: {x: {file: t.csv, columns: a}, y: {file: t.csv, columns: site}}\n",
     {"label 'S0', want numbers, or `labels:`"}},
    {HEAD "data: {x: {file: t.csv, columns: a}, y: {file: t.csv, columns: b}}\n",
     {"has label 11, want whole numbers from 0 to 2", "first_label"}},
    {HEAD "first_label: 1\ndata: {x: {file: t.csv, columns: a}, y: {file: t.csv, columns: kind}}\n",
     {"sample 0 has label 0, want whole numbers from 1 to 3"}},
    {HEAD "data: {x: {file: t.csv, columns: a}, y: short.csv}\n",
     {"short.csv has 2 samples, want the 24 of x"}},
    {HEAD "data: {x: {file: t.csv, columns: a}, y: {file: t.csv, columns: kind}, id: {file: t.csv, "
          "columns: site}}\n",
     {"two samples have the id 'S0'"}},
    {HEAD
     "data: {x: {file: t.csv, columns: a}, y: {file: t.csv, columns: kind}, group: colon.csv}\n",
     {"has a colon"}},
    {HEAD "data: {x: {file: t.csv, columns: a}, y: {file: t.csv, columns: kind}, axes: NHW}\n",
     {"has 1 axes, want the 3 of NHW"}},
    {HEAD TABLE "split: {valid: 0.01, test: 0.01}\n",
     {"own.yaml:11: split: 6 groups leave none for valid"}},
    {HEAD TABLE "split: {train: [0, 6, 24], valid: [1], test: [2]}\n",
     {"train: index 24, want whole numbers from 0 to 23"}},
    {HEAD TABLE "split: {train: [0, 0], valid: [1], test: [2]}\n",
     {"sample 0 (id 'S0:r00') is listed twice"}},
    {HEAD TABLE "split: {train: [0, 1], valid: [6], test: [2]}\n",
     {"group 'S0' is in train and in valid", "put all samples of a group into one"}},
    {HEAD TABLE "split: {train: [0, 1], valid: [], test: [2]}\n", {"valid has no samples"}},
    {HEAD "data: {x: bad.npy, y: t.csv}\n", {"own.yaml:6: x: ", "bad.npy"}},
    {HEAD "data: {x: bad.idx, y: t.csv}\n", {"bad.idx: 3 bytes of elements, want 4 of 1 each"}},
    {HEAD "data: {x: huge.idx, y: t.csv}\n", {"huge.idx: claims more elements than it"}},
    {HEAD "data: {x: bad.h5, y: t.csv}\n", {"bad.h5: no whole HDF5 file"}},
};

static void put_bytes(const char *name, const void *data, size_t size)
{
    FILE *f = fopen(work_at(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
}

static void put_bad_files(void)
{
    static char colon[ROOM];
    for (int i = 0, n = 0; i < N; i++) n += snprintf(colon + n, (size_t)(ROOM - n), "g:%d\n", i);
    put_csv("t.csv", ",");
    work_put("colon.csv", colon);
    work_put("ragged.csv", "1,2,3\n4,5,6\n7,8\n");
    work_put("nan.csv", "1,2\n3,nan\n5,6\n");
    work_put("huge.csv", "1e300,1\n");
    work_put("quote.csv", "\"1,2\n3,4\n");
    work_put("short.csv", "0\n1\n");
    work_put("two.csv", "1,2\n3,4\n");
    put_bytes("bad.npy", "\x93NUMPY\1\0\3\0abc", 13);
    put_bytes("bad.idx",
              "\0\0\x08\x01\0\0\0\x04"
              "abc",
              11);
    put_bytes("huge.idx",
              "\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
              "abc",
              19);
    put_bytes("bad.h5", "\x89HDF\r\n\x1a\nabcdefgh", 16);
}

static void bad_data_are_refused_and_leave_nothing(void **state)
{
    (void)state;
    put_bad_files();
    for (size_t i = 0; i < LENGTH(bad_data); i++) {
        const struct refusal *r = &bad_data[i];
        if (import_text(r->text) == AF_OK) fail_msg("case %zu was taken:\n%s", i, r->text);
        for (int k = 0; k < 3 && r->says[k]; k++)
            if (!strstr(af_error(), r->says[k]))
                fail_msg("case %zu: \"%s\" lacks \"%s\"", i, af_error(), r->says[k]);
        if (!strstr(af_error(), "own.yaml:")) fail_msg("case %zu: no line: %s", i, af_error());
        assert_false(af_file_exists(work_at("mine.h5")));
    }
}

/* ---- formats ---- */

static void put_npy(const char *name, const char *descr, int rank, const int64_t *dims,
                    const void *data, size_t size)
{
    af_npy_out *f;
    assert_ok(af_npy_create(&f, work_at(name), descr, rank, dims));
    assert_ok(af_npy_finish(f, af_npy_append(f, data, size)));
}

static void put_hdf5(const char *name, const uint8_t *x, const int32_t *y)
{
    const hsize_t dims[2] = {N, W}, chunk[2] = {5, 2};
    hid_t f = H5Fcreate(work_at(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t plan = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(plan, 2, chunk);
    H5Pset_deflate(plan, 6);
    hid_t g = H5Gcreate2(f, "deep", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, dims, NULL), line = H5Screate_simple(1, dims, NULL);
    hid_t sx = H5Dcreate2(g, "x", H5T_STD_U8LE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
    hid_t sy = H5Dcreate2(f, "y", H5T_STD_I64BE, line, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(sx, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) >= 0);
    assert_true(H5Dwrite(sy, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, y) >= 0);
    H5Lcreate_external("/etc/other.h5", "/x", f, "elsewhere", H5P_DEFAULT, H5P_DEFAULT);
    H5Dclose(sx), H5Dclose(sy), H5Sclose(space), H5Sclose(line), H5Gclose(g), H5Pclose(plan);
    H5Fclose(f);
}

static void put_gz(const char *name, const void *data, size_t size)
{
    gzFile f = gzopen(work_at(name), "wb");
    assert_int_equal(gzwrite(f, data, (unsigned)size), (int)size);
    gzclose(f);
}

static void put_all_formats(void)
{
    uint8_t x[N * W], idx[16 + N * W] = {0, 0, 8, 2, 0, 0, 0, N, 0, 0, 0, W};
    uint8_t labels[8 + N] = {0, 0, 8, 1, 0, 0, 0, N};
    int32_t y[N];
    int16_t shorts[N];
    for (int i = 0; i < N; i++) {
        for (int w = 0; w < W; w++) x[i * W + w] = (uint8_t)value_of(i, w);
        y[i] = label_of(i);
        labels[8 + i] = (uint8_t)y[i];
        shorts[i] = (int16_t)y[i];
    }
    memcpy(idx + 12, x, sizeof x);
    put_bytes("x.idx", idx, 12 + sizeof x);
    put_gz("y.idx.gz", labels, sizeof labels);
    put_npy("x.npy", "|u1", 2, (const int64_t[]){N, W}, x, sizeof x);
    put_npy("y.npy", "<i2", 1, (const int64_t[]){N}, shorts, sizeof shorts);
    put_hdf5("xy.h5", x, y);
}

#define PAIR(x, y) HEAD "data: {x: " x ", y: " y "}\nsplit: {valid: 0.3, test: 0.2, seed: 5}\n"

static void every_format_gives_the_same_dataset(void **state)
{
    (void)state;
    static const char *const forms[] = {
        PAIR("x.idx", "y.idx.gz"),
        PAIR("x.npy", "y.npy"),
        PAIR("{file: xy.h5, key: deep/x}", "{file: xy.h5, key: /y}"),
        PAIR("x.npy", "{file: t.csv, columns: 6}"),
        PAIR("x.idx", "{file: t.tsv, columns: kind}"),
        PAIR("x.idx", "{file: semicolon.csv.gz, columns: kind, separator: ;}"),
    };
    char first[AF_SHA256_HEX], other[AF_SHA256_HEX];
    put_all_formats();
    put_csv("t.csv", ",");
    put_csv("t.tsv", "\t");
    const char *text = put_csv("s.csv", ";");
    put_gz("semicolon.csv.gz", text, strlen(text));
    sha_of(first, forms[0]);
    for (size_t i = 1; i < LENGTH(forms); i++) {
        sha_of(other, forms[i]);
        if (strcmp(first, other)) fail_msg("another dataset from\n%s", forms[i]);
    }
    af_dataset *d = open_part(forms[0], AF_MAIN);
    assert_int_equal(d->x_type, AF_STORED_UINT8);
    assert_true(af_shape_same(d->input, (af_shape){1, 1, W}));
    for (int64_t k = 0; k < d->n; k++) { /* ids are s000000 ... in the file's order */
        const int i = atoi(d->ids + k * AF_ID_MAX + 1);
        assert_int_equal(((const int32_t *)d->y)[k], label_of(i));
        for (int w = 0; w < W; w++)
            assert_int_equal(((const uint8_t *)d->x)[k * W + w], value_of(i, w));
    }
    af_dataset_close(d);
    assert_int_equal(import_text(PAIR("{file: xy.h5, key: elsewhere}", "y.npy")), AF_ENOTFOUND);
    assert_int_equal(import_text(PAIR("xy.h5", "y.npy")), AF_EFORMAT);
    assert_says("say which array with `key:`; it holds: deep, elsewhere, y");
}

/* ---- what comes of it ---- */

static void a_table_becomes_a_dataset(void **state)
{
    (void)state;
    char first[AF_SHA256_HEX], again[AF_SHA256_HEX], other[AF_SHA256_HEX];
    put_csv("t.csv", ",");
    sha_of(first, base);
    sha_of(again, base);
    sha_of(other, HEAD TABLE "split: {valid: 0.3, test: 0.2, seed: 6}\n");
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    assert_ok(import_text(base));
    af_dataset *d = open_part(base, AF_MAIN);
    assert_string_equal(d->provenance, "own");
    assert_int_equal(d->output.c, 3);
    double sum = 0, square = 0;
    const af_indices *train = &d->split[AF_CLEAN][AF_TRAIN];
    const double n = (double)(train->count * W);
    for (int64_t k = 0; k < train->count * W; k++) {
        const double v = (double)((const float *)d->x)[train->i[k / W] * W + k % W];
        sum += v;
        square += v * v;
    }
    assert_true(fabs((double)d->scaling[AF_CLEAN].x_mean[1] - sum / n) < 1e-4);
    assert_true(fabs((double)d->scaling[AF_CLEAN].x_std[2] - sqrt(square / n - sum / n * sum / n)) <
                1e-3);
    for (int64_t k = 0; k < d->n; k++) {
        int site, row;
        assert_int_equal(sscanf(d->ids + k * AF_ID_MAX, "S%d:r%d", &site, &row), 2);
        assert_int_equal(site, row % GROUPS);
        assert_int_equal(d->group[k], site);
    }
    af_dataset_close(d);
}

static void groups_are_never_split(void **state)
{
    (void)state;
    put_csv("t.csv", ",");
    for (int seed = 0; seed < 20; seed++) {
        char text[ROOM];
        int owner[GROUPS] = {0};
        snprintf(text, sizeof text, HEAD TABLE "split: {valid: 0.3, test: 0.2, seed: %d}\n", seed);
        assert_ok(import_text(text));
        for (int part = AF_MAIN; part <= AF_HELD_OUT; part++) {
            af_dataset *d = open_part(text, (af_dataset_part)part);
            for (int s = 0; s < AF_SPLITS; s++)
                for (int64_t k = 0; k < d->split[AF_CLEAN][s].count; k++) {
                    const int32_t g = d->group[d->split[AF_CLEAN][s].i[k]];
                    assert_true(!owner[g] || owner[g] == s + 1);
                    owner[g] = s + 1;
                }
            af_dataset_close(d);
        }
        for (int g = 0; g < GROUPS; g++) assert_true(owner[g]);
    }
}

static void ready_parts_are_kept(void **state)
{
    (void)state;
    static const char manifest[] = HEAD "data:\n  train: {x: a.npy, y: a.csv, group: ag.csv}\n  "
                                        "test: {x: b.npy, y: b.csv, group: bg.csv}\n"
                                        "split: {valid: 0.5, seed: 1}\n";
    const uint8_t a[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const float b[] = {9.5f, 10};
    put_npy("a.npy", "|u1", 1, (const int64_t[]){8}, a, sizeof a);
    put_npy("b.npy", "<f4", 1, (const int64_t[]){2}, b, sizeof b);
    work_put("a.csv", "0\n1\n2\n0\n1\n2\n0\n1\n");
    work_put("ag.csv", "p\np\nq\nq\nr\nr\ns\ns\n");
    work_put("b.csv", "2\n0\n");
    work_put("bg.csv", "t\nt\n");
    assert_ok(import_text(manifest));
    af_dataset *d = open_part(manifest, AF_MAIN), *t = open_part(manifest, AF_HELD_OUT);
    assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 4);
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 4);
    assert_int_equal(t->n, 2);
    assert_true(((const float *)t->x)[0] == 9.5f);
    assert_string_equal(t->ids, "t:test000000");
    af_dataset_close(d);
    af_dataset_close(t);
    work_put("bg.csv", "t\nq\n");
    assert_int_equal(import_text(manifest), AF_EUSAGE);
    assert_says("group 'q' is in ");
    assert_says("and in test");
}

static void axes_are_put_in_order(void **state)
{
    (void)state;
    char first[AF_SHA256_HEX], second[AF_SHA256_HEX];
    enum { C = 2, H = 3, V = 4, ALL = N * C * H * V };
    static float chw[ALL], hwc[ALL];
    for (int i = 0; i < ALL; i++) {
        const int n = i / (C * H * V), c = i / (H * V) % C, h = i / V % H, w = i % V;
        chw[i] = (float)(i % 91);
        hwc[((n * H + h) * V + w) * C + c] = chw[i];
    }
    put_csv("t.csv", ",");
    put_npy("chw.npy", "<f4", 4, (const int64_t[]){N, C, H, V}, chw, sizeof chw);
    put_npy("hwc.npy", "<f4", 4, (const int64_t[]){N, H, V, C}, hwc, sizeof hwc);
    sha_of(first, PAIR("chw.npy", "{file: t.csv, columns: kind}"));
    sha_of(second, HEAD "data: {x: hwc.npy, y: {file: t.csv, columns: kind}, axes: NHWC}\n" SHARES);
    assert_string_equal(first, second);
}

static void other_objectives_are_written(void **state)
{
    (void)state;
    static const char many[] =
        "task: mine\nobjective: multi_label\nloss: mse\nmetric: mse\nsize: tiny\n"
        "data: {x: x.npy, y: many.csv}\n" SHARES;
    static const char dense[] =
        "task: mine\nobjective: dense_regression\nmetric: relative_l2\nsize: tiny\n"
        "data: {x: x.npy, y: x.npy, scale: element}\n" SHARES;
    static const char binary[] =
        "task: mine\nobjective: dense_binary\nloss: mse\nmetric: mse\nsize: tiny\n"
        "data: {x: x.npy, y: x.npy}\n" SHARES;
    char text[ROOM] = "";
    put_all_formats();
    for (int i = 0; i < N; i++) strcat(text, i % 2 ? "0,1\n" : "1,1\n");
    work_put("many.csv", text);
    assert_ok(import_text(many));
    af_dataset *d = open_part(many, AF_MAIN);
    assert_true(af_shape_same(d->output, (af_shape){2, 1, 1}));
    assert_false(af_dataset_io(d).dense);
    af_dataset_close(d);
    work_put("many.csv", "0,1\n0,2\n");
    assert_int_equal(import_text(many), AF_EUSAGE);
    assert_ok(import_text(dense));
    d = open_part(dense, AF_MAIN);
    assert_true(af_shape_same(d->output, (af_shape){1, 1, W}));
    assert_true(af_dataset_io(d).dense);
    assert_non_null(d->scaling[AF_CLEAN].y_mean);
    assert_true(((const float *)d->y)[4] == (float)((const uint8_t *)d->x)[4]);
    af_dataset_close(d);
    assert_int_equal(import_text(binary), AF_EUSAGE);
    assert_says("want 0 or 1");
}

static void labels_may_be_names(void **state)
{
    (void)state;
    static const char manifest[] =
        "task: mine\nobjective: single_label\nsize: tiny\nlabels: [low, high]\n"
        "data: {x: n.csv, y: names.csv}\nsplit: {valid: 0.3, test: 0.3}\n";
    work_put("n.csv", "1,2\n3,4\n5,6\n7,8\n9,1\n2,2\n");
    work_put("names.csv", "high\nlow\nhigh\n\"low\"\nhigh\nlow\n");
    assert_ok(import_text(manifest));
    work_put("names.csv", "high\nlow\nmiddle\nlow\nhigh\nlow\n");
    assert_int_equal(import_text(manifest), AF_EUSAGE);
    assert_says("sample 2 has label 'middle', which is none of `labels:`");
}

static void series_hold_values_and_labels(void **state)
{
    (void)state;
    static const char manifest[] =
        "task: mine\nobjective: single_label\nsize: tiny\nlabels: [up, down]\n"
        "data: {x: s.ts, y: s.ts, axes: NCW}\nsplit: {valid: 0.3, test: 0.3}\n";
    static const char head[] =
        "# a comment\n@problemName t\n@timestamps false\n@classLabel true up down\n@data\n";
    static const struct {
        const char *line, *says;
    } bad[] = {{"1,2,3:4,5:up\n", "s.ts:6: series of another length"},
               {"1,2,3:4,5,6:up\n1,2,3:up\n", "s.ts:7: another number of channels"},
               {"1,2,3:4,5,6:1,2,3:up\n1,2,3:1,2,3:up\n", "s.ts:7: another number of channels"},
               {"1,2,3:4,5,6:up\n1,2,3:4,5,6:1,2,3:up\n", "s.ts:7: another number of channels"},
               {"1,?,3:4,5,6:up\n", "s.ts:6: '?', want a finite number"},
               {"1,2,3:4,5,:up\n", "s.ts:6: "},
               {"1,2,3\n", "no class label"},
               {"", "no samples below @data"}};
    char text[1024];
    snprintf(text, sizeof text,
             "%s1,2,3:4,5,6:up\r\n\n7,8,9:1,2,3:down\n1,1,1:2,2,2:up\n0,0,0:1,1,1:down\n", head);
    work_put("s.ts", text);
    assert_ok(import_text(manifest));
    af_dataset *d = open_part(manifest, AF_HELD_OUT);
    assert_true(af_shape_same(d->input, (af_shape){2, 1, 3}));
    const int row = atoi(d->ids + 1);
    static const float want[4][6] = {
        {1, 2, 3, 4, 5, 6}, {7, 8, 9, 1, 2, 3}, {1, 1, 1, 2, 2, 2}, {0, 0, 0, 1, 1, 1}};
    assert_memory_equal(d->x, want[row], sizeof want[row]);
    assert_int_equal(((const int32_t *)d->y)[0], row % 2);
    af_dataset_close(d);
    for (size_t i = 0; i < LENGTH(bad); i++) {
        snprintf(text, sizeof text, "%s%s", head, bad[i].line);
        work_put("s.ts", text);
        assert_int_equal(import_text(manifest), AF_EFORMAT);
        assert_says(bad[i].says);
    }
    work_put("s.ts", "@timestamps true\n@data\n(0,1):up\n");
    assert_int_equal(import_text(manifest), AF_EUNSUPPORTED);
}

/* ---- by name ---- */

static void an_own_task_is_found_by_name(void **state)
{
    (void)state;
    const af_task *t, *again;
    char at[4096], path[AF_PATH_MAX];
    put_csv("t.csv", ",");
    work_put("own.yaml", base);
    snprintf(path, sizeof path, "%s", work_at("own.yaml"));
    setenv("AFIELD_DATA", work_at("data"), 1);
    af_own_register();
    assert_null(af_find_task("mine"));
    assert_int_equal(af_need_task(&t, "min"), AF_EUSAGE);
    assert_ok(af_own_install(&t, at, path, false));
    assert_ptr_equal(af_find_task("mine"), t);
    assert_true(t->own && t->size == AF_TINY && !strcmp(t->metric, "f1_macro"));
    assert_ok(af_need_data(at, t, AF_TINY));
    assert_int_equal(af_need_data(at, t, AF_FULL), AF_EUSAGE);
    assert_says("leave --size out");
    assert_int_equal(af_need_task(&again, "mina"), AF_EUSAGE);
    assert_says("did you mean 'mine'?");
    assert_int_equal(af_own_install(&again, at, path, false), AF_EUSAGE);
    assert_says("add --force");
    assert_ok(af_own_install(&again, at, path, true));
    assert_ptr_equal(again, t); /* the same text is the same task */
    assert_null(af_find_task("../mine"));
    work_put("data/own/mine.yaml", "task: mine\n");
    assert_int_equal(af_need_task(&again, "mine"), AF_EUSAGE);
    assert_says("data/own/mine.yaml:1: no `objective:`");
    work_put("data/own/mine.yaml", "task: other\nobjective: single_label\ndata: {x: a, y: b}\n");
    assert_int_equal(af_need_task(&again, "mine"), AF_EFORMAT);
    assert_says("holds task 'other'");
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    const char *file = "own.yaml";
    put_csv("t.csv", ",");
    work_put(file, base);
    unsigned long k = 1;
    for (bool more = true; more; k++) {
        af_alloc_fail_at(k);
        const unsigned long before = af_alloc_count();
        const af_status st = import_text(base);
        more = af_alloc_count() - before >= k;
        af_alloc_fail_at(0);
        if (more && st == AF_OK) fail_msg("allocation %lu failed unnoticed", k);
        if (!more) assert_ok(st);
    }
    assert_true(k > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifests_are_refused_with_place_and_remedy),
        cmocka_unit_test(bad_data_are_refused_and_leave_nothing),
        cmocka_unit_test(every_format_gives_the_same_dataset),
        cmocka_unit_test(a_table_becomes_a_dataset),
        cmocka_unit_test(groups_are_never_split),
        cmocka_unit_test(ready_parts_are_kept),
        cmocka_unit_test(axes_are_put_in_order),
        cmocka_unit_test(other_objectives_are_written),
        cmocka_unit_test(labels_may_be_names),
        cmocka_unit_test(series_hold_values_and_labels),
        cmocka_unit_test(an_own_task_is_found_by_name),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
