/* Names of precisions, and which one "auto" is. */
#include "core/backend.h"
#include <string.h>

const char *af_precision_name(const af_backend *b, af_precision p)
{
    if (p == AF_BF16_PRECISION) return "bf16";
    if (p == AF_TF32_PRECISION) return "tf32";
    return b->dtype == AF_F64 ? "fp64" : "fp32";
}

bool af_precision_offered(const af_backend *b, af_precision p)
{
    if (p == AF_BF16_PRECISION) return b->dtype == AF_F32;
    return p != AF_TF32_PRECISION || b->tf32;
}

af_status af_precision_find(af_precision *out, const af_backend *b, const char *name)
{
    *out = AF_FULL_PRECISION;
    if (strcmp(name, "auto") == 0) {
        if (b->prefers_bf16 && b->prefers_bf16()) *out = AF_BF16_PRECISION;
        return AF_OK;
    }
    for (int p = 0; p < AF_PRECISIONS; p++)
        if (af_precision_offered(b, (af_precision)p) &&
            strcmp(name, af_precision_name(b, (af_precision)p)) == 0) {
            *out = (af_precision)p;
            return AF_OK;
        }
    return af_fail(AF_EUSAGE, "backend %s: no precision '%s'; want auto, %s", b->name, name,
                   b->dtype == AF_F64 ? "or fp64"
                   : b->tf32          ? "fp32, bf16 or tf32"
                                      : "fp32 or bf16");
}
