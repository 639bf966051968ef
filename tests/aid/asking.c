#include "tests/aid/asking.h"
#include <math.h>
#include "core/base/alloc.h"
#include "core/registry.h"

static double drawn(const asking *s, const char *role, int knob, double value)
{
    uint32_t word[2];
    memcpy(word, &value, sizeof word);
    if (isnan(value)) word[0] = word[1] = 0; /* NANs are all the same */
    af_rng r = af_rng_at(s->landscape, role, 0, 0, (uint32_t)knob, word[0] ^ word[1]);
    return af_rng_unit(&r);
}

double asking_error(const asking *s, const af_proposal *p)
{
    int n = s->ctx.space->count > 0 ? s->ctx.space->count : 1;
    double error = 0, bias = 0;
    for (int k = 0; k < s->ctx.space->count; k++) {
        error += drawn(s, "objective", k, p->config.v[k]);
        bias += drawn(s, "bias", k, p->config.v[k]);
    }
    return (error + 0.5 * bias / p->epochs) / n;
}

void asking_start(asking *s, const char *searcher, uint64_t seed, int workers, uint64_t landscape)
{
    *s = (asking){.searcher = af_find_searcher(searcher),
                  .ctx = {.space = af_find_space("nb201"),
                          .seed = seed,
                          .epochs = 12,
                          .full_epochs = 20,
                          .workers = workers},
                  .landscape = landscape,
                  .limit = TRIALS,
                  .best = INFINITY};
    assert_non_null(s->searcher);
    s->options = af_calloc(1, s->searcher->options_size);
    assert_non_null(s->options);
    if (s->searcher->options) af_options_default(s->searcher->options, s->options);
}

void asking_set(asking *s, const char *option, const char *value)
{
    assert_ok(af_options_set(s->searcher->options, s->options, option, value));
}

/* False when the call failed and the search is over. */
static bool succeeded(asking *s, af_status status)
{
    if (!s->may_fail) assert_ok(status);
    if (status == AF_OK) return true;
    s->status = status;
    s->done = true;
    s->open_count = 0;
    return false;
}

void asking_open(asking *s)
{
    if (!succeeded(s, s->searcher->open(&s->self, &s->ctx, s->options))) s->self = NULL;
}

void asking_finish(asking *s)
{
    if (s->done && s->status == AF_OK) assert_false(asking_ask(s) || !s->done);
    if (s->self) s->searcher->close(s->self);
    af_free(s->options);
}

static void event(asking *s, int e)
{
    assert_true(s->event_count < (int)LENGTH(s->events));
    s->events[s->event_count++] = e;
}

/* The rules of core/search/trial.h; fills in what core would. */
static void check_continuation(asking *s, af_trial *t)
{
    const af_proposal *p = &t->proposal;
    assert_in_range(p->from, 0, s->asked - 1);
    const af_trial *from = &s->proposed[p->from];
    assert_true(s->told_of[p->from]);
    assert_false(s->continued[p->from]);
    assert_memory_equal(&p->config, &from->proposal.config, sizeof p->config);
    assert_int_equal(p->schedule, AF_PREFIX);
    assert_int_equal(from->proposal.schedule, AF_PREFIX);
    assert_true(p->epochs > from->proposal.epochs);
    s->continued[p->from] = true;
    t->root = from->root;
    t->epochs_done = from->proposal.epochs;
}

bool asking_ask(asking *s)
{
    af_trial t = {.number = s->asked, .root = s->asked, .proposal = {.epochs = s->ctx.epochs}};
    event(s, ASKED);
    if (!succeeded(s, s->searcher->ask(s->self, &s->ctx, t.number, &t.proposal, &s->answer)))
        return false;
    s->done = s->answer == AF_DONE;
    if (s->answer != AF_PROPOSE) return false;
    assert_true(s->asked < MOST_TRIALS && s->open_count < MAX_OPEN);
    assert_ok(af_space_check(s->ctx.space, &t.proposal.config));
    assert_in_range(t.proposal.epochs, 1, s->ctx.full_epochs);
    assert_true(t.proposal.schedule == AF_OWN || t.proposal.schedule == AF_PREFIX);
    if (t.proposal.continues) check_continuation(s, &t);
    s->error[s->asked] = NAN;
    s->proposed[s->asked++] = t;
    s->open[s->open_count++] = t;
    return true;
}

void asking_tell(asking *s, int i, double error)
{
    event(s, i);
    af_trial t = s->open[i];
    s->open[i] = s->open[--s->open_count];
    af_outcome o = {.error = error, .loss = 1};
    int epochs = t.proposal.epochs - t.epochs_done;
    o.spend = (af_spend){.trials = 1, .epochs = epochs, .seconds = 1, .flops = 1e9 * epochs};
    if (!succeeded(s, s->searcher->tell(s->self, &s->ctx, &t, &o))) return;
    s->told++;
    s->told_of[t.number] = true;
    s->error[t.number] = error;
    if (error < s->best) s->best = error;
}

bool asking_step(asking *s)
{
    if (s->asked < s->limit && s->open_count < s->ctx.workers && !s->done && asking_ask(s))
        return true;
    if (s->open_count == 0) {
        assert_true(s->asked == s->limit || s->done); /* waiting for nothing is a deadlock */
        return false;
    }
    af_rng r = af_rng_at(s->landscape, "order", (uint64_t)s->told, 0, 0, 0);
    int i = (int)af_rng_below(&r, (uint64_t)s->open_count);
    bool odd = s->open[i].number == 7 && s->error_at_7 != 0;
    asking_tell(s, i, odd ? s->error_at_7 : asking_error(s, &s->open[i].proposal));
    return true;
}

void asking_run(asking *s)
{
    asking_open(s);
    while (asking_step(s)) {}
    asking_finish(s);
}

bool asking_same(const asking *a, const asking *b)
{
    if (a->asked != b->asked) return false;
    for (int64_t i = 0; i < a->asked; i++) {
        const af_proposal *p = &a->proposed[i].proposal, *q = &b->proposed[i].proposal;
        if (memcmp(&p->config, &q->config, sizeof p->config)) return false;
        if (p->epochs != q->epochs || p->schedule != q->schedule) return false;
        if (p->continues != q->continues || (p->continues && p->from != q->from)) return false;
    }
    return true;
}
