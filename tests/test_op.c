/* Every op by existing: its reference kernels against finite differences in double, against
 * PyTorch's answers, against each other (float and double, any cut of the batch, accumulation), and
 * the checks themselves against a flipped sign. Prints the largest errors per op. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/registry.h"
#include "tests/aid/call.h"

extern const af_op af_op_input, af_op_dropout, af_op_batch_norm, af_op_max_pool, af_op_relu,
    af_op_zero;

static const double FD_TOLERANCE = 1e-9, FLOAT_TOLERANCE = 2e-6;

static const rig_options BOTH_WAYS = {.dtype = AF_F64, .train = true, .backward = true};

static rig rig_of(const op_case *c)
{
    rig r;
    if (!rig_make(&r, c)) fail_msg("%s: %s", c->name, af_error());
    return r;
}

static const op_case *case_named(const char *name)
{
    const op_case *c = op_cases;
    while (c->op != NULL && strcmp(c->name, name) != 0) c++;
    if (c->op == NULL) fail_msg("no case \"%s\"", name);
    return c;
}

static void every_op_has_cases(void **state)
{
    (void)state;
    for (const af_op *const *op = af_builtin.op; *op != NULL; op++) {
        int cases = 0;
        for (const op_case *c = op_cases; c->op != NULL; c++) cases += c->op == *op;
        if (cases == 0) fail_msg("%s has no case in tests/aid/cases.c", (*op)->name);
        assert_non_null((*op)->summary);
        for (int t = 0; t < AF_DTYPES; t++) assert_non_null((*op)->reference[t]);
    }
}

/* ---- finite differences ---- */

static double *output(const rig *r)
{
    rig_result out;
    rig_run(&out, r, &(rig_options){.dtype = AF_F64, .train = true});
    double *y = out.y;
    out.y = NULL;
    rig_clear(&out);
    return y;
}

/* d sum(y * dy) / d v by central differences; v is one of r's tensors. Differences are taken before
 * the sum, so that outputs which do not change add no rounding. */
static double *differences(const rig *r, double *v, int64_t n)
{
    const double h = 1e-5;
    double *slope = af_calloc((size_t)n, sizeof *slope);
    assert_non_null(slope);
    for (int64_t i = 0; i < n; i++) {
        double at = v[i];
        v[i] = at + h;
        double *above = output(r);
        v[i] = at - h;
        double *below = output(r);
        v[i] = at;
        for (int64_t k = 0; k < r->y_size; k++) slope[i] += (above[k] - below[k]) * r->dy[k];
        slope[i] /= 2 * h;
        af_free(above);
        af_free(below);
    }
    return slope;
}

typedef struct tally {
    double x, w; /* largest relative errors */
    int cases, tensors, mutations;
} tally;

static double check(const rig *r, double *v, const double *gradient, int64_t n, tally *t)
{
    double *want = differences(r, v, n), error = mismatch(gradient, want, n);
    if (r->node.op != &af_op_zero) assert_false(all_zero(want, n));
    t->tensors++;
    t->mutations += mutation_noticed(gradient, want, n, FD_TOLERANCE);
    af_free(want);
    return error;
}

static void check_case(const op_case *c, tally *t)
{
    rig r = rig_of(c);
    rig_result out;
    rig_run(&out, &r, &BOTH_WAYS);
    for (int i = 0; i < r.inputs; i++)
        t->x = fmax(t->x, check(&r, r.x[i], out.dx[i], r.x_size[i], t));
    for (int i = 0; i < r.params; i++)
        if (r.param[i].trained) t->w = fmax(t->w, check(&r, r.w[i], out.dw[i], r.w_size[i], t));
    if (c->op->mixes) t->w = fmax(t->w, check(&r, r.mix, out.dmix, r.inputs, t));
    t->cases++;
    rig_clear(&out);
    rig_free(&r);
}

