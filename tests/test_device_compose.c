/* Inputs that a device, the card or else that of cuda_host, composes of samples as they are stored:
 * bit for bit the floats that af_batch_load makes, for every type and every combination of what is
 * done to samples; and trainings and supernets end with the same weights as on a device that is
 * sent floats. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/backends/cuda_host/host.h"
#include "core/base/alloc.h"
#include "core/plan/internal.h"
#include "core/registry.h"
#include "core/search/supernet_inside.h"
#include "core/train/loader.h"
#include "tests/aid/toy.h"

enum { BATCH = 4, SAMPLES = 7, NOISES = 3, MOST = 3 * 6 * 7, COMBINATIONS = 64 };

/* ---- a dataset in memory ---- */

typedef struct values {
    float floats[SAMPLES * MOST];
    uint8_t bytes[SAMPLES * MOST];
    int16_t shorts[SAMPLES * MOST];
} values;

typedef struct data {
    values x, noise;
    float level[SAMPLES], mean[MOST], std[MOST];
    int32_t y[SAMPLES];
    af_dataset set;
} data;

/* With zeros of both signs, and the same least value more than once. */
static void fill_values(values *v, uint32_t which)
{
    af_rng r = af_rng_at(5, "test", which, 0, 0, 0);
    for (int i = 0; i < SAMPLES * MOST; i++) {
        const uint32_t u = af_rng_u32(&r);
        v->bytes[i] = (uint8_t)u;
        v->shorts[i] = (int16_t)(u >> 8);
        v->floats[i] = u % 5 == 0 ? -0.0f : u % 5 == 1 ? 0.0f : (float)af_rng_normal(&r);
        if (which % 2) v->floats[i] = fabsf(v->floats[i]) * (u % 5 == 0 ? -1.0f : 1.0f);
        if (u % 11 == 0) v->bytes[i] = 0, v->shorts[i] = INT16_MIN;
    }
}

static const void *stored(const values *v, af_stored type)
{
    return type == AF_STORED_UINT8   ? (const void *)v->bytes
           : type == AF_STORED_INT16 ? (const void *)v->shorts
                                     : (const void *)v->floats;
}

static void fill(data *d, af_shape shape, af_stored type, bool scaled)
{
    const af_scaling scaling = {.x_mean = d->mean, .x_std = d->std};
    fill_values(&d->x, 1);
    fill_values(&d->noise, 3);
    for (int i = 0; i < SAMPLES; i++) {
        d->level[i] = 0.3f * (float)(i - 2);
        d->y[i] = i % 2;
    }
    for (int i = 0; i < MOST; i++) {
        d->mean[i] = i % 4 ? 0.1f * (float)i : 0;
        d->std[i] = 1.7f + 0.01f * (float)(i % 13);
    }
    d->set = (af_dataset){.n = SAMPLES,
                          .input = shape,
                          .output = {2, 1, 1},
                          .x_type = type,
                          .x = stored(&d->x, type),
                          .y = d->y,
                          .level = d->level,
                          .noises = NOISES,
                          .noise = stored(&d->noise, type)};
    if (scaled) d->set.scaling[AF_CLEAN] = scaling;
}

static af_augment combination(int k)
{
    const af_augment a = {.pad = k & 1 ? 2 : 0,
                          .flip = k & 2,
                          .cutout = k & 4 ? 3 : 0,
                          .masks = k & 8 ? 3 : 0,
                          .mask_share = 0.8,
                          .mask_rows = 0.5,
                          .mask_columns = 0.4,
                          .mix_share = k & 16 ? 0.7 : 0,
                          .mix_most = 0.6,
                          .level_least = -1,
                          .level_most = k & 32 ? 2 : -1};
    return a;
}

static af_source source_of(const data *d, int k, int epoch)
{
    return (af_source){.data = &d->set,
                       .scaling = &d->set.scaling[AF_CLEAN],
                       .augment = combination(k),
                       .seed = 9,
                       .trial = 4,
                       .epoch = (uint32_t)epoch};
}

