/* The device of the CUDA backend, as the launching of kernels and cuDNN see it. */
#ifndef AF_CUDA_STREAM_H
#define AF_CUDA_STREAM_H
#include <cuda_runtime.h>
#include "core/device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory for the partial sums of one reduction, and counters of its blocks (always 0 in between).
 */
enum { AF_REDUCE_BYTES = 8 << 20, AF_REDUCE_GROUPS = 4096 };

cudaStream_t af_cuda_stream(const af_device *d);
void *af_cuda_found(const af_device *d);
unsigned *af_cuda_arrived(const af_device *d);
/* Keeps the first failure, with what was being done. */
void af_cuda_check(af_device *d, cudaError_t e, const char *what);
extern const af_device_type af_cuda_device;
/* "cuDNN 9.19.0", or what stands in for it. */
const char *af_cuda_dense_name(void);
/* The library for dense convolutions, cudnn.c: opens and closes a handle of this device, kept where
 * af_cuda_library points. */
void **af_cuda_library(af_device *d);
AF_CHECKED af_status af_cuda_library_open(af_device *d);
void af_cuda_library_close(af_device *d);

#ifdef __cplusplus
}
#endif
#endif
