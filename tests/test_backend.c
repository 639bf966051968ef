/* Every usable backend by existing: each op on each case against the reference in double; the bits
 * for any number of threads; the check itself against a flipped sign; prepare when memory runs out.
 * Prints the largest errors per op. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/device.h"
#include "core/registry.h"
#include "tests/aid/call.h"

extern const af_op af_op_avg_pool, af_op_batch_norm, af_op_conv, af_op_linear, af_op_max_pool,
    af_op_zero;

/* Relative to the largest value of a tensor. Single-precision sums of some thousand terms, of
 * values that Winograd's transforms along a line make up to ten times larger before they cancel. */
static const double TOLERANCE = 5e-6;
/* In bf16 a value keeps 8 bits: rounding it is off by 2^-9 of itself. The same inputs, already
 * rounded, go to both sides; what differs is the rounding of the weights that a kernel may do, of
 * the result, and of a gradient that is added to: three times 2^-9, if all are at their worst and
 * in line, and the largest value of the tensor is the measure. */
static const double TOLERANCE_BF16 = 3.0 / 512;

#define PAD(t, b, l, r) .pad = {t, b, l, r}
#define KERNEL(h, w)    .kernel = {h, w}, .stride = {1, 1}, .dilation = {1, 1}
#define SPREAD(k, d)    .kernel = {k, k}, .stride = {1, 1}, .dilation = {d, d}

/* Layers of real networks, large enough for whole vectors and tiles, beside the odd ones of
 * op_cases. */
static const op_case network_cases[] = {
    {"cell 16@32",
     &af_op_conv,
     {.out = 16, KERNEL(3, 3), PAD(1, 1, 1, 1), .groups = 1},
     {{16, 32, 32}},
     2},
    {"cell 64@8",
     &af_op_conv,
     {.out = 64, KERNEL(3, 3), PAD(1, 1, 1, 1), .groups = 1},
     {{64, 8, 8}},
     4},
    {"winograd 16>48@32",
     &af_op_conv,
     {.out = 48, KERNEL(3, 3), PAD(1, 1, 1, 1), .groups = 1},
     {{16, 32, 32}},
     8},
    {"winograd unpadded 24>8@9x7",
     &af_op_conv,
     {.out = 8, KERNEL(3, 3), .groups = 1},
     {{24, 9, 7}},
     4},
    {"winograd biased 19>42@10x11",
     &af_op_conv,
     {.out = 42, KERNEL(3, 3), PAD(2, 2, 2, 2), .groups = 1, .bias = true},
     {{19, 10, 11}},
     4},
    {"winograd lopsided 17>23@6x5",
     &af_op_conv,
     {.out = 23, KERNEL(3, 3), PAD(0, 2, 1, 2), .groups = 1},
     {{17, 6, 5}},
     8},
    {"winograd wide 16>17@4x101",
     &af_op_conv,
     {.out = 17, KERNEL(3, 3), PAD(1, 1, 1, 1), .groups = 1},
     {{16, 4, 101}},
     2},
    {"winograd deep 130>68@2",
     &af_op_conv,
     {.out = 68, KERNEL(3, 3), PAD(1, 1, 1, 1), .groups = 1},
     {{130, 2, 2}},
     2},
    {"winograd 64>192@8",
     &af_op_conv,
     {.out = 192, KERNEL(3, 3), PAD(1, 1, 1, 1), .groups = 1},
     {{64, 8, 8}},
     4},
    {"stem 3@32",
     &af_op_conv,
     {.out = 16, KERNEL(3, 3), PAD(1, 1, 1, 1), .groups = 1},
     {{3, 32, 32}},
     2},
    {"1x1 32@16", &af_op_conv, {.out = 32, KERNEL(1, 1), .groups = 1}, {{32, 16, 16}}, 4},
    {"resnet 1-d 8",
     &af_op_conv,
     {.out = 64, KERNEL(1, 8), PAD(0, 0, 3, 4), .groups = 1},
     {{1, 1, 300}},
     4},
    {"winograd line 5 64@90",
     &af_op_conv,
     {.out = 64, KERNEL(1, 5), PAD(0, 0, 2, 2), .groups = 1},
     {{64, 1, 90}},
     4},
    {"winograd line 8 64@250",
     &af_op_conv,
     {.out = 64, KERNEL(1, 8), PAD(0, 0, 3, 4), .groups = 1},
     {{64, 1, 250}},
     4},
    {"winograd line 3 16>40@46",
     &af_op_conv,
     {.out = 40, KERNEL(1, 3), PAD(0, 0, 1, 1), .groups = 1},
     {{16, 1, 46}},
     4},
    {"winograd line 4 lopsided 19>23@5x30",
     &af_op_conv,
     {.out = 23, KERNEL(1, 4), PAD(0, 0, 3, 0), .groups = 1, .bias = true},
     {{19, 5, 30}},
     4},
    {"winograd line 11 17>9@61",
     &af_op_conv,
     {.out = 9, KERNEL(1, 11), PAD(0, 0, 10, 2), .groups = 1, .bias = true},
     {{17, 1, 61}},
     4},
    {"winograd line 16 unpadded 8>24@37",
     &af_op_conv,
     {.out = 24, KERNEL(1, 16), .groups = 1},
     {{8, 1, 37}},
     4},
    {"dilated 16@16",
     &af_op_conv,
     {.out = 16, SPREAD(3, 2), PAD(2, 2, 2, 2), .groups = 1},
     {{16, 16, 16}},
     4},
    {"depthwise 3 16@32",
     &af_op_conv,
     {.out = 16, SPREAD(3, 1), PAD(1, 1, 1, 1), .groups = 16},
     {{16, 32, 32}},
     4},
    {"depthwise 5 40@11",
     &af_op_conv,
     {.out = 40, SPREAD(5, 1), PAD(2, 2, 2, 2), .groups = 40},
     {{40, 11, 11}},
     4},
    {"depthwise 5 dilated",
     &af_op_conv,
     {.out = 32, SPREAD(5, 2), PAD(4, 4, 4, 4), .groups = 32},
     {{32, 16, 16}},
     4},
    {"depthwise unpadded", &af_op_conv, {.out = 16, SPREAD(3, 2), .groups = 16}, {{16, 9, 10}}, 4},
    {"head", &af_op_linear, {.out = 100, .bias = true}, {{64, 1, 1}}, 8},
    {"norm 16@32", &af_op_batch_norm, {.epsilon = 1e-5, .momentum = 0.1}, {{16, 32, 32}}, 4},
    {"norm 40@9", &af_op_batch_norm, {.epsilon = 1e-5, .momentum = 0.1}, {{40, 9, 9}}, 4},
    {"avg 40@9", &af_op_avg_pool, {KERNEL(3, 3), PAD(1, 1, 1, 1), .groups = 1}, {{40, 9, 9}}, 4},
    {"max 40@9", &af_op_max_pool, {KERNEL(3, 3), PAD(1, 1, 1, 1), .groups = 1}, {{40, 9, 9}}, 4},
    {NULL, NULL, {0}, {{0}}, 0},
};

