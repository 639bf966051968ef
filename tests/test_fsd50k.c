/* The FSD50K task's own arithmetic: mel spectrograms against NumPy's (tests/golden/mel.py), chunks,
 * labels that a size keeps, and the stand-in of synthesised events. */
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/sha256.h"
#include "core/prep.h"
#include "data-prep/fsd50k/choose.h"
#include "data-prep/fsd50k/events.h"
#include "data-prep/fsd50k/features.h"
#include "data-prep/fsd50k/raw.h"
#include "tests/aid/work.h"

extern const af_task af_task_fsd50k;
extern const af_prep af_prep_fsd50k;

/* ---- mel spectrograms ---- */

typedef struct golden { /* a line of mel.txt */
    char name[64], sha[AF_SHA256_HEX];
    long samples, sum;
    double value[AF_MEL_SIZE / 97 + 1];
} golden;
enum { VALUES = AF_MEL_SIZE / 97 + 1 };

static bool next(golden *g, FILE *f)
{
    if (fscanf(f, "%63s %64s %ld %ld", g->name, g->sha, &g->samples, &g->sum) != 4) return false;
    for (int i = 0; i < VALUES; i++) assert_int_equal(fscanf(f, "%lf", &g->value[i]), 1);
    return true;
}

/* The last line's signal needs no data. */
static int16_t *make_signal(int64_t *n)
{
    int16_t *x = af_alloc(AF_MEL_RATE * sizeof *x);
    uint32_t state = 1;
    for (int64_t i = 0; i < AF_MEL_RATE; i++) {
        state = (state * 1103515245u + 12345u) & 0x7fffffffu;
        x[i] = (int16_t)((int)((state >> 16) % 2001) - 1000 + (int)(i * i / 2000 % 8000));
    }
    *n = AF_MEL_RATE;
    return x;
}

static int16_t *read_signal(const golden *g, int64_t *n)
{
    char path[AF_PATH_MAX], hex[AF_SHA256_HEX], *data;
    const char *root = getenv("AFIELD_TESTDATA");
    int16_t *x;
    size_t size;
    if (!root || !*root) return NULL;
    assert_ok(af_path_format(path, "%s/audio_fsd50k/FSD50K.%s", root, g->name));
    if (!af_file_exists(path)) return NULL;
    assert_ok(af_file_read(&data, &size, path, 1 << 24));
    af_sha256_of(data, size, hex);
    assert_string_equal(hex, g->sha);
    assert_ok(af_fsd_sound(&x, n, data, size, path));
    af_free(data);
    return x;
}

static void compare(const af_mel *m, const golden *g, const int16_t *x, int64_t n)
{
    static double out[AF_MEL_SIZE];
    int16_t cut[AF_MEL_CHUNK];
    long sum = 0;
    assert_int_equal(n, g->samples);
    for (int64_t i = 0; i < n; i++) sum += x[i];
    assert_int_equal(sum, g->sum); /* resampled and rounded to the same integers */
    af_fsd_chunk_cut(cut, x, n, 0);
    af_mel_chunk(m, out, cut);
    for (int i = 0; i < VALUES; i++)
        if (!(fabs(out[97 * i] - g->value[i]) <= 80 * 1e-8)) /* of a range of 80 decibels */
            fail_msg("%s: value %d is %.12g, want %.12g", g->name, 97 * i, out[97 * i],
                     g->value[i]);
}

static void mel_is_numpys(void **state)
{
    (void)state;
    FILE *f = fopen("tests/golden/mel.txt", "r");
    golden g;
    af_mel *m;
    int compared = 0, lines = 0;
    assert_non_null(f);
    assert_ok(af_mel_new(&m));
    for (; next(&g, f); lines++) {
        int64_t n;
        int16_t *x = strcmp(g.name, "made") ? read_signal(&g, &n) : make_signal(&n);
        if (!x) continue;
        compare(m, &g, x, n);
        compared++;
        af_free(x);
    }
    fclose(f);
    af_mel_free(m);
    assert_int_equal(lines, 4);
    assert_true(compared >= 1);
    if (compared < lines) print_message("skipped: AFIELD_TESTDATA has no audio_fsd50k\n");
}

