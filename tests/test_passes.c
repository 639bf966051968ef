/* Passes change how a network is computed, never what: with and without them, in double, the loss,
 * every gradient, the running statistics and predictions agree to rounding, and initial weights are
 * the same; how many nodes they leave on the heaviest cell; bits for any threads, in bf16 as well.
 */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/base/bf16.h"
#include "core/base/sha256.h"
#include "core/plan/plan.h"
#include "core/registry.h"

typedef struct net {
    const char *name, *space, *arch;
    af_io io;
} net;
#define ALL_3X3                                                                                    \
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_"    \
    "3x3~2|"
#define MIXED                                                                                      \
    "|nor_conv_1x1~0|+|nor_conv_3x3~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_"    \
    "3x3~2|"
static const net nets[] = {
    {"all 3x3", "nb201", ALL_3X3, {{3, 8, 8}, {5, 1, 1}, false, AF_TINY}},
    {"mixed", "nb201", MIXED, {{3, 9, 7}, {5, 1, 1}, false, AF_TINY}},
    {"1-d", "nb201", MIXED, {{2, 1, 33}, {4, 1, 1}, false, AF_TINY}},
    {"dense", "nb201", ALL_3X3, {{3, 6, 7}, {1, 6, 7}, true, AF_TINY}},
    {"wrn", "wrn", "default", {{3, 8, 8}, {5, 1, 1}, false, AF_TINY}},
    {"wrn dense", "wrn", "default", {{3, 7, 6}, {1, 7, 6}, true, AF_TINY}},
};
enum { BATCH = 8 };

typedef struct problem {
    af_graph *graph;
    const af_loss *loss;
    float *x, *y;
    int32_t label[BATCH];
    int64_t pred;
} problem;

static problem open_problem(const net *n)
{
    problem p = {.loss = n->io.dense ? &af_loss_relative_l2 : &af_loss_cross_entropy};
    af_config c;
    const af_space *space = af_find_space(n->space);
    assert_ok(af_space_parse(space, &c, n->arch));
    assert_ok(af_space_build(space, &c, &n->io, &p.graph));
    int64_t in = BATCH * af_shape_size(n->io.input);
    p.pred = BATCH * af_shape_size(n->io.output);
    p.x = af_calloc((size_t)in, sizeof *p.x);
    p.y = af_calloc((size_t)p.pred, sizeof *p.y);
    assert_true(p.x && p.y);
    af_rng r = af_rng_at(5, "test", 0, 0, 0, 0);
    for (int64_t i = 0; i < in; i++) p.x[i] = (float)af_rng_normal(&r);
    for (int64_t i = 0; i < p.pred; i++) p.y[i] = (float)af_rng_normal(&r);
    for (int i = 0; i < BATCH; i++) p.label[i] = i % n->io.output.c;
    return p;
}

static void close_problem(problem *p)
{
    af_graph_free(p->graph);
    af_free(p->x);
    af_free(p->y);
}

static const void *target(const problem *p)
{
    return p->loss->target == AF_TARGET_CLASS ? (const void *)p->label : (const void *)p->y;
}

static af_plan *make(const problem *q, const char *backend, af_plan_options o)
{
    af_plan *p;
    o.batch = BATCH;
    o.loss = q->loss;
    assert_ok(af_plan_new(&p, q->graph, af_find_backend(backend), &o));
    if (!o.params_of) af_plan_init(p, 7, 3);
    return p;
}

static double *all_of(const af_plan *p, af_part part, int64_t *size)
{
    *size = af_plan_size(p, part);
    double *out = af_calloc((size_t)*size + 1, sizeof *out);
    assert_non_null(out);
    af_plan_read(p, part, out);
    return out;
}

/* Largest difference over the largest value. */
static double distance(const af_plan *a, const af_plan *b, af_part part)
{
    int64_t size, other;
    double *x = all_of(a, part, &size), *y = all_of(b, part, &other), most = 0, scale = 0;
    assert_int_equal(size, other);
    for (int64_t i = 0; i < size; i++)
        most = fmax(most, fabs(x[i] - y[i])), scale = fmax(scale, fabs(x[i]));
    af_free(x);
    af_free(y);
    assert_true(scale > 0);
    return most / scale;
}

