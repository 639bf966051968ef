/* Virtual workers as an event queue. W trials are in flight; a trial that starts at clock c and
 * costs f FLOPs ends at c + f; ends are told in that order, ties by trial number. When a trial is
 * really evaluated never shows: here it is as it starts, and its outcome is kept back until its
 * time. So one seed gives one search, whatever runs it. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/search/journal.h"
#include "core/search/run.h"

typedef struct flight {
    af_trial trial;
    af_outcome outcome; /* known, but not told before `end` */
    af_spend reserved;  /* as predicted: what is committed until it is told */
    double end;
} flight;

typedef struct queue {
    const af_search *s;
    af_journal *journal;
    void *self; /* the searcher's */
    flight *flights;
    int count;
    double now;
    int64_t next; /* number of the next trial */
    bool closed;  /* the searcher is not asked any more */
    bool waiting; /* it answered WAIT and was told nothing since */
    af_found *found;
} queue;

/* Seconds nobody predicted: at the rate of the trials so far. */
static void guess_seconds(af_spend *predicted, const af_ledger *l)
{
    double flops = l->search.flops + l->committed.flops;
    if (predicted->seconds > 0 || flops <= 0) return;
    predicted->seconds = predicted->flops * (l->search.seconds + l->committed.seconds) / flops;
}

static af_status check_proposal(const queue *q, const af_trial *t)
{
    const af_search_context *c = &q->s->context;
    af_status st = af_space_check(c->space, &t->proposal.config);
    if (st == AF_OK && (t->proposal.epochs < 1 ||
                        (t->proposal.schedule == AF_PREFIX && t->proposal.epochs > c->full_epochs)))
        st = af_fail(AF_EINVAL, "%d epochs, want 1 or more, and at most %d of a prefix",
                     t->proposal.epochs, c->full_epochs);
    if (st == AF_OK) return AF_OK;
    return af_prefix(st, "searcher '%s' proposed trial %" PRId64, q->s->searcher->name, t->number);
}

/* What the rest of the run may rely on: no NaN, one trial, the floor, nothing beyond the
 * prediction. */
static af_status settle(const queue *q, const af_trial *t, const af_spend *predicted, af_outcome *o)
{
    if (!isfinite(o->error)) o->error = INFINITY;
    if (isnan(o->loss)) o->loss = INFINITY;
    o->spend.trials = 1;
    af_ledger_floor(q->s->ledger, &o->spend);
    const double rounding = 1 + 1e-12;
    if (o->spend.flops > predicted->flops * rounding ||
        o->spend.epochs > predicted->epochs * rounding)
        return af_fail(AF_EINTERNAL,
                       "trial %" PRId64 " was charged %g FLOPs and %g epochs, more than the %g and "
                       "%g predicted; the evaluator is wrong",
                       t->number, o->spend.flops, o->spend.epochs, predicted->flops,
                       predicted->epochs);
    return AF_OK;
}

static af_status evaluate(queue *q, const af_trial *t, const af_spend *predicted, af_outcome *out)
{
    if (q->journal->entries[t->number].done) {
        *out = q->journal->entries[t->number].outcome;
        return AF_OK;
    }
    *out = (af_outcome){0};
    AF_TRY(q->s->evaluator->run(q->s->evaluator->self, t, out));
    AF_TRY(settle(q, t, predicted, out));
    return af_journal_outcome(q->journal, t->number, out);
}

static void recount(queue *q)
{
    q->s->ledger->committed = (af_spend){0};
    for (int i = 0; i < q->count; i++)
        af_spend_add(&q->s->ledger->committed, &q->flights[i].reserved, 1);
}

/* Whether the trial may start. Seconds are not reproducible, so what a journal has started is
 * right. */
static bool fits(const queue *q, const af_trial *t, const af_spend *predicted)
{
    bool replayed = t->number < q->journal->count;
    if (replayed && q->s->ledger->budget.unit == AF_UNIT_SECONDS) return true;
    return af_ledger_fits(q->s->ledger, predicted);
}

static af_status start(queue *q, const af_trial *t)
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
    AF_TRY(af_journal_propose(q->journal, t));
    flight f = {.trial = *t, .reserved = predicted};
    st = evaluate(q, t, &predicted, &f.outcome);
    if (st != AF_OK) return af_prefix(st, "trial %" PRId64, t->number);
    f.reserved.seconds = f.outcome.spend.seconds;
    f.end = q->now + f.outcome.spend.flops;
    q->flights[q->count++] = f;
    q->next++;
    recount(q);
    return AF_OK;
}

static int first_to_end(const queue *q)
{
    int first = 0;
    for (int i = 1; i < q->count; i++) {
        const flight *a = &q->flights[i], *b = &q->flights[first];
        if (a->end < b->end || (a->end == b->end && a->trial.number < b->trial.number)) first = i;
    }
    return first;
}

static void keep_best(af_found *found, const flight *f)
{
    double old = found->outcome.error, new = f->outcome.error;
    bool tie = new == old && f->trial.number < found->best.number;
    found->trials++;
    if (found->any && new >= old && !tie) return;
    found->any = true;
    found->best = f->trial;
    found->outcome = f->outcome;
}

static af_status tell_next(queue *q)
{
    const af_search *s = q->s;
    int i = first_to_end(q);
    flight f = q->flights[i];
    memmove(&q->flights[i], &q->flights[i + 1], (size_t)(--q->count - i) * sizeof f);
    q->now = f.end;
    q->waiting = false;
    recount(q);
    af_spend_add(&s->ledger->search, &f.outcome.spend, 1);
    keep_best(q->found, &f);
    AF_TRY(s->searcher->tell(q->self, &s->context, &f.trial, &f.outcome));
    return s->on_trial ? s->on_trial(s->payload, &f.trial, &f.outcome, s->ledger) : AF_OK;
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
    t.proposal = (af_proposal){.epochs = s->context.epochs, .schedule = AF_OWN};
    AF_TRY(s->searcher->ask(q->self, &s->context, q->next, &t.proposal, &answer));
    if (answer == AF_PROPOSE) return start(q, &t);
    q->closed = answer == AF_DONE;
    q->waiting = answer == AF_WAIT;
    if (q->waiting && q->count == 0)
        return af_fail(AF_EINTERNAL,
                       "searcher '%s' waits for an outcome, but no trial is in flight",
                       s->searcher->name);
    return AF_OK;
}

static af_status drain(queue *q)
{
    for (;;) {
        bool may_ask = !q->closed && !q->waiting && q->count < q->s->context.workers;
        if (!may_ask && q->count == 0) break;
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

/* Opens the searcher, asks and tells until the end, and closes it. */
static af_status go_through(queue *q)
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
    if (st == AF_OK) {
        st = drain(q);
        m->close(q->self);
    }
    af_free(defaults);
    return st;
}

af_status af_search_run(af_found *out, const af_search *s)
{
    af_status st;
    *out = (af_found){0};
    queue q = {.s = s, .found = out};
    AF_TRY(check_search(s));
    s->ledger->search = s->ledger->committed = (af_spend){0};
    AF_TRY(af_journal_open(&q.journal, s->journal, s->context.space, s->header, s->resume));
    q.flights = af_calloc((size_t)s->context.workers, sizeof *q.flights);
    AF_GOTO(st, done, q.flights ? AF_OK : AF_ENOMEM);
    AF_GOTO(st, done, go_through(&q));
    st = af_journal_digests(q.journal, out->proposal_digest, out->outcome_digest);
done:
    af_journal_close(q.journal);
    af_free(q.flights);
    return st;
}
