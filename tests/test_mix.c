/* Shared weights in a plan: gradients by weights and by coefficients against finite differences;
 * a branch that is switched off is as if it were not there (same bits, nothing touched, no kernel
 * called, no cost); threads; no allocation; calibration of running statistics. */
#include <math.h>
#include "core/base/alloc.h"
#include "core/base/philox.h"
#include "core/base/sha256.h"
#include "core/plan/internal.h"
#include "core/registry.h"
#include "tests/aid/work.h"

enum { BATCH = 12, CLASSES = 4, WIDTH = 6, SIDE = 7, OPS = 4, EDGES = 3, MOST = 200 };
static const af_shape INPUT = {3, SIDE, SIDE};

/* A network whose mixed edges keep only the operations of `mask`, bit edge * OPS + op; ids of the
 * whole network that it keeps, in order. */
typedef struct net {
    af_graph *g;
    unsigned mask;
    int whole, kept[MOST], count; /* nodes of the whole network so far */
} net;

static af_id note(net *n, af_id id, bool there)
{
    assert_true(n->count < MOST);
    if (there) n->kept[n->count++] = n->whole;
    n->whole++;
    return id;
}
#define NODE(n, there, build) note(n, (there) ? (build) : -1, there)

/* y = c0 x + c1 bn(conv1(relu x)) + c2 bn(conv3(relu x)) + c3 pool x */
static af_id mixed(net *n, af_id x, int edge)
{
    af_graph *g = n->g;
    bool on[OPS];
    for (int k = 0; k < OPS; k++) on[k] = n->mask >> (edge * OPS + k) & 1;
    af_id relu = NODE(n, on[1] || on[2], af_relu(g, x)), term[OPS] = {x}, terms[OPS];
    term[1] = NODE(n, on[1], af_conv(g, relu, af_conv_attrs(WIDTH, 1, 1)));
    term[1] = NODE(n, on[1], af_batch_norm_plain(g, term[1]));
    term[2] = NODE(n, on[2], af_conv(g, relu, af_conv_attrs(WIDTH, 3, 1)));
    term[2] = NODE(n, on[2], af_batch_norm(g, term[2]));
    term[3] = NODE(n, on[3], af_avg_pool(g, x, af_pool_attrs(3, 1)));
    int count = 0, first = edge * OPS;
    for (int k = 0; k < OPS; k++)
        if (on[k]) terms[count++] = term[k];
    for (int k = 0; !on[k] && k < OPS; k++) first++;
    return NODE(n, true, af_mix(g, terms, count, first));
}

/* Two cells with the same coefficients; node 2 of a cell is the sum of two edges. */
static net make(unsigned mask)
{
    net n = {.g = af_graph_new(), .mask = mask};
    af_id x = NODE(&n, true, af_input(n.g, INPUT));
    x = NODE(&n, true, af_conv(n.g, x, af_conv_attrs(WIDTH, 3, 1)));
    x = NODE(&n, true, af_batch_norm(n.g, x));
    for (int cell = 0; cell < 2; cell++) {
        af_id one = mixed(&n, x, 0), terms[2];
        terms[0] = mixed(&n, x, 1);
        terms[1] = mixed(&n, one, 2);
        x = NODE(&n, true, af_add(n.g, terms, 2));
    }
    x = NODE(&n, true, af_global_pool(n.g, NODE(&n, true, af_relu(n.g, x))));
    x = NODE(&n, true, af_linear(n.g, x, CLASSES, true));
    NODE(&n, true, af_output(n.g, x));
    assert_ok(af_graph_status(n.g));
    return n;
}

enum { ALL = 0xfff };

typedef struct data {
    float x[2][BATCH * 3 * SIDE * SIDE];
    int32_t y[BATCH];
    double c[EDGES * OPS];
} data;

static data fill(void)
{
    data d;
    af_rng r = af_rng_at(2, "test", 0, 0, 0, 0);
    for (int b = 0; b < 2; b++)
        for (size_t i = 0; i < LENGTH(d.x[b]); i++) d.x[b][i] = (float)af_rng_normal(&r);
    for (int i = 0; i < BATCH; i++) d.y[i] = (int32_t)af_rng_below(&r, CLASSES);
    for (int i = 0; i < EDGES * OPS; i++) d.c[i] = 0.2 + af_rng_unit(&r);
    return d;
}

/* plain: nodes of the plan are those of the graph. */
static af_plan *make_plan(const af_graph *g, const af_backend *b, int threads, bool plain)
{
    af_plan *p;
    af_plan_options o = af_plan_options_default();
    o.batch = BATCH;
    o.threads = threads;
    o.train = true;
    o.plain = plain;
    o.loss = &af_loss_cross_entropy;
    assert_ok(af_plan_new(&p, g, b, &o));
    af_plan_init(p, 7, 3);
    return p;
}

