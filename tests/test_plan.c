/* The plan: bits do not depend on threads, a step allocates nothing, planned memory never aliases
 * what is alive (the gradient of whole networks against finite differences in double), inference of
 * part of a batch, sharing, snapshots. Networks come from the registry's spaces. */
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/base/sha256.h"
#include "core/plan/plan.h"
#include "core/registry.h"
#include "tests/aid/work.h"

typedef struct net {
    const char *space, *arch;
    af_io io;
} net;
static const net nets[] = {
    {"nb201",
     "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
     {{3, 9, 9}, {5, 1, 1}, false, AF_TINY}},
    {"nb201",
     "|skip_connect~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|avg_pool_3x3~0|nor_conv_1x1~1|skip_connect~"
     "2|",
     {{2, 1, 31}, {4, 1, 1}, false, AF_TINY}},
    {"wrn", "default", {{3, 7, 6}, {1, 7, 6}, true, AF_TINY}},
    {"wrn", "default", {{1, 1, 40}, {4, 1, 1}, false, AF_TINY}},
};
enum { NETS = LENGTH(nets), BATCH = 12, MAX_VALUES = 1 << 14 };

typedef struct problem {
    af_graph *graph;
    const af_loss *loss;
    float x[MAX_VALUES], y[MAX_VALUES];
    int32_t label[BATCH];
} problem;

static problem *open_problem(const net *n)
{
    problem *p = af_calloc(1, sizeof *p);
    const af_space *space = af_find_space(n->space);
    af_config c;
    assert_ok(af_space_parse(space, &c, n->arch));
    assert_ok(af_space_build(space, &c, &n->io, &p->graph));
    p->loss = n->io.dense ? &af_loss_relative_l2 : &af_loss_cross_entropy;
    af_rng r = af_rng_at(1, "test", 0, 0, 0, 0);
    assert_true(BATCH * af_shape_size(n->io.input) <= MAX_VALUES);
    for (int i = 0; i < MAX_VALUES; i++)
        p->x[i] = (float)af_rng_normal(&r), p->y[i] = (float)af_rng_normal(&r);
    for (int i = 0; i < BATCH; i++)
        p->label[i] = (int32_t)af_rng_below(&r, (uint64_t)n->io.output.c);
    return p;
}

static void close_problem(problem *p)
{
    af_graph_free(p->graph);
    af_free(p);
}

static const void *target(const problem *p)
{
    return p->loss->target == AF_TARGET_CLASS ? (const void *)p->label : (const void *)p->y;
}

static af_plan *plan_in(af_precision precision, const problem *p, const char *backend, int threads,
                        bool train, af_plan *params_of)
{
    af_plan *out;
    af_plan_options o = af_plan_options_default();
    o.batch = BATCH;
    o.threads = threads;
    o.train = train;
    o.loss = p->loss;
    o.params_of = params_of;
    o.precision = precision;
    assert_ok(af_plan_new(&out, p->graph, af_find_backend(backend), &o));
    if (!params_of) af_plan_init(out, 7, 3);
    return out;
}

static af_plan *plan(const problem *p, const char *backend, int threads, bool train,
                     af_plan *params_of)
{
    return plan_in(AF_FULL_PRECISION, p, backend, threads, train, params_of);
}

static double step(af_plan *p, const problem *q, int i)
{
    double loss;
    af_update u = af_update_default();
    u.lr = 0.01;
    u.count = i;
    u.clip = 5;
    assert_ok(af_plan_step(p, q->x, target(q), &u, (af_position){7, 3, 0, (uint32_t)i}, &loss));
    return loss;
}

static void digest(const af_plan *p, char hex[AF_SHA256_HEX])
{
    af_sha256 *h = af_sha256_new();
    af_plan_digest(p, h);
    af_sha256_end(h, hex);
}

static void train_digest(af_precision precision, const problem *q, const char *backend, int threads,
                         char hex[AF_SHA256_HEX])
{
    af_plan *p = plan_in(precision, q, backend, threads, true, NULL);
    for (int i = 0; i < 4; i++) step(p, q, i);
    digest(p, hex);
    af_plan_free(p);
}

