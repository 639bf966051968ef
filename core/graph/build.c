/* The builders: one short function an op, so that a network's code reads as its architecture. Each
 * only fills attributes; every check is in the op's shape rule, behind af_graph_add. */
#include "core/op.h"

extern const af_op af_op_input, af_op_conv, af_op_batch_norm, af_op_relu, af_op_avg_pool,
    af_op_max_pool, af_op_global_pool, af_op_linear, af_op_add, af_op_concat, af_op_zero,
    af_op_dropout, af_op_mix, af_op_output;

static af_attrs window(int kh, int kw, int sh, int sw)
{
    return (af_attrs){.kernel = {kh, kw}, .stride = {sh, sw}, .dilation = {1, 1}, .groups = 1};
}

static af_attrs same(af_attrs a)
{
    for (int i = 0; i < 2; i++) {
        a.pad[2 * i] = (a.kernel[i] - 1) / 2;
        a.pad[2 * i + 1] = a.kernel[i] - 1 - a.pad[2 * i];
    }
    return a;
}

af_attrs af_pool_attrs(int kernel, int stride)
{
    af_attrs a = window(kernel, kernel, stride, stride);
    for (int i = 0; i < 4; i++) a.pad[i] = (kernel - 1) / 2;
    return a;
}

af_attrs af_pool_attrs_2d(int kh, int kw, int sh, int sw)
{
    return same(window(kh, kw, sh, sw));
}

af_attrs af_conv_attrs(int out, int kernel, int stride)
{
    af_attrs a = af_pool_attrs(kernel, stride);
    a.out = out;
    return a;
}

af_attrs af_conv_attrs_2d(int out, int kh, int kw, int sh, int sw)
{
    af_attrs a = same(window(kh, kw, sh, sw));
    a.out = out;
    return a;
}

af_id af_input(af_graph *g, af_shape shape)
{
    return af_graph_add(g, &af_op_input, NULL, 0, (af_attrs){.shape = shape});
}

af_id af_conv(af_graph *g, af_id x, af_attrs a)
{
    return af_graph_add(g, &af_op_conv, &x, 1, a);
}

af_id af_batch_norm(af_graph *g, af_id x)
{
    return af_graph_add(g, &af_op_batch_norm, &x, 1, (af_attrs){.epsilon = 1e-5, .momentum = 0.1});
}

af_id af_batch_norm_plain(af_graph *g, af_id x)
{
    af_attrs a = {.epsilon = 1e-5, .momentum = 0.1, .plain = true};
    return af_graph_add(g, &af_op_batch_norm, &x, 1, a);
}

af_id af_relu(af_graph *g, af_id x)
{
    return af_graph_add(g, &af_op_relu, &x, 1, (af_attrs){0});
}

af_id af_avg_pool(af_graph *g, af_id x, af_attrs a)
{
    return af_graph_add(g, &af_op_avg_pool, &x, 1, a);
}

af_id af_max_pool(af_graph *g, af_id x, af_attrs a)
{
    return af_graph_add(g, &af_op_max_pool, &x, 1, a);
}

af_id af_global_pool(af_graph *g, af_id x)
{
    return af_graph_add(g, &af_op_global_pool, &x, 1, (af_attrs){0});
}

af_id af_linear(af_graph *g, af_id x, int out, bool bias)
{
    return af_graph_add(g, &af_op_linear, &x, 1, (af_attrs){.out = out, .bias = bias});
}

af_id af_add(af_graph *g, const af_id *x, int count)
{
    return af_graph_add(g, &af_op_add, x, count, (af_attrs){0});
}

af_id af_mix(af_graph *g, const af_id *x, int count, int first_coefficient)
{
    return af_graph_add(g, &af_op_mix, x, count,
                        (af_attrs){.first_coefficient = first_coefficient});
}

af_id af_concat(af_graph *g, const af_id *x, int count)
{
    return af_graph_add(g, &af_op_concat, x, count, (af_attrs){0});
}

af_id af_zero(af_graph *g, af_id x)
{
    return af_graph_add(g, &af_op_zero, &x, 1, (af_attrs){0});
}

af_id af_dropout(af_graph *g, af_id x, double rate)
{
    return af_graph_add(g, &af_op_dropout, &x, 1, (af_attrs){.rate = rate});
}

af_id af_output(af_graph *g, af_id x)
{
    return af_graph_add(g, &af_op_output, &x, 1, (af_attrs){0});
}