/* Silence is flat; a tone is loudest in the band around it; a click shows the greatest range. */
static void mel_of_simple_signals(void **state)
{
    (void)state;
    static double out[AF_MEL_SIZE];
    static int16_t x[AF_MEL_CHUNK];
    af_mel *m;
    assert_ok(af_mel_new(&m));
    af_mel_chunk(m, out, x);
    for (int i = 0; i < AF_MEL_SIZE; i++) assert_true(out[i] == 0);
    for (int i = 0; i < AF_MEL_CHUNK; i++)
        x[i] = (int16_t)lrint(20000 * sin(2 * M_PI * 1000 * i / 22050.0));
    af_mel_chunk(m, out, x);
    int best = 0; /* 1000 Hz is mel 999.99 of 3173.6 (11,025 Hz): 30.56 of 97 steps */
    for (int b = 1; b < AF_MEL_BANDS; b++)
        if (out[b * AF_MEL_FRAMES + 50] > out[best * AF_MEL_FRAMES + 50]) best = b;
    assert_in_range(best, 29, 30);
    memset(x, 0, sizeof x);
    x[11000] = INT16_MAX;
    af_mel_chunk(m, out, x);
    double least = INFINITY, most = -INFINITY;
    for (int i = 0; i < AF_MEL_SIZE; i++) {
        least = fmin(least, out[i]);
        most = fmax(most, out[i]);
    }
    assert_true(fabs(most - least - 80) < 1e-9);
    af_mel_free(m);
}

/* ---- chunks and features ---- */

static void chunks(void **state)
{
    (void)state;
    static const struct {
        int64_t n;
        int count;
    } c[] = {{1, 1}, {11025, 1}, {11026, 2}, {22050, 2}, {22051, 3}, {661500, 60}};
    for (size_t k = 0; k < LENGTH(c); k++) assert_int_equal(af_fsd_chunk_count(c[k].n), c[k].count);
    for (int most = 0; most < 9; most++)
        for (int count = 1; count < 70; count++) {
            const af_fsd_layout l = {.chunks = most};
            int used = 0, last = -1, widest = 0;
            for (int k = 0; k < count; k++) {
                if (!af_fsd_chunk_used(&l, k, count)) continue;
                if (used && k - last > widest) widest = k - last;
                last = k;
                used++;
            }
            assert_int_equal(used, most && most < count ? most : count);
            assert_true(af_fsd_chunk_used(&l, 0, count));
            assert_true(widest <= (most ? (count + most - 1) / most : 1) || used == count);
        }
    int16_t x[30000], cut[AF_MEL_CHUNK];
    for (int i = 0; i < 30000; i++) x[i] = (int16_t)i;
    af_fsd_chunk_cut(cut, x, 30000, AF_FSD_HOP);
    for (int i = 0; i < AF_MEL_CHUNK; i++) assert_int_equal(cut[i], 11025 + i % (30000 - 11025));
    af_fsd_chunk_cut(cut, x, 30000, 0);
    assert_memory_equal(cut, x, sizeof cut);
    af_fsd_chunk_cut(cut, x, 1, 0);
    for (int i = 0; i < AF_MEL_CHUNK; i++) assert_int_equal(cut[i], 0);
}