static af_plan *plan_of(const af_graph *g, const af_backend *b, int threads)
{
    return make_plan(g, b, threads, false);
}

static double gradients(af_plan *p, const data *d)
{
    double loss;
    assert_ok(af_plan_gradients(p, d->x[0], d->y, (af_position){0}, &loss));
    return loss;
}

static double step(af_plan *p, const data *d, int i)
{
    double loss;
    af_update u = af_update_default();
    u.clip = 0.5;
    u.count = i;
    assert_ok(af_plan_step(p, d->x[i % 2], d->y, &u, (af_position){0}, &loss));
    return loss;
}

/* ---- gradients ---- */

static void coefficient_gradients_are_slopes(void **state)
{
    (void)state;
    const unsigned masks[] = {ALL, 0x5a7, 0x811};
    for (size_t m = 0; m < LENGTH(masks); m++) {
        net n = make(ALL);
        data d = fill();
        const double h = 1e-6; /* larger ones cross kinks of ReLU */
        double got[EDGES * OPS], worst = 0;
        af_plan *p = plan_of(n.g, af_find_backend("reference64"), 2);
        assert_int_equal(af_plan_coefficients(p), EDGES * OPS);
        for (int i = 0; i < EDGES * OPS; i++) d.c[i] *= masks[m] >> i & 1;
        af_plan_set_coefficients(p, d.c);
        gradients(p, &d);
        af_plan_coefficient_gradients(p, got);
        for (int i = 0; i < EDGES * OPS; i++) {
            double loss[2], at = d.c[i];
            if (at == 0) {
                assert_true(got[i] == 0);
                continue;
            }
            for (int side = 0; side < 2; side++) {
                d.c[i] = at + (side ? -h : h);
                af_plan_set_coefficients(p, d.c);
                loss[side] = gradients(p, &d);
            }
            d.c[i] = at;
            double want = (loss[0] - loss[1]) / (2 * h);
            worst = fmax(worst, fabs(got[i] - want) / fmax(fabs(want), 1e-2));
        }
        print_message("  mask %03x: gradient by coefficients off by %.1e\n", masks[m], worst);
        assert_true(worst < 1e-6);
        af_plan_free(p);
        af_graph_free(n.g);
    }
}

static void weight_gradients_are_slopes(void **state)
{
    (void)state;
    const unsigned masks[] = {ALL, 0x5a7};
    for (size_t m = 0; m < LENGTH(masks); m++) {
        net n = make(ALL);
        data d = fill();
        af_plan *p = plan_of(n.g, af_find_backend("reference64"), 1);
        for (int i = 0; i < EDGES * OPS; i++) d.c[i] *= masks[m] >> i & 1;
        af_plan_set_coefficients(p, d.c);
        int64_t size = af_plan_size(p, AF_WEIGHTS);
        double *w = af_calloc((size_t)size * 2, sizeof *w), *g = w + size, worst = 0, h = 1e-6;
        af_plan_read(p, AF_WEIGHTS, w);
        gradients(p, &d);
        af_plan_read(p, AF_GRADIENTS, g);
        for (int64_t i = 0; i < size; i += 37) {
            double loss[2], at = w[i];
            for (int side = 0; side < 2; side++) {
                w[i] = at + (side ? -h : h);
                af_plan_write(p, AF_WEIGHTS, w);
                loss[side] = gradients(p, &d);
            }
            w[i] = at;
            worst = fmax(worst, fabs(g[i] - (loss[0] - loss[1]) / (2 * h)));
        }
        print_message("  mask %03x: gradient by weights off by %.1e\n", masks[m], worst);
        assert_true(worst < 1e-7);
        af_free(w);
        af_plan_free(p);
        af_graph_free(n.g);
    }
}

/* ---- switched off ---- */

/* A tensor of a node: in `weights` and the momentum that belongs to them, or in `buffers`. */
enum { VALUE, MOMENTUM, KINDS };

static char *tensor(const af_plan *p, int node, int k, int kind)
{
    const af_step_node *n = &p->node[node];
    char *flat = n->params[k].trained ? (kind == VALUE ? p->weights : p->state[0]) : p->buffers;
    return flat + (size_t)n->param_at[k] * p->item_size;
}

static size_t tensor_bytes(const af_plan *p, int node, int k)
{
    return (size_t)af_param_size(&p->node[node].params[k]) * p->item_size;
}

/* Every tensor of the small network with its own in the whole one: copied there, or compared. */
static void shared_tensors(const af_plan *small, const af_plan *whole, const net *n, bool copy)
{
    for (int i = 0; i < n->count; i++)
        for (int k = 0; k < small->node[i].param_count; k++)
            for (int kind = 0; kind < KINDS; kind++) {
                char *to = tensor(small, i, k, kind), *from = tensor(whole, n->kept[i], k, kind);
                if (copy)
                    memcpy(to, from, tensor_bytes(small, i, k));
                else
                    assert_memory_equal(to, from, tensor_bytes(small, i, k));
            }
}