static void compare_plans(const problem *q)
{
    af_plan *fused = make(q, "reference64", (af_plan_options){.train = true});
    af_plan *plain = make(q, "reference64", (af_plan_options){.train = true, .plain = true});
    af_plan *infer = make(q, "reference64", (af_plan_options){.params_of = fused});
    af_plan *infer_plain =
        make(q, "reference64", (af_plan_options){.params_of = plain, .plain = true});
    float *a = af_calloc((size_t)q->pred, sizeof *a), *b = af_calloc((size_t)q->pred, sizeof *b);
    double la, lb;
    assert_true(distance(fused, plain, AF_WEIGHTS) == 0);
    assert_ok(af_plan_gradients(fused, q->x, target(q), (af_position){0}, &la));
    assert_ok(af_plan_gradients(plain, q->x, target(q), (af_position){0}, &lb));
    double gradients = distance(fused, plain, AF_GRADIENTS);
    double buffers = distance(fused, plain, AF_BUFFERS);
    assert_ok(af_plan_infer(infer, BATCH, q->x, NULL, a, NULL));
    assert_ok(af_plan_infer(infer_plain, BATCH, q->x, NULL, b, NULL));
    double pred = 0;
    for (int64_t i = 0; i < q->pred; i++) pred = fmax(pred, fabs((double)a[i] - (double)b[i]));
    printf("  loss %.1e, gradients %.1e, statistics %.1e, predictions %.1e apart\n", fabs(la - lb),
           gradients, buffers, pred);
    assert_true(fabs(la - lb) <= 1e-12 * fabs(lb));
    assert_true(gradients <= 1e-10 && buffers <= 1e-12 && pred <= 1e-5);
    af_free(a);
    af_free(b);
    af_plan_free(infer_plain);
    af_plan_free(infer);
    af_plan_free(plain);
    af_plan_free(fused);
}

static void same_function(void **state)
{
    problem q = open_problem(*state);
    compare_plans(&q);
    close_problem(&q);
}

static void says(const af_plan *p, int pass, const char *name, const char *want)
{
    const char *note;
    assert_string_equal(af_plan_pass(p, pass, &note), name);
    printf("  %s: %s\n", name, note);
    assert_string_equal(note, want);
}

/* Tiny has one cell a stage: 3 cells of 6 edges, the stem's, 2 reductions of 2 norms, the last one.
 */
static void what_is_left(void **state)
{
    (void)state;
    problem q = open_problem(&nets[0]);
    af_plan *p = make(&q, "reference", (af_plan_options){.train = true});
    const char *note;
    says(p, 0, "share", "0 nodes that repeat others are now 0");
    says(p, 1, "fuse", "24 batch norms, 8 sums and 12 ReLUs are now 15 nodes");
    says(p, 2, "merge", "15 convolutions with a common source are now 6");
    assert_null(af_plan_pass(p, 3, &note));
    af_plan_free(p);
    close_problem(&q);
}

/* A ReLU and a pool for every reader, sums of one tensor with itself, a result that is read both
 * rectified and plain, and a fused node that the output reads. */
static void awkward(af_graph *g)
{
    af_id x =
        af_batch_norm(g, af_conv(g, af_input(g, (af_shape){3, 6, 5}), af_conv_attrs(4, 3, 1)));
    af_id twice = af_add(g, (af_id[]){x, x}, 2), edge[3];
    for (int i = 0; i < 3; i++)
        edge[i] = af_batch_norm(g, af_conv(g, af_relu(g, twice), af_conv_attrs(4, 3, 1)));
    af_id pools[2] = {af_avg_pool(g, twice, af_pool_attrs(3, 1)),
                      af_avg_pool(g, twice, af_pool_attrs(3, 1))};
    af_id sum = af_add(g, (af_id[]){edge[0], edge[1], pools[0], twice, twice}, 5);
    af_id other = af_add(g, (af_id[]){edge[2], pools[1], sum, af_relu(g, sum)}, 4);
    af_output(g, af_relu(g, other));
}

