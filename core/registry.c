/* Lookups by name in af_builtin, whose tables the build generates, and where to compute. */
#include "core/registry.h"
#include <string.h>
#include <unistd.h>
#include "core/base/log.h"

#define FINDER(kind)                                                                               \
    const af_##kind *af_find_##kind(const char *name)                                              \
    {                                                                                              \
        for (const af_##kind *const *p = af_builtin.kind; *p; p++)                                 \
            if (!strcmp((*p)->name, name)) return *p;                                              \
        return NULL;                                                                               \
    }
const af_task *(*af_more_tasks)(const char *name);

const af_task *af_find_task(const char *name)
{
    for (const af_task *const *t = af_builtin.task; *t; t++)
        if (!strcmp((*t)->name, name)) return *t;
    return af_more_tasks ? af_more_tasks(name) : NULL;
}

FINDER(op)
FINDER(backend)
FINDER(space)
FINDER(metric)
FINDER(prep)
FINDER(searcher)

/* ---- where to compute ---- */

const char *const af_place_names[] = {"auto", "cpu", "cuda", NULL};
static const char cuda[] = "cuda";

static const af_backend *of_the_cpu(void)
{
    char text[256];
    const af_backend *fast = af_find_backend("onednn");
    return fast && fast->probe(text, sizeof text) == AF_OK ? fast : af_find_backend("reference");
}

static af_status of_the_card(const af_backend **out)
{
    char text[256];
    *out = af_find_backend(cuda);
    if (*out) return (*out)->probe(text, sizeof text);
    return af_fail(AF_EUNSUPPORTED,
                   "this build has no CUDA backend, since no nvcc was found; install the CUDA "
                   "toolkit and build again, or compute on the CPU");
}

/* Asking CUDA costs a while, asking the system nothing: devices of the driver, of the one in WSL.
 */
static bool has_driver(void)
{
    return !access("/dev/nvidiactl", F_OK) || !access("/proc/driver/nvidia/version", F_OK) ||
           !access("/dev/dxg", F_OK);
}

af_status af_backend_at(const af_backend **out, af_place place)
{
    static const af_backend *found; /* of auto */
    if (place == AF_PLACE_CUDA) return of_the_card(out);
    *out = found;
    if (place == AF_PLACE_AUTO && found) return AF_OK;
    if (place == AF_PLACE_AUTO && af_find_backend(cuda) && has_driver()) {
        if (of_the_card(&found) == AF_OK) {
            *out = found;
            return AF_OK;
        }
        af_log(AF_LOG_INFO, "computing on the CPU: %s", af_error());
    }
    *out = of_the_cpu();
    if (place == AF_PLACE_AUTO) found = *out;
    return AF_OK;
}

bool af_backend_fits(const af_backend *b, af_place place)
{
    return place == AF_PLACE_AUTO || (strcmp(b->name, cuda) == 0) == (place == AF_PLACE_CUDA);
}

const af_backend *af_default_backend(void)
{
    const af_backend *b;
    return af_backend_at(&b, AF_PLACE_AUTO) == AF_OK ? b : NULL;
}
