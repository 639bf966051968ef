/* The losses, computed in double whatever the plan's type; overflow is avoided, never hidden: a
 * loss that comes out infinite or NaN tells the plan that the training has diverged. */
#include <math.h>
#include <string.h>
#include "core/train/loss.h"

typedef double run(const void *pred, const void *target, int n, af_shape shape, void *dpred,
                   double scale);
run af_cross_entropy_f32, af_cross_entropy_f64, af_bce_f32, af_bce_f64, af_mse_f32, af_mse_f64,
    af_relative_l2_f32, af_relative_l2_f64;

#ifdef AF_DOUBLE
#define RUN(name) af_##name##_f64
#else
#define RUN(name) af_##name##_f32
#endif

/* -log softmax(p)[class] = log sum exp(p - max) - (p[class] - max). */
double RUN(cross_entropy)(const void *pred, const void *target, int n, af_shape shape, void *dpred,
                          double scale)
{
    const real *p = pred;
    const int32_t *label = target;
    real *d = dpred;
    int classes = shape.c;
    double loss = 0;
    for (int s = 0; s < n; s++, p += classes) {
        if (label[s] < 0 || label[s] >= classes) return NAN;
        double max = p[0], sum = 0;
        for (int k = 1; k < classes; k++)
            if (p[k] > max) max = p[k];
        for (int k = 0; k < classes; k++) sum += exp(p[k] - max);
        loss += log(sum) - (p[label[s]] - max);
        for (int k = 0; d != NULL && k < classes; k++)
            *d++ = (real)((exp(p[k] - max) / sum - (k == label[s])) * scale);
    }
    return loss;
}

/* max(p, 0) - p t + log(1 + exp(-|p|)), mean over the elements of a sample. */
double RUN(bce)(const void *pred, const void *target, int n, af_shape shape, void *dpred,
                double scale)
{
    const real *p = pred;
    const float *t = target;
    real *d = dpred;
    int64_t size = af_shape_size(shape);
    double sum = 0;
    for (int64_t i = 0; i < n * size; i++) {
        if (isnan(t[i])) {
            if (d != NULL) d[i] = 0;
            continue;
        }
        double e = exp(-fabs((double)p[i])), sigmoid = p[i] >= 0 ? 1 / (1 + e) : e / (1 + e);
        sum += (p[i] < 0 ? 0 : (double)p[i]) - (double)p[i] * t[i] + log1p(e);
        if (d != NULL) d[i] = (real)((sigmoid - t[i]) * (scale / (double)size));
    }
    return sum / (double)size;
}

/* (p - t)^2, mean over the elements of a sample. */
double RUN(mse)(const void *pred, const void *target, int n, af_shape shape, void *dpred,
                double scale)
{
    const real *p = pred;
    const float *t = target;
    real *d = dpred;
    int64_t size = af_shape_size(shape);
    double sum = 0;
    for (int64_t i = 0; i < n * size; i++) {
        if (isnan(t[i])) {
            if (d != NULL) d[i] = 0;
            continue;
        }
        double error = (double)p[i] - t[i];
        sum += error * error;
        if (d != NULL) d[i] = (real)(2 * error * (scale / (double)size));
    }
    return sum / (double)size;
}

/* A target of norm 0 has no relative error: the loss is then infinite or NaN. */
double RUN(relative_l2)(const void *pred, const void *target, int n, af_shape shape, void *dpred,
                        double scale)
{
    const real *p = pred;
    const float *t = target;
    real *d = dpred;
    int64_t size = af_shape_size(shape);
    double loss = 0;
    for (int s = 0; s < n; s++, p += size, t += size) {
        double errors = 0, squares = 0;
        for (int64_t i = 0; i < size; i++) {
            if (isnan(t[i])) continue;
            double error = (double)p[i] - t[i];
            errors += error * error;
            squares += (double)t[i] * t[i];
        }
        loss += sqrt(errors) / sqrt(squares);
        if (d == NULL) continue;
        /* at a perfect prediction the norm has a kink; 0 is its subgradient of least size */
        double slope = errors == 0 ? 0 : scale / (sqrt(errors) * sqrt(squares));
        for (int64_t i = 0; i < size; i++)
            *d++ = isnan(t[i]) ? 0 : (real)(((double)p[i] - t[i]) * slope);
    }
    return loss;
}

#ifndef AF_DOUBLE
const af_loss af_loss_cross_entropy = {
    .name = "cross_entropy",
    .summary = "softmax and negative log-likelihood of one class a sample",
    .target = AF_TARGET_CLASS,
    .run = {af_cross_entropy_f32, af_cross_entropy_f64},
};

const af_loss af_loss_bce = {
    .name = "bce",
    .summary = "sigmoid and binary cross-entropy, mean over the elements",
    .target = AF_TARGET_DENSE,
    .run = {af_bce_f32, af_bce_f64},
};

const af_loss af_loss_mse = {
    .name = "mse",
    .summary = "squared error, mean over the elements",
    .target = AF_TARGET_DENSE,
    .run = {af_mse_f32, af_mse_f64},
};

const af_loss af_loss_relative_l2 = {
    .name = "relative_l2",
    .summary = "norm of the error over the norm of the target",
    .target = AF_TARGET_DENSE,
    .run = {af_relative_l2_f32, af_relative_l2_f64},
};

const af_loss *const af_losses[] = {&af_loss_cross_entropy, &af_loss_bce, &af_loss_mse,
                                    &af_loss_relative_l2, NULL};

const af_loss *af_loss_find(const char *name)
{
    for (const af_loss *const *l = af_losses; *l != NULL; l++)
        if (strcmp((*l)->name, name) == 0) return *l;
    return NULL;
}
#endif