/* ---- plans ---- */

static af_plan *plan_of(const data *d, const af_backend *b, af_plan *params_of)
{
    const af_scaling *s = &d->set.scaling[AF_CLEAN];
    const af_plan_input input = {d->set.x_type, s->x_mean, s->x_std, true};
    af_plan_options o = af_plan_options_default();
    af_graph *g = af_graph_new();
    af_plan *p;
    assert_non_null(g);
    o.batch = BATCH;
    o.train = !params_of;
    o.params_of = params_of;
    o.loss = &af_loss_cross_entropy;
    o.input = &input;
    af_id x = af_relu(g, af_input(g, d->set.input));
    af_output(g, af_linear(g, af_global_pool(g, x), 2, true));
    assert_ok(af_plan_new(&p, g, b, &o));
    af_graph_free(g);
    if (!params_of) af_plan_init(p, 7, 3);
    return p;
}

/* That of the card where there is one. */
static const af_backend *tested(void)
{
    const af_backend *b = af_default_backend();
    return b && b->device ? b : af_find_backend("cuda_host");
}

/* The same, but it is sent floats. */
static const af_backend *floats_only(void)
{
    static af_device_type type;
    static af_backend b;
    b = *tested();
    type = *b.device;
    type.compose = NULL;
    b.device = &type;
    return &b;
}

typedef struct scene {
    data d;
    af_plan *plan, *infer;
    af_batch rows, floats;
    af_host_watch watch; /* of cuda_host; on a card nothing is counted */
    bool watched;
    long masked, mixed; /* rows that were */
} scene;

static scene *open_scene(af_shape shape, af_stored type, bool scaled)
{
    scene *s = af_calloc(1, sizeof *s);
    assert_non_null(s);
    fill(&s->d, shape, type, scaled);
    assert_ok(af_host_watch_begin(&s->watch));
    s->watched = tested()->device == &af_host_device;
    s->plan = plan_of(&s->d, tested(), NULL);
    s->infer = plan_of(&s->d, tested(), s->plan);
    for (af_stored other = 0; other < AF_STORED_TYPES; other++)
        assert_true(af_plan_composes(s->plan, other) == (other == type));
    assert_ok(af_batch_new_for(&s->rows, &s->d.set, BATCH, s->plan));
    assert_ok(af_batch_new_for(&s->floats, &s->d.set, BATCH, NULL));
    assert_true(!s->rows.x && s->floats.x);
    return s;
}

static void close_scene(scene *s)
{
    af_batch_close(&s->rows);
    af_batch_close(&s->floats);
    af_plan_free(s->infer);
    af_plan_free(s->plan);
    af_host_watch_end();
    af_free(s);
}

static void load(scene *s, int k, int epoch, int n)
{
    int64_t which[BATCH];
    const af_source source = source_of(&s->d, k, epoch);
    for (int i = 0; i < n; i++) which[i] = (3 * i + epoch + k) % SAMPLES;
    af_batch_load(&s->rows, &source, which, n);
    af_batch_load(&s->floats, &source, which, n);
    assert_memory_equal(s->rows.y, s->floats.y, (size_t)n * sizeof(int32_t));
    for (int r = 0; r < s->rows.rows.count; r++) {
        const void *row = s->rows.rows.memory + (size_t)r * s->rows.rows.stride;
        const af_drawn *d = row;
        s->masked += d->masks.count > 0;
        s->mixed += d->noise >= 0;
    }
}

static void check_x(const scene *s, const af_plan *p, int n)
{
    const size_t size = (size_t)af_shape_size(s->d.set.input);
    float got[BATCH * MOST];
    if (s->watch.unwritten) fail_msg("%s reads what nobody has written", s->watch.first);
    assert_ok(p->on->fetch(p->device, got, af_device_x(p), BATCH * size * sizeof *got));
    assert_memory_equal(got, s->floats.x, (size_t)n * size * sizeof *got);
    for (size_t i = (size_t)n * size; i < BATCH * size; i++) assert_true(got[i] == 0);
}

