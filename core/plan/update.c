/* The end of a training step: lanes' gradients are summed, in lane order, and the optimiser passes
 * over the flat parameters, block by block, so that a block's sum is still in cache when it is
 * used. Only clipping needs the norm of all blocks in between. */
#include <math.h>
#include "core/plan/internal.h"

int64_t af_plan_blocks(const af_plan *p)
{
    return (p->active_count + AF_BLOCK - 1) / AF_BLOCK;
}

/* The optimiser's pass goes over blocks of active elements, a block over its runs: for each there
 * is one `run`. */
static int64_t block_end(const af_plan *p, int64_t b)
{
    int64_t end = (b + 1) * AF_BLOCK;
    return end < p->active_count ? end : p->active_count;
}
#define EACH_RUN(p, b, run)                                                                        \
    for (af_span run = af_active_span(p, (b)*AF_BLOCK, block_end(p, b)); run.count;                \
         run = af_active_span(p, run.at + run.count, block_end(p, b)))

/* Sums the lanes of a run into the first lane, in lane order. */
static void sum_lanes(const af_plan *p, const af_span *r)
{
    int64_t from = r->from, to = from + r->count;
    for (int lane = 1; lane < p->o.lanes; lane++) {
        size_t at = (size_t)lane * (size_t)p->weight_count;
        if (p->backend->dtype == AF_F64) {
            double *g = (double *)(void *)p->gradients;
            for (int64_t i = from; i < to; i++) g[i] += g[(int64_t)at + i];
        } else {
            float *g = (float *)(void *)p->gradients;
            for (int64_t i = from; i < to; i++) g[i] += g[(int64_t)at + i];
        }
    }
}

static double add_squares(const af_plan *p, const af_span *r, double squares)
{
    for (int64_t i = r->from; i < r->from + r->count; i++) {
        double g = p->backend->dtype == AF_F64 ? ((double *)(void *)p->gradients)[i]
                                               : (double)((float *)(void *)p->gradients)[i];
        squares += g * g;
    }
    return squares;
}

/* Scale that brings the global norm down to `clip`, as torch.nn.utils.clip_grad_norm_ computes it.
 */
static double clip_scale(const af_plan *p, double clip)
{
    double squares = 0;
    for (int64_t b = 0; b < af_plan_blocks(p); b++) squares += p->block_norm[b];
    double scale = clip / (sqrt(squares) + 1e-6);
    return scale < 1 ? scale : 1;
}

static void update_run(const af_plan *p, const af_update *u, const af_span *r, double scale)
{
    size_t at = (size_t)r->from * p->item_size;
    af_update_run[p->backend->dtype](u, p->weights + at, p->gradients + at, p->state[0] + at,
                                     p->state[1] + at, r->count, scale);
}

void af_update_weights(af_plan *p, const af_update *u, int thread)
{
    if (p->on) {
        af_device_update_call(p, u);
        return;
    }
    bool clips = u && u->clip > 0;
    for (int64_t b = thread; b < af_plan_blocks(p); b += p->threads) {
        p->block_norm[b] = 0;
        EACH_RUN(p, b, run)
        {
            sum_lanes(p, &run);
            if (clips)
                p->block_norm[b] = add_squares(p, &run, p->block_norm[b]);
            else if (u)
                update_run(p, u, &run, 1);
        }
    }
    if (!clips) return;
    af_team_wait(p->team);
    double scale = clip_scale(p, u->clip);
    for (int64_t b = thread; b < af_plan_blocks(p); b += p->threads)
        EACH_RUN(p, b, run) update_run(p, u, &run, scale);
}
