#include "core/search/rungs.h"
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"

/* ---- ladders ---- */

af_status af_ladder_make(af_ladder *out, const af_search_context *ctx, const af_ladder_options *o)
{
    int least = o->min_epochs > 0 ? o->min_epochs : 1;
    int most = o->max_epochs > 0 ? o->max_epochs : ctx->full_epochs;
    *out = (af_ladder){.reduction = o->reduction, .continues = o->continues};
    if (least > most)
        return af_fail(AF_EUSAGE, "min_epochs is %d, want at most the %d of the highest rung",
                       least, most);
    if (o->continues && most > ctx->full_epochs)
        return af_fail(AF_EUSAGE,
                       "max_epochs is %d, but trainings that continue follow the recipe, which has "
                       "%d; give fewer, or continue=false",
                       most, ctx->full_epochs);
    int64_t divisor[AF_MAX_RUNGS] = {1};
    for (out->count = 1; out->count < o->rungs; out->count++) {
        divisor[out->count] = divisor[out->count - 1] * o->reduction;
        if (divisor[out->count] * least > most) break;
    }
    for (int k = 0; k < out->count; k++) {
        int64_t d = divisor[out->count - 1 - k];
        out->epochs[k] = (int)((2 * most + d) / (2 * d)); /* halves go up */
    }
    return AF_OK;
}

int af_ladder_configurations(const af_ladder *l, int first)
{
    int64_t n = l->count, rungs = l->count - first;
    for (int64_t i = 1; i < rungs; i++) n *= l->reduction;
    return (int)((n + rungs - 1) / rungs);
}

void af_ladder_propose(const af_ladder *l, int rung, const af_rung_entry *from, af_proposal *out)
{
    out->epochs = l->epochs[rung];
    out->schedule = l->continues ? AF_PREFIX : AF_OWN;
    if (!from) return;
    out->config = from->config;
    out->continues = l->continues;
    out->from = l->continues ? from->number : 0;
}

/* ---- rungs ---- */

static bool precedes(const af_rung_entry *a, const af_rung_entry *b)
{
    return a->error < b->error || (a->error == b->error && a->number < b->number);
}

af_status af_rung_add(af_rung *r, const af_trial *t, const af_outcome *o, int *rank)
{
    af_rung_entry e = {.number = t->number,
                       .error = isfinite(o->error) ? o->error : INFINITY,
                       .config = t->proposal.config};
    if (r->count == r->room) {
        int room = r->room ? 2 * r->room : 16;
        af_rung_entry *entries = af_realloc(r->entries, (size_t)room * sizeof *entries);
        if (!entries) return AF_ENOMEM;
        r->entries = entries;
        r->room = room;
    }
    int at = r->count++;
    for (; at > 0 && precedes(&e, &r->entries[at - 1]); at--) r->entries[at] = r->entries[at - 1];
    r->entries[at] = e;
    if (rank) *rank = at;
    return AF_OK;
}

void af_rung_free(af_rung *r)
{
    af_free(r->entries);
    *r = (af_rung){0};
}

/* ---- synchronous brackets ---- */

void af_bracket_begin(af_bracket *b, const af_ladder *l, int first, int configurations)
{
    b->ladder = l;
    b->first = b->rung = first;
    b->planned = b->size = configurations;
    b->asked = b->now.count = b->below.count = 0;
}

/* Enters the next rung; false when there is none, or nothing to train there. */
static bool climb(af_bracket *b)
{
    int finite = 0, planned = b->planned / b->ladder->reduction;
    while (finite < b->now.count && isfinite(b->now.entries[finite].error)) finite++;
    if (b->rung + 1 == b->ladder->count || finite == 0) return false;
    b->planned = planned > 1 ? planned : 1;
    b->size = b->planned < finite ? b->planned : finite;
    af_rung full = b->now;
    b->now = b->below;
    b->below = full;
    b->now.count = 0;
    b->asked = 0;
    b->rung++;
    return true;
}

void af_bracket_ask(af_bracket *b, const af_search_context *ctx, int64_t number, af_proposal *out,
                    af_answer *answer)
{
    if (b->asked == b->size) {
        *answer = b->now.count < b->size ? AF_WAIT : AF_DONE;
        if (*answer == AF_WAIT || !climb(b)) return;
    }
    *answer = AF_PROPOSE;
    if (b->rung == b->first) {
        af_rng r = af_search_rng(ctx, number);
        out->config = af_space_sample(ctx->space, &r);
        af_ladder_propose(b->ladder, b->rung, NULL, out);
    } else {
        af_ladder_propose(b->ladder, b->rung, &b->below.entries[b->asked], out);
    }
    b->asked++;
}

af_status af_bracket_tell(af_bracket *b, const af_trial *t, const af_outcome *o)
{
    return af_rung_add(&b->now, t, o, NULL);
}

void af_bracket_free(af_bracket *b)
{
    af_rung_free(&b->now);
    af_rung_free(&b->below);
}
