/* Kernels of batch_norm and norm_sum on a device, that of cuda_host, slot by slot as a plan calls
 * them, against the reference in double: inference, training, gradients that are added or not
 * wanted, means far from 0, the momentum of a step, one launch a slot, what may not be read. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/backends/cuda/kernels.h"
#include "core/base/alloc.h"
#include "core/base/bf16.h"
#include "core/ops/norm.h"
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

/* ---- a run on the device ---- */

typedef struct options {
    bool bf16, train, add, skip;
    double momentum; /* of the step; < 0: none */
} options;

typedef struct side {
    there t;
    af_prepared prepared;
    af_call call;
    long slots; /* called, that have something to do */
} side;

static void *stored(const double *from, int64_t n, bool bf16)
{
    void *to = af_calloc((size_t)n, sizeof(float));
    assert_non_null(to);
    for (int64_t i = 0; i < n; i++)
        if (bf16)
            ((af_bf16 *)to)[i] = af_bf16_round((float)from[i]);
        else
            ((float *)to)[i] = (float)from[i];
    return to;
}

static void *send(side *s, const double *from, int64_t n, bool bf16)
{
    void *narrow = stored(from, n, bf16);
    void *p = there_put(&s->t, narrow, (size_t)n * af_dtype_size(bf16 ? AF_BF16 : AF_F32));
    af_free(narrow);
    return p;
}

static double *fetched(side *s, const void *from, int64_t n, bool bf16)
{
    double *to = af_calloc((size_t)n, sizeof *to);
    void *narrow = af_calloc((size_t)n, sizeof(float));
    assert_true(to && narrow);
    there_get(&s->t, narrow, from, (size_t)n * af_dtype_size(bf16 ? AF_BF16 : AF_F32));
    for (int64_t i = 0; i < n; i++)
        to[i] = bf16 ? (double)af_bf16_float(((af_bf16 *)narrow)[i]) : (double)((float *)narrow)[i];
    af_free(narrow);
    return to;
}

/* Gradients start as what rig_run starts them from. */
static void *gradient(side *s, const rig *r, int k, const options *o)
{
    double *start = af_calloc((size_t)r->x_size[k], sizeof *start);
    assert_non_null(start);
    for (int64_t i = 0; o->add && i < r->x_size[k]; i++) start[i] = rig_value(i, 30);
    void *p = send(s, start, r->x_size[k], o->bf16);
    if (!o->add && !af_reads_slice(&r->node, r->in[k]))
        af_host_forget(p, (size_t)r->x_size[k] * af_dtype_size(o->bf16 ? AF_BF16 : AF_F32));
    af_free(start);
    return p;
}

static void parameters(side *s, const rig *r, const options *o)
{
    af_call *c = &s->call;
    for (int k = 0; k < r->params; k++) {
        c->w[k] = send(s, r->w[k], r->w_size[k], false);
        if (o->train && r->param[k].trained)
            c->dw[k] = there_room(&s->t, (size_t)r->w_size[k] * sizeof(float));
    }
}

static void set_up(side *s, const rig *r, const options *o)
{
    size_t type = af_dtype_size(o->bf16 ? AF_BF16 : AF_F32);
    *s = (side){.slots = 0};
    there_open(&s->t);
    af_request q = {.node = &r->node,
                    .in = r->in,
                    .n = r->from->batch,
                    .train = o->train,
                    .type = o->bf16 ? AF_BF16 : AF_F32,
                    .device = s->t.device};
    assert_ok(af_cuda_host_prepare(&q, &s->prepared));
    assert_non_null(s->prepared.kernel);
    const af_step_inputs in = {.momentum = o->momentum};
    s->call = (af_call){.node = &r->node,
                        .in = r->in,
                        .self = s->prepared.self,
                        .n = r->from->batch,
                        .train = o->train,
                        .inputs = there_put(&s->t, &in, sizeof in)};
    s->call.y = there_room(&s->t, (size_t)r->y_size * type);
    s->call.dy = send(s, r->dy, r->y_size, o->bf16);
    int rows = r->node.op->shared(&r->node, r->in);
    s->call.shared = there_room(&s->t, (size_t)rows * sizeof(double));
    parameters(s, r, o);
    for (int k = 0; k < r->inputs; k++) {
        s->call.x[k] = send(s, r->x[k], r->x_size[k], o->bf16);
        s->call.add[k] = o->add;
        if (o->train && !(o->skip && k == 0)) s->call.dx[k] = gradient(s, r, k, o);
    }
}

