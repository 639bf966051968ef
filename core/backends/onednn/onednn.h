/* Inside the oneDNN backend: what its op files offer to core/backends/onednn.c. Each prepare
 * function answers for one op as af_backend.prepare does. */
#ifndef AF_ONEDNN_H
#define AF_ONEDNN_H
#include "core/backend.h"

typedef af_status af_onednn_prepare(const af_request *r, af_prepared *out);
af_onednn_prepare af_onednn_conv, af_onednn_depthwise, af_onednn_winograd, af_onednn_linear;
af_onednn_prepare af_onednn_batch_norm, af_onednn_norm_sum;
af_onednn_prepare af_onednn_avg_pool, af_onednn_max_pool, af_onednn_global_pool;
af_onednn_prepare af_onednn_relu, af_onednn_add, af_onednn_mix, af_onednn_concat;

/* Every `self` begins with its destructor. */
typedef struct af_onednn_self {
    void (*release)(void *self);
} af_onednn_self;

/* What a convolution is to the kernels; a linear layer is one with a 1x1 kernel. */
typedef struct af_conv_geometry {
    int in, out, groups;
    int kernel[2], stride[2], dilation[2];
    int pad[4]; /* top, bottom, left, right */
    bool bias;
} af_conv_geometry;
af_status af_onednn_dense(const af_request *r, const af_conv_geometry *g, af_prepared *out);

/* Whether oneDNN uses AMX here: the processor has it, and the kernel lets this process have it. */
bool af_onednn_has_amx(void);

/* oneDNN takes pointers to non-const also for what it only reads. */
static inline void *af_unconst(const void *p)
{
    return (void *)(uintptr_t)p;
}

#endif
