/* batch_norm and norm_sum on a device, that of cuda_host, beyond what tests/test_backend.c asks of
 * every op: means far from 0, more inputs, tensors of which a thread has several pixels, gradients
 * that nobody wants, one launch a slot, the momentum that a step brings. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/backends/cuda/kernels.h"
#include "core/base/bf16.h"
#include "core/ops/norm.h"
#include "core/registry.h"
#include "tests/aid/call.h"
#include "tests/aid/there.h"

extern const af_op af_op_batch_norm, af_op_norm_sum;

#define NORM .epsilon = 1e-5, .momentum = 0.1

static const op_case more_cases[] = {
    {"norm 16@32", &af_op_batch_norm, {NORM}, {{16, 32, 32}}, 4},
    {"norm 40@9", &af_op_batch_norm, {NORM}, {{40, 9, 9}}, 4},
    {"norm of 300000", &af_op_batch_norm, {NORM}, {{3, 1, 33335}}, 3},
    {"norm sum of four",
     &af_op_norm_sum,
     {NORM, .out = 6, .normed = 4, .relu = true},
     {{6, 5, 3}, {6, 5, 3}, {6, 5, 3}, {6, 5, 3}},
     4},
    {"norm sum of two plain",
     &af_op_norm_sum,
     {NORM, .out = 6, .normed = 2, .plain = true},
     {{6, 5, 3}, {6, 5, 3}, {6, 5, 3}},
     4},
    {NULL, NULL, {0}, {{0}}, 0},
};

typedef struct tally {
    double y, dx, dw, w, tolerance;
    int tensors;
} tally;

static void compare(double *worst, tally *t, const rig *r, const double *got, const double *want,
                    int64_t n)
{
    assert_true(!got == !want);
    if (!want) return;
    double error = mismatch(got, want, n);
    if (!(error <= t->tolerance)) fail_msg("%s: error %.2e", r->from->name, error);
    assert_true(mutation_noticed(got, want, n, t->tolerance));
    *worst = fmax(*worst, error);
    t->tensors++;
}

/* gathers, forward, gather_back, a backward for each gradient that is wanted */
static long slots(const rig *r, const rig_options *o)
{
    bool sum = r->node.op == &af_op_norm_sum;
    long normed = sum ? r->node.attrs.normed : 1;
    return o->train ? normed + 1 + (normed > 0) + r->inputs - (o->skip_dx != 0) : 1;
}

static void run(tally *t, const rig *r, rig_options o)
{
    rig_result want, got;
    af_host_watch w;
    o.dtype = AF_F64;
    rig_run(&want, r, &o);
    o.backend = af_find_backend("cuda_host");
    o.dtype = o.round ? AF_BF16 : AF_F32;
    assert_ok(af_host_watch_begin(&w));
    rig_run(&got, r, &o);
    af_host_watch_end();
    assert_int_equal(w.launches, slots(r, &o));
    compare(&t->y, t, r, got.y, want.y, r->y_size);
    for (int k = 0; k < r->inputs; k++) compare(&t->dx, t, r, got.dx[k], want.dx[k], r->x_size[k]);
    for (int k = 0; k < r->params; k++) {
        compare(&t->dw, t, r, got.dw[k], want.dw[k], r->w_size[k]);
        compare(&t->w, t, r, got.w[k], want.w[k], r->w_size[k]);
    }
    rig_clear(&want);
    rig_clear(&got);
}

/* Each input moved by `mean`, then as it will be stored, so that both sides see the same. */
static void move(rig *r, double mean, bool bf16)
{
    for (int k = 0; k < r->inputs; k++)
        for (int64_t i = 0; i < r->x_size[k]; i++) {
            float v = (float)(r->x[k][i] + mean * (k % 2 ? -1 : 1));
            r->x[k][i] = bf16 ? (double)af_bf16_float(af_bf16_round(v)) : (double)v;
        }
}