static void gradients(void **state)
{
    (void)state;
    printf("  %-12s %5s %12s %12s %10s\n", "op", "cases", "input", "parameter", "mutations");
    for (const af_op *const *op = af_builtin.op; *op != NULL; op++) {
        if ((*op)->reference[AF_F64]->backward == NULL) {
            assert_ptr_equal(*op, &af_op_input);
            continue;
        }
        tally t = {0};
        for (const op_case *c = op_cases; c->op != NULL; c++)
            if (c->op == *op) check_case(c, &t);
        printf("  %-12s %5d %12.1e %12.1e %6d/%d\n", (*op)->name, t.cases, t.x, t.w, t.mutations,
               t.tensors);
        assert_true(t.x < FD_TOLERANCE && t.w < FD_TOLERANCE);
        assert_int_equal(t.mutations, t.tensors);
    }
}

/* ---- PyTorch's answers ---- */

/* From tests/golden/ops.py: sum(y * dy) in training, in inference, then of the moved running
 * statistics. */
static const struct {
    const char *name;
    double train, infer, mean, var;
} torch_rows[] = {
    {"input", 54.820615227510501, 54.820615227510501, 0, 0},
    {"output", 54.820615427874323, 54.820615427874323, 0, 0},
    {"relu", 48.12963396677393, 48.12963396677393, 0, 0},
    {"add 2", 182.93878956005318, 182.93878956005318, 0, 0},
    {"add 4", 64.69998144910258, 64.69998144910258, 0, 0},
    {"concat 3", 6.8480458651350391, 6.8480458651350391, 0, 0},
    {"concat 1-d", -2.1933804617852783, -2.1933804617852783, 0, 0},
    {"global pool", 0.29363186189443502, 0.29363186189443502, 0, 0},
    {"linear", -4.622889888422824, -4.622889888422824, 0, 0},
    {"linear dense", 5.4088843784592493, 5.4088843784592493, 0, 0},
    {"linear no bias", 16.337845213791482, 16.337845213791482, 0, 0},
    {"batch norm", 63.25456770568519, 47.781277088193661, 0.29616011699113975, 1.8698794363376945},
    {"batch norm 1-d", 37.579456817143488, 28.823494471552653, 0.11177179626197811,
     0.80869133130718962},
    {"batch norm 16", 137.35675854462224, 107.23099177217354, 0.063099085247067005,
     6.3323410859386717},
    {"avg 3x3", 12.75681788067762, 12.75681788067762, 0, 0},
    {"avg 3x3 s2", -1.8932289531736599, -1.8932289531736599, 0, 0},
    {"avg count pad", 2.879779745917169, 2.879779745917169, 0, 0},
    {"avg 2x2 ceil", 3.9214687235540504, 3.9214687235540504, 0, 0},
    {"avg 1-d gaps", -0.51415464869823535, -0.51415464869823535, 0, 0},
    {"max 3x3", 27.526542645688753, 27.526542645688753, 0, 0},
    {"max 3x3 s2", 27.349935148196764, 27.349935148196764, 0, 0},
    {"max sides", -2.981279787950367, -2.981279787950367, 0, 0},
    {"max 1-d", -2.0571411114290163, -2.0571411114290163, 0, 0},
    {"conv 3x3", -9.4054075194392652, -9.4054075194392652, 0, 0},
    {"conv 3x3 s2", -3.9031403303181929, -3.9031403303181929, 0, 0},
    {"conv 1x1 bias", -16.486650842091656, -16.486650842091656, 0, 0},
    {"conv 1x1 s2", -5.0687649816419551, -5.0687649816419551, 0, 0},
    {"conv sides", 12.092869893686686, 12.092869893686686, 0, 0},
    {"conv dilated", -20.43223164117957, -20.43223164117957, 0, 0},
    {"conv dilated sides", 5.5834837299854909, 5.5834837299854909, 0, 0},
    {"conv groups", -1.4222326411938586, -1.4222326411938586, 0, 0},
    {"conv depthwise", 0.74498740019046217, 0.74498740019046217, 0, 0},
    {"conv depthwise s2", 6.4260686129639879, 6.4260686129639879, 0, 0},
    {"conv depthwise dilated", -16.787483495380506, -16.787483495380506, 0, 0},
    {"conv depthwise x2", 7.5096364599539696, 7.5096364599539696, 0, 0},
    {"conv 1-d", -6.5578981760859296, -6.5578981760859296, 0, 0},
    {"conv 1-d dilated", -4.7650672456355743, -4.7650672456355743, 0, 0},
    {"conv whole", -14.251584519382483, -14.251584519382483, 0, 0},
    {"conv 16", -24.742235159264766, -24.742235159264766, 0, 0},
    {"conv 17 to 33", 15.381113103964285, 15.381113103964285, 0, 0},
};

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static double dot_values(const double *a, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * rig_value(i, 20);
    return sum;
}

