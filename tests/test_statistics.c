/* The bootstrap of ranks and performance profiles, against values worked out by hand. */
#include "tests/aid/work.h"
#include <math.h>
#include "core/base/philox.h"
#include "eval/statistics.h"

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static void quantiles_lie_between_neighbours(void **state)
{
    (void)state;
    static const double v[] = {1, 2, 4, 8};
    assert_true(af_quantile(v, 4, 0) == 1 && af_quantile(v, 4, 1) == 8);
    assert_true(near(af_quantile(v, 4, 0.5), 3)); /* between the 2nd and the 3rd */
    assert_true(near(af_quantile(v, 4, 0.9), 4 + 0.7 * 4));
    assert_true(af_quantile(v, 1, 0.3) == 1 && isnan(af_quantile(v, 0, 0.5)));
}

/* ---- the bootstrap ---- */

enum { MANY = 40 };

static void single(af_sample *out, const double *errors, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = (af_sample){errors + i, 1};
}

/* Two tasks, each won by one of two methods: a replicate has ranks 1, 1.5 or 2 with probability
 * 1/4, 1/2, 1/4, so the middle 95 % is all of it. */
static void two_tasks_that_disagree(void **state)
{
    (void)state;
    static const double errors[] = {0.1, 0.9, 0.2, 0.3};
    af_sample samples[4];
    af_interval out[2];
    single(samples, errors, 4);
    assert_ok(af_bootstrap_ranks(out, samples, 2, 2));
    for (int m = 0; m < 2; m++) assert_true(out[m].low == 1 && out[m].high == 2);
}

/* Of 40 tasks one is lost. How often it is drawn is binomial(40, 1/40): 0 with probability .363, at
 * most 2 with .922, at most 3 with .983; so the interval goes from 1 to 1 + 3/40. */
static void one_task_in_forty(void **state)
{
    (void)state;
    double errors[2 * MANY];
    af_sample samples[2 * MANY];
    af_interval out[2];
    for (int t = 0; t < MANY; t++) {
        errors[t] = 0.1;
        errors[MANY + t] = t == 17 ? 0.05 : 0.2;
    }
    single(samples, errors, 2 * MANY);
    assert_ok(af_bootstrap_ranks(out, samples, 2, MANY));
    assert_true(near(out[0].low, 1) && near(out[0].high, 1 + 3.0 / MANY));
    assert_true(near(out[1].low, 2 - 3.0 / MANY) && near(out[1].high, 2));
}

/* One task: seeds alone. {.1 .3} against .2 twice: means .1, .2, .3, so ranks 1, 1.5, 2. A third
 * method is far away. */
static void seeds_within_a_task(void **state)
{
    (void)state;
    static const double a[] = {0.1, 0.3}, b[] = {0.2, 0.2}, c[] = {7, 8, 9};
    const af_sample samples[] = {{a, 2}, {b, 2}, {c, 3}};
    af_interval out[3];
    assert_ok(af_bootstrap_ranks(out, samples, 3, 1));
    assert_true(out[0].low == 1 && out[0].high == 2 && out[1].low == 1 && out[1].high == 2);
    assert_true(out[2].low == 3 && out[2].high == 3);
}

static void constant_data_have_no_width(void **state)
{
    (void)state;
    enum { METHODS = 5, TASKS = 3, SEEDS = 4 };
    double errors[METHODS][SEEDS];
    af_sample samples[METHODS * TASKS];
    af_interval out[METHODS];
    for (int m = 0; m < METHODS; m++)
        for (int s = 0; s < SEEDS; s++) errors[m][s] = 0.1 * (m + 1);
    for (int m = 0; m < METHODS; m++)
        for (int t = 0; t < TASKS; t++) samples[m * TASKS + t] = (af_sample){errors[m], SEEDS};
    assert_ok(af_bootstrap_ranks(out, samples, METHODS, TASKS));
    for (int m = 0; m < METHODS; m++)
        assert_true(near(out[m].low, m + 1) && near(out[m].high, m + 1));
}

