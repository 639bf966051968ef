/* The search loop: asks while workers are free and the budget lasts, tells outcomes in the order of
 * the virtual clock (flights.h), replays what the journal holds. When and where a trial is really
 * executed never shows. So one seed gives one search, whatever runs it. */
#include <inttypes.h>
#include <math.h>
#include "core/base/alloc.h"
#include "core/search/flights.h"
#include "core/search/record.h"

enum { MOST_EPOCHS = 1000000 }; /* a curve of them still fits into memory */

typedef struct past { /* a trial that was started */
    af_trial trial;
    bool told, continued;
} past;

typedef struct queue {
    const af_search *s;
    af_journal *journal;
    void *self; /* the searcher's */
    af_flights flights;
    past *past; /* by number */
    int64_t next, room, told;
    bool closed;  /* the searcher is not asked any more */
    bool waiting; /* it answered WAIT and was told nothing since */
    af_found *found;
} queue;

/* Seconds are only a forecast: at the rate of the trials so far, else the evaluator's. */
static void guess_seconds(af_spend *predicted, const af_ledger *l)
{
    if (l->search.flops > 0 && l->search.seconds > 0)
        predicted->seconds = predicted->flops * l->search.seconds / l->search.flops;
}

/* ---- what may be proposed ---- */

static af_status check_fidelity(const queue *q, const af_proposal *p)
{
    int most = p->schedule == AF_PREFIX ? q->s->context.full_epochs : MOST_EPOCHS;
    if (p->epochs >= 1 && p->epochs <= most) return AF_OK;
    return af_fail(AF_EINVAL,
                   "%d epochs, want 1 or more, and at most %d of a prefix, %d of its own",
                   p->epochs, q->s->context.full_epochs, MOST_EPOCHS);
}

/* Fills in where the chain began. */
static af_status check_continued(const queue *q, af_trial *t)
{
    const af_proposal *p = &t->proposal;
    t->root = t->number;
    t->epochs_done = 0;
    if (!p->continues) return AF_OK;
    if (p->from < 0 || p->from >= t->number || !q->past[p->from].told)
        return af_fail(AF_EINVAL, "it continues trial %" PRId64 ", whose outcome it was not told",
                       p->from);
    const past *from = &q->past[p->from];
    const af_proposal *before = &from->trial.proposal;
    if (from->continued)
        return af_fail(AF_EINVAL, "trial %" PRId64 " was continued before; once is all", p->from);
    af_proposal same = *before;
    same.epochs = p->epochs;
    same.continues = true;
    same.from = p->from;
    if (p->schedule != AF_PREFIX || !af_proposal_same(q->s->context.space, &same, p))
        return af_fail(AF_EINVAL,
                       "it continues trial %" PRId64
                       ", but not with the same configuration and both of schedule prefix",
                       p->from);
    if (p->epochs <= before->epochs)
        return af_fail(AF_EINVAL, "it continues trial %" PRId64 " of %d epochs to %d, want more",
                       p->from, before->epochs, p->epochs);
    t->root = from->trial.root;
    t->epochs_done = before->epochs;
    return AF_OK;
}

static af_status check_proposal(const queue *q, af_trial *t)
{
    af_status st = af_space_check(q->s->context.space, &t->proposal.config);
    if (st == AF_OK) st = check_fidelity(q, &t->proposal);
    if (st == AF_OK) st = check_continued(q, t);
    if (st == AF_OK) return AF_OK;
    return af_prefix(st, "searcher '%s' proposed trial %" PRId64, q->s->searcher->name, t->number);
}

/* ---- starting ---- */

static af_status remember(queue *q, const af_trial *t)
{
    if (q->next == q->room) {
        int64_t room = q->room ? 2 * q->room : 64;
        past *more = af_realloc(q->past, (size_t)room * sizeof *more);
        if (!more) return AF_ENOMEM;
        q->past = more;
        q->room = room;
    }
    q->past[q->next++] = (past){.trial = *t};
    if (t->proposal.continues) q->past[t->proposal.from].continued = true;
    return AF_OK;
}

/* Whether the trial may start. Seconds are not reproducible, so what a journal has started is
 * right. */
static bool fits(const queue *q, const af_trial *t, const af_spend *predicted)
{
    bool replayed = t->number < q->journal->count;
    if (replayed && q->s->ledger->budget.unit == AF_UNIT_SECONDS) return true;
    return af_ledger_fits(q->s->ledger, predicted);
}

static af_status start(queue *q, af_trial *t)
{
    af_spend predicted = {0};
    AF_TRY(check_proposal(q, t));
    af_status st = q->s->evaluator->predict(q->s->evaluator->self, t, &predicted);
    if (st != AF_OK) return af_prefix(st, "trial %" PRId64, t->number);
    predicted.trials = 1;
    af_ledger_floor(q->s->ledger, &predicted);
    guess_seconds(&predicted, q->s->ledger);
    if (!fits(q, t, &predicted)) {
        q->closed = true;
        return AF_OK;
    }
    bool known = t->number < q->journal->count && q->journal->entries[t->number].done;
    if (!known && af_stop_requested())
        return af_fail(AF_EINTERRUPTED,
                       "stopped by a signal before trial %" PRId64 "; --resume continues",
                       t->number);
    AF_TRY(remember(q, t));
    AF_TRY(af_journal_propose(q->journal, t, q->told));
    return af_flights_add(&q->flights, t, &predicted);
}

/* ---- telling ---- */