static void check_bits(af_precision precision, const af_backend *b)
{
    char one[AF_SHA256_HEX], more[AF_SHA256_HEX];
    for (int n = 0; n < NETS; n++) {
        problem *q = open_problem(&nets[n]);
        train_digest(precision, q, b->name, 1, one);
        for (int threads = 2; threads <= 4; threads += 2) {
            train_digest(precision, q, b->name, threads, more);
            assert_string_equal(one, more);
        }
        close_problem(q);
    }
}

static void same_bits_with_any_threads(void **state)
{
    (void)state;
    for (size_t i = 0; af_builtin.backend[i]; i++) {
        char why[256];
        const af_backend *b = af_builtin.backend[i];
        if (!work_wants(b->name) || b->probe(why, sizeof why) != AF_OK) continue;
        check_bits(AF_FULL_PRECISION, b);
        if (b->dtype == AF_F32) check_bits(AF_BF16_PRECISION, b);
    }
}

static void check_allocations(af_precision precision, const problem *q)
{
    const af_backend *b; /* of the host: a driver's heap is its own affair */
    assert_ok(af_backend_at(&b, AF_PLACE_CPU));
    if (!af_precision_offered(b, precision)) return;
    af_plan *p = plan_in(precision, q, b->name, 2, true, NULL);
    for (int i = 0; i < 3; i++) step(p, q, i); /* threads and the libraries' own pools exist now */
    unsigned long before = af_alloc_count();
    size_t heap = mallinfo2().uordblks;
    for (int i = 3; i < 6; i++) step(p, q, i);
    assert_int_equal(af_alloc_count(), before);
    assert_int_equal(mallinfo2().uordblks, heap);
    af_plan_free(p);
}

static void a_step_allocates_nothing(void **state)
{
    (void)state;
    for (int n = 0; n < NETS; n++) {
        problem *q = open_problem(&nets[n]);
        check_allocations(AF_FULL_PRECISION, q);
        check_allocations(AF_BF16_PRECISION, q);
        close_problem(q);
    }
}

/* Along random directions: (L(w + hd) - L(w - hd)) / 2h against g . d. Batch norm's running
 * statistics do not enter a training loss. */
static void gradient_matches_finite_differences(void **state)
{
    (void)state;
    for (int n = 0; n < NETS; n++) {
        problem *q = open_problem(&nets[n]);
        af_plan *p = plan(q, "reference64", 2, true, NULL);
        int64_t size = af_plan_size(p, AF_WEIGHTS);
        double *w = af_calloc((size_t)size * 4, sizeof *w), *g = w + size, *d = g + size,
               *v = d + size, loss[2];
        af_plan_read(p, AF_WEIGHTS, w);
        assert_ok(af_plan_gradients(p, q->x, target(q), (af_position){0}, loss));
        af_plan_read(p, AF_GRADIENTS, g);
        double worst = 0, h = 1e-6;
        for (int trial = 0; trial < 4; trial++) {
            af_rng r = af_rng_at(11, "test", (uint64_t)trial, 0, 0, 0);
            double along = 0, norm = 0;
            for (int64_t i = 0; i < size; i++) d[i] = af_rng_normal(&r), norm += d[i] * d[i];
            for (int64_t i = 0; i < size; i++) d[i] /= sqrt(norm), along += g[i] * d[i];
            for (int side = 0; side < 2; side++) {
                for (int64_t i = 0; i < size; i++) v[i] = w[i] + (side ? -h : h) * d[i];
                af_plan_write(p, AF_WEIGHTS, v);
                assert_ok(af_plan_gradients(p, q->x, target(q), (af_position){0}, &loss[side]));
            }
            double numeric = (loss[0] - loss[1]) / (2 * h);
            worst = fmax(worst, fabs(numeric - along) / fabs(along));
            assert_true(fabs(along) > 1e-5);
        }
        printf("  %-6s %dx%dx%d: whole-network gradient, max relative error %.2g\n", nets[n].space,
               nets[n].io.input.c, nets[n].io.input.h, nets[n].io.input.w, worst);
        assert_true(worst < 1e-4);
        af_free(w);
        af_plan_free(p);
        close_problem(q);
    }
}

