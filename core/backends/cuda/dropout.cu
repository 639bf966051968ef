/* Dropout; see core/ops/dropout.c, whose random numbers these are. A thread draws one block of
 * Philox, four words, for four neighbouring elements of a sample. Where the stream stands changes
 * from step to step, so it is read from the step's inputs. */
#include <stdio.h>
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/index.h"
#include "core/backends/cuda/kernels.h"
#include "core/base/philox_block.h"

namespace
{

enum { WORDS = 4 };

struct dropout_node {
    gpu_node base;
    uint64_t role;    /* of the stream, hashed */
    uint32_t dropped; /* words below are */
    float scale;
};

template <class T> struct dropout_forward {
    const af_step_inputs *inputs;
    uint64_t role;
    uint32_t dropped;
    float scale;
    int64_t size; /* of a sample */
    divider blocks;
    const T *x;
    T *y;
    unsigned char *mask;
    AF_KERNEL void operator()(int64_t i) const
    {
        split s = split_by(i, blocks); /* sample, block of it */
        uint32_t key[2], words[WORDS];
        uint32_t counter[4] = {(uint32_t)s.rest, (uint32_t)s.whole, get(&inputs->at.step, 0),
                               get(&inputs->at.epoch, 0)};
        af_philox_key(key, get(&inputs->at.seed, 0), role, get(&inputs->at.trial, 0));
        af_philox_block(counter, key, words);
        for (int j = 0; j < WORDS; j++) {
            int64_t in_sample = s.rest * WORDS + j, e = s.whole * size + in_sample;
            if (in_sample >= size) break;
            bool kept = words[j] >= dropped;
            put(mask, e, (unsigned char)kept);
            put(y, e, kept ? get(x, e) * scale : 0);
        }
    }
};

template <class T> struct dropout_none {
    const T *x;
    T *y;
    AF_KERNEL void operator()(int64_t i) const
    {
        put(y, i, get(x, i));
    }
};

template <class T> struct dropout_backward {
    float scale;
    const unsigned char *mask;
    const T *dy;
    T *dx;
    bool add;
    AF_KERNEL void operator()(int64_t i) const
    {
        put_gradient(dx, i, get(mask, i) ? get(dy, i) * scale : 0, add);
    }
};

const dropout_node *node_of(const af_call *c)
{
    return (const dropout_node *)c->self;
}

template <class T> void forward(const af_call *c)
{
    const dropout_node *n = node_of(c);
    const T *x = (const T *)c->x[0];
    T *y = (T *)c->y;
    if (!c->train) {
        each(device_of(c), "dropout_none", elements(c), dropout_none<T>{x, y});
        return;
    }
    int64_t size = af_shape_size(c->node->shape), blocks = (size + WORDS - 1) / WORDS;
    each(device_of(c), "dropout_forward", c->n * blocks,
         dropout_forward<T>{c->inputs, n->role, n->dropped, n->scale, size, divide_by(blocks), x, y,
                            (unsigned char *)c->saved});
}

template <class T> void backward(const af_call *c)
{
    if (!c->dx[0]) return;
    each(device_of(c), "dropout_backward", elements(c),
         dropout_backward<T>{node_of(c)->scale, (const unsigned char *)c->saved, (const T *)c->dy,
                             (T *)c->dx[0], c->add[0]});
}

template <class T> constexpr af_kernel kernel()
{
    return {.name = "cuda", .forward = forward<T>, .backward = backward<T>};
}
const af_kernel kernels[] = {kernel<float>(), kernel<bf16>()};

} // namespace

extern "C" af_status AF_GPU(dropout)(const af_request *r, af_prepared *out)
{
    char role[32];
    double rate = r->node->attrs.rate;
    dropout_node *n = new_node<dropout_node>(r);
    if (!n) return AF_ENOMEM;
    snprintf(role, sizeof role, "dropout/%d", r->node->id);
    n->role = af_philox_role(role);
    n->dropped = (uint32_t)(rate * 4294967296.0);
    n->scale = (float)(1 / (1 - rate));
    out->self = n;
    out->kernel = &kernels[r->type == AF_BF16];
    return AF_OK;
}