/* Recordings evenly spaced by name, seconds from the first to the last. */
static void noise_seconds(void **state)
{
    (void)state;
    const af_fsd_layout l = {.noise = 3, .noise_chunks = 4}, one = {.noise_chunks = 1};
    for (int k = 0; k < 9; k++)
        assert_int_equal(af_fsd_noise_used(&l, k, 9), k == 0 || k == 3 || k == 6);
    for (int k = 0; k < 3; k++) assert_true(af_fsd_noise_used(&l, k, 3));
    for (int k = 0; k < 4; k++) {
        assert_int_equal(af_fsd_noise_start(&l, k, AF_MEL_CHUNK + 300), 100 * k);
        assert_int_equal(af_fsd_noise_start(&l, k, AF_MEL_CHUNK), 0);
        assert_int_equal(af_fsd_noise_start(&l, k, 1), 0);
    }
    assert_int_equal(af_fsd_noise_start(&one, 0, AF_MEL_CHUNK + 300), 150);
    assert_int_equal(af_fsd_noise_start(&l, 3, (int64_t)1 << 31),
                     ((int64_t)1 << 31) - AF_MEL_CHUNK);
}

/* int16 keeps 1/800 of a decibel; tiny holds means of squares. */
static void features(void **state)
{
    (void)state;
    static double full[AF_MEL_SIZE];
    static int16_t out[AF_MEL_SIZE];
    int64_t n;
    af_mel *m;
    int16_t *x = make_signal(&n);
    assert_ok(af_mel_new(&m));
    af_mel_chunk(m, full, x);
    for (af_size size = AF_TINY; size <= AF_FULL; size++) {
        const af_fsd_layout *l = &af_fsd_layouts[size];
        const af_shape s = af_fsd_feature_shape(l);
        assert_int_equal(s.c, 1);
        assert_int_equal(s.h, size == AF_TINY ? 24 : 96);
        assert_int_equal(s.w, size == AF_TINY ? 25 : 101);
        af_fsd_features(out, l, m, x);
        for (int i = 0; i < s.h * s.w; i++) {
            double mean = 0;
            for (int k = 0; k < l->pool * l->pool; k++)
                mean += full[(i / s.w * l->pool + k / l->pool) * AF_MEL_FRAMES + i % s.w * l->pool +
                             k % l->pool] /
                        (l->pool * l->pool);
            assert_true(fabs(out[i] / 400.0 - mean) <= 1 / 800.0 + 1e-9);
        }
    }
    af_mel_free(m);
    af_free(x);
}

/* ---- what a size uses ---- */

static void choice(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d"};
    static const int label[] = {1, 3, 1, 2, 3, 1, 1, 0, 2, 3}; /* of clips 0 ... 9 */
    static const af_split split[] = {AF_TRAIN, AF_TRAIN, AF_TRAIN, AF_TRAIN, AF_TRAIN,
                                     AF_TRAIN, AF_VALID, AF_VALID, AF_TEST,  AF_TEST};
    static const bool used[] = {true, true, false, false, true, false, true, false, false, true};
    const af_fsd_layout l = {.labels = 2, .clips = {3, 0, 0}};
    af_fsd_clips s = {.labels = 4};
    af_fsd_choice c;
    for (int k = 0; k < 4; k++) snprintf(s.vocabulary[k], AF_FSD_NAME, "%s", names[k]);
    for (int k = 0; k < 10; k++) {
        char name[8];
        snprintf(name, sizeof name, "%d", k);
        af_fsd_clip *clip = af_fsd_clips_add(&s, name, split[k]);
        af_fsd_label_set(clip, label[k]);
        clip->there = true;
    }
    /* labels 1 and 3 are the most frequent: clips 3, 7 and 8 go; of 0 1 2 4 5 three are kept */
    assert_ok(af_fsd_choose(&c, &l, &s));
    assert_string_equal(c.names[0], "b");
    assert_string_equal(c.names[1], "d");
    assert_null(c.names[2]);
    assert_int_equal(c.count[AF_TRAIN], 3);
    assert_int_equal(c.count[AF_VALID], 1);
    assert_int_equal(c.count[AF_TEST], 1);
    assert_memory_equal(c.used, used, sizeof used);
    af_fsd_choice_close(&c);
    s.c[9].there = false;
    assert_int_equal(af_fsd_choose(&c, &l, &s), AF_EFORMAT);
    assert_says("no test clip with a label and a sound file");
    af_fsd_choice_close(&c);
    assert_int_equal(af_fsd_choose(&c, &af_fsd_layouts[AF_TINY], &s), AF_EFORMAT);
    assert_says("a vocabulary of 4 labels, want at least the 24");
    af_fsd_choice_close(&c);
    af_fsd_clips_close(&s);
}

