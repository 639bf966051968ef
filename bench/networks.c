/* The networks of the benchmark. They are written out here, not taken from the spaces, so that a
 * space may change how it builds without moving the yardstick. Every ReLU is a node of its own, as
 * in the published code; edges that could share one do not.
 */
#include "bench/networks.h"

static af_id conv_norm(af_graph *g, af_id x, af_attrs a)
{
    return af_batch_norm(g, af_conv(g, x, a));
}

/* ---- NAS-Bench-201 (Dong & Yang 2020), C = 16, N = 5 ---- */

/* ReLU - convolution - batch norm. */
static af_id relu_conv(af_graph *g, af_id x, int channels, int kernel, int stride)
{
    return conv_norm(g, af_relu(g, x), af_conv_attrs(channels, kernel, stride));
}

typedef af_id edge_fn(af_graph *g, af_id x, int channels, int index);

/* The dearest operation. */
static af_id edge_3x3(af_graph *g, af_id x, int channels, int index)
{
    (void)index;
    return relu_conv(g, x, channels, 3, 1);
}

/* All five operations, each times its coefficient; cells share the coefficients. */
static af_id edge_mixed(af_graph *g, af_id x, int channels, int index)
{
    af_id terms[5] = {af_zero(g, x), x, relu_conv(g, x, channels, 1, 1),
                      relu_conv(g, x, channels, 3, 1), af_avg_pool(g, x, af_pool_attrs(3, 1))};
    return af_mix(g, terms, 5, 5 * index);
}

/* Edges are numbered by target: (1<-0), (2<-0), (2<-1), (3<-0), (3<-1), (3<-2). */
static af_id nb201_cell(af_graph *g, af_id x, int channels, edge_fn *edge)
{
    af_id node[4] = {x};
    for (int to = 1; to < 4; to++) {
        af_id in[3];
        for (int from = 0; from < to; from++)
            in[from] = edge(g, node[from], channels, to * (to - 1) / 2 + from);
        node[to] = to == 1 ? in[0] : af_add(g, in, to);
    }
    return node[3];
}

static af_id nb201_reduction(af_graph *g, af_id x, int channels)
{
    af_attrs half = af_pool_attrs(2, 2);
    af_id y = relu_conv(g, relu_conv(g, x, channels, 3, 2), channels, 3, 1);
    af_id both[2] = {y, af_conv(g, af_avg_pool(g, x, half), af_conv_attrs(channels, 1, 1))};
    return af_add(g, both, 2);
}

static void nb201(af_graph *g, edge_fn *edge)
{
    af_id x = af_input(g, (af_shape){3, 32, 32});
    x = conv_norm(g, x, af_conv_attrs(16, 3, 1));
    for (int stage = 0; stage < 3; stage++) {
        if (stage > 0) x = nb201_reduction(g, x, 16 << stage);
        for (int i = 0; i < 5; i++) x = nb201_cell(g, x, 16 << stage, edge);
    }
    x = af_global_pool(g, af_relu(g, af_batch_norm(g, x)));
    af_output(g, af_linear(g, x, 100, true));
}

static void nb201_all_3x3(af_graph *g)
{
    nb201(g, edge_3x3);
}

static void nb201_supernet(af_graph *g)
{
    nb201(g, edge_mixed);
}

/* ---- the others ---- */

static void darts(af_graph *g)
{
    af_bench_darts(g, &af_bench_ninapro, 16, 8, 100);
}

/* The one-dimensional ResNet of Wang et al. 2017. */
static void resnet_1d(af_graph *g)
{
    static const int widths[3] = {64, 128, 128}, kernels[3] = {8, 5, 3};
    af_id x = af_input(g, (af_shape){1, 1, 1000});
    for (int block = 0; block < 3; block++) {
        af_id y = x;
        for (int i = 0; i < 3; i++) {
            y = conv_norm(g, y, af_conv_attrs_2d(widths[block], 1, kernels[i], 1, 1));
            if (i < 2) y = af_relu(g, y);
        }
        bool wider = af_graph_shape(g, x).c != widths[block];
        af_id both[2] = {y, wider ? conv_norm(g, x, af_conv_attrs(widths[block], 1, 1)) : x};
        x = af_relu(g, af_add(g, both, 2));
    }
    af_output(g, af_linear(g, af_global_pool(g, x), 4, true));
}

/* Wide ResNet 16-4 (Zagoruyko & Komodakis 2016) that keeps the resolution, for dense outputs. */
static void wrn_dense(af_graph *g)
{
    af_id x = af_input(g, (af_shape){1, 85, 85});
    x = af_conv(g, x, af_conv_attrs(16, 3, 1));
    for (int block = 0; block < 6; block++) {
        int channels = 64 << block / 2;
        bool wider = block % 2 == 0;
        af_id y = af_relu(g, af_batch_norm(g, x));
        af_id both[2] = {0, wider ? af_conv(g, y, af_conv_attrs(channels, 1, 1)) : x};
        y = af_relu(g, conv_norm(g, y, af_conv_attrs(channels, 3, 1)));
        both[0] = af_conv(g, y, af_conv_attrs(channels, 3, 1));
        x = af_add(g, both, 2);
    }
    x = af_relu(g, af_batch_norm(g, x));
    af_output(g, af_conv(g, x, af_conv_attrs(1, 1, 1)));
}

const af_bench_network af_bench_networks[] = {
    {"nb201-all-3x3-c16-n5", "NAS-Bench-201, 3x3 convolutions on all edges, 32x32", nb201_all_3x3,
     &af_loss_cross_entropy, 64},
    {"nb201-supernet-c16-n5", "NAS-Bench-201, all five operations mixed on all edges, 32x32",
     nb201_supernet, &af_loss_cross_entropy, 64},
    {"darts-c16-l8", "DARTS-like cells of seven operations, 32x32", darts, &af_loss_cross_entropy,
     64},
    {"resnet-1d-64-128-128", "one-dimensional ResNet, 1x1000", resnet_1d, &af_loss_cross_entropy,
     64},
    {"wrn-16-4-dense-85x85", "Wide ResNet 16-4 with dense output", wrn_dense, &af_loss_relative_l2,
     4},
    {0},
};
