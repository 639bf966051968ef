/* Background: noise mixed into training samples, and samples whose level is varied. What is drawn,
 * what a batch then holds, that scoring depends on samples alone, and that a result says what the
 * data could not give. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/registry.h"
#include "core/search/run.h"
#include "core/train/batch.h"
#include "tests/aid/toy.h"
#include "tests/aid/work.h"

enum { DRAWS = 4000 };
extern const af_task af_task_cosmic, af_task_ecg;

/* ---- draws ---- */

/* NAS-Bench-360's numbers: three quarters of the samples, up to half of the noise, every noise
 * about as often; and the noise goes through crop, flip and masks of its own. */
static void mixes_are_drawn_as_published(void **state)
{
    (void)state;
    enum { NOISES = 8 };
    af_augment a = af_find_task("fsd50k")->recipe[AF_FULL].augment;
    a.pad = 2;
    a.flip = true;
    const af_shape s = {1, 96, 101};
    int mixed = 0, seen[NOISES] = {0}, flipped = 0, masked = 0, tenths[5] = {0}, alike = 0;
    for (int k = 0; k < DRAWS; k++) {
        const af_mix_draw d = af_augment_mix_at(&a, s, NOISES, 3, 2, 1, k);
        assert_in_range(d.noise + 1, 0, NOISES);
        if (d.noise < 0) continue;
        const af_augment_draw move = af_augment_at(&a, s, 3, 2, 1, k);
        mixed++;
        seen[d.noise]++;
        assert_true(d.part >= 0 && d.part <= .5f);
        tenths[d.part < .5f ? (int)(10 * d.part) : 4]++;
        flipped += d.move.flip;
        masked += d.masks.count > 0;
        alike += d.move.dy == move.dy && d.move.dx == move.dx && d.move.flip == move.flip;
    }
    assert_in_range(mixed, DRAWS * 72 / 100, DRAWS * 78 / 100);
    for (int k = 0; k < NOISES; k++)
        assert_in_range(seen[k], mixed / NOISES * 3 / 4, mixed / NOISES * 5 / 4);
    for (int k = 0; k < 5; k++) assert_in_range(tenths[k], mixed / 5 * 4 / 5, mixed / 5 * 6 / 5);
    assert_in_range(flipped, mixed * 45 / 100, mixed * 55 / 100);
    assert_in_range(masked, mixed * 45 / 100, mixed * 55 / 100);
    assert_in_range(alike, 0, mixed / 20); /* by chance one of 50 */
    assert_int_equal(af_augment_mix_at(&a, s, 0, 3, 2, 1, 0).noise, -1);
}

/* Cosmic's numbers, uniform. */
static void levels_are_drawn_as_published(void **state)
{
    (void)state;
    const af_augment a = af_task_cosmic.recipe[AF_FULL].augment;
    int parts[13] = {0};
    for (int k = 0; k < DRAWS; k++) {
        const float u = af_augment_level_at(&a, 3, 2, 1, k);
        assert_true(u >= -.9f && u <= 3);
        const int part = (int)((u + .9) / .3);
        parts[part < 13 ? part : 12]++;
    }
    for (int k = 0; k < 13; k++) assert_in_range(parts[k], DRAWS / 13 * 4 / 5, DRAWS / 13 * 6 / 5);
    assert_true(af_augment_levels(&a));
    assert_false(af_augment_levels(&(af_augment){0}));
}

static bool same_move(const af_augment_draw *a, const af_augment_draw *b)
{
    return a->dy == b->dy && a->dx == b->dx && a->flip == b->flip && a->top == b->top &&
           a->bottom == b->bottom && a->left == b->left && a->right == b->right;
}

/* Seed, trial, epoch and sample decide; what else a recipe does changes no level, no share and no
 * choice of noise. */
