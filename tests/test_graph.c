/* Graphs: shapes, errors that name the numbers, cost against published counts, the stable text. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/graph/graph.h"

static void readme_example(void **state)
{
    (void)state;
    af_graph *g = af_graph_new();
    af_id x = af_input(g, (af_shape){3, 32, 32});
    x = af_relu(g, af_batch_norm(g, af_conv(g, x, af_conv_attrs(16, 3, 1))));
    x = af_output(g, af_linear(g, af_global_pool(g, x), 100, true));
    assert_ok(af_graph_status(g));
    assert_int_equal(af_graph_count(g), 7);
    assert_int_equal(af_graph_input(g), 0);
    assert_int_equal(af_graph_output(g), x);
    assert_true(af_shape_same(af_graph_shape(g, 3), (af_shape){16, 32, 32}));
    assert_true(af_shape_same(af_graph_shape(g, x), (af_shape){100, 1, 1}));
    char *text = af_graph_print(g);
    assert_string_equal(text, "0 input -> 3x32x32\n"
                              "1 conv 0 out=16 kernel=3x3 pad=1,1,1,1 -> 16x32x32\n"
                              "2 batch_norm 1 epsilon=1e-05 momentum=0.1 -> 16x32x32\n"
                              "3 relu 2 -> 16x32x32\n"
                              "4 global_pool 3 -> 16x1x1\n"
                              "5 linear 4 out=100 bias -> 100x1x1\n"
                              "6 output 5 -> 100x1x1\n");
    af_free(text);

    af_graph_cost c = af_graph_measure(g);
    assert_int_equal(c.parameters, 3 * 16 * 9 + 2 * 16 + 16 * 100 + 100);
    assert_true(c.total.macs == 3 * 16 * 9 * 1024 + 16 * 100 + 100);
    /* conv 2 a weight tap, batch norm 6, relu 1, pool 1 and 1 an output, linear, moves 1 */
    double elements = 16 * 1024;
    double linear = 2 * 1600 + 100, conv = 2 * 3 * 16 * 9 * 1024.;
    assert_true(c.total.forward == 3 * 1024 + conv + 8 * elements + 16 + linear + 100);
    assert_true(c.total.backward == 2 * conv + 12 * elements + 16 + 2 * linear + 100);
    af_graph_free(g);
}

/* ---- the heaviest network of NAS-Bench-201 (Dong & Yang 2020) ---- */

static af_id conv_unit(af_graph *g, af_id x, int out, int kernel, int stride)
{
    return af_batch_norm(g, af_conv(g, af_relu(g, x), af_conv_attrs(out, kernel, stride)));
}

static af_id cell(af_graph *g, af_id x, int width)
{
    af_id node[4] = {x};
    for (int to = 1; to < 4; to++) {
        af_id edge[3];
        for (int from = 0; from < to; from++) edge[from] = conv_unit(g, node[from], width, 3, 1);
        node[to] = af_add(g, edge, to);
    }
    return node[3];
}

static af_id reduction(af_graph *g, af_id x, int width)
{
    af_id deep = conv_unit(g, conv_unit(g, x, width, 3, 2), width, 3, 1);
    af_id flat = af_conv(g, af_avg_pool(g, x, af_pool_attrs(2, 2)), af_conv_attrs(width, 1, 1));
    return af_add(g, (af_id[]){deep, flat}, 2);
}

static af_graph *nas_bench_201(void)
{
    af_graph *g = af_graph_new();
    af_id x = af_input(g, (af_shape){3, 32, 32});
    x = af_batch_norm(g, af_conv(g, x, af_conv_attrs(16, 3, 1)));
    for (int width = 16; width <= 64; width *= 2) {
        if (width > 16) x = reduction(g, x, width);
        for (int i = 0; i < 5; i++) x = cell(g, x, width);
    }
    x = af_global_pool(g, af_relu(g, af_batch_norm(g, x)));
    af_output(g, af_linear(g, x, 100, true));
    return g;
}

static void published_counts(void **state)
{
    (void)state;
    af_graph *g = nas_bench_201();
    assert_ok(af_graph_status(g));
    af_graph_cost c = af_graph_measure(g);
    assert_int_equal(c.parameters, 1537396);
    assert_true(c.total.macs == 220125540);
    assert_true(c.total.forward > 2 * c.total.macs && c.total.forward < 2.2 * c.total.macs);
    assert_true(c.total.backward > 4 * c.total.macs && c.total.backward < 4.3 * c.total.macs);
    double macs = 0;
    for (af_id id = 0; id < af_graph_count(g); id++) macs += af_node_cost(g, id).macs;
    assert_true(macs == c.total.macs);
    af_graph_free(g);
}

