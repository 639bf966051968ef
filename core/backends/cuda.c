/* The CUDA backend. It finds the device, proves that code built here runs on it, and says what it
 * is; it has no kernels of its own yet. `device` keeps plans on the host away from it. */
#include <cuda_runtime.h>
#include <stdio.h>
#include "core/backend.h"
#include "core/backends/cuda/cuda.h"

enum { DEVICE = 0, NUMBERS = 1000 };

static af_status check(cudaError_t e, const char *what)
{
    if (e == cudaSuccess) return AF_OK;
    return af_fail(AF_EUNSUPPORTED,
                   "CUDA device %d: %s: %s; check the driver, or use another backend", DEVICE, what,
                   cudaGetErrorString(e));
}

/* Doubles 0 .. NUMBERS-1 on the device and looks at the answer. */
static af_status run_kernel(void)
{
    static float x[NUMBERS];
    float *device = NULL;
    for (int i = 0; i < NUMBERS; i++) x[i] = (float)i;
    af_status st;
    AF_GOTO(st, done, check(cudaMalloc((void **)&device, sizeof x), "cannot allocate memory"));
    AF_GOTO(st, done,
            check(cudaMemcpy(device, x, sizeof x, cudaMemcpyHostToDevice), "cannot copy to it"));
    AF_GOTO(st, done, check(af_cuda_scale(device, 2, NUMBERS), "cannot run a kernel"));
    AF_GOTO(st, done,
            check(cudaMemcpy(x, device, sizeof x, cudaMemcpyDeviceToHost), "cannot copy from it"));
    for (int i = 0; i < NUMBERS && st == AF_OK; i++)
        if (x[i] != 2 * (float)i)
            st = af_fail(AF_EUNSUPPORTED, "CUDA device %d: 2 * %d gave %g; the device is unusable",
                         DEVICE, i, (double)x[i]);
done:
    cudaFree(device);
    return st;
}

static af_status probe(char *text, size_t size)
{
    int devices = 0;
    cudaError_t e = cudaGetDeviceCount(&devices);
    int driver = 0;
    if (cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0)
        return af_fail(AF_EUNSUPPORTED, "no CUDA device: no NVIDIA driver; use another backend");
    if (e != cudaSuccess || devices == 0)
        return af_fail(AF_EUNSUPPORTED, "no CUDA device: %s; use another backend",
                       e != cudaSuccess ? cudaGetErrorString(e) : "none is visible");
    struct cudaDeviceProp p;
    AF_TRY(check(cudaGetDeviceProperties(&p, DEVICE), "cannot read its properties"));
    AF_TRY(run_kernel());
    int runtime = 0;
    AF_TRY(check(cudaRuntimeGetVersion(&runtime), "cannot read the version"));
    snprintf(text, size, "%s, compute capability %d.%d, %.0f GiB, CUDA %d.%d", p.name, p.major,
             p.minor, (double)p.totalGlobalMem / (1 << 30), runtime / 1000, runtime % 1000 / 10);
    return AF_OK;
}

const af_backend af_backend_cuda = {
    .name = "cuda",
    .summary = "NVIDIA GPUs; opens the device, ops are still to come",
    .dtype = AF_F32,
    .probe = probe,
    .device = true,
};
