#include "tests/aid/learned.h"
#include "core/registry.h"
#include "core/train/train.h"
#include "tests/aid/work.h"

double learned(const af_task *task, const char *space_name, const char *directory)
{
    const af_space *space = af_find_space(space_name);
    af_config c = af_space_default(space);
    af_dataset *d;
    af_graph *g;
    af_trained out;
    assert_ok(af_dataset_open(&d, directory, task, AF_MAIN));
    assert_true(task->own || !strcmp(d->provenance, "generated"));
    const af_io io = af_dataset_io(d);
    assert_ok(af_space_build(space, &c, &io, &g));
    const af_training t = {.task = task,
                           .metric = af_find_metric(task->metric),
                           .data = d,
                           .graph = g,
                           .backend = af_default_backend(),
                           .recipe = task->recipe[AF_TINY],
                           .epochs = task->recipe[AF_TINY].epochs,
                           .validate = true};
    assert_ok(af_train(&out, &t));
    double reached = 1 - out.outcome.error;
    af_trained_close(&out);
    af_graph_free(g);
    af_dataset_close(d);
    print_message("           %s: %.3f\n", space_name, reached);
    return reached;
}
