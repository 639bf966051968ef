/* The control for whoever reports the best of many: one fixed model, the default configuration of
 * the space, trained again and again with the whole recipe, each time with other random numbers,
 * and the best by validation error kept. What a search gains over this is due to its networks; what
 * it gains over one training may be luck with seeds. `vary=configurations` makes it random search
 * at full fidelity instead, with the default first. */
#include <stddef.h>
#include "core/base/alloc.h"
#include "core/searcher.h"

typedef enum vary { SEEDS, CONFIGURATIONS } vary;

typedef struct options {
    int k, vary;
} options;

static const char *const what_varies[] = {"seeds", "configurations", NULL};

static const af_option option_table[] = {
    {"k", AF_OPT_INT, offsetof(options, k), "0", 0, 1e9,
     "trainings; 0: as many as the budget allows", NULL, NULL},
    {"vary", AF_OPT_CHOICE, offsetof(options, vary), "seeds", 0, 0,
     "from training to training: the random numbers, or the configuration as well", what_varies,
     NULL},
    {0},
};

static af_status open(void **self, const af_search_context *ctx, const void *opts)
{
    (void)ctx;
    options *s = af_alloc(sizeof *s);
    if (!s) return AF_ENOMEM;
    *s = *(const options *)opts;
    *self = s;
    return AF_OK;
}

static af_status ask(void *self, const af_search_context *ctx, int64_t number, af_proposal *out,
                     af_answer *answer)
{
    const options *s = self;
    af_rng r = af_search_rng(ctx, number);
    bool other = s->vary == CONFIGURATIONS && number > 0;
    *answer = s->k && number >= s->k ? AF_DONE : AF_PROPOSE;
    out->config = other ? af_space_sample(ctx->space, &r) : af_space_default(ctx->space);
    out->epochs = ctx->full_epochs;
    out->schedule = AF_OWN;
    return AF_OK;
}

static af_status tell(void *self, const af_search_context *ctx, const af_trial *trial,
                      const af_outcome *outcome)
{
    (void)self, (void)ctx, (void)trial, (void)outcome;
    return AF_OK;
}

static void close(void *self)
{
    af_free(self);
}

const af_searcher af_searcher_best_of = {
    .name = "best_of",
    .title = "best of k",
    .summary = "the default configuration, trained again and again",
    .cite =
        "Bouthillier et al., Accounting for Variance in Machine Learning Benchmarks, MLSys 2021; "
        "Picard, Torch.manual_seed(3407) is all you need, arXiv 2109.08203, 2021",
    .options = option_table,
    .options_size = sizeof(options),
    .repeats_trial = true,
    .open = open,
    .ask = ask,
    .tell = tell,
    .close = close,
};
