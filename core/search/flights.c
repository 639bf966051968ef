#include "core/search/flights.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"

/* ---- the worker that is ourselves ---- */

static af_status here_start(void *self, const af_trial *t)
{
    ((af_here *)self)->trial = *t;
    return AF_OK;
}

static af_status here_finish(void *self, int64_t *number, af_outcome *out)
{
    af_here *h = self;
    *number = h->trial.number;
    return h->evaluator->run(h->evaluator->self, &h->trial, out);
}

af_workers af_workers_here(af_here *h)
{
    return (af_workers){.self = h, .slots = 1, .start = here_start, .finish = here_finish};
}

/* ---- the queue ---- */

/* The one of this state, or of any (-1), that ends first; ties by number. */
static af_flight *first(const af_flights *f, int state)
{
    af_flight *best = NULL;
    for (int i = 0; i < f->count; i++) {
        af_flight *a = &f->at[i];
        if (state >= 0 && (int)a->state != state) continue;
        if (!best || a->end < best->end ||
            (a->end == best->end && a->trial.number < best->trial.number))
            best = a;
    }
    return best;
}

static void recount(af_flights *f)
{
    f->s->ledger->committed = (af_spend){0};
    for (int i = 0; i < f->count; i++)
        af_spend_add(&f->s->ledger->committed, &f->at[i].predicted, 1);
}

static af_status dispatch(af_flights *f)
{
    while (f->running < f->workers->slots && !(f->s->workers && af_stop_requested())) {
        af_flight *a = first(f, AF_QUEUED);
        if (!a) break;
        af_status st = f->workers->start(f->workers->self, &a->trial);
        if (st != AF_OK) return af_prefix(st, "trial %" PRId64, a->trial.number);
        a->state = AF_RUNNING;
        f->running++;
    }
    return AF_OK;
}

af_status af_flights_add(af_flights *f, const af_trial *t, const af_spend *predicted)
{
    const af_journal_entry *e = &f->journal->entries[t->number];
    f->at[f->count++] = (af_flight){.trial = *t,
                                    .state = e->done ? AF_LANDED : AF_QUEUED,
                                    .outcome = e->outcome,
                                    .predicted = *predicted,
                                    .end = f->now + predicted->flops};
    recount(f);
    return dispatch(f);
}

/* What the rest of the run may rely on: no NaN, one trial, the floor, nothing beyond the
 * prediction. */
static af_status settle(const af_flights *f, const af_flight *a, af_outcome *o)
{
    if (!isfinite(o->error)) o->error = INFINITY;
    if (isnan(o->loss)) o->loss = INFINITY;
    o->spend.trials = 1;
    af_ledger_floor(f->s->ledger, &o->spend);
    const double rounding = 1 + 1e-12;
    if (o->spend.flops <= a->predicted.flops * rounding &&
        o->spend.epochs <= a->predicted.epochs * rounding)
        return AF_OK;
    return af_fail(AF_EINTERNAL,
                   "charged %g FLOPs and %g epochs, more than the %g and %g predicted; the "
                   "evaluator is wrong",
                   o->spend.flops, o->spend.epochs, a->predicted.flops, a->predicted.epochs);
}

static af_flight *find_running(const af_flights *f, int64_t number)
{
    for (int i = 0; i < f->count; i++)
        if (f->at[i].trial.number == number && f->at[i].state == AF_RUNNING) return &f->at[i];
    return NULL;
}

static af_status land_one(af_flights *f)
{
    int64_t number = -1;
    af_outcome o = {0};
    af_status st = f->workers->finish(f->workers->self, &number, &o);
    if (st != AF_OK) return number < 0 ? st : af_prefix(st, "trial %" PRId64, number);
    af_flight *a = find_running(f, number);
    if (!a) return af_fail(AF_EINTERNAL, "trial %" PRId64 " is done but was not begun", number);
    st = settle(f, a, &o);
    if (st != AF_OK) return af_prefix(st, "trial %" PRId64, number);
    AF_TRY(af_journal_outcome(f->journal, number, &o));
    if (f->s->evaluator->forget) f->s->evaluator->forget(f->s->evaluator->self, &a->trial);
    a->outcome = o;
    a->state = AF_LANDED;
    f->running--;
    return dispatch(f);
}

void af_flights_drain(af_flights *f)
{
    char *message = af_strdup(af_error());
    while (f->s->workers && f->running > 0 && land_one(f) == AF_OK) {}
    if (message && af_fail(AF_EINTERRUPTED, "%s", message) == AF_OK) {}
    af_free(message);
}

af_status af_flights_next(af_flights *f, af_flight *out)
{
    af_flight *a = first(f, -1);
    while (a->state != AF_LANDED) AF_TRY(land_one(f));
    *out = *a;
    memmove(a, a + 1, (size_t)(f->at + f->count - (a + 1)) * sizeof *a);
    f->count--;
    f->now = out->end;
    recount(f);
    return AF_OK;
}
