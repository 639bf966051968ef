/* See share.h. The order of things at the end of an epoch decides what survives: first the journal,
 * then a checkpoint beyond it. So a checkpoint is never ahead of the journal; when it is, the
 * journal was cut. */
#include "core/search/share.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/base/version.h"
#include "core/search/journal.h"
#include "core/search/supernet_inside.h"
#include "core/train/checkpoint.h"

static const double MOST_STEPS = 1 << 30; /* streams number them in 32 bits */

/* ---- length ---- */

/* At most what a step costs: every branch switched on. */
static double step_flops(const af_supernet *s)
{
    const af_cost *c = af_plan_cost(s->nets.plan);
    return s->how.passes * (c->forward + c->backward) * s->batch;
}

/* Budgets in seconds: the second of two passes is timed, and leaves no trace. */
static af_status step_seconds(af_supernet *s, double *out)
{
    double loss, started = 0;
    af_plan_snapshot(s->nets.plan, s->snapshot);
    af_supernet_load(&s->weights, 0, 0, s->batch);
    for (int i = 0; i < 2; i++) {
        started = af_clock();
        AF_TRY(af_batch_send(&s->weights.batch, s->nets.plan));
        AF_TRY(af_plan_gradients(s->nets.plan, s->weights.batch.x, s->weights.batch.y,
                                 (af_position){0}, NULL));
        AF_TRY(af_plan_losses(s->nets.plan, &loss));
    }
    *out = s->how.passes * (af_clock() - started);
    af_plan_restore(s->nets.plan, s->snapshot);
    return AF_OK;
}

/* What is kept for the evaluations that the searcher announced. */
static double kept_flops(const af_supernet *s)
{
    const af_workbench *w = s->share->bench;
    double samples =
        (double)w->data->split[w->protocol][AF_VALID].count + (double)s->how.recalibrate * s->batch;
    return s->how.evaluations * af_plan_cost(s->nets.infer)->forward * samples;
}

/* How many steps the budget has room for. */
static af_status count_steps(af_supernet *s, double *fit, double *one_step)
{
    const af_ledger *l = s->share->ledger;
    af_unit unit = l->budget.unit;
    af_spend one = {.epochs = 1.0 / s->steps, .flops = step_flops(s)};
    af_spend kept = {.flops = kept_flops(s)};
    if (unit == AF_UNIT_SECONDS) AF_TRY(step_seconds(s, &one.seconds));
    kept.seconds = one.seconds * kept.flops / one.flops;
    *one_step = af_spend_in(&one, unit, l->x_flops);
    double left = l->budget.amount * (1 + 1e-12) - af_spend_in(&kept, unit, l->x_flops);
    *fit = floor(left / *one_step + 1e-9);
    return AF_OK;
}

/* Whole epochs; when not even one fits, as many steps as do. */
static af_status decide_length(af_supernet *s)
{
    double one, fit;
    char budget[32];
    const af_budget *b = &s->share->ledger->budget;
    const af_shared *known = &s->journal->shared;
    AF_TRY(count_steps(s, &fit, &one));
    af_budget_print(b, budget);
    if (b->unit == AF_UNIT_SECONDS && known->begun) fit = (double)known->epochs * known->steps;
    if (fit < 1)
        return af_fail(AF_EBUDGET,
                       "budget %s: not one step of the supernet fits, which takes %.3g%s; raise it",
                       budget, one, af_unit_names[b->unit]);
    if (fit > MOST_STEPS) fit = MOST_STEPS;
    if (fit < s->steps) s->steps = (int)fit;
    s->epochs = (int)(fit / s->steps);
    s->total = (int64_t)s->epochs * s->steps;
    return af_journal_share(s->journal, s->epochs, s->steps);
}

/* ---- checkpoints ---- */

enum { PIECES = 3 };

static void pieces(af_supernet *s, af_piece p[PIECES])
{
    p[0] = (af_piece){&s->state, sizeof s->state};
    p[1] = (af_piece){s->how.state, (size_t)s->how.state_count * sizeof *s->how.state};
    p[2] = (af_piece){s->snapshot, s->snapshot_size};
}

