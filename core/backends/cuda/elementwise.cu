/* Element-wise kernels. C with kernels, no C++ library; one thread an element. */
#include "core/backends/cuda/cuda.h"

enum { THREADS = 256 };

static __global__ void scale(float *x, float factor, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[i] *= factor;
}

extern "C" cudaError_t af_cuda_scale(float *x, float factor, int n)
{
    scale<<<(n + THREADS - 1) / THREADS, THREADS>>>(x, factor, n);
    return cudaGetLastError();
}
