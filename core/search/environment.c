/* What a result depends on besides its inputs: processor, libraries, compiler, threads. Recorded,
 * and in no digest: the same bits on two machines are a finding, not a premise. */
#include <gnu/libc-version.h>
#include <hdf5.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include "core/backend.h"
#include "core/base/log.h"
#include "core/search/result.h"

/* Those that decide which kernels run. */
static const char *const features[] = {
    "sse4_2",   "avx",         "avx2",        "fma",         "f16c",     "avx512f",
    "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16",
    "amx_int8", "asimd",       "asimddp",     "sve",         "bf16",
};

/* Whether `word` is one of the blanks-separated words of `text`. */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += length) {
        bool starts = at == text || strchr(" \t:", at[-1]);
        if (starts && strchr(" \t\n", at[length])) return true;
    }
    return false;
}

/* "avx512f" is a feature name on x86 lines starting with "flags", on ARM with "Features". */
static void read_cpu(char model[128], char found[256])
{
    char line[8192];
    FILE *f = fopen("/proc/cpuinfo", "re");
    snprintf(model, 128, "unknown");
    found[0] = '\0';
    while (f && fgets(line, sizeof line, f)) {
        if (!strncmp(line, "model name", 10) && strchr(line, ':')) {
            snprintf(model, 128, "%s", strchr(line, ':') + 2);
            model[strcspn(model, "\n")] = '\0';
        }
        if (strncmp(line, "flags", 5) && strncmp(line, "Features", 8)) continue;
        size_t used = 0;
        for (size_t i = 0; i < sizeof features / sizeof *features; i++)
            if (has_word(line, features[i]))
                used += (size_t)snprintf(found + used, 256 - used, "%s%s", used ? " " : "",
                                         features[i]);
        break;
    }
    if (f) fclose(f);
}

static json_t *libraries(void)
{
    unsigned major = 0, minor = 0, release = 0;
    char hdf5[32];
    H5get_libversion(&major, &minor, &release);
    snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
    return json_pack("{ss ss ss ss}", "hdf5", hdf5, "jansson", jansson_version_str(), "openssl",
                     OpenSSL_version(OPENSSL_VERSION), "libc", gnu_get_libc_version());
}

af_status af_environment(json_t **out, const af_backend *backend, int threads, const char *started)
{
    char model[128], found[256], probe[256] = "", finished[21];
    AF_TRY(backend->probe(probe, sizeof probe));
    read_cpu(model, found);
    af_clock_utc(finished);
#ifdef __clang__
    const char *compiler = __VERSION__;
#else
    const char *compiler = "gcc " __VERSION__;
#endif
    *out = json_pack("{s{ss ss} ss so ss si ss ss}", "cpu", "model", model, "features", found,
                     "backend", probe, "libraries", libraries(), "compiler", compiler, "threads",
                     threads, "started", started, "finished", finished);
    return *out ? AF_OK : af_fail(AF_ENOMEM, "no memory to describe the environment");
}
