/* A network of DARTS cells (Liu, Simonyan & Yang 2019): stem, cells of four nodes that each sum two
 * edges, the nodes' concatenation as output, mean, linear. One deviation: the second convolution of
 * a factorised reduction reads the same pixels as the first, not those one further right and down,
 * as in NAS-Bench-360's one-dimensional version. Sizes and costs are the same.
 */
#include "bench/networks.h"

enum { NODES = 4 };

const af_bench_genotype af_bench_ninapro = {
    .normal = {{AF_BENCH_MAX_POOL, 0},
               {AF_BENCH_SEP_5X5, 1},
               {AF_BENCH_SKIP, 1},
               {AF_BENCH_SEP_3X3, 2},
               {AF_BENCH_DIL_5X5, 0},
               {AF_BENCH_SEP_3X3, 1},
               {AF_BENCH_AVG_POOL, 0},
               {AF_BENCH_DIL_5X5, 4}},
    .reduce = {{AF_BENCH_AVG_POOL, 0},
               {AF_BENCH_SKIP, 1},
               {AF_BENCH_SKIP, 0},
               {AF_BENCH_DIL_5X5, 1},
               {AF_BENCH_DIL_3X3, 1},
               {AF_BENCH_SEP_3X3, 3},
               {AF_BENCH_DIL_5X5, 1},
               {AF_BENCH_SEP_3X3, 3}},
};

static af_id relu_conv_norm(af_graph *g, af_id x, int channels)
{
    return af_batch_norm(g, af_conv(g, af_relu(g, x), af_conv_attrs(channels, 1, 1)));
}

static af_id factorised_reduction(af_graph *g, af_id x, int channels)
{
    x = af_relu(g, x);
    af_id half[2];
    for (int i = 0; i < 2; i++) half[i] = af_conv(g, x, af_conv_attrs(channels / 2, 1, 2));
    return af_batch_norm(g, af_concat(g, half, 2));
}

/* ReLU - depthwise - 1x1 - batch norm. */
static af_id separable(af_graph *g, af_id x, int channels, int kernel, int stride, int dilation)
{
    af_attrs a = af_conv_attrs(channels, kernel, stride);
    a.groups = channels;
    for (int i = 0; i < 2; i++) a.dilation[i] = dilation;
    for (int i = 0; i < 4; i++) a.pad[i] = dilation * (kernel - 1) / 2;
    x = af_conv(g, af_relu(g, x), a);
    return af_batch_norm(g, af_conv(g, x, af_conv_attrs(channels, 1, 1)));
}

static af_id operation(af_graph *g, af_bench_op op, af_id x, int channels, int stride)
{
    switch (op) {
    case AF_BENCH_SKIP:
        return stride == 1 ? x : factorised_reduction(g, x, channels);
    case AF_BENCH_SEP_3X3:
    case AF_BENCH_SEP_5X5: {
        int kernel = op == AF_BENCH_SEP_3X3 ? 3 : 5;
        return separable(g, separable(g, x, channels, kernel, stride, 1), channels, kernel, 1, 1);
    }
    case AF_BENCH_DIL_3X3:
        return separable(g, x, channels, 3, stride, 2);
    case AF_BENCH_DIL_5X5:
        return separable(g, x, channels, 5, stride, 2);
    case AF_BENCH_MAX_POOL:
        return af_max_pool(g, x, af_pool_attrs(3, stride));
    case AF_BENCH_AVG_POOL:
        return af_avg_pool(g, x, af_pool_attrs(3, stride));
    }
    return af_graph_fail(g, "operation %d, want one of af_bench_op", (int)op);
}

static af_id cell(af_graph *g, const af_bench_edge *edges, bool reduce, const af_id *in,
                  int channels)
{
    af_id node[2 + NODES] = {in[0], in[1]};
    for (int i = 0; i < NODES; i++) {
        af_id terms[2];
        for (int k = 0; k < 2; k++) {
            af_bench_edge e = edges[2 * i + k];
            int stride = reduce && e.from < 2 ? 2 : 1;
            terms[k] = operation(g, e.op, node[e.from], channels, stride);
        }
        node[2 + i] = af_add(g, terms, 2);
    }
    return af_concat(g, node + 2, NODES);
}

void af_bench_darts(af_graph *g, const af_bench_genotype *t, int width, int cells, int classes)
{
    int channels = width;
    bool reduced = false; /* by the cell before */
    af_id x = af_input(g, (af_shape){3, 32, 32});
    x = af_batch_norm(g, af_conv(g, x, af_conv_attrs(3 * width, 3, 1)));
    af_id last[2] = {x, x};
    for (int i = 0; i < cells; i++) {
        bool reduce = i == cells / 3 || i == 2 * cells / 3;
        if (reduce) channels *= 2;
        af_id in[2] = {reduced ? factorised_reduction(g, last[0], channels)
                               : relu_conv_norm(g, last[0], channels),
                       relu_conv_norm(g, last[1], channels)};
        last[0] = last[1];
        last[1] = cell(g, reduce ? t->reduce : t->normal, reduce, in, channels);
        reduced = reduce;
    }
    af_output(g, af_linear(g, af_global_pool(g, last[1]), classes, true));
}
