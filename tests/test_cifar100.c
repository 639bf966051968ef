/* CIFAR-100: both official layouts give the same bytes, from directories and archives; what is not
 * CIFAR-100 is refused; the stand-in is a function of its seed, balanced, learned by a network and
 * not by a linear model. Genuine images where AFIELD_TESTDATA has them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/registry.h"
#include "core/train/train.h"
#include "data-prep/cifar100/pack.h"
#include "data-prep/cifar100/raw.h"
#include "data-prep/cifar100/shapes.h"
#include "tests/aid/archive.h"
#include "tests/aid/learned.h"
#include "tests/aid/variant.h"
#include "tests/aid/work.h"

extern const af_task af_task_cifar100;
extern const af_prep af_prep_cifar100;

enum { TRAIN = 25, TEST = 10, RECORD = 2 + AF_CIFAR_BYTES, ROOM = 200000 };

/* NAS-Bench-360, backbone/data_utils/load_data.py. */
static const double published_mean[] = {0.5071, 0.4867, 0.4408};
static const double published_std[] = {0.2675, 0.2565, 0.2761};

/* ---- a small set in both layouts ---- */

static uint8_t pixel_of(int set, int k, int i)
{
    return (uint8_t)(7 * i + 31 * k + 101 * set + i / 256);
}

static int label_of(int set, int k)
{
    return (13 * k + 50 * set) % AF_CIFAR_CLASSES;
}

static size_t put_binary(uint8_t *to, int set, int count)
{
    for (int k = 0; k < count; k++) {
        *to++ = (uint8_t)(k % AF_CIFAR_COARSE);
        *to++ = (uint8_t)label_of(set, k);
        for (int i = 0; i < AF_CIFAR_BYTES; i++) *to++ = pixel_of(set, k, i);
    }
    return (size_t)count * RECORD;
}

static uint8_t *put_text(uint8_t *to, const char *text)
{
    memcpy(to, text, strlen(text));
    return to + strlen(text);
}

static uint8_t *put_labels(uint8_t *to, const char *key, int set, int count, bool coarse)
{
    *to++ = 'U';
    *to++ = (uint8_t)strlen(key);
    to = put_text(to, key);
    to = put_text(to, "](");
    for (int k = 0; k < count; k++) {
        *to++ = 'K';
        *to++ = (uint8_t)(coarse ? k % AF_CIFAR_COARSE : label_of(set, k));
    }
    return put_text(to, "e");
}

/* As Python 2 pickled the official files: protocol 2, strings as bytes. */
static size_t put_python(uint8_t *to, int set, int count)
{
    uint8_t *from = to;
    to = put_text(to, "\x80\x02}(U\x04"
                      "datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK");
    *to++ = 0;
    to = put_text(to, "\x85U\x01"
                      "b\x87R(K\x01K");
    *to++ = (uint8_t)count;
    *to++ = 'M';
    *to++ = AF_CIFAR_BYTES & 255;
    *to++ = AF_CIFAR_BYTES >> 8;
    to = put_text(to, "\x86"
                      "cnumpy\ndtype\nU\x02u1\x89\x88\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xff"
                      "J\xff\xff\xff\xffK");
    *to++ = 0;
    to = put_text(to, "tb\x89T");
    const uint32_t bytes = (uint32_t)count * AF_CIFAR_BYTES;
    for (int b = 0; b < 4; b++) *to++ = (uint8_t)(bytes >> 8 * b);
    for (int k = 0; k < count; k++)
        for (int i = 0; i < AF_CIFAR_BYTES; i++) *to++ = pixel_of(set, k, i);
    to = put_text(to, "tb");
    to = put_labels(to, "fine_labels", set, count, false);
    to = put_labels(to, "coarse_labels", set, count, true);
    to = put_text(to, "u.");
    return (size_t)(to - from);
}

static size_t put_names(uint8_t *to, bool python)
{
    uint8_t *from = to;
    if (python)
        to = put_text(to, "\x80\x02}U\x10"
                          "fine_label_names](");
    for (const char *const *name = af_task_cifar100.labels; *name; name++) {
        if (python) *to++ = 'U', *to++ = (uint8_t)strlen(*name);
        to = put_text(to, *name);
        if (!python) *to++ = '\n';
    }
    if (python) to = put_text(to, "es.");
    return (size_t)(to - from);
}