/* A method whose errors all fall moves up, or stays; the same input gives the same bits. */
static void lower_errors_never_rank_worse(void **state)
{
    (void)state;
    enum { METHODS = 4, TASKS = 3, SEEDS = 3, ALL = METHODS * TASKS * SEEDS };
    double errors[ALL];
    af_sample samples[METHODS * TASKS];
    af_interval before[METHODS], after[METHODS], again[METHODS];
    af_rng rng = af_rng_at(3, "test", 0, 0, 0, 0);
    for (int i = 0; i < ALL; i++) errors[i] = af_rng_unit(&rng);
    for (int i = 0; i < METHODS * TASKS; i++) samples[i] = (af_sample){errors + i * SEEDS, SEEDS};
    assert_ok(af_bootstrap_ranks(before, samples, METHODS, TASKS));
    bool moved = false;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < TASKS * SEEDS; i++) errors[i] -= 0.15; /* of method 0 */
        assert_ok(af_bootstrap_ranks(after, samples, METHODS, TASKS));
        assert_ok(af_bootstrap_ranks(again, samples, METHODS, TASKS));
        assert_memory_equal(after, again, sizeof after);
        assert_true(after[0].low <= before[0].low && after[0].high <= before[0].high);
        for (int m = 1; m < METHODS; m++)
            assert_true(after[m].low >= before[m].low && after[m].high >= before[m].high);
        moved |= after[0].high < before[0].high;
        memcpy(before, after, sizeof before);
    }
    assert_true(moved);
}

static void diverged_runs_come_last(void **state)
{
    (void)state;
    static const double errors[] = {NAN, NAN, 0.5, 0.6};
    af_sample samples[4];
    af_interval out[2];
    single(samples, errors, 4);
    assert_ok(af_bootstrap_ranks(out, samples, 2, 2));
    assert_true(out[0].low == 2 && out[0].high == 2 && out[1].low == 1 && out[1].high == 1);
}

static void nothing_to_resample_is_no_interval(void **state)
{
    (void)state;
    static const double errors[] = {0.1, 0.2};
    static double many[2 * (AF_BOOTSTRAP_METHODS + 1)];
    af_sample samples[2 * (AF_BOOTSTRAP_METHODS + 1)];
    af_interval out[AF_BOOTSTRAP_METHODS + 1];
    single(samples, errors, 2);
    assert_ok(af_bootstrap_ranks(out, samples, 2, 1));
    assert_true(isnan(out[0].low) && isnan(out[1].high));
    single(samples, many, LENGTH(many));
    assert_ok(af_bootstrap_ranks(out, samples, AF_BOOTSTRAP_METHODS + 1, 2));
    assert_true(isnan(out[0].low));
    assert_ok(af_bootstrap_ranks(out, samples, 0, 2));
}

/* ---- profiles ---- */

/* Three methods, four problems: ratios worked out by hand. */
static void profile_by_hand(void **state)
{
    (void)state;
    static const double errors[] = {
        0.1, 0.4, 0.3, NAN, /* best on 0, ties on 2; diverged */
        0.2, 0.2, 0.3, 0.5, /* best on 1 and 3, ties on 2 */
        0.3, 0.8, 0.9, 1.0,
    };
    static const double want[] = {1, 2, 1, INFINITY, 2, 1, 1, 1, 3, 4, 3, 2};
    double ratios[12];
    af_error_ratios(ratios, errors, 3, 4);
    for (int i = 0; i < 12; i++)
        assert_true(ratios[i] == want[i] || fabs(ratios[i] - want[i]) < 1e-12);
    static const double share[3][4] = {
        {0.5, 0.75, 0.75, 0.75}, {0.75, 1, 1, 1}, {0, 0.25, 0.75, 1}};
    static const double tau[] = {1, 2.0001, 3.0001, 4.0001};
    for (int m = 0; m < 3; m++)
        for (int k = 0; k < 4; k++)
            assert_true(af_profile_at(ratios + 4 * m, 4, tau[k]) == share[m][k]);
    assert_true(af_profile_at(ratios, 0, 1) == 0);
}

static void no_error_at_all_has_no_ratio(void **state)
{
    (void)state;
    static const double errors[] = {0,   -1, NAN,      INFINITY, /**/ 0, 2,
                                    NAN, 3,  /**/ 0.1, -0.5,     NAN,    6};
    static const double want[] = {1,        1, INFINITY, INFINITY, /**/ 1,   INFINITY,
                                  INFINITY, 1, INFINITY, INFINITY, INFINITY, 2};
    double ratios[12];
    af_error_ratios(ratios, errors, 3, 4);
    for (int i = 0; i < 12; i++) assert_true(ratios[i] == want[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_lie_between_neighbours),
        cmocka_unit_test(two_tasks_that_disagree),
        cmocka_unit_test(one_task_in_forty),
        cmocka_unit_test(seeds_within_a_task),
        cmocka_unit_test(constant_data_have_no_width),
        cmocka_unit_test(lower_errors_never_rank_worse),
        cmocka_unit_test(diverged_runs_come_last),
        cmocka_unit_test(nothing_to_resample_is_no_interval),
        cmocka_unit_test(profile_by_hand),
        cmocka_unit_test(no_error_at_all_has_no_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
