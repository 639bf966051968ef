/* The Satellite task's data: vegetation index series of FORMOSAT-2, as NAS-Bench-360 or as the UCR
 * archive publishes them, or a stand-in by double-logistic phenology. Both are sets of series that
 * are thinned, scaled and split here. */
#include <math.h>
#include "core/base/log.h"
#include "data-prep/formats/counts.h"
#include "data-prep/formats/labelled.h"
#include "data-prep/satellite/phenology.h"
#include "data-prep/satellite/raw.h"

enum { STEPS = AF_SATELLITE_STEPS, CLASSES = AF_SATELLITE_CLASSES };
enum { OFFICIAL_TRAIN = 900000, OFFICIAL_TEST = 100000, SHARE = 9, FEW = 500 };
enum { SERIES_TRAIN, SERIES_TEST };

typedef struct extent { /* at most */
    int64_t train, valid, test;
} extent;
static const extent extents[AF_SIZES] = {
    [AF_TINY] = {1200, 360, 720},
    [AF_SMALL] = {16000, 2000, 4000},
    [AF_FULL] = {800000, 100000, 100000},
};

/* Which rows of a set: consecutive ones, every ninth one, or all others. */
typedef enum pick { IN_A_ROW, NINTHS, OTHERS } pick;
typedef struct slice {
    const af_satellite_set *set;
    const char *name; /* of its file, in ids */
    pick pick;
    int64_t first, count; /* first: of those in a row */
} slice;

/* The number of the i-th row of a slice in its set. */
static int64_t row_of(const slice *s, int64_t i)
{
    if (s->pick == NINTHS) return SHARE * i + SHARE - 1;
    return s->pick == OTHERS ? i + i / (SHARE - 1) : s->first + i;
}

/* Mean 0, standard deviation 1 (over N); what does not change becomes 0. */
static void standardise(float *to, const float *from)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < STEPS; i++) sum += (double)from[i];
    for (int i = 0; i < STEPS; i++) {
        double off = (double)from[i] - sum / STEPS;
        squares += off * off;
    }
    double deviation = sqrt(squares / STEPS);
    for (int i = 0; i < STEPS; i++)
        to[i] = deviation > 1e-9 ? (float)(((double)from[i] - sum / STEPS) / deviation) : 0;
}

/* At most `most` rows, evenly spaced. */
static void append(af_labelled *p, const slice *s, int64_t most)
{
    int64_t n = af_least(most, s->count);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = row_of(s, i * s->count / n);
        float *x = af_labelled_add(p, s->set->label[row], -1, "%s-%06lld", s->name, (long long)row);
        standardise(x, s->set->x + row * STEPS);
    }
}

/* Training series are of every class that validates or tests, else something was sorted. */
static void warn_of_missing_classes(const af_labelled *main, int64_t train, const af_labelled *test)
{
    bool seen[CLASSES] = {0};
    int missing = 0;
    for (int64_t i = 0; i < train; i++) seen[main->y[i]] = true;
    for (int64_t i = train; i < main->c.n; i++) missing += !seen[main->y[i]];
    for (int64_t i = 0; i < test->c.n; i++) missing += !seen[test->y[i]];
    if (train < FEW)
        af_log(AF_LOG_WARN, "satellite: %lld training series, too few to learn from",
               (long long)train);
    if (missing)
        af_log(AF_LOG_WARN,
               "satellite: %d validation and test series are of classes without training series",
               missing);
}

static af_status pack(const af_prep_request *r, const slice split[AF_SPLITS],
                      const char *provenance, const json_t *source)
{
    const extent *e = &extents[r->size];
    const af_shape shape = {1, 1, STEPS};
    const slice *train = &split[AF_TRAIN], *valid = &split[AF_VALID], *tests = &split[AF_TEST];
    const int64_t learn = af_least(e->train, train->count),
                  check = af_least(e->valid, valid->count), held = af_least(e->test, tests->count);
    af_labelled main = {0}, test = {0};
    af_status st;
    AF_GOTO(st, done,
            af_labelled_open(&main, r, AF_MAIN, learn + check, shape, AF_STORED_FLOAT32, CLASSES));
    AF_GOTO(st, done,
            af_labelled_open(&test, r, AF_HELD_OUT, held, shape, AF_STORED_FLOAT32, CLASSES));
    append(&main, train, learn);
    append(&main, valid, check);
    append(&test, tests, held);
    warn_of_missing_classes(&main, learn, &test);
    st = af_labelled_write(&main, learn, &test, provenance, source);
done:
    af_labelled_close(&main);
    af_labelled_close(&test);
    return st;
}

