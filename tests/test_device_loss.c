/* The losses on a device, that of cuda_host, against those of the host: every loss by existing. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "tests/aid/there.h"

static double value(int64_t i, int k)
{
    return sin(0.37 * (double)(i * i) + (double)i + k + 0.5);
}

/* One batch, and what the host makes of it. */
typedef struct batch {
    const af_loss *loss;
    af_shape shape;
    int n, samples; /* that count */
    bool decodes, train;
    int64_t size;
    float *pred, *dense, *scale, *shift, *dpred; /* pred: before decoding, then decoded */
    int32_t *label;
    double sum;
} batch;

static float *floats(int64_t n)
{
    float *p = af_calloc((size_t)n, sizeof *p);
    assert_non_null(p);
    return p;
}

static batch batch_new(const af_loss *loss, af_shape shape, int n, bool decodes, bool train)
{
    batch b = {.loss = loss,
               .shape = shape,
               .n = n,
               .samples = n,
               .decodes = decodes,
               .train = train,
               .size = af_shape_size(shape)};
    int64_t all = b.size * n;
    b.pred = floats(all);
    b.dense = floats(all);
    b.dpred = floats(all);
    b.scale = floats(b.size);
    b.shift = floats(b.size);
    b.label = af_calloc((size_t)n, sizeof *b.label);
    assert_non_null(b.label);
    for (int64_t i = 0; i < all; i++) {
        b.pred[i] = (float)(4 * value(i, 1));
        b.dense[i] = loss == &af_loss_bce ? value(i, 2) > 0 : (float)value(i, 2);
    }
    for (int64_t i = 0; i < b.size; i++) {
        b.scale[i] = (float)(1.5 + value(i, 3));
        b.shift[i] = (float)value(i, 4);
    }
    for (int s = 0; s < n; s++) b.label[s] = (int)((s * 7 + 1) % shape.c);
    return b;
}

static void batch_free(batch *b)
{
    void *all[] = {b->pred, b->dense, b->dpred, b->scale, b->shift, b->label};
    for (size_t i = 0; i < LENGTH(all); i++) af_free(all[i]);
}

static const void *target_of(const batch *b, size_t *bytes)
{
    bool class = b->loss->target == AF_TARGET_CLASS;
    *bytes = (size_t)(class ? b->samples : b->samples * b->size) * 4;
    return class ? (const void *)b->label : b->dense;
}

/* As core/plan/step.c does it. */
static void on_host(batch *b)
{
    size_t bytes;
    for (int64_t i = 0; b->decodes && i < b->size * b->n; i++)
        b->pred[i] = (float)((double)b->pred[i] * (double)b->scale[i % b->size] +
                             (double)b->shift[i % b->size]);
    b->sum = b->loss->run[AF_F32](b->pred, target_of(b, &bytes), b->samples, b->shape,
                                  b->train ? b->dpred : NULL, 1.0 / b->n);
    for (int64_t i = 0; b->decodes && i < b->size * b->n; i++)
        b->dpred[i] = (float)((double)b->dpred[i] * (double)b->scale[i % b->size]);
}

typedef struct answer {
    float *pred, *dpred;
    af_step_results results;
    long launches;
} answer;

static void get_answer(there *t, const batch *b, const af_device_loss *l, answer *a)
{
    size_t bytes = (size_t)(b->n * b->size) * sizeof(float);
    a->pred = floats(b->n * b->size);
    a->dpred = floats(b->n * b->size);
    a->launches = t->watch.launches;
    there_get(t, a->pred, l->pred, bytes);
    if (l->dpred) there_get(t, a->dpred, l->dpred, bytes);
    there_get(t, &a->results, l->results, sizeof a->results);
    there_clean(t);
}

