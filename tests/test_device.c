/* Plans on a device, by the backend cuda_host, which keeps a record of what its queue is given:
 * every space's network and supernet, in the three shapes of tasks and both precisions. A step
 * allocates and waits for nothing, reads nothing that it has not written before (all that a step
 * works with is forgotten at its beginning), is recorded once and then played; and it computes what
 * the reference does. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/backends/cuda_host/host.h"
#include "core/base/alloc.h"
#include "core/base/sha256.h"
#include "core/plan/internal.h"
#include "core/registry.h"

enum { BATCH = 4, STEPS = 5, VALUES = BATCH * 16 * 16 * 4 };

static const struct {
    const char *name;
    af_io io;
} shapes[] = {
    {"image", {{3, 12, 12}, {5, 1, 1}, false, AF_TINY}},
    {"line", {{2, 1, 48}, {4, 1, 1}, false, AF_TINY}},
    {"dense", {{2, 9, 10}, {1, 9, 10}, true, AF_TINY}},
};

typedef struct problem {
    af_io io;
    const af_graph *graph;
    float x[VALUES], y[VALUES];
    int32_t label[BATCH];
} problem;

static void fill(problem *q)
{
    af_rng r = af_rng_at(5, "test", 0, 0, 0, 0);
    for (int i = 0; i < VALUES; i++)
        q->x[i] = (float)af_rng_normal(&r), q->y[i] = (float)af_rng_normal(&r);
    for (int i = 0; i < BATCH; i++) q->label[i] = i % q->io.output.c;
}

static const void *target(const problem *q)
{
    return q->io.dense ? (const void *)q->y : (const void *)q->label;
}

static af_plan *plan_of(const problem *q, const char *backend, af_precision precision,
                        af_plan *params_of)
{
    af_plan *p;
    af_plan_options o = af_plan_options_default();
    o.batch = BATCH;
    o.threads = 1;
    o.train = !params_of;
    o.params_of = params_of;
    o.precision = precision;
    o.loss = q->io.dense ? &af_loss_mse : &af_loss_cross_entropy;
    assert_ok(af_plan_new(&p, q->graph, af_find_backend(backend), &o));
    if (!params_of) af_plan_init(p, 7, 3);
    return p;
}

static af_status step(af_plan *p, const problem *q, int i, double *loss)
{
    af_update u = af_update_default();
    u.lr = 0.01;
    u.count = i;
    u.clip = 5;
    return af_plan_step(p, q->x, target(q), &u, (af_position){7, 3, 0, (uint32_t)i}, loss);
}

/* Supernets: every step another path, in turn; the same ones come again. */
static void choose_path(af_plan *p, int i)
{
    double c[AF_MAX_COEFFICIENTS];
    int n = af_plan_coefficients(p);
    for (int k = 0; k < n; k++) c[k] = i % 2 == 0 ? 0.3 : k % 3 != 0 ? 0.5 : 0;
    if (n) af_plan_set_coefficients(p, c);
}

/* What a step works with and no step may find there. Parameters, statistics and the optimiser's
 * state stay, and the zeros between parameters. */
static void forget(const af_plan *p)
{
    size_t doubles = 1, mixes = 1;
    for (int i = 0; i < p->nodes; i++) {
        const af_step_node *n = &p->node[i];
        doubles += (size_t)n->shared;
        mixes += n->node.op->mixes ? AF_MAX_INPUTS : 0;
        for (int k = 0; p->gradients && k < n->param_count; k++)
            if (n->params[k].trained)
                af_host_forget(p->gradients + (size_t)n->param_at[k] * p->item_size,
                               (size_t)af_param_size(&n->params[k]) * p->item_size);
    }
    af_host_forget(p->batch_memory, p->batch_bytes);
    af_host_forget(p->local_memory, p->local_bytes);
    af_host_forget(p->lane_memory, p->lane_bytes);
    af_host_forget(p->scratch, p->scratch_bytes);
    af_host_forget(p->shared, doubles * sizeof(double));
    af_host_forget(p->mix_partials, mixes * sizeof(double));
}

static void check_step(af_plan *p, const problem *q, int i, af_host_watch *w)
{
    choose_path(p, i);
    forget(p);
    const af_host_watch before = *w;
    unsigned long allocated = af_alloc_count();
    assert_ok(step(p, q, i, NULL));
    assert_int_equal(w->allocations, before.allocations);
    assert_int_equal(w->waits, before.waits);
    if (w->unwritten) fail_msg("%s reads what nobody has written", w->first);
    assert_true(w->sends - before.sends <= 3);
    assert_true(w->launches > before.launches);
    if (w->recordings == before.recordings) assert_int_equal(af_alloc_count(), allocated);
}

static void check_inference(const problem *q, af_plan *trained, af_precision precision,
                            const af_host_watch *w)
{
    static float pred[VALUES];
    af_plan *p = plan_of(q, "cuda_host", precision, trained);
    for (int i = 0; i < 3; i++) {
        double loss;
        forget(p);
        assert_ok(af_plan_infer(p, i == 1 ? BATCH - 1 : BATCH, q->x, target(q), pred, &loss));
        assert_true(isfinite(loss));
        if (w->unwritten) fail_msg("%s reads what nobody has written", w->first);
    }
    af_plan_free(p);
}

