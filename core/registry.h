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

/* Where to compute, as people ask for it; every choice of a backend goes through here. */
typedef enum af_place { AF_PLACE_AUTO, AF_PLACE_CPU, AF_PLACE_CUDA } af_place;
extern const char *const af_place_names[]; /* "auto", "cpu", "cuda", NULL */
/* cpu: onednn when usable, else reference. cuda: AF_EUNSUPPORTED with the reason when no card is
 * usable or this build has no such backend. auto: cuda when usable, else cpu; a card is looked for
 * once in a process, and only where a driver is. */
AF_CHECKED af_status af_backend_at(const af_backend **out, af_place place);
bool af_backend_fits(const af_backend *b, af_place place); /* whether it computes there */
/* The backend of auto. With a card this opens it, so no fork may follow that computes there. */
const af_backend *af_default_backend(void);

#endif