/* In the order of a plan. What a slot may not read any more is forgotten. */
static void call_slots(side *s, const rig *r, const options *o)
{
    const af_kernel *k = s->prepared.kernel;
    af_call *c = &s->call;
    bool sum = r->node.op->gathers != NULL, normed = !sum || r->node.attrs.normed > 0;
    assert_true(!k->combine && !k->combine_back && !k->begin && !k->finish);
    for (c->input = 0; o->train && normed && c->input < af_gathers(&r->node); c->input++) {
        k->gather(c);
        s->slots++;
    }
    k->forward(c);
    s->slots++;
    if (!o->train) return;
    if (normed) k->gather_back(c);
    s->slots += normed;
    for (int e = 0; e < r->inputs; e++)
        if (sum && e >= r->node.attrs.normed) /* plain inputs are not read again */
            af_host_forget(c->x[e], (size_t)r->x_size[e] * (o->bf16 ? 2 : 4));
    for (c->input = 0; c->input < r->inputs; c->input++) {
        k->backward(c);
        s->slots += c->dx[c->input] != NULL;
    }
}

/* ---- comparing ---- */

typedef struct tally {
    double y, dx, dw, w, tolerance;
    int tensors;
} tally;

static void compare(double *worst, tally *t, side *s, const rig *r, const void *got,
                    const double *want, int64_t n, bool bf16)
{
    if (!got || !want) return;
    double *values = fetched(s, got, n, bf16), error = mismatch(values, want, n);
    if (!(error <= t->tolerance)) fail_msg("%s: error %.2e", r->from->name, error);
    assert_true(mutation_noticed(values, want, n, t->tolerance));
    *worst = fmax(*worst, error);
    t->tensors++;
    af_free(values);
}

static void compare_all(tally *t, side *s, const rig *r, const options *o, const rig_result *want)
{
    const af_call *c = &s->call;
    compare(&t->y, t, s, r, c->y, want->y, r->y_size, o->bf16);
    for (int k = 0; k < r->inputs; k++) {
        assert_true(!c->dx[k] == !want->dx[k]);
        compare(&t->dx, t, s, r, c->dx[k], want->dx[k], r->x_size[k], o->bf16);
    }
    for (int k = 0; k < r->params; k++) {
        compare(&t->dw, t, s, r, c->dw[k], want->dw[k], r->w_size[k], false);
        compare(&t->w, t, s, r, c->w[k], want->w[k], r->w_size[k], false);
    }
}

static void run(tally *t, rig *r, const options *o)
{
    side s;
    rig_result want;
    double own = r->node.attrs.momentum;
    set_up(&s, r, o);
    call_slots(&s, r, o);
    there_clean(&s.t);
    assert_int_equal(s.t.watch.launches, s.slots);
    if (o->momentum >= 0) r->node.attrs.momentum = o->momentum;
    rig_run(&want, r,
            &(rig_options){.dtype = AF_F64,
                           .round = o->bf16,
                           .train = o->train,
                           .backward = o->train,
                           .add_x = o->add,
                           .skip_dx = o->skip});
    r->node.attrs.momentum = own;
    compare_all(t, &s, r, o, &want);
    rig_clear(&want);
    af_cuda_host_release(s.prepared.self);
    there_close(&s.t);
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
    const options all[] = {
        {.train = false, .momentum = -1},
        {.train = true, .momentum = -1},
        {.train = true, .momentum = 0.75, .add = true},
        {.train = true, .momentum = 0, .skip = true},
    };
    rig r;
    if (!rig_make(&r, from)) fail_msg("%s: %s", from->name, af_error());
    move(&r, mean, bf16);
    for (size_t i = 0; i < LENGTH(all); i++) {
        options o = all[i];
        o.bf16 = bf16;
        run(t, &r, &o);
    }
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

static void single_precision(void **state)
{
    (void)state;
    check_cases(false, 0, 5e-6);
}

static void bf16(void **state)
{
    (void)state;
    check_cases(true, 0, 3.0 / 512);
    check_cases(true, 3, 3.0 / 512);
}

/* Nothing is lost up to a mean of some thousand standard deviations. */
static void means_far_from_zero(void **state)
{
    (void)state;
    check_cases(false, 30, 5e-6);
    check_cases(false, 3000, 5e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_precision),
        cmocka_unit_test(bf16),
        cmocka_unit_test(means_far_from_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
