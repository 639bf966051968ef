/* The NinaPro task's data: NAS-Bench-360's six files, or a stand-in from a model forearm; and its
 * variants: other electrodes or labels in such files, and recordings. All are sets of windows that
 * are thinned, cut and scaled here. */
#include <math.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "data-prep/formats/counts.h"
#include "data-prep/formats/labelled.h"
#include "data-prep/ninapro/forearm.h"
#include "data-prep/ninapro/variants.h"

enum { ELECTRODES = AF_NINAPRO_ELECTRODES, STEPS = AF_NINAPRO_STEPS };

/* Windows of each split, at most, and readings of each; and the stand-in's subjects. A variant at
 * full size keeps all of its windows. */
typedef struct extent {
    int64_t count[AF_SPLITS];
    int steps, subjects;
} extent;
static const extent extents[AF_SIZES] = {
    [AF_TINY] = {{612, 153, 153}, 26, 3},
    [AF_SMALL] = {{2638, 659, 659}, STEPS, 10},
    [AF_FULL] = {{2638, 659, 659}, STEPS, 13},
};
static const int64_t official[AF_SPLITS] = {2638, 659, 659};
static const char *const names[AF_SPLITS] = {"train", "val", "test"}; /* of the files, in ids */

/* At most `most` windows, evenly spaced; of each the readings in the middle. */
static void append(af_labelled *p, const af_ninapro_set *s, int64_t most, const char *name)
{
    int64_t n = af_least(most, s->count);
    int steps = p->c.input.w, skip = (STEPS - steps) / 2;
    for (int64_t i = 0; i < n; i++) {
        int64_t k = i * s->count / n;
        const float *from = s->x + k * s->electrodes * STEPS + skip;
        int32_t group = s->group ? s->group[k] : -1;
        float *x = s->group ? af_labelled_add(p, s->label[k], group, "s%02d-r%d:%s-%04lld",
                                              group / s->repetitions + 1,
                                              group % s->repetitions + 1, name, (long long)k)
                            : af_labelled_add(p, s->label[k], -1, "%s-%04lld", name, (long long)k);
        for (int t = 0; t < s->electrodes * steps; t++) x[t] = from[t / steps * STEPS + t % steps];
    }
}

/* Mean and standard deviation of each electrode over the training windows, at every reading. */
static void fill_scaling(float *mean, float *std, const af_labelled *main, int64_t train)
{
    const int steps = main->c.input.w, electrodes = main->c.input.h;
    const float *x = (const float *)(const void *)main->x;
    for (int e = 0; e < electrodes; e++) {
        double sum = 0, squares = 0, n = (double)(train * steps);
        for (int64_t k = 0; k < train; k++)
            for (int t = 0; t < steps; t++) sum += (double)x[(k * electrodes + e) * steps + t];
        for (int64_t k = 0; k < train; k++)
            for (int t = 0; t < steps; t++) {
                double off = (double)x[(k * electrodes + e) * steps + t] - sum / n;
                squares += off * off;
            }
        double deviation = sqrt(squares / n);
        for (int t = 0; t < steps; t++) {
            mean[e * steps + t] = (float)(sum / n);
            std[e * steps + t] = deviation > 1e-9 ? (float)deviation : 1;
        }
    }
}

/* Rest should be the most frequent label, or the numbers mean something else than is assumed. */
static void warn_of_labels(const af_labelled *main)
{
    int64_t counts[AF_NINAPRO_CLASSES] = {0};
    int most = 0;
    for (int64_t i = 0; i < main->c.n; i++) counts[main->y[i]]++;
    for (int c = 1; c < AF_NINAPRO_CLASSES; c++)
        if (counts[c] > counts[most]) most = c;
    if (most)
        af_log(AF_LOG_WARN, "ninapro: label %d is the most frequent, not 0, which should be rest",
               most);
}

