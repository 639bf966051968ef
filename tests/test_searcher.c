/* What holds for every searcher that is asked and told: on an additive objective over
 * NAS-Bench-201 cells, see tests/aid/asking.h, which checks each proposal. Those that share weights
 * are put through the same in tests/test_share.c; those that run foreign code need that code, and
 * are tested elsewhere. What is special to each method: tests/test_searcher_<...>.c. */
#include "tests/aid/asking.h"
#include <math.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/registry.h"

#define EACH_SEARCHER(s)                                                                           \
    for (const af_searcher *const *s##_at = af_builtin.searcher, *s; (s = *s##_at) != NULL;        \
         s##_at++)
#define EACH_ASKED(s) EACH_SEARCHER(s) if (!s->search && !s->foreign)

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

/* Where only the trials' own random numbers vary, another seed may propose the same. */
static void every_searcher_follows_its_seed(void **state)
{
    (void)state;
    EACH_ASKED(s)
    {
        for (int workers = 1; workers <= MAX_OPEN; workers++) {
            asking a, b, c;
            asking_start(&a, s->name, 1, workers, 5);
            asking_start(&b, s->name, 1, workers, 5);
            asking_start(&c, s->name, 2, workers, 5);
            asking_run(&a);
            asking_run(&b);
            asking_run(&c);
            assert_true(a.asked > 0 && a.told == a.asked);
            assert_true(asking_same(&a, &b));
            assert_true(s->repeats_trial || !asking_same(&a, &c));
        }
    }
}

/* Two searches in one process, step by step in turn, are as alone. */
static void every_searcher_keeps_to_itself(void **state)
{
    (void)state;
    EACH_ASKED(s)
    {
        asking a, b, alone;
        asking_start(&a, s->name, 1, 3, 5);
        asking_start(&b, s->name, 2, 3, 6);
        asking_open(&a);
        asking_open(&b);
        for (bool more = true; more;) {
            bool first = asking_step(&a), second = asking_step(&b);
            more = first || second;
        }
        asking_finish(&a);
        asking_finish(&b);
        asking_start(&alone, s->name, 1, 3, 5);
        asking_run(&alone);
        assert_true(asking_same(&a, &alone));
        asking_start(&alone, s->name, 2, 3, 6);
        asking_run(&alone);
        assert_true(asking_same(&b, &alone));
    }
}

static void replay(asking *again, const asking *whole, int stop)
{
    for (int i = 0; i < stop; i++) {
        int e = whole->events[i];
        if (e == ASKED)
            asking_ask(again);
        else
            asking_tell(again, e, asking_error(again, &again->open[e].proposal));
    }
}

/* A search that is stopped anywhere and replayed from its journal goes on as if nothing had been.
 */
static void every_searcher_replays(void **state)
{
    (void)state;
    EACH_ASKED(s)
    {
        asking whole, again;
        asking_start(&whole, s->name, 3, 4, 5);
        asking_run(&whole);
        for (int stop = 0; stop < whole.event_count; stop += 7) {
            asking_start(&again, s->name, 3, 4, 5);
            asking_open(&again);
            replay(&again, &whole, stop);
            while (asking_step(&again)) {}
            asking_finish(&again);
            assert_true(asking_same(&whole, &again));
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
            asking a;
            asking_start(&a, s->name, 1, 2, 5);
            a.error_at_7 = bad[i];
            asking_run(&a);
            assert_true(a.told > 8);
        }
    }
}

/* Nothing that diverged is continued, and a search in which all diverges is not stuck. */
static void every_searcher_survives_all_divergence(void **state)
{
    (void)state;
    EACH_ASKED(s)
    {
        asking a;
        asking_start(&a, s->name, 1, 2, 5);
        asking_open(&a);
        while (a.asked < a.limit && !a.done) {
            if (a.open_count < 2 && asking_ask(&a)) continue;
            assert_true(a.open_count > 0);
            asking_tell(&a, 0, a.told % 2 ? NAN : INFINITY);
        }
        asking_finish(&a);
        assert_int_equal(a.asked, TRIALS);
        for (int64_t i = 0; i < a.asked; i++) assert_false(a.continued[i]);
    }
}

static void every_searcher_searches_every_space(void **state)
{
    (void)state;
    EACH_ASKED(s)
    {
        for (const af_space *const *space = af_builtin.space; *space; space++) {
            asking a;
            asking_start(&a, s->name, 1, 4, 5);
            a.ctx.space = *space;
            asking_run(&a);
            assert_true(a.told > 0 && a.told == a.asked);
        }
    }
}

/* A space of twelve networks: those that end, end for good, and recipes of few epochs will do. */
static void every_searcher_searches_small_worlds(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "b", "c", NULL};
    static const af_knob knobs[] = {{"x", AF_CATEGORICAL, letters, 0, 0, 0},
                                    {"y", AF_INTEGER, NULL, 1, 4, 1}};
    static const af_space small = {.name = "small", .knobs = knobs, .count = 2};
    EACH_ASKED(s)
    {
        for (int epochs = 1; epochs <= 10; epochs++) {
            asking a;
            asking_start(&a, s->name, 1, 1 + epochs % 4, 5);
            a.ctx.space = &small;
            a.ctx.epochs = a.ctx.full_epochs = epochs;
            asking_run(&a);
            assert_true(a.told >= 12);
        }
    }
}

/* Whichever allocation of a search fails, that is what it reports. */
static void every_searcher_reports_short_memory(void **state)
{
    (void)state;
    EACH_ASKED(s)
    {
        for (unsigned long k = 1;; k++) {
            asking a;
            asking_start(&a, s->name, 1, 3, 5);
            a.may_fail = true;
            af_alloc_fail_at(k);
            asking_open(&a);
            while (asking_step(&a)) {}
            af_alloc_fail_at(0);
            asking_finish(&a);
            if (a.status == AF_OK) break;
            assert_int_equal(a.status, AF_ENOMEM);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_searcher_is_described),
        cmocka_unit_test(every_searcher_follows_its_seed),
        cmocka_unit_test(every_searcher_keeps_to_itself),
        cmocka_unit_test(every_searcher_replays),
        cmocka_unit_test(every_searcher_survives_divergence),
        cmocka_unit_test(every_searcher_survives_all_divergence),
        cmocka_unit_test(every_searcher_searches_every_space),
        cmocka_unit_test(every_searcher_searches_small_worlds),
        cmocka_unit_test(every_searcher_reports_short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