/* `steps` times, with the same prediction; the step's number counts up. */
static answer on_device(const batch *b, const af_loss *loss, int steps)
{
    there t;
    answer a;
    there_open(&t);
    size_t size = (size_t)b->size * sizeof(float), all = size * (size_t)b->n, target_bytes;
    const void *target = target_of(b, &target_bytes);
    af_step_inputs in = {.at = {.epoch = 3, .step = 10}, .samples = b->samples};
    af_step_results none = {0};
    void *target_room = there_room(&t, b->loss->target == AF_TARGET_CLASS ? 4 * (size_t)b->n : all);
    af_host_device.send(t.device, target_room, target, target_bytes);
    af_device_loss l = {.loss = loss,
                        .shape = b->shape,
                        .n = b->n,
                        .pred = there_room(&t, all),
                        .dpred = b->train ? there_room(&t, all) : NULL,
                        .target = target_room,
                        .scale = b->decodes ? there_put(&t, b->scale, size) : NULL,
                        .shift = b->decodes ? there_put(&t, b->shift, size) : NULL,
                        .sample_loss = there_room(&t, 2 * (size_t)b->n * sizeof(double)),
                        .results = there_put(&t, &none, sizeof none)};
    af_step_inputs *inputs = there_room(&t, sizeof in);
    l.inputs = inputs;
    for (int i = 0; i < steps; i++, in.at.step++) {
        af_host_device.send(t.device, inputs, &in, sizeof in);
        af_host_device.send(t.device, l.pred, b->pred, all);
        af_host_device.loss(t.device, &l);
    }
    get_answer(&t, b, &l, &a);
    there_close(&t);
    return a;
}

static void answer_free(answer *a)
{
    af_free(a->pred);
    af_free(a->dpred);
}

/* Relative to the largest; infinite where one is NaN and the other is not. */
static double mismatch(const float *got, const float *want, int64_t n)
{
    double error = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(got[i]) != !isnan(want[i])) return INFINITY;
        if (isnan(want[i])) continue;
        error = fmax(error, fabs((double)got[i] - (double)want[i]));
        size = fmax(size, fabs((double)want[i]));
    }
    return error == 0 ? 0 : error / size;
}

/* ---- every loss ---- */

static double worst[2]; /* value, gradient */

static void check(batch *b)
{
    answer a = on_device(b, b->loss, 1);
    on_host(b);
    double value_error = fabs(a.results.loss - b->sum) / fabs(b->sum);
    double gradient_error = b->train ? mismatch(a.dpred, b->dpred, b->samples * b->size) : 0;
    assert_true(b->sum != 0);
    assert_true(value_error < 1e-12 && gradient_error < 1e-7);
    for (int64_t i = 0; i < b->samples * b->size; i++) a.dpred[i] = -a.dpred[i];
    if (b->train) assert_true(mismatch(a.dpred, b->dpred, b->samples * b->size) > 1);
    assert_int_equal(memcmp(a.pred, b->pred, (size_t)(b->n * b->size) * sizeof(float)), 0);
    assert_true(a.results.sum == a.results.loss / b->n && !a.results.bad);
    assert_true(a.launches <= 2);
    worst[0] = fmax(worst[0], value_error);
    worst[1] = fmax(worst[1], gradient_error);
    answer_free(&a);
}

static void check_loss(const af_loss *loss)
{
    const af_shape classes[] = {{4, 1, 1}, {1, 1, 1}, {133, 1, 1}};
    const af_shape dense[] = {{4, 1, 1}, {3, 5, 7}, {1, 20, 31}};
    for (int i = 0; i < 3; i++)
        for (int way = 0; way < 8; way++) {
            af_shape shape = loss->target == AF_TARGET_CLASS ? classes[i] : dense[i];
            if (shape.c == 1 && shape.h == 1) continue; /* one class: its loss is 0 */
            batch b = batch_new(loss, shape, 9, way & 1, way & 2);
            if (!b.train && way & 4) b.samples = 5;
            for (int64_t k = 0; way & 4 && k < b.size * b.n; k += 3) b.dense[k] = NAN;
            check(&b);
            batch_free(&b);
        }
}

static void every_loss(void **state)
{
    (void)state;
    for (const af_loss *const *l = af_losses; *l; l++) {
        worst[0] = worst[1] = 0;
        check_loss(*l);
        printf("  %-14s value %.1e, gradient %.1e\n", (*l)->name, worst[0], worst[1]);
    }
}

/* ---- extremes ---- */

static void same_kind(double got, double want)
{
    if (isnan(want))
        assert_true(isnan(got));
    else if (isinf(want))
        assert_true(got == want);
    else
        assert_true(fabs(got - want) <= 1e-12 * fabs(want));
}