/* ---- shapes ---- */

static af_attrs window(int kh, int kw, int stride, int pad, int dilation)
{
    af_attrs a = af_conv_attrs(5, 1, stride);
    a.kernel[0] = kh;
    a.kernel[1] = kw;
    for (int i = 0; i < 4; i++) a.pad[i] = pad;
    a.dilation[0] = a.dilation[1] = dilation;
    return a;
}

static void shapes(void **state)
{
    (void)state;
    af_attrs sides = window(4, 3, 2, 0, 1);
    sides.pad[1] = 3;
    sides.pad[2] = 1;
    const struct {
        af_attrs attrs;
        af_shape in, out;
    } rows[] = {
        {af_conv_attrs(5, 3, 1), {3, 7, 8}, {5, 7, 8}},
        {af_conv_attrs(5, 3, 2), {3, 7, 8}, {5, 4, 4}},
        {af_conv_attrs(5, 4, 1), {3, 7, 8}, {5, 6, 7}},
        {af_conv_attrs_2d(5, 4, 2, 1, 1), {3, 7, 8}, {5, 7, 8}},
        {af_conv_attrs_2d(5, 1, 16, 1, 2), {3, 1, 25}, {5, 1, 13}},
        {af_conv_attrs_2d(5, 2, 2, 2, 2), {3, 85, 84}, {5, 43, 42}},
        {window(3, 3, 1, 2, 2), {3, 5, 5}, {5, 5, 5}},
        {window(3, 1, 3, 0, 3), {3, 7, 9}, {5, 1, 3}},
        {sides, {3, 5, 5}, {5, 3, 2}},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        af_graph *g = af_graph_new();
        af_id y = af_conv(g, af_input(g, rows[i].in), rows[i].attrs);
        assert_ok(af_graph_status(g));
        af_shape got = af_graph_shape(g, y);
        if (!af_shape_same(got, rows[i].out)) fail_msg("row %zu: %dx%dx%d", i, got.c, got.h, got.w);
        af_graph_free(g);
    }
    af_graph *g = af_graph_new();
    af_id x = af_input(g, (af_shape){2, 7, 5});
    af_id down = af_avg_pool(g, x, af_pool_attrs(2, 2)),
          up = af_max_pool(g, x, af_pool_attrs_2d(2, 2, 2, 2));
    assert_true(af_shape_same(af_graph_shape(g, down), (af_shape){2, 3, 2}));
    assert_true(af_shape_same(af_graph_shape(g, up), (af_shape){2, 4, 3}));
    af_id both = af_concat(g, (af_id[]){x, x, af_zero(g, x)}, 3);
    assert_true(af_shape_same(af_graph_shape(g, both), (af_shape){6, 7, 5}));
    assert_ok(af_graph_status(g));
    af_graph_free(g);
}

/* ---- errors ---- */

static af_attrs grouped(int out, int groups)
{
    af_attrs a = af_conv_attrs(out, 3, 1);
    a.groups = groups;
    return a;
}

