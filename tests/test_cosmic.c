/* cosmic: generated frames, and imports of arrays and of FITS pairs, made up and from
 * $AFIELD_TESTDATA. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/base/philox.h"
#include "data-prep/cosmic/levels.h"
#include "data-prep/cosmic/raw.h"
#include "data-prep/cosmic/sky.h"
#include "tests/aid/arrays.h"

extern const af_prep af_prep_cosmic;
extern const af_task af_task_cosmic;

static af_prep_request request(const char *directory, const char *source, af_size size)
{
    static char place[AF_PATH_MAX];
    assert_ok(af_path_join(place, work_dir, directory));
    assert_ok(af_mkdirs(place));
    return (af_prep_request){&af_task_cosmic, size, source, 7, place};
}

/* ---- generate ---- */

/* The mask is what rays added: hit pixels are brighter than the frame's own sky by far more often
 * than others, a few per cent are hit, and brightness alone does not tell them. */
static void frames_have_exact_masks(void **state)
{
    (void)state;
    enum { SIDE = 64, FRAMES = 24 };
    int64_t hit = 0, total = 0, brighter = 0, bright_clean = 0;
    for (int k = 0; k < FRAMES; k++) {
        af_cosmic_frame f;
        assert_ok(af_cosmic_generate(&f, SIDE, 11, k / 4, k % 4));
        double sum = 0, count = 0;
        for (int p = 0; p < SIDE * SIDE; p++)
            if (f.usable[p] && !f.ray[p]) sum += f.image[p], count++;
        for (int p = 0; p < SIDE * SIDE; p++) {
            assert_true(isfinite(f.image[p]) && f.ray[p] <= 1 && f.usable[p] <= 1);
            if (!f.usable[p]) {
                assert_true(f.image[p] == 0);
                continue;
            }
            total++;
            hit += f.ray[p];
            brighter += f.ray[p] && f.image[p] > sum / count;
            bright_clean += !f.ray[p] && f.image[p] > 2 * sum / count;
        }
        af_cosmic_frame_free(&f);
    }
    print_message("           %.1f %% hit, of these %.0f %% above the mean; %.1f %% bright and not "
                  "hit\n",
                  100.0 * (double)hit / (double)total, 100.0 * (double)brighter / (double)hit,
                  100.0 * (double)bright_clean / (double)total);
    assert_true(hit > total / 200 && hit < total / 10);
    assert_true(brighter > hit * 6 / 10);
    assert_true(bright_clean > hit / 2); /* stars and galaxies */
}

/* The level of a visit's frames is one, between 20 and 300 electrons, and what most of a frame's
 * pixels are about. */
static void check_skies(const af_dataset *d)
{
    const int64_t area = af_shape_size(d->input);
    int64_t below = 0, usable = 0;
    assert_non_null(d->level);
    for (int64_t k = 0; k < d->n; k++) {
        const float *x = (const float *)d->x + k * area, level = d->level[k];
        assert_true(level >= 20 && level < 300);
        if (k && d->group[k] == d->group[k - 1]) assert_true(level == d->level[k - 1]);
        for (int64_t e = 0; e < area; e++) {
            if (!d->mask[AF_PAPER][k * area + e]) continue;
            usable++;
            below += x[e] < level;
        }
    }
    assert_in_range(below, usable / 5, usable / 2); /* stars are light, too */
    assert_true(d->level[0] != d->level[d->n - 1]);
}

static void generates(void **state)
{
    (void)state;
    const af_prep_request r = request("generated", NULL, AF_TINY);
    af_dataset *d, *t, *again;
    assert_ok(af_prep_cosmic.generate(&r));
    assert_ok(af_dataset_open(&d, r.directory, &af_task_cosmic, AF_MAIN));
    assert_ok(af_dataset_open(&t, r.directory, &af_task_cosmic, AF_HELD_OUT));
    assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 64);
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 24);
    assert_int_equal(d->split[AF_PAPER][AF_TRAIN].count, 88);
    assert_int_equal(t->split[AF_PAPER][AF_TEST].count, 48);
    assert_non_null(d->mask[AF_CLEAN]);
    assert_non_null(d->mask[AF_PAPER]); /* the loss of both protocols ignores pixels */
    assert_null(d->scaling[AF_PAPER].x_mean);
    check_skies(d);
    check_skies(t);
    const af_prep_request same = request("again", NULL, AF_TINY);
    assert_ok(af_prep_cosmic.generate(&same));
    assert_ok(af_dataset_open(&again, same.directory, &af_task_cosmic, AF_MAIN));
    assert_string_equal(d->sha256, again->sha256);
    af_dataset_close(again);
    af_dataset_close(d);
    af_dataset_close(t);
}

