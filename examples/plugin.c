/* A search method outside of Afield's tree: (1+1) evolution. Against an installed Afield:
 *
 *     cc -shared -fPIC $(pkg-config --cflags afield) examples/plugin.c -o mine.so
 *     afield run --task ecg --method ./mine.so --set restart=10 --budget 8x
 *
 * It resumes from the journal by itself, because it draws from af_search_rng and from nothing else,
 * and keeps no state outside of *self. */
#include <afield.h>
#include <math.h>
#include <stddef.h>

typedef struct options {
    int restart;
} options;

static const af_option option_table[] = {
    {"restart", AF_OPT_INT, offsetof(options, restart), "20", 1, 1e6,
     "proposals without progress before a new start", NULL, NULL},
    {0},
};

typedef struct climber {
    options o;
    bool any;
    af_config best;
    double lowest;
    int failures;
} climber;

static af_status open(void **self, const af_search_context *ctx, const void *opts)
{
    (void)ctx;
    climber *c = af_calloc(1, sizeof *c);
    if (!c) return AF_ENOMEM;
    c->o = *(const options *)opts;
    *self = c;
    return AF_OK;
}

static af_status ask(void *self, const af_search_context *ctx, int64_t number, af_proposal *out,
                     af_answer *answer)
{
    climber *c = self;
    af_rng r = af_search_rng(ctx, number);
    *answer = AF_PROPOSE;
    out->config = c->any ? c->best : af_space_sample(ctx->space, &r);
    if (c->any) af_space_mutate(ctx->space, &out->config, &r);
    return AF_OK;
}

static af_status tell(void *self, const af_search_context *ctx, const af_trial *trial,
                      const af_outcome *outcome)
{
    climber *c = self;
    (void)ctx;
    if (!isfinite(outcome->error)) return AF_OK;
    if (!c->any || outcome->error <= c->lowest) {
        c->any = true;
        c->best = trial->proposal.config;
        c->lowest = outcome->error;
        c->failures = 0;
    } else if (++c->failures == c->o.restart) {
        c->any = false;
        c->failures = 0;
    }
    return AF_OK;
}

static void close(void *self)
{
    af_free(self);
}

static const af_searcher mine = {
    .name = "one_plus_one",
    .title = "(1+1) evolution with restarts",
    .summary = "mutates the best so far, and starts anew when that leads nowhere",
    .cite = "Droste, Jansen and Wegener, On the analysis of the (1+1) evolutionary algorithm, "
            "Theoretical Computer Science 2002",
    .options = option_table,
    .options_size = sizeof(options),
    .open = open,
    .ask = ask,
    .tell = tell,
    .close = close,
};
AF_PLUGIN(mine);
