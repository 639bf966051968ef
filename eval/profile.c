/* See profile.h. The two rates come from the engine itself, in the same precision: they say what
 * its best kernels reach here and now, which a data sheet does not. */
#include "eval/profile.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/log.h"

enum { MOST_STEPS = 2000, LEAST_STEPS = 3 };

typedef struct batch {
    float *x;
    void *y;
} batch;

static af_status make_batch(batch *b, const af_io *io, int n)
{
    int64_t in = n * af_shape_size(io->input), out = n * af_shape_size(io->output);
    b->x = af_alloc((size_t)in * sizeof *b->x);
    b->y = af_alloc((size_t)out * sizeof(float)); /* at least an int32 a sample */
    if (!b->x || !b->y) return AF_ENOMEM;
    for (int64_t i = 0; i < in; i++) b->x[i] = (float)sin(0.37 * (double)i * (double)i);
    for (int64_t i = 0; i < (io->dense ? out : n); i++)
        if (io->dense)
            ((float *)b->y)[i] = (float)sin((double)i);
        else
            ((int32_t *)b->y)[i] = (int32_t)(i % io->output.c);
    return AF_OK;
}

static void free_batch(batch *b)
{
    af_free(b->x);
    af_free(b->y);
}

/* ---- rates ---- */

static af_status node_seconds(double *out, const af_graph *g, int node, const af_profile_options *o,
                              int n)
{
    af_io io = {.input = af_graph_shape(g, af_graph_input(g)),
                .output = af_graph_shape(g, af_graph_output(g)),
                .dense = true};
    af_plan_options p = {
        .batch = n, .threads = 1, .precision = o->precision, .fast = o->fast, .timed = true};
    af_plan *plan;
    af_plan_node_info info;
    batch b = {0};
    float *pred = af_calloc((size_t)(n * af_shape_size(io.output)), sizeof *pred);
    af_status st = pred ? af_plan_new(&plan, g, o->backend, &p) : AF_ENOMEM;
    if (st == AF_OK) {
        st = make_batch(&b, &io, n);
        *out = INFINITY;
        for (int i = 0; i < 8 && st == AF_OK; i++) {
            af_plan_reset_times(plan);
            st = af_plan_infer(plan, n, b.x, NULL, pred, NULL);
            if (af_plan_node(plan, node, &info)) *out = fmin(*out, info.seconds[0]);
        }
        free_batch(&b);
        af_plan_free(plan);
    }
    af_free(pred);
    return st;
}

static af_status measure_rates(af_profile *out, const af_profile_options *o)
{
    af_status st = AF_OK;
    double seconds = 0;
    af_graph *matmul = af_graph_new(), *move = af_graph_new();
    if (!matmul || !move) st = AF_ENOMEM;
    if (st == AF_OK) {
        af_id x = af_input(matmul, (af_shape){256, 28, 28});
        af_id y = af_conv(matmul, x, af_conv_attrs(256, 1, 1));
        af_output(matmul, y);
        st = node_seconds(&seconds, matmul, y, o, 8);
        out->matmul_rate = af_node_cost(matmul, y).forward * 8 / seconds;
    }
    if (st == AF_OK) {
        af_shape s = {64, 64, 64};
        af_id y = af_relu(move, af_input(move, s));
        af_output(move, y);
        st = node_seconds(&seconds, move, y, o, 64);
        size_t item = o->precision == AF_BF16_PRECISION ? 2 : af_dtype_size(o->backend->dtype);
        out->traffic_rate = 2.0 * 64 * (double)af_shape_size(s) * (double)item / seconds;
    }
    af_graph_free(matmul);
    af_graph_free(move);
    return st;
}

/* ---- steps ---- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Two steps warm up: caches, kernels, and on a device what a step records. */
static af_status take_steps(af_profile *out, af_plan *plan, const batch *b, double seconds)
{
    static double took[MOST_STEPS];
    af_update u = af_update_default();
    double loss, end = af_clock() + seconds;
    u.lr = 1e-4;
    for (int i = 0; i < 2; i++) AF_TRY(af_plan_step(plan, b->x, b->y, &u, (af_position){0}, &loss));
    af_plan_reset_times(plan);
    for (out->steps = 0; out->steps < MOST_STEPS;) {
        if (out->steps >= LEAST_STEPS && af_clock() > end) break;
        double started = af_clock();
        af_position at = {.step = (uint32_t)out->steps};
        AF_TRY(af_plan_step(plan, b->x, b->y, &u, at, &loss));
        took[out->steps++] = af_clock() - started;
    }
    qsort(took, (size_t)out->steps, sizeof *took, ascending);
    out->ms_least = took[0] * 1e3;
    out->ms_median = took[out->steps / 2] * 1e3;
    return AF_OK;
}

/* On a device: the steps of a plan that is not timed. */
static af_status take_plain_steps(af_profile *out, const af_graph *g, const af_profile_options *o,
                                  af_plan_options p, const batch *b)
{
    af_plan *plan;
    p.timed = false;
    AF_TRY(af_plan_new(&plan, g, o->backend, &p));
    af_plan_init(plan, 1, 0);
    af_status st = take_steps(out, plan, b, o->seconds);
    af_plan_free(plan);
    return st;
}

static af_status profile_steps(af_profile *out, const af_graph *g, const af_profile_options *o,
                               const af_plan_options *p, const batch *b)
{
    af_profile plain;
    af_plan_init(out->plan, 1, 0);
    if (!o->backend->device) return take_steps(out, out->plan, b, o->seconds);
    AF_TRY(take_plain_steps(&plain, g, o, *p, b));
    AF_TRY(take_steps(out, out->plan, b, o->seconds));
    out->ms_least = plain.ms_least;
    out->ms_median = plain.ms_median;
    return AF_OK;
}

af_status af_profile_run(af_profile *out, const af_graph *g, const af_io *io,
                         const af_profile_options *o)
{
    const af_plan_options p = {.batch = o->batch,
                               .threads = o->threads,
                               .train = true,
                               .precision = o->precision,
                               .fast = o->fast,
                               .loss = io->dense ? &af_loss_mse : &af_loss_cross_entropy,
                               .plain = o->plain,
                               .timed = true};
    batch b = {0};
    *out = (af_profile){0};
    AF_TRY(af_plan_new(&out->plan, g, o->backend, &p));
    af_status st;
    AF_GOTO(st, done, make_batch(&b, io, o->batch));
    AF_GOTO(st, done, measure_rates(out, o));
    const af_cost *c = af_plan_cost(out->plan);
    out->flops = (c->forward + c->backward) * o->batch;
    st = profile_steps(out, g, o, &p, &b);
done:
    free_batch(&b);
    if (st != AF_OK) af_profile_close(out);
    return st;
}

void af_profile_close(af_profile *p)
{
    af_plan_free(p->plan);
    p->plan = NULL;
}

double af_profile_predict(const af_profile *p, const af_plan_node_info *n, int back)
{
    return p->steps * fmax(n->flops[back] / p->matmul_rate, n->traffic[back] / p->traffic_rate);
}
