/* How kernels are written: once, in C with small templates, and compiled twice. nvcc compiles them
 * for the card; the host's compiler for the backend cuda_host, which runs the same code one element
 * after another, so that every kernel is tested on machines without a card.
 *
 * A kernel is a struct of what it needs, with a member function of one element:
 *
 *     template <class T> struct relu_forward {
 *         const T *x; T *y;
 *         AF_KERNEL void operator()(int64_t i) const { put(y, i, fmaxf(get(x, i), 0)); }
 *     };
 *     each(device, "relu_forward", n, relu_forward<T>{x, y});
 *
 * or, where it adds up rows of each column, with `add` and `done` (see `reduce`). Both only queue
 * work. Memory of the device is read and written by `get` and `put` alone: they convert bf16, and
 * on the host they notice what is read before it was written. Nothing here depends on the order in
 * which elements run. */
#ifndef AF_GPU_H
#define AF_GPU_H
#include <math.h>
#include <stdint.h>
#include <string.h>
extern "C" {
#include "core/backend.h"
#include "core/base/alloc.h"
#include "core/base/bf16.h"
#include "core/device.h"
}

#ifdef __CUDACC__
#define AF_GPU(name) af_cuda_##name
#define AF_KERNEL    __device__ __forceinline__
#else
#define AF_GPU(name) af_cuda_host_##name
#define AF_KERNEL    inline __attribute__((always_inline))
#endif

/* A type of its own, so that get and put know it from integers. */
struct bf16 {
    af_bf16 bits;
};

#ifdef __CUDACC__
#include "core/backends/cuda/launch.h"
#else
#include "core/backends/cuda_host/launch.h"
#endif

/* ---- memory of the device ---- */

template <class T> AF_KERNEL T get(const T *p, int64_t i)
{
    seen_read(p + i, sizeof *p);
    return p[i];
}
AF_KERNEL float get(const bf16 *p, int64_t i)
{
    seen_read(p + i, sizeof *p);
    return af_bf16_float(p[i].bits);
}
template <class T> AF_KERNEL void put(T *p, int64_t i, T value)
{
    p[i] = value;
    seen_write(p + i, sizeof *p);
}
AF_KERNEL void put(float *p, int64_t i, double value)
{
    put(p, i, (float)value);
}
AF_KERNEL void put(bf16 *p, int64_t i, double value)
{
    put(p, i, bf16{af_bf16_round((float)value)});
}
/* A gradient: set, or added to what is there; a float as floats, a double as doubles. */
template <class T, class S> AF_KERNEL void put_gradient(T *p, int64_t i, S value, bool add)
{
    put(p, i, add ? get(p, i) + value : value);
}

/* ---- sums ---- */

/* K sums in double: what a reduction usually adds up. */
template <int K> struct sums {
    double v[K];
    AF_KERNEL void clear()
    {
        for (int k = 0; k < K; k++) v[k] = 0;
    }
    AF_KERNEL void merge(const sums &other)
    {
        for (int k = 0; k < K; k++) v[k] += other.v[k];
    }
};

/* ---- nodes ---- */

/* What every prepared node begins with; conv and others have more of their own. */
struct gpu_node {
    af_device *device;
    void (*release)(gpu_node *self);
};
static inline af_device *device_of(const af_call *c)
{
    return ((const gpu_node *)c->self)->device;
}

/* A node of type N, which begins with a gpu_node and owns nothing. NULL when memory is short. */
template <class N> static inline N *new_node(const af_request *r)
{
    N *n = (N *)af_calloc(1, sizeof *n);
    gpu_node *base = (gpu_node *)n;
    if (!n) return NULL;
    base->device = r->device;
    base->release = [](gpu_node *self) { af_free(self); };
    return n;
}

/* Kernels of an op that needs no state: {float, bf16}. */
static inline af_status prepare_plain(const af_request *r, af_prepared *out,
                                      const af_kernel kernels[2])
{
    out->self = new_node<gpu_node>(r);
    if (!out->self) return AF_ENOMEM;
    out->kernel = &kernels[r->type == AF_BF16];
    return AF_OK;
}

/* The inputs of a call, and where their gradients go; false: none is wanted. */
template <class T> static inline void fill_inputs(const af_call *c, const T *x[AF_MAX_INPUTS])
{
    for (int k = 0; k < c->node->inputs; k++) x[k] = (const T *)c->x[k];
}
template <class T>
static inline bool fill_gradients(const af_call *c, T *dx[AF_MAX_INPUTS], bool add[AF_MAX_INPUTS])
{
    bool any = false;
    for (int k = 0; k < c->node->inputs; k++) {
        dx[k] = (T *)c->dx[k];
        add[k] = c->add[k];
        any |= dx[k] != NULL;
    }
    return any;
}

static inline int64_t elements(const af_call *c)
{
    return (int64_t)c->n * af_shape_size(c->node->shape);
}

#endif