/* The same as on the host for a batch whose first sample was spoiled. */
static void same_for(const af_loss *loss, const float *pred, const float *dense, bool gradients)
{
    batch b = batch_new(loss, (af_shape){4, 1, 1}, 3, false, true);
    for (int i = 0; i < 4 && pred; i++) b.pred[i] = pred[i];
    for (int i = 0; i < 4 && dense; i++) b.dense[i] = dense[i];
    answer a = on_device(&b, loss, 1);
    on_host(&b);
    same_kind(a.results.loss, b.sum);
    assert_int_equal(a.results.bad, !isfinite(b.sum));
    if (gradients) assert_true(mismatch(a.dpred, b.dpred, b.size * b.n) < 1e-6);
    answer_free(&a);
    batch_free(&b);
}

static void extremes(void **state)
{
    (void)state;
    const float big[] = {1e4F, -1e4F, 0, 9999}, infinite[] = {INFINITY, 0, 1, 2},
                low[] = {-INFINITY, 0, 1, 2}, lowest[] = {-INFINITY, -INFINITY, -INFINITY, -1},
                nan_first[] = {NAN, 0, 1, 2}, nan_last[] = {-INFINITY, 0, 1, NAN},
                none[] = {NAN, NAN, NAN, NAN}, zeros[4] = {0};
    const float *const preds[] = {big, infinite, low, lowest, nan_first, nan_last, zeros};
    for (const af_loss *const *l = af_losses; *l; l++) {
        for (size_t i = 0; i < LENGTH(preds); i++)
            same_for(*l, preds[i], NULL, preds[i] == big || preds[i] == zeros);
        if ((*l)->target == AF_TARGET_CLASS) continue;
        same_for(*l, NULL, zeros, *l != &af_loss_relative_l2); /* infinite slopes there */
        same_for(*l, zeros, zeros, true);                      /* perfect */
        same_for(*l, NULL, none, *l != &af_loss_relative_l2);
    }
}

static void classes_out_of_range(void **state)
{
    (void)state;
    const int32_t wrong[] = {-1, 4, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        batch b = batch_new(&af_loss_cross_entropy, (af_shape){4, 1, 1}, 3, false, true);
        b.label[1] = wrong[i];
        answer a = on_device(&b, b.loss, 1);
        assert_true(isnan(a.results.loss) && a.results.bad);
        answer_free(&a);
        batch_free(&b);
    }
}

/* ---- what steps leave behind ---- */

static void sums_and_the_first_failure(void **state)
{
    (void)state;
    for (const af_loss *const *l = af_losses; *l; l++) {
        batch b = batch_new(*l, (af_shape){4, 1, 1}, 8, false, true);
        answer a = on_device(&b, *l, 3);
        double mean = a.results.loss / b.n;
        assert_true(fabs(a.results.sum - 3 * mean) < 1e-14 * a.results.sum && !a.results.bad);
        answer_free(&a);
        b.pred[2] = NAN;
        a = on_device(&b, *l, 3);
        assert_true(isnan(a.results.loss) && isnan(a.results.sum) && isnan(a.results.bad_loss));
        assert_int_equal(a.results.bad, 1);
        assert_int_equal(a.results.bad_epoch, 3);
        assert_int_equal(a.results.bad_step, 10); /* the first */
        answer_free(&a);
        batch_free(&b);
    }
}

static void without_a_target(void **state)
{
    (void)state;
    batch b = batch_new(&af_loss_mse, (af_shape){3, 2, 5}, 4, true, false);
    answer a = on_device(&b, NULL, 1);
    on_host(&b);
    assert_int_equal(memcmp(a.pred, b.pred, (size_t)(b.n * b.size) * sizeof(float)), 0);
    assert_true(a.results.loss == 0 && a.results.sum == 0 && a.launches == 1);
    answer_free(&a);
    batch_free(&b);
}

/* A loss that no kernel knows fails the training at once. */
static void unknown_losses_are_no_number(void **state)
{
    (void)state;
    af_loss stranger = af_loss_mse;
    batch b = batch_new(&stranger, (af_shape){3, 2, 5}, 4, false, true);
    answer a = on_device(&b, &stranger, 1);
    assert_true(isnan(a.results.loss) && a.results.bad);
    answer_free(&a);
    batch_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loss),           cmocka_unit_test(extremes),
        cmocka_unit_test(classes_out_of_range), cmocka_unit_test(sums_and_the_first_failure),
        cmocka_unit_test(without_a_target),     cmocka_unit_test(unknown_losses_are_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
