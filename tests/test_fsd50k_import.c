/* Importing FSD50K: both layouts, from directories and archives, whole, partial and damaged; and
 * real clips where AFIELD_TESTDATA names a directory that has them. */
#include <hdf5.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/base/sha256.h"
#include "core/prep.h"
#include "data-prep/fsd50k/features.h"
#include "data-prep/fsd50k/raw.h"
#include "data-prep/fsd50k/tables.h"
#include "tests/aid/sounds.h"
#include "tests/aid/work.h"

extern const af_task af_task_fsd50k;
extern const af_prep af_prep_fsd50k;

enum { CLIPS = 7, VOCABULARY = 200 };
static const struct {
    const char *name, *labels;
    af_split split;
    int rate, channels;
    int64_t n;
} clips[CLIPS] = {
    {"11", "L007,L003", AF_TRAIN, 44100, 1, 30000},    /* 0.68 s: 2 chunks */
    {"12", "L003", AF_TRAIN, 22050, 1, 30000},         /* 1.36 s: 3 chunks */
    {"13", "L199", AF_VALID, 44100, 2, 50000},         /* 3 */
    {"2", "L000,L003,L007", AF_TRAIN, 48000, 1, 9000}, /* 0.19 s: 1 */
    {"21", "L007", AF_TEST, 44100, 1, 70000},          /* 4 */
    {"22", "L005", AF_TEST, 8000, 1, 5000},            /* 2 */
    {"3", "L001,L002", AF_VALID, 44100, 1, 44100},     /* 2 */
};

static bool one_rate; /* all clips at 22,050 Hz: quicker */

static char *at(const char *name)
{
    static char path[AF_PATH_MAX];
    assert_ok(af_path_format(path, "%s/%s", work_dir, name));
    return path;
}

static void put_wav(const char *name, int rate, int channels, int64_t n)
{
    const sound s = {rate, channels, 16, n, sound_sine};
    size_t size;
    unsigned char *wav = sound_wav(&s, &size);
    assert_ok(af_file_write(at(name), wav, size));
    af_free(wav);
}

/* The official layout. */
static void make_official(void)
{
    char text[VOCABULARY * 32] = "", line[256];
    assert_ok(af_mkdirs(at("raw/FSD50K.dev_audio")));
    assert_ok(af_mkdirs(at("raw/FSD50K.eval_audio")));
    assert_ok(af_mkdirs(at("raw/FSD50K.ground_truth")));
    for (int k = 0; k < VOCABULARY; k++) sprintf(text + strlen(text), "%d,L%03d,/m/%d\n", k, k, k);
    work_put("raw/FSD50K.ground_truth/vocabulary.csv", text);
    for (int eval = 0; eval < 2; eval++) {
        sprintf(text, "fname,labels,mids%s\n", eval ? "" : ",split");
        for (int k = 0; k < CLIPS; k++) {
            if ((clips[k].split == AF_TEST) != eval) continue;
            sprintf(text + strlen(text), "%s,\"%s\",\"/m/x\"%s\n", clips[k].name, clips[k].labels,
                    eval                         ? ""
                    : clips[k].split == AF_TRAIN ? ",train"
                                                 : ",val");
            sprintf(line, "raw/FSD50K.%s_audio/%s.wav", eval ? "eval" : "dev", clips[k].name);
            put_wav(line, one_rate ? 22050 : clips[k].rate, clips[k].channels,
                    one_rate ? 1000 : clips[k].n);
        }
        work_put(eval ? "raw/FSD50K.ground_truth/eval.csv" : "raw/FSD50K.ground_truth/dev.csv",
                 text);
    }
    put_wav("raw/FSD50K.dev_audio/unlisted.wav", 44100, 1, 100);
}

static af_status import(const char *source, af_size size)
{
    char from[AF_PATH_MAX], out[AF_PATH_MAX];
    assert_ok(af_path_join(from, work_dir, source));
    assert_ok(af_path_join(out, work_dir, "out"));
    const af_prep_request r = {&af_task_fsd50k, size, from, 0, out};
    return af_prep_fsd50k.import(&r);
}