/* Parameters, momentum and running statistics of what is not in the small network. */
static void assert_rest_untouched(const af_plan *whole, const af_plan *before, const net *n)
{
    int checked = 0;
    for (int i = 0, next = 0; i < whole->nodes; i++) {
        if (next < n->count && n->kept[next] == i) {
            next++;
            continue;
        }
        for (int k = 0; k < whole->node[i].param_count; k++, checked++)
            for (int kind = 0; kind < KINDS; kind++)
                assert_memory_equal(tensor(whole, i, k, kind), tensor(before, i, k, kind),
                                    tensor_bytes(whole, i, k));
    }
    assert_true(checked > 0);
}

/* Each edge of these masks keeps neighbouring operations, so that the small network can name the
 * same coefficients. */
static const unsigned masks[] = {0x6f1, 0x323, 0x448, 0x111};

static void check_off(const af_backend *backend, unsigned mask)
{
    net all = make(ALL), few = make(mask);
    data d = fill();
    af_plan *whole = plan_of(all.g, backend, 2), *before = plan_of(all.g, backend, 1),
            *small = plan_of(few.g, backend, 1);
    double ga[EDGES * OPS] = {0}, gb[EDGES * OPS] = {0};
    step(whole, &d, 0); /* there is momentum to leave alone */
    step(before, &d, 0);
    shared_tensors(small, whole, &few, true);
    for (int i = 0; i < EDGES * OPS; i++) d.c[i] *= mask >> i & 1;
    af_plan_set_coefficients(whole, d.c);
    af_plan_set_coefficients(small, d.c);
    for (int i = 0; i < 3; i++) {
        double la = step(whole, &d, i), lb = step(small, &d, i);
        assert_memory_equal(&la, &lb, sizeof la);
        af_plan_coefficient_gradients(whole, ga);
        af_plan_coefficient_gradients(small, gb);
        assert_memory_equal(ga, gb, (size_t)af_plan_coefficients(small) * sizeof *ga);
    }
    shared_tensors(small, whole, &few, false);
    assert_rest_untouched(whole, before, &few);
    af_cost ca = af_plan_active_cost(whole), cb = af_graph_measure(few.g).total;
    assert_true(ca.forward == cb.forward && ca.backward == cb.backward);
    assert_true(ca.macs == cb.macs && cb.macs < af_plan_cost(whole)->macs);
    af_plan_free(whole);
    af_plan_free(before);
    af_plan_free(small);
    af_graph_free(all.g);
    af_graph_free(few.g);
}

static void off_is_as_if_absent(void **state)
{
    (void)state;
    for (size_t b = 0; af_builtin.backend[b]; b++) {
        char why[256];
        if (!work_wants(af_builtin.backend[b]->name) ||
            af_builtin.backend[b]->probe(why, sizeof why) != AF_OK)
            continue;
        for (size_t m = 0; m < LENGTH(masks); m++) check_off(af_builtin.backend[b], masks[m]);
    }
}

/* ---- calls ---- */

static int calls[MOST]; /* by node */

static void count_call(const af_call *c)
{
    calls[c->node->id]++;
}
static void count_combine(const af_call *c, int chunks)
{
    (void)chunks;
    calls[c->node->id]++;
}
static const af_kernel counting = {
    .name = "counting",
    .begin = count_call,
    .gather = count_call,
    .combine = count_combine,
    .forward = count_call,
    .gather_back = count_call,
    .combine_back = count_combine,
    .backward = count_call,
    .finish = count_call,
};

static af_status prepare_counting(const af_request *r, af_prepared *out)
{
    (void)r;
    out->kernel = &counting;
    return AF_OK;
}
static void release_counting(void *self)
{
    (void)self;
}
static af_status probe_counting(char *text, size_t size)
{
    (void)text, (void)size;
    return AF_OK;
}

static void off_calls_no_kernel(void **state)
{
    (void)state;
    const af_backend backend = {.name = "counting",
                                .summary = "counts calls",
                                .dtype = AF_F32,
                                .probe = probe_counting,
                                .prepare = prepare_counting,
                                .release = release_counting};
    for (size_t m = 0; m < LENGTH(masks); m++) {
        net all = make(ALL), few = make(masks[m]);
        data d = fill();
        af_plan *p = make_plan(all.g, &backend, 1, true);
        for (int i = 0; i < EDGES * OPS; i++) d.c[i] *= masks[m] >> i & 1;
        af_plan_set_coefficients(p, d.c);
        memset(calls, 0, sizeof calls);
        double loss;
        af_status st = af_plan_gradients(p, d.x[0], d.y, (af_position){0}, &loss);
        assert_true(st == AF_OK || st == AF_EDIVERGED); /* kernels that count compute nothing */
        for (int i = 0, next = 0; i < all.whole; i++) {
            bool kept = next < few.count && few.kept[next] == i;
            next += kept;
            assert_true((calls[i] > 0) == kept);
        }
        af_plan_free(p);
        af_graph_free(all.g);
        af_graph_free(few.g);
    }
}

