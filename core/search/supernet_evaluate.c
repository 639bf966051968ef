/* A configuration with the shared weights: its branches alone are switched on, running statistics
 * are set anew from batches of the weights' half, and the validation split is scored. */
#include "core/base/alloc.h"
#include "core/search/supernet_inside.h"

/* Orders of the weights' half for calibration count down from here; no search gets this far. */
static const int64_t LAST_ORDER = INT32_MAX;

static double cost(const af_supernet *s)
{
    const af_workbench *w = s->share->bench;
    double samples = (double)w->data->split[w->protocol][AF_VALID].count;
    return af_plan_active_cost(s->nets.infer).forward *
           (samples + (double)s->how.recalibrate * s->batch);
}

static af_status recalibrate(af_supernet *s)
{
    af_plan *p = s->nets.plan;
    for (int i = 0; i < s->how.recalibrate; i++) {
        int64_t offset = (int64_t)(i % s->steps) * s->batch;
        af_supernet_load(&s->weights, LAST_ORDER - i / s->steps, offset, s->batch);
        AF_TRY(af_batch_send(&s->weights.batch, p));
        AF_TRY(af_plan_calibrate(p, s->weights.batch.x, 1.0 / (i + 1), (af_position){0}));
    }
    return AF_OK;
}

static af_status validate(af_supernet *s, double *error)
{
    const af_workbench *w = s->share->bench;
    const af_indices *which = &w->data->split[w->protocol][AF_VALID];
    float *pred;
    double score, ignored = 0;
    AF_TRY(af_train_infer(&pred, &s->nets, &s->weights.names, w->data, which, &ignored));
    af_status st = af_score(&score, w->task, w->metric, w->data, w->protocol, which, pred);
    af_free(pred);
    if (st == AF_OK) *error = af_metric_error(w->metric, score);
    return st;
}

af_status af_supernet_evaluate(af_supernet *s, const af_config *c, double *error)
{
    AF_TRY(af_space_check(s->share->bench->space, c));
    if (!s->begun) return af_fail(AF_EINTERNAL, "supernet: not begun; the searcher is wrong");
    af_space_one_hot(s->share->bench->space, c, s->one_hot);
    af_plan_set_coefficients(s->nets.plan, s->one_hot);
    af_plan_set_coefficients(s->nets.infer, s->one_hot);
    s->state.flops += cost(s);
    af_plan_read(s->nets.plan, AF_BUFFERS, s->kept_buffers);
    af_status st = recalibrate(s);
    if (st == AF_OK) st = validate(s, error);
    af_plan_write(s->nets.plan, AF_BUFFERS, s->kept_buffers);
    return st;
}
