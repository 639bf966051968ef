/* The accuracy of bf16 on real data: a short training of fixed length, five seeds in fp32 and the
 * same five in bf16, on ECG records of the 2017 challenge and on CIFAR-10 images. The mean errors
 * may differ by twice the standard error of their difference (Welch's, from the spread over seeds),
 * plus the error's grain, one sample: where all seeds agree the spread says nothing. Needs
 * AFIELD_TESTDATA; AFIELD_LONG=1 trains five times as long (make test-long). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/registry.h"
#include "core/train/train.h"
#include "tests/aid/work.h"

enum { SEEDS = 5, RAW = 32, SIDE = 16, IMAGES = 1250, TRAIN = 850, CLASSES = 10, LONGER = 5 };
enum { BOTH = AF_BF16_PRECISION + 1 }; /* precisions: full, bf16 */

/* ---- data ---- */

static const char *const objects[CLASSES + 1] = {
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
static const af_task cifar10 = {
    .name = "cifar10",
    .title = "CIFAR-10",
    .objective = AF_SINGLE_LABEL,
    .loss = "cross_entropy",
    .metric = "accuracy",
    .labels = objects,
    .recipe = {[AF_TINY] = {.epochs = 8,
                            .batch = 50,
                            .optimiser = AF_SGD,
                            .lr = 0.1,
                            .momentum = 0.9,
                            .weight_decay = 5e-4,
                            .schedule = {.kind = AF_COSINE},
                            .augment = {.pad = 2, .flip = true}}},
    .cite = "A. Krizhevsky, Learning multiple layers of features from tiny images, 2009",
    .license = "research use",
};

static const char *raw(const char *name)
{
    static char path[AF_PATH_MAX];
    const char *root = getenv("AFIELD_TESTDATA");
    if (!root || !*root) return NULL;
    assert_ok(af_path_format(path, "%s/%s", root, name));
    return af_file_exists(path) || af_dir_exists(path) ? path : NULL;
}

/* A batch file holds records of one label byte and {3, 32, 32} pixels. Each 2 x 2 become one, which
 * saves three quarters of the time; values come out around 0. */
static int64_t read_images(const char *path, float *x, int32_t *y)
{
    enum { RECORD = 1 + 3 * RAW * RAW };
    char *bytes;
    size_t size;
    assert_ok(af_file_read(&bytes, &size, path, 1 << 24));
    int64_t n = (int64_t)size / RECORD;
    assert_int_equal(n * RECORD, size);
    for (int64_t i = 0; i < n; i++) {
        const unsigned char *from = (const unsigned char *)bytes + i * RECORD;
        y[i] = *from++;
        for (int k = 0; k < 3 * SIDE * SIDE; k++, x++) {
            const unsigned char *p = from + k / SIDE * 2 * RAW + k % SIDE * 2;
            *x = (float)(p[0] + p[1] + p[RAW] + p[RAW + 1]) / 256 - 2;
        }
    }
    af_free(bytes);
    return n;
}

static bool make_cifar10(const af_task *task)
{
    static const char *const files[] = {"cifar10/cifar-10-batches-bin/data_batch_1.bin",
                                        "cifar10/cifar-10-batches-bin/test_batch.bin"};
    float *x = af_alloc(sizeof(float) * IMAGES * 3 * SIDE * SIDE);
    int32_t y[IMAGES];
    char(*ids)[AF_ID_MAX] = af_calloc(IMAGES, sizeof *ids);
    int64_t index[IMAGES], n = 0;
    assert_true(x && ids);
    for (size_t i = 0; i < LENGTH(files) && raw(files[i]); i++)
        n += read_images(raw(files[i]), x + n * 3 * SIDE * SIDE, y + n);
    for (int64_t i = 0; i < IMAGES; i++) {
        snprintf(ids[i], sizeof ids[i], "%04d", (int)i);
        index[i] = i;
    }
    af_dataset_content c = {.task = task,
                            .size = AF_TINY,
                            .part = AF_MAIN,
                            .provenance = "partial",
                            .source = "{}",
                            .n = n,
                            .input = {3, SIDE, SIDE},
                            .output = {CLASSES, 1, 1},
                            .x = x,
                            .y = y,
                            .ids = *ids};
    c.split[AF_CLEAN][AF_TRAIN] = (af_indices){index, TRAIN};
    c.split[AF_CLEAN][AF_VALID] = (af_indices){index + TRAIN, IMAGES - TRAIN};
    if (n == IMAGES) assert_ok(af_dataset_write(work_dir, &c));
    af_free(x);
    af_free(ids);
    return n == IMAGES;
}

static bool import(const af_task *task)
{
    const char *path = raw("ecg/cinc2017_validation");
    if (!path) return false;
    af_prep_request r = {.task = task, .size = AF_TINY, .source = path, .directory = work_dir};
    assert_ok(af_find_prep(task->name)->import(&r));
    return true;
}

/* ---- trainings ---- */

extern const af_task af_task_ecg;

typedef struct trial_case {
    const af_task *task;
    bool (*make)(const af_task *task); /* false: no such data */
    const char *arch;                  /* of nb201 */
    int epochs;
    double chance; /* the error of guessing */
} trial_case;

#define CELL "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
static const trial_case cases[] = {
    {&cifar10, make_cifar10, CELL, 5, 0.9},
    {&af_task_ecg, import, CELL, 5, 0.75},
};

typedef struct sample {
    double error[SEEDS], mean, variance;
} sample;

static void train(sample *s, af_training *t)
{
    for (int i = 0; i < SEEDS; i++) {
        af_trained out;
        t->seed = (uint64_t)i;
        assert_ok(af_train(&out, t));
        s->error[i] = out.outcome.error;
        s->mean += s->error[i] / SEEDS;
        af_trained_close(&out);
    }
    for (int i = 0; i < SEEDS; i++) s->variance += pow(s->error[i] - s->mean, 2) / (SEEDS - 1);
}

/* How much one sample, or one record of several, moves the error. */
static double grain(const af_dataset *d)
{
    const af_indices *valid = &d->split[AF_CLEAN][AF_VALID];
    int64_t scored = valid->count;
    for (int64_t i = 1; d->group && i < valid->count; i++)
        scored -= d->group[valid->i[i]] == d->group[valid->i[i - 1]];
    return 1 / (double)scored;
}

static void print_sample(const char *task, const char *precision, const sample *s)
{
    printf("  %-8s %s  ", task, precision);
    for (int i = 0; i < SEEDS; i++) printf(" %.4f", s->error[i]);
    printf("   mean %.4f, deviation %.4f\n", s->mean, sqrt(s->variance));
}

static void errors_are_within_seed_noise(void **state)
{
    const trial_case *c = *state;
    if (!c->make(c->task)) {
        print_message("skipped: AFIELD_TESTDATA has no data for %s\n", c->task->name);
        skip();
    }
    af_dataset *data;
    af_graph *graph;
    af_config config;
    const af_space *space = af_find_space("nb201");
    assert_ok(af_dataset_open(&data, work_dir, c->task, AF_MAIN));
    af_io io = af_dataset_io(data);
    assert_ok(af_space_parse(space, &config, c->arch));
    assert_ok(af_space_build(space, &config, &io, &graph));
    af_training t = {.task = c->task,
                     .metric = af_find_metric(c->task->metric),
                     .data = data,
                     .graph = graph,
                     .backend = af_default_backend(),
                     .recipe = c->task->recipe[AF_TINY],
                     .epochs = c->epochs * (getenv("AFIELD_LONG") ? LONGER : 1),
                     .threads = 1, /* quicker where others compute too; the bits are the same */
                     .validate = true};
    sample s[BOTH] = {{{0}, 0, 0}};
    for (int p = 0; p < BOTH; p++) {
        t.precision = (af_precision)p;
        train(&s[p], &t);
        print_sample(c->task->name, af_precision_name(t.backend, t.precision), &s[p]);
        assert_true(s[p].mean < c->chance - 0.05); /* it learned something */
    }
    double apart = fabs(s[0].mean - s[1].mean);
    double noise = 2 * sqrt((s[0].variance + s[1].variance) / SEEDS);
    printf("  %-8s means %.4f apart; allowed: noise %.4f + grain %.4f\n", c->task->name, apart,
           noise, grain(data));
    assert_true(apart <= noise + grain(data));
    assert_true(memcmp(s[0].error, s[1].error, sizeof s[0].error) != 0); /* bf16 was in use */
    af_graph_free(graph);
    af_dataset_close(data);
}

int main(void)
{
    struct CMUnitTest tests[LENGTH(cases)];
    memset(tests, 0, sizeof tests);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        tests[i].name = cases[i].task->name;
        tests[i].test_func = errors_are_within_seed_noise;
        tests[i].initial_state = (void *)(uintptr_t)&cases[i];
    }
    af_log_set(AF_LOG_ERROR);
    return _cmocka_run_group_tests("bf16", tests, LENGTH(cases), work_make, work_remove);
}
