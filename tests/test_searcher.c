/* Searchers, by ask and tell on an additive objective over NAS-Bench-201 cells: an error for each
 * operation on each edge. The first half holds for every searcher that exists; those that share
 * weights, which are not asked, are put through the same in tests/test_share.c. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/registry.h"

enum { TRIALS = 60, MAX_OPEN = 8, ASKED = -1 };

#define EACH_SEARCHER(s)                                                                           \
    for (const af_searcher *const *s##_at = af_builtin.searcher, *s; (s = *s##_at) != NULL;        \
         s##_at++)
#define EACH_ASKED(s) EACH_SEARCHER(s) if (!s->search)

static double objective(const af_config *c, uint64_t landscape)
{
    double error = 0;
    for (uint32_t k = 0; k < 6; k++) {
        af_rng r = af_rng_at(landscape, "objective", 0, 0, k, (uint32_t)c->v[k]);
        error += af_rng_unit(&r);
    }
    return error / 6;
}

/* A search under way: what is open, and everything that was proposed. */
typedef struct search {
    const af_searcher *searcher;
    void *options, *self;
    af_search_context ctx;
    af_trial open[MAX_OPEN];
    int open_count;
    af_trial proposed[TRIALS];
    int events[4 * TRIALS]; /* the journal: ASKED, or the index in `open` of what was told */
    int64_t asked, told;
    int event_count;
    bool done;
    double best;
} search;

static void start(search *s, const af_searcher *searcher, uint64_t seed, int workers)
{
    *s = (search){.searcher = searcher,
                  .ctx = {.space = af_find_space("nb201"),
                          .seed = seed,
                          .epochs = 12,
                          .full_epochs = 200,
                          .workers = workers},
                  .best = INFINITY};
    s->options = af_calloc(1, searcher->options_size);
    assert_non_null(s->options);
    if (searcher->options) af_options_default(searcher->options, s->options);
}

static void open_search(search *s)
{
    assert_ok(s->searcher->open(&s->self, &s->ctx, s->options));
}

static void finish(search *s)
{
    s->searcher->close(s->self);
    af_free(s->options);
}

/* Asks once; true when there is a new open trial. */
static bool ask(search *s)
{
    af_trial t = {.number = s->asked, .proposal = {.epochs = s->ctx.epochs}};
    af_answer answer;
    assert_ok(s->searcher->ask(s->self, &s->ctx, t.number, &t.proposal, &answer));
    assert_true(s->event_count < (int)LENGTH(s->events));
    s->events[s->event_count++] = ASKED;
    s->done = answer == AF_DONE;
    if (answer != AF_PROPOSE) return false;
    assert_ok(af_space_check(s->ctx.space, &t.proposal.config));
    assert_in_range(t.proposal.epochs, 1, s->ctx.full_epochs);
    s->proposed[s->asked++] = t;
    s->open[s->open_count++] = t;
    return true;
}

static void tell(search *s, int i, uint64_t landscape, double error_at_7)
{
    assert_true(s->event_count < (int)LENGTH(s->events));
    s->events[s->event_count++] = i;
    af_trial t = s->open[i];
    s->open[i] = s->open[--s->open_count];
    af_outcome o = {.error = objective(&t.proposal.config, landscape), .loss = 1};
    if (t.number == 7 && error_at_7 != 0) o.error = error_at_7;
    o.spend = (af_spend){.trials = 1, .epochs = t.proposal.epochs, .seconds = 1, .flops = 1e9};
    assert_ok(s->searcher->tell(s->self, &s->ctx, &t, &o));
    s->told++;
    if (o.error < s->best) s->best = o.error;
}

/* One step of a run that keeps all workers busy; false at the end. Which open trial ends is drawn,
 * as workers are not equally fast. */
static bool step(search *s, uint64_t landscape, double error_at_7)
{
    if (s->asked < TRIALS && s->open_count < s->ctx.workers && !s->done && ask(s)) return true;
    if (s->open_count == 0) {
        assert_true(s->asked == TRIALS || s->done); /* waiting for nothing is a deadlock */
        return false;
    }
    af_rng r = af_rng_at(landscape, "order", (uint64_t)s->told, 0, 0, 0);
    tell(s, (int)af_rng_below(&r, (uint64_t)s->open_count), landscape, error_at_7);
    return true;
}

static double run(search *s, const af_searcher *searcher, uint64_t seed, int workers,
                  uint64_t landscape)
{
    start(s, searcher, seed, workers);
    open_search(s);
    while (step(s, landscape, 0)) {}
    finish(s);
    return s->best;
}

