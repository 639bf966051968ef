/* Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, JMLR 2018): brackets of successive
 * halving that begin at every rung in turn, the lowest first, over and over. How many
 * configurations the bracket of s + 1 rungs begins with, of s_max + 1 rungs in all:
 *
 *     paper       ceil((s_max + 1) / (s + 1) * reduction^s)
 *     hpbandster  floor((s_max + 1) / (s + 1)) * reduction^s, as the HpBandSter program
 *
 * that is 27, 12, 6, 4 or 27, 9, 6, 4 for four rungs and 3. HpBandSter itself trains every rung
 * from scratch: continue=false. Rungs: core/search/rungs.h. */
#include <stddef.h>
#include "core/base/alloc.h"
#include "core/search/rungs.h"

typedef enum variant { PAPER, HPBANDSTER } variant;

typedef struct options {
    int variant;
    af_ladder_options ladder;
} options;

static const char *const variants[] = {"paper", "hpbandster", NULL};

static const af_option option_table[] = {
    {"variant", AF_OPT_CHOICE, offsetof(options, variant), "paper", 0, 0,
     "how many configurations a bracket begins with", variants, NULL},
    AF_LADDER_OPTIONS(options, ladder, "3"),
    {0},
};

typedef struct hyperband {
    variant variant;
    af_ladder ladder;
    int first; /* rung of the present bracket */
    af_bracket bracket;
} hyperband;

static int configurations(const hyperband *s)
{
    if (s->variant == PAPER) return af_ladder_configurations(&s->ladder, s->first);
    int n = s->ladder.count / (s->ladder.count - s->first);
    for (int k = s->first + 1; k < s->ladder.count; k++) n *= s->ladder.reduction;
    return n;
}

static af_status open(void **self, const af_search_context *ctx, const void *opts)
{
    const options *o = opts;
    hyperband *s = af_calloc(1, sizeof *s);
    if (!s) return AF_ENOMEM;
    af_status st = af_ladder_make(&s->ladder, ctx, &o->ladder);
    if (st != AF_OK) {
        af_free(s);
        return st;
    }
    s->variant = (variant)o->variant;
    af_bracket_begin(&s->bracket, &s->ladder, 0, configurations(s));
    *self = s;
    return AF_OK;
}

static af_status ask(void *self, const af_search_context *ctx, int64_t number, af_proposal *out,
                     af_answer *answer)
{
    hyperband *s = self;
    af_bracket_ask(&s->bracket, ctx, number, out, answer);
    if (*answer != AF_DONE) return AF_OK;
    s->first = (s->first + 1) % s->ladder.count;
    af_bracket_begin(&s->bracket, &s->ladder, s->first, configurations(s));
    af_bracket_ask(&s->bracket, ctx, number, out, answer);
    return AF_OK;
}

static af_status tell(void *self, const af_search_context *ctx, const af_trial *trial,
                      const af_outcome *outcome)
{
    (void)ctx;
    hyperband *s = self;
    return af_bracket_tell(&s->bracket, trial, outcome);
}

static void close(void *self)
{
    hyperband *s = self;
    af_bracket_free(&s->bracket);
    af_free(s);
}

const af_searcher af_searcher_hyperband = {
    .name = "hyperband",
    .title = "Hyperband",
    .summary = "successive halving from every rung in turn",
    .cite = "Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, Hyperband: A Novel Bandit-Based "
            "Approach to Hyperparameter Optimization, JMLR 2018; variant hpbandster: Falkner, "
            "Klein and Hutter, BOHB, ICML 2018",
    .options = option_table,
    .options_size = sizeof(options),
    .open = open,
    .ask = ask,
    .tell = tell,
    .close = close,
};