static void pytorch(void **state)
{
    (void)state;
    const double tolerance = 1e-11;
    for (size_t i = 0; i < LENGTH(torch_rows); i++) {
        rig r = rig_of(case_named(torch_rows[i].name));
        rig_result train, infer;
        rig_run(&train, &r, &(rig_options){.dtype = AF_F64, .train = true});
        rig_run(&infer, &r, &(rig_options){.dtype = AF_F64});
        double got[] = {dot(train.y, r.dy, r.y_size), dot(infer.y, r.dy, r.y_size), 0, 0};
        double want[] = {torch_rows[i].train, torch_rows[i].infer, torch_rows[i].mean,
                         torch_rows[i].var};
        for (int k = 2; r.node.op == &af_op_batch_norm && k < 4; k++)
            got[k] = dot_values(train.w[k], r.w_size[k]);
        for (int k = 0; k < 4; k++)
            if (!(fabs(got[k] - want[k]) <= tolerance * (1 + fabs(want[k]))))
                fail_msg("%s: number %d is %.17g, PyTorch has %.17g", torch_rows[i].name, k, got[k],
                         want[k]);
        rig_clear(&train);
        rig_clear(&infer);
        rig_free(&r);
    }
}

/* ---- kernels against each other ---- */

/* Largest mismatch over every tensor of two results. */
static double difference(const rig *r, const rig_result *a, const rig_result *b)
{
    double worst = mismatch(a->y, b->y, r->y_size);
    worst = fmax(worst, mismatch(a->dmix, b->dmix, r->inputs));
    for (int i = 0; i < r->inputs; i++)
        if (a->dx[i] != NULL) worst = fmax(worst, mismatch(a->dx[i], b->dx[i], r->x_size[i]));
    for (int i = 0; i < r->params; i++) {
        worst = fmax(worst, mismatch(a->w[i], b->w[i], r->w_size[i]));
        if (a->dw[i] != NULL) worst = fmax(worst, mismatch(a->dw[i], b->dw[i], r->w_size[i]));
    }
    return worst;
}

static double difference_of(const rig *r, const rig_options *a, const rig_options *b)
{
    rig_result one, two;
    rig_run(&one, r, a);
    rig_run(&two, r, b);
    if (r->node.op != &af_op_zero) assert_false(all_zero(two.y, r->y_size));
    double worst = difference(r, &one, &two);
    rig_clear(&one);
    rig_clear(&two);
    return worst;
}

static void float_against_double(void **state)
{
    (void)state;
    for (const op_case *c = op_cases; c->op != NULL; c++) {
        rig r = rig_of(c);
        for (int train = 0; train < 2; train++) {
            rig_options wide = {.dtype = AF_F64, .train = train, .backward = train}, narrow = wide;
            narrow.dtype = AF_F32;
            double worst = difference_of(&r, &narrow, &wide);
            if (!(worst < FLOAT_TOLERANCE)) fail_msg("%s: float is off by %g", c->name, worst);
        }
        rig_free(&r);
    }
}

static void cuts_of_the_batch(void **state)
{
    (void)state;
    static const int cuts[][2] = {{1, 1}, {1, 2}, {2, 1}, {2, 2}, {4, 1}}; /* lanes, chunk */
    for (const op_case *c = op_cases; c->op != NULL; c++) {
        rig r = rig_of(c);
        for (size_t i = 0; i < LENGTH(cuts); i++) {
            rig_options cut = BOTH_WAYS;
            cut.lanes = cuts[i][0];
            cut.chunk = cuts[i][1];
            double worst = difference_of(&r, &cut, &BOTH_WAYS);
            if (!(worst < 1e-12))
                fail_msg("%s: %d lanes, chunks of %d: off by %g", c->name, cut.lanes, cut.chunk,
                         worst);
        }
        rig_free(&r);
    }
}

