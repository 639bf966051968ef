/* Names of precisions, and which one "auto" is. */
#include "core/backend.h"
#include <string.h>

const char *af_precision_name(const af_backend *b, af_precision p)
{
    return p == AF_BF16_PRECISION ? "bf16" : b->dtype == AF_F64 ? "fp64" : "fp32";
}

af_status af_precision_find(af_precision *out, const af_backend *b, const char *name)
{
    *out = AF_FULL_PRECISION;
    if (strcmp(name, "auto") == 0) {
        if (b->prefers_bf16 && b->prefers_bf16()) *out = AF_BF16_PRECISION;
        return AF_OK;
    }
    if (b->dtype == AF_F32 && strcmp(name, "bf16") == 0) *out = AF_BF16_PRECISION;
    if (strcmp(name, af_precision_name(b, *out)) == 0) return AF_OK;
    return af_fail(AF_EUSAGE, "backend %s: no precision '%s'; want auto, %s", b->name, name,
                   b->dtype == AF_F64 ? "or fp64" : "fp32 or bf16");
}