/* The run, the libraries it runs on, and what the searcher told of its training. */
static af_status identify(af_supernet *s)
{
    char where[256] = "";
    const af_sharing *h = &s->how;
    const af_share *share = s->share;
    char *header = json_dumps(share->header, JSON_COMPACT | JSON_SORT_KEYS);
    af_sha256 *sha = af_sha256_new();
    if (share->bench->backend->probe(where, sizeof where) != AF_OK) where[0] = '\0';
    if (header && sha)
        af_sha256_addf(sha, "%s, %s\n%s\n%d %a %a %a %a %a %d %d %d %d", AF_VERSION, where, header,
                       h->batch, h->lr, h->lr_min, h->momentum, h->weight_decay, h->clip, h->passes,
                       h->evaluations, h->recalibrate, h->state_count);
    if (sha) af_sha256_end(sha, s->digest);
    bool ok = header && sha;
    free(header);
    return ok ? AF_OK : AF_ENOMEM;
}

static void count_seconds(af_supernet *s)
{
    double now = af_clock();
    s->state.seconds += now - s->started;
    s->started = now;
}

static af_status save_when_due(af_supernet *s, bool now)
{
    af_piece p[PIECES];
    if (!now && af_clock() - s->saved_at < s->share->checkpoint_seconds) return AF_OK;
    count_seconds(s);
    af_plan_snapshot(s->nets.plan, s->snapshot);
    AF_TRY(af_plan_status(s->nets.plan));
    pieces(s, p);
    s->saved_at = s->started;
    return af_pieces_write(s->share->checkpoint, s->digest, p, PIECES);
}

static af_status load(af_supernet *s)
{
    bool found;
    af_piece p[PIECES];
    pieces(s, p);
    AF_TRY(af_pieces_read(s->share->checkpoint, s->digest, &found, p, PIECES));
    if (!found) return AF_OK;
    if (s->state.done / s->steps > s->journal->shared.count)
        return af_fail(AF_EFORMAT,
                       "%s: ends after epoch %d, but %s is in epoch %" PRId64
                       ": lines are missing; start over in another directory",
                       s->journal->path, s->journal->shared.count, s->share->checkpoint,
                       s->state.done / s->steps);
    af_plan_restore(s->nets.plan, s->snapshot);
    return AF_OK;
}

/* ---- what the searcher calls ---- */

af_status af_supernet_begin(af_supernet *s, const af_sharing *how)
{
    if (s->begun || how->batch < 1 || how->passes < 1 || how->recalibrate < 0 ||
        how->evaluations < 0)
        return af_fail(AF_EINTERNAL, "supernet: begun twice, or without a batch or passes");
    s->how = *how;
    s->begun = true;
    AF_TRY(af_supernet_prepare(s));
    AF_TRY(decide_length(s));
    AF_TRY(identify(s));
    AF_TRY(load(s));
    s->started = s->saved_at = af_clock();
    return AF_OK;
}

static af_spend spend_of(const af_supernet *s)
{
    return (af_spend){.epochs = (double)s->state.done / s->pass,
                      .seconds = s->state.seconds,
                      .flops = s->state.flops};
}

static af_status end_epoch(af_supernet *s, const double *coefficients)
{
    const af_share *share = s->share;
    int epoch = (int)(s->state.done / s->steps) - 1;
    double most = (step_flops(s) * (double)s->state.done + kept_flops(s)) * (1 + 1e-12);
    count_seconds(s);
    if (s->state.flops > most)
        return af_fail(AF_EINTERNAL,
                       "searcher '%s' made more passes or evaluations than it announced",
                       share->searcher->name);
    share->ledger->search = spend_of(s);
    const double row[] = {
        [AF_ROW_LOSS] = s->state.loss / s->steps,
        [AF_ROW_COEFFICIENT_LOSS] = s->state.coefficient_loss / s->steps,
        [AF_ROW_EPOCHS] = share->ledger->search.epochs,
        [AF_ROW_FLOPS] = s->state.flops,
        [AF_ROW_SECONDS] = s->state.seconds,
    };
    AF_TRY(af_journal_epoch(s->journal, epoch, row, coefficients));
    s->state.loss = s->state.coefficient_loss = 0;
    return share->on_epoch
               ? share->on_epoch(share->payload, epoch, s->epochs, row[AF_ROW_LOSS], share->ledger)
               : AF_OK;
}

