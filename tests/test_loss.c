/* Losses against finite differences and PyTorch, optimisers and schedules against PyTorch. The
 * numbers are printed by tests/golden/optimisers.py. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/train/optimiser.h"
#include "core/train/loss.h"

static double value(int i, int k)
{
    return sin(1.7 * i + 0.9 * k + 0.3);
}

/* ---- losses ---- */

enum { N = 3, C = 4, SIZE = N * C };
static const af_shape SHAPE = {C, 1, 1};

typedef struct sample {
    double pred[SIZE];
    float narrow[SIZE], dense[SIZE];
    int32_t label[N];
} sample;

static sample sample_for(const af_loss *loss)
{
    sample s = {.label = {2, 0, 3}};
    for (int i = 0; i < SIZE; i++) {
        s.pred[i] = 3 * value(i, 1);
        s.narrow[i] = (float)s.pred[i];
        s.dense[i] = (float)value(i, 2);
        if (loss == &af_loss_bce) s.dense[i] = value(i, 2) > 0;
    }
    return s;
}

static const void *target_of(const af_loss *loss, const sample *s)
{
    return loss->target == AF_TARGET_CLASS ? (const void *)s->label : s->dense;
}

static double value_of(const af_loss *loss, const sample *s)
{
    return loss->run[AF_F64](s->pred, target_of(loss, s), N, SHAPE, NULL, 1);
}

static const struct {
    const char *name;
    double value;
} torch_losses[] = {
    {"cross_entropy", 6.778943925759072},
    {"bce", 1.2013026441628443},
    {"mse", 9.4397334270790161},
    {"relative_l2", 7.3553835408270212},
};

static void loss_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(torch_losses); i++) {
        const af_loss *loss = af_loss_find(torch_losses[i].name);
        assert_ptr_equal(loss, af_losses[i]);
        sample s = sample_for(loss);
        assert_true(fabs(value_of(loss, &s) - torch_losses[i].value) < 1e-13);
        double narrow = loss->run[AF_F32](s.narrow, target_of(loss, &s), N, SHAPE, NULL, 1);
        assert_true(fabs(narrow - torch_losses[i].value) < 1e-6 * torch_losses[i].value);
    }
    assert_null(af_losses[LENGTH(torch_losses)]);
    assert_null(af_loss_find("hinge"));
}

/* Largest error of `sign` times the gradient, relative to the largest difference quotient. */
static double gradient_error_of(const af_loss *loss, sample s, double sign)
{
    const double h = 1e-5, scale = 0.25;
    double d[SIZE], error = 0, size = 0;
    double sum = loss->run[AF_F64](s.pred, target_of(loss, &s), N, SHAPE, d, scale);
    assert_true(sum == value_of(loss, &s));
    float narrow[SIZE];
    loss->run[AF_F32](s.narrow, target_of(loss, &s), N, SHAPE, narrow, scale);
    for (int i = 0; i < SIZE; i++) {
        double at = s.pred[i];
        s.pred[i] = at + h;
        double above = value_of(loss, &s);
        s.pred[i] = at - h;
        double want = (above - value_of(loss, &s)) / (2 * h) * scale;
        s.pred[i] = at;
        error = fmax(error, fabs(sign * d[i] - want));
        size = fmax(size, fabs(want));
        assert_true(fabs(narrow[i] - d[i]) < 1e-6);
    }
    assert_true(size > 0.01);
    return error / size;
}

static double gradient_error(const af_loss *loss, double sign)
{
    return gradient_error_of(loss, sample_for(loss), sign);
}

static void loss_gradients(void **state)
{
    (void)state;
    for (int i = 0; af_losses[i] != NULL; i++) {
        double error = gradient_error(af_losses[i], 1);
        printf("  %-14s %.1e\n", af_losses[i]->name, error);
        assert_true(error < 1e-9);
        assert_true(gradient_error(af_losses[i], -1) > 1);
    }
}