static void take_off_start(double *gradient, int64_t n)
{
    for (int64_t i = 0; gradient != NULL && i < n; i++) gradient[i] -= rig_value(i, 30);
}

static void accumulation(void **state)
{
    (void)state;
    rig_options add = BOTH_WAYS;
    add.add = true;
    add.lanes = add.chunk = 2;
    for (const op_case *c = op_cases; c->op != NULL; c++) {
        rig r = rig_of(c);
        rig_result plain, added;
        rig_run(&plain, &r, &BOTH_WAYS);
        rig_run(&added, &r, &add);
        for (int i = 0; i < r.inputs; i++) take_off_start(added.dx[i], r.x_size[i]);
        for (int i = 0; i < r.params; i++) take_off_start(added.dw[i], r.w_size[i]);
        double worst = difference(&r, &added, &plain);
        if (!(worst < 1e-12 || (c->op == &af_op_zero && all_zero(added.dx[0], r.x_size[0]))))
            fail_msg("%s: added gradients are off by %g", c->name, worst);
        rig_clear(&plain);
        rig_clear(&added);
        rig_free(&r);
    }
}

/* Leaving out one input's gradient changes no other tensor. */
static void unwanted_gradients(void **state)
{
    (void)state;
    for (const op_case *c = op_cases; c->op != NULL; c++) {
        rig r = rig_of(c);
        for (int i = 0; i < r.inputs; i++) {
            rig_options skip = BOTH_WAYS;
            skip.skip_dx = 1u << i;
            double worst = difference_of(&r, &skip, &BOTH_WAYS);
            if (worst != 0) fail_msg("%s: without dx[%d] off by %g", c->name, i, worst);
        }
        rig_free(&r);
    }
}

/* ---- what is particular to one op ---- */

static void dropout_stream(void **state)
{
    (void)state;
    op_case big = {"", &af_op_dropout, {.rate = 0.3}, {{8, 50, 50}}, 4};
    rig r = rig_of(&big);
    rig_result out[3];
    rig_options o = {.dtype = AF_F64, .train = true};
    for (int i = 0; i < 3; i++) {
        o.epoch = i == 1;
        o.step = i == 2;
        rig_run(&out[i], &r, &o);
    }
    int64_t kept = 0, agree[3] = {0}, n = r.y_size, half = n / 2;
    for (int64_t i = 0; i < n; i++) {
        kept += out[0].y[i] != 0;
        if (out[0].y[i] != 0) assert_true(fabs(out[0].y[i] * 0.7 - r.x[0][i]) < 1e-15);
        for (int k = 1; k < 3; k++) agree[k] += (out[0].y[i] != 0) == (out[k].y[i] != 0);
    }
    for (int64_t i = 0; i < half; i++) agree[0] += (out[0].y[i] != 0) == (out[0].y[half + i] != 0);
    /* Independent masks agree in 0.7^2 + 0.3^2 of the places; 80,000 draws, 6 standard deviations.
     */
    assert_true(fabs((double)kept / (double)n - 0.7) < 0.01);
    assert_true(fabs((double)agree[0] / (double)half - 0.58) < 0.015);
    for (int k = 1; k < 3; k++) assert_true(fabs((double)agree[k] / (double)n - 0.58) < 0.015);
    o = (rig_options){.dtype = AF_F64};
    rig_clear(&out[1]);
    rig_run(&out[1], &r, &o);
    assert_true(mismatch(out[1].y, r.x[0], n) == 0);
    for (int i = 0; i < 3; i++) rig_clear(&out[i]);
    rig_free(&r);
}