/* ---- bits and memory ---- */

static void threads_decide_nothing(void **state)
{
    (void)state;
    char want[AF_SHA256_HEX] = "", got[AF_SHA256_HEX];
    for (int threads = 1; threads <= 4; threads *= 2) {
        net n = make(ALL);
        data d = fill();
        af_plan *p = plan_of(n.g, af_default_backend(), threads);
        af_sha256 *h = af_sha256_new();
        for (int i = 0; i < 6; i++) {
            double c[EDGES * OPS], g[EDGES * OPS];
            for (int k = 0; k < EDGES * OPS; k++) c[k] = (i * 7 + k) % 3 ? d.c[k] : 0;
            af_plan_set_coefficients(p, c);
            step(p, &d, i);
            af_plan_coefficient_gradients(p, g);
            af_sha256_add(h, g, sizeof g);
        }
        af_plan_digest(p, h);
        af_sha256_end(h, got);
        if (*want) assert_string_equal(got, want);
        memcpy(want, got, sizeof want);
        af_plan_free(p);
        af_graph_free(n.g);
    }
}

static void a_step_allocates_nothing(void **state)
{
    (void)state;
    net n = make(ALL);
    data d = fill();
    double g[EDGES * OPS];
    af_plan *p = plan_of(n.g, af_default_backend(), 2);
    for (int i = 0; i < 3; i++) step(p, &d, i);
    unsigned long before = af_alloc_count();
    for (int i = 0; i < EDGES * OPS; i++) {
        d.c[i] = 0;
        af_plan_set_coefficients(p, d.c);
        step(p, &d, i);
        af_plan_coefficient_gradients(p, g);
        assert_ok(af_plan_calibrate(p, d.x[0], 1, (af_position){0}));
    }
    assert_int_equal(af_alloc_count(), before);
    af_plan_free(p);
    af_graph_free(n.g);
}

/* ---- calibration ---- */

static void calibration_averages_batches(void **state)
{
    (void)state;
    net n = make(ALL);
    data d = fill();
    af_plan *p = plan_of(n.g, af_find_backend("reference64"), 2);
    int64_t size = af_plan_size(p, AF_BUFFERS), weights = af_plan_size(p, AF_WEIGHTS);
    double *b = af_calloc((size_t)(3 * size + 2 * weights), sizeof *b), *w = b + 3 * size;
    for (int i = 0; i < EDGES * OPS; i++) d.c[i] *= i != 1;
    af_plan_set_coefficients(p, d.c);
    step(p, &d, 0);
    af_plan_read(p, AF_WEIGHTS, w);
    for (int i = 0; i < 2; i++) {
        assert_ok(af_plan_calibrate(p, d.x[i], 1, (af_position){0}));
        af_plan_read(p, AF_BUFFERS, b + i * size);
    }
    for (int i = 0; i < 2; i++)
        assert_ok(af_plan_calibrate(p, d.x[i], 1.0 / (i + 1), (af_position){0}));
    af_plan_read(p, AF_BUFFERS, b + 2 * size);
    int differ = 0;
    for (int64_t i = 0; i < size; i++) {
        assert_true(fabs(b[2 * size + i] - (b[i] + b[size + i]) / 2) < 1e-12);
        differ += b[i] != b[size + i];
    }
    assert_true(differ > 10);
    af_plan_read(p, AF_WEIGHTS, w + weights);
    assert_memory_equal(w, w + weights, (size_t)weights * sizeof *w);
    af_free(b);
    af_plan_free(p);
    af_graph_free(n.g);
}

static void wrong_mixes_are_refused(void **state)
{
    (void)state;
    af_graph *g = af_graph_new();
    af_id x = af_input(g, INPUT);
    assert_int_equal(af_mix(g, (af_id[]){x, x}, 2, AF_MAX_COEFFICIENTS - 1), -1);
    assert_int_equal(af_graph_status(g), AF_EINVAL);
    assert_says("coefficients 1023 to 1024, want 0 to 1023");
    af_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coefficient_gradients_are_slopes),
        cmocka_unit_test(weight_gradients_are_slopes),
        cmocka_unit_test(off_is_as_if_absent),
        cmocka_unit_test(off_calls_no_kernel),
        cmocka_unit_test(threads_decide_nothing),
        cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(calibration_averages_batches),
        cmocka_unit_test(wrong_mixes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
