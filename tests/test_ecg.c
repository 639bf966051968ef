/* The ECG task's own arithmetic: numpy's permutation, windows, split, scaling, the dynamical model
 * and the stand-in made with it. Golden values were printed by numpy 2.4. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/data/dataset.h"
#include "core/prep.h"
#include "data-prep/ecg/permutation.h"
#include "data-prep/ecg/rhythm.h"
#include "data-prep/ecg/windows.h"

extern const af_task af_task_ecg;
extern const af_prep af_prep_ecg;

static void permutation_is_numpys(void **state)
{
    (void)state;
    static const uint32_t words[] = {2357136044u, 2546248239u, 3071714933u, 3626093760u};
    static const int64_t ten[] = {2, 8, 4, 9, 1, 6, 7, 3, 0, 5};
    static const int64_t twelve[] = {7, 8, 11, 2, 9, 10, 1, 0, 4, 5, 6, 3}; /* seed 1234 */
    static const int64_t head[] = {2044, 2916, 274, 6817, 4750, 7086, 3424, 1284};
    static const int64_t tail[] = {7891, 4859, 3264, 2732};
    af_mt19937 g;
    af_mt19937_seed(&g, 0);
    for (size_t i = 0; i < LENGTH(words); i++) assert_int_equal(af_mt19937_next(&g), words[i]);
    int64_t *p = af_calloc(8528, sizeof *p);
    af_numpy_permutation(p, 10, 0);
    assert_memory_equal(p, ten, sizeof ten);
    af_numpy_permutation(p, 12, 1234);
    assert_memory_equal(p, twelve, sizeof twelve);
    af_numpy_permutation(p, 8528, 0);
    assert_memory_equal(p, head, sizeof head);
    assert_memory_equal(p + 8524, tail, sizeof tail);
    assert_int_equal(p[852], 2703);
    af_numpy_permutation(p, 1, 0);
    assert_int_equal(p[0], 0);
    af_free(p);
}

/* len(range(0, length - 1000, stride)) */
static void window_counts(void **state)
{
    (void)state;
    static const struct {
        int64_t length, stride, count;
    } c[] = {{0, 500, 0},     {999, 500, 0},   {1000, 25, 0},   {1001, 500, 1},
             {1500, 500, 1},  {1501, 500, 2},  {9000, 500, 16}, {9000, 83, 97},
             {9000, 250, 32}, {9000, 25, 320}, {2714, 25, 69},  {18286, 500, 35}};
    for (size_t i = 0; i < LENGTH(c); i++)
        assert_int_equal(af_ecg_window_count(c[i].length, 1000, c[i].stride), c[i].count);
    static const int stride[] = {500, 83, 250, 25};
    assert_memory_equal(af_ecg_stride, stride, sizeof stride);
}

/* At small and tiny no label shows in the number or the place of windows, and they fit. */
static void thinned_windows(void **state)
{
    (void)state;
    static const int lengths[] = {251, 1001, 1010, 2714, 9000, 18286}, records[] = {10, 300, 8528};
    for (af_size size = AF_TINY; size <= AF_SMALL; size++)
        for (size_t i = 0; i < LENGTH(lengths); i++)
            for (size_t k = 0; k < LENGTH(records); k++) {
                const af_ecg_layout *l = &af_ecg_layouts[size];
                int64_t n = af_ecg_windows_of(l, lengths[i], 0, records[k]), last = -1;
                assert_true(n <= l->max_windows && n <= lengths[i]);
                assert_true(n >= 1 || lengths[i] <= l->window);
                for (int label = 1; label < AF_ECG_LABELS; label++)
                    assert_int_equal(af_ecg_windows_of(l, lengths[i], label, records[k]), n);
                for (int64_t w = 0; w < n; w++) {
                    int64_t start = af_ecg_window_start(l, lengths[i], 0, records[k], w);
                    assert_true(start > last && start + l->window <= lengths[i]);
                    last = start;
                }
            }
    assert_int_equal(af_ecg_windows_of(&af_ecg_layouts[AF_SMALL], 9000, 0, 1000), 8);
    assert_int_equal(af_ecg_windows_of(&af_ecg_layouts[AF_SMALL], 9000, 0, 8528), 1);
}

