/* The ledger and the search loop on a synthetic evaluator: budgets as text and as limits, the order
 * of virtual workers, diverged trials, and searchers that break the contract. tests/test_journal.c
 * has what happens across processes. */
#include "tests/aid/fake.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include "core/base/log.h"
#include "tests/aid/work.h"

/* ---- ledger ---- */

static void budgets_are_read(void **state)
{
    static const struct {
        const char *text, *printed;
        af_unit unit;
        double amount;
    } good[] = {
        {"4x", "4x", AF_UNIT_X, 4},
        {"0.25x", "0.25x", AF_UNIT_X, 0.25},
        {".5x", "0.5x", AF_UNIT_X, 0.5},
        {"20trials", "20trials", AF_UNIT_TRIALS, 20},
        {"30epochs", "30epochs", AF_UNIT_EPOCHS, 30},
        {"1e2epochs", "100epochs", AF_UNIT_EPOCHS, 100},
        {"600s", "600s", AF_UNIT_SECONDS, 600},
        {"1e15flop", "1e+15flop", AF_UNIT_FLOP, 1e15},
        {"0.1x", "0.1x", AF_UNIT_X, 0.1},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(good); i++) {
        af_budget b = {0}, again = {0};
        char text[32];
        assert_ok(af_budget_parse(&b, good[i].text));
        assert_int_equal(b.unit, good[i].unit);
        assert_true(b.amount == good[i].amount);
        af_budget_print(&b, text);
        assert_string_equal(text, good[i].printed);
        assert_ok(af_budget_parse(&again, text));
        assert_true(again.amount == b.amount);
    }
    char longest[32];
    af_budget b = {DBL_MIN * (1 + DBL_EPSILON), AF_UNIT_TRIALS};
    af_budget_print(&b, longest);
    assert_non_null(strstr(longest, "trials"));
}

static void budgets_are_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "position 1"},           {"x", "position 1"},        {"4", "position 2"},
        {"4y", "position 2"},         {"4 x", "position 2"},      {"0x", "more than 0"},
        {"0x4trials", "more than 0"}, {"-4x", "position 1"},      {"+4x", "position 1"},
        {" 4x", "position 1"},        {"infx", "position 1"},     {"nanx", "position 1"},
        {"1e999x", "too large"},      {"20trial", "position 3"},  {"20trialss", "position 3"},
        {"2.5trials", "whole"},       {"30eopchs", "position 3"}, {"..x", "position 1"},
        {"4xx", "position 2"},        {"600S", "position 4"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        af_budget b;
        if (af_budget_parse(&b, bad[i].text) != AF_EUSAGE) fail_msg("'%s' passed", bad[i].text);
        assert_says(bad[i].says);
        assert_says("20trials");
    }
}

static void ledger_adds_up(void **state)
{
    (void)state;
    const af_spend one = {1, 5, 60, 3e9};
    af_ledger l = {.x_flops = 2e9, .search = one, .committed = {1, 2, 3, 1e9}};
    const double want[AF_UNITS] = {2, 2, 7, 63, 4e9};
    for (int unit = 0; unit < AF_UNITS; unit++) {
        const af_spend more = {1, 1, 1, 1e9};
        af_spend all = l.search;
        af_spend_add(&all, &l.committed, 1);
        assert_true(af_spend_in(&all, (af_unit)unit, l.x_flops) == want[unit]);
        double next = af_spend_in(&more, (af_unit)unit, l.x_flops);
        l.budget = (af_budget){want[unit] + next, (af_unit)unit};
        assert_true(af_ledger_fits(&l, &more));
        l.budget.amount *= 1 - 1e-9;
        assert_false(af_ledger_fits(&l, &more));
    }
    af_spend back = one;
    af_spend_add(&back, &one, -1);
    assert_true(back.flops == 0 && back.epochs == 0 && back.seconds == 0 && back.trials == 0);
    af_spend cheap = {.flops = 1e6}, dear = {.flops = 3e6};
    af_ledger_floor(&l, &cheap);
    af_ledger_floor(&l, &dear);
    assert_true(cheap.flops == 2e6 && dear.flops == 3e6);
}

/* 4 trials of exactly one x fit 4x, also where FLOPs are beyond 2^53 and sums round. */
static void whole_multiples_fit(void **state)
{
    (void)state;
    for (double x = 1; x < 1e20; x = x * 7 + 1.0 / 3) {
        af_ledger l = {.x_flops = x, .budget = {9, AF_UNIT_X}};
        const af_spend one = {.flops = x};
        for (int i = 0; i < 9; i++) {
            assert_true(af_ledger_fits(&l, &one));
            af_spend_add(&l.search, &one, 1);
        }
        assert_false(af_ledger_fits(&l, &one));
    }
}

