/* Lookups by name in af_builtin, whose tables the build generates. */
#include "core/registry.h"
#include <string.h>

#define FINDER(kind)                                                                               \
    const af_##kind *af_find_##kind(const char *name)                                              \
    {                                                                                              \
        for (const af_##kind *const *p = af_builtin.kind; *p; p++)                                 \
            if (!strcmp((*p)->name, name)) return *p;                                              \
        return NULL;                                                                               \
    }
FINDER(op)
FINDER(backend)
FINDER(space)
FINDER(metric)
FINDER(task)
FINDER(prep)
FINDER(searcher)

const af_backend *af_default_backend(void)
{
    char text[128];
    const af_backend *fast = af_find_backend("onednn");
    return fast && fast->probe(text, sizeof text) == AF_OK ? fast : af_find_backend("reference");
}
