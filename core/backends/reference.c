/* The reference backend: every op runs its own plain-C kernels in fp32. Slow and exact; what all
 * other backends are compared with.
 *
 * How to write another backend: copy this file to core/backends/<name>.c, rename the struct to
 * af_backend_<name>, and let `prepare` fill `out->kernel` for the nodes it can do better.
 * Everything it leaves alone keeps running the reference, so a backend may start with a single op;
 * put kernels in core/backends/<name>/. tests/test_backend.c checks whatever it overrides, without
 * being told.
 */
#include <stdio.h>
#include "core/backend.h"

static af_status probe(char *text, size_t size)
{
    snprintf(text, size, "plain C, fp32");
    return AF_OK;
}

const af_backend af_backend_reference = {
    .name = "reference",
    .summary = "plain C in single precision; works everywhere",
    .dtype = AF_F32,
    .probe = probe,
};
