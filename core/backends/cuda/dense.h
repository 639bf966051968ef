/* Who computes dense convolutions: a provider, with its own choice of algorithms for one node. NHWC
 * activations, weights {out, kh, kw, in / groups} of the same type. A linear layer is a convolution
 * of 1x1. */
#ifndef AF_CUDA_DENSE_H
#define AF_CUDA_DENSE_H
#include <stdbool.h>
#include <stddef.h>
#include "core/device.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct af_dense_problem {
    int n, groups;
    af_shape in, out;
    int kernel[2], stride[2], dilation[2], pad[4]; /* as in af_attrs */
    bool half;                                     /* bf16; else float */
    bool tf32;                                     /* products may be of that precision */
    bool fast;                                     /* need not be deterministic */
    bool train, wants_dx;                          /* which passes there will be */
} af_dense_problem;

typedef struct af_dense af_dense;
struct af_dense {
    const char *name;     /* with the algorithms that were chosen */
    size_t scratch_bytes; /* of device memory, for every pass */
    /* Queued; all pointers are to the device's memory. */
    void (*forward)(const af_dense *k, const void *x, const void *w, void *y, void *scratch);
    void (*data)(const af_dense *k, const void *dy, const void *w, void *dx, bool add,
                 void *scratch);
    void (*filter)(const af_dense *k, const void *x, const void *dy, void *dw, void *scratch);
    void (*release)(af_dense *k);
};

/* Plain kernels, for everything. */
typedef af_status af_dense_provider(af_dense **out, af_device *d, const af_dense_problem *p);
af_dense_provider af_cuda_own_dense, af_cuda_host_own_dense;
/* AF_OK and NULL: not this one, or there is no cuDNN. */
af_dense_provider af_cuda_cudnn;

#ifdef __cplusplus
}
#endif
#endif