static void check_case(tally *t, const op_case *from, bool bf16, double mean)
{
    rig r;
    if (!rig_make(&r, from)) fail_msg("%s: %s", from->name, af_error());
    move(&r, mean, bf16);
    run(t, &r, (rig_options){.round = bf16});
    run(t, &r, (rig_options){.round = bf16, .train = true, .backward = true});
    run(t, &r, (rig_options){.round = bf16, .train = true, .backward = true, .add_x = true});
    run(t, &r, (rig_options){.round = bf16, .train = true, .backward = true, .skip_dx = 1});
    rig_free(&r);
}

static void check_cases(bool bf16, double mean, double tolerance)
{
    const op_case *const tables[] = {op_cases, more_cases};
    tally t = {.tolerance = tolerance};
    for (size_t i = 0; i < LENGTH(tables); i++)
        for (const op_case *c = tables[i]; c->op; c++)
            if (c->op == &af_op_batch_norm || c->op == &af_op_norm_sum)
                check_case(&t, c, bf16, mean);
    printf("  %s, mean %-6g y %.1e, dx %.1e, dw %.1e, buffers %.1e; %d tensors\n",
           bf16 ? "bf16" : "fp32", mean, t.y, t.dx, t.dw, t.w, t.tensors);
    assert_true(t.tensors > 100);
}

/* Nothing is lost up to a mean of some thousand standard deviations. */
static void single_precision(void **state)
{
    (void)state;
    check_cases(false, 0, 5e-6);
    check_cases(false, 30, 5e-6);
    check_cases(false, 3000, 5e-6);
}

static void bf16(void **state)
{
    (void)state;
    check_cases(true, 0, 3.0 / 512);
    check_cases(true, 3, 3.0 / 512);
}

/* ---- running statistics ---- */

enum { N = 6, C = 2 };

/* What they become, from 5, of x: channel k is k + 0 .. N-1. */
static void statistics(double of_node, double of_step, float mean[C], float var[C])
{
    there t;
    float x[N * C], start[C] = {5, 5};
    af_shape in = {C, 1, N};
    af_node node = {.op = &af_op_batch_norm, .inputs = 1, .shape = in};
    af_prepared p;
    node.attrs = (af_attrs){.epsilon = 1e-5, .momentum = of_node};
    for (int i = 0; i < N * C; i++) x[i] = (float)(i / C + i % C);
    there_open(&t);
    const af_step_inputs inputs = {.momentum = of_step};
    const af_request q = {.node = &node, .in = &in, .n = 1, .train = true, .device = t.device};
    assert_ok(af_cuda_host_batch_norm(&q, &p));
    af_call c = {.node = &node, .in = &in, .self = p.self, .n = 1, .train = true};
    c.x[0] = there_put(&t, x, sizeof x);
    c.w[RUNNING_MEAN] = there_put(&t, start, sizeof start);
    c.w[RUNNING_VAR] = there_put(&t, start, sizeof start);
    c.shared = there_room(&t, 4 * C * sizeof(double));
    c.inputs = there_put(&t, &inputs, sizeof inputs);
    p.kernel->gather(&c);
    there_clean(&t);
    there_get(&t, mean, c.w[RUNNING_MEAN], sizeof start);
    there_get(&t, var, c.w[RUNNING_VAR], sizeof start);
    af_cuda_host_release(p.self);
    there_close(&t);
}

static void momentum_of_the_step(void **state)
{
    (void)state;
    const double all[][3] = {{0.1, -1, 0.1}, {0.1, 0.75, 0.75}, {0.1, 0, 0}, {0.3, 1, 1}};
    for (size_t i = 0; i < LENGTH(all); i++) {
        float mean[C], var[C];
        double m = all[i][2];
        statistics(all[i][0], all[i][1], mean, var);
        for (int k = 0; k < C; k++) {
            assert_true(fabs((double)mean[k] - ((1 - m) * 5 + m * (2.5 + k))) < 1e-6);
            assert_true(fabs((double)var[k] - ((1 - m) * 5 + m * 3.5)) < 1e-6); /* unbiased */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_precision),
        cmocka_unit_test(bf16),
        cmocka_unit_test(momentum_of_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