/* Seconds were only a forecast: an epoch that will not fit is not begun, unless it was. */
static bool out_of_time(const af_supernet *s)
{
    const af_budget *b = &s->share->ledger->budget;
    int64_t epochs = s->state.done / s->steps;
    if (b->unit != AF_UNIT_SECONDS || epochs < s->journal->shared.count) return false;
    return s->state.seconds * (1 + 1.0 / (double)epochs) > b->amount;
}

af_status af_supernet_next(af_supernet *s, const double *coefficients, bool *more)
{
    bool ended = false;
    *more = false;
    if (!s->begun) return af_fail(AF_EINTERNAL, "supernet: not begun; the searcher is wrong");
    AF_TRY(af_supernet_settle(s));
    if (s->stepping) {
        s->stepping = false;
        s->state.done++;
        ended = s->state.done % s->steps == 0;
        if (ended) AF_TRY(end_epoch(s, coefficients));
    }
    if (s->state.done == s->total || (ended && out_of_time(s))) return AF_OK;
    bool stop = af_stop_requested(); /* asked once: what stops has been saved */
    AF_TRY(save_when_due(s, stop));
    if (stop)
        return af_fail(AF_EINTERRUPTED,
                       "stopped by a signal after step %" PRId64 " of %" PRId64
                       " of the search; --resume continues",
                       s->state.done, s->total);
    s->stepping = *more = true;
    return AF_OK;
}

/* ---- the whole ---- */

static af_status derive(af_supernet *s, const af_config *c)
{
    char digest[AF_SHA256_HEX];
    af_sha256 *h = af_sha256_new();
    if (!h) return AF_ENOMEM;
    af_plan_digest(s->nets.plan, h);
    af_sha256_end(h, digest);
    AF_TRY(af_plan_status(s->nets.plan));
    count_seconds(s);
    af_spend spend = spend_of(s);
    return af_journal_derive(s->journal, c, &spend, digest);
}

static af_status search(const af_share *share, af_journal *j)
{
    af_supernet s;
    af_config c = af_space_default(share->context.space);
    const af_searcher *m = share->searcher;
    void *defaults = m->options_size && !share->options ? af_calloc(1, m->options_size) : NULL;
    if (defaults) af_options_default(m->options, defaults);
    if (!defaults && !share->options && m->options_size) return AF_ENOMEM;
    af_status st = af_supernet_open(&s, share);
    s.journal = j;
    if (st == AF_OK) st = m->search(&share->context, &s, defaults ? defaults : share->options, &c);
    if (st == AF_OK && (!s.begun || s.stepping || j->shared.count < 1))
        st = af_fail(AF_EINTERNAL, "searcher '%s' ended before its search did", m->name);
    if (st == AF_OK) st = af_space_check(share->context.space, &c);
    if (st == AF_OK) st = derive(&s, &c);
    af_supernet_close(&s);
    af_free(defaults);
    return st;
}

static af_status run(af_found *out, const af_share *share, af_journal *j)
{
    if (!j->shared.derived) AF_TRY(search(share, j));
    const af_shared *s = &j->shared;
    share->ledger->search = (af_spend){.epochs = af_journal_row(j, s->count - 1)[AF_ROW_EPOCHS],
                                       .seconds = s->seconds,
                                       .flops = s->flops};
    *out = (af_found){.any = true, .shared = true};
    out->best.proposal.config = s->config;
    out->best.proposal.epochs = s->count;
    out->outcome.error = NAN;
    memcpy(out->outcome.digest, s->digest, sizeof s->digest);
    return af_journal_digests(j, out->proposal_digest, out->outcome_digest);
}

af_status af_share_check(const af_searcher *s, const af_budget *b)
{
    if (!s->search || b->unit != AF_UNIT_TRIALS) return AF_OK;
    return af_fail(AF_EUSAGE,
                   "searcher '%s' shares weights and makes no trials; give the budget in x, "
                   "epochs, s or flop",
                   s->name);
}

af_status af_share_run(af_found *out, const af_share *share)
{
    af_journal *j;
    *out = (af_found){0};
    AF_TRY(af_share_check(share->searcher, &share->ledger->budget));
    share->ledger->search = share->ledger->committed = (af_spend){0};
    AF_TRY(af_journal_open(&j, share->journal, share->context.space, share->header, share->resume));
    af_status st = run(out, share, j);
    af_journal_close(j);
    return st;
}
