/* What single spaces promise: published figures, wiring, the classes of NAS-Bench-201. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/op.h"
#include "core/registry.h"

enum { CELLS = 15625 };

static af_rng stream(uint64_t i)
{
    return af_rng_at(1, "test", i, 0, 0, 0);
}

/* ---- costs ---- */

static void assert_cost(const af_space *s, const char *text, af_io io, int64_t parameters,
                        double macs)
{
    af_config c;
    af_graph *g;
    assert_ok(af_space_parse(s, &c, text));
    assert_ok(af_space_build(s, &c, &io, &g));
    af_graph_cost cost = af_graph_measure(g);
    assert_int_equal(cost.parameters, parameters);
    if (macs > 0) assert_true(cost.total.macs == macs);
    af_graph_free(g);
}

static const af_io cifar10 = {{3, 32, 32}, {10, 1, 1}, false, AF_FULL};
static const af_io cifar100 = {{3, 32, 32}, {100, 1, 1}, false, AF_FULL};
static const char ALL_3X3[] = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|"
                              "nor_conv_3x3~1|nor_conv_3x3~2|";

/* Figures of the published networks. */
static void published_costs(void **state)
{
    (void)state;
    const af_space *nb201 = af_find_space("nb201"), *wrn = af_find_space("wrn");
    assert_cost(nb201, ALL_3X3, cifar10, 1531546, 220119690);
    assert_cost(nb201, ALL_3X3, cifar100, 1537396, 220125540);
    assert_cost(wrn, "default", cifar10, 2748890, 0);
    assert_cost(wrn, "default", cifar100, 2772020, 0);
    af_io small = cifar100; /* WRN-16-1 */
    small.size = AF_SMALL;
    assert_cost(wrn, "default", small, 180916, 0);
    assert_cost(af_find_space("linear"), "default", cifar10, 3072 * 10 + 10, 3072 * 10 + 10);
}

/* An empty cell adds nothing but the skeleton; by hand: stem 432 + 32, residual blocks
 * 13,824 + 128 + 512 and 55,296 + 256 + 2,048, head 128 + 650. */
static void skeleton_cost(void **state)
{
    (void)state;
    static const char NONE[] = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    static const char SKIP[] = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|";
    assert_cost(af_find_space("nb201"), NONE, cifar10, 73306, 0);
    assert_cost(af_find_space("nb201"), SKIP, cifar10, 73306, 0);
}

/* ---- wiring ---- */

static int count_op(const af_graph *g, const char *op)
{
    int n = 0;
    for (af_id id = 0; id < af_graph_count(g); id++)
        n += !strcmp(af_graph_node(g, id)->op->name, op);
    return n;
}

static bool reads(const af_graph *g, af_id source, int kernel)
{
    for (af_id id = 0; id < af_graph_count(g); id++) {
        const af_node *n = af_graph_node(g, id);
        if (!strcmp(n->op->name, "conv") && n->in[0] == source && n->attrs.kernel[1] == kernel)
            return true;
    }
    return false;
}

static af_graph *built(const char *space, const char *text, af_io io)
{
    af_config c;
    af_graph *g;
    assert_ok(af_space_parse(af_find_space(space), &c, text));
    assert_ok(af_space_build(af_find_space(space), &c, &io, &g));
    return g;
}

/* A shortcut of a Wide ResNet reads the activated input, which the block's 3x3 reads too. */
static void wrn_2d_is_wired_as_published(void **state)
{
    (void)state;
    af_graph *g = built("wrn", "dropout=0.3", cifar100);
    int shortcuts = 0;
    for (af_id id = 0; id < af_graph_count(g); id++) {
        const af_node *n = af_graph_node(g, id);
        if (strcmp(n->op->name, "conv") || n->attrs.kernel[0] != 1) continue;
        assert_string_equal(af_graph_node(g, n->in[0])->op->name, "relu");
        assert_true(reads(g, n->in[0], 3));
        shortcuts++;
    }
    assert_int_equal(shortcuts, 3);
    assert_int_equal(count_op(g, "conv"), 1 + 12 + 3);
    assert_int_equal(count_op(g, "dropout"), 6);
    af_graph_free(g);
    g = built("wrn", "default", cifar100);
    assert_int_equal(count_op(g, "dropout"), 0);
    af_graph_free(g);
}

/* Kernels 8, 5, 3 of "same" padding, the odd one on the right; the third block adds nothing. */
static void wrn_1d_is_wired_as_published(void **state)
{
    (void)state;
    af_graph *g = built("wrn", "default", (af_io){{1, 1, 1000}, {4, 1, 1}, false, AF_FULL});
    int kernels[9] = {0};
    for (af_id id = 0; id < af_graph_count(g); id++) {
        const af_node *n = af_graph_node(g, id);
        if (strcmp(n->op->name, "conv")) continue;
        kernels[n->attrs.kernel[1]]++;
        assert_true(n->shape.w == 1000 && n->attrs.kernel[0] == 1);
        if (n->attrs.kernel[1] == 8) assert_true(n->attrs.pad[2] == 3 && n->attrs.pad[3] == 4);
    }
    assert_true(kernels[8] == 3 && kernels[5] == 3 && kernels[3] == 3 && kernels[1] == 2);
    assert_int_equal(count_op(g, "add"), 2);
    assert_int_equal(count_op(g, "relu"), 9);
    af_graph_free(g);
}