/* Launches of a step; also the sum of the losses. */
static long watch_training(const problem *q, af_precision precision, double *sum)
{
    af_host_watch w;
    assert_ok(af_host_watch_begin(&w));
    af_plan *p = plan_of(q, "cuda_host", precision, NULL);
    int paths = af_plan_coefficients(p) ? 2 : 1;
    long launches = 0;
    for (int i = 0; i < STEPS; i++) {
        long before = w.launches;
        check_step(p, q, i, &w);
        launches = w.launches - before;
    }
    assert_int_equal(w.recordings, paths);
    assert_int_equal(w.plays, STEPS - paths);
    assert_ok(af_plan_losses(p, sum));
    check_inference(q, p, precision, &w);
    af_plan_free(p);
    af_host_watch_end();
    return launches;
}

static double reference_losses(const problem *q)
{
    af_plan *p = plan_of(q, "reference", AF_FULL_PRECISION, NULL);
    double sum;
    for (int i = 0; i < STEPS; i++) {
        choose_path(p, i);
        assert_ok(step(p, q, i, NULL));
    }
    assert_ok(af_plan_losses(p, &sum));
    af_plan_free(p);
    return sum;
}

static void check_network(const char *space, const char *shape, const problem *q)
{
    double full, half, want = reference_losses(q);
    long launches = watch_training(q, AF_FULL_PRECISION, &full);
    watch_training(q, AF_BF16_PRECISION, &half);
    printf("  %-16s %-6s %6ld launches a step, loss %.6f, reference %+.1e, bf16 %+.1e\n", space,
           shape, launches, want / STEPS, full / want - 1, half / want - 1);
    assert_true(fabs(full / want - 1) < 1e-3);
    assert_true(fabs(half / want - 1) < 0.05);
}

static af_status build(const af_space *s, const af_io *io, bool supernet, af_graph **g)
{
    af_config c;
    if (supernet) return af_space_supernet(s, io, g);
    af_rng r = af_rng_at(3, "test", 0, 0, 0, 0);
    c = s->baseline ? af_space_default(s) : af_space_sample(s, &r);
    return af_space_build(s, &c, io, g);
}

static void check_all(bool supernets)
{
    problem *q = af_calloc(1, sizeof *q);
    assert_non_null(q);
    int checked = 0;
    for (size_t i = 0; af_builtin.space[i]; i++)
        for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
            const af_space *s = af_builtin.space[i];
            af_graph *g;
            if (supernets && !s->supernet) continue;
            q->io = shapes[k].io;
            if (build(s, &q->io, supernets, &g) != AF_OK) {
                printf("  %-16s %-6s %s\n", s->name, shapes[k].name, af_error());
                af_graph_free(g);
                continue;
            }
            q->graph = g;
            fill(q);
            check_network(s->name, shapes[k].name, q);
            af_graph_free(g);
            checked++;
        }
    assert_true(checked >= 3);
    af_free(q);
}

static void networks(void **state)
{
    (void)state;
    check_all(false);
}

static void supernets(void **state)
{
    (void)state;
    check_all(true);
}

/* The check itself: a kernel's memory that nobody has written is noticed. */
static void a_missing_write_is_noticed(void **state)
{
    (void)state;
    problem *q = af_calloc(1, sizeof *q);
    af_graph *g;
    af_host_watch w;
    double loss;
    assert_non_null(q);
    q->io = shapes[0].io;
    assert_ok(build(af_find_space("nb201"), &q->io, false, &g));
    q->graph = g;
    fill(q);
    assert_ok(af_host_watch_begin(&w));
    af_plan *p = plan_of(q, "cuda_host", AF_FULL_PRECISION, NULL);
    assert_ok(step(p, q, 0, &loss));
    assert_int_equal(w.unwritten, 0);
    af_host_forget(p->weights, (size_t)p->weight_count * p->item_size);
    assert_ok(step(p, q, 1, &loss));
    assert_true(w.unwritten > 0 && w.first[0]);
    af_plan_free(p);
    af_host_watch_end();
    af_graph_free(g);
    af_free(q);
}

/* Waiting for each loss, or for all at the end; and a training that diverges says where. */
static void losses_add_up(void **state)
{
    (void)state;
    problem *q = af_calloc(1, sizeof *q);
    af_graph *g;
    assert_non_null(q);
    q->io = shapes[0].io;
    assert_ok(build(af_find_space("nb201"), &q->io, false, &g));
    q->graph = g;
    fill(q);
    static const char *const names[] = {"reference", "cuda_host"};
    for (int b = 0; b < 2; b++) {
        double each = 0, sum, loss;
        af_plan *p = plan_of(q, names[b], AF_FULL_PRECISION, NULL);
        for (int i = 0; i < 3; i++) {
            assert_ok(step(p, q, i, &loss));
            each += loss;
        }
        assert_ok(af_plan_losses(p, &sum));
        assert_true(sum == each);
        assert_ok(af_plan_losses(p, &sum));
        assert_true(sum == 0);
        q->x[0] = INFINITY;
        af_status st = step(p, q, 3, NULL);
        if (st == AF_OK) st = step(p, q, 4, NULL);
        if (st == AF_OK) st = af_plan_losses(p, &sum);
        assert_int_equal(st, AF_EDIVERGED);
        if (!strstr(af_error(), "epoch 0, step 3")) fail_msg("%s: %s", names[b], af_error());
        q->x[0] = 0;
        af_plan_free(p);
    }
    af_graph_free(g);
    af_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks),
        cmocka_unit_test(supernets),
        cmocka_unit_test(a_missing_write_is_noticed),
        cmocka_unit_test(losses_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
