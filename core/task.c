/* Names of the closed lists that tasks are described with. */
#include "core/task.h"

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
