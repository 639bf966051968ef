/* data-prep/formats: sound files, resampling, comma-separated values, directories with archives.
 * What is damaged or hostile is an error with a place, never a crash. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "data-prep/formats/csv.h"
#include "data-prep/formats/tree.h"
#include "data-prep/formats/wav.h"
#include "tests/aid/sounds.h"
#include "tests/aid/work.h"

/* ---- sound files ---- */

static void encodings(void **state)
{
    (void)state;
    static const struct {
        int bits, channels;
        double step;
    } kinds[] = {{8, 1, 0.02},  {16, 1, 4e-5}, {16, 2, 4e-5},
                 {24, 3, 2e-7}, {32, 1, 1e-9}, {-32, 8, 1e-7}};
    for (size_t k = 0; k < LENGTH(kinds); k++) {
        const sound s = {44100, kinds[k].channels, kinds[k].bits, 20000, sound_sine};
        size_t size;
        af_wav w;
        unsigned char *wav = sound_wav(&s, &size);
        assert_ok(af_wav_read(&w, wav, size, "a.wav"));
        assert_int_equal(w.n, s.n);
        assert_int_equal(w.rate, 44100);
        assert_int_equal(w.channels, s.channels);
        for (int64_t i = 0; i < w.n; i++) {
            double mean = 0;
            for (int c = 0; c < s.channels; c++) mean += sound_sine(i, c) / s.channels;
            assert_true(fabs(w.x[i] - mean) < kinds[k].step);
        }
        af_free(w.x);
        af_free(wav);
    }
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        int bytes;
        uint32_t value;
        const char *says;
    } bad[] = {
        {0, 4, 0x41414141, "a.wav: not a WAV or FLAC file"}, /* AAAA */
        {8, 4, 0x41414141, "not a WAV or FLAC file"},
        {20, 2, 7, "encoding 10, want integer or floating-point samples"}, /* mu-law */
        {24, 4, 3999, "1 channels at 3999 Hz, want 1 to 8 at 4000 to 192000 Hz"},
        {24, 4, 192001, "at 192001 Hz"},
        {40, 4, 0, "no samples in it"},
    };
    for (size_t k = 0; k < LENGTH(bad); k++) {
        const sound s = {44100, 1, bad[k].value == 7 ? 8 : 16, 500, sound_sine};
        size_t size;
        af_wav w;
        unsigned char *wav = sound_wav(&s, &size);
        for (int b = 0; b < bad[k].bytes; b++)
            wav[bad[k].at + (size_t)b] = (unsigned char)(bad[k].value >> 8 * b);
        if (bad[k].at == 40) size = 44;
        assert_int_equal(af_wav_read(&w, wav, size, "a.wav"), AF_EFORMAT);
        assert_says(bad[k].says);
        assert_null(w.x);
        af_free(wav);
    }
}

static double not_a_number(int64_t i, int channel)
{
    (void)channel;
    return i == 321 ? NAN : 0;
}

static void bounds(void **state)
{
    (void)state;
    const sound nan = {22050, 1, -32, 500, not_a_number};
    const sound many = {22050, 9, 8, 100, sound_sine};
    const sound endless = {22050, 1, 8, AF_WAV_MAX_SAMPLES + 1, sound_sine};
    const sound *const bad[] = {&nan, &many, &endless};
    static const char *const says[] = {"a.wav: sample 321 is not finite", "9 channels",
                                       "more than 15360000 samples"};
    for (int k = 0; k < 3; k++) {
        size_t size;
        af_wav w;
        unsigned char *wav = sound_wav(bad[k], &size);
        assert_int_equal(af_wav_read(&w, wav, size, "a.wav"), AF_EFORMAT);
        assert_says(says[k]);
        af_free(wav);
    }
}

/* Cut by more than a frame: refused. With any header byte changed: read or refused. */
static void damaged(void **state)
{
    (void)state;
    const sound s = {44100, 1, 16, 100, sound_sine};
    size_t size;
    af_wav w;
    unsigned char *wav = sound_wav(&s, &size);
    for (size_t cut = 0; cut < size; cut++) {
        unsigned char *copy = af_alloc(cut); /* so that sanitizers see its end */
        memcpy(copy, wav, cut);
        if (af_wav_read(&w, copy, cut, "a.wav") == AF_OK) {
            assert_true(cut > size - 64 && w.n <= (int64_t)(cut - 44) / 2);
            af_free(w.x);
        }
        af_free(copy);
    }
    for (size_t k = 0; k < 3; k++) { /* written into a pipe: the size is not known */
        static const char marks[] = "\0\0\0\0\xff\xff\xff\xff\x24\xf0\xff\x7f";
        unsigned char kept[4];
        memcpy(kept, wav + 40, 4);
        memcpy(wav + 40, marks + 4 * k, 4);
        if (af_wav_read(&w, wav, size, "a.wav") == AF_OK) {
            assert_int_equal(w.n, 100);
            af_free(w.x);
        } else {
            assert_int_equal(k, 0); /* libsndfile finds none */
        }
        memcpy(wav + 40, kept, 4);
    }
    for (size_t at = 0; at < 44; at++)
        for (int v = 0; v < 256; v++) {
            const unsigned char kept = wav[at];
            wav[at] = (unsigned char)v;
            if (af_wav_read(&w, wav, size, "a.wav") == AF_OK) {
                assert_in_range(w.n, 1, 200);
                af_free(w.x);
            }
            wav[at] = kept;
        }
    af_free(wav);
}