static void background_has_its_own_streams(void **state)
{
    (void)state;
    const af_augment a = {
        .pad = 4, .mix_share = 1, .mix_most = .5, .level_least = -1, .level_most = 1};
    const af_augment plain = {.mix_share = 1, .mix_most = .5};
    const af_shape s = {1, 96, 101};
    static const struct {
        uint64_t seed, trial;
        uint32_t epoch;
        int64_t more;
    } at[5] = {{1, 2, 3, 0}, {2, 2, 3, 0}, {1, 3, 3, 0}, {1, 2, 4, 0}, {1, 2, 3, 1}};
    int equal[5] = {0};
    for (int k = 0; k < 500; k++) {
        af_mix_draw mix[5];
        float level[5];
        for (int i = 0; i < 5; i++) {
            const int64_t sample = k + at[i].more;
            mix[i] = af_augment_mix_at(&a, s, 1000, at[i].seed, at[i].trial, at[i].epoch, sample);
            level[i] = af_augment_level_at(&a, at[i].seed, at[i].trial, at[i].epoch, sample);
            equal[i] += mix[i].noise == mix[0].noise || level[i] == level[0];
        }
        const af_mix_draw again = af_augment_mix_at(&a, s, 1000, 1, 2, 3, k);
        const af_mix_draw less = af_augment_mix_at(&plain, s, 1000, 1, 2, 3, k);
        assert_true(again.noise == mix[0].noise && again.part == mix[0].part &&
                    same_move(&again.move, &mix[0].move));
        assert_true(less.noise == mix[0].noise && less.part == mix[0].part);
        assert_true(level[0] == af_augment_level_at(&a, 1, 2, 3, k));
    }
    for (int i = 1; i < 5; i++) assert_in_range(equal[i], 0, 10);
}

/* ---- batches ---- */

/* What a sample that is stored as `x` becomes without a mix. */
static void prepare(float want[TOY_X], const float *x, float by, const af_dataset *d,
                    const af_augment_draw *move, const af_mask_draw *masks)
{
    const af_scaling *s = &d->scaling[AF_CLEAN];
    float raised[TOY_X];
    for (int e = 0; e < TOY_X; e++) raised[e] = x[e] + by;
    af_augment_move(want, raised, d->input, move);
    for (int e = 0; e < TOY_X; e++) want[e] = (want[e] - s->x_mean[e]) / s->x_std[e];
    af_augment_cut(want, d->input, move);
    af_augment_mask(want, d->input, masks);
}

/* The formula by hand: (1 - a) x + a noise after both were scaled and masked, x with its level
 * raised as it is stored; whatever the order, the size of a batch, and the type of /x. */
static void check_background(const toy *stored, const af_dataset *d)
{
    enum { EPOCHS = 12 };
    static const int64_t order[TOY_N] = {4, 0, 2, 11, 7, 1, 10, 3, 9, 5, 8, 6};
    const af_augment a = {.pad = 1,
                          .flip = true,
                          .masks = 1,
                          .mask_share = .5,
                          .mask_columns = .6,
                          .mix_share = .75,
                          .mix_most = .5,
                          .level_least = -.9,
                          .level_most = 3};
    af_training t = {.task = &toy_labels, .data = d, .seed = 3, .trial = 4};
    af_batch b;
    int mixed = 0;
    t.recipe.augment = a;
    assert_ok(af_batch_new(&b, d, TOY_N));
    for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
        const af_source source = af_epoch_source(&t, (int)epoch);
        const int size = 1 + (int)epoch % TOY_N;
        for (int first = 0; first < TOY_N; first += size) {
            const int n = TOY_N - first < size ? TOY_N - first : size;
            af_batch_load(&b, &source, order + first, n);
            for (int i = 0; i < n; i++) {
                const int64_t k = order[first + i];
                const af_augment_draw move = af_augment_at(&a, d->input, 3, 4, epoch, k);
                const af_mask_draw masks = af_augment_masks_at(&a, d->input, 3, 4, epoch, k);
                const af_mix_draw m = af_augment_mix_at(&a, d->input, TOY_NOISE, 3, 4, epoch, k);
                const float by = stored->level[k] * af_augment_level_at(&a, 3, 4, epoch, k);
                float want[TOY_X], noise[TOY_X];
                prepare(want, stored->x + k * TOY_X, by, d, &move, &masks);
                if (m.noise >= 0) {
                    prepare(noise, stored->noise + m.noise * TOY_X, 0, d, &m.move, &m.masks);
                    for (int e = 0; e < TOY_X; e++)
                        want[e] = (1 - m.part) * want[e] + m.part * noise[e];
                    mixed++;
                }
                assert_memory_equal(b.x + i * TOY_X, want, sizeof want);
                assert_int_equal(((const int32_t *)b.y)[i], stored->label[k]);
            }
        }
    }
    assert_in_range(mixed, EPOCHS * TOY_N * 6 / 10, EPOCHS * TOY_N * 9 / 10);
    af_batch_close(&b);
}