/* ---- arrays ---- */

/* An .npy of float32 {3, side, side}: image 1000 row + column + 0.5, a ray at (row, row) of every
 * 40th row, ignored in column 100. */
static void put_array(const char *name, int side, float ray)
{
    char header[129], directory[AF_PATH_MAX];
    const size_t area = (size_t)side * (size_t)side, size = 128 + 12 * area;
    char *file = af_calloc(1, size);
    memset(file, ' ', 128);
    const int text =
        snprintf(header, sizeof header,
                 "{'descr': '<f4', 'fortran_order': False, 'shape': (3, %d, %d), }", side, side);
    memcpy(file, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(file + 10, header, (size_t)text);
    file[127] = '\n';
    float *v = (float *)(void *)(file + 128);
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            const size_t at = (size_t)(i * side + j);
            v[at] = (float)(1000 * i + j) + 0.5f;
            v[area + at] = i == j && i % 40 == 0 ? ray : 0;
            v[2 * area + at] = j == 100;
        }
    assert_ok(af_path_format(directory, "%s", work_at(name)));
    *strrchr(directory, '/') = '\0';
    assert_ok(af_mkdirs(directory));
    assert_ok(af_file_write(work_at(name), file, size));
    af_free(file);
}

/* A .npy of floats; shape as "(3,)". */
static void put_sky(const char *name, const char *shape, const float *sky, size_t count)
{
    bytes b = {0};
    bytes_npy(&b, "<f4", shape, sky, count * sizeof *sky);
    bytes_save(&b, work_at(name));
    af_free(b.data);
}

static void the_papers_tree(void **state)
{
    (void)state;
    char root[AF_PATH_MAX], name[128];
    /* three visits of two frames; sorted they are 9/10, 9/2, 9/3 */
    static const int visits[] = {3, 10, 2};
    for (size_t v = 0; v < LENGTH(visits); v++)
        for (int k = 1; k <= 2; k++) {
            snprintf(name, sizeof name, "tree/npy_train/f435w/9/%d/%d.npy", visits[v], k);
            put_array(name, 256, 1);
        }
    put_array("tree/npy_train/f606w/9/7/1.npy", 256, 1); /* another filter */
    put_array("tree/npy_test/f435w/8/1/1.npy", 256, 1);
    put_sky("tree/npy_test/f435w/8/1/sky.npy", "(1,)", (float[]){7}, 1);
    put_sky("tree/npy_train/f435w/9/2/sky.npy", "(3,)", (float[]){21, 22, 23}, 3);
    put_sky("tree/npy_train/f435w/9/3/sky.npy", "(2, 1)", (float[]){31.5f, -32}, 2);
    put_sky("tree/npy_train/f435w/9/10/sky.npy", "(2,)", (float[]){101, 102}, 2);
    assert_ok(af_path_join(root, work_dir, "tree"));
    const af_prep_request r = request("tree.out", root, AF_FULL);
    af_dataset *d, *t;
    assert_ok(af_prep_cosmic.import(&r));
    assert_ok(af_dataset_open(&d, r.directory, &af_task_cosmic, AF_MAIN));
    assert_ok(af_dataset_open(&t, r.directory, &af_task_cosmic, AF_HELD_OUT));
    assert_string_equal(d->provenance, "partial");
    assert_int_equal(d->n, 6);
    assert_int_equal(t->n, 1);
    assert_string_equal(d->ids, "9/10/1.npy:64:64");
    assert_string_equal(d->ids + 5 * AF_ID_MAX, "9/3/2.npy:64:64");
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 2);
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].i[0], 4);
    static const float sky[] = {101, 102, 21, 22, 31.5f, -32};
    assert_memory_equal(d->level, sky, sizeof sky);
    assert_true(t->level[0] == 7);
    const float *x = d->x, *y = d->y;
    for (int i = 0; i < 128; i++)
        for (int j = 0; j < 128; j++) {
            const int64_t at = 3 * 128 * 128 + i * 128 + j;
            assert_true(x[at] == (float)(1000 * (i + 64) + j + 64) + 0.5f);
            assert_true(y[at] == (i == j && (i + 64) % 40 == 0));
            assert_int_equal(d->mask[AF_PAPER][at], j + 64 != 100);
        }
    af_dataset_close(d);
    af_dataset_close(t);
}

