/* Concatenation along the channels; height and width of all inputs agree.
 * Cost: an element moved counts as 1 FLOP, forward and backward. */
#include <string.h>
#include "core/op.h"

static size_t pixels(const af_call *c)
{
    return (size_t)c->n * (size_t)c->node->shape.h * (size_t)c->node->shape.w;
}

static void forward(const af_call *c)
{
    size_t width = (size_t)c->node->shape.c, at = 0;
    for (int k = 0; k < c->node->inputs; k++) {
        size_t part = (size_t)c->in[k].c;
        const real *x = c->x[k];
        real *y = (real *)c->y + at;
        for (size_t i = 0, n = pixels(c); i < n; i++)
            memcpy(y + i * width, x + i * part, part * sizeof *x);
        at += part;
    }
}

static void backward(const af_call *c)
{
    size_t width = (size_t)c->node->shape.c, at = 0;
    for (int k = 0; k < c->node->inputs; k++) {
        size_t part = (size_t)c->in[k].c;
        const real *dy = (const real *)c->dy + at;
        real *dx = c->dx[k];
        at += part;
        if (dx == NULL) continue;
        for (size_t i = 0, n = pixels(c); i < n; i++)
            for (size_t j = 0; j < part; j++) {
                real d = dy[i * width + j], *to = &dx[i * part + j];
                *to = c->add[k] ? *to + d : d;
            }
    }
}

const af_kernel AF_REFERENCE(concat) = {
    .name = "reference", .forward = forward, .backward = backward};

#ifndef AF_DOUBLE
static af_status shape(const af_node *n, const af_shape *in, af_shape *out)
{
    *out = in[0];
    for (int k = 1; k < n->inputs; k++) {
        if (in[k].h != in[0].h || in[k].w != in[0].w)
            return af_fail(AF_EINVAL, "input %d is %dx%d, input 0 is %dx%d, want the same", k,
                           in[k].h, in[k].w, in[0].h, in[0].w);
        out->c += in[k].c;
    }
    return AF_OK;
}

static af_cost cost(const af_node *n, const af_shape *in)
{
    (void)in;
    double size = (double)af_shape_size(n->shape);
    return (af_cost){.forward = size, .backward = size};
}

extern const af_kernel af_reference_concat_f64;

const af_op af_op_concat = {
    .name = "concat",
    .summary = "concatenation along the channels",
    .min_inputs = 1,
    .max_inputs = AF_MAX_INPUTS,
    .shape = shape,
    .cost = cost,
    .reference = {&af_reference_concat_f32, &af_reference_concat_f64},
};
#endif