static void batches_have_background(void **state)
{
    (void)state;
    for (af_stored type = 0; type < AF_STORED_TYPES; type++) {
        toy t;
        af_dataset *d;
        toy_fill(&t, &toy_labels);
        toy_store_as(&t, type);
        assert_ok(af_dataset_write(work_dir, &t.content));
        assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
        check_background(&t, d);
        af_dataset_close(d);
    }
}

/* Validation and test samples: their level alone, the same whatever the seed, the trial and the
 * batch; under protocol paper only, where the recipe says so. */
static void scoring_varies_levels_alike(void **state)
{
    (void)state;
    toy stored;
    af_dataset *d;
    af_batch b;
    int moved = 0;
    toy_fill(&stored, &toy_labels);
    stored.content.scaling[AF_PAPER] = stored.content.scaling[AF_CLEAN];
    assert_ok(af_dataset_write(work_dir, &stored.content));
    assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
    const af_scaling *s = &d->scaling[AF_CLEAN];
    af_training t = {.task = &toy_labels, .data = d};
    t.recipe.augment = (af_augment){.pad = 2,
                                    .cutout = 2,
                                    .masks = 1,
                                    .mask_share = 1,
                                    .mix_share = 1,
                                    .mix_most = .5,
                                    .level_least = -.9,
                                    .level_most = 3,
                                    .in_paper = true};
    assert_ok(af_batch_new(&b, d, TOY_N));
    for (int round = 0; round < 24; round++) {
        int64_t which[TOY_N];
        const int n = 1 + round % TOY_N;
        t.seed = (uint64_t)round;
        t.trial = (uint64_t)(round / 3);
        t.protocol = round & 1 ? AF_PAPER : AF_CLEAN;
        for (int i = 0; i < n; i++) which[i] = (5 * i + round) % TOY_N;
        const af_source source = af_scoring_source(&t, d);
        af_batch_load(&b, &source, which, n);
        for (int i = 0; i < n; i++) {
            const int64_t k = which[i];
            const float by = stored.level[k] *
                             af_augment_level_at(&t.recipe.augment, 0, 0, AF_AUGMENT_SCORING, k);
            for (int e = 0; e < TOY_X; e++) {
                const float x = stored.x[k * TOY_X + e],
                            raised = t.protocol == AF_PAPER ? x + by : x;
                assert_true(b.x[i * TOY_X + e] == (raised - s->x_mean[e]) / s->x_std[e]);
                moved += raised != x;
            }
        }
    }
    assert_true(moved > 100);
    af_batch_close(&b);
    af_dataset_close(d);
}

