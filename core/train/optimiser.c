/* The optimisers, in the plan's own type and in PyTorch's order of operations (torch.optim, the
 * single-tensor path): scalars are worked out in double and rounded once, tensors are touched in
 * one pass that the compiler vectorises. State starts as zeros. */
#include <math.h>
#include "core/train/optimiser.h"

extern af_update_fn af_update_f32, af_update_f64;

/* The first step's buffer is the gradient itself: 0 * momentum + g. */
static void sgd(const af_update *u, real *restrict w, const real *restrict g, real *restrict buffer,
                int64_t n, real scale)
{
    real lr = (real)u->lr, momentum = (real)u->momentum, decay = (real)u->weight_decay;
    real ahead = u->nesterov ? 1 : 0, behind = u->nesterov ? momentum : 1;
    for (int64_t i = 0; i < n; i++) {
        real d = g[i] * scale + decay * w[i];
        buffer[i] = momentum * buffer[i] + d;
        w[i] -= lr * (ahead * d + behind * buffer[i]);
    }
}

static void sgd_plain(const af_update *u, real *restrict w, const real *restrict g, int64_t n,
                      real scale)
{
    real lr = (real)u->lr, decay = (real)u->weight_decay;
    for (int64_t i = 0; i < n; i++) w[i] -= lr * (g[i] * scale + decay * w[i]);
}

/* Adam adds the decay to the gradient, AdamW shrinks the weight first. */
static void adam(const af_update *u, real *restrict w, const real *restrict g, real *restrict m,
                 real *restrict v, int64_t n, real scale)
{
    bool decoupled = u->kind == AF_ADAMW;
    double count = (double)u->count + 1;
    real decay = (real)(decoupled ? 0 : u->weight_decay);
    real shrink = (real)(decoupled ? 1 - u->lr * u->weight_decay : 1);
    real rate1 = (real)(1 - u->beta1), beta2 = (real)u->beta2, rate2 = (real)(1 - u->beta2);
    real step = (real)(u->lr / (1 - pow(u->beta1, count)));
    real correction = (real)sqrt(1 - pow(u->beta2, count)), epsilon = (real)u->epsilon;
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
    if (u->kind != AF_SGD)
        adam(u, w, g, s0, s1, n, (real)scale);
    else if (u->momentum != 0)
        sgd(u, w, g, s0, n, (real)scale);
    else
        sgd_plain(u, w, g, n, (real)scale);
}

#ifndef AF_DOUBLE
const char *const af_optimiser_names[AF_OPTIMISERS] = {"sgd", "adam", "adamw"};
af_update_fn *const af_update_run[AF_DTYPES] = {af_update_f32, af_update_f64};

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
