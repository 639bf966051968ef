/* FLOPs of one x: the plain Wide ResNet, the task's recipe, training only. */
#include "core/search/run.h"

af_status af_x_flops(double *out, const af_task *task, const af_space *wrn, af_size size,
                     const af_io *io, int64_t train_samples)
{
    af_graph *g;
    af_recipe recipe = task->recipe[size];
    af_config plain = af_space_default(wrn);
    AF_TRY(af_space_build(wrn, &plain, io, &g));
    af_cost cost = af_graph_measure(g).total;
    af_graph_free(g);
    /* as af_train cuts batches: a small split is one batch, an incomplete last one is dropped */
    int64_t batch = recipe.batch;
    if (batch > train_samples) batch = train_samples >= 4 ? train_samples / 4 * 4 : train_samples;
    if (batch < 1)
        return af_fail(AF_EFORMAT, "task %s: no training samples, want at least 1", task->name);
    double samples = (double)(train_samples / batch * batch);
    *out = recipe.epochs * samples * (cost.forward + cost.backward);
    return AF_OK;
}