/* ---- virtual workers ---- */

/* Orders worked out by hand: a trial ends at its start plus its predicted cost, ties go by number.
 */
static void outcomes_come_in_virtual_order(void **state)
{
    static const struct {
        int workers, trials;
        double cost[8];
        bool diverges[8]; /* then it costs half, which the clock does not know */
        int64_t order[8];
    } cases[] = {
        {1, 4, {900, 100, 500, 200}, {0}, {0, 1, 2, 3}},
        {2, 4, {500, 100, 100, 100}, {0}, {1, 2, 3, 0}},
        {2, 5, {300, 100, 200, 50, 60}, {0}, {1, 0, 2, 3, 4}},
        {3, 6, {100, 100, 100, 300, 200, 100}, {0}, {0, 1, 2, 5, 4, 3}},
        {4, 8, {800, 700, 600, 500, 100, 100, 100, 100}, {0}, {3, 2, 4, 1, 5, 6, 0, 7}},
        {2, 4, {500, 900, 100, 100}, {0, 1, 0, 0}, {0, 2, 3, 1}},
        {8, 3, {300, 200, 100}, {0}, {2, 1, 0}},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char budget[32], journal[32];
        fake t = fake_new();
        memcpy(t.cost, cases[i].cost, sizeof t.cost);
        memcpy(t.diverges, cases[i].diverges, sizeof t.diverges);
        snprintf(budget, sizeof budget, "%dtrials", cases[i].trials);
        snprintf(journal, sizeof journal, "order%zu", i);
        af_found found;
        af_ledger ledger;
        assert_ok(fake_search(
            &found, &ledger, &t,
            &(fake_setup){&fake_random, budget, journal, NULL, cases[i].workers, 1, false, 0}));
        assert_int_equal(t.tells, cases[i].trials);
        for (int n = 0; n < t.tells; n++) assert_int_equal(t.told[n], cases[i].order[n]);
    }
}

/* Wall-clock time shows nowhere; the number of workers and the seed do. */
static void seconds_decide_nothing(void **state)
{
    (void)state;
    static const struct {
        int workers;
        uint64_t seed;
        bool same;
    } runs[] = {{3, 7, true}, {3, 7, true}, {1, 7, false}, {3, 8, false}};
    af_found first = {0};
    for (size_t i = 0; i < LENGTH(runs); i++) {
        char journal[32];
        snprintf(journal, sizeof journal, "seconds%zu", i);
        fake t = fake_new();
        t.seconds = i ? -1 : 0.5;
        af_found found;
        af_ledger ledger;
        assert_ok(fake_search(&found, &ledger, &t,
                              &(fake_setup){&fake_generations, "4x", journal, NULL, runs[i].workers,
                                            runs[i].seed, false, 0}));
        assert_true(found.trials > 6);
        if (i == 0) first = found;
        assert_int_equal(!strcmp(found.proposal_digest, first.proposal_digest), runs[i].same);
        assert_int_equal(!strcmp(found.outcome_digest, first.outcome_digest), runs[i].same);
        assert_int_equal(found.best.number == first.best.number &&
                             found.outcome.error == first.outcome.error,
                         runs[i].same);
    }
}

/* ---- budgets as limits ---- */

static void budgets_hold(void **state)
{
    static const struct {
        const char *budget;
        double amount, tight; /* what a search must have spent at least */
    } cases[] = {
        {"1trials", 1, 1},
        {"17trials", 17, 17},
        {"5epochs", 5, 3},
        {"40epochs", 40, 38},
        {"3x", 3, 3 - (double)FAKE_MOST / FAKE_X},
        {"0.9x", 0.9, 0.9 - (double)FAKE_MOST / FAKE_X},
        {"2e5flop", 2e5, 2e5 - (double)FAKE_MOST},
        {"9s", 9, 6}, /* a forecast: costs differ ninefold, seconds do not */
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        for (int workers = 1; workers <= 5; workers += 2) {
            char journal[32];
            snprintf(journal, sizeof journal, "budget%zu-%d", i, workers);
            fake t = fake_new();
            af_found found;
            af_ledger ledger;
            assert_ok(fake_search(
                &found, &ledger, &t,
                &(fake_setup){&fake_random, cases[i].budget, journal, NULL, workers, i, false, 0}));
            double spent = af_spend_in(&ledger.search, ledger.budget.unit, FAKE_X);
            assert_true(t.most <= cases[i].amount && spent == t.most);
            assert_true(spent >= cases[i].tight - 1e-9);
            assert_true(found.trials == t.runs && ledger.search.trials == t.runs);
            assert_true(ledger.search.flops == t.charged);
            assert_true(ledger.committed.flops == 0 && ledger.committed.trials == 0);
        }
    }
}

