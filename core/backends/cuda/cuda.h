/* Kernels of the CUDA backend, callable from C. Each returns when its work is queued without error.
 */
#ifndef AF_CUDA_H
#define AF_CUDA_H
#include <cuda_runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* x *= factor on the device. */
cudaError_t af_cuda_scale(float *x, float factor, int n);

#ifdef __cplusplus
}
#endif
#endif
