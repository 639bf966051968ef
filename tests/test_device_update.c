/* The optimisers on a device, that of cuda_host, against those of the host: every one by existing,
 * over one run of parameters and over many. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "tests/aid/there.h"

enum { MOST_RUNS = 150, STEPS = 3 };

static float value(int64_t i, int k)
{
    return (float)sin(0.37 * (double)(i * i) + (double)i + k + 0.5);
}

/* Runs of 1 to 9 elements with gaps of 3, or one of all of them. */
typedef struct layout {
    af_range runs[MOST_RUNS];
    int count;
    int64_t size;
} layout;

static layout layout_of(int runs, int64_t size)
{
    layout l = {.count = runs, .size = size};
    if (runs == 1) l.runs[0] = (af_range){0, size};
    for (int i = 0; runs > 1 && i < runs; i++) {
        l.runs[i] = (af_range){l.size + 3, 1 + i % 9};
        l.size = l.runs[i].from + l.runs[i].count;
    }
    return l;
}

typedef struct params {
    float *w, *g, *state[AF_OPTIMISER_STATE];
} params;

static float *filled(int64_t n, int k)
{
    float *p = af_calloc((size_t)n, sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i < n; i++) p[i] = value(i, k);
    return p;
}

static params params_new(int64_t n)
{
    params p = {filled(n, 1), filled(n, 2), {filled(n, 3), filled(n, 4)}};
    for (int64_t i = 0; i < n; i++) p.state[1][i] = fabsf(p.state[1][i]); /* squares */
    return p;
}

static void params_free(params *p)
{
    float *all[] = {p->w, p->g, p->state[0], p->state[1]};
    for (size_t i = 0; i < LENGTH(all); i++) af_free(all[i]);
}

/* As core/plan/update.c does it. */
static double squares_of(const params *p, const layout *l)
{
    double sum = 0;
    for (int r = 0; r < l->count; r++)
        for (int64_t i = l->runs[r].from; i < l->runs[r].from + l->runs[r].count; i++)
            sum += (double)p->g[i] * (double)p->g[i];
    return sum;
}

static void on_host(const params *p, const layout *l, const af_update *u)
{
    double scale = u->clip > 0 ? u->clip / (sqrt(squares_of(p, l)) + 1e-6) : 1;
    for (int r = 0; r < l->count; r++) {
        int64_t at = l->runs[r].from;
        af_update_run[AF_F32](u, p->w + at, p->g + at, p->state[0] + at, p->state[1] + at,
                              l->runs[r].count, scale < 1 ? scale : 1);
    }
}

/* Parameters there; `launches` and `squares` are the last step's. */
typedef struct device_side {
    there t;
    float *array[2 + AF_OPTIMISER_STATE]; /* w, g, state */
    af_step_inputs *inputs;
    af_step_results *results;
    long launches;
    double squares;
} device_side;

static void device_open(device_side *s, const params *p, int64_t n)
{
    const float *from[] = {p->w, p->g, p->state[0], p->state[1]};
    af_step_results none = {.sum = 5};
    *s = (device_side){.launches = 0};
    there_open(&s->t);
    for (size_t i = 0; i < LENGTH(from); i++)
        s->array[i] = there_put(&s->t, from[i], (size_t)n * sizeof(float));
    s->inputs = there_room(&s->t, sizeof *s->inputs);
    s->results = there_put(&s->t, &none, sizeof none);
}

static void on_device(device_side *s, const layout *l, const af_update *u)
{
    af_step_inputs in = {.clip = u->clip, .update = af_update_terms_of(u)};
    af_step_results after;
    const af_device_update d = {.kind = u->kind,
                                .clips = u->clip > 0,
                                .weights = s->array[0],
                                .state = {s->array[2], s->array[3]},
                                .gradients = s->array[1],
                                .runs = l->runs,
                                .run_count = l->count,
                                .inputs = s->inputs,
                                .results = s->results};
    af_host_device.send(s->t.device, s->inputs, &in, sizeof in);
    if (u->clip > 0) af_host_forget(&s->results->squares, sizeof s->results->squares);
    s->launches = -s->t.watch.launches;
    af_host_device.update(s->t.device, &d);
    s->launches += s->t.watch.launches;
    there_clean(&s->t);
    there_get(&s->t, &after, s->results, sizeof after);
    s->squares = after.squares;
    assert_true(after.sum == 5 && !after.bad);
}

/* Largest difference, of what is written and what must be left alone alike. */
static double difference(device_side *s, const params *want, int64_t n)
{
    const float *wanted[] = {want->w, want->g, want->state[0], want->state[1]};
    float *got = filled(n, 0);
    double worst = 0;
    for (size_t k = 0; k < LENGTH(wanted); k++) {
        there_get(&s->t, got, s->array[k], (size_t)n * sizeof *got);
        for (int64_t i = 0; i < n; i++)
            worst = fmax(worst, fabs((double)got[i] - (double)wanted[k][i]));
    }
    af_free(got);
    return worst;
}