static void memory_runs_out(void **state)
{
    (void)state;
    const sound s = {44100, 2, 16, 100, sound_sine};
    size_t size;
    double *y = NULL;
    int64_t n;
    unsigned char *wav = sound_wav(&s, &size);
    af_status st = AF_ENOMEM;
    for (unsigned long k = 1; st == AF_ENOMEM; k++) {
        af_wav w;
        af_alloc_fail_at(k);
        st = af_wav_read(&w, wav, size, "a.wav");
        if (st == AF_OK) {
            st = af_resample(&y, &n, w.x, w.n, w.rate, 22050);
            af_free(w.x);
        }
        af_alloc_fail_at(0);
        assert_true(k < 10);
    }
    assert_ok(st);
    assert_int_equal(n, 50);
    af_free(y);
    af_free(wav);
}

/* ---- resampling ---- */

static double *tone(int64_t n, double hz, int rate)
{
    double *x = af_alloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++) x[i] = sin(2 * M_PI * hz * (double)i / rate + 1);
    return x;
}

/* A tone keeps height and phase, wherever it is heard; above the new Nyquist frequency it is gone.
 */
static void tones(void **state)
{
    (void)state;
    static const int rates[] = {8000,  11025, 16000, 22050, 24000,
                                32000, 44100, 48000, 96000, 192000};
    enum { EDGE = 400 };
    for (size_t r = 0; r < LENGTH(rates); r++) {
        const int rate = rates[r];
        const double top = rate < 22050 ? rate / 2.0 : 11025;
        const double hz[] = {0, 440, 0.9 * top, 1.01 * 11025, 1.3 * 11025};
        for (int k = 0; k < 5 && hz[k] < rate / 2.0; k++) {
            const int64_t n = rate / 4;
            double *x = tone(n, hz[k], rate), *y;
            int64_t count;
            assert_ok(af_resample(&y, &count, x, n, rate, 22050));
            assert_int_equal(count, (n * 22050 + rate - 1) / rate);
            for (int64_t i = EDGE; i < count - EDGE; i++) {
                double want = k < 3 ? sin(2 * M_PI * hz[k] * (double)i / 22050 + 1) : 0;
                if (!(fabs(y[i] - want) < 2e-4))
                    fail_msg("%d Hz, tone of %g Hz: %g at %d, want %g", rate, hz[k], y[i], (int)i,
                             want);
            }
            af_free(y);
            af_free(x);
        }
    }
}

static void resampling_is_bounded(void **state)
{
    (void)state;
    const double x[3] = {1, -2, 3};
    double *y;
    int64_t n;
    assert_ok(af_resample(&y, &n, x, 3, 44053, 44053));
    assert_memory_equal(y, x, sizeof x);
    af_free(y);
    assert_int_equal(af_resample(&y, &n, x, 3, 44053, 22050), AF_EUNSUPPORTED);
    assert_says("share no factor of 25 Hz");
    assert_int_equal(af_resample(&y, &n, x, 3, 3000, 22050), AF_EINVAL);
    assert_int_equal(af_resample(&y, &n, x, 3, 44100, 384000), AF_EINVAL);
    assert_int_equal(af_resample(&y, &n, x, 0, 44100, 22050), AF_EINVAL);
}

/* ---- comma-separated values ---- */

/* Records as "field|field;" */
static af_status read_csv(char *out, const char *text, size_t size)
{
    af_csv c;
    bool more = true;
    *out = 0;
    af_status st = af_csv_open(&c, text, size, "a.csv");
    while (st == AF_OK && (st = af_csv_next(&c, &more)) == AF_OK && more) {
        for (int i = 0; i < c.fields; i++)
            sprintf(out + strlen(out), "%s%s", i ? "|" : "", c.field[i]);
        strcat(out, ";");
    }
    af_csv_close(&c);
    return st;
}