/* ---- the stand-in ---- */

static void worlds_have_as_many_labels_as_layouts(void **state)
{
    (void)state;
    static af_fsd_clips s;
    for (af_size size = AF_TINY; size <= AF_FULL; size++) {
        const af_fsd_world *w = &af_fsd_worlds[size];
        af_fsd_world_vocabulary(&s, w);
        assert_int_equal(s.labels, af_fsd_layouts[size].labels);
        assert_int_equal(s.labels, af_fsd_world_labels(w));
        for (int k = 0; k < s.labels; k++)
            assert_int_equal(af_fsd_label_find(&s, s.vocabulary[k]), k);
        const int leaves = s.labels - w->sources * (w->contours + w->envelopes);
        int seen[AF_FSD_LABELS] = {0};
        for (int k = 0; k < 4000; k++) {
            af_fsd_clip c = {0};
            int64_t n = af_fsd_draw(&c, w, 5, k);
            assert_in_range(n, (int64_t)(0.29 * AF_MEL_RATE), 20 * AF_MEL_RATE);
            for (int i = 0; i < s.labels; i++) seen[i] += af_fsd_label_has(&c, i);
            for (int i = 0; i < leaves; i++) { /* a leaf implies its parents, by name */
                char source[16], contour[16], envelope[16], parent[AF_FSD_NAME];
                if (!af_fsd_label_has(&c, i)) continue;
                sscanf(s.vocabulary[i], "%15[^_]_%15[^_]_%15[^_]", source, contour, envelope);
                snprintf(parent, sizeof parent, "%s_%s", source, contour);
                assert_true(af_fsd_label_has(&c, af_fsd_label_find(&s, parent)));
                snprintf(parent, sizeof parent, "%s_%s", source, envelope);
                assert_true(af_fsd_label_has(&c, af_fsd_label_find(&s, parent)));
            }
        }
        int least = 4000, most = 0;
        for (int i = 0; i < leaves; i++) {
            least = seen[i] < least ? seen[i] : least;
            most = seen[i] > most ? seen[i] : most;
        }
        assert_true(least > 0 && most > 2 * least); /* none is missing, and they differ */
    }
}

static void generate(af_dataset *out[2], const char *directory, uint64_t seed, int threads)
{
    const af_prep_request r = {&af_task_fsd50k, AF_TINY, NULL, seed, directory};
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    assert_ok(af_prep_fsd50k.generate(&r));
    omp_set_num_threads(before);
    for (int k = 0; k < 2; k++)
        assert_ok(af_dataset_open(&out[k], directory, &af_task_fsd50k, k ? AF_HELD_OUT : AF_MAIN));
}

static void positives(int count[24], const af_dataset *d, const af_indices *which)
{
    const float *y = d->y;
    memset(count, 0, 24 * sizeof *count);
    for (int64_t i = 0; i < which->count; i++)
        for (int k = 0; k < 24; k++) count[k] += y[which->i[i] * 24 + k] > 0;
}

/* The middle second of four of noise, each of another colour. */
static void check_noise(const af_dataset *d, uint64_t seed)
{
    enum { N = 4 * AF_MEL_RATE };
    int16_t *x = af_alloc(N * sizeof *x), cut[AF_MEL_CHUNK], want[AF_MEL_SIZE];
    af_mel *m;
    assert_ok(af_mel_new(&m));
    assert_int_equal(d->noises, 24);
    for (int k = 0; k < 24; k++) {
        const int16_t *got = (const int16_t *)d->noise + (size_t)k * 600;
        assert_ok(af_fsd_background(x, N, seed, k));
        af_fsd_chunk_cut(cut, x, N, (N - AF_MEL_CHUNK) / 2);
        af_fsd_features(want, &af_fsd_layouts[AF_TINY], m, cut);
        assert_memory_equal(got, want, 600 * sizeof *got);
        for (int other = 0; other < k; other++)
            assert_memory_not_equal(got, (const int16_t *)d->noise + (size_t)other * 600, 1200);
    }
    af_mel_free(m);
    af_free(x);
}

