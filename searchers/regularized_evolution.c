/* Regularised (ageing) evolution (Real, Aggarwal, Huang and Le, AAAI 2019), with the settings of
 * NATS-Bench: the best of a few members, drawn with replacement, gets a child that differs in one
 * thing; the child replaces the oldest member, however good that is. Until `population` outcomes
 * are known proposals are random, so any number of asks may be open. Age is the order of outcomes.
 */
#include <math.h>
#include <stddef.h>
#include "core/base/alloc.h"
#include "core/searcher.h"

typedef struct options {
    int population, sample;
} options;

static const af_option option_table[] = {
    {"population", AF_OPT_INT, offsetof(options, population), "10", 1, 100000,
     "members kept; as many random configurations come first", NULL, NULL},
    {"sample", AF_OPT_INT, offsetof(options, sample), "3", 1, 100000,
     "members drawn for a tournament, with replacement", NULL, NULL},
    {0},
};

typedef struct member {
    af_config config;
    double error;
} member;

typedef struct evolution {
    options o;
    int64_t told;    /* outcomes so far; number n is kept at n % population */
    member *members; /* a ring, so the newest overwrites the oldest */
} evolution;

static af_status open(void **self, const af_search_context *ctx, const void *opts)
{
    (void)ctx;
    evolution *s = af_calloc(1, sizeof *s);
    if (!s) return AF_ENOMEM;
    s->o = *(const options *)opts;
    s->members = af_calloc((size_t)s->o.population, sizeof *s->members);
    if (!s->members) {
        af_free(s);
        return AF_ENOMEM;
    }
    *self = s;
    return AF_OK;
}

/* Ties go to the one drawn first. */
static const member *tournament(const evolution *s, af_rng *r)
{
    const member *best = NULL;
    for (int i = 0; i < s->o.sample; i++) {
        const member *m = &s->members[af_rng_below(r, (uint64_t)s->o.population)];
        if (!best || m->error < best->error) best = m;
    }
    return best;
}

static af_status ask(void *self, const af_search_context *ctx, int64_t number, af_proposal *out,
                     af_answer *answer)
{
    evolution *s = self;
    af_rng r = af_search_rng(ctx, number);
    *answer = AF_PROPOSE;
    if (s->told < s->o.population) {
        out->config = af_space_sample(ctx->space, &r);
    } else {
        out->config = tournament(s, &r)->config;
        af_space_mutate(ctx->space, &out->config, &r);
    }
    return AF_OK;
}

static af_status tell(void *self, const af_search_context *ctx, const af_trial *trial,
                      const af_outcome *outcome)
{
    (void)ctx;
    evolution *s = self;
    member *oldest = &s->members[s->told++ % s->o.population];
    oldest->config = trial->proposal.config;
    oldest->error = isnan(outcome->error) ? INFINITY : outcome->error;
    return AF_OK;
}

static void close(void *self)
{
    evolution *s = self;
    af_free(s->members);
    af_free(s);
}

const af_searcher af_searcher_regularized_evolution = {
    .name = "regularized_evolution",
    .title = "regularised evolution",
    .summary = "tournaments, mutation, and death by age",
    .cite = "Real, Aggarwal, Huang and Le, Regularized Evolution for Image Classifier Architecture "
            "Search, AAAI 2019",
    .options = option_table,
    .options_size = sizeof(options),
    .open = open,
    .ask = ask,
    .tell = tell,
    .close = close,
};