/* ceil(0.1 n) as scikit-learn rounds: 11 records have 2 to test, 8528 have 853. */
static void split_sizes(void **state)
{
    (void)state;
    static const int n[] = {10, 11, 300, 8528}, tenth[] = {1, 2, 30, 853};
    af_split *split = af_calloc(8528, sizeof *split);
    for (size_t i = 0; i < LENGTH(n); i++) {
        int count[AF_SPLITS] = {0};
        assert_ok(af_ecg_split(split, n[i]));
        for (int k = 0; k < n[i]; k++) count[split[k]]++;
        assert_int_equal(count[AF_TEST], tenth[i]);
        assert_int_equal(count[AF_VALID], tenth[i]);
    }
    assert_int_equal(split[2044], AF_TEST);
    assert_int_equal(split[2703], AF_TEST);
    assert_int_equal(split[2732], AF_TRAIN);
    af_free(split);
}

static void standardise(void **state)
{
    (void)state;
    enum { N = 6000 };
    static int16_t x[N];
    static float out[N], mixed[N];
    static const int16_t four[] = {1, 2, 3, 6};
    assert_int_equal(af_ecg_standardise(out, four, 4, 1), 4);
    assert_float_equal(out[0], -2 / sqrt(3.5), 1e-6); /* mean 3, variance 14 / 4 */
    assert_float_equal(out[3], 3 / sqrt(3.5), 1e-6);
    for (int i = 0; i < N; i++) x[i] = 77;
    af_ecg_standardise(out, x, N, 1);
    assert_float_equal(out[17], 0, 0);
    /* decimation: 5 Hz passes; 60 Hz, which would fold to 15 Hz, does not */
    for (int i = 0; i < N; i++) x[i] = (int16_t)lrint(8000 * sin(2 * M_PI * 5 * i / 300.0));
    assert_int_equal(af_ecg_standardise(out, x, N - 1, 4), (N - 1) / 4);
    for (int i = 0; i < N; i++)
        x[i] = (int16_t)(x[i] + lrint(8000 * sin(2 * M_PI * 60 * i / 300.0)));
    af_ecg_standardise(mixed, x, N - 1, 4);
    for (int i = 20; i < N / 4 - 20; i++) {
        assert_float_equal(mixed[i], out[i], 0.02);
        assert_float_equal(out[i], sqrt(2) * sin(2 * M_PI * 5 * i / 75.0), 0.01);
    }
}

/* Times of the R peaks: local maxima above half the highest value. */
static int peaks(double *at, int max, const float *z, int n)
{
    float top = 0;
    int count = 0;
    for (int i = 0; i < n; i++) top = z[i] > top ? z[i] : top;
    for (int i = 1; i + 1 < n && count < max; i++)
        if (z[i] > top / 2 && z[i] >= z[i - 1] && z[i] > z[i + 1])
            at[count++] = (double)i / AF_ECG_RATE;
    return count;
}

/* z averages 0, so its baseline lies below by the area of the waves: each is a b^2 / 2 pi high. */
static double r_peak(const af_ecg_wave waves[AF_ECG_WAVES])
{
    double peak = 0;
    for (int i = 0; i < AF_ECG_WAVES; i++) {
        const af_ecg_wave *w = &waves[i];
        double height = w->a * w->b * w->b / (2 * M_PI);
        peak -= height * w->b / sqrt(2 * M_PI);
        if (i == AF_ECG_R) peak += height;
    }
    return peak;
}

