/* DARTS, first order (Liu, Simonyan and Yang, ICLR 2019), with the settings of NAS-Bench-201's own
 * experiments: every edge is the sum of its operations weighted by softmax(alpha); alpha, shared by
 * all cells, descends the loss on the other half of the training samples by Adam, "none" included;
 * the network is the largest alpha of each edge. First order: the weights of the moment stand for
 * the best ones. The weights' learning rate moves with every step, so that a short search sees the
 * whole cosine, and its length follows from the budget (published: 50 epochs).
 *
 * Known to end with skip connections on every edge when it runs long. */
#include <math.h>
#include <stddef.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/searcher.h"

typedef struct options {
    int batch;
    double lr, lr_min, momentum, decay, clip, alpha_lr, alpha_decay;
    bool alpha_first;
} options;

static const af_option option_table[] = {
    {"batch", AF_OPT_INT, offsetof(options, batch), "64", 1, 1 << 20,
     "samples of each half in a step", NULL, NULL},
    {"lr", AF_OPT_REAL, offsetof(options, lr), "0.025", 0, 1e3, "of the weights, at the start",
     NULL, NULL},
    {"lr_min", AF_OPT_REAL, offsetof(options, lr_min), "0.001", 0, 1e3, "at the end", NULL, NULL},
    {"momentum", AF_OPT_REAL, offsetof(options, momentum), "0.9", 0, 1, "of the weights, Nesterov",
     NULL, NULL},
    {"decay", AF_OPT_REAL, offsetof(options, decay), "5e-4", 0, 1e3, "of the weights", NULL, NULL},
    {"clip", AF_OPT_REAL, offsetof(options, clip), "5", 0, 1e9,
     "largest norm of the weights' gradient; 0: any", NULL, NULL},
    {"alpha_lr", AF_OPT_REAL, offsetof(options, alpha_lr), "3e-4", 0, 1e3, "Adam's, of alpha", NULL,
     NULL},
    {"alpha_decay", AF_OPT_REAL, offsetof(options, alpha_decay), "1e-3", 0, 1e3, "of alpha", NULL,
     NULL},
    {"alpha_first", AF_OPT_FLAG, offsetof(options, alpha_first), "false", 0, 0,
     "a step moves alpha before the weights, as the first DARTS did", NULL, NULL},
    {0},
};

static const double BETA1 = 0.5, BETA2 = 0.999, EPSILON = 1e-8, SPREAD = 1e-3;

typedef struct darts {
    const options *o;
    af_group group[AF_MAX_KNOBS];
    int groups, n;
    double *alpha, *m, *v, *updates; /* the state: three times n, and a count */
    double *c, *g;                   /* coefficients, their gradients */
} darts;

/* c = softmax(alpha) in each group. */
static void softmax(const darts *d)
{
    for (int i = 0; i < d->groups; i++) {
        const double *a = d->alpha + d->group[i].first;
        double *c = d->c + d->group[i].first, most = a[0], sum = 0;
        for (int j = 1; j < d->group[i].count; j++) most = fmax(most, a[j]);
        for (int j = 0; j < d->group[i].count; j++) sum += c[j] = exp(a[j] - most);
        for (int j = 0; j < d->group[i].count; j++) c[j] /= sum;
    }
}

/* dLoss/dalpha_j = c_j (g_j - sum_i c_i g_i), in place. */
static void through_softmax(const darts *d)
{
    for (int i = 0; i < d->groups; i++) {
        const double *c = d->c + d->group[i].first;
        double *g = d->g + d->group[i].first, mean = 0;
        for (int j = 0; j < d->group[i].count; j++) mean += c[j] * g[j];
        for (int j = 0; j < d->group[i].count; j++) g[j] = c[j] * (g[j] - mean);
    }
}

static void adam(const darts *d)
{
    double count = ++*d->updates;
    for (int i = 0; i < d->n; i++) {
        double g = d->g[i] + d->o->alpha_decay * d->alpha[i];
        d->m[i] = BETA1 * d->m[i] + (1 - BETA1) * g;
        d->v[i] = BETA2 * d->v[i] + (1 - BETA2) * g * g;
        double m = d->m[i] / (1 - pow(BETA1, count)), v = d->v[i] / (1 - pow(BETA2, count));
        d->alpha[i] -= d->o->alpha_lr * m / (sqrt(v) + EPSILON);
    }
}

static af_status move_alpha(const darts *d, af_supernet *s)
{
    double loss;
    AF_TRY(af_supernet_coefficients_step(s, d->c, d->g, &loss));
    through_softmax(d);
    adam(d);
    softmax(d);
    return AF_OK;
}

static af_status step(const darts *d, af_supernet *s)
{
    if (d->o->alpha_first) AF_TRY(move_alpha(d, s));
    AF_TRY(af_supernet_weights_step(s, d->c, NULL));
    return d->o->alpha_first ? AF_OK : move_alpha(d, s);
}

static af_status run(darts *d, const af_search_context *ctx, af_supernet *s)
{
    const options *o = d->o;
    const af_sharing how = {.batch = o->batch,
                            .lr = o->lr,
                            .lr_min = o->lr_min,
                            .momentum = o->momentum,
                            .weight_decay = o->decay,
                            .clip = o->clip,
                            .passes = 2,
                            .state = d->alpha,
                            .state_count = 3 * d->n + 1};
    af_rng r = af_search_rng(ctx, 0);
    for (int i = 0; i < d->n; i++) d->alpha[i] = SPREAD * af_rng_normal(&r);
    AF_TRY(af_supernet_begin(s, &how));
    for (bool more;;) {
        softmax(d);
        AF_TRY(af_supernet_next(s, d->c, &more));
        if (!more) return AF_OK;
        AF_TRY(step(d, s));
    }
}

static af_status search(const af_search_context *ctx, af_supernet *s, const void *opts,
                        af_config *out)
{
    darts d = {.o = opts};
    d.groups = af_space_groups(ctx->space, d.group, &d.n);
    d.alpha = af_calloc((size_t)d.n * 5 + 1, sizeof *d.alpha);
    if (!d.alpha) return AF_ENOMEM;
    d.m = d.alpha + d.n;
    d.v = d.m + d.n;
    d.updates = d.v + d.n;
    d.c = d.updates + 1;
    d.g = d.c + d.n;
    af_status st = run(&d, ctx, s);
    if (st == AF_OK) *out = af_space_argmax(ctx->space, d.alpha);
    af_free(d.alpha);
    return st;
}

const af_searcher af_searcher_darts = {
    .name = "darts",
    .title = "DARTS, first order",
    .summary = "gradient descent on softmax-weighted operations of a supernet",
    .cite =
        "Liu, Simonyan and Yang, DARTS: Differentiable Architecture Search, ICLR 2019; settings "
        "of Dong and Yang, NAS-Bench-201, ICLR 2020",
    .options = option_table,
    .options_size = sizeof(options),
    .search = search,
};
