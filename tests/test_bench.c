/* The benchmark's networks are a yardstick: what they are made of must not move. Parameters and
 * MACs are those of the PyTorch twins in bench/torch/networks.py, counted there independently; and
 * the builder of DARTS networks gives the published size of a published network.
 */
#include "bench/networks.h"
#include "tests/aid/work.h"

static const struct {
    const char *name;
    int64_t parameters;
    double macs;
} known[] = {
    {"nb201-all-3x3-c16-n5", 1537396, 220125540},
    {"nb201-supernet-c16-n5", 1705396, 243718500},
    {"darts-c16-l8", 300852, 46756964},
    {"resnet-1d-64-128-128", 503108, 500288516},
    {"wrn-16-4-dense-85x85", 2746288, 19815805200},
};

static af_graph_cost measure(void (*build)(af_graph *g))
{
    af_graph *g = af_graph_new();
    assert_non_null(g);
    build(g);
    assert_ok(af_graph_status(g));
    af_graph_cost cost = af_graph_measure(g);
    af_graph_free(g);
    return cost;
}

static void counts(void **state)
{
    (void)state;
    size_t i = 0;
    for (const af_bench_network *n = af_bench_networks; n->name; n++, i++) {
        assert_true(i < sizeof known / sizeof *known);
        af_graph_cost cost = measure(n->build);
        assert_string_equal(n->name, known[i].name);
        assert_int_equal(cost.parameters, known[i].parameters);
        assert_true(cost.total.macs == known[i].macs);
    }
    assert_int_equal(i, sizeof known / sizeof *known);
}

/* DARTS's second-order cells at C = 36, 20 cells, without auxiliary head. */
static void darts_v2(af_graph *g)
{
    static const af_bench_genotype genotype = {
        .normal = {{AF_BENCH_SEP_3X3, 0},
                   {AF_BENCH_SEP_3X3, 1},
                   {AF_BENCH_SEP_3X3, 0},
                   {AF_BENCH_SEP_3X3, 1},
                   {AF_BENCH_SEP_3X3, 1},
                   {AF_BENCH_SKIP, 0},
                   {AF_BENCH_SKIP, 0},
                   {AF_BENCH_DIL_3X3, 2}},
        .reduce = {{AF_BENCH_MAX_POOL, 0},
                   {AF_BENCH_MAX_POOL, 1},
                   {AF_BENCH_SKIP, 2},
                   {AF_BENCH_MAX_POOL, 1},
                   {AF_BENCH_MAX_POOL, 0},
                   {AF_BENCH_SKIP, 2},
                   {AF_BENCH_SKIP, 2},
                   {AF_BENCH_MAX_POOL, 1}},
    };
    af_bench_darts(g, &genotype, 36, 20, 10);
}

static void published(void **state)
{
    (void)state;
    assert_int_equal(measure(darts_v2).parameters, 3349342);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts), cmocka_unit_test(published)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