static void losses_of_extremes(void **state)
{
    (void)state;
    const double big[4] = {1000, -1000, 0, 999};
    const float bits[4] = {1, 0, 1, 0}, zeros[4] = {0};
    const int32_t label = 1;
    double d[4];
    double ce = af_loss_cross_entropy.run[AF_F64](big, &label, 1, SHAPE, d, 1);
    assert_true(fabs(ce - (2000 + log1p(exp(-1)))) < 1e-9);
    assert_true(d[1] == -1 && fabs(d[0] + d[3] - 1) < 1e-15);
    double bce = af_loss_bce.run[AF_F64](big, bits, 1, SHAPE, d, 4);
    assert_true(fabs(bce - (log(2) + 999) / 4) < 1e-9);
    assert_true(d[0] == 0 && d[1] == 0 && d[2] == -0.5 && d[3] == 1);
    const double exact[4] = {1, 0, 1, 0};
    assert_true(af_loss_relative_l2.run[AF_F64](exact, bits, 1, SHAPE, d, 1) == 0);
    for (int i = 0; i < 4; i++) assert_true(d[i] == 0);
    assert_false(isfinite(af_loss_relative_l2.run[AF_F64](big, zeros, 1, SHAPE, d, 1)));
    assert_false(isfinite(af_loss_relative_l2.run[AF_F64](d, zeros, 1, SHAPE, NULL, 1)));
    double hole[4] = {0, (double)NAN, 1, 2};
    for (int i = 0; af_losses[i] != NULL; i++) {
        const void *target = af_losses[i]->target == AF_TARGET_CLASS ? (const void *)&label : bits;
        assert_true(isnan(af_losses[i]->run[AF_F64](hole, target, 1, SHAPE, NULL, 1)));
    }
}

/* An element without a target adds nothing to the sums and has no gradient; the means still divide
 * by all elements. So where every prediction there is right, the loss is as it was. */
static void targets_that_are_not_there(void **state)
{
    (void)state;
    for (int i = 0; af_losses[i] != NULL; i++) {
        const af_loss *loss = af_losses[i];
        if (loss->target != AF_TARGET_DENSE) continue;
        sample s = sample_for(loss);
        for (int e = 0; e < SIZE; e += 5) s.dense[e] = NAN;
        assert_true(gradient_error_of(loss, s, 1) < 1e-9);
        double d[SIZE], double_sum = loss->run[AF_F64](s.pred, s.dense, N, SHAPE, d, 1);
        float narrow[SIZE];
        double sum = loss->run[AF_F32](s.narrow, s.dense, N, SHAPE, narrow, 1);
        assert_true(fabs(sum - double_sum) < 1e-5 * double_sum);
        for (int e = 0; e < SIZE; e++)
            if (e % 5 == 0)
                assert_true(d[e] == 0 && narrow[e] == 0);
            else
                assert_true(d[e] != 0 && fabs(narrow[e] - d[e]) < 1e-5);
        for (int e = 0; e < SIZE; e += 5) s.pred[e] = 1e9; /* what is predicted there is the same */
        assert_true(loss->run[AF_F64](s.pred, s.dense, N, SHAPE, NULL, 1) == double_sum);
    }
    /* by hand: (9 + 1) / 4, not / 2 */
    const double pred[4] = {3, 7, 1, 7};
    const float target[4] = {0, NAN, 0, NAN};
    assert_true(af_loss_mse.run[AF_F64](pred, target, 1, SHAPE, NULL, 1) == 2.5);
    const float zero[4] = {0, NAN, NAN, NAN};
    const double even[4] = {0, 7, 7, 7};
    const double bce = af_loss_bce.run[AF_F64](even, zero, 1, SHAPE, NULL, 1);
    assert_true(fabs(bce - log(2) / 4) < 1e-15);
}

static void label_out_of_range(void **state)
{
    (void)state;
    static const int32_t labels[] = {-1, C, INT32_MAX, INT32_MIN};
    sample s = sample_for(&af_loss_cross_entropy);
    for (size_t i = 0; i < LENGTH(labels); i++) {
        s.label[1] = labels[i];
        double d[SIZE];
        float narrow[SIZE];
        assert_true(isnan(af_loss_cross_entropy.run[AF_F64](s.pred, s.label, N, SHAPE, d, 1)));
        assert_true(
            isnan(af_loss_cross_entropy.run[AF_F32](s.narrow, s.label, N, SHAPE, narrow, 1)));
    }
}