/* Data without background: batches are as if nothing had been asked for, and it is said. */
static void what_is_left_out_is_named(void **state)
{
    (void)state;
    static const af_augment none = {0}, mix = {.mix_share = 1, .mix_most = .5},
                            level = {.level_most = 1},
                            both = {.mix_share = 1, .level_most = 1, .in_paper = true};
    toy stored;
    af_dataset *bare, *whole;
    af_batch b, plain;
    char text[AF_AUGMENT_TEXT];
    toy_fill(&stored, &toy_labels);
    assert_ok(af_dataset_write(work_dir, &stored.content));
    assert_ok(af_dataset_open(&whole, work_dir, &toy_labels, AF_MAIN));
    stored.content.level = NULL;
    stored.content.noises = 0;
    stored.content.noise = NULL;
    assert_ok(af_dataset_write(work_dir, &stored.content));
    assert_ok(af_dataset_open(&bare, work_dir, &toy_labels, AF_MAIN));
    const struct {
        const af_augment *a;
        const af_dataset *d;
        af_protocol protocol;
        const char *text;
    } cases[] = {
        {&none, bare, AF_PAPER, ""},
        {&mix, bare, AF_CLEAN, "mix: the data have no /noise"},
        {&level, bare, AF_CLEAN, "level: the data have no /level"},
        {&both, bare, AF_PAPER, "mix: the data have no /noise; level: the data have no /level"},
        {&both, bare, AF_CLEAN, ""},
        {&both, whole, AF_PAPER, ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        af_augment_left_out(text, cases[i].a, cases[i].d, cases[i].protocol);
        assert_string_equal(text, cases[i].text);
    }
    const int64_t all[] = {3, 1, 2};
    af_training t = {.task = &toy_labels, .data = bare, .protocol = AF_PAPER};
    assert_ok(af_batch_new(&b, bare, 3));
    assert_ok(af_batch_new(&plain, bare, 3));
    const af_source without = af_epoch_source(&t, 1);
    t.recipe.augment = both;
    const af_source with = af_epoch_source(&t, 1);
    af_batch_load(&plain, &without, all, 3);
    af_batch_load(&b, &with, all, 3);
    assert_memory_equal(b.x, plain.x, 3 * TOY_X * sizeof *b.x);
    af_batch_close(&plain);
    af_batch_close(&b);
    af_dataset_close(bare);
    af_dataset_close(whole);
}

/* ---- training and scoring ---- */

static void generate(const char *task)
{
    char path[AF_PATH_MAX];
    const af_prep_request r = {af_find_task(task), AF_TINY, NULL, 3, work_dir};
    assert_ok(af_dataset_path(path, work_dir, task, AF_MAIN));
    if (!af_file_exists(path)) assert_ok(af_find_prep(task)->generate(&r));
}

static af_task with(const af_task *task, af_augment augment)
{
    af_task t = *task;
    t.recipe[AF_TINY].augment = augment;
    return t;
}

static const af_augment sky = {.level_least = -.9, .level_most = 3, .in_paper = true};

/* A sample's prediction is the same in whatever company it is scored, and in every run. */
static void scores_depend_on_samples_alone(void **state)
{
    (void)state;
    const af_task task = with(&af_task_cosmic, sky);
    const af_space *space = af_find_space("linear");
    const af_config c = af_space_default(space);
    af_dataset *d, *test;
    af_graph *g;
    generate("cosmic");
    assert_ok(af_dataset_open(&d, work_dir, &task, AF_MAIN));
    assert_ok(af_dataset_open(&test, work_dir, &task, AF_HELD_OUT));
    const af_io io = af_dataset_io(d);
    assert_ok(af_space_build(space, &c, &io, &g));
    const af_indices *all = &test->split[AF_PAPER][AF_TEST];
    const int64_t n = all->count, size = af_shape_size(test->output);
    int64_t *back = af_alloc((size_t)n * sizeof *back);
    for (int64_t i = 0; i < n; i++) back[i] = all->i[n - 1 - i];
    float *first = NULL, *pred;
    double flops = 0;
    for (int round = 0; round < 4; round++) {
        af_training t = {.task = &task,
                         .metric = af_find_metric(task.paper_metric),
                         .data = d,
                         .protocol = AF_PAPER,
                         .graph = g,
                         .backend = af_default_backend(),
                         .recipe = task.recipe[AF_TINY],
                         .epochs = 1,
                         .seed = 5,
                         .threads = 1 + round % 2};
        af_trained out;
        assert_ok(af_train(&out, &t));
        t.seed = (uint64_t)round; /* of the scoring: plays no part */
        t.trial = 9;
        assert_ok(af_train_infer(&pred, &out, &t, test, &(af_indices){back, n}, &flops));
        for (int64_t i = 0; first && i < n; i++)
            assert_memory_equal(pred + (n - 1 - i) * size, first + i * size,
                                (size_t)size * sizeof *pred);
        af_free(pred);
        assert_ok(af_train_infer(&pred, &out, &t, test, all, &flops));
        if (first)
            assert_memory_equal(pred, first, (size_t)(n * size) * sizeof *pred);
        else
            first = pred;
        if (first != pred) af_free(pred);
        for (int64_t i = 0; i < n; i += 7) {
            assert_ok(af_train_infer(&pred, &out, &t, test, &(af_indices){all->i + i, 1}, &flops));
            assert_memory_equal(pred, first + i * size, (size_t)size * sizeof *pred);
            af_free(pred);
        }
        af_trained_close(&out);
    }
    af_free(first);
    af_free(back);
    af_graph_free(g);
    af_dataset_close(test);
    af_dataset_close(d);
}

static json_t *run(const af_task *task, af_protocol protocol, const char *name, int threads)
{
    char out[AF_PATH_MAX];
    json_error_t e;
    generate(task->name);
    assert_ok(af_path_join(out, work_dir, name));
    const af_run_options o = {.task = task,
                              .metric = af_find_metric(af_task_metric(task, protocol)),
                              .space = af_find_space("linear"),
                              .wrn = af_find_space("wrn"),
                              .backend = af_default_backend(),
                              .budget = {1, AF_UNIT_TRIALS},
                              .size = AF_TINY,
                              .protocol = protocol,
                              .workers = 1,
                              .threads = threads,
                              .data_directory = work_dir,
                              .out = out,
                              .quiet = true};
    assert_ok(af_run(&o));
    assert_ok(af_path_format(out, "%s/%s/result.json", work_dir, name));
    json_t *result = json_load_file(out, 0, &e);
    if (!result) fail_msg("%s: %s", out, e.text);
    return result;
}

static const char *text_at(const json_t *o, const char *a, const char *b, const char *c)
{
    o = json_object_get(o, a);
    if (b) o = json_object_get(o, b);
    return json_string_value(c ? json_object_get(o, c) : o);
}

/* The sky plays its part under protocol paper only, the same in every run. */
static void runs_repeat(void **state)
{
    (void)state;
    const af_task plain = with(&af_task_cosmic, (af_augment){0}), noisy = with(&plain, sky);
    json_t *r[] = {run(&noisy, AF_PAPER, "a", 1), run(&noisy, AF_PAPER, "b", 2),
                   run(&plain, AF_PAPER, "c", 1), run(&noisy, AF_CLEAN, "d", 1),
                   run(&plain, AF_CLEAN, "e", 1)};
    double error[LENGTH(r)];
    const char *digest[LENGTH(r)];
    for (size_t k = 0; k < LENGTH(r); k++) {
        digest[k] = text_at(r[k], "run_digest", NULL, NULL);
        error[k] = json_number_value(json_object_get(json_object_get(r[k], "retrain"), "loss"));
    }
    assert_string_equal(digest[0], digest[1]);
    assert_string_not_equal(digest[0], digest[2]);
    assert_true(error[0] == error[1] && error[0] != error[2] && error[3] == error[4]);
    for (int k = 0; k < 2; k++) {
        assert_string_equal(text_at(r[k], "recipe", "augment", NULL),
                            "under paper: level -0.9 to 3");
        assert_null(text_at(r[k], "recipe", "augment_left_out", NULL));
    }
    for (size_t k = 0; k < LENGTH(r); k++) json_decref(r[k]);
}

/* The ECG data have no background. */
static void results_say_what_is_left_out(void **state)
{
    (void)state;
    const af_task task =
        with(&af_task_ecg, (af_augment){.mix_share = .75, .mix_most = .5, .in_paper = true});
    json_t *paper = run(&task, AF_PAPER, "f", 1), *clean = run(&task, AF_CLEAN, "g", 1);
    static const char want[] = "mix: the data have no /noise", name[] = "augment_left_out";
    assert_string_equal(text_at(paper, "recipe", name, NULL), want);
    assert_string_equal(text_at(paper, "retrain", "recipe", name), want);
    const json_t *method = json_object_get(json_object_get(paper, "keys"), "method_of");
    assert_string_equal(text_at(method, "recipe", name, NULL), want);
    assert_string_equal(text_at(method, "recipe", "augment", NULL),
                        "under paper: mix up to 0.5 at 0.75");
    assert_null(text_at(clean, "recipe", name, NULL));
    json_decref(paper);
    json_decref(clean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixes_are_drawn_as_published),
        cmocka_unit_test(levels_are_drawn_as_published),
        cmocka_unit_test(background_has_its_own_streams),
        cmocka_unit_test(batches_have_background),
        cmocka_unit_test(scoring_varies_levels_alike),
        cmocka_unit_test(what_is_left_out_is_named),
        cmocka_unit_test(scores_depend_on_samples_alone),
        cmocka_unit_test(runs_repeat),
        cmocka_unit_test(results_say_what_is_left_out),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
