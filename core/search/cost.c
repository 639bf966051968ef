/* FLOPs of one x: the plain Wide ResNet, the task's recipe, training only. */
#include "core/search/run.h"
#include "core/train/train.h"

af_status af_x_flops(double *out, const af_task *task, const af_space *wrn, af_size size,
                     const af_io *io, int64_t train_samples)
{
    af_graph *g;
    af_recipe recipe = task->recipe[size];
    af_config plain = af_space_default(wrn);
    AF_TRY(af_space_build(wrn, &plain, io, &g));
    af_cost cost = af_graph_measure(g).total;
    af_graph_free(g);
    int batch, steps;
    af_status st = af_train_batches(&recipe, train_samples, &batch, &steps);
    if (st != AF_OK) return af_prefix(st, "task %s", task->name);
    *out = (double)recipe.epochs * steps * batch * (cost.forward + cost.backward);
    return AF_OK;
}