/* Shapes that vectorised kernels leave to others. */
static const op_case odd_cases[] = {
    {"3x3 overpadded",
     &af_op_conv,
     {.out = 16, KERNEL(3, 3), PAD(3, 3, 3, 3), .groups = 1},
     {{16, 9, 10}},
     4},
    {"3x3 of one row",
     &af_op_conv,
     {.out = 16, KERNEL(3, 3), PAD(1, 1, 1, 1), .groups = 1},
     {{16, 1, 20}},
     4},
    {"3x3 strided",
     &af_op_conv,
     {.out = 32,
      .kernel = {3, 3},
      .stride = {2, 2},
      .dilation = {1, 1},
      PAD(1, 1, 1, 1),
      .groups = 1},
     {{16, 16, 16}},
     4},
    {"depthwise overpadded",
     &af_op_conv,
     {.out = 16, SPREAD(3, 1), PAD(3, 3, 3, 3), .groups = 16},
     {{16, 9, 10}},
     4},
    {"max 17x17",
     &af_op_max_pool,
     {KERNEL(17, 17), PAD(8, 8, 8, 8), .groups = 1},
     {{3, 19, 19}},
     4},
    {NULL, NULL, {0}, {{0}}, 0},
};

static const op_case *const tables[] = {op_cases, network_cases, odd_cases};

/* ---- which backends there are ---- */

static bool usable(const af_backend *b)
{
    char text[128];
    return work_wants(b->name) && b->probe(text, sizeof text) == AF_OK;
}

static void probes(void **state)
{
    (void)state;
    for (const af_backend *const *b = af_builtin.backend; *b; b++) {
        char text[128] = "";
        af_status st = (*b)->probe(text, sizeof text);
        printf("  %-12s %s\n", (*b)->name, st == AF_OK ? text : af_error());
        assert_true(st == AF_OK || st == AF_EUNSUPPORTED);
        assert_int_not_equal(st == AF_OK ? strlen(text) : strlen(af_error()), 0);
        assert_ptr_equal(af_find_backend((*b)->name), *b);
        assert_non_null((*b)->summary);
        assert_true(!(*b)->prepare == !(*b)->release);
    }
    const char *always =
        getenv("AFIELD_TEST_BACKEND") ? getenv("AFIELD_TEST_BACKEND") : "reference";
    assert_true(usable(af_find_backend(always)));
}

/* ---- against the reference in double ---- */