static void forget_x(const scene *s, const af_plan *p)
{
    af_host_forget(af_device_x(p), BATCH * (size_t)af_shape_size(s->d.set.input) * sizeof(float));
}

/* ---- bits ---- */

static void check_training(scene *s, int k)
{
    const int EPOCHS = 4;
    const af_update u = af_update_default();
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        const af_host_watch before = s->watch;
        const unsigned long allocated = af_alloc_count();
        load(s, k, epoch, BATCH);
        forget_x(s, s->plan);
        assert_ok(af_batch_send(&s->rows, s->plan));
        assert_ok(af_plan_step(s->plan, s->rows.x, s->rows.y, &u, (af_position){.step = 1}, NULL));
        assert_int_equal(s->watch.allocations, before.allocations);
        assert_int_equal(s->watch.waits, before.waits);
        assert_int_equal(s->watch.sends, before.sends + (s->watched ? 3 : 0));
        if (s->watched && s->watch.recordings == before.recordings)
            assert_int_equal(af_alloc_count(), allocated);
        check_x(s, s->plan, BATCH);
    }
}

static void check_inference(scene *s, int k)
{
    float pred[2][BATCH * 2];
    for (int n = BATCH; n >= 1; n--) {
        load(s, k & ~16, n, n); /* nothing is mixed in */
        forget_x(s, s->infer);
        assert_ok(af_batch_send(&s->rows, s->infer));
        assert_ok(af_plan_infer(s->infer, n, s->rows.x, NULL, pred[0], NULL));
        check_x(s, s->infer, n);
        assert_ok(af_plan_infer(s->infer, n, s->floats.x, NULL, pred[1], NULL));
        assert_memory_equal(pred[0], pred[1], (size_t)n * 2 * sizeof(float));
    }
}

static void bits_are_the_hosts(void **state)
{
    (void)state;
    const af_shape shapes[] = {{3, 6, 7}, {2, 1, 9}, {1, 1, 1}};
    long masked = 0, mixed = 0;
    for (size_t i = 0; i < LENGTH(shapes); i++)
        for (af_stored type = 0; type < AF_STORED_TYPES; type++)
            for (int scaled = 0; scaled < 2; scaled++) {
                scene *s = open_scene(shapes[i], type, scaled);
                for (int k = 0; k < COMBINATIONS; k++) check_training(s, k);
                if (s->watched)
                    assert_int_equal(s->watch.recordings, 2); /* with masks and without */
                for (int k = 0; k < COMBINATIONS; k++) check_inference(s, k);
                masked += s->masked;
                mixed += s->mixed;
                close_scene(s);
            }
    assert_true(masked > 1000 && mixed > 1000);
}

