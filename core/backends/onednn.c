/* The CPU backend: 3x3 convolutions in fp32 by our own Winograd kernels, depthwise ones by our own
 * too; other convolutions and linear layers by oneDNN's JIT kernels, with our own gradient of the
 * weights on AMX; everything else by our own vectorised loops, which read and write less (no
 * separate mask, mean or copy passes). NHWC from the first layer to the last, so nothing is
 * reordered but weights. Our own loops read and write bf16 as well (onednn/stored.h).
 *
 * Kernels are called by several threads at once, each on its own chunk, so every oneDNN primitive
 * is created for one thread; see onednn/primitive.h. */
#include <dnnl.h>
#include <stdio.h>
#include <string.h>
#include "core/backends/onednn/onednn.h"

static const struct {
    const char *op;
    af_onednn_prepare *prepare;
} overrides[] = {
    {"add", af_onednn_add},
    {"avg_pool", af_onednn_avg_pool},
    {"batch_norm", af_onednn_batch_norm},
    {"concat", af_onednn_concat},
    {"conv", af_onednn_conv},
    {"global_pool", af_onednn_global_pool},
    {"linear", af_onednn_linear},
    {"max_pool", af_onednn_max_pool},
    {"mix", af_onednn_mix},
    {"norm_sum", af_onednn_norm_sum},
    {"relu", af_onednn_relu},
};

static const char *isa_name(dnnl_cpu_isa_t isa)
{
    static const struct {
        dnnl_cpu_isa_t isa;
        const char *name;
    } names[] = {
        {dnnl_cpu_isa_sse41, "sse41"},
        {dnnl_cpu_isa_avx, "avx"},
        {dnnl_cpu_isa_avx2, "avx2"},
        {dnnl_cpu_isa_avx2_vnni, "avx2_vnni"},
        {dnnl_cpu_isa_avx512_core, "avx512_core"},
        {dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"},
        {dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"},
        {dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].isa == isa) return names[i].name;
    return "other";
}

static af_status probe(char *text, size_t size)
{
#if DNNL_VERSION_MAJOR == 2
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, size, "oneDNN %d.%d.%d, %s", v->major, v->minor, v->patch,
             isa_name(dnnl_get_effective_cpu_isa()));
    return AF_OK;
#else
    (void)text, (void)size, (void)isa_name;
    return af_fail(AF_EUNSUPPORTED,
                   "backend onednn: built with oneDNN %d, want 2.x; use --backend reference, or "
                   "build against libdnnl 2",
                   DNNL_VERSION_MAJOR);
#endif
}

static af_status prepare(const af_request *r, af_prepared *out)
{
    memset(out, 0, sizeof *out);
    const char *op = r->node->op->name;
    for (size_t i = 0; i < sizeof overrides / sizeof *overrides; i++)
        if (strcmp(op, overrides[i].op) == 0) return overrides[i].prepare(r, out);
    return AF_OK;
}

static void release(void *self)
{
    if (self) ((af_onednn_self *)self)->release(self);
}

const af_backend af_backend_onednn = {
    .name = "onednn",
    .summary = "oneDNN and own vectorised kernels on the CPU, fp32 and bf16",
    .dtype = AF_F32,
    .prefers_bf16 = af_onednn_has_amx,
    .probe = probe,
    .prepare = prepare,
    .release = release,
};