static void nan_passes(void **state)
{
    (void)state;
    static const char *const names[] = {"relu", "max 3x3", "avg 3x3", "conv 3x3", "add 2"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        rig r = rig_of(case_named(names[i]));
        rig_result out;
        r.x[0][r.x_size[0] / 2] = NAN;
        rig_run(&out, &r, &(rig_options){.dtype = AF_F32});
        int nans = 0;
        for (int64_t k = 0; k < r.y_size; k++) nans += isnan(out.y[k]) != 0;
        if (nans == 0) fail_msg("%s hides a NaN", names[i]);
        rig_clear(&out);
        rig_free(&r);
    }
}

/* What is switched off was not computed: neither kernel may look at it. */
static void mix_reads_nothing_switched_off(void **state)
{
    (void)state;
    rig r = rig_of(case_named("mix 3"));
    for (size_t b = 0; af_builtin.backend[b]; b++) {
        const af_backend *backend = af_builtin.backend[b];
        char why[256];
        if (!work_wants(backend->name) || backend->probe(why, sizeof why) != AF_OK) continue;
        rig_options o = {.backend = backend, .dtype = backend->dtype, .train = true};
        o.backward = true;
        rig_result out;
        for (int64_t i = 0; i < r.x_size[1]; i++) r.x[1][i] = NAN;
        r.mix[1] = 0;
        rig_run(&out, &r, &o);
        for (int64_t i = 0; i < r.y_size; i++) {
            double want = r.mix[0] * r.x[0][i] + r.mix[2] * r.x[2][i];
            assert_true(fabs(out.y[i] - want) < 1e-6 && isnan(out.dx[1][i]));
        }
        assert_true(out.dmix[0] != 0 && out.dmix[1] == 0 && out.dmix[2] != 0);
        rig_clear(&out);
        r.mix[0] = r.mix[2] = 0;
        rig_run(&out, &r, &o);
        assert_true(all_zero(out.y, r.y_size) && all_zero(out.dmix, 3));
        rig_clear(&out);
        r.mix[0] = 0.75, r.mix[2] = 1.5;
    }
    rig_free(&r);
}

/* A mean 4,096 times the deviation: floats still normalise to variance 1. */
static void batch_norm_far_from_zero(void **state)
{
    (void)state;
    op_case big = {"", &af_op_batch_norm, {.epsilon = 1e-9, .momentum = 0.1}, {{2, 8, 8}}, 4};
    rig r = rig_of(&big);
    for (int64_t i = 0; i < r.x_size[0]; i++) r.x[0][i] = 4096 + (i / 2 % 2 ? 1 : -1);
    r.w[0][0] = r.w[0][1] = 1;
    r.w[1][0] = r.w[1][1] = 0;
    rig_result out;
    rig_run(&out, &r, &(rig_options){.dtype = AF_F32, .train = true, .chunk = 1});
    for (int64_t i = 0; i < r.y_size; i++)
        assert_true(fabs(out.y[i] - (i / 2 % 2 ? 1 : -1)) < 1e-6);
    rig_clear(&out);
    rig_free(&r);
}

/* Of equal values the first wins, and its window's gradient is not counted twice. */
static void max_pool_ties(void **state)
{
    (void)state;
    rig r = rig_of(case_named("max 3x3 s2"));
    for (int64_t i = 0; i < r.x_size[0]; i++) r.x[0][i] = 1;
    rig_result out;
    rig_run(&out, &r, &BOTH_WAYS);
    double dx = 0, dy = 0;
    for (int64_t i = 0; i < r.x_size[0]; i++) dx += out.dx[0][i];
    for (int64_t i = 0; i < r.y_size; i++) dy += r.dy[i];
    assert_true(fabs(dx - dy) < 1e-12);
    assert_true(fabs(out.dx[0][0] - r.dy[0]) < 1e-15);
    rig_clear(&out);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_has_cases),
        cmocka_unit_test(gradients),
        cmocka_unit_test(pytorch),
        cmocka_unit_test(float_against_double),
        cmocka_unit_test(cuts_of_the_batch),
        cmocka_unit_test(accumulation),
        cmocka_unit_test(unwanted_gradients),
        cmocka_unit_test(dropout_stream),
        cmocka_unit_test(nan_passes),
        cmocka_unit_test(mix_reads_nothing_switched_off),
        cmocka_unit_test(batch_norm_far_from_zero),
        cmocka_unit_test(max_pool_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