static void nb201_is_wired_as_published(void **state)
{
    (void)state;
    af_io odd = {{3, 33, 18}, {10, 1, 1}, false, AF_TINY};
    af_graph *g = built("nb201", ALL_3X3, odd);
    /* 3 a cell, 2 a residual block, 1 at the end */
    assert_int_equal(count_op(g, "relu"), 3 * 3 + 2 * 2 + 1);
    assert_int_equal(count_op(g, "conv"), 1 + 3 * 6 + 2 * 3);
    static const int pads[2][4] = {{0, 1, 0, 0}, {0, 1, 0, 1}}; /* of 33x18 and of 17x9 */
    int pools = 0;
    for (af_id id = 0; id < af_graph_count(g); id++) {
        const af_node *n = af_graph_node(g, id);
        if (strcmp(n->op->name, "avg_pool")) continue;
        assert_memory_equal(n->attrs.pad, pads[pools], sizeof pads[0]);
        assert_false(n->attrs.count_pad);
        pools++;
    }
    assert_int_equal(pools, 2);
    af_graph_free(g);

    /* dense: five cells instead of three and two blocks, one width */
    odd.output = (af_shape){1, 33, 18};
    odd.dense = true;
    g = built("nb201", ALL_3X3, odd);
    assert_int_equal(count_op(g, "conv"), 1 + 5 * 6);
    for (af_id id = 1; id < af_graph_count(g) - 2; id++)
        assert_true(af_shape_same(af_graph_shape(g, id), (af_shape){16, 33, 18}));
    af_graph_free(g);

    /* node 1 reaches nothing, node 2 is zero but convolved, the pool of zeros is left out */
    odd = (af_io){{3, 1, 18}, {10, 1, 1}, false, AF_TINY};
    g = built("nb201", "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|",
              odd);
    assert_int_equal(count_op(g, "zero"), 3);
    assert_int_equal(count_op(g, "conv"), 1 + 3 + 2 * 3);
    af_graph_free(g);
    g = built("nb201", "|none~0|+|avg_pool_3x3~0|none~1|+|none~0|avg_pool_3x3~1|skip_connect~2|",
              odd);
    assert_int_equal(count_op(g, "zero"), 0);
    assert_int_equal(count_op(g, "avg_pool"), 3 + 2);
    af_graph_free(g);
}

/* ---- NAS-Bench-201 ---- */