static void smaller_sizes_cut_the_same_crop(void **state)
{
    (void)state;
    char root[AF_PATH_MAX];
    af_dataset *d;
    assert_ok(af_path_join(root, work_dir, "tree"));
    const af_prep_request r = request("tree.tiny", root, AF_TINY);
    assert_ok(af_prep_cosmic.import(&r));
    assert_ok(af_dataset_open(&d, r.directory, &af_task_cosmic, AF_MAIN));
    assert_int_equal(d->input.h, 24);
    assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 64); /* of 4 frames' 100 */
    assert_int_equal(d->split[AF_CLEAN][AF_VALID].count, 24);
    /* the rays at 80, 120 and 160 are on the diagonal: 3 of 25 tiles; all are kept */
    int with = 0;
    const float *y = d->y;
    for (int64_t k = 0; k < 64; k++) {
        bool ray = false;
        for (int e = 0; e < 576; e++) ray |= y[d->split[AF_CLEAN][AF_TRAIN].i[k] * 576 + e] > 0;
        with += ray;
    }
    assert_int_equal(with, 4 * 3);
    af_dataset_close(d);
}

/* Every tile has its frame's sky; where one visit's is not known, the data have none. */
static void skies_are_known_or_not(void **state)
{
    (void)state;
    char root[AF_PATH_MAX];
    af_dataset *d, *t;
    assert_ok(af_path_join(root, work_dir, "tree"));
    const af_prep_request r = request("tree.sky", root, AF_SMALL);
    assert_ok(af_prep_cosmic.import(&r));
    assert_ok(af_dataset_open(&d, r.directory, &af_task_cosmic, AF_MAIN));
    for (int64_t k = 0; k < d->n; k++) {
        const char *id = d->ids + k * AF_ID_MAX;
        int visit, frame;
        assert_int_equal(sscanf(id, "9/%d/%d.npy:", &visit, &frame), 2);
        assert_true(d->level[k] == (visit == 3   ? frame == 1 ? 31.5f : -32
                                    : visit == 2 ? (float)(20 + frame)
                                                 : (float)(100 + frame)));
    }
    af_dataset_close(d);
    af_file_remove(work_at("tree/npy_test/f435w/8/1/sky.npy"));
    assert_ok(af_prep_cosmic.import(&r));
    assert_ok(af_dataset_open(&d, r.directory, &af_task_cosmic, AF_MAIN));
    assert_ok(af_dataset_open(&t, r.directory, &af_task_cosmic, AF_HELD_OUT));
    assert_null(d->level);
    assert_null(t->level);
    af_dataset_close(t);
    af_dataset_close(d);
}

static void wrong_skies_are_refused(void **state)
{
    (void)state;
    static const char sky[] = "tree/npy_train/f435w/9/2/sky.npy";
    static const struct {
        const char *shape, *says;
        float value[4];
        size_t count;
    } bad[] = {
        {"(1,)", "9/2/sky.npy: 1 frames, want at least the 2 of ", {1}, 1},
        {"(2, 2)", "9/2/sky.npy: float32 {2, 2}, want numbers {frames}", {1, 2, 3, 4}, 4},
        {"()", "9/2/sky.npy: float32 {}, want numbers {frames}", {1}, 1},
        {"(2,)", "9/2/sky.npy", {1, NAN}, 2},
    };
    char root[AF_PATH_MAX];
    assert_ok(af_path_join(root, work_dir, "tree"));
    const af_prep_request r = request("tree.bad", root, AF_TINY);
    for (size_t k = 0; k < LENGTH(bad); k++) {
        put_sky(sky, bad[k].shape, bad[k].value, bad[k].count);
        assert_int_equal(af_prep_cosmic.import(&r), AF_EFORMAT);
        assert_says(bad[k].says);
    }
    work_put(sky, "no array");
    assert_int_equal(af_prep_cosmic.import(&r), AF_EFORMAT);
    assert_says("9/2/sky.npy");
    put_sky(sky, "(2,)", (float[]){1, 2}, 2);
    put_array("tree/npy_train/f435w/9/2/image.npy", 256, 1);
    assert_int_equal(af_prep_cosmic.import(&r), AF_EFORMAT);
    assert_says("9/2/image.npy: want a name that begins with the frame's number, from 1: ");
    af_file_remove(work_at("tree/npy_train/f435w/9/2/image.npy"));
    put_array("tree/npy_train/f435w/9/2/0.npy", 256, 1);
    assert_int_equal(af_prep_cosmic.import(&r), AF_EFORMAT);
    assert_says("9/2/0.npy: want a name that begins with");
    af_file_remove(work_at("tree/npy_train/f435w/9/2/0.npy"));
    assert_ok(af_prep_cosmic.import(&r));
}