static af_status pack(const af_prep_request *r, const af_ninapro_set set[AF_SPLITS], int classes,
                      const char *provenance, const json_t *source)
{
    const extent *e = &extents[r->size];
    const af_shape shape = {1, set[AF_TRAIN].electrodes, e->steps};
    int64_t n[AF_SPLITS];
    for (int s = 0; s < AF_SPLITS; s++)
        n[s] =
            r->task->own && r->size == AF_FULL ? set[s].count : af_least(set[s].count, e->count[s]);
    af_labelled main = {0}, test = {0};
    float mean[AF_NINAPRO_MOST_ELECTRODES * STEPS], std[AF_NINAPRO_MOST_ELECTRODES * STEPS];
    af_status st;
    AF_GOTO(st, done,
            af_labelled_open(&main, r, AF_MAIN, n[AF_TRAIN] + n[AF_VALID], shape, AF_STORED_FLOAT32,
                             classes));
    AF_GOTO(st, done,
            af_labelled_open(&test, r, AF_HELD_OUT, n[AF_TEST], shape, AF_STORED_FLOAT32, classes));
    append(&main, &set[AF_TRAIN], n[AF_TRAIN], names[AF_TRAIN]);
    append(&main, &set[AF_VALID], n[AF_VALID], names[AF_VALID]);
    append(&test, &set[AF_TEST], n[AF_TEST], names[AF_TEST]);
    if (!r->task->own) warn_of_labels(&main);
    fill_scaling(mean, std, &main, n[AF_TRAIN]);
    main.c.scaling[AF_CLEAN] = test.c.scaling[AF_CLEAN] =
        (af_scaling){.x_mean = mean, .x_std = std};
    st = af_labelled_write(&main, n[AF_TRAIN], &test, provenance, source);
done:
    af_labelled_close(&main);
    af_labelled_close(&test);
    return st;
}

static af_status variant(af_variant *out, const af_prep_request *r)
{
    af_ninapro_raw raw;
    AF_TRY(af_ninapro_raw_look(&raw, r->source));
    if (raw.electrodes && !af_ninapro_is_task(&raw)) af_ninapro_describe(out, &raw, r->task);
    return AF_OK;
}

static af_status import(const af_prep_request *r)
{
    af_ninapro_raw raw;
    AF_TRY(af_ninapro_raw_read(&raw, r->source));
    const bool own = r->task->own;
    bool whole = r->size == AF_FULL;
    for (int s = 0; s < AF_SPLITS; s++) whole = whole && raw.set[s].count == official[s];
    json_object_set_new(raw.source, "data", json_string(r->task->title));
    af_status st =
        own == af_ninapro_is_task(&raw)
            ? af_fail(AF_EUNSUPPORTED, "%s: not the data of the task %s", r->source, r->task->name)
            : pack(r, raw.set, own ? raw.classes : AF_NINAPRO_CLASSES,
                   own     ? "own"
                   : whole ? "real"
                           : "partial",
                   raw.source);
    af_ninapro_raw_close(&raw);
    return st;
}

static af_status generate(const af_prep_request *r)
{
    static const struct {
        int count, which[AF_FOREARM_REPETITIONS];
    } repetitions[AF_SPLITS] = {
        [AF_TRAIN] = {4, {0, 2, 3, 5}}, [AF_VALID] = {1, {1}}, [AF_TEST] = {1, {4}}};
    const int subjects = extents[r->size].subjects;
    af_ninapro_set set[AF_SPLITS] = {0};
    json_t *source = json_pack("{s:s, s:i, s:i, s:o}", "generator", "motor units of a forearm",
                               "version", AF_FOREARM_VERSION, "subjects", subjects, "seed",
                               json_sprintf("%llu", (unsigned long long)r->seed));
    af_status st = AF_OK;
    for (int s = 0; s < AF_SPLITS && st == AF_OK; s++) {
        int count = repetitions[s].count;
        st = af_ninapro_set_new(&set[s], (int64_t)subjects * count * AF_FOREARM_SESSION, ELECTRODES,
                                AF_FOREARM_REPETITIONS);
        if (st == AF_OK) af_forearm_record(&set[s], r->seed, subjects, repetitions[s].which, count);
    }
    if (st == AF_OK) st = pack(r, set, AF_NINAPRO_CLASSES, "generated", source);
    for (int s = 0; s < AF_SPLITS; s++) af_ninapro_set_free(&set[s]);
    json_decref(source);
    return st;
}