/* ---- optimisers ---- */

enum { WEIGHTS = 5, STEPS = 6 };

static af_update update(af_optimiser kind, double lr, double momentum, double decay)
{
    af_update u = af_update_default();
    u.kind = kind;
    u.lr = lr;
    u.momentum = momentum;
    u.weight_decay = decay;
    u.nesterov = false;
    return u;
}

/* STEPS updates in either type; gradients are twice what they should be and scaled by a half. */
static void descend(af_update u, af_dtype type, double w[WEIGHTS])
{
    double wide[4][WEIGHTS] = {{0}};
    float narrow[4][WEIGHTS] = {{0}};
    for (int i = 0; i < WEIGHTS; i++) narrow[0][i] = (float)(wide[0][i] = value(i, 0));
    for (u.count = 0; u.count < STEPS; u.count++) {
        for (int i = 0; i < WEIGHTS; i++)
            narrow[1][i] = (float)(wide[1][i] = 2 * value(i, (int)u.count + 1));
        if (type == AF_F64)
            af_update_run[type](&u, wide[0], wide[1], wide[2], wide[3], WEIGHTS, 0.5);
        else
            af_update_run[type](&u, narrow[0], narrow[1], narrow[2], narrow[3], WEIGHTS, 0.5);
    }
    for (int i = 0; i < WEIGHTS; i++) w[i] = type == AF_F64 ? wide[0][i] : narrow[0][i];
}

static void optimisers(void **state)
{
    (void)state;
    af_update nesterov = update(AF_SGD, 0.1, 0.9, 0.05), decay = update(AF_ADAM, 0.02, 0, 0.05);
    nesterov.nesterov = true;
    decay.beta1 = 0.8;
    decay.beta2 = 0.95;
    decay.epsilon = 1e-3;
    const struct {
        const char *name;
        af_update u;
        double w[WEIGHTS];
    } rows[] = {
        {"plain",
         update(AF_SGD, 0.1, 0, 0),
         {0.32534499165548803, 0.99829446415225331, -0.58259448243892542, -0.84816628121384086,
          0.80115759360195182}},
        {"decay",
         update(AF_SGD, 0.1, 0, 0.05),
         {0.31963639047641967, 0.96871734016152045, -0.56926418209325291, -0.82202422883679904,
          0.7810907742195452}},
        {"momentum",
         update(AF_SGD, 0.1, 0.9, 0.05),
         {-0.11898004013395552, 1.3448209509276858, -0.22756551054665247, -1.2861798246767129,
          0.55899988871380846}},
        {"nesterov",
         nesterov,
         {-0.039114102067125962, 1.3539319430294092, -0.309779250953236, -1.2741052411647766,
          0.63810214190754311}},
        {"adam",
         update(AF_ADAM, 0.02, 0, 0),
         {0.23834595446556292, 0.94287657190766316, -0.48293723494239676, -0.85351266566532413,
          0.69364453000041859}},
        {"adam decay",
         decay,
         {0.24662865413304802, 0.93772056477009558, -0.49015497327631458, -0.80803636077553431,
          0.69925350896948635}},
        {"adamw",
         update(AF_ADAMW, 0.02, 0, 0.05),
         {0.23681836884193611, 0.93741149038358573, -0.47998682127872916, -0.84863114927702632,
          0.68947651888088002}},
    };
    for (size_t i = 0; i < LENGTH(rows); i++)
        for (int type = 0; type < AF_DTYPES; type++) {
            double w[WEIGHTS], tolerance = type == AF_F64 ? 4e-16 : 1e-6;
            descend(rows[i].u, (af_dtype)type, w);
            for (int k = 0; k < WEIGHTS; k++)
                if (!(fabs(w[k] - rows[i].w[k]) <= tolerance))
                    fail_msg("%s: weight %d is %.17g, PyTorch has %.17g", rows[i].name, k, w[k],
                             rows[i].w[k]);
        }
}