static void stand_in(void **state)
{
    (void)state;
    char path[AF_PATH_MAX];
    af_dataset *a[2], *b[2];
    int count[24];
    assert_ok(af_path_join(path, work_dir, "one"));
    generate(a, path, 1, 1);
    assert_ok(af_path_join(path, work_dir, "two"));
    generate(b, path, 1, 3);
    for (int k = 0; k < 2; k++) {
        assert_string_equal(a[k]->sha256, b[k]->sha256);
        assert_string_equal(a[k]->provenance, "generated");
        assert_int_equal(a[k]->x_type, AF_STORED_INT16);
        assert_int_equal(a[k]->output.c, 24);
        assert_false(af_dataset_io(a[k]).dense);
        af_dataset_close(b[k]);
    }
    for (af_split s = AF_TRAIN; s < AF_SPLITS; s++) {
        const af_dataset *d = a[s == AF_TEST];
        positives(count, d, &d->split[AF_CLEAN][s]);
        for (int k = 0; k < 24; k++)
            assert_true(count[k] > 0 && count[k] < d->split[AF_CLEAN][s].count);
        assert_int_equal(d->split[AF_PAPER][s].count,
                         d->split[AF_CLEAN][s].count); /* never merged */
    }
    check_noise(a[0], 1);
    assert_int_equal(a[1]->noises, 0);
    /* clean is scaled to deviation 1 over the training samples, paper to decibels */
    const af_indices *train = &a[0]->split[AF_CLEAN][AF_TRAIN];
    double square = 0;
    for (int64_t i = 0; i < train->count; i++)
        for (int e = 0; e < 600; e++) {
            double v = ((const int16_t *)a[0]->x)[train->i[i] * 600 + e] /
                       (double)a[0]->scaling[AF_CLEAN].x_std[e];
            square += v * v;
        }
    assert_true(fabs(square / (double)train->count / 600 - 1) < 1e-5);
    assert_true(a[0]->scaling[AF_PAPER].x_std[599] == 400 &&
                a[0]->scaling[AF_PAPER].x_mean[0] == 0);
    assert_ok(af_path_join(path, work_dir, "two"));
    generate(b, path, 2, 2);
    assert_string_not_equal(a[0]->sha256, b[0]->sha256);
    for (int k = 0; k < 2; k++) {
        af_dataset_close(a[k]);
        af_dataset_close(b[k]);
    }
}

/* A full disk is an error, and leaves nothing behind. */
static void full_disk(void **state)
{
    (void)state;
    char path[AF_PATH_MAX], **names;
    size_t count;
    const af_prep_request r = {&af_task_fsd50k, AF_TINY, NULL, 1, path};
    assert_ok(af_path_join(path, work_dir, "full"));
    work_limit_files(100000);
    assert_int_equal(af_prep_fsd50k.generate(&r), AF_EIO);
    work_limit_files(SIZE_MAX);
    assert_says("cannot write");
    assert_ok(af_dir_list(&names, &count, path));
    assert_int_equal(count, 0);
    af_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mel_is_numpys),
        cmocka_unit_test(mel_of_simple_signals),
        cmocka_unit_test(chunks),
        cmocka_unit_test(noise_seconds),
        cmocka_unit_test(features),
        cmocka_unit_test(choice),
        cmocka_unit_test(worlds_have_as_many_labels_as_layouts),
        cmocka_unit_test(stand_in),
        cmocka_unit_test(full_disk),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
