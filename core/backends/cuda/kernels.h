/* The kernels of all ops, and what a plan does besides; see gpu.h. Each is compiled for the card
 * and for the host, as af_cuda_... and af_cuda_host_... */
#ifndef AF_CUDA_KERNELS_H
#define AF_CUDA_KERNELS_H
#include "core/backend.h"
#include "core/backends/cuda/pack.h"
#include "core/device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* twice: x *= 2, which shows that code built here runs. packs: the device's list; pack: adds to it.
 */
#define AF_GPU_FUNCTIONS(prefix)                                                                   \
    af_status prefix##prepare(const af_request *r, af_prepared *out);                              \
    void prefix##release(void *self);                                                              \
    void prefix##twice(af_device *d, float *x, int n);                                             \
    void prefix##settle(af_device *d);                                                             \
    af_pack_list *prefix##packs(af_device *d);                                                     \
    void prefix##pack(af_device *d, const af_pack *p);                                             \
    void prefix##compose(af_device *d, const af_device_compose *c);                                \
    void prefix##loss(af_device *d, const af_device_loss *l);                                      \
    void prefix##update(af_device *d, const af_device_update *u);                                  \
    typedef af_status prefix##prepare_op(const af_request *r, af_prepared *out);                   \
    prefix##prepare_op prefix##add, prefix##avg_pool, prefix##batch_norm, prefix##concat,          \
        prefix##conv, prefix##depthwise, prefix##dropout, prefix##global_pool, prefix##input,      \
        prefix##linear, prefix##max_pool, prefix##mix, prefix##norm_sum, prefix##output,           \
        prefix##relu, prefix##zero;

AF_GPU_FUNCTIONS(af_cuda_)
AF_GPU_FUNCTIONS(af_cuda_host_)

#ifdef __cplusplus
}
#endif
#endif