/* Steps on floats and on rows, in turn; what was sent is used once. */
static void every_step_has_its_input(void **state)
{
    (void)state;
    float pred[BATCH * 2];
    double loss;
    const af_position at = {0};
    scene *s = open_scene((af_shape){3, 6, 7}, AF_STORED_UINT8, true);
    load(s, 63, 0, BATCH);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(af_plan_gradients(s->plan, NULL, s->rows.y, at, &loss), AF_EINTERNAL);
        assert_ok(af_batch_send(&s->rows, s->plan));
        assert_ok(af_plan_gradients(s->plan, NULL, s->rows.y, at, &loss));
        check_x(s, s->plan, BATCH);
        assert_int_equal(af_plan_gradients(s->plan, NULL, s->rows.y, at, &loss), AF_EINTERNAL);
        forget_x(s, s->plan);
        assert_ok(af_batch_send(&s->floats, s->plan));
        assert_ok(af_plan_gradients(s->plan, s->floats.x, s->rows.y, at, &loss));
        check_x(s, s->plan, BATCH);
        assert_ok(af_batch_send(&s->rows, s->plan));
        assert_ok(af_plan_calibrate(s->plan, NULL, 0.5, at));
    }
    load(s, 0, 0, 2);
    assert_ok(af_batch_send(&s->rows, s->infer));
    assert_int_equal(af_plan_infer(s->infer, 3, NULL, NULL, pred, NULL), AF_EINTERNAL);
    s->rows.rows.stride++;
    assert_int_equal(af_batch_send(&s->rows, s->infer), AF_EINTERNAL);
    s->rows.rows.stride--;
    s->rows.rows.count = BATCH + 1; /* no room: nothing is mixed into what is predicted */
    assert_int_equal(af_batch_send(&s->rows, s->infer), AF_EINTERNAL);
    const char *const others[] = {"reference", "floats"};
    for (int i = 0; i < 2; i++) {
        const af_backend *b = i ? floats_only() : af_find_backend(others[i]);
        af_plan *p = plan_of(&s->d, b, NULL);
        assert_false(af_plan_composes(p, AF_STORED_UINT8));
        assert_int_equal(af_batch_send(&s->rows, p), AF_EINTERNAL);
        assert_int_equal(af_plan_gradients(p, NULL, s->rows.y, at, &loss), AF_EINTERNAL);
        af_plan_free(p);
    }
    close_scene(s);
}

/* ---- whole trainings ---- */

static void train(af_trained *out, af_training t, const af_backend *b)
{
    t.backend = b;
    assert_ok(af_train(out, &t));
}

static void check_task(const af_task *task)
{
    char path[AF_PATH_MAX];
    const af_prep_request r = {.task = task, .size = AF_TINY, .directory = work_dir};
    af_dataset *set;
    af_graph *g = af_graph_new();
    af_trained out[2];
    assert_non_null(g);
    assert_ok(af_dataset_path(path, work_dir, task->name, AF_MAIN));
    assert_ok(af_find_prep(task->name)->generate(&r));
    assert_ok(af_dataset_open(&set, work_dir, task, AF_MAIN));
    const af_io io = af_dataset_io(set);
    af_id x = af_input(g, io.input);
    if (!io.dense) x = af_global_pool(g, x); /* quick */
    af_output(g, af_linear(g, x, io.output.c, true));
    af_training t = {.task = task,
                     .metric = af_find_metric(task->metric),
                     .data = set,
                     .graph = g,
                     .recipe = task->recipe[AF_TINY],
                     .epochs = 2,
                     .threads = 1,
                     .validate = true};
    t.recipe.augment = task->recipe[AF_FULL].augment; /* all that is done anywhere */
    t.recipe.augment.in_paper = false;
    train(&out[0], t, tested());
    train(&out[1], t, floats_only());
    assert_true(af_plan_composes(out[0].plan, set->x_type));
    assert_false(af_plan_composes(out[1].plan, set->x_type));
    printf("  %-9s %-10s %-7s loss %.9f\n", tested()->name, task->name,
           af_stored_names[set->x_type], out[0].curve[2]);
    assert_string_equal(out[0].outcome.digest, out[1].outcome.digest);
    assert_memory_equal(out[0].curve, out[1].curve, 4 * sizeof *out[0].curve);
    for (int i = 0; i < 2; i++) af_trained_close(&out[i]);
    af_graph_free(g);
    af_dataset_close(set);
}

static void trainings_end_alike(void **state)
{
    (void)state;
    for (size_t i = 0; af_builtin.task[i]; i++) check_task(af_builtin.task[i]);
}

/* ---- supernets ---- */

enum { STEPS = 4 };