static af_dataset *open_part(af_dataset_part part)
{
    af_dataset *d;
    assert_ok(af_dataset_open(&d, at("out"), &af_task_fsd50k, part));
    return d;
}

static void import_sums(const char *source, char sum[2][AF_SHA256_HEX])
{
    assert_ok(import(source, AF_FULL));
    for (int k = 0; k < 2; k++) {
        af_dataset *d = open_part(k ? AF_HELD_OUT : AF_MAIN);
        assert_string_equal(d->provenance, "partial");
        snprintf(sum[k], AF_SHA256_HEX, "%s", d->sha256);
        af_dataset_close(d);
    }
}

static char *attribute(const char *name)
{
    static char text[1 << 16];
    hid_t file = H5Fopen(at("out/fsd50k.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t a = H5Aopen(file, name, H5P_DEFAULT), type = H5Aget_type(a);
    assert_true(file >= 0 && H5Tget_size(type) < sizeof text);
    memset(text, 0, sizeof text);
    assert_true(H5Aread(a, type, text) >= 0);
    H5Tclose(type);
    H5Aclose(a);
    H5Fclose(file);
    return text;
}

static bool has(const af_dataset *d, int64_t sample, int label)
{
    return ((const float *)d->y)[sample * d->output.c + label] == 1;
}

/* Samples lie by clip name and chunk; every clip is in its split; labels are those of the table. */
static void official_layout(void **state)
{
    (void)state;
    static const char *const ids[] = {"11:0", "11:1", "12:0", "12:1", "12:2", "13:0",
                                      "13:1", "13:2", "2:0",  "3:0",  "3:1"};
    make_official();
    assert_ok(import("raw", AF_FULL));
    af_dataset *d = open_part(AF_MAIN), *test = open_part(AF_HELD_OUT);
    assert_int_equal(d->n, LENGTH(ids));
    assert_int_equal(test->n, 6);
    assert_int_equal(d->output.c, 200);
    for (int i = 0; i < d->n; i++) assert_string_equal(d->ids + i * AF_ID_MAX, ids[i]);
    for (int p = 0; p < AF_PROTOCOLS; p++) {
        static const int64_t train[] = {0, 1, 2, 3, 4, 8}, valid[] = {5, 6, 7, 9, 10};
        assert_int_equal(d->split[p][AF_TRAIN].count, 6);
        assert_memory_equal(d->split[p][AF_TRAIN].i, train, sizeof train);
        assert_int_equal(d->split[p][AF_VALID].count, 5);
        assert_memory_equal(d->split[p][AF_VALID].i, valid, sizeof valid);
        assert_int_equal(test->split[p][AF_TEST].count, 6);
    }
    assert_true(d->group[0] == d->group[1] && d->group[1] != d->group[2]);
    int all = 0;
    for (int k = 0; k < 200; k++) all += has(d, 8, k);
    assert_true(all == 3 && has(d, 8, 0) && has(d, 8, 3) && has(d, 8, 7));
    assert_true(has(d, 0, 7) && has(d, 1, 7) && !has(d, 0, 0) && has(d, 5, 199) && has(test, 5, 5));
    assert_true(!strncmp(attribute("labels"), "L000, L001, L002", 16));
    af_dataset_close(d);
    af_dataset_close(test);
    af_file_remove(at("raw/FSD50K.dev_audio/12.wav")); /* a clip without a sound is left out */
    assert_ok(import("raw", AF_FULL));
    d = open_part(AF_MAIN);
    assert_int_equal(d->n, LENGTH(ids) - 3);
    assert_string_equal(d->ids + 2 * AF_ID_MAX, "13:0");
    af_dataset_close(d);
}

/* What `cd raw; sha256sum` prints for the sounds that were used, hashed. */
static void source_is_recorded(void **state)
{
    (void)state;
    char hex[AF_SHA256_HEX], path[64];
    make_official();
    assert_ok(import("raw", AF_FULL));
    af_sha256 *h = af_sha256_new();
    for (int k = 0; k < CLIPS; k++) {
        snprintf(path, sizeof path, "raw/FSD50K.%s_audio/%s.wav",
                 clips[k].split == AF_TEST ? "eval" : "dev", clips[k].name);
        assert_ok(af_sha256_file(at(path), hex));
        af_sha256_addf(h, "%s  %s.wav\n", hex, clips[k].name);
    }
    af_sha256_end(h, hex);
    json_t *source = json_loads(attribute("source"), 0, NULL);
    const json_t *sounds = json_object_get(source, "sounds"),
                 *files = json_object_get(source, "files");
    assert_int_equal(json_integer_value(json_object_get(sounds, "files")), CLIPS);
    assert_string_equal(json_string_value(json_object_get(sounds, "sha256_of_sha256sum")), hex);
    assert_int_equal(json_object_size(files), 3);
    assert_ok(af_sha256_file(at("raw/FSD50K.ground_truth/dev.csv"), hex));
    assert_string_equal(json_string_value(json_object_get(files, "dev.csv")), hex);
    json_decref(source);
}

/* A directory, archives in any order, and a directory of archives give the same dataset. */
static void archives(void **state)
{
    (void)state;
    char want[2][AF_SHA256_HEX], got[2][AF_SHA256_HEX], archive[AF_PATH_MAX];
    static const char *const names[] = {"a.zip", "b.tar.xz", "c"};
    make_official();
    import_sums("raw", want);
    assert_ok(af_path_format(archive, "%s", at("a.zip")));
    pack_directory(archive, at("raw"), false);
    assert_ok(af_path_format(archive, "%s", at("b.tar.xz")));
    pack_directory(archive, at("raw"), true);
    assert_ok(af_mkdirs(at("c")));
    assert_ok(af_path_format(archive, "%s", at("c/x.zip")));
    pack_directory(archive, at("raw/FSD50K.dev_audio"), true);
    assert_ok(af_path_format(archive, "%s", at("c/y.zip")));
    pack_directory(archive, at("raw/FSD50K.ground_truth"), false);
    assert_ok(af_path_format(archive, "%s", at("c/a.tar.xz")));
    pack_directory(archive, at("raw/FSD50K.eval_audio"), false);
    for (size_t k = 0; k < LENGTH(names); k++) {
        import_sums(names[k], got);
        assert_string_equal(got[0], want[0]);
        assert_string_equal(got[1], want[1]);
    }
}

/* NAS-Bench-360's layout: chunks as files. */
static void make_chunked(bool shuffled)
{
    static const char *const lists[] = {"tr", "val", "eval"};
    char text[VOCABULARY * 32] = "{", name[64];
    assert_ok(af_mkdirs(at("cut/chunks")));
    assert_ok(af_mkdirs(at("cut/wavs")));
    for (int k = 0; k < VOCABULARY; k++)
        sprintf(text + strlen(text), "%s\"L%03d\":%d", k ? "," : "", k, k);
    strcat(text, "}");
    work_put("cut/lbl_map.json", text);
    for (int s = 0; s < AF_SPLITS; s++) {
        sprintf(text, "files,labels,ext\n");
        for (int i = 0; i < 3 * CLIPS; i++) {
            const int k = shuffled ? i % CLIPS : i / 3, c = shuffled ? i / CLIPS : i % 3;
            if ((int)clips[k].split != s) continue;
            sprintf(text + strlen(text), "/old/place/%s_%d.wav,\"%s\",%s\n", clips[k].name, c,
                    clips[k].labels, clips[k].name);
            snprintf(name, sizeof name, "cut/wavs/%s_%d.wav", clips[k].name, c);
            put_wav(name, 22050, 1, 22050 - 2000 * c);
        }
        snprintf(name, sizeof name, "cut/chunks/%s.csv", lists[s]);
        work_put(name, text);
    }
}

static void chunked_layout(void **state)
{
    (void)state;
    char want[2][AF_SHA256_HEX], got[2][AF_SHA256_HEX];
    make_chunked(false);
    import_sums("cut", want);
    af_dataset *d = open_part(AF_MAIN), *test = open_part(AF_HELD_OUT);
    assert_int_equal(d->n, 15);
    assert_int_equal(test->n, 6);
    assert_string_equal(d->ids + 2 * AF_ID_MAX, "11:2");
    assert_true(has(d, 2, 7) && has(d, 2, 3) && !has(d, 2, 0));
    assert_true(d->group[0] == d->group[2] && d->group[2] != d->group[3]);
    af_dataset_close(d);
    af_dataset_close(test);
    make_chunked(true); /* chunks of a clip apart from each other, in their order */
    import_sums("cut", got);
    assert_string_equal(got[0], want[0]);
    assert_string_equal(got[1], want[1]);
    af_file_remove(at("cut/wavs/11_1.wav"));
    assert_ok(import("cut", AF_FULL));
    d = open_part(AF_MAIN);
    assert_int_equal(d->n, 14);
    af_dataset_close(d);
}

/* ---- noise ---- */

enum { RECORDINGS = 5 };
/* From half a second to 40; sorted by name. */
static const struct {
    const char *name;
    int rate;
    int64_t n;
} recordings[RECORDINGS] = {
    {"noise-free-sound-0001.wav", 22050, 60000},
    {"noise-free-sound-0002.wav", 22050, 9000},
    {"noise-sound-bible-0000.wav", 16000, 48000},
    {"z.wav", 22050, 22050 * 40},
    {"z2.wav", 22050, 22050},
};

static void make_noise(const char *directory)
{
    char name[128];
    assert_ok(af_mkdirs(at(directory)));
    for (int k = RECORDINGS - 1; k >= 0; k--) {
        snprintf(name, sizeof name, "%s/%s", directory, recordings[k].name);
        put_wav(name, recordings[k].rate, 1, recordings[k].n);
    }
}

/* Background sample `at` is the spectrogram of the second of `recording` that begins at `start`. */
static void check_noise(const af_dataset *d, int64_t sample, int recording, int64_t start)
{
    char path[AF_PATH_MAX], *data;
    size_t size;
    int16_t *x, cut[AF_MEL_CHUNK], want[AF_MEL_SIZE];
    int64_t n;
    af_mel *m;
    assert_ok(
        af_path_format(path, "%s/cut/audio/noise_22050/%s", work_dir, recordings[recording].name));
    assert_ok(af_file_read(&data, &size, path, 1 << 24));
    assert_ok(af_fsd_sound(&x, &n, data, size, path));
    assert_ok(af_mel_new(&m));
    for (int i = 0; i < AF_MEL_CHUNK; i++) cut[i] = x[start + i % (n - start)];
    af_fsd_features(want, &af_fsd_layouts[AF_FULL], m, cut);
    assert_memory_equal((const int16_t *)d->noise + sample * AF_MEL_SIZE, want, sizeof want);
    af_mel_free(m);
    af_free(x);
    af_free(data);
}

/* Eight seconds of each, in order of their names, whatever the size; none of them is a clip;
 * without the directory all else is the same. */
static void noise_beside_chunks(void **state)
{
    (void)state;
    make_chunked(false);
    assert_ok(import("cut", AF_FULL));
    af_dataset *bare = open_part(AF_MAIN);
    assert_int_equal(bare->noises, 0);
    make_noise("cut/audio/noise_22050");
    assert_ok(import("cut", AF_FULL));
    af_dataset *d = open_part(AF_MAIN), *test = open_part(AF_HELD_OUT);
    assert_int_equal(d->noises, 8 * RECORDINGS);
    assert_int_equal(d->n, bare->n);
    assert_memory_equal(d->x, bare->x, (size_t)d->n * AF_MEL_SIZE * sizeof(int16_t));
    assert_string_not_equal(d->sha256, bare->sha256);
    assert_null(test->noise);
    assert_ok(af_dataset_verify(d));
    for (int k = 0; k < 8; k++) {
        check_noise(d, k, 0, (60000 - 22050) * k / 7);
        check_noise(d, 8 + k, 1, 0); /* 0.4 s, repeated */
        check_noise(d, 24 + k, 3, 22050 * 39 * k / 7);
        check_noise(d, 32 + k, 4, 0);
    }
    check_noise(d, 16, 2, 0); /* three seconds at another rate */
    check_noise(d, 23, 2, 3 * 22050 - 22050);
    json_t *source = json_loads(attribute("source"), 0, NULL);
    const json_t *noise = json_object_get(source, "noise"),
                 *sounds = json_object_get(source, "sounds");
    assert_int_equal(json_integer_value(json_object_get(noise, "files")), RECORDINGS);
    assert_int_equal(json_integer_value(json_object_get(sounds, "files")), 3 * CLIPS);
    assert_int_equal(strlen(json_string_value(json_object_get(noise, "sha256_of_sha256sum"))), 64);
    json_decref(source);
    af_dataset_close(test);
    af_dataset_close(d);
    af_dataset_close(bare);
}

/* Beside the published clips as well, and in an archive, in any order. */
static void noise_beside_clips(void **state)
{
    (void)state;
    char want[2][AF_SHA256_HEX], got[2][AF_SHA256_HEX], archive[AF_PATH_MAX];
    make_official();
    make_noise("raw/noise");
    import_sums("raw", want);
    af_dataset *d = open_part(AF_MAIN);
    assert_int_equal(d->noises, 8 * RECORDINGS);
    af_dataset_close(d);
    for (int reversed = 0; reversed < 2; reversed++) {
        assert_ok(af_path_format(archive, "%s", at("whole.zip")));
        af_file_remove(archive);
        pack_directory(archive, at("raw"), reversed);
        import_sums("whole.zip", got);
        assert_string_equal(got[0], want[0]);
        assert_string_equal(got[1], want[1]);
    }
}

/* Directories above say nothing, and what the tables name is a clip wherever it lies. */
static void clips_in_noisy_places(void **state)
{
    (void)state;
    static const char *const places[] = {"raw/noise_project/dev", "raw/noise_clips"};
    char want[2][AF_SHA256_HEX], got[2][AF_SHA256_HEX], from[AF_PATH_MAX], to[AF_PATH_MAX];
    assert_ok(af_path_format(from, "%s", at("raw/FSD50K.dev_audio")));
    make_official();
    make_noise("raw/noise");
    import_sums("raw", want);
    assert_ok(af_mkdirs(at("raw/noise_project")));
    for (size_t k = 0; k < LENGTH(places); k++) {
        assert_ok(af_path_format(to, "%s", at(places[k])));
        assert_int_equal(rename(from, to), 0);
        af_file_remove(at("raw/noise_clips/unlisted.wav")); /* would be noise there */
        import_sums("raw", got);
        assert_string_equal(got[0], want[0]);
        assert_string_equal(got[1], want[1]);
        assert_int_equal(rename(to, from), 0);
    }
    assert_ok(af_mkdirs(at("raw/noise_clips")));
    put_wav("raw/noise_clips/11.wav", 22050, 1, 1000); /* again, as a clip */
    assert_int_equal(import("raw", AF_FULL), AF_EFORMAT);
    assert_says("two sound files are named 11.wav");
    af_file_remove(at("raw/noise_clips/11.wav"));
}

static void wrong_noise_is_refused(void **state)
{
    (void)state;
    static const char longest[] =
        "cut/noise_2/a-name-that-is-longer-than-any-recording-of-a-set-has.wav";
    make_chunked(false);
    make_noise("cut/audio/noise_22050");
    assert_ok(af_mkdirs(at("cut/noise_2")));
    work_put("cut/audio/noise_22050/z.wav", "RIFF, but no more");
    assert_int_equal(import("cut", AF_FULL), AF_EFORMAT);
    assert_says("cut/audio/noise_22050/z.wav: not a WAV");
    make_noise("cut/audio/noise_22050");
    put_wav("cut/noise_2/z.wav", 22050, 1, 100);
    assert_int_equal(import("cut", AF_FULL), AF_EFORMAT);
    assert_says("cut: two recordings of noise are named z.wav; name a directory with one");
    af_file_remove(at("cut/noise_2/z.wav"));
    put_wav(longest, 22050, 1, 100);
    assert_int_equal(import("cut", AF_FULL), AF_EFORMAT);
    assert_says("-of-a-set-has.wav: want a name of at most 47 bytes");
    af_file_remove(at(longest));
    assert_ok(import("cut", AF_FULL));
}

static void contradictions(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text, *says;
        af_status kind;
    } bad[] = {
        {"FSD50K.ground_truth/vocabulary.csv", "0,a,m\n2,b,m\n",
         "vocabulary.csv:2: label 2, want 1", AF_EFORMAT},
        {"FSD50K.ground_truth/vocabulary.csv", "0,a,m\n1,a,m\n", "label a occurs twice",
         AF_EFORMAT},
        {"FSD50K.ground_truth/vocabulary.csv", "x,a\n", "want a line such as 0,Accordion",
         AF_EFORMAT},
        {"FSD50K.ground_truth/vocabulary.csv", "", "vocabulary.csv: no labels", AF_EFORMAT},
        {"FSD50K.ground_truth/dev.csv", "fname,labels,mids\n", "dev.csv:1: no column 'split'",
         AF_EFORMAT},
        {"FSD50K.ground_truth/dev.csv", "", "dev.csv:1: no column 'fname'", AF_EFORMAT},
        {"FSD50K.ground_truth/dev.csv", "fname,labels,mids,split\n1,L001,m,test\n",
         "dev.csv:2: split \"test\"", AF_EFORMAT},
        {"FSD50K.ground_truth/dev.csv", "fname,labels,mids,split\n1,L999,m,val\n",
         "dev.csv:2: label \"L999\" is not in", AF_EFORMAT},
        {"FSD50K.ground_truth/dev.csv", "fname,labels,mids,split\n1,,m,val\n",
         "dev.csv:2: no label", AF_EFORMAT},
        {"FSD50K.ground_truth/dev.csv", "fname,labels,mids,split\n1,L001,m\n",
         "3 fields, want at least 4", AF_EFORMAT},
        {"FSD50K.ground_truth/dev.csv", "fname,labels,mids,split\n21,L001,m,val\n",
         "clip 21 is listed twice", AF_EFORMAT},
        {"FSD50K.ground_truth/dev.csv", "fname,labels,mids,split\n7,L001,m,val\n",
         "no train clip with a label and a sound", AF_EFORMAT},
        {"FSD50K.dev_audio/11.wav", "RIFF, but no more", "dev_audio/11.wav: not a WAV", AF_EFORMAT},
        {"other/21.wav", "x", "two sound files are named 21.wav", AF_EFORMAT},
        {"other/dev.csv", "x", "a second file of this name", AF_EFORMAT},
        {"other/tr.csv", "x", "both layouts are in it", AF_EFORMAT},
    };
    for (size_t k = 0; k < LENGTH(bad); k++) {
        char name[128];
        snprintf(name, sizeof name, "raw/%s", bad[k].file);
        make_official();
        assert_ok(af_mkdirs(at("raw/other")));
        work_put(name, bad[k].text);
        assert_int_equal(import("raw", AF_FULL), bad[k].kind);
        assert_says(bad[k].says);
        if (!strncmp(bad[k].file, "other", 5)) af_file_remove(at(name));
    }
    make_official();
    af_file_remove(at("raw/FSD50K.ground_truth/eval.csv"));
    assert_int_equal(import("raw", AF_FULL), AF_ENOTFOUND);
    assert_says("raw: no eval.csv in it");
    af_file_remove(at("raw/FSD50K.ground_truth/dev.csv"));
    assert_int_equal(import("raw", AF_FULL), AF_ENOTFOUND);
    assert_says("want dev.csv, eval.csv and vocabulary.csv of FSD50K, or tr.csv");
    assert_int_equal(import("nowhere", AF_FULL), AF_ENOTFOUND);
}

static void chunked_contradictions(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text, *says;
    } bad[] = {
        {"lbl_map.json", "[]", "lbl_map.json:1: too many or no labels"},
        {"lbl_map.json", "{\"a\":0,", "lbl_map.json:1: "},
        {"lbl_map.json", "{\"a\":0,\"b\":2}", "label \"b\": want every number from 0 to 1 once"},
        {"lbl_map.json", "{\"a\":0,\"b\":0}", "label \"b\": want every number"},
        {"lbl_map.json", "{\"a\":\"0\"}", "label \"a\": want every number"},
        {"chunks/val.csv", "files,labels\n", "val.csv:1: no column 'ext'"},
        {"chunks/val.csv", "files,labels,ext\na.wav,L001,z\nb.wav,L002,z\n",
         "clip z is listed twice"},
        {"chunks/val.csv", "files,labels,ext\nx/a.wav,L001,z\ny/a.wav,L001,z\n",
         "file a.wav is listed twice"},
        {"chunks/val.csv", "files,labels,ext\nx/a.wav,L001,11\n", "clip 11 is listed twice, in"},
    };
    for (size_t k = 0; k < LENGTH(bad); k++) {
        char name[128];
        snprintf(name, sizeof name, "cut/%s", bad[k].file);
        make_chunked(false);
        work_put(name, bad[k].text);
        assert_int_equal(import("cut", AF_FULL), AF_EFORMAT);
        assert_says(bad[k].says);
    }
}