/* The published waves at three rates: peaks at that rate, of the height the equations give. */
static void published_model(void **state)
{
    (void)state;
    enum { N = 20 * AF_ECG_RATE };
    static float z[N];
    static const double rates[] = {60, 90, 45};
    for (size_t k = 0; k < LENGTH(rates); k++) {
        af_ecg_beat beat = {.rr = 60 / rates[k]};
        af_ecg_breath none = {.hz = 0.25};
        double at[64];
        af_ecg_waves_at(beat.wave, rates[k]);
        if (k == 0) assert_memory_equal(beat.wave, af_ecg_published, sizeof beat.wave);
        af_ecg_integrate(z, N, AF_ECG_RATE, &beat, 1, &none);
        int count = peaks(at, 64, z, N);
        assert_true(fabs(count - 20 * rates[k] / 60) <= 1);
        for (int i = 1; i < count; i++)
            assert_float_equal(at[i] - at[i - 1], 60 / rates[k], 1.01 / AF_ECG_RATE);
        float top = -1, bottom = 1;
        for (int i = 0; i < N; i++) {
            top = z[i] > top ? z[i] : top;
            bottom = z[i] < bottom ? z[i] : bottom;
        }
        assert_float_equal(top, r_peak(beat.wave), 0.001);
        assert_true(bottom < -0.005 && bottom > -0.02); /* the S wave */
    }
}

static void beat_lengths_follow_the_spectrum(void **state)
{
    (void)state;
    af_rng rng = af_rng_at(1, "test", 0, 0, 0, 0);
    af_rr rr;
    double sum = 0, square = 0, mayer = 0, between = 0;
    af_rr_make(&rr, 75, 3, 0.5, 0.25, &rng);
    enum { N = 2560 }; /* one period, ten a second */
    for (int i = 0; i < N; i++) {
        double v = af_rr_at(&rr, i / 10.0);
        sum += v;
        square += v * v;
    }
    double mean = sum / N;
    assert_float_equal(mean, 0.8, 1e-6);
    assert_float_equal(sqrt(square / N - mean * mean), 60 * 3 / (75.0 * 75), 1e-6);
    for (int k = 0; k < AF_RR_TERMS; k++) {
        double f = (k + 1) / 256.0, power = rr.amplitude[k] * rr.amplitude[k];
        if (f < 0.15) mayer += power;
        if (f > 0.15 && f < 0.2) between += power;
        sum = k ? sum + power : power;
    }
    assert_float_equal(mayer / (sum - mayer), 0.5, 0.02);
    assert_true(between < 0.001 * sum);
}

static double spread_of_beats(const af_rhythm *r, double bpm, double *mean, af_rng *rng)
{
    af_ecg_beat beats[AF_ECG_BEATS];
    int n = af_rhythm_beats(beats, r, bpm, 60, rng);
    double sum = 0, square = 0;
    for (int i = 0; i < n; i++) {
        sum += beats[i].rr;
        square += beats[i].rr * beats[i].rr;
        if (!r->ventricular) assert_int_equal(beats[i].wave[AF_ECG_P].a == 0, r->fibrillation);
    }
    *mean = sum / n;
    return sqrt(square / n - *mean * *mean) / *mean;
}

/* Mean rate as asked; beats of fibrillation scatter more than sinus rhythm's in every draw's mean.
 */
static void rhythms(void **state)
{
    (void)state;
    double spread[AF_RHYTHMS] = {0};
    for (int k = 0; k < AF_RHYTHMS; k++)
        for (int draw = 0; draw < 40; draw++) {
            af_rng rng = af_rng_at(3, "test", (uint64_t)draw, 0, 0, 0);
            double bpm = (af_rhythms[k].bpm[0] + af_rhythms[k].bpm[1]) / 2, mean;
            spread[k] += spread_of_beats(&af_rhythms[k], bpm, &mean, &rng) / 40;
            assert_true(fabs(60 / mean / bpm - 1) < 0.15);
        }
    assert_true(spread[AF_RHYTHM_SINUS] < 0.09);
    assert_true(spread[AF_RHYTHM_FIBRILLATION] > 2 * spread[AF_RHYTHM_SINUS]);
    assert_true(spread[AF_RHYTHM_ATRIAL_BEATS] > spread[AF_RHYTHM_SINUS]);
    assert_true(spread[AF_RHYTHM_WIDE] < 1.2 * spread[AF_RHYTHM_SINUS]);
}