static void optimiser_defaults(void **state)
{
    (void)state;
    af_update u = af_update_default();
    assert_string_equal(af_optimiser_names[u.kind], "sgd");
    assert_string_equal(af_optimiser_names[AF_ADAM], "adam");
    assert_string_equal(af_optimiser_names[AF_ADAMW], "adamw");
    assert_true(u.lr == 0.1 && u.momentum == 0.9 && u.nesterov && u.weight_decay == 5e-4);
    assert_true(u.clip == 0 && u.count == 0 && u.beta1 == 0.9 && u.beta2 == 0.999);
}

/* ---- schedules ---- */

static void schedules(void **state)
{
    (void)state;
    const struct {
        af_schedule s;
        double factor[8]; /* at epochs 0 .. 7 of 7 */
    } rows[] = {
        {{.kind = AF_CONSTANT}, {1, 1, 1, 1, 1, 1, 1, 1}},
        {{.kind = AF_COSINE},
         {1, 0.95048443395120952, 0.8117449009293668, 0.61126046697815717, 0.38873953302184283,
          0.18825509907063326, 0.049515566048790483, 0}},
        {{.kind = AF_STEP, .milestones = {2. / 7, 5. / 7}, .factor = 0.2},
         {1, 1, 0.2, 0.2, 0.2, 0.04, 0.04, 0.04}},
    };
    for (size_t i = 0; i < LENGTH(rows); i++)
        for (int epoch = 0; epoch < 8; epoch++) {
            double at = af_schedule_at(&rows[i].s, epoch, 7);
            assert_true(fabs(at - rows[i].factor[epoch]) < 1e-15);
            double later = af_schedule_at(&rows[i].s, epoch + 0.9, 7);
            if (epoch < 7) assert_true(rows[i].s.kind == AF_COSINE ? later < at : later == at);
        }
    assert_string_equal(af_schedule_names[AF_CONSTANT], "constant");
    assert_string_equal(af_schedule_names[AF_COSINE], "cosine");
    assert_string_equal(af_schedule_names[AF_STEP], "step");
}

/* Fractions such as 0.3, 0.6 and 0.8 of 200 name whole epochs, whatever the product rounds to. */
static void milestones_round_kindly(void **state)
{
    (void)state;
    for (int epochs = 1; epochs <= 400; epochs++)
        for (int at = 1; at <= epochs; at++) {
            af_schedule s = {.kind = AF_STEP, .milestones = {(double)at / epochs}, .factor = 0.1};
            assert_true(af_schedule_at(&s, at - 1, epochs) == 1);
            assert_true(af_schedule_at(&s, at, epochs) == 0.1);
        }
    af_schedule s = {.kind = AF_STEP, .milestones = {0.07}, .factor = 0.1};
    assert_true(af_schedule_at(&s, 7, 100) == 0.1);
}

static void warm_up(void **state)
{
    (void)state;
    af_schedule s = {.kind = AF_COSINE, .warmup = 0.2}, cold = {.kind = AF_COSINE};
    assert_true(af_schedule_at(&s, 0, 10) == 0);
    for (double epoch = 0; epoch < 2; epoch += 0.25) {
        double ramp = epoch / 2 * af_schedule_at(&cold, epoch, 10);
        assert_true(fabs(af_schedule_at(&s, epoch, 10) - ramp) < 1e-15);
    }
    for (int epoch = 2; epoch <= 10; epoch++)
        assert_true(af_schedule_at(&s, epoch, 10) == af_schedule_at(&cold, epoch, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_values),
        cmocka_unit_test(loss_gradients),
        cmocka_unit_test(losses_of_extremes),
        cmocka_unit_test(targets_that_are_not_there),
        cmocka_unit_test(label_out_of_range),
        cmocka_unit_test(optimisers),
        cmocka_unit_test(optimiser_defaults),
        cmocka_unit_test(schedules),
        cmocka_unit_test(milestones_round_kindly),
        cmocka_unit_test(warm_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