typedef struct tally {
    double y, dx, dw, w; /* largest errors; w: buffers that moved */
    double tolerance;
    int cases, overridden, tensors, mutations;
} tally;

static void compare(double *worst, tally *t, const rig *r, const double *got, const double *want,
                    int64_t n)
{
    if (!want) return;
    assert_non_null(got);
    if (r->node.op != &af_op_zero) assert_false(all_zero(want, n));
    double error = mismatch(got, want, n);
    if (!(error <= t->tolerance)) printf("  %s: error %.2e\n", r->from->name, error);
    *worst = fmax(*worst, error);
    t->tensors++;
    t->mutations += mutation_noticed(got, want, n, t->tolerance);
}

static void compare_runs(tally *t, const rig *r, const rig_options *o)
{
    rig_options reference = *o;
    reference.backend = NULL;
    reference.dtype = AF_F64;
    rig_result want, got;
    rig_run(&want, r, &reference);
    rig_run(&got, r, o);
    compare(&t->y, t, r, got.y, want.y, r->y_size);
    for (int i = 0; i < r->inputs; i++) compare(&t->dx, t, r, got.dx[i], want.dx[i], r->x_size[i]);
    for (int i = 0; i < r->params; i++) {
        compare(&t->dw, t, r, got.dw[i], want.dw[i], r->w_size[i]);
        if (!r->param[i].trained && o->train)
            compare(&t->w, t, r, got.w[i], want.w[i], r->w_size[i]);
    }
    if (r->node.op->mixes && o->backward) compare(&t->dw, t, r, got.dmix, want.dmix, r->inputs);
    t->overridden += got.overridden;
    rig_clear(&want);
    rig_clear(&got);
}

/* Inference; training in one go, and cut into lanes and chunks with gradients added. */
static void check_case(const af_backend *b, bool bf16, const op_case *c, tally *t)
{
    rig r;
    if (!rig_make(&r, c)) fail_msg("%s: %s", c->name, af_error());
    rig_options o = {.backend = b, .dtype = bf16 ? AF_BF16 : b->dtype, .round = bf16};
    compare_runs(t, &r, &o);
    o.train = o.backward = true;
    compare_runs(t, &r, &o);
    o.lanes = o.threads = 2;
    o.chunk = c->batch / 4 > 0 ? c->batch / 4 : 1;
    o.add_x = true;
    compare_runs(t, &r, &o);
    t->cases++;
    rig_free(&r);
}

/* How many runs the backend had a kernel of its own for. */
static int check_op(const af_backend *b, bool bf16, const af_op *op)
{
    tally t = {.tolerance = bf16 ? TOLERANCE_BF16 : TOLERANCE};
    for (size_t i = 0; i < LENGTH(tables); i++)
        for (const op_case *c = tables[i]; c->op; c++)
            if (c->op == op) check_case(b, bf16, c, &t);
    printf("  %-12s %-5s %-12s %5d %4s %10.1e %10.1e %10.1e %10.1e %6d/%d\n", b->name,
           af_precision_name(b, bf16 ? AF_BF16_PRECISION : AF_FULL_PRECISION), op->name, t.cases,
           t.overridden == 3 * t.cases ? "all"
           : t.overridden              ? "some"
                                       : "-",
           t.y, t.dx, t.dw, t.w, t.mutations, t.tensors);
    assert_true(fmax(fmax(t.y, t.dx), fmax(t.dw, t.w)) <= t.tolerance);
    assert_int_equal(t.mutations, t.tensors);
    return t.overridden;
}

/* Kernels for bf16 are there wherever there are some for float; only products of matrices may be
 * left to float, on processors that have no such products of bf16. */
static void check_backend(const af_backend *b)
{
    for (const af_op *const *op = af_builtin.op; *op; op++) {
        bool products = *op == &af_op_conv || *op == &af_op_linear;
        int own = check_op(b, false, *op);
        if (b->dtype != AF_F32) continue;
        int own_bf16 = check_op(b, true, *op);
        assert_true(own_bf16 == own || (products && own_bf16 < own));
        if (*op == &af_op_conv && own) assert_true(own_bf16 > 0); /* depthwise */
    }
}

static void every_op_on_every_backend(void **state)
{
    (void)state;
    printf("  %-12s %-5s %-12s %5s %4s %10s %10s %10s %10s %6s\n", "backend", "", "op", "cases",
           "own", "y", "dx", "dw", "buffers", "mutations");
    for (const af_backend *const *b = af_builtin.backend; *b; b++)
        if (usable(*b)) check_backend(*b);
}

/* ---- bits ---- */

static void assert_same_bits(const char *name, const double *a, const double *b, int64_t n)
{
    assert_true(!a == !b);
    if (a && memcmp(a, b, (size_t)n * sizeof *a) != 0) fail_msg("%s: the thread count shows", name);
}