/* Every allocation fails once; nothing crashes and no file is left. */
static void memory_runs_out(void **state)
{
    (void)state;
    af_status st = AF_ENOMEM;
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    one_rate = true;
    make_official();
    af_file_remove(at("out/fsd50k.h5"));
    af_file_remove(at("out/fsd50k.test.h5"));
    unsigned long k = 1;
    for (; st != AF_OK && k < 10000; k++) {
        af_alloc_fail_at(k);
        st = import("raw", AF_FULL);
        af_alloc_fail_at(0);
        if (st == AF_OK) break;
        assert_int_equal(st, AF_ENOMEM);
        assert_false(af_file_exists(at("out/fsd50k.h5")));
    }
    assert_ok(st);
    assert_true(k > 100);
    omp_set_num_threads(threads);
    one_rate = false;
}

static void real_clips(void **state)
{
    (void)state;
    static const int counts[AF_SPLITS] = {70, 20, 20};
    const char *root = getenv("AFIELD_TESTDATA");
    char from[AF_PATH_MAX] = "";
    if (root && *root) assert_ok(af_path_format(from, "%s/audio_fsd50k", root));
    if (!*from || !af_dir_exists(from)) {
        print_message("skipped: AFIELD_TESTDATA has no audio_fsd50k\n");
        skip();
    }
    for (af_size size = AF_TINY; size <= AF_FULL; size++) {
        const af_prep_request r = {&af_task_fsd50k, size, from, 0, at("out")};
        assert_ok(af_prep_fsd50k.import(&r));
        af_dataset *d = open_part(AF_MAIN), *test = open_part(AF_HELD_OUT);
        int clip[AF_SPLITS] = {0}, present = 0;
        for (int s = 0; s < AF_SPLITS; s++) {
            const af_dataset *in = s == AF_TEST ? test : d;
            const af_indices *w = &in->split[AF_CLEAN][s];
            for (int64_t i = 0; i < w->count; i++)
                clip[s] += !i || in->group[w->i[i]] != in->group[w->i[i - 1]];
        }
        assert_memory_equal(clip, counts, sizeof clip);
        for (int k = 0; k < d->output.c; k++) {
            bool any = false;
            for (int64_t i = 0; i < d->n; i++) any = any || has(d, i, k);
            present += any;
        }
        assert_int_equal(present, 23); /* tiny keeps the 24 most frequent labels, so all of them */
        af_dataset_close(d);
        af_dataset_close(test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(official_layout),
        cmocka_unit_test(source_is_recorded),
        cmocka_unit_test(archives),
        cmocka_unit_test(chunked_layout),
        cmocka_unit_test(noise_beside_chunks),
        cmocka_unit_test(noise_beside_clips),
        cmocka_unit_test(clips_in_noisy_places),
        cmocka_unit_test(wrong_noise_is_refused),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(chunked_contradictions),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(real_clips),
    };
    af_log_set(AF_LOG_ERROR);
    af_hdf5_quiet();
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