static af_status import(const af_prep_request *r)
{
    af_satellite_raw raw;
    AF_TRY(af_satellite_raw_read(&raw, r->source));
    const int64_t n = raw.train.count, share = n / SHARE;
    slice split[AF_SPLITS] = {
        [AF_TRAIN] = {&raw.train, "train", IN_A_ROW, 0, n - share},
        [AF_VALID] = {&raw.train, "train", IN_A_ROW, n - share, share},
        [AF_TEST] = {&raw.test, "test", IN_A_ROW, 0, raw.test.count},
    };
    if (raw.valid.count) {
        split[AF_TRAIN].count = n;
        split[AF_VALID] = (slice){&raw.valid, "valid", IN_A_ROW, 0, raw.valid.count};
    } else if (raw.sorted) {
        split[AF_TRAIN].pick = OTHERS;
        split[AF_VALID].pick = NINTHS;
    }
    bool whole =
        r->size == AF_FULL && !raw.sorted && n == OFFICIAL_TRAIN && raw.test.count == OFFICIAL_TEST;
    af_status st = split[AF_VALID].count < 1
                       ? af_fail(AF_EFORMAT, "%s: %lld training series, want at least %d to split",
                                 r->source, (long long)n, SHARE)
                       : pack(r, split, whole ? "real" : "partial", raw.source);
    af_satellite_raw_close(&raw);
    return st;
}

static af_status generate(const af_prep_request *r)
{
    const extent *e = &extents[r->size];
    af_satellite_set train = {0}, test = {0};
    json_t *source =
        json_pack("{s:s, s:i, s:o}", "generator", "double-logistic phenology", "version",
                  AF_PHENOLOGY_VERSION, "seed", json_sprintf("%llu", (unsigned long long)r->seed));
    af_status st;
    AF_GOTO(st, done, af_satellite_set_new(&train, e->train + e->valid));
    AF_GOTO(st, done, af_satellite_set_new(&test, e->test));
    af_phenology_draw(&train, r->seed, SERIES_TRAIN);
    af_phenology_draw(&test, r->seed, SERIES_TEST);
    const slice split[AF_SPLITS] = {
        [AF_TRAIN] = {&train, "train", IN_A_ROW, 0, e->train},
        [AF_VALID] = {&train, "train", IN_A_ROW, e->train, e->valid},
        [AF_TEST] = {&test, "test", IN_A_ROW, 0, e->test},
    };
    st = pack(r, split, "generated", source);
done:
    af_satellite_set_free(&train);
    af_satellite_set_free(&test);
    json_decref(source);
    return st;
}

static const af_raw_file sources[] = {
    {.name = "satellite_train.npy",
     .url = "https://drive.google.com/file/d/1TB38jKE1njCyo_M4P8iYvNmF6BV4T51f/view",
     .prepared = true,
     .size = "322 MB",
     .license = "GPL-3.0",
     .note = "by NAS-Bench-360, through a page that asks before it sends the file; put it beside "
             "the next one and import the directory"},
    {.name = "satellite_test.npy",
     .url = "https://drive.google.com/file/d/1u8iakYN99Vea81ucDGtEYbRkCAR99pDL/view",
     .prepared = true,
     .size = "35 MB",
     .license = "GPL-3.0",
     .note = "see the first one"},
    {.name = "Crop",
     .note = "of the UCR time series archive, a part of the same data; import reads it"},
    {0}};

const af_prep af_prep_satellite = {
    .name = "satellite",
    .accepts =
        "a directory with satellite_train.npy and satellite_test.npy of NAS-Bench-360, or with "
        "Crop_TRAIN and Crop_TEST of the UCR time series archive, a part of the same data, as "
        ".npy, .ts, .tsv, .txt or .arff; a part of them is accepted",
    .model = "double-logistic phenology of 24 covers (Beck et al., Remote Sens. Environ. 100(3), "
             "2006) with varying dates, correlated noise and interpolated cloud gaps",
    .sources = sources,
    .import = import,
    .generate = generate,
};
