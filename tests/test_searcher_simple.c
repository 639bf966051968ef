/* Random search, the best of k, and evolution. */
#include "tests/aid/asking.h"
#include <math.h>
#include "core/registry.h"

/* ---- evolution ---- */

static double mean_best(const char *name, int workers)
{
    enum { SEEDS = 20 };
    double sum = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        asking s;
        asking_start(&s, name, seed, workers, 100 + seed);
        asking_run(&s);
        sum += s.best;
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
    asking s;
    asking_start(&s, "regularized_evolution", 4, 1, 5);
    asking_set(&s, "sample", "100");
    s.error_at_7 = -1; /* far better than any other */
    asking_run(&s);
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
    asking s[2];
    for (int i = 0; i < 2; i++) {
        asking_start(&s[i], "regularized_evolution", 4, 1, 5);
        s[i].error_at_7 = bad[i];
        asking_run(&s[i]);
    }
    assert_true(asking_same(&s[0], &s[1]));
}

/* ---- random search ---- */

static void random_ignores_outcomes(void **state)
{
    (void)state;
    asking a, b;
    asking_start(&a, "random", 1, 1, 5);
    asking_start(&b, "random", 1, 8, 6);
    asking_run(&a);
    asking_run(&b);
    assert_true(asking_same(&a, &b));
}

static void random_unique_repeats_no_network(void **state)
{
    (void)state;
    enum { N = 1000 };
    const af_space *space = af_find_space("nb201");
    static char seen[N][AF_CONFIG_TEXT];
    int repeats[2] = {0};
    for (int unique = 0; unique < 2; unique++) {
        asking s;
        asking_start(&s, "random", 1, 1, 5);
        asking_set(&s, "unique", unique ? "true" : "false");
        asking_open(&s);
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
        asking_finish(&s);
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
    asking s;
    asking_start(&s, "random", 1, 1, 5);
    s.ctx.space = &small;
    asking_set(&s, "unique", "true");
    asking_run(&s);
    assert_true(s.done);
    assert_int_equal(s.told, 12);
}

/* ---- the best of k ---- */

static bool is_default(const asking *s, int64_t i)
{
    af_config d = af_space_default(s->ctx.space);
    return !memcmp(&s->proposed[i].proposal.config, &d, sizeof d);
}

static void best_of_trains_the_default_in_full(void **state)
{
    (void)state;
    asking s;
    asking_start(&s, "best_of", 1, 4, 5);
    asking_set(&s, "k", "7");
    asking_run(&s);
    assert_true(s.done && s.searcher->repeats_trial);
    assert_int_equal(s.told, 7);
    for (int64_t i = 0; i < s.asked; i++) {
        assert_true(is_default(&s, i));
        assert_int_equal(s.proposed[i].proposal.epochs, s.ctx.full_epochs);
        assert_int_equal(s.proposed[i].proposal.schedule, AF_OWN);
    }
}

static void best_of_varies_configurations(void **state)
{
    (void)state;
    int defaults = 0;
    asking s;
    asking_start(&s, "best_of", 1, 4, 5);
    asking_set(&s, "vary", "configurations");
    asking_run(&s);
    assert_int_equal(s.told, TRIALS); /* k of 0: until the budget ends */
    assert_true(is_default(&s, 0));
    for (int64_t i = 0; i < s.asked; i++) {
        defaults += is_default(&s, i);
        assert_int_equal(s.proposed[i].proposal.epochs, s.ctx.full_epochs);
    }
    assert_int_equal(defaults, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evolution_beats_random_search),
        cmocka_unit_test(evolution_breeds_from_the_young),
        cmocka_unit_test(evolution_avoids_what_is_not_a_number),
        cmocka_unit_test(random_ignores_outcomes),
        cmocka_unit_test(random_unique_repeats_no_network),
        cmocka_unit_test(random_unique_ends_with_the_space),
        cmocka_unit_test(best_of_trains_the_default_in_full),
        cmocka_unit_test(best_of_varies_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
