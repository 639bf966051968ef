/* The kernels of the CUDA backend and the queue that plans give them, on the host: the same code
 * for every element, one after another. Slow; it shows on a machine without a card that the kernels
 * compute what they should, and that a step reads nothing that was not written before. Only what
 * NVIDIA's libraries do on a card is done by plain kernels here, those of builds without them. */
#include <stdio.h>
#include "core/backend.h"
#include "core/backends/cuda/kernels.h"
#include "core/backends/cuda_host/host.h"

static af_status probe(char *text, size_t size)
{
    snprintf(text, size, "CUDA kernels on the host, one element after another");
    return AF_OK;
}

const af_backend af_backend_cuda_host = {
    .name = "cuda_host",
    .summary = "the CUDA backend's kernels run on the CPU; for checks",
    .dtype = AF_F32,
    .probe = probe,
    .prepare = af_cuda_host_prepare,
    .release = af_cuda_host_release,
    .device = &af_host_device,
};
