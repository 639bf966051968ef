/* Asynchronous successive halving (Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht and
 * Talwalkar, MLSys 2020): no rung is waited for.
 *
 *     promotion  an ask goes through the rungs from the top; where one of the best
 *                floor(n / reduction) of n outcomes was not promoted, the best such one is. If
 * there is none, a new configuration begins in the lowest rung. stopping   a training goes on from
 * a rung when it is among the best ceil(n / reduction) of the n outcomes there so far, its own
 * included; so the first always does. This is the quantile rule of Syne Tune. Of equal errors the
 * earlier trial counts as better.
 *
 * The defaults are those of NAS-Bench-360's tuned Wide ResNet: reduction 4, five rungs at most, one
 * bracket (Determined's adaptive_asha, mode aggressive). With more brackets, bracket b begins at
 * rung b and has rungs of its own; a new configuration goes to one of them by chance, in proportion
 * to the configurations of Hyperband's brackets. A training that diverged never goes on.
 * Rungs: core/search/rungs.h. */
#include <math.h>
#include <stddef.h>
#include "core/base/alloc.h"
#include "core/search/rungs.h"

typedef enum variant { PROMOTION, STOPPING } variant;

typedef struct options {
    int variant, brackets, configurations;
    af_ladder_options ladder;
} options;

static const char *const variants[] = {"promotion", "stopping", NULL};

static const af_option option_table[] = {
    {"variant", AF_OPT_CHOICE, offsetof(options, variant), "promotion", 0, 0,
     "who goes on: the best that wait in a rung, or who is among the best on arrival", variants,
     NULL},
    AF_LADDER_OPTIONS(options, ladder, "4"),
    {"brackets", AF_OPT_INT, offsetof(options, brackets), "1", 1, AF_MAX_RUNGS,
     "that begin at higher and higher rungs; at most one for each rung", NULL, NULL},
    {"configurations", AF_OPT_INT, offsetof(options, configurations), "0", 0, 1e9,
     "to begin with in all; 0: as many as the budget allows", NULL, NULL},
    {0},
};

typedef struct asha {
    options o;
    af_ladder ladder;
    int brackets, begun;
    af_rung *rungs;  /* of bracket b: rungs + b * ladder.count */
    int *bracket_of; /* by trial number */
    int64_t asked, told, room;
} asha;

static af_status open(void **self, const af_search_context *ctx, const void *opts)
{
    af_status st;
    asha *s = af_calloc(1, sizeof *s);
    if (!s) return AF_ENOMEM;
    s->o = *(const options *)opts;
    AF_GOTO(st, fail, af_ladder_make(&s->ladder, ctx, &s->o.ladder));
    s->brackets = s->o.brackets < s->ladder.count ? s->o.brackets : s->ladder.count;
    s->rungs = af_calloc((size_t)s->brackets * (size_t)s->ladder.count, sizeof *s->rungs);
    AF_GOTO(st, fail, s->rungs ? AF_OK : AF_ENOMEM);
    *self = s;
    return AF_OK;
fail:
    af_free(s);
    return st;
}

static af_rung *rung_of(const asha *s, int bracket, int rung)
{
    return &s->rungs[bracket * s->ladder.count + rung];
}

/* The best that may go on, or NULL. */
static af_rung_entry *promotable(const asha *s, const af_rung *r)
{
    int best = s->o.variant == STOPPING ? r->count : r->count / s->ladder.reduction;
    for (int i = 0; i < best; i++) {
        af_rung_entry *e = &r->entries[i];
        if (!isfinite(e->error)) break;
        if (!e->promoted && (s->o.variant == PROMOTION || e->passed)) return e;
    }
    return NULL;
}

static int draw_bracket(const asha *s, af_rng *r)
{
    int total = 0, b = 0;
    if (s->brackets == 1) return 0;
    for (int i = 0; i < s->brackets; i++) total += af_ladder_configurations(&s->ladder, i);
    int64_t at = (int64_t)af_rng_below(r, (uint64_t)total);
    while ((at -= af_ladder_configurations(&s->ladder, b)) >= 0) b++;
    return b;
}

/* Makes room for the bracket of trial s->asked. */
static af_status reserve(asha *s)
{
    if (s->asked < s->room) return AF_OK;
    int64_t room = s->room ? 2 * s->room : 64;
    int *bracket_of = af_realloc(s->bracket_of, (size_t)room * sizeof *bracket_of);
    if (!bracket_of) return AF_ENOMEM;
    s->bracket_of = bracket_of;
    s->room = room;
    return AF_OK;
}

static bool promote(asha *s, af_proposal *out)
{
    for (int k = s->ladder.count - 2; k >= 0; k--) {
        for (int b = 0; b < s->brackets && b <= k; b++) {
            af_rung_entry *e = promotable(s, rung_of(s, b, k));
            if (!e) continue;
            e->promoted = true;
            af_ladder_propose(&s->ladder, k + 1, e, out);
            s->bracket_of[s->asked++] = b;
            return true;
        }
    }
    return false;
}

static af_status ask(void *self, const af_search_context *ctx, int64_t number, af_proposal *out,
                     af_answer *answer)
{
    asha *s = self;
    AF_TRY(reserve(s));
    *answer = AF_PROPOSE;
    if (promote(s, out)) return AF_OK;
    if (s->o.configurations && s->begun == s->o.configurations) {
        *answer = s->told < s->asked ? AF_WAIT : AF_DONE;
        return AF_OK;
    }
    af_rng r = af_search_rng(ctx, number);
    int b = draw_bracket(s, &r);
    out->config = af_space_sample(ctx->space, &r);
    af_ladder_propose(&s->ladder, b, NULL, out);
    s->bracket_of[s->asked++] = b;
    s->begun++;
    return AF_OK;
}

static af_status tell(void *self, const af_search_context *ctx, const af_trial *trial,
                      const af_outcome *outcome)
{
    (void)ctx;
    asha *s = self;
    int rank, k = 0;
    while (k + 1 < s->ladder.count && s->ladder.epochs[k] != trial->proposal.epochs) k++;
    af_rung *r = rung_of(s, s->bracket_of[trial->number], k);
    AF_TRY(af_rung_add(r, trial, outcome, &rank));
    r->entries[rank].passed = rank * s->ladder.reduction < r->count; /* rank < ceil(n / that) */
    s->told++;
    return AF_OK;
}

static void close(void *self)
{
    asha *s = self;
    for (int i = 0; i < s->brackets * s->ladder.count; i++) af_rung_free(&s->rungs[i]);
    af_free(s->rungs);
    af_free(s->bracket_of);
    af_free(s);
}

const af_searcher af_searcher_asha = {
    .name = "asha",
    .title = "ASHA",
    .summary = "asynchronous successive halving, by promotion or by stopping",
    .cite = "Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht and Talwalkar, A System "
            "for Massively Parallel Hyperparameter Tuning, MLSys 2020; defaults of Tu et al., "
            "NAS-Bench-360, NeurIPS 2022",
    .options = option_table,
    .options_size = sizeof(options),
    .open = open,
    .ask = ask,
    .tell = tell,
    .close = close,
};