static bool same_proposals(const search *a, const search *b)
{
    if (a->asked != b->asked) return false;
    for (int64_t i = 0; i < a->asked; i++) {
        const af_proposal *p = &a->proposed[i].proposal, *q = &b->proposed[i].proposal;
        if (memcmp(&p->config, &q->config, sizeof p->config)) return false;
        if (p->epochs != q->epochs || p->schedule != q->schedule) return false;
    }
    return true;
}

static void every_searcher_is_described(void **state)
{
    (void)state;
    int n = 0;
    EACH_SEARCHER(s)
    {
        assert_true(s->name && s->title && s->summary && s->cite);
        assert_true(s->search ? !s->open && !s->ask && !s->tell && !s->close
                              : s->open && s->ask && s->tell && s->close);
        for (const af_option *o = s->options; o && o->name; o++) {
            assert_true(o->offset < s->options_size);
            assert_non_null(o->help);
        }
        n++;
    }
    assert_true(n >= 2);
}

static void every_searcher_follows_its_seed(void **state)
{
    (void)state;
    EACH_ASKED(s)
    {
        for (int workers = 1; workers <= MAX_OPEN; workers++) {
            search a, b, c;
            run(&a, s, 1, workers, 5);
            run(&b, s, 1, workers, 5);
            run(&c, s, 2, workers, 5);
            assert_true(a.asked > 0 && a.told == a.asked);
            assert_true(same_proposals(&a, &b));
            assert_false(same_proposals(&a, &c));
        }
    }
}

/* Two searches in one process, step by step in turn, are as alone. */
static void every_searcher_keeps_to_itself(void **state)
{
    (void)state;
    EACH_ASKED(s)
    {
        search a, b, alone;
        start(&a, s, 1, 3);
        start(&b, s, 2, 3);
        open_search(&a);
        open_search(&b);
        for (bool more = true; more;) {
            bool first = step(&a, 5, 0), second = step(&b, 6, 0);
            more = first || second;
        }
        finish(&a);
        finish(&b);
        run(&alone, s, 1, 3, 5);
        assert_true(same_proposals(&a, &alone));
        run(&alone, s, 2, 3, 6);
        assert_true(same_proposals(&b, &alone));
    }
}

/* A search that is stopped anywhere and replayed from its journal goes on as if nothing had been.
 */
static void every_searcher_replays(void **state)
{
    (void)state;
    EACH_ASKED(s)
    {
        search whole;
        run(&whole, s, 3, 4, 5);
        for (int stop = 0; stop < whole.event_count; stop += 7) {
            search again;
            start(&again, s, 3, 4);
            open_search(&again);
            for (int i = 0; i < stop; i++) {
                if (whole.events[i] == ASKED)
                    ask(&again);
                else
                    tell(&again, whole.events[i], 5, 0);
            }
            while (step(&again, 5, 0)) {}
            finish(&again);
            assert_true(same_proposals(&whole, &again));
        }
    }
}

static void every_searcher_survives_divergence(void **state)
{
    (void)state;
    EACH_ASKED(s)
    {
        static const double bad[] = {INFINITY, NAN, 1e308};
        for (size_t i = 0; i < LENGTH(bad); i++) {
            search a;
            start(&a, s, 1, 2);
            open_search(&a);
            while (step(&a, 5, bad[i])) {}
            finish(&a);
            assert_true(a.told > 8);
        }
    }
}

static void every_searcher_reports_short_memory(void **state)
{
    (void)state;
    EACH_ASKED(s)
    {
        for (unsigned long k = 1;; k++) {
            search a;
            start(&a, s, 1, 1);
            af_alloc_fail_at(k);
            af_status st = s->open(&a.self, &a.ctx, a.options);
            af_alloc_fail_at(0);
            if (st == AF_OK) {
                finish(&a);
                break;
            }
            assert_int_equal(st, AF_ENOMEM);
            af_free(a.options);
        }
    }
}

/* ---- evolution ---- */

static double mean_best(const char *name, int workers)
{
    enum { SEEDS = 20 };
    double sum = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        search s;
        sum += run(&s, af_find_searcher(name), seed, workers, 100 + seed);
    }
    return sum / SEEDS;
}

static void evolution_beats_random_search(void **state)
{
    (void)state;
    for (int workers = 1; workers <= 4; workers *= 4) {
        double evolved = mean_best("regularized_evolution", workers);
        double random = mean_best("random", workers);
        print_message("%d workers: mean best error of %d trials, evolution %.4f, random %.4f\n",
                      workers, TRIALS, evolved, random);
        assert_true(evolved < random - 0.01);
    }
}