static void nothing_fits(void **state)
{
    (void)state;
    fake t = fake_new();
    af_found found;
    af_ledger ledger;
    fake_setup s = {&fake_generations, "1epochs", "nothing", NULL, 4, 0, false, 0};
    assert_ok(fake_search(&found, &ledger, &t, &s));
    assert_false(found.any);
    assert_int_equal(found.trials + t.runs, 0);
    assert_int_equal(strlen(found.proposal_digest), 64);
}

/* Trials of almost no cost are charged a thousandth of an x. */
static void floor_is_charged(void **state)
{
    (void)state;
    fake t = fake_new();
    for (int i = 0; i < 8; i++) t.cost[i] = 1;
    af_found found;
    af_ledger ledger;
    fake_setup s = {&fake_random, "0.005x", "floor", NULL, 2, 3, false, 0};
    assert_ok(fake_search(&found, &ledger, &t, &s));
    assert_int_equal(found.trials, 5);
    assert_true(ledger.search.flops == 5.0 * FAKE_X / AF_FLOOR_PER_X);
}

/* ---- unusual trials ---- */

static void diverged_trials_rank_last(void **state)
{
    (void)state;
    fake t = fake_new();
    af_found found;
    af_ledger ledger;
    for (int i = 0; i < 8; i++) {
        t.diverges[i] = i != 5;
        t.cost[i] = 1000;
    }
    fake_setup s = {&fake_random, "8trials", "diverged", NULL, 3, 0, false, 0};
    assert_ok(fake_search(&found, &ledger, &t, &s));
    assert_int_equal(found.best.number, 5);
    assert_true(isfinite(found.outcome.error));
    assert_true(ledger.search.flops == 7 * 500 + 1000);
    t.diverges[5] = true;
    t.cost[0] = 9000; /* told last, and still the first */
    t.runs = t.tells = 0;
    s.journal = "all-diverged";
    assert_ok(fake_search(&found, &ledger, &t, &s));
    assert_true(found.any && isinf(found.outcome.error) && found.outcome.error > 0);
    assert_int_equal(found.best.number, 0);
    s.resume = true;
    char digest[65];
    strcpy(digest, found.outcome_digest);
    t.runs = 0;
    assert_ok(fake_search(&found, &ledger, &t, &s));
    assert_int_equal(t.runs, 0);
    assert_string_equal(found.outcome_digest, digest);
}

static void broken_contracts_are_named(void **state)
{
    (void)state;
    fake t = fake_new();
    af_found found;
    af_ledger ledger;
    fake_setup s = {&fake_impatient, "4trials", "broken1", NULL, 2, 0, false, 0};
    assert_int_equal(fake_search(&found, &ledger, &t, &s), AF_EINTERNAL);
    assert_says("'fake_impatient' waits");
    s.searcher = &fake_wrong;
    s.journal = "broken2";
    assert_int_equal(fake_search(&found, &ledger, &t, &s), AF_EINVAL);
    assert_says("'fake_wrong' proposed trial 0");
    assert_says("'depth' is 10");
    s.searcher = &fake_random;
    s.journal = "broken3";
    t.overcharge = 1;
    assert_int_equal(fake_search(&found, &ledger, &t, &s), AF_EINTERNAL);
    assert_says("more than");
    s.journal = "broken4";
    s.workers = 0;
    assert_int_equal(fake_search(&found, &ledger, &t, &s), AF_EINVAL);
}

static void tables_refuse_x(void **state)
{
    (void)state;
    fake t = fake_new();
    af_evaluator table = fake_evaluator(&t);
    table.x_flops = 0;
    af_found found;
    af_ledger ledger = {.budget = {4, AF_UNIT_X}};
    const af_search s = {.searcher = &fake_random,
                         .context = {.space = &fake_space, .workers = 1},
                         .evaluator = &table,
                         .ledger = &ledger,
                         .journal = work_at("table")};
    assert_int_equal(af_search_run(&found, &s), AF_EUSAGE);
    assert_says("epochs");
    assert_false(af_file_exists(work_at("table")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budgets_are_read),
        cmocka_unit_test(budgets_are_refused),
        cmocka_unit_test(ledger_adds_up),
        cmocka_unit_test(whole_multiples_fit),
        cmocka_unit_test(outcomes_come_in_virtual_order),
        cmocka_unit_test(seconds_decide_nothing),
        cmocka_unit_test(budgets_hold),
        cmocka_unit_test(nothing_fits),
        cmocka_unit_test(floor_is_charged),
        cmocka_unit_test(diverged_trials_rank_last),
        cmocka_unit_test(broken_contracts_are_named),
        cmocka_unit_test(tables_refuse_x),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
