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

const af_backend *af_default_backend(void)
{
    char text[128];
    const af_backend *fast = af_find_backend("onednn");
    return fast && fast->probe(text, sizeof text) == AF_OK ? fast : af_find_backend("reference");
}
