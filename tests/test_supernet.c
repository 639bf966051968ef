/* Supernets of spaces: groups of coefficients, one-hot and argmax, and that a supernet with one
 * choice switched on in each group is the network of that configuration. */
#include <math.h>
#include "core/base/alloc.h"
#include "core/plan/internal.h"
#include "core/registry.h"
#include "tests/aid/work.h"

#define EACH_SUPERNET(s)                                                                           \
    for (const af_space *const *s##_at = af_builtin.space, *s; (s = *s##_at) != NULL; s##_at++)    \
        if (s->supernet)

static const af_io ios[] = {
    {{3, 9, 9}, {5, 1, 1}, false, AF_TINY},
    {{2, 1, 31}, {4, 1, 1}, false, AF_TINY},
    {{1, 7, 6}, {1, 7, 6}, true, AF_TINY},
    {{3, 8, 8}, {10, 1, 1}, false, AF_SMALL},
};
enum { BATCH = 8, MOST = AF_MAX_COEFFICIENTS, VALUES = 1 << 13 };

static void groups_cover_the_coefficients(void **state)
{
    (void)state;
    int found = 0;
    EACH_SUPERNET(s)
    {
        af_group group[AF_MAX_KNOBS];
        double c[MOST];
        int count, groups = af_space_groups(s, group, &count), next = 0;
        for (int i = 0; i < groups; i++) {
            assert_int_equal(s->knobs[group[i].knob].kind, AF_CATEGORICAL);
            assert_int_equal(group[i].first, next);
            next += group[i].count;
        }
        assert_true(groups > 0 && next == count && count <= MOST);
        for (uint64_t seed = 0; seed < 50; seed++) {
            af_rng r = af_rng_at(seed, "test", 0, 0, 0, 0);
            af_config a = af_space_sample(s, &r);
            af_space_one_hot(s, &a, c);
            double sum = 0;
            for (int i = 0; i < count; i++) sum += c[i];
            af_config b = af_space_argmax(s, c);
            assert_true(sum == groups);
            for (int i = 0; i < groups; i++) assert_true(a.v[group[i].knob] == b.v[group[i].knob]);
        }
        memset(c, 0, sizeof c);
        af_config first = af_space_argmax(s, c); /* of equals the first */
        for (int i = 0; i < groups; i++) assert_true(first.v[group[i].knob] == 0);
        found++;
    }
    assert_true(found >= 1);
}

static void spaces_without_one_say_so(void **state)
{
    (void)state;
    af_graph *g;
    assert_int_equal(af_space_supernet(af_find_space("wrn"), &ios[0], &g), AF_EUSAGE);
    assert_says("space wrn has no supernet");
}

/* Every coefficient of a mix belongs to a group, and to one group only. */
static void mixes_keep_to_their_groups(void **state)
{
    (void)state;
    EACH_SUPERNET(s)
    for (size_t k = 0; k < LENGTH(ios); k++) {
        af_group group[AF_MAX_KNOBS];
        af_graph *g;
        int count, groups = af_space_groups(s, group, &count), mixes = 0;
        assert_ok(af_space_supernet(s, &ios[k], &g));
        for (int i = 0; i < af_graph_count(g); i++) {
            const af_node *n = af_graph_node(g, i);
            int first = n->attrs.first_coefficient, at = 0;
            if (!n->op->mixes) continue;
            while (at < groups && first >= group[at].first + group[at].count) at++;
            assert_true(at < groups);
            assert_true(first + n->inputs <= group[at].first + group[at].count);
            mixes++;
        }
        assert_true(mixes > 0);
        af_graph_free(g);
    }
}

/* ---- one configuration of a supernet ---- */

typedef struct problem {
    af_io io;
    const af_loss *loss;
    float x[VALUES], y[VALUES];
    int32_t label[BATCH];
} problem;

static void fill(problem *q, const af_io *io)
{
    af_rng r = af_rng_at(4, "test", 0, 0, 0, 0);
    q->io = *io;
    q->loss = io->dense ? &af_loss_mse : &af_loss_cross_entropy;
    assert_true(BATCH * af_shape_size(io->input) <= VALUES);
    for (int i = 0; i < VALUES; i++)
        q->x[i] = (float)af_rng_normal(&r), q->y[i] = (float)af_rng_normal(&r);
    for (int i = 0; i < BATCH; i++) q->label[i] = (int32_t)af_rng_below(&r, (uint64_t)io->output.c);
}

static const void *target(const problem *q)
{
    return q->io.dense ? (const void *)q->y : (const void *)q->label;
}

static af_plan *plan_of(const problem *q, const af_graph *g, af_plan *params_of)
{
    af_plan *p;
    af_plan_options o = af_plan_options_default();
    o.batch = BATCH;
    o.threads = 1;
    o.plain = true; /* nodes keep their own parameters, which are copied one by one */
    o.train = !params_of;
    o.params_of = params_of;
    o.loss = q->loss;
    assert_ok(af_plan_new(&p, g, af_find_backend("reference64"), &o));
    if (!params_of) af_plan_init(p, 5, 0);
    return p;
}

/* Copies the active parameters and buffers of `from`, which come in the same order as in `to`. */
static void copy_active(af_plan *to, const af_plan *from)
{
    int i = 0;
    for (int k = 0; k < from->nodes; k++) {
        const af_step_node *a = &from->node[k];
        if (!a->active || !a->param_count) continue;
        while (i < to->nodes && !to->node[i].param_count) i++;
        assert_true(i < to->nodes);
        const af_step_node *b = &to->node[i++];
        assert_ptr_equal(a->node.op, b->node.op);
        for (int e = 0; e < a->param_count; e++) {
            bool plain = a->params[e].trained != b->params[e].trained;
            assert_memory_equal(a->params[e].dims, b->params[e].dims, sizeof a->params[e].dims);
            if (plain) continue; /* scale 1 and shift 0, as both begin */
            memcpy((b->params[e].trained ? to->weights : to->buffers) + b->param_at[e] * 8,
                   (a->params[e].trained ? from->weights : from->buffers) + a->param_at[e] * 8,
                   (size_t)af_param_size(&a->params[e]) * 8);
        }
    }
    while (i < to->nodes && !to->node[i].param_count) i++;
    assert_int_equal(i, to->nodes);
}

static double difference(const problem *q, af_plan *super, const af_graph *supernet,
                         const af_space *s, const af_config *c, const double *one)
{
    static float a[VALUES], b[VALUES];
    af_graph *g;
    double la, lb, worst;
    assert_ok(af_space_build(s, c, &q->io, &g));
    af_plan *alone = plan_of(q, g, NULL);
    copy_active(alone, super);
    af_plan *ia = plan_of(q, supernet, super), *ib = plan_of(q, g, alone);
    af_plan_set_coefficients(ia, one);
    assert_ok(af_plan_infer(ia, BATCH, q->x, NULL, a, NULL));
    assert_ok(af_plan_infer(ib, BATCH, q->x, NULL, b, NULL));
    assert_ok(af_plan_gradients(super, q->x, target(q), (af_position){0}, &la));
    assert_ok(af_plan_gradients(alone, q->x, target(q), (af_position){0}, &lb));
    worst = fabs(la - lb) / fabs(lb);
    assert_true(isfinite(worst) && lb != 0);
    for (int i = 0; i < BATCH * af_shape_size(q->io.output); i++) assert_true(isfinite(a[i]));
    for (int i = 0; i < BATCH * af_shape_size(q->io.output); i++)
        worst = fmax(worst, fabs((double)(a[i] - b[i])) / (1 + fabs((double)b[i])));
    af_plan_free(ia);
    af_plan_free(ib);
    af_plan_free(alone);
    af_graph_free(g);
    return worst;
}

static void one_hot_is_the_network(void **state)
{
    (void)state;
    static problem q;
    EACH_SUPERNET(s)
    for (size_t k = 0; k < LENGTH(ios); k++) {
        af_graph *g;
        af_group group[AF_MAX_KNOBS];
        double one[MOST], loss, worst = 0;
        fill(&q, &ios[k]);
        assert_ok(af_space_supernet(s, &q.io, &g));
        af_plan *super = plan_of(&q, g, NULL);
        af_update u = af_update_default();
        for (int i = 0; i < 3; i++)
            assert_ok(af_plan_step(super, q.x, target(&q), &u, (af_position){0}, &loss));
        for (uint64_t seed = 0; seed < 8; seed++) {
            af_rng r = af_rng_at(seed, "config", 0, 0, 0, 0);
            af_config c = af_space_sample(s, &r);
            af_space_one_hot(s, &c, one);
            af_plan_set_coefficients(super, one);
            worst = fmax(worst, difference(&q, super, g, s, &c, one));
        }
        af_config c = af_space_default(s);
        af_space_one_hot(s, &c, one);
        af_space_groups(s, group, NULL);
        one[group[0].first + (int)c.v[group[0].knob]] = 2; /* another function */
        one[group[1].first + (int)c.v[group[1].knob]] = 3;
        af_plan_set_coefficients(super, one);
        assert_true(difference(&q, super, g, s, &c, one) > 1e-6);
        print_message("  %s %dx%dx%d: off by %.1e\n", s->name, q.io.input.c, q.io.input.h,
                      q.io.input.w, worst);
        assert_true(worst < 1e-6);
        af_plan_free(super);
        af_graph_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_cover_the_coefficients),
        cmocka_unit_test(spaces_without_one_say_so),
        cmocka_unit_test(mixes_keep_to_their_groups),
        cmocka_unit_test(one_hot_is_the_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
