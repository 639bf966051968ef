/* What batch_norm and norm_sum share: from sums over the batch to the statistics of `channels`
 * channels. Rows of `shared` are [channels] each; partial sums are two rows a chunk. */
#ifndef AF_NORM_H
#define AF_NORM_H
#include <math.h>
#include "core/op.h"

enum { WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR };
enum { MEAN, INV_STD, MEAN_DY, MEAN_DY_XHAT }; /* rows of `shared` */

#ifndef __cplusplus /* kernels of a device use the names above alone */
/* batch_norm.c: checks epsilon and momentum; fills the four parameters. */
af_status af_norm_attrs(const af_attrs *a);
int af_norm_params(const af_node *n, int channels, af_param p[AF_MAX_PARAMS]);

/* Sum over the chunks, in their order, of partial number i. */
static inline double norm_total(const af_call *c, int channels, int chunks, int i)
{
    double sum = 0;
    for (int j = 0; j < chunks; j++) sum += c->partial[(int64_t)j * 2 * channels + i];
    return sum;
}

/* From {sum x, sum x^2} over n pixels: mean, 1 / standard deviation, running statistics. */
static inline void norm_combine(const af_call *c, int channels, double n, int chunks)
{
    double momentum = c->momentum ? *c->momentum : c->node->attrs.momentum;
    real *running_mean = c->w[RUNNING_MEAN], *running_var = c->w[RUNNING_VAR];
    for (int k = 0; k < channels; k++) {
        double mean = norm_total(c, channels, chunks, k) / n;
        double var = norm_total(c, channels, chunks, channels + k) / n - mean * mean;
        if (var < 0) var = 0;
        double unbiased = n > 1 ? var * n / (n - 1) : var;
        c->shared[MEAN * channels + k] = mean;
        c->shared[INV_STD * channels + k] = 1 / sqrt(var + c->node->attrs.epsilon);
        running_mean[k] = (real)((1 - momentum) * running_mean[k] + momentum * mean);
        running_var[k] = (real)((1 - momentum) * running_var[k] + momentum * unbiased);
    }
}

static inline void norm_combine_back(const af_call *c, int channels, double n, int chunks)
{
    for (int k = 0; k < 2 * channels; k++)
        c->shared[MEAN_DY * channels + k] = norm_total(c, channels, chunks, k) / n;
}

/* Mean and 1 / standard deviation that the forward pass uses: of the batch, or the running ones. */
static inline void norm_statistics(const af_call *c, int channels, int k, double *mean,
                                   double *inv_std)
{
    const real *running_mean = c->w[RUNNING_MEAN], *running_var = c->w[RUNNING_VAR];
    *mean = c->train ? c->shared[MEAN * channels + k] : (double)running_mean[k];
    *inv_std = c->train ? c->shared[INV_STD * channels + k]
                        : 1 / sqrt((double)running_var[k] + c->node->attrs.epsilon);
}

/* This chunk's share of the parameters' gradients, from its partial sums: rows first to last - 1.
 */
static inline void norm_gradients(const af_call *c, int channels, int first, int last)
{
    real *dweight = c->dw[WEIGHT], *dbias = c->dw[BIAS];
    for (int k = first; k < last; k++) {
        double dw = c->partial[channels + k], db = c->partial[k];
        if (dweight) dweight[k] = (real)(c->add_w ? (double)dweight[k] + dw : dw);
        if (dbias) dbias[k] = (real)(c->add_w ? (double)dbias[k] + db : db);
    }
}
#endif

#endif
