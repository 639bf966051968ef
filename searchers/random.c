/* Random search: independent uniform configurations, the baseline that every method has to beat
 * (Li and Talwalkar, UAI 2019). Duplicates are allowed, as in NATS-Bench, unless `unique` asks for
 * a new network each time.
 *
 * How to write another searcher: copy this file to searchers/<name>.c and rename the struct at the
 * bottom. `ask` proposes trial `number`; `tell` brings outcomes back, in any order and with other
 * asks open. Draw from af_search_rng(ctx, number) and from nothing else, and keep no state outside
 * *self: then a run replays from its journal, and the tests, which find the searcher by themselves,
 * pass. */
#include <stddef.h>
#include "core/base/alloc.h"
#include "core/search/known.h"
#include "core/searcher.h"

typedef struct options {
    bool unique;
} options;

static const af_option option_table[] = {
    {"unique", AF_OPT_FLAG, offsetof(options, unique), "false", 0, 0,
     "never propose the same network twice", NULL, NULL},
    {0},
};

typedef struct sampler {
    options o;
    af_known known; /* only with `unique` */
} sampler;

static af_status open(void **self, const af_search_context *ctx, const void *opts)
{
    (void)ctx;
    sampler *s = af_calloc(1, sizeof *s);
    if (!s) return AF_ENOMEM;
    s->o = *(const options *)opts;
    *self = s;
    return AF_OK;
}

static af_status ask(void *self, const af_search_context *ctx, int64_t number, af_proposal *out,
                     af_answer *answer)
{
    sampler *s = self;
    af_rng r = af_search_rng(ctx, number);
    *answer = AF_PROPOSE;
    if (!s->o.unique) {
        out->config = af_space_sample(ctx->space, &r);
        return AF_OK;
    }
    int found;
    AF_TRY(af_known_sample(&s->known, ctx->space, &r, &out->config, &found));
    if (found < 0) *answer = AF_DONE;
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
    sampler *s = self;
    af_known_free(&s->known);
    af_free(s);
}

const af_searcher af_searcher_random = {
    .name = "random",
    .title = "random search",
    .summary = "independent uniform configurations",
    .cite =
        "Bergstra and Bengio, Random Search for Hyper-Parameter Optimization, JMLR 2012; Li and "
        "Talwalkar, Random Search and Reproducibility for Neural Architecture Search, UAI 2019",
    .options = option_table,
    .options_size = sizeof(options),
    .open = open,
    .ask = ask,
    .tell = tell,
    .close = close,
};