static void backends_agree_on_whole_networks(void **state)
{
    (void)state;
    for (int n = 0; n < NETS; n++) {
        problem *q = open_problem(&nets[n]);
        af_plan *exact = plan(q, "reference64", 1, true, NULL),
                *fast = plan(q, af_default_backend()->name, 1, true, NULL);
        int64_t size = af_plan_size(exact, AF_WEIGHTS);
        double *a = af_calloc((size_t)size * 2, sizeof *a), *b = a + size, la, lb, error = 0,
               norm = 0;
        af_plan_read(fast, AF_WEIGHTS, b);
        af_plan_write(exact, AF_WEIGHTS, b);
        assert_ok(af_plan_gradients(exact, q->x, target(q), (af_position){0}, &la));
        assert_ok(af_plan_gradients(fast, q->x, target(q), (af_position){0}, &lb));
        af_plan_read(exact, AF_GRADIENTS, a);
        af_plan_read(fast, AF_GRADIENTS, b);
        for (int64_t i = 0; i < size; i++)
            error += (a[i] - b[i]) * (a[i] - b[i]), norm += a[i] * a[i];
        assert_true(norm > 0);
        assert_true(fabs(la - lb) < 1e-5 * fabs(la));
        assert_true(sqrt(error / norm) < 1e-3);
        af_free(a);
        af_plan_free(exact);
        af_plan_free(fast);
        close_problem(q);
    }
}

static void part_of_a_batch_infers_the_same(void **state)
{
    (void)state;
    for (int n = 0; n < NETS; n++) {
        problem *q = open_problem(&nets[n]);
        af_plan *p = plan(q, af_default_backend()->name, 2, true, NULL);
        af_plan *infer = plan(q, af_default_backend()->name, 2, false, p);
        int64_t out = af_shape_size(nets[n].io.output);
        float *whole = af_calloc((size_t)(BATCH * out), sizeof *whole),
              *part = af_calloc((size_t)(BATCH * out), sizeof *part);
        double before, after;
        assert_ok(af_plan_infer(infer, BATCH, q->x, target(q), whole, &before));
        step(p, q, 0);
        assert_ok(af_plan_infer(infer, BATCH, q->x, target(q), whole, &after));
        assert_true(before != after); /* parameters are shared, so the step shows */
        for (int count = 1; count < BATCH; count++) {
            memset(part, 0, (size_t)(BATCH * out) * sizeof *part);
            assert_ok(af_plan_infer(infer, count, q->x, NULL, part, NULL));
            assert_memory_equal(part, whole, (size_t)(count * out) * sizeof *part);
            assert_true(part[count * out] == 0);
        }
        af_free(whole);
        af_free(part);
        af_plan_free(infer);
        af_plan_free(p);
        close_problem(q);
    }
}

static void restored_snapshot_goes_on_alike(void **state)
{
    (void)state;
    char a[AF_SHA256_HEX], b[AF_SHA256_HEX];
    problem *q = open_problem(&nets[0]);
    af_plan *p = plan(q, af_default_backend()->name, 2, true, NULL);
    void *shot = af_alloc(af_plan_snapshot_size(p));
    step(p, q, 0);
    af_plan_snapshot(p, shot);
    step(p, q, 1);
    digest(p, a);
    step(p, q, 2);
    af_plan_restore(p, shot);
    step(p, q, 1);
    digest(p, b);
    assert_string_equal(a, b);
    af_free(shot);
    af_plan_free(p);
    close_problem(q);
}

