/* Samples in parallel: each is made by one thread from its own random stream, so the number of
 * threads changes nothing. */
#include "data-prep/darcy/generate.h"
#include <stdio.h>
#include "core/base/alloc.h"

enum { MESSAGE_MAX = 1024 };

af_status af_darcy_machine_open(af_darcy_machine *out, const af_darcy_model *model)
{
    af_darcy_machine m = {.model = *model};
    size_t cells = (size_t)model->grid * (size_t)model->grid;
    af_status st;
    AF_GOTO(st, failed, af_grf_new(&m.grf, model->grid, model->alpha, model->tau));
    AF_GOTO(st, failed, af_darcy_solver_new(&m.solver, model->grid));
    m.source = af_alloc(cells * sizeof *m.source);
    if (!m.source) AF_GOTO(st, failed, AF_ENOMEM);
    for (size_t c = 0; c < cells; c++) m.source[c] = 1;
    *out = m;
    return AF_OK;
failed:
    af_darcy_machine_close(&m);
    return st;
}

void af_darcy_machine_close(af_darcy_machine *m)
{
    af_grf_free(m->grf);
    af_darcy_solver_free(m->solver);
    af_free(m->source);
    *m = (af_darcy_machine){0};
}

/* What one thread needs: coefficient, solution, the solver's vectors. */
typedef struct scratch {
    double *a, *u, *work;
} scratch;

static void scratch_free(scratch *t)
{
    af_free(t->a);
    af_free(t->u);
    af_free(t->work);
}

static af_status scratch_new(scratch *out, const af_darcy_machine *m)
{
    size_t cells = (size_t)m->model.grid * (size_t)m->model.grid;
    *out = (scratch){
        .a = af_alloc(cells * sizeof(double)),
        .u = af_alloc(cells * sizeof(double)),
        .work = af_alloc(af_darcy_work_size(m->solver) * sizeof(double)),
    };
    return out->a && out->u && out->work ? AF_OK : AF_ENOMEM;
}

static void thin(float *out, const double *fine, const af_darcy_model *m)
{
    for (int i = 0; i < m->grid; i += m->stride)
        for (int j = 0; j < m->grid; j += m->stride) *out++ = (float)fine[i * m->grid + j];
}

static af_status make_sample(const af_darcy_samples *s, int64_t k, const af_darcy_machine *m,
                             af_rng r, const scratch *t, af_darcy_solved *solved)
{
    const af_darcy_model *model = &m->model;
    af_grf_sample(m->grf, &r, t->a);
    for (int c = 0; c < model->grid * model->grid; c++)
        t->a[c] = t->a[c] >= 0 ? model->high : model->low;
    AF_TRY(af_darcy_solve(solved, m->solver, t->work, t->a, m->source, model->tolerance, t->u));
    thin(af_darcy_coefficient(s, k), t->a, model);
    thin(af_darcy_solution(s, k), t->u, model);
    return AF_OK;
}

/* What the threads have in common; changed under the lock `darcy` only. Messages are thread-local,
 * so the first sample's that failed is carried over. */
typedef struct outcome {
    af_status status;
    int64_t failed, finished;
    char why[MESSAGE_MAX];
    af_darcy_effort effort;
} outcome;

static void note(outcome *o, int64_t k, af_status st, const af_darcy_solved *solved)
{
    if (st != AF_OK && (o->status == AF_OK || k < o->failed)) {
        o->status = st;
        o->failed = k;
        snprintf(o->why, sizeof o->why, "%s", af_error());
    }
    if (st != AF_OK) return;
    o->finished++;
    if (solved->residual > o->effort.residual_max) o->effort.residual_max = solved->residual;
    if (solved->iterations > o->effort.iterations_max)
        o->effort.iterations_max = solved->iterations;
}

af_status af_darcy_generate(af_darcy_samples *s, const af_darcy_machine *m, uint64_t seed,
                            uint64_t series, af_darcy_effort *effort, af_progress *progress,
                            int64_t done)
{
    outcome o = {.status = AF_OK, .effort = *effort};
#pragma omp parallel
    {
        scratch t;
        af_status ready = scratch_new(&t, m);
#pragma omp for schedule(dynamic)
        for (int64_t k = 0; k < s->count; k++) {
            af_darcy_solved solved = {0};
            af_rng r = af_rng_at(seed, "darcy", series, 0, 0, (uint32_t)k);
            af_status st = ready;
            if (st == AF_OK) st = make_sample(s, k, m, r, &t, &solved);
#pragma omp critical(darcy)
            {
                note(&o, k, st, &solved);
                af_progress_set(progress, (double)(done + o.finished), "%lld solved",
                                (long long)(done + o.finished));
            }
        }
        scratch_free(&t);
    }
    *effort = o.effort;
    if (o.status == AF_OK) return AF_OK;
    return af_fail(o.status, "sample %lld: %s", (long long)o.failed, o.why);
}
