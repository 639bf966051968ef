/* Names of the closed lists that tasks are described with. */
#include "core/task.h"
#include <stdio.h>

const char *const af_objective_names[] = {
    [AF_SINGLE_LABEL] = "single_label",
    [AF_MULTI_LABEL] = "multi_label",
    [AF_DENSE_REGRESSION] = "dense_regression",
    [AF_DENSE_BINARY] = "dense_binary",
};
const char *const af_protocol_names[AF_PROTOCOLS + 1] = {
    [AF_CLEAN] = "clean", [AF_PAPER] = "paper"};

const char *af_task_metric(const af_task *t, af_protocol p)
{
    return p == AF_PAPER && t->paper_metric ? t->paper_metric : t->metric;
}

void af_task_maker(char out[AF_TASK_MAKER], const af_task *t)
{
    if (!t->own)
        out[0] = '\0';
    else if (t->variant_of)
        snprintf(out, AF_TASK_MAKER, "afield data import %.64s PATH --size %s", t->variant_of,
                 af_size_names[t->size]);
    else
        snprintf(out, AF_TASK_MAKER, "afield data import-own MANIFEST");
}
