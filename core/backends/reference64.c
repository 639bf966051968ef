/* The reference kernels compiled in double: for gradient checks, and as the yardstick of every
 * backend's rounding error. */
#include <stdio.h>
#include "core/backend.h"

static af_status probe(char *text, size_t size)
{
    snprintf(text, size, "plain C, fp64");
    return AF_OK;
}

const af_backend af_backend_reference64 = {
    .name = "reference64",
    .summary = "plain C in double precision; for checks",
    .dtype = AF_F64,
    .probe = probe,
};