/* Against sorting. */
static void the_median(void **state)
{
    (void)state;
    enum { ROWS = 6, COLUMNS = 7, AREA = ROWS * COLUMNS };
    for (uint32_t k = 0; k < 300; k++) {
        af_cosmic_frame f;
        float sky;
        int count = 0, below = 0, above = 0, equal = 0;
        af_rng r = af_rng_at(1, "median", 0, 0, 0, k);
        assert_ok(af_cosmic_frame_new(&f, ROWS, COLUMNS));
        assert_true(isnan(f.sky));
        for (int p = 0; p < AREA; p++) {
            f.image[p] = (float)af_rng_below(&r, 1 + k) - 20;
            f.ray[p] = af_rng_below(&r, 8) == 0;
            f.usable[p] = af_rng_below(&r, 6) > 0;
            if (f.ray[p] || !f.usable[p]) f.image[p] = 1e9f;
        }
        assert_ok(af_cosmic_median(&sky, &f));
        for (int p = 0; p < AREA; p++) {
            if (f.ray[p] || !f.usable[p]) continue;
            count++;
            below += f.image[p] < sky;
            above += f.image[p] > sky;
            equal += f.image[p] == sky;
        }
        assert_true(equal >= 1 && below <= count / 2 && below + equal > count / 2);
        assert_int_equal(below + equal + above, count);
        memset(f.usable, 0, AREA);
        assert_ok(af_cosmic_median(&sky, &f));
        assert_true(isnan(sky));
        af_cosmic_frame_free(&f);
    }
}

static void wrong_arrays_are_refused(void **state)
{
    (void)state;
    char root[AF_PATH_MAX];
    assert_ok(af_path_join(root, work_dir, "few"));
    const af_prep_request r = request("few.out", root, AF_TINY);
    assert_ok(af_mkdirs(root));
    assert_int_equal(af_prep_cosmic.import(&r), AF_ENOTFOUND);
    assert_says("a directory without files; want npy_train/f435w");
    put_array("few/npy_train/f435w/9/1/1.npy", 128, 1);
    put_array("few/npy_train/f435w/9/2/1.npy", 130, 1);
    assert_int_equal(af_prep_cosmic.import(&r), AF_EFORMAT);
    assert_says("frames of 2 visits to train and validate and test, want at least 3");
    put_array("few/npy_train/f435w/9/3/1.npy", 128, 0.5f);
    assert_int_equal(af_prep_cosmic.import(&r), AF_EFORMAT);
    assert_says("9/3/1.npy: mask 1 is 0.5 at element 0, want 0 or 1");
    put_array("few/npy_train/f435w/9/3/1.npy", 100, 1);
    assert_int_equal(af_prep_cosmic.import(&r), AF_EFORMAT);
    assert_says("float32 {3, 100, 100}, want numbers {3, H, W} with H and W from 128");
    work_put("few/npy_train/f435w/9/3/1.npy", "nonsense");
    assert_int_equal(af_prep_cosmic.import(&r), AF_EFORMAT);
    assert_says("9/3/1.npy");
}

/* ---- real files ---- */

/* Counts by astropy: 177 pixels of code 5, 331 of the algorithm's mask; codes 3 and 4 are left
 * out. Frames are cut without a rest where this counts them. */
