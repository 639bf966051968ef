/* Everything that exists, by kind. registry.c is generated from the directory listing; arrays end
 * with NULL and are sorted by name. */
#ifndef AF_REGISTRY_H
#define AF_REGISTRY_H
#include "core/backend.h"
#include "core/metric.h"
#include "core/op.h"
#include "core/prep.h"
#include "core/searcher.h"
#include "core/space.h"
#include "core/task.h"

typedef struct af_registry {
    const af_op *const *op;
    const af_backend *const *backend;
    const af_space *const *space; /* baselines included: .baseline */
    const af_metric *const *metric;
    const af_task *const *task;
    const af_prep *const *prep;
    const af_searcher *const *searcher;
} af_registry;
extern const af_registry af_builtin;
/* Tasks beyond the table, asked by af_find_task for a name that the table lacks: the program puts
 * its own datasets here, once, before it looks anything up. NULL: none. */
extern const af_task *(*af_more_tasks)(const char *name);

/* By name; NULL when unknown. */
const af_backend *af_find_backend(const char *name);
const af_space *af_find_space(const char *name);
const af_metric *af_find_metric(const char *name);
const af_task *af_find_task(const char *name);
const af_prep *af_find_prep(const char *name);
const af_searcher *af_find_searcher(const char *name);
const af_op *af_find_op(const char *name);
/* The backend of "auto": onednn when usable, else reference. */
const af_backend *af_default_backend(void);

#endif
