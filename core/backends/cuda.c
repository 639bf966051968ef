/* The CUDA backend: plans on an NVIDIA card. Kernels are in cuda/, see cuda/gpu.h; dense
 * convolutions are cuDNN's where it was found. Nothing here is needed to build or to run on the
 * CPU. */
#include <cuda_runtime.h>
#include <pthread.h>
#include <stdio.h>
#include "core/backend.h"
#include "core/backends/cuda/kernels.h"
#include "core/backends/cuda/stream.h"

enum { DEVICE = 0 };

static af_status unusable(cudaError_t e, const char *what)
{
    if (e == cudaSuccess) return AF_OK;
    return af_fail(AF_EUNSUPPORTED,
                   "CUDA device %d: %s: %s; check the driver, or use another backend", DEVICE, what,
                   cudaGetErrorString(e));
}

/* Doubles 0 .. NUMBERS-1 on the device and looks at the answer. */
static af_status try_device(void)
{
    enum { NUMBERS = 1000 };
    float x[NUMBERS];
    af_device *d;
    AF_TRY(af_cuda_device.open(&d));
    float *there = af_cuda_device.alloc(d, sizeof x);
    for (int i = 0; i < NUMBERS; i++) x[i] = (float)i;
    if (there) {
        af_cuda_device.send(d, there, x, sizeof x);
        af_cuda_twice(d, there, NUMBERS);
    }
    af_status st = there ? af_cuda_device.fetch(d, x, there, sizeof x) : AF_ENOMEM;
    for (int i = 0; i < NUMBERS && st == AF_OK; i++)
        if (x[i] != 2 * (float)i)
            st = af_fail(AF_EUNSUPPORTED, "CUDA device %d: 2 * %d gave %g; the device is unusable",
                         DEVICE, i, (double)x[i]);
    af_cuda_device.free(d, there);
    af_cuda_device.close(d);
    return st;
}

static af_status look(char *text, size_t size)
{
    int devices = 0, driver = 0, runtime = 0;
    cudaError_t e = cudaGetDeviceCount(&devices);
    if (cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0)
        return af_fail(AF_EUNSUPPORTED, "no CUDA device: no NVIDIA driver; use another backend");
    if (e != cudaSuccess || devices == 0)
        return af_fail(AF_EUNSUPPORTED, "no CUDA device: %s; use another backend",
                       e != cudaSuccess ? cudaGetErrorString(e) : "none is visible");
    struct cudaDeviceProp p;
    AF_TRY(unusable(cudaGetDeviceProperties(&p, DEVICE), "cannot read its properties"));
    if (try_device() != AF_OK) return af_fail(AF_EUNSUPPORTED, "%s", af_error());
    AF_TRY(unusable(cudaRuntimeGetVersion(&runtime), "cannot read the version"));
    snprintf(text, size, "%.96s, compute capability %d.%d, %.0f GiB, CUDA %d.%d, %s", p.name,
             p.major, p.minor, (double)p.totalGlobalMem / (1 << 30), runtime / 1000,
             runtime % 1000 / 10, af_cuda_dense_name());
    return AF_OK;
}

/* A device that was found usable stays so; results, checkpoints and journals ask again and again,
 * those of a gang from several threads. */
static af_status probe(char *text, size_t size)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static char known[256];
    pthread_mutex_lock(&lock);
    af_status st = *known ? AF_OK : look(known, sizeof known);
    if (st == AF_OK)
        snprintf(text, size, "%s", known);
    else
        *known = '\0';
    pthread_mutex_unlock(&lock);
    return st;
}

static bool prefers_bf16(void)
{
    return true;
}

const af_backend af_backend_cuda = {
    .name = "cuda",
    .summary = "NVIDIA GPUs, fp32, bf16 and tf32",
    .dtype = AF_F32,
    .prefers_bf16 = prefers_bf16,
    .probe = probe,
    .tf32 = true,
    .prepare = af_cuda_prepare,
    .release = af_cuda_release,
    .device = &af_cuda_device,
};
