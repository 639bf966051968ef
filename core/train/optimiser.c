/* The optimisers, in the plan's own type and in PyTorch's order of operations (torch.optim, the
 * single-tensor path): scalars are worked out in double and rounded once, tensors are touched in
 * one pass that the compiler vectorises. State starts as zeros. */
#include <math.h>
#include "core/train/optimiser.h"

extern af_update_fn af_update_f32, af_update_f64;

/* The first step's buffer is the gradient itself: 0 * momentum + g. */
static void sgd(const af_update_terms *t, real *restrict w, const real *restrict g,
                real *restrict buffer, int64_t n, real scale)
{
    real lr = (real)t->lr, momentum = (real)t->momentum, decay = (real)t->decay;
    real ahead = (real)t->ahead, behind = (real)t->behind;
    for (int64_t i = 0; i < n; i++) {
        real d = g[i] * scale + decay * w[i];
        buffer[i] = momentum * buffer[i] + d;
        w[i] -= lr * (ahead * d + behind * buffer[i]);
    }
}

static void sgd_plain(const af_update_terms *t, real *restrict w, const real *restrict g, int64_t n,
                      real scale)
{
    real lr = (real)t->lr, decay = (real)t->decay;
    for (int64_t i = 0; i < n; i++) w[i] -= lr * (g[i] * scale + decay * w[i]);
}

static void adam(const af_update_terms *t, real *restrict w, const real *restrict g,
                 real *restrict m, real *restrict v, int64_t n, real scale)
{
    real decay = (real)t->decay, shrink = (real)t->shrink, rate1 = (real)t->rate1;
    real beta2 = (real)t->beta2, rate2 = (real)t->rate2, step = (real)t->step;
    real correction = (real)t->correction, epsilon = (real)t->epsilon;
    for (int64_t i = 0; i < n; i++) {
        real d = g[i] * scale + decay * w[i];
        m[i] += rate1 * (d - m[i]);
        v[i] = v[i] * beta2 + rate2 * d * d;
#ifdef AF_DOUBLE
        real root = sqrt(v[i]);
#else
        real root = sqrtf(v[i]);
#endif
        w[i] = w[i] * shrink - step * m[i] / (root / correction + epsilon);
    }
}

#ifdef AF_DOUBLE
void af_update_f64(const af_update *u, void *w, const void *g, void *s0, void *s1, int64_t n,
                   double scale)
#else
void af_update_f32(const af_update *u, void *w, const void *g, void *s0, void *s1, int64_t n,
                   double scale)
#endif
{
    af_update_terms t = af_update_terms_of(u);
    if (u->kind != AF_SGD)
        adam(&t, w, g, s0, s1, n, (real)scale);
    else if (u->momentum != 0)
        sgd(&t, w, g, s0, n, (real)scale);
    else
        sgd_plain(&t, w, g, n, (real)scale);
}

#ifndef AF_DOUBLE
const char *const af_optimiser_names[AF_OPTIMISERS] = {"sgd", "adam", "adamw"};
af_update_fn *const af_update_run[AF_DTYPES] = {af_update_f32, af_update_f64};

/* Adam adds the decay to the gradient, AdamW shrinks the weight first. */
af_update_terms af_update_terms_of(const af_update *u)
{
    bool decoupled = u->kind == AF_ADAMW, adaptive = u->kind != AF_SGD;
    double count = (double)u->count + 1;
    return (af_update_terms){
        .lr = u->lr,
        .decay = decoupled ? 0 : u->weight_decay,
        .momentum = u->momentum,
        .ahead = u->nesterov ? 1 : 0,
        .behind = u->nesterov ? u->momentum : 1,
        .shrink = decoupled ? 1 - u->lr * u->weight_decay : 1,
        .rate1 = 1 - u->beta1,
        .beta2 = u->beta2,
        .rate2 = 1 - u->beta2,
        .step = adaptive ? u->lr / (1 - pow(u->beta1, count)) : 0,
        .correction = adaptive ? sqrt(1 - pow(u->beta2, count)) : 1,
        .epsilon = u->epsilon,
    };
}

af_update af_update_default(void)
{
    return (af_update){
        .kind = AF_SGD,
        .lr = 0.1,
        .momentum = 0.9,
        .weight_decay = 5e-4,
        .nesterov = true,
        .beta1 = 0.9,
        .beta2 = 0.999,
        .epsilon = 1e-8,
    };
}
#endif