static void awkward_networks(void **state)
{
    (void)state;
    problem q = {.graph = af_graph_new(), .loss = &af_loss_mse, .pred = BATCH * 4 * 30};
    awkward(q.graph);
    assert_ok(af_graph_status(q.graph));
    q.x = af_calloc(BATCH * 3 * 30, sizeof *q.x);
    q.y = af_calloc((size_t)q.pred, sizeof *q.y);
    for (int i = 0; i < BATCH * 3 * 30; i++) q.x[i] = (float)sin(0.3 * i * i);
    compare_plans(&q);
    af_plan *p = make(&q, "reference64", (af_plan_options){.train = true});
    says(p, 0, "share", "5 nodes that repeat others are now 2");
    says(p, 2, "merge", "3 convolutions with a common source are now 1");
    af_plan_free(p);
    close_problem(&q);
}

static void train_digest(const problem *q, af_precision precision, int threads,
                         char hex[AF_SHA256_HEX])
{
    af_plan_options o = {.train = true, .precision = precision, .threads = threads};
    af_plan *p = make(q, af_default_backend()->name, o);
    af_update u = af_update_default();
    double loss;
    u.lr = 0.01;
    for (int i = 0; i < 3; i++)
        assert_ok(af_plan_step(p, q->x, target(q), &u, (af_position){0}, &loss));
    long before = af_alloc_count();
    assert_ok(af_plan_step(p, q->x, target(q), &u, (af_position){0}, &loss));
    assert_int_equal(af_alloc_count(), before);
    af_sha256 *h = af_sha256_new();
    af_plan_digest(p, h);
    af_sha256_end(h, hex);
    af_plan_free(p);
}

static void threads_do_not_show(void **state)
{
    (void)state;
    for (size_t n = 0; n < LENGTH(nets); n++)
        for (int precision = 0; precision < AF_PRECISIONS; precision++) {
            if (!af_precision_offered(af_default_backend(), (af_precision)precision)) continue;
            problem q = open_problem(&nets[n]);
            char one[AF_SHA256_HEX], more[AF_SHA256_HEX];
            train_digest(&q, (af_precision)precision, 1, one);
            for (int threads = 2; threads <= 4; threads += 2) {
                train_digest(&q, (af_precision)precision, threads, more);
                assert_string_equal(one, more);
            }
            close_problem(&q);
        }
}

/* Activations are rounded to 8 bits, the prediction is not. */
static void prediction_is_not_rounded(void **state)
{
    (void)state;
    for (size_t n = 0; n < LENGTH(nets); n++) {
        problem q = open_problem(&nets[n]);
        af_plan_options o = {.train = true, .precision = AF_BF16_PRECISION};
        af_plan *p = make(&q, af_default_backend()->name, o);
        o.train = false, o.params_of = p;
        af_plan *infer = make(&q, af_default_backend()->name, o);
        float *pred = af_calloc((size_t)q.pred, sizeof *pred);
        int64_t finer = 0;
        assert_ok(af_plan_infer(infer, BATCH, q.x, NULL, pred, NULL));
        for (int64_t i = 0; i < q.pred; i++)
            finer += af_bf16_float(af_bf16_round(pred[i])) != pred[i];
        assert_true(2 * finer > q.pred);
        af_free(pred);
        af_plan_free(infer);
        af_plan_free(p);
        close_problem(&q);
    }
}

int main(void)
{
    struct CMUnitTest tests[LENGTH(nets) + 4];
    memset(tests, 0, sizeof tests);
    for (size_t i = 0; i < LENGTH(nets); i++) {
        tests[i].name = nets[i].name;
        tests[i].test_func = same_function;
        tests[i].initial_state = (void *)(uintptr_t)&nets[i];
    }
    tests[LENGTH(nets)] = (struct CMUnitTest)cmocka_unit_test(what_is_left);
    tests[LENGTH(nets) + 1] = (struct CMUnitTest)cmocka_unit_test(threads_do_not_show);
    tests[LENGTH(nets) + 2] = (struct CMUnitTest)cmocka_unit_test(awkward_networks);
    tests[LENGTH(nets) + 3] = (struct CMUnitTest)cmocka_unit_test(prediction_is_not_rounded);
    return _cmocka_run_group_tests("passes", tests, LENGTH(tests), NULL, NULL);
}