static void conv_and_pool_errors(void **state)
{
    (void)state;
    af_attrs dilated_pool = af_pool_attrs(3, 1), huge = window(1 << 15, 1 << 15, 1, 1 << 14, 1);
    dilated_pool.dilation[1] = 2;
    const struct {
        af_id (*build)(af_graph *g, af_id x, af_attrs a);
        af_attrs attrs;
        const char *says;
    } rows[] = {
        {af_conv, window(0, 3, 1, 1, 1), "kernel height 0, want 1 to 1048576"},
        {af_conv, window(3, -1, 1, 1, 1), "kernel width -1"},
        {af_conv, window(3, 3, 0, 1, 1), "stride 0 along the height"},
        {af_conv, window(3, 3, -3, 1, 1), "stride -3"},
        {af_conv, window(3, 3, 1, 1, 0), "dilation 0"},
        {af_conv, window(3, 3, 1, -1, 1), "padding -1"},
        {af_conv, window(3, 3, 1, INT32_MAX, 1), "padding 2147483647"},
        {af_conv, window(9, 3, 1, 0, 1), "spans 9 (kernel 9, dilation 1), the input's height is 6"},
        {af_conv, window(3, 3, 1, 1, 1 << 20), "spans 2097153"},
        {af_conv, window(1 << 20, 1 << 20, 1, 1 << 19, 1 << 20), "no output: the window spans"},
        {af_conv, huge, "has more than 2147483647 elements"},
        {af_conv, af_conv_attrs(0, 3, 1), "0 output channels"},
        {af_conv, af_conv_attrs(INT32_MAX, 3, 1), "2147483647 output channels"},
        {af_conv, grouped(4, 0), "0 groups"},
        {af_conv, grouped(4, 3), "3 groups, want a divisor of 4 input and 4 output channels"},
        {af_conv, grouped(6, 4), "4 groups, want a divisor of 4 input and 6 output channels"},
        {af_avg_pool, window(3, 3, 1, 3, 1),
         "padding 3 on one side, want less than the kernel's 3"},
        {af_max_pool, window(7, 7, 1, 0, 1), "the input's height is 6"},
        {af_max_pool, dilated_pool, "dilation 2, but pools know only 1"},
        {af_avg_pool, (af_attrs){0}, "dilation 0"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        af_graph *g = af_graph_new();
        assert_int_equal(rows[i].build(g, af_input(g, (af_shape){4, 6, 6}), rows[i].attrs), -1);
        assert_int_equal(af_graph_status(g), AF_EINVAL);
        assert_says(rows[i].says);
        assert_says("node 1 (");
        af_graph_free(g);
    }
}

/* Eight times the channels, again and again. */
static af_id too_wide(af_graph *g, af_id x)
{
    for (int k = 0; k < 7; k++)
        x = af_concat(g, (af_id[AF_MAX_INPUTS]){x, x, x, x, x, x, x, x}, AF_MAX_INPUTS);
    return x;
}

static af_id bad(af_graph *g, af_id x, int row)
{
    af_id y = af_conv(g, x, af_conv_attrs(3, 1, 1)), pair[9] = {x, y};
    switch (row) {
    case 0:
        return af_add(g, pair, 2);
    case 1:
        return af_concat(g, (af_id[]){x, af_global_pool(g, x)}, 2);
    case 2:
        return af_add(g, pair, 9);
    case 3:
        return af_add(g, NULL, 0);
    case 4:
        return af_add(g, (af_id[]){x, 77}, 2);
    case 5:
        return af_relu(g, -1);
    case 6:
        return af_input(g, (af_shape){1, 1, 1});
    case 7:
        return af_relu(g, af_output(g, x));
    case 8:
        return af_linear(g, x, 0, true);
    case 9:
        return af_dropout(g, x, 1);
    case 10:
        return af_dropout(g, x, (double)NAN);
    case 11:
        return af_linear(g, af_linear(g, x, 1 << 20, false), 1 << 20, false);
    default:
        return too_wide(g, x);
    }
}

static void graph_errors(void **state)
{
    (void)state;
    static const char *const says[] = {
        "input 1 is 3x6x6, input 0 is 4x6x6, want the same",
        "input 1 is 1x1, input 0 is 6x6",
        "9 inputs, want 1 to 8",
        "0 inputs, want 1 to 8",
        "input 1 is node 77, but the nodes so far are 0 to 1",
        "input 0 is node -1",
        "has one input, and node 0 is it",
        "nothing may follow the output, node 2",
        "0 outputs, want 1 to 1048576",
        "rate 1, want at least 0 and less than 1",
        "rate nan",
        "weight 1048576x1048576x1x1 has more than",
        "each dimension must be 1 to 1048576",
    };
    for (int i = 0; i < (int)LENGTH(says); i++) {
        af_graph *g = af_graph_new();
        assert_int_equal(bad(g, af_input(g, (af_shape){4, 6, 6}), i), -1);
        assert_int_equal(af_graph_status(g), AF_EINVAL);
        assert_says(says[i]);
        af_graph_free(g);
    }
}

static void input_errors(void **state)
{
    (void)state;
    static const af_shape rows[] = {
        {0, 4, 4}, {3, -1, 4}, {3, 4, AF_MAX_DIM + 1}, {1 << 11, 1 << 10, 1 << 10}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        af_graph *g = af_graph_new();
        assert_int_equal(af_input(g, rows[i]), -1);
        assert_int_equal(af_graph_status(g), AF_EINVAL);
        assert_says(i < 3 ? "each dimension" : "2048x1024x1024 has more than 2147483647");
        af_graph_free(g);
    }
}

static void first_error_stays(void **state)
{
    (void)state;
    af_graph *g = af_graph_new();
    af_id x = af_input(g, (af_shape){4, 6, 6});
    af_id y = af_relu(g, af_conv(g, x, af_conv_attrs(8, 9, 0)));
    assert_int_equal(y, -1);
    assert_int_equal(af_conv(g, x, af_conv_attrs(8, 3, 1)), -1);
    assert_int_equal(af_graph_fail(g, "later: %d", 5), -1);
    assert_int_equal(af_graph_count(g), 1);
    af_fail(AF_EIO, "something else");
    assert_int_equal(af_graph_status(g), AF_EINVAL);
    assert_string_equal(af_error(), "node 1 (conv): stride 0 along the height, want 1 to 1048576");
    af_graph_free(g);

    g = af_graph_new();
    assert_int_equal(af_graph_fail(g, "cell %d has no inputs", 3), -1);
    assert_int_equal(af_input(g, (af_shape){4, 6, 6}), -1);
    assert_int_equal(af_graph_status(g), AF_EINVAL);
    assert_string_equal(af_error(), "cell 3 has no inputs");
    af_graph_free(g);
}

static void node_limit(void **state)
{
    (void)state;
    af_graph *g = af_graph_new();
    af_id x = af_input(g, (af_shape){1, 1, 1});
    while (af_graph_count(g) < AF_MAX_NODES) x = af_relu(g, x);
    assert_ok(af_graph_status(g));
    char *text = af_graph_print(g);
    assert_non_null(text);
    assert_non_null(strstr(text, "4095 relu 4094 -> 1x1x1\n"));
    af_free(text);
    assert_int_equal(af_relu(g, x), -1);
    assert_int_equal(af_graph_status(g), AF_EINVAL);
    assert_says("at most 4096 nodes");
    af_graph_free(g);
}

static void memory_short(void **state)
{
    (void)state;
    unsigned long k = 1;
    for (;; k++) {
        af_alloc_fail_at(k);
        af_graph *g = nas_bench_201();
        bool built = af_graph_status(g) == AF_OK;
        char *text = built ? af_graph_print(g) : NULL;
        af_alloc_fail_at(0);
        if (!built) assert_int_equal(af_graph_status(g), AF_ENOMEM);
        bool done = text != NULL;
        af_free(text);
        af_graph_free(g);
        if (done) break;
    }
    assert_true(k > 5); /* graph, node array growing, text growing */
}

/* ---- the text ---- */

static char *text_of(af_attrs a, af_shape in)
{
    af_graph *g = af_graph_new();
    af_conv(g, af_input(g, in), a);
    assert_ok(af_graph_status(g));
    char *text = af_graph_print(g);
    af_graph_free(g);
    assert_non_null(text);
    return text;
}

static void text_tells_networks_apart(void **state)
{
    (void)state;
    const af_shape in = {4, 9, 9};
    af_attrs rows[10];
    for (size_t i = 0; i < LENGTH(rows); i++) rows[i] = af_conv_attrs(4, 3, 1);
    rows[1].out = 8;
    rows[2].kernel[1] = 1;
    rows[3].stride[0] = 2;
    rows[4].dilation[0] = 2;
    rows[5].pad[3] = 0;
    rows[6].pad[2] = 0;
    rows[7].groups = 2;
    rows[8].bias = true;
    char *first = text_of(rows[0], in);
    for (size_t i = 1; i < LENGTH(rows); i++) {
        char *other = text_of(rows[i], in);
        assert_int_equal(strcmp(first, other) == 0, i == 9);
        af_free(other);
    }
    af_free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readme_example),
        cmocka_unit_test(published_counts),
        cmocka_unit_test(shapes),
        cmocka_unit_test(conv_and_pool_errors),
        cmocka_unit_test(graph_errors),
        cmocka_unit_test(input_errors),
        cmocka_unit_test(first_error_stays),
        cmocka_unit_test(node_limit),
        cmocka_unit_test(memory_short),
        cmocka_unit_test(text_tells_networks_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