static void decoding_scales_prediction_and_gradient(void **state)
{
    (void)state;
    problem *q = open_problem(&nets[2]);
    int64_t out = af_shape_size(nets[2].io.output);
    float scale[64], shift[64];
    for (int i = 0; i < out; i++) scale[i] = 2 + (float)i / 10, shift[i] = (float)i - 3;
    af_plan *p, *raw = plan(q, "reference64", 1, false, NULL), *decoded;
    af_plan_options o = af_plan_options_default();
    o.batch = BATCH;
    o.loss = q->loss;
    o.scale = scale;
    o.shift = shift;
    assert_ok(af_plan_new(&decoded, q->graph, af_find_backend("reference64"), &o));
    af_plan_init(decoded, 7, 3);
    float a[BATCH * 64], b[BATCH * 64];
    assert_ok(af_plan_infer(raw, BATCH, q->x, NULL, a, NULL));
    assert_ok(af_plan_infer(decoded, BATCH, q->x, NULL, b, NULL));
    for (int i = 0; i < BATCH * out; i++)
        assert_true(fabs(b[i] - (a[i] * scale[i % out] + shift[i % out])) <
                    1e-5 * (1 + fabs((double)b[i])));
    o.train = true;
    assert_ok(af_plan_new(&p, q->graph, af_find_backend("reference64"), &o));
    double l0, l1, h = 1e-6;
    af_plan_init(p, 7, 3);
    int64_t size = af_plan_size(p, AF_WEIGHTS);
    double *w = af_calloc((size_t)size * 2, sizeof *w), *g = w + size;
    af_plan_read(p, AF_WEIGHTS, w);
    assert_ok(af_plan_gradients(p, q->x, target(q), (af_position){0}, &l0));
    af_plan_read(p, AF_GRADIENTS, g);
    w[size - 1] += h; /* the head's bias: always in the decoded path */
    af_plan_write(p, AF_WEIGHTS, w);
    assert_ok(af_plan_gradients(p, q->x, target(q), (af_position){0}, &l1));
    assert_true(fabs(g[size - 1]) > 1e-6);
    assert_true(fabs((l1 - l0) / h - g[size - 1]) < 1e-3 * fabs(g[size - 1]));
    af_free(w);
    af_plan_free(p);
    af_plan_free(raw);
    af_plan_free(decoded);
    close_problem(q);
}

static void bad_requests_are_refused(void **state)
{
    (void)state;
    problem *q = open_problem(&nets[0]);
    af_plan *p;
    af_plan_options o = af_plan_options_default();
    o.batch = 10, o.lanes = 3;
    assert_int_equal(af_plan_new(&p, q->graph, af_default_backend(), &o), AF_EINVAL);
    assert_says("3 lanes do not divide the batch of 10");
    o.lanes = 0, o.train = true;
    assert_int_equal(af_plan_new(&p, q->graph, af_default_backend(), &o), AF_EINVAL);
    assert_says("needs a loss");
    for (int i = 0; i < MAX_VALUES; i++) q->x[i] = NAN;
    p = plan(q, af_default_backend()->name, 1, true, NULL);
    double loss;
    af_update u = af_update_default();
    assert_int_equal(af_plan_step(p, q->x, target(q), &u, (af_position){0, 0, 4, 2}, &loss),
                     AF_EDIVERGED);
    assert_says("diverged at epoch 4, step 2");
    af_plan_free(p);
    close_problem(q);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    problem *q = open_problem(&nets[3]);
    af_plan_options o = af_plan_options_default();
    o.batch = BATCH, o.train = true, o.loss = q->loss;
    int failures = 0;
    for (unsigned long k = 1;; k++) {
        af_plan *p = NULL;
        af_alloc_fail_at(k);
        af_status st = af_plan_new(&p, q->graph, af_find_backend("reference"), &o);
        af_alloc_fail_at(0);
        if (st == AF_OK) {
            af_plan_free(p);
            break;
        }
        assert_int_equal(st, AF_ENOMEM);
        assert_null(p);
        failures++;
    }
    assert_true(failures > 10);
    close_problem(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_with_any_threads),
        cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(gradient_matches_finite_differences),
        cmocka_unit_test(backends_agree_on_whole_networks),
        cmocka_unit_test(part_of_a_batch_infers_the_same),
        cmocka_unit_test(restored_snapshot_goes_on_alike),
        cmocka_unit_test(decoding_scales_prediction_and_gradient),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
