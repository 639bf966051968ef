/* Successive halving (Jamieson and Talwalkar, AISTATS 2016), synchronous: many configurations are
 * trained for few epochs, the best of them for more, and so on to the whole recipe; a rung is
 * complete before the next begins, so asks wait meanwhile. Then another bracket begins with new
 * configurations, until the budget ends. Rungs: core/search/rungs.h. */
#include <stddef.h>
#include "core/base/alloc.h"
#include "core/search/rungs.h"

typedef struct options {
    int configurations;
    af_ladder_options ladder;
} options;

static const af_option option_table[] = {
    {"configurations", AF_OPT_INT, offsetof(options, configurations), "0", 0, 1e6,
     "in the lowest rung; 0: so many that one reaches the highest", NULL, NULL},
    AF_LADDER_OPTIONS(options, ladder, "3"),
    {0},
};

typedef struct halving {
    af_ladder ladder;
    int configurations;
    af_bracket bracket;
} halving;

static af_status open(void **self, const af_search_context *ctx, const void *opts)
{
    const options *o = opts;
    halving *s = af_calloc(1, sizeof *s);
    if (!s) return AF_ENOMEM;
    af_status st = af_ladder_make(&s->ladder, ctx, &o->ladder);
    if (st != AF_OK) {
        af_free(s);
        return st;
    }
    s->configurations = o->configurations;
    if (s->configurations == 0)
        for (int k = s->configurations = 1; k < s->ladder.count; k++)
            s->configurations *= s->ladder.reduction;
    af_bracket_begin(&s->bracket, &s->ladder, 0, s->configurations);
    *self = s;
    return AF_OK;
}

static af_status ask(void *self, const af_search_context *ctx, int64_t number, af_proposal *out,
                     af_answer *answer)
{
    halving *s = self;
    af_bracket_ask(&s->bracket, ctx, number, out, answer);
    if (*answer != AF_DONE) return AF_OK;
    af_bracket_begin(&s->bracket, &s->ladder, 0, s->configurations);
    af_bracket_ask(&s->bracket, ctx, number, out, answer);
    return AF_OK;
}

static af_status tell(void *self, const af_search_context *ctx, const af_trial *trial,
                      const af_outcome *outcome)
{
    (void)ctx;
    halving *s = self;
    return af_bracket_tell(&s->bracket, trial, outcome);
}

static void close(void *self)
{
    halving *s = self;
    af_bracket_free(&s->bracket);
    af_free(s);
}

const af_searcher af_searcher_successive_halving = {
    .name = "successive_halving",
    .title = "successive halving",
    .summary = "many short trainings, the best of which go on",
    .cite = "Jamieson and Talwalkar, Non-stochastic Best Arm Identification and Hyperparameter "
            "Optimization, AISTATS 2016",
    .options = option_table,
    .options_size = sizeof(options),
    .open = open,
    .ask = ask,
    .tell = tell,
    .close = close,
};