/* Some steps, with the learning rate changing; returns the largest difference. */
static double run(const af_update *from, const layout *l)
{
    af_update u = *from;
    params p = params_new(l->size), start = params_new(l->size);
    device_side s;
    device_open(&s, &p, l->size);
    for (u.count = 0; u.count < STEPS; u.count++, u.lr *= 0.7) {
        double squares = squares_of(&p, l);
        on_host(&p, l, &u);
        on_device(&s, l, &u);
        if (u.clip > 0) assert_true(fabs(s.squares - squares) <= 1e-12 * squares);
        assert_int_equal(s.launches, (u.clip > 0 ? 2 : 1) * ((l->count + 63) / 64));
    }
    double worst = difference(&s, &p, l->size);
    assert_true(difference(&s, &start, l->size) > 1e-3); /* they have moved */
    there_close(&s.t);
    params_free(&p);
    params_free(&start);
    return worst;
}

static void every_optimiser(void **state)
{
    (void)state;
    const double momentum[] = {0.9, 0}, decay[] = {0, 5e-3}, clip[] = {0, 0.5, 1e6};
    const layout layouts[] = {layout_of(1, 1000), layout_of(1, (1 << 18) + 77), layout_of(2, 0),
                              layout_of(64, 0), layout_of(MOST_RUNS, 0)};
    for (int kind = 0; kind < AF_OPTIMISERS; kind++) {
        double worst = 0;
        for (int way = 0; way < 24; way++)
            for (size_t i = 0; i < LENGTH(layouts); i++) {
                if (layouts[i].size > 1 << 18 && way % 7) continue; /* a long one */
                af_update u = af_update_default();
                u.kind = (af_optimiser)kind;
                u.momentum = momentum[way % 2];
                u.weight_decay = decay[way / 2 % 2];
                u.nesterov = way / 4 % 2 && u.momentum > 0;
                u.clip = clip[way / 8];
                double error = run(&u, &layouts[i]);
                assert_true(u.clip > 0 ? error < 1e-6 : error == 0);
                worst = fmax(worst, error);
            }
        printf("  %-6s largest difference %.1e, without clipping 0\n", af_optimiser_names[kind],
               worst);
    }
}

/* The norm of a diverged training is no reason to clip; its weights show what happened. */
static void gradients_that_are_no_number(void **state)
{
    (void)state;
    layout l = layout_of(1, 4);
    params p = params_new(4);
    af_update u = af_update_default();
    device_side s;
    u.clip = 1;
    p.g[2] = NAN;
    device_open(&s, &p, 4);
    on_device(&s, &l, &u);
    on_host(&p, &l, &u);
    float got[4];
    there_get(&s.t, got, s.array[0], sizeof got);
    for (int i = 0; i < 4; i++) assert_true(i == 2 ? isnan(got[i]) : got[i] == p.w[i]);
    assert_true(isnan(p.w[2]) && isnan(s.squares));
    there_close(&s.t);
    params_free(&p);
}

/* What was recorded reads the step's terms anew. */
static void recorded_updates_follow_the_step(void **state)
{
    (void)state;
    layout l = layout_of(2, 0);
    params p = params_new(l.size);
    af_update u = af_update_default();
    device_side s;
    af_recording *r;
    device_open(&s, &p, l.size);
    assert_ok(af_host_device.record(s.t.device));
    const af_device_update d = {.kind = u.kind,
                                .weights = s.array[0],
                                .state = {s.array[2], s.array[3]},
                                .gradients = s.array[1],
                                .runs = l.runs,
                                .run_count = l.count,
                                .inputs = s.inputs,
                                .results = s.results};
    af_host_device.update(s.t.device, &d);
    assert_ok(af_host_device.recorded(s.t.device, &r));
    l.runs[0] = (af_range){0}; /* was copied */
    l = layout_of(2, 0);
    for (int i = 0; i < STEPS; i++, u.lr *= 0.5, u.momentum *= i) {
        af_step_inputs in = {.update = af_update_terms_of(&u)};
        af_host_device.send(s.t.device, s.inputs, &in, sizeof in);
        af_host_device.play(s.t.device, r);
        on_host(&p, &l, &u);
    }
    assert_true(difference(&s, &p, l.size) == 0);
    af_host_device.forget(s.t.device, r);
    there_close(&s.t);
    params_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_optimiser),
        cmocka_unit_test(gradients_that_are_no_number),
        cmocka_unit_test(recorded_updates_follow_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