static int edges_apart(const af_config *a, const af_config *b)
{
    int n = 0;
    for (int k = 0; k < 6; k++) n += a->v[k] != b->v[k];
    return n;
}

/* With one worker, every child differs in one edge from one of the ten latest, and good ones are
 * forgotten when they are old: a perfect first trial is a parent only while it is among those ten.
 */
static void evolution_breeds_from_the_young(void **state)
{
    (void)state;
    search s;
    start(&s, af_find_searcher("regularized_evolution"), 4, 1);
    assert_ok(af_options_set(s.searcher->options, s.options, "sample", "100"));
    open_search(&s);
    while (step(&s, 5, -1)) {} /* trial 7 is far better than any other */
    finish(&s);
    for (int64_t i = 10; i < TRIALS; i++) {
        int nearest = 6;
        for (int64_t j = i - 10; j < i; j++) {
            int d = edges_apart(&s.proposed[i].proposal.config, &s.proposed[j].proposal.config);
            if (d < nearest) nearest = d;
        }
        assert_true(nearest <= 1);
        int from_7 = edges_apart(&s.proposed[i].proposal.config, &s.proposed[7].proposal.config);
        if (i <= 17) assert_int_equal(from_7, 1); /* a hundred draws do not miss it */
    }
}

/* An error that is not a number is the worst there is. */
static void evolution_avoids_what_is_not_a_number(void **state)
{
    (void)state;
    static const double bad[] = {NAN, INFINITY};
    search s[2];
    for (int i = 0; i < 2; i++) {
        start(&s[i], af_find_searcher("regularized_evolution"), 4, 1);
        open_search(&s[i]);
        while (step(&s[i], 5, bad[i])) {}
        finish(&s[i]);
    }
    assert_true(same_proposals(&s[0], &s[1]));
}

/* ---- random search ---- */

static void random_ignores_outcomes(void **state)
{
    (void)state;
    search a, b;
    run(&a, af_find_searcher("random"), 1, 1, 5);
    run(&b, af_find_searcher("random"), 1, 8, 6);
    assert_true(same_proposals(&a, &b));
}

static void random_unique_repeats_no_network(void **state)
{
    (void)state;
    enum { N = 1000 };
    const af_space *space = af_find_space("nb201");
    static char seen[N][AF_CONFIG_TEXT];
    int repeats[2] = {0};
    for (int unique = 0; unique < 2; unique++) {
        search s;
        start(&s, af_find_searcher("random"), 1, 1);
        assert_ok(
            af_options_set(s.searcher->options, s.options, "unique", unique ? "true" : "false"));
        open_search(&s);
        for (int i = 0; i < N; i++) {
            af_proposal p = {.epochs = 12};
            af_answer answer;
            assert_ok(s.searcher->ask(s.self, &s.ctx, i, &p, &answer));
            assert_int_equal(answer, AF_PROPOSE);
            af_space_canonical(space, &p.config, seen[i]);
            for (int j = 0; j < i; j++)
                if (!strcmp(seen[i], seen[j])) {
                    repeats[unique]++;
                    break;
                }
        }
        finish(&s);
    }
    assert_true(repeats[0] > 0);
    assert_int_equal(repeats[1], 0);
}

static void random_unique_ends_with_the_space(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "b", "c", NULL};
    static const af_knob knobs[] = {{"x", AF_CATEGORICAL, letters, 0, 0, 0},
                                    {"y", AF_INTEGER, NULL, 1, 4, 1}};
    static const af_space small = {.name = "small", .knobs = knobs, .count = 2};
    search s;
    start(&s, af_find_searcher("random"), 1, 1);
    s.ctx.space = &small;
    assert_ok(af_options_set(s.searcher->options, s.options, "unique", "true"));
    open_search(&s);
    for (int i = 0; i < 12; i++) assert_true(ask(&s) && s.open_count--);
    assert_false(ask(&s));
    assert_true(s.done);
    finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_searcher_is_described),
        cmocka_unit_test(every_searcher_follows_its_seed),
        cmocka_unit_test(every_searcher_keeps_to_itself),
        cmocka_unit_test(every_searcher_replays),
        cmocka_unit_test(every_searcher_survives_divergence),
        cmocka_unit_test(every_searcher_reports_short_memory),
        cmocka_unit_test(evolution_beats_random_search),
        cmocka_unit_test(evolution_breeds_from_the_young),
        cmocka_unit_test(evolution_avoids_what_is_not_a_number),
        cmocka_unit_test(random_ignores_outcomes),
        cmocka_unit_test(random_unique_repeats_no_network),
        cmocka_unit_test(random_unique_ends_with_the_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