static void csv_reads(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"a,b\n", "a|b;"},
        {"a,b\r\nc,d", "a|b;c|d;"},
        {"\n\r\n\na\n\n", "a;"},
        {",\n", "|;"},
        {"a,\n,b\n", "a|;|b;"},
        {"\xef\xbb\xbf"
         "a,b\n",
         "a|b;"},
        {"1,\"Bark,Dog\",x\r\n", "1|Bark,Dog|x;"},
        {"\"a \"\"b\"\"\",\"\"\n", "a \"b\"|;"},
        {"\"two\nlines\",b\nc\n", "two\nlines|b;c;"},
        {"\"\"\"\"", "\";"},
        {"a\rb,c\n", "a\rb|c;"},
        {"a b , c\n", "a b | c;"},
    };
    char got[256];
    for (size_t k = 0; k < LENGTH(cases); k++) {
        assert_ok(read_csv(got, cases[k].text, strlen(cases[k].text)));
        assert_string_equal(got, cases[k].want);
    }
}

static void csv_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"a,b\nc,\"d\n\n", "a.csv:2: field 2: its quote is never closed"},
        {"\"a\"b\n", "a.csv:1: field 1: text behind its closing quote"},
        {"\"x\ny\",1\na\"b\n", "a.csv:3: field 1: a quote inside a field"},
        {"\"a\" ,b\n", "text behind its closing quote"},
        {"\"", "its quote is never closed"},
        {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n", "a.csv:1: field 16: one more than can be"},
    };
    char got[256];
    for (size_t k = 0; k < LENGTH(cases); k++) {
        assert_int_equal(read_csv(got, cases[k].text, strlen(cases[k].text)), AF_EFORMAT);
        assert_says(cases[k].says);
    }
    assert_int_equal(read_csv(got, "a\0b", 3), AF_EFORMAT);
    assert_says("a.csv: holds NUL bytes");
    af_alloc_fail_at(1);
    assert_int_equal(read_csv(got, "a", 1), AF_ENOMEM);
    af_alloc_fail_at(0);
}

/* ---- directories and archives ---- */

static char seen[1024];

static bool want(const char *member, void *payload)
{
    (void)payload;
    return !strstr(member, "skip");
}

static af_status each(const char *member, const void *data, size_t size, void *payload)
{
    (void)payload;
    sprintf(seen + strlen(seen), "%s=%.*s ", member, (int)size, (const char *)data);
    return size == 5 ? af_fail(AF_EFORMAT, "five") : AF_OK;
}

static af_status walk(const char *name, size_t max)
{
    *seen = 0;
    return af_tree_walk(work_at(name), max, want, each, NULL);
}

static void trees(void **state)
{
    (void)state;
    char archive[AF_PATH_MAX];
    assert_ok(af_mkdirs(work_at("t/b/c")));
    assert_ok(af_mkdirs(work_at("t/1/2/3/4/5/6/7")));
    work_put("t/a", "1");
    work_put("t/b/c/d", "22");
    work_put("t/b/skipped", "3");
    work_put("t/.hidden", "4");
    work_put("t/1/2/3/4/5/6/7/deep", "5");
    work_put("t/1/2/3/4/5/near", "6");
    assert_ok(walk("t", 100));
    assert_string_equal(seen, "1/2/3/4/5/near=6 a=1 b/c/d=22 ");
    assert_ok(af_path_format(archive, "%s", work_at("t.zip")));
    pack_directory(archive, work_at("t/b"), true);
    assert_ok(walk("t.zip", 100));
    assert_string_equal(seen, "c/d=22 ");
    assert_int_equal(rename(archive, work_at("t/x.zip")), 0);
    assert_ok(walk("t", 100));
    assert_string_equal(seen, "1/2/3/4/5/near=6 a=1 b/c/d=22 x.zip/c/d=22 ");
    *seen = 0;
    assert_ok(af_tree_walk(work_at("t"), 0, want, NULL, NULL)); /* names only: no bound is met */
    assert_int_equal(walk("t", 1), AF_EFORMAT);
    assert_int_equal(walk("nowhere", 1), AF_ENOTFOUND);
    work_put("t/a", "12345");
    assert_int_equal(walk("t", 100), AF_EFORMAT);
    assert_says("five");
    work_put("t/a.zip", "no archive");
    work_put("t/a", "1");
    assert_int_equal(walk("t", 100), AF_EFORMAT);
    assert_says("t/a.zip: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings),
        cmocka_unit_test(refused),
        cmocka_unit_test(bounds),
        cmocka_unit_test(damaged),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(tones),
        cmocka_unit_test(resampling_is_bounded),
        cmocka_unit_test(csv_reads),
        cmocka_unit_test(csv_refuses),
        cmocka_unit_test(trees),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