static af_config cell_at(int i)
{
    af_config c = {{0}};
    for (int k = 0; k < 6; k++, i /= 5) c.v[k] = i % 5;
    return c;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void all_cells_round_trip_in_6466_classes(void **state)
{
    (void)state;
    const af_space *s = af_find_space("nb201");
    char(*forms)[AF_CONFIG_TEXT] = calloc(CELLS, sizeof *forms);
    assert_non_null(forms);
    assert_true(af_space_size(s) == CELLS);
    for (int i = 0; i < CELLS; i++) {
        af_config c = cell_at(i);
        assert_ok(af_space_check(s, &c));
        char text[AF_CONFIG_TEXT];
        af_config back;
        af_space_print(s, &c, text);
        assert_ok(af_space_parse(s, &back, text));
        assert_memory_equal(&c, &back, sizeof c);
        af_space_canonical(s, &c, forms[i]);
    }
    qsort(forms, CELLS, sizeof *forms, compare_texts);
    int classes = 1;
    for (int i = 1; i < CELLS; i++) classes += strcmp(forms[i - 1], forms[i]) != 0;
    assert_int_equal(classes, 6466);
    free(forms);
}

/* The benchmark's own classes: two cells share iso_rep exactly when they share the canonical form.
 */
static void classes_are_those_of_the_table(void **state)
{
    (void)state;
    const char *data = getenv("AFIELD_TESTDATA");
    char path[AF_PATH_MAX], *text;
    size_t size;
    if (data == NULL) {
        print_message("skipped: AFIELD_TESTDATA is not set\n");
        skip();
    }
    assert_ok(af_path_join(path, data, "../tables/nb201.csv"));
    assert_ok(af_file_read(&text, &size, path, (size_t)64 << 20));
    typedef struct row {
        char form[AF_CONFIG_TEXT];
        long representative;
    } row;
    row *rows = calloc(CELLS, sizeof *rows);
    bool *taken = calloc(CELLS, sizeof *taken);
    assert_true(rows && taken);
    int n = 0;
    char *line = strchr(text, '\n') + 1, *end; /* index,arch,code,iso_rep,... */
    for (; *line && (end = strchr(line, '\n')); line = end + 1, n++) {
        *end = '\0';
        assert_in_range(n, 0, CELLS - 1);
        char *arch = strchr(line, ',') + 1, *code = strchr(arch, ',');
        *code = '\0';
        rows[n].representative = strtol(strchr(code + 1, ',') + 1, NULL, 10);
        af_config c;
        assert_ok(af_space_parse(af_find_space("nb201"), &c, arch));
        for (int k = 0; k < 6; k++) assert_int_equal((int)c.v[k], code[1 + k] - '0');
        af_space_canonical(af_find_space("nb201"), &c, rows[n].form);
    }
    assert_int_equal(n, CELLS);
    qsort(rows, CELLS, sizeof *rows, compare_texts); /* the form comes first in a row */
    for (int i = 0; i < CELLS; i++) {
        if (i > 0 && !strcmp(rows[i - 1].form, rows[i].form)) {
            assert_int_equal(rows[i - 1].representative, rows[i].representative);
            continue;
        }
        assert_in_range(rows[i].representative, 0, CELLS - 1);
        assert_false(taken[rows[i].representative]);
        taken[rows[i].representative] = true;
    }
    free(taken);
    free(rows);
    af_free(text);
}

static void cells_are_refused_with_a_position(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "character 1: found the end, want '|'"},
        {"|", "character 2: unknown operation ''"},
        {"|none~0", "character 8: found the end, want '|'"},
        {"|none~0|", "character 9: found the end, want '+'"},
        {"|none~1|", "character 7: found '1', want '0'"},
        {"|none0|", "character 2: unknown operation 'none0', did you mean 'none'?"},
        {"|nor_conv_3x4~0|", "did you mean 'nor_conv_3x3'?"},
        {"|none~0|+|none~0|none~1|+|none~0|none~1|none~2|x",
         "character 48: found 'x', want the end"},
        {"|none~0|+|none~0|none~1|+|none~0|none~1|none~2|\n", "byte 0x0a"},
        {"|none~0|+|none~0|none~1|none~2|", "character 25: found 'n', want '+'"},
        {" |none~0|", "byte 0x20, want '|'"},
        {"\xff\xfe", "byte 0xff"},
        {"|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa~0|", "unknown operation"},
    };
    const af_space *s = af_find_space("nb201");
    af_config c = af_space_default(s), before = c;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(af_space_parse(s, &c, cases[i].text), AF_EINVAL);
        assert_says(cases[i].says);
        assert_memory_equal(&c, &before, sizeof c);
    }
}

/* Node first, then edge: the edge into node 1 is picked a third of the time, each edge into node 3
 * a ninth. 5 standard deviations of a binomial of 9000 are below 0.03. */
static void cells_mutate_by_node(void **state)
{
    (void)state;
    enum { N = 9000 };
    static const double share[6] = {1.0 / 3, 1.0 / 6, 1.0 / 6, 1.0 / 9, 1.0 / 9, 1.0 / 9};
    const af_space *s = af_find_space("nb201");
    int picked[6] = {0};
    for (uint64_t i = 0; i < N; i++) {
        af_rng r = stream(i);
        af_config c = af_space_sample(s, &r), d = c;
        af_space_mutate(s, &d, &r);
        for (int k = 0; k < 6; k++) picked[k] += c.v[k] != d.v[k];
    }
    for (int k = 0; k < 6; k++) assert_true(fabs((double)picked[k] / N - share[k]) < 0.03);
}

static void baselines_leave_the_recipe_alone(void **state)
{
    (void)state;
    const af_space *s = af_find_space("wrn");
    af_config c = af_space_default(s);
    af_recipe r = {.lr = 0.001, .momentum = 0.5, .weight_decay = 3e-3};
    char text[AF_CONFIG_TEXT];
    af_space_print(s, &c, text);
    assert_string_equal(text, "lr=recipe,momentum=recipe,weight_decay=recipe,dropout=0");
    s->recipe(&c, &r);
    assert_true(r.lr == 0.001 && r.momentum == 0.5 && r.weight_decay == 3e-3 && r.dropout == 0);
    assert_ok(af_space_parse(s, &c, "lr=0.0125,dropout=0.3,momentum=0.6"));
    s->recipe(&c, &r);
    assert_true(r.lr == 0.0125 && r.momentum == 0.6 && r.weight_decay == 3e-3 && r.dropout == 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_costs),
        cmocka_unit_test(skeleton_cost),
        cmocka_unit_test(wrn_2d_is_wired_as_published),
        cmocka_unit_test(wrn_1d_is_wired_as_published),
        cmocka_unit_test(nb201_is_wired_as_published),
        cmocka_unit_test(all_cells_round_trip_in_6466_classes),
        cmocka_unit_test(classes_are_those_of_the_table),
        cmocka_unit_test(cells_are_refused_with_a_position),
        cmocka_unit_test(cells_mutate_by_node),
        cmocka_unit_test(baselines_leave_the_recipe_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