static void real_fits_pairs(void **state)
{
    (void)state;
    const char *root = getenv("AFIELD_TESTDATA");
    char source[AF_PATH_MAX], hex[AF_SHA256_HEX];
    if (!root) {
        print_message("           AFIELD_TESTDATA is not set: real frames are not read\n");
        skip();
    }
    assert_ok(af_path_format(source, "%s/cosmic", root));
    af_cosmic_files files;
    assert_ok(af_cosmic_files_find(&files, source));
    assert_int_equal(files.count, 5);
    static const char *const visits[] = {"c4d_170316_062107", "c4d_170916_045042",
                                         "c4d_171113_060340", "c4d_181214_050844", "hsc_crs"};
    static const int rays[] = {177, 0, 0, 0, 331}, left_out[] = {0, 0, 0, 2075, 0};
    static const af_split split[] = {AF_TRAIN, AF_TRAIN, AF_TRAIN, AF_VALID, AF_TEST};
    af_sha256 *h = af_sha256_new();
    for (int k = 0; k < 5; k++) {
        af_cosmic_samples s = {.tile = 1}; /* every pixel is a sample */
        int ray = 0, dark = 0;
        assert_string_equal(files.file[k].visit, visits[k]);
        assert_int_equal(files.file[k].split, split[k]);
        assert_ok(af_cosmic_read(&s, &files.file[k], h));
        int64_t below = 0, good = 0;
        for (int64_t i = 0; i < s.n; i++) {
            ray += s.y[i] == 1;
            dark += !s.mask[i];
            good += s.mask[i] && s.y[i] < 1;
            below += s.mask[i] && s.y[i] < 1 && s.x[i] < s.sky[i];
            assert_true(s.sky[i] == s.sky[0]);
        }
        print_message("           %s: sky %.1f\n", visits[k], (double)s.sky[0]);
        assert_in_range(below, good * 45 / 100, good / 2);
        assert_int_equal(ray, rays[k]);
        assert_int_equal(dark, left_out[k]);
        af_cosmic_samples_free(&s);
    }
    af_sha256_end(h, hex);
    af_cosmic_files_free(&files);
    const af_prep_request r = request("fits", source, AF_TINY);
    af_dataset *d;
    assert_ok(af_prep_cosmic.import(&r));
    assert_ok(af_dataset_open(&d, r.directory, &af_task_cosmic, AF_MAIN));
    assert_string_equal(d->provenance, "partial");
    af_dataset_close(d);
}

/* The tree at hand has one visit, which cannot be split. */
static void real_arrays(void **state)
{
    (void)state;
    const char *root = getenv("AFIELD_TESTDATA");
    char source[AF_PATH_MAX], hex[AF_SHA256_HEX];
    if (!root) skip();
    assert_ok(af_path_format(source, "%s/cosmic/nb360", root));
    const af_prep_request r = request("one", source, AF_TINY);
    assert_int_equal(af_prep_cosmic.import(&r), AF_EFORMAT);
    assert_says("frames of 1 visits");
    assert_ok(
        af_path_format(source, "%s/cosmic/nb360/npy_train/f435w/10595/2/5_hsc_crs.npy", root));
    const af_cosmic_file f = {.path = source, .visit = "10595/2"};
    af_cosmic_samples s = {.tile = 1};
    af_sha256 *h = af_sha256_new();
    assert_ok(af_cosmic_read(&s, &f, h));
    af_sha256_end(h, hex);
    assert_true(isnan(s.sky[0]));     /* no sky.npy */
    assert_int_equal(s.n, 128 * 128); /* rows and columns 64 .. 191 of 300 */
    int rays = 0;
    for (int64_t i = 0; i < s.n; i++) rays += s.y[i] == 1;
    print_message("           %d pixels hit\n", rays);
    assert_int_equal(rays, 5);
    af_cosmic_samples_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_have_exact_masks),
        cmocka_unit_test(generates),
        cmocka_unit_test(the_papers_tree),
        cmocka_unit_test(smaller_sizes_cut_the_same_crop),
        cmocka_unit_test(skies_are_known_or_not),
        cmocka_unit_test(wrong_skies_are_refused),
        cmocka_unit_test(the_median),
        cmocka_unit_test(wrong_arrays_are_refused),
        cmocka_unit_test(real_fits_pairs),
        cmocka_unit_test(real_arrays),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
