/* Convolutions and linear layers; see core/ops/conv.c and core/ops/linear.c. Dense ones are left to
 * a provider (dense.h), here are the weights and the bias. The lane's memory holds the packed
 * weights and the packed gradient; where the parameter itself will do, neither is needed. */
#include "core/backends/cuda/conv.h"
#include "core/backends/cuda/dense.h"
#include "core/backends/cuda/pack.h"

namespace
{

struct conv {
    gpu_node node;
    af_kernel kernel;
    af_dense *dense;
    bool packs;
    af_pack pack;       /* without pointers */
    size_t gradient_at; /* in the lane's memory */
};

const conv *conv_of(const af_call *c)
{
    return (const conv *)c->self;
}

template <class T> struct bias_forward {
    T *y;
    const float *bias;
    int channels;
    AF_KERNEL void operator()(int64_t i) const
    {
        int64_t pixel = i;
        put(y, i, get(y, i) + get(bias, split_off(pixel, channels)));
    }
};

const void *weights(const af_call *c)
{
    return conv_of(c)->packs ? c->lane : c->w[0];
}

void *packed_gradient(const af_call *c)
{
    return (char *)c->lane + conv_of(c)->gradient_at;
}

void begin(const af_call *c)
{
    af_pack p = conv_of(c)->pack;
    p.from = c->w[0];
    p.to = c->lane;
    AF_GPU(pack)(device_of(c), &p);
}

template <class T> void forward(const af_call *c)
{
    const af_dense *k = conv_of(c)->dense;
    k->forward(k, c->x[0], weights(c), c->y, c->scratch);
    if (c->node->attrs.bias)
        each(device_of(c), "bias_forward", elements(c),
             bias_forward<T>{(T *)c->y, (const float *)c->w[1], c->node->shape.c});
}

template <class T> void backward(const af_call *c)
{
    const conv *k = conv_of(c);
    const af_dense *d = k->dense;
    if (c->dx[0]) d->data(d, c->dy, weights(c), c->dx[0], c->add[0], c->scratch);
    d->filter(d, c->x[0], c->dy, k->packs ? packed_gradient(c) : c->dw[0], c->scratch);
    queue_bias_backward<T>(c);
}

void finish(const af_call *c)
{
    af_pack p = conv_of(c)->pack;
    p.back = true;
    p.from = packed_gradient(c);
    p.to = c->dw[0];
    AF_GPU(pack)(device_of(c), &p);
}

template <class T> af_kernel slots(const conv *k, bool train)
{
    return {.name = k->dense->name,
            .begin = k->packs ? begin : NULL,
            .forward = forward<T>,
            .backward = train ? backward<T> : NULL,
            .finish = train && k->packs ? finish : NULL};
}

/* ---- padding ---- */

int outputs(const af_dense_problem &p, int axis, int pad)
{
    int size = axis == 0 ? p.in.h : p.in.w;
    return (size + 2 * pad - (p.kernel[axis] - 1) * p.dilation[axis] - 1) / p.stride[axis] + 1;
}

/* Libraries pad both sides alike. Where one side has more, the kernel grows on the other side by as
 * much, with taps that are 0 (8 with padding 3 and 4 becomes 9 with 4 and 4): the outputs are the
 * same. More than doubled is too dear. */
void even_out(af_dense_problem &p, int before[2])
{
    for (int axis = 0; axis < 2; axis++) {
        int *pad = &p.pad[2 * axis], more = pad[1] - pad[0];
        int outs = axis == 0 ? p.out.h : p.out.w, taps = (more < 0 ? -more : more);
        before[axis] = 0;
        if (more == 0) continue;
        if (outputs(p, axis, pad[0]) == outs) {
            pad[1] = pad[0]; /* what lies there reaches no window, or there is none to reach */
            continue;
        }
        if (taps % p.dilation[axis] != 0 || taps / p.dilation[axis] > p.kernel[axis]) continue;
        taps /= p.dilation[axis];
        p.kernel[axis] += taps;
        before[axis] = more > 0 ? taps : 0;
        pad[0] = pad[1] = more > 0 ? pad[1] : pad[0];
    }
}

/* ---- making ---- */

void release(gpu_node *self)
{
    conv *k = (conv *)self;
    if (k->dense) k->dense->release(k->dense);
    af_free(k);
}

af_status choose(conv *k, const af_dense_problem &p)
{
#ifdef __CUDACC__
    AF_TRY(af_cuda_cudnn(&k->dense, k->node.device, &p));
#endif
    return k->dense ? AF_OK : AF_GPU(own_dense)(&k->dense, k->node.device, &p);
}

size_t round_up(size_t bytes)
{
    return (bytes + 255) & ~(size_t)255;
}

af_status lay_out(const af_request *r, const af_dense_problem &p, const int kernel[2],
                  af_prepared *out, conv *k)
{
    int part = p.in.c / p.groups;
    int64_t area = (int64_t)p.kernel[0] * p.kernel[1], count = (int64_t)p.out.c * part * area;
    if (area > INT32_MAX || count > INT32_MAX)
        return af_fail(AF_EINVAL, "cuda: a convolution of %g weights, at most 2^31 will do",
                       (double)count);
    size_t bytes = (size_t)count * (p.half ? sizeof(bf16) : sizeof(float));
    bool grown = kernel[0] != p.kernel[0] || kernel[1] != p.kernel[1];
    k->packs = p.half || grown || (part > 1 && area > 1);
    k->pack.out = p.out.c;
    k->pack.in = part;
    k->pack.half = p.half;
    for (int axis = 0; axis < 2; axis++) {
        k->pack.kernel[axis] = kernel[axis];
        k->pack.packed[axis] = p.kernel[axis];
    }
    k->gradient_at = round_up(bytes);
    if (k->packs) out->lane_bytes = k->gradient_at + (r->train ? bytes : 0);
    return AF_OK;
}

af_status prepare(const af_request *r, af_dense_problem p, af_prepared *out)
{
    int kernel[2] = {p.kernel[0], p.kernel[1]};
    conv *k = new_node<conv>(r);
    if (!k) return AF_ENOMEM;
    k->node.release = release;
    even_out(p, k->pack.before);
    af_status st = lay_out(r, p, kernel, out, k);
    if (st == AF_OK) st = choose(k, p);
    if (st != AF_OK) {
        release(&k->node);
        return st;
    }
    k->kernel = p.half ? slots<bf16>(k, r->train) : slots<float>(k, r->train);
    out->kernel = &k->kernel;
    out->self = k;
    out->scratch_bytes = k->dense->scratch_bytes;
    return AF_OK;
}

af_dense_problem problem_of(const af_request *r)
{
    return {.n = r->n,
            .groups = 1,
            .in = r->in[0],
            .out = r->node->shape,
            .kernel = {1, 1},
            .stride = {1, 1},
            .dilation = {1, 1},
            .half = r->type == AF_BF16,
            .tf32 = r->precision == AF_TF32_PRECISION,
            .fast = r->fast,
            .train = r->train,
            .wants_dx = r->wants_dx[0]};
}

} // namespace

extern "C" af_status AF_GPU(conv)(const af_request *r, af_prepared *out)
{
    const af_attrs *a = &r->node->attrs;
    if (a->groups == r->in[0].c) return AF_GPU(depthwise)(r, out);
    af_dense_problem p = problem_of(r);
    p.groups = a->groups;
    memcpy(p.kernel, a->kernel, sizeof p.kernel);
    memcpy(p.stride, a->stride, sizeof p.stride);
    memcpy(p.dilation, a->dilation, sizeof p.dilation);
    memcpy(p.pad, a->pad, sizeof p.pad);
    return prepare(r, p, out);
}

/* A convolution of 1x1. */
extern "C" af_status AF_GPU(linear)(const af_request *r, af_prepared *out)
{
    return prepare(r, problem_of(r), out);
}