static void records_stand_alone(void **state)
{
    (void)state;
    enum { MAX = AF_ECG_RATE * AF_ECG_MAX_SECONDS };
    static int16_t a[MAX], b[MAX];
    for (int k = 0; k < 40; k++) {
        af_ecg_record r = {.x = a}, again = {.x = b};
        r.label = af_ecg_draw(&r.length, 5, k, false);
        again.label = af_ecg_draw(&again.length, 5, k, false);
        assert_in_range(r.length, 9 * AF_ECG_RATE, MAX);
        assert_int_equal(r.length, again.length);
        assert_int_equal(r.label, again.label);
        af_ecg_synthesise(&r, 5, k);
        af_ecg_synthesise(&again, 5, k);
        assert_memory_equal(a, b, (size_t)r.length * sizeof *a);
        af_ecg_synthesise(&again, 6, k);
        assert_memory_not_equal(a, b, (size_t)r.length * sizeof *a);
    }
}

static void generated(char out[2][AF_SHA256_HEX], const char *directory, uint64_t seed)
{
    af_prep_request r = {
        .task = &af_task_ecg, .size = AF_TINY, .seed = seed, .directory = directory};
    static bool taken[300];
    int labels[AF_ECG_LABELS] = {0};
    assert_ok(af_prep_ecg.generate(&r));
    memset(taken, 0, sizeof taken);
    for (int part = AF_MAIN; part <= AF_HELD_OUT; part++) {
        af_dataset *d;
        assert_ok(af_dataset_open(&d, directory, &af_task_ecg, part));
        assert_string_equal(d->provenance, "generated");
        assert_int_equal(d->input.w, 250);
        snprintf(out[part], AF_SHA256_HEX, "%s", d->sha256);
        for (int64_t i = 0; i < d->n; i++) {
            if (part == AF_MAIN)
                taken[d->group[i]] = true;
            else
                assert_false(taken[d->group[i]]);
            labels[((const int32_t *)d->y)[i]]++;
        }
        assert_int_equal(d->split[AF_PAPER][part == AF_MAIN ? AF_TRAIN : AF_TEST].count, d->n);
        assert_null(d->split[AF_PAPER][AF_VALID].i);
        const af_indices *valid = &d->split[AF_CLEAN][AF_VALID];
        const af_indices *train = &d->split[AF_CLEAN][AF_TRAIN];
        for (int64_t i = 0; i < valid->count; i++)
            for (int64_t k = 0; k < train->count; k++)
                assert_int_not_equal(d->group[valid->i[i]], d->group[train->i[k]]);
        af_dataset_close(d);
    }
    for (int c = 0; c < AF_ECG_LABELS; c++) assert_true(labels[c] > 30);
    assert_true(labels[AF_ECG_NORMAL] > labels[AF_ECG_OTHER]);
    assert_true(labels[AF_ECG_OTHER] > labels[AF_ECG_NOISY]);
}

static void generation_repeats(void **state)
{
    (void)state;
    char a[2][AF_SHA256_HEX], b[2][AF_SHA256_HEX], c[2][AF_SHA256_HEX], directory[AF_PATH_MAX];
    assert_ok(af_path_join(directory, work_dir, "generated"));
    generated(a, directory, 0);
    generated(b, directory, 0);
    generated(c, directory, 1);
    for (int part = 0; part < 2; part++) {
        assert_string_equal(a[part], b[part]);
        assert_string_not_equal(a[part], c[part]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permutation_is_numpys),
        cmocka_unit_test(window_counts),
        cmocka_unit_test(thinned_windows),
        cmocka_unit_test(split_sizes),
        cmocka_unit_test(standardise),
        cmocka_unit_test(published_model),
        cmocka_unit_test(beat_lengths_follow_the_spectrum),
        cmocka_unit_test(rhythms),
        cmocka_unit_test(records_stand_alone),
        cmocka_unit_test(generation_repeats),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
