/* Dropout (Srivastava et al. 2014), inverted: kept elements are scaled by 1/(1 - rate) in training,
 * and nothing happens outside it. Reads `rate`. Each sample draws from its own place in the stream
 * "dropout/<node>", one 32-bit word an element in NHWC order, so the mask depends neither on how
 * the batch is cut nor on the other samples. Cost per element: 2 FLOPs forward (compare, scale), 1
 * backward. */
#include <stdio.h>
#include "core/base/philox.h"
#include "core/op.h"

static size_t size_of(const af_call *c)
{
    return (size_t)af_shape_size(c->node->shape);
}

static void forward(const af_call *c)
{
    const real *x = c->x[0];
    real *y = c->y;
    size_t size = size_of(c);
    if (!c->train) {
        for (size_t i = 0; i < (size_t)c->n * size; i++) y[i] = x[i];
        return;
    }
    char role[32];
    snprintf(role, sizeof role, "dropout/%d", c->node->id);
    uint64_t dropped = (uint64_t)(c->node->attrs.rate * 4294967296.0);
    real scale = (real)(1 / (1 - c->node->attrs.rate));
    unsigned char *mask = c->saved;
    for (int s = 0; s < c->n; s++, x += size, y += size, mask += size) {
        uint32_t index = (uint32_t)(c->first + s);
        af_rng r = af_rng_at(c->at.seed, role, c->at.trial, c->at.epoch, c->at.step, index);
        for (size_t i = 0; i < size; i++) {
            mask[i] = af_rng_u32(&r) >= dropped;
            y[i] = mask[i] ? x[i] * scale : 0;
        }
    }
}

static void backward(const af_call *c)
{
    const real *dy = c->dy;
    const unsigned char *mask = c->saved;
    real *dx = c->dx[0];
    if (dx == NULL) return;
    real scale = (real)(1 / (1 - c->node->attrs.rate));
    for (size_t i = 0, n = (size_t)c->n * size_of(c); i < n; i++) {
        real d = mask[i] ? dy[i] * scale : 0;
        dx[i] = c->add[0] ? dx[i] + d : d;
    }
}

const af_kernel AF_REFERENCE(dropout) = {
    .name = "reference", .forward = forward, .backward = backward};

#ifndef AF_DOUBLE
static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    double rate = n->attrs.rate;
    if (!(rate >= 0 && rate < 1))
        return af_fail(AF_EINVAL, "rate %g, want at least 0 and less than 1", rate);
    *out = in[0];
    return AF_OK;
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    (void)in;
    double size = (double)af_shape_size(n->shape);
    return (af_cost){.forward = 2 * size, .backward = size};
}

/* One byte an element: 1 = kept. */
static size_t saved(const af_node *n, const af_shape *in)
{
    (void)in;
    return (size_t)af_shape_size(n->shape);
}

extern const af_kernel af_reference_dropout_f64;

const af_op af_op_dropout = {
    .name = "dropout",
    .summary = "dropout; the identity outside training",
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .cost = cost,
    .saved = saved,
    .reference = {&af_reference_dropout_f32, &af_reference_dropout_f64},
};
#endif