static void share(double got[3 * STEPS], const af_dataset *set, const af_task *task,
                  const af_backend *b)
{
    const af_workbench bench = {.task = task,
                                .metric = af_find_metric("accuracy"),
                                .data = set,
                                .space = af_find_space("nb201"),
                                .backend = b,
                                .io = af_dataset_io(set),
                                .recipe = {.augment = combination(63)},
                                .seed = 5,
                                .threads = 1};
    const af_share how = {.bench = &bench};
    const af_config c = af_space_default(bench.space);
    double coefficients[AF_MAX_COEFFICIENTS], gradient[AF_MAX_COEFFICIENTS];
    af_supernet s;
    assert_ok(af_supernet_open(&s, &how));
    s.how = (af_sharing){.batch = 2, .lr = 0.01, .momentum = 0.9, .recalibrate = 2};
    s.total = STEPS;
    s.begun = s.stepping = true;
    assert_ok(af_supernet_prepare(&s));
    assert_true(af_plan_composes(s.nets.plan, set->x_type) == (b->device->compose != NULL));
    for (int i = 0; i < s.coefficients; i++) coefficients[i] = 0.2;
    for (int i = 0; i < STEPS; i++, s.state.done++) {
        assert_ok(af_supernet_weights_step(&s, coefficients, &got[3 * i]));
        assert_ok(af_supernet_coefficients_step(&s, coefficients, gradient, &got[3 * i + 1]));
        got[3 * i + 2] = gradient[1];
    }
    double error;
    assert_ok(af_supernet_evaluate(&s, &c, &error));
    got[0] += error;
    af_supernet_close(&s);
}

static void supernets_too(void **state)
{
    (void)state;
    double got[2][3 * STEPS];
    af_task task = toy_labels;
    af_dataset *set;
    task.aggregate = AF_PER_SAMPLE;
    task.loss = "cross_entropy";
    task.metric = "accuracy";
    toy_write(&task, AF_MAIN);
    assert_ok(af_dataset_open(&set, work_dir, &task, AF_MAIN));
    share(got[0], set, &task, tested());
    share(got[1], set, &task, floats_only());
    assert_memory_equal(got[0], got[1], sizeof got[0]);
    assert_true(got[0][2] != 0 && isfinite(got[0][2]));
    af_dataset_close(set);
}

/* ---- loader, memory ---- */

static void the_loader_fills_rows(void **state)
{
    (void)state;
    enum { COUNT = 3 * BATCH };
    int64_t which[COUNT];
    double loss;
    af_loader *l;
    scene *s = open_scene((af_shape){3, 6, 7}, AF_STORED_INT16, true);
    assert_ok(af_loader_new(&l, &s->d.set, BATCH, COUNT, s->plan));
    for (int k = 0; k < COMBINATIONS; k++) {
        const af_source source = source_of(&s->d, k, k);
        for (int i = 0; i < COUNT; i++) which[i] = (i + k) % SAMPLES;
        af_loader_start(l, &source, which, COUNT);
        for (int at = 0; at < COUNT; at += BATCH) {
            const af_batch *got = af_loader_next(l);
            af_batch_load(&s->floats, &source, which + at, BATCH);
            assert_true(!got->x && got->n == BATCH);
            assert_memory_equal(got->y, s->floats.y, BATCH * sizeof(int32_t));
            assert_ok(af_batch_send(got, s->plan));
            assert_ok(af_plan_gradients(s->plan, got->x, got->y, (af_position){0}, &loss));
            check_x(s, s->plan, BATCH);
        }
    }
    af_loader_free(l);
    close_scene(s);
}

static void short_memory_is_reported(void **state)
{
    (void)state;
    af_batch b;
    data *d = af_calloc(1, sizeof *d);
    assert_non_null(d);
    fill(d, (af_shape){3, 6, 7}, AF_STORED_UINT8, true);
    for (unsigned long k = 1; k <= 2; k++) {
        af_alloc_fail_at(k);
        assert_int_equal(af_batch_new_stored(&b, &d->set, BATCH), AF_ENOMEM);
        af_alloc_fail_at(0);
        assert_true(!b.y && !b.rows.memory);
    }
    af_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_the_hosts),    cmocka_unit_test(every_step_has_its_input),
        cmocka_unit_test(trainings_end_alike),   cmocka_unit_test(supernets_too),
        cmocka_unit_test(the_loader_fills_rows), cmocka_unit_test(short_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