static void same_for_threads(const af_backend *b, bool bf16, const op_case *c)
{
    rig r;
    if (!rig_make(&r, c)) fail_msg("%s: %s", c->name, af_error());
    rig_options o = {
        .backend = b, .dtype = bf16 ? AF_BF16 : b->dtype, .train = true, .backward = true};
    o.threads = 1;
    o.lanes = c->batch % 4 == 0 ? 4 : 2;
    o.chunk = 1;
    rig_result one, more;
    rig_run(&one, &r, &o);
    for (o.threads = 2; o.threads <= 4; o.threads++) {
        rig_run(&more, &r, &o);
        assert_same_bits(c->name, one.y, more.y, r.y_size);
        for (int i = 0; i < r.inputs; i++)
            assert_same_bits(c->name, one.dx[i], more.dx[i], r.x_size[i]);
        for (int i = 0; i < r.params; i++) {
            assert_same_bits(c->name, one.dw[i], more.dw[i], r.w_size[i]);
            assert_same_bits(c->name, one.w[i], more.w[i], r.w_size[i]);
        }
        rig_clear(&more);
    }
    rig_clear(&one);
    rig_free(&r);
}

static void threads_do_not_show(void **state)
{
    (void)state;
    for (const af_backend *const *b = af_builtin.backend; *b; b++) {
        if (!usable(*b) || !(*b)->prepare)
            continue; /* the reference has no state that could differ */
        for (int bf16 = 0; bf16 <= ((*b)->dtype == AF_F32); bf16++)
            for (size_t i = 0; i < LENGTH(tables); i++)
                for (const op_case *c = tables[i]; c->op; c++) same_for_threads(*b, bf16, c);
    }
}

/* Cases that are named after an implementation are run by it, also when nobody wants dx; the odd
 * ones are not. */
static void named_after_their_kernel(void **state)
{
    (void)state;
    const af_backend *b = af_find_backend("onednn");
#if defined(__x86_64__)
    bool able = b && usable(b) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    bool able = false;
#endif
    if (!able) skip();
    const op_case *const both[] = {network_cases, odd_cases};
    for (size_t i = 0; i < LENGTH(both); i++)
        for (const op_case *c = both[i]; c->op; c++) {
            bool named = strncmp(c->name, "winograd", strlen("winograd")) == 0;
            if (c->op != &af_op_conv || (!named && i == 0)) continue;
            rig r;
            if (!rig_make(&r, c)) fail_msg("%s: %s", c->name, af_error());
            rig_options o = {.backend = b, .train = true, .backward = true};
            rig_result out, alone;
            rig_run(&out, &r, &o);
            o.skip_dx = 1;
            rig_run(&alone, &r, &o);
            printf("  %-28s %s\n", c->name, out.kernel);
            assert_int_equal(strncmp(out.kernel, "winograd", strlen("winograd")) == 0, named);
            assert_true(out.dx[0] && !alone.dx[0]);
            assert_memory_equal(out.dw[0], alone.dw[0], (size_t)r.w_size[0] * sizeof(double));
            rig_clear(&out);
            rig_clear(&alone);
            rig_free(&r);
        }
}

/* ---- when memory runs out ---- */

static int failing_prepares(const af_backend *b, const af_request *q)
{
    int failures = 0;
    af_status st = AF_ENOMEM;
    for (unsigned long k = 1; st != AF_OK; k++, failures++) {
        af_prepared p;
        af_alloc_fail_at(k);
        st = b->prepare(q, &p);
        af_alloc_fail_at(0);
        assert_true(st == AF_OK || st == AF_ENOMEM);
        if (st == AF_OK && p.kernel) b->release(p.self);
        if (st != AF_OK) assert_null(p.kernel);
    }
    return failures;
}

static void prepare_without_memory(void **state)
{
    (void)state;
    int failures = 0;
    for (const af_backend *const *b = af_builtin.backend; *b; b++)
        for (const op_case *c = network_cases; c->op && usable(*b) && (*b)->prepare; c++) {
            rig r;
            if (!rig_make(&r, c)) fail_msg("%s: %s", c->name, af_error());
            af_request q = {.node = &r.node, .in = r.in, .n = 2, .train = true, .wants_dx = {true}};
            if ((*b)->device) assert_ok((*b)->device->open(&q.device));
            q.type = (*b)->dtype;
            failures += failing_prepares(*b, &q);
            q.type = AF_BF16;
            failures += failing_prepares(*b, &q);
            if ((*b)->device) (*b)->device->close(q.device);
            rig_free(&r);
        }
    print_message("  %d prepares, with every allocation failing once\n", failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes),
        cmocka_unit_test(every_op_on_every_backend),
        cmocka_unit_test(threads_do_not_show),
        cmocka_unit_test(named_after_their_kernel),
        cmocka_unit_test(prepare_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
