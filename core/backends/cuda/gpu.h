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
#include "core/device.h"
}

#ifdef __CUDACC__
#define AF_GPU(name) af_cuda_##name
#define AF_KERNEL    __device__ __forceinline__
#else
#define AF_GPU(name) af_cuda_host_##name
#define AF_KERNEL    inline __attribute__((always_inline))
#endif

struct bf16 {
    uint16_t bits;
};

AF_KERNEL float bf16_float(bf16 v)
{
    union {
        uint32_t bits;
        float value;
    } u = {(uint32_t)v.bits << 16};
    return u.value;
}

/* To the nearest, ties to even; a NaN stays one. */
AF_KERNEL bf16 float_bf16(float value)
{
    union {
        float value;
        uint32_t bits;
    } u = {value};
    if (value != value) return bf16{(uint16_t)(u.bits >> 16 | 0x40)};
    return bf16{(uint16_t)((u.bits + 0x7fff + (u.bits >> 16 & 1)) >> 16)};
}

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
    return bf16_float(p[i]);
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
    put(p, i, float_bf16((float)value));
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

static inline int64_t elements(const af_call *c)
{
    return (int64_t)c->n * af_shape_size(c->node->shape);
}

#endif