static const struct {
    const char *directory, *train, *test, *names;
} sets[] = {
    {"cifar-100-binary", "train.bin", "test.bin", "fine_label_names.txt"},
    {"cifar-100-python", "train", "test", "meta"},
};

static char *at(const char *directory, const char *name)
{
    static char path[AF_PATH_MAX];
    assert_ok(af_path_format(path, "%s/%s/%s", work_dir, directory, name));
    return path;
}

static void make_sets(void)
{
    uint8_t *room = af_alloc(ROOM);
    for (int python = 0; python < 2; python++) {
        size_t (*put)(uint8_t *, int, int) = python ? put_python : put_binary;
        const char *directory = sets[python].directory;
        assert_ok(af_mkdirs(work_at(directory)));
        assert_ok(af_file_write(at(directory, sets[python].train), room, put(room, 0, TRAIN)));
        assert_ok(af_file_write(at(directory, sets[python].test), room, put(room, 1, TEST)));
        assert_ok(af_file_write(at(directory, sets[python].names), room, put_names(room, python)));
    }
    af_free(room);
}

/* All files of a directory below the work directory, last name first. */
static void pack_archive(const char *path, const char *directory)
{
    char **names;
    size_t count;
    struct archive *a = archive_write_new();
    archive_write_set_format_pax_restricted(a);
    archive_write_add_filter_gzip(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    assert_ok(af_dir_list(&names, &count, work_at(directory)));
    for (size_t i = count; i--;) {
        char member[AF_PATH_MAX];
        assert_ok(af_path_join(member, directory, names[i]));
        archive_put_file(a, member, at(directory, names[i]));
    }
    af_free(names);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

static af_status import(const char *source, af_size size)
{
    const af_prep_request r = {
        .task = &af_task_cifar100, .size = size, .source = source, .directory = work_dir};
    return af_prep_cifar100.import(&r);
}

static af_dataset *open_part(af_dataset_part part)
{
    af_dataset *d;
    assert_ok(af_dataset_open(&d, work_dir, &af_task_cifar100, part));
    return d;
}

static void import_both_parts(char sha[2][AF_SHA256_HEX], const char *source, af_size size)
{
    assert_ok(import(source, size));
    for (int part = 0; part < 2; part++) {
        af_dataset *d = open_part(part ? AF_HELD_OUT : AF_MAIN);
        assert_string_equal(d->provenance, "partial");
        memcpy(sha[part], d->sha256, AF_SHA256_HEX);
        af_dataset_close(d);
    }
}

/* ---- what is imported ---- */

static void layouts_agree(void **state)
{
    (void)state;
    char want[2][AF_SHA256_HEX], got[2][AF_SHA256_HEX], path[AF_PATH_MAX];
    make_sets();
    for (af_size size = 0; size < AF_SIZES; size++)
        for (int python = 0; python < 2; python++) {
            assert_ok(af_path_join(path, work_dir, sets[python].directory));
            import_both_parts(python ? got : want, path, size);
            if (python) assert_memory_equal(got, want, sizeof want);
            assert_ok(af_path_format(path, "%s/%d.tar.gz", work_dir, python));
            pack_archive(path, sets[python].directory);
            import_both_parts(got, path, size);
            assert_memory_equal(got, want, sizeof want);
        }
    assert_ok(af_mkdirs(work_at("parent"))); /* a directory that holds the layout's own */
    assert_int_equal(rename(work_at("cifar-100-python"), at("parent", "cifar-100-python")), 0);
    assert_ok(af_path_join(path, work_dir, "parent"));
    import_both_parts(got, path, AF_FULL);
    assert_memory_equal(got, want, sizeof want);
}

static void full_is_exact(void **state)
{
    (void)state;
    char path[AF_PATH_MAX];
    make_sets();
    assert_ok(af_path_join(path, work_dir, sets[0].directory));
    assert_ok(import(path, AF_FULL));
    for (int set = 0; set < 2; set++) {
        af_dataset *d = open_part(set ? AF_HELD_OUT : AF_MAIN);
        assert_int_equal(d->n, set ? TEST : TRAIN);
        assert_int_equal(d->x_type, AF_STORED_UINT8);
        assert_true(af_shape_same(d->input, (af_shape){3, 32, 32}));
        for (int k = 0; k < d->n; k++) {
            assert_int_equal(((const int32_t *)d->y)[k], label_of(set, k));
            for (int i = 0; i < AF_CIFAR_BYTES; i++)
                assert_int_equal(((const uint8_t *)d->x)[k * AF_CIFAR_BYTES + i],
                                 pixel_of(set, k, i));
        }
        for (int p = 0; p < AF_PROTOCOLS && !set; p++)
            for (int i = 0; i < AF_CIFAR_BYTES; i++) {
                assert_true(d->scaling[p].x_mean[i] == (float)(255 * published_mean[i / 1024]));
                assert_true(d->scaling[p].x_std[i] == (float)(255 * published_std[i / 1024]));
            }
        const af_indices *clean = d->split[AF_CLEAN], *paper = d->split[AF_PAPER];
        if (set) {
            assert_int_equal(clean[AF_TEST].count, TEST);
            assert_string_equal(d->ids + 9 * AF_ID_MAX, "test-00009");
        } else {
            assert_int_equal(clean[AF_TRAIN].count, 20); /* the last fifth validates */
            assert_int_equal(clean[AF_VALID].count, 5);
            assert_int_equal(clean[AF_VALID].i[0], 20);
            assert_int_equal(paper[AF_TRAIN].count, 25);
            assert_int_equal(paper[AF_VALID].count, 0);
            assert_string_equal(d->ids + 20 * AF_ID_MAX, "train-00020");
        }
        af_dataset_close(d);
    }
}

/* The scaled values are those of averaged pixels under the published constants. */
static void tiny_is_summed(void **state)
{
    (void)state;
    char path[AF_PATH_MAX];
    make_sets();
    assert_ok(af_path_join(path, work_dir, sets[0].directory));
    assert_ok(import(path, AF_TINY));
    af_dataset *d = open_part(AF_MAIN);
    const af_scaling *s = &d->scaling[AF_CLEAN];
    assert_true(af_shape_same(d->input, (af_shape){3, 16, 16}));
    assert_int_equal(d->x_type, AF_STORED_INT16);
    for (int k = 0; k < d->n; k++)
        for (int i = 0; i < 3 * 256; i++) {
            int corner = i / 256 * 1024 + i % 256 / 16 * 64 + i % 16 * 2;
            int sum = pixel_of(0, k, corner) + pixel_of(0, k, corner + 1) +
                      pixel_of(0, k, corner + 32) + pixel_of(0, k, corner + 33);
            const int16_t x = ((const int16_t *)d->x)[k * 768 + i];
            const float average = (float)sum / 4, mean = (float)(255 * published_mean[i / 256]),
                        std = (float)(255 * published_std[i / 256]);
            assert_int_equal(x, sum);
            assert_true((x - s->x_mean[i]) / s->x_std[i] == (average - mean) / std);
        }
    af_dataset_close(d);
}

/* ---- what is refused ---- */

static void refuses(void **state)
{
    (void)state;
    static const struct {
        int set;
        const char *file;
        long cut;    /* bytes kept; -1: all */
        long offset; /* of a byte that is changed; -1: none */
        uint8_t byte;
        const char *says;
    } cases[] = {
        {0, "train.bin", 3073, -1, 0, "train.bin: 3073 bytes, want a multiple of 3074"},
        {0, "train.bin", 0, -1, 0, "train.bin: 0 bytes"},
        {0, "train.bin", 9 * RECORD, -1, 0, "9 training images, want at least 10"},
        {0, "test.bin", -1, 1 + RECORD, 100,
         "test.bin: image 1 has coarse label 1 and fine label 100"},
        {0, "test.bin", -1, 0, 20, "test.bin: image 0 has coarse label 20"},
        {0, "fine_label_names.txt", -1, 0, 'b', "class 0 is another than 'apple'"},
        {0, "fine_label_names.txt", 700, -1, 0, "is another than"},
        {1, "train", 5000, -1, 0, "train: byte "},
        {1, "train", -1, 6, 'D', "train: no array 'data' of uint8"},
        {1, "test", -1, 17, 'C', "wants to import numpy.Core.multiarray._reconstruct"},
        {1, "meta", -1, 6, 'F', "no list 'fine_label_names'"},
        {1, "meta", -1, 25, 'A', "class 0 is another than 'apple'"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char path[AF_PATH_MAX], *data;
        size_t size;
        const char *directory = sets[cases[i].set].directory;
        make_sets();
        assert_ok(af_file_read(&data, &size, at(directory, cases[i].file), ROOM));
        if (cases[i].offset >= 0) data[cases[i].offset] = (char)cases[i].byte;
        if (cases[i].cut >= 0) size = (size_t)cases[i].cut;
        assert_ok(af_file_write(at(directory, cases[i].file), data, size));
        af_free(data);
        assert_ok(af_path_join(path, work_dir, directory));
        assert_int_equal(import(path, AF_FULL), AF_EFORMAT);
        assert_says(cases[i].says);
    }
}

static void refuses_incomplete(void **state)
{
    (void)state;
    char path[AF_PATH_MAX];
    make_sets();
    assert_int_equal(import(work_dir, AF_FULL), AF_EFORMAT);
    assert_says("cifar-100-binary and cifar-100-python are both in it");
    assert_ok(af_path_join(path, work_dir, "nowhere"));
    assert_int_equal(import(path, AF_FULL), AF_ENOTFOUND);
    assert_says("nowhere: no such file or directory");
    assert_ok(af_path_join(path, work_dir, sets[0].directory));
    af_file_remove(at(sets[0].directory, "test.bin"));
    assert_int_equal(import(path, AF_FULL), AF_ENOTFOUND);
    assert_says("no test images");
    af_file_remove(at(sets[0].directory, "train.bin"));
    assert_int_equal(import(path, AF_FULL), AF_ENOTFOUND);
    assert_says(
        "holds a text (fine_label_names.txt); want train.bin and test.bin of cifar-100-binary");
}

/* ---- CIFAR-10 ---- */

/* Batches out of order, as an archive may hold them. */
static void cifar10_is_a_variant(void **state)
{
    (void)state;
    enum { BATCH = 10, RECORD10 = 1 + AF_CIFAR_BYTES };
    static const char *const names[] = {"data_batch_1.bin", "data_batch_3.bin", "test_batch.bin"};
    static uint8_t data[BATCH * RECORD10];
    char path[AF_PATH_MAX], text[256] = "";
    af_variant v;
    assert_ok(af_path_join(path, work_dir, "ten/cifar-10-batches-bin"));
    assert_ok(af_mkdirs(path));
    for (int b = 0; b < 3; b++) {
        for (int k = 0; k < BATCH; k++) {
            data[k * RECORD10] = (uint8_t)((k + b) % 10);
            for (int i = 0; i < AF_CIFAR_BYTES; i++) data[k * RECORD10 + 1 + i] = pixel_of(b, k, i);
        }
        assert_ok(af_file_write(at("ten/cifar-10-batches-bin", names[b]), data, sizeof data));
    }
    for (int c = 0; c < 10; c++) {
        strcat(text, af_cifar10_labels[c]);
        strcat(text, "\n");
    }
    work_put("ten/cifar-10-batches-bin/batches.meta.txt", text);
    snprintf(path, sizeof path, "%s", work_at("ten"));
    assert_int_equal(import(path, AF_FULL), AF_EUNSUPPORTED);
    assert_says("ten: not the data of the task cifar100");
    for (af_size size = AF_TINY; size <= AF_FULL; size++) {
        af_own *own = variant_import(&v, &af_prep_cifar100, path, size);
        assert_string_equal(own->task.name, "cifar10");
        af_dataset *d = variant_open(own, AF_MAIN);
        assert_int_equal(d->n, 2 * BATCH);
        assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 4);
        assert_int_equal(d->output.c, 10);
        for (int k = 0; k < 2 * BATCH; k++)
            assert_int_equal(((const int32_t *)d->y)[k], (k + k / BATCH) % 10);
        for (int k = 0; k < 2 * BATCH && size != AF_TINY; k++)
            for (int i = 0; i < AF_CIFAR_BYTES; i++)
                assert_int_equal(((const uint8_t *)d->x)[k * AF_CIFAR_BYTES + i],
                                 pixel_of(k / BATCH, k % BATCH, i));
        const int most = size == AF_TINY ? 4 * 255 : 255;
        assert_true(fabs((double)d->scaling[AF_CLEAN].x_mean[0] / most - 0.4914) < 1e-5);
        assert_true(fabs((double)d->scaling[AF_CLEAN].x_std[0] / most - 0.2470) < 1e-5);
        af_dataset_close(d);
        af_dataset_close(variant_open(own, AF_HELD_OUT));
        af_own_free(own);
    }
    data[RECORD10] = 10;
    assert_ok(af_file_write(at("ten/cifar-10-batches-bin", names[1]), data, sizeof data));
    assert_int_equal(variant_try(&af_prep_cifar100, path, AF_FULL), AF_EFORMAT);
    assert_says("data_batch_3.bin: image 1 has label 10, want less than 10");
    assert_ok(af_file_write(at("ten/cifar-10-batches-bin", names[1]), data, 3074));
    assert_int_equal(variant_try(&af_prep_cifar100, path, AF_FULL), AF_EFORMAT);
    assert_says("data_batch_3.bin: 3074 bytes, want a multiple of 3073");
    work_put("ten/cifar-10-batches-bin/data_batch_3.bin", "");
    assert_int_equal(variant_try(&af_prep_cifar100, path, AF_FULL), AF_EFORMAT);
}

static void genuine_cifar10(void **state)
{
    (void)state;
    char path[AF_PATH_MAX];
    const char *root = getenv("AFIELD_TESTDATA");
    if (root) assert_ok(af_path_format(path, "%s/cifar10", root));
    if (!root || !af_dir_exists(path)) {
        print_message("skipped: AFIELD_TESTDATA has no cifar10\n");
        skip();
    }
    af_variant v;
    af_own *own = variant_import(&v, &af_prep_cifar100, path, AF_TINY);
    af_dataset *d = variant_open(own, AF_MAIN);
    assert_int_equal(d->n, 1000);
    af_dataset_close(d);
    assert_true(learned(&own->task, "wrn", work_dir) > 0.2); /* chance: 0.1 */
    af_own_free(own);
}

static void memory_runs_out(void **state)
{
    (void)state;
    char path[AF_PATH_MAX];
    af_cifar_raw raw;
    make_sets();
    for (int python = 0; python < 2; python++) {
        af_status st = AF_ENOMEM;
        unsigned long k = 1;
        assert_ok(af_path_join(path, work_dir, sets[python].directory));
        for (; st != AF_OK && k < 200; k++) {
            af_alloc_fail_at(k);
            st = af_cifar_raw_read(&raw, path, af_task_cifar100.labels);
            af_alloc_fail_at(0);
            if (st == AF_OK) break;
            assert_int_equal(st, AF_ENOMEM);
            assert_null(raw.train.pixel);
            assert_null(raw.source);
        }
        assert_ok(st);
        assert_true(k > 6);
        af_cifar_raw_close(&raw);
    }
}

/* ---- genuine images ---- */

/* The binary files are read here by their published layout, byte by byte. */
static void genuine(void **state)
{
    (void)state;
    char path[AF_PATH_MAX], binary[2][AF_SHA256_HEX], python[2][AF_SHA256_HEX];
    const char *root = getenv("AFIELD_TESTDATA");
    if (root) assert_ok(af_path_format(path, "%s/cifar100/cifar-100-python", root));
    if (!root || !af_dir_exists(path)) {
        print_message("skipped: AFIELD_TESTDATA has no cifar100\n");
        skip();
    }
    import_both_parts(python, path, AF_FULL);
    assert_ok(af_path_format(path, "%s/cifar100/cifar-100-binary", root));
    import_both_parts(binary, path, AF_FULL);
    assert_memory_equal(python, binary, sizeof binary);
    static const int64_t counts[] = {30, 18};
    for (int set = 0; set < 2; set++) {
        char *bytes;
        size_t size;
        af_dataset *d = open_part(set ? AF_HELD_OUT : AF_MAIN);
        assert_ok(af_path_format(path, "%s/cifar100/cifar-100-binary/%s", root,
                                 set ? "test.bin" : "train.bin"));
        assert_ok(af_file_read(&bytes, &size, path, 1 << 20));
        assert_int_equal(d->n, counts[set]);
        assert_int_equal(size, counts[set] * RECORD);
        for (int64_t k = 0; k < d->n; k++) {
            const uint8_t *record = (const uint8_t *)bytes + k * RECORD;
            assert_int_equal(((const int32_t *)d->y)[k], record[1]);
            for (int i = 0; i < AF_CIFAR_BYTES; i++)
                assert_int_equal(((const uint8_t *)d->x)[k * AF_CIFAR_BYTES + i], record[2 + i]);
        }
        af_free(bytes);
        af_dataset_close(d);
    }
}

/* ---- the stand-in ---- */

static void stand_in_is_a_function_of_its_seed(void **state)
{
    (void)state;
    af_cifar_images many, few, other;
    assert_ok(af_cifar_images_new(&many, 200));
    assert_ok(af_cifar_images_new(&few, 150));
    assert_ok(af_cifar_images_new(&other, 150));
    af_cifar_draw(&many, 1, 0);
    af_cifar_draw(&few, 1, 0);
    assert_memory_equal(many.pixel, few.pixel, 150 * AF_CIFAR_BYTES);
    assert_memory_equal(many.label, few.label, 150);
    for (int what = 0; what < 2; what++) { /* another seed, another series */
        int equal = 0;
        af_cifar_draw(&other, what ? 1 : 2, (uint64_t)what);
        for (int i = 0; i < 150 * AF_CIFAR_BYTES; i++) equal += other.pixel[i] == few.pixel[i];
        assert_in_range(equal, 0, 150 * AF_CIFAR_BYTES / 20);
    }
    for (int k = 0; k < 200; k++) assert_int_equal(many.label[k], k % AF_CIFAR_CLASSES);
    af_cifar_images_free(&many);
    af_cifar_images_free(&few);
    af_cifar_images_free(&other);
}

static double accuracy(const af_dataset *d, const char *space_name)
{
    const af_space *space = af_find_space(space_name);
    af_config c = af_space_default(space);
    af_io io = {d->input, d->output, false, AF_TINY};
    af_graph *g;
    af_trained out;
    assert_ok(af_space_build(space, &c, &io, &g));
    const af_training t = {.task = &af_task_cifar100,
                           .metric = af_find_metric("accuracy"),
                           .data = d,
                           .graph = g,
                           .backend = af_default_backend(),
                           .recipe = af_task_cifar100.recipe[AF_TINY],
                           .epochs = af_task_cifar100.recipe[AF_TINY].epochs,
                           .validate = true};
    assert_ok(af_train(&out, &t));
    double reached = 1 - out.outcome.error;
    af_trained_close(&out);
    af_graph_free(g);
    print_message("           %s: %.3f\n", space_name, reached);
    return reached;
}

/* Chance is 0.01. */
static void stand_in_is_learned_by_networks(void **state)
{
    (void)state;
    const af_prep_request r = {.task = &af_task_cifar100, .size = AF_TINY, .directory = work_dir};
    assert_ok(af_prep_cifar100.generate(&r));
    af_dataset *d = open_part(AF_MAIN);
    assert_string_equal(d->provenance, "generated");
    double network = accuracy(d, "wrn"), linear = accuracy(d, "linear");
    assert_true(network > 0.15);
    assert_true(network > 3 * linear);
    af_dataset_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_agree),
        cmocka_unit_test(full_is_exact),
        cmocka_unit_test(tiny_is_summed),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_incomplete),
        cmocka_unit_test(cifar10_is_a_variant),
        cmocka_unit_test(genuine_cifar10),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(genuine),
        cmocka_unit_test(stand_in_is_a_function_of_its_seed),
        cmocka_unit_test(stand_in_is_learned_by_networks),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