static const af_raw_file sources[] = {
    {.name = "ninapro_train.npy",
     .url = "https://drive.google.com/file/d/1zcrpm9gPwKk_neZNJ6TygAq8Udmuc4LD/view",
     .prepared = true,
     .license = "CC BY-ND",
     .note = "by NAS-Bench-360, through a page that asks before it sends the file; all six "
             "together have about 30 MB; import reads the directory that they are in"},
    {.name = "label_train.npy",
     .url = "https://drive.google.com/file/d/1xYd5EqUwxp0wBoIXfFSS6FjjdhVD1z-k/view",
     .prepared = true,
     .license = "CC BY-ND",
     .note = "see the first one"},
    {.name = "ninapro_val.npy",
     .url = "https://drive.google.com/file/d/1UYMJBh1T8ioLamefI-15QtHrx5yyyDtj/view",
     .prepared = true,
     .license = "CC BY-ND",
     .note = "see the first one"},
    {.name = "label_val.npy",
     .url = "https://drive.google.com/file/d/1pCRBQjgkx2yyf8K0ReOYmcY1l3BlJgci/view",
     .prepared = true,
     .license = "CC BY-ND",
     .note = "see the first one"},
    {.name = "ninapro_test.npy",
     .url = "https://drive.google.com/file/d/1rtZvlLnGvK9XSujVyH-faixpvMHLEiSV/view",
     .prepared = true,
     .license = "CC BY-ND",
     .note = "see the first one"},
    {.name = "label_test.npy",
     .url = "https://drive.google.com/file/d/1-PcyUoOmcFBUexSILpZYndiEioldzxMR/view",
     .prepared = true,
     .license = "CC BY-ND",
     .note = "see the first one"},
    {.name = "ninapro-db5",
     .url = "https://ninapro.hevs.ch",
     .note = "the recordings, Ninapro database 5, after registration: import reads exercise B, "
             "S1_E2_A1.mat to S10_E2_A1.mat, as the variant ninapro_db5; the published windows "
             "cannot be had from them"},
    {.name = "MyoArmbandDataset",
     .url = "https://github.com/UlysseCoteAllard/MyoArmbandDataset",
     .license = "GPL-3.0",
     .note = "recordings of a Myo armband, 8 electrodes and 7 gestures: import reads its "
             "directories as the variant ninapro_myo"},
    {0}};

const af_prep af_prep_ninapro = {
    .name = "ninapro",
    .accepts =
        "a directory with NAS-Bench-360's ninapro_train.npy, ninapro_val.npy, "
        "ninapro_test.npy (windows x 52 x 16) and label_train.npy, label_val.npy, "
        "label_test.npy (0 to 17); fewer windows are accepted. Variants, which are tasks of "
        "other names: such files of other numbers of electrodes or labels (ninapro_myo with "
        "8 and 7, else ninapro_e<electrodes>_c<labels>); recordings, unpacked, of a Myo "
        "armband (classe_<i>.dat in a directory for each session, below one for each "
        "subject: ninapro_myo) and of Ninapro database 5 (S<subject>_E2_A1.mat: ninapro_db5)",
    .model = "motor-unit pools (Fuglevand, Winter and Patla, J. Neurophysiol. 70(6), 1993) of 13 "
             "forearm muscles under two rings of eight electrodes, 17 gestures and rest",
    .sources = sources,
    .import = import,
    .variant = variant,
    .generate = generate,
};
