/* Contract: a task, which is data, not code: tasks/<name>.c defines `const af_task af_task_<name>`.
 * Shapes come from the dataset file; how raw files become one is the prep of the same name. */
#ifndef AF_TASK_H
#define AF_TASK_H
#include "core/space.h"

typedef enum af_objective {
    AF_SINGLE_LABEL,
    AF_MULTI_LABEL,
    AF_DENSE_REGRESSION,
    AF_DENSE_BINARY
} af_objective;
extern const char *const af_objective_names[];
/* How predictions of one group (record, clip) become one before the metric. */
typedef enum af_aggregate { AF_PER_SAMPLE, AF_MAJORITY, AF_MEAN_LOGIT } af_aggregate;
/* What an epoch goes through. */
typedef enum af_sampler { AF_ALL, AF_ONE_PER_GROUP } af_sampler;
typedef enum af_protocol { AF_CLEAN, AF_PAPER, AF_PROTOCOLS } af_protocol;
extern const char *const af_protocol_names[AF_PROTOCOLS + 1]; /* "clean", "paper", NULL */

typedef struct af_task {
    const char *name, *title, *domain, *summary;
    af_objective objective;
    const char *loss, *metric; /* names of a loss and of a metric plugin */
    const char *paper_metric;  /* the metric of protocol paper; NULL: the same */
    af_aggregate aggregate;
    af_sampler sampler;
    const char *const *labels; /* class names, NULL-terminated; NULL: none */
    af_recipe recipe[AF_SIZES];
    const char *notes; /* choices made where the sources are silent; differences by size */
    const char *cite, *license;
    bool own;     /* a user's dataset, described by a manifest: data of one size, no prep */
    af_size size; /* of own */
    /* Of own: the task whose import made its data, of which it is a variant; NULL: the manifest
     * says where the data are. */
    const char *variant_of;
} af_task;

/* The name of the metric that a protocol is scored by. */
const char *af_task_metric(const af_task *t, af_protocol p);

enum { AF_TASK_MAKER = 128 };
/* The command that makes the data of an own task; "" for any other. */
void af_task_maker(char out[AF_TASK_MAKER], const af_task *t);

#endif