/* Longer trainings say more, so they come first; but one that diverged says nothing. */
static bool better(const af_flight *a, const af_found *b)
{
    bool finite[2] = {isfinite(a->outcome.error), isfinite(b->outcome.error)};
    int epochs[2] = {a->trial.proposal.epochs, b->best.proposal.epochs};
    if (!b->any || finite[0] != finite[1]) return !b->any || finite[0];
    if (finite[0] && epochs[0] != epochs[1]) return epochs[0] > epochs[1];
    if (a->outcome.error != b->outcome.error) return a->outcome.error < b->outcome.error;
    return a->trial.number < b->best.number;
}

static void keep_best(af_found *found, const af_flight *f)
{
    found->trials++;
    if (!better(f, found)) return;
    found->any = true;
    found->best = f->trial;
    found->outcome = f->outcome;
}

static af_status tell_next(queue *q)
{
    const af_search *s = q->s;
    af_flight f;
    AF_TRY(af_flights_next(&q->flights, &f));
    q->waiting = false;
    q->told++;
    q->past[f.trial.number].told = true;
    af_spend_add(&s->ledger->search, &f.outcome.spend, 1);
    keep_best(q->found, &f);
    AF_TRY(s->searcher->tell(q->self, &s->context, &f.trial, &f.outcome));
    return s->on_trial ? s->on_trial(s->payload, &f.trial, &f.outcome, s->ledger) : AF_OK;
}

/* ---- asking ---- */

static af_status wait_for_tell(queue *q)
{
    q->waiting = true;
    if (q->flights.count > 0) return AF_OK;
    return af_fail(AF_EINTERNAL, "searcher '%s' waits for an outcome, but no trial is in flight",
                   q->s->searcher->name);
}

/* The journal's proposal, at the moment it was made, for a searcher that is not asked again. */
static af_status recall(queue *q)
{
    const af_journal_entry *e = &q->journal->entries[q->next];
    af_trial t = {.number = q->next, .proposal = e->proposal};
    if (e->told > q->told) return wait_for_tell(q);
    AF_TRY(check_proposal(q, &t));
    AF_TRY(q->s->searcher->recall(q->self, &q->s->context, &t));
    return start(q, &t);
}

static af_status ask(queue *q)
{
    const af_search *s = q->s;
    af_trial t = {.number = q->next};
    af_answer answer = AF_DONE;
    if (q->journal->ended && q->next == q->journal->count) {
        q->closed = true;
        return AF_OK;
    }
    if (s->searcher->recall && q->next < q->journal->count) return recall(q);
    t.proposal = (af_proposal){.epochs = s->context.epochs, .schedule = AF_OWN};
    AF_TRY(s->searcher->ask(q->self, &s->context, q->next, &t.proposal, &answer));
    if (answer == AF_PROPOSE) return start(q, &t);
    q->closed = answer == AF_DONE;
    return answer == AF_WAIT ? wait_for_tell(q) : AF_OK;
}

/* ---- the whole ---- */

static af_status drain(queue *q)
{
    for (;;) {
        bool may_ask = !q->closed && !q->waiting && q->flights.count < q->s->context.workers;
        if (!may_ask && q->flights.count == 0) break;
        AF_TRY(may_ask ? ask(q) : tell_next(q));
    }
    if (q->next == q->journal->count) return af_journal_end(q->journal);
    return af_fail(AF_EFORMAT,
                   "%s:%ld: trial %" PRId64 " was started, but now the search ends before it: the "
                   "searcher or the prediction of costs has changed; start over in another "
                   "directory",
                   q->journal->path, q->journal->entries[q->next].line, q->next);
}

static af_status check_search(const af_search *s)
{
    if (s->context.workers < 1)
        return af_fail(AF_EINVAL, "%d workers, want 1 or more", s->context.workers);
    if (s->ledger->budget.unit == AF_UNIT_X && s->evaluator->x_flops <= 0)
        return af_fail(AF_EUSAGE, "a budget in x needs trials that are really trained; give it in "
                                  "trials, epochs, s or flop");
    return AF_OK;
}

/* Opens the searcher, before anything is written: it may refuse its options. */
static af_status open_searcher(queue *q)
{
    const af_searcher *m = q->s->searcher;
    void *defaults = NULL;
    if (!q->s->options && m->options) {
        defaults = af_calloc(1, m->options_size);
        if (!defaults) return AF_ENOMEM;
        af_options_default(m->options, defaults);
    }
    const void *options = defaults ? defaults : q->s->options;
    af_status st = m->open(&q->self, &q->s->context, options);
    af_free(defaults);
    return st;
}

static af_status go_through(queue *q)
{
    af_status st = drain(q);
    if (st == AF_EINTERRUPTED) af_flights_drain(&q->flights);
    return st;
}

af_status af_search_run(af_found *out, const af_search *s)
{
    af_status st;
    af_here here = {.evaluator = s->evaluator};
    const af_workers ourselves = af_workers_here(&here);
    *out = (af_found){0};
    queue q = {.s = s, .found = out};
    AF_TRY(check_search(s));
    s->ledger->search = s->ledger->committed = (af_spend){0};
    AF_TRY(open_searcher(&q));
    AF_GOTO(st, done,
            af_journal_open(&q.journal, s->journal, s->context.space, s->header, s->resume));
    q.flights = (af_flights){.s = s,
                             .journal = q.journal,
                             .workers = s->workers ? s->workers : &ourselves,
                             .at = af_calloc((size_t)s->context.workers, sizeof *q.flights.at)};
    AF_GOTO(st, done, q.flights.at ? AF_OK : AF_ENOMEM);
    AF_GOTO(st, done, go_through(&q));
    st = af_journal_digests(q.journal, out->proposal_digest, out->outcome_digest);
done:
    s->searcher->close(q.self);
    af_journal_close(q.journal);
    af_free(q.flights.at);
    af_free(q.past);
    return st;
}
