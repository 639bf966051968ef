/* ASHA, on sequences made by hand and against its definition. */
#include "tests/aid/asking.h"
#include <math.h>
#include "core/registry.h"

/* Rungs of 1, 2 and 4 epochs, reduction 2. */
static void start_small(asking *s, const char *variant)
{
    asking_start(s, "asha", 1, MAX_OPEN, 5);
    s->ctx.full_epochs = 4;
    asking_set(s, "reduction", "2");
    asking_set(s, "variant", variant);
    asking_open(s);
}

static void expect_new(asking *s)
{
    assert_true(asking_ask(s));
    const af_proposal *p = &s->proposed[s->asked - 1].proposal;
    assert_false(p->continues);
    assert_int_equal(p->epochs, 1);
    assert_int_equal(p->schedule, AF_PREFIX);
}

static void expect_from(asking *s, int64_t from, int epochs)
{
    assert_true(asking_ask(s));
    const af_proposal *p = &s->proposed[s->asked - 1].proposal;
    assert_true(p->continues);
    assert_int_equal(p->from, from);
    assert_int_equal(p->epochs, epochs);
}

static void tell(asking *s, int64_t number, double error)
{
    int i = 0;
    while (s->open[i].number != number) assert_true(++i < s->open_count);
    asking_tell(s, i, error);
}

static void promotion_by_hand(void **state)
{
    (void)state;
    asking s;
    start_small(&s, "promotion");
    expect_new(&s); /* 0 */
    tell(&s, 0, 0.5);
    expect_new(&s); /* 1: half of one is none */
    tell(&s, 1, 0.4);
    expect_from(&s, 1, 2); /* 2 */
    expect_new(&s);        /* 3: the best of two is promoted */
    tell(&s, 3, 0.3);
    expect_from(&s, 3, 2); /* 4: of three too, and now it is another */
    tell(&s, 2, 0.35);
    expect_new(&s); /* 5 */
    tell(&s, 4, 0.36);
    tell(&s, 5, 0.45);     /* of four, the best two are promoted */
    expect_from(&s, 2, 4); /* 6 */
    expect_new(&s);        /* 7 */
    expect_new(&s);        /* 8 */
    tell(&s, 7, 0.2);
    tell(&s, 8, 0.1);
    tell(&s, 6, 0.9);      /* nothing follows the top */
    expect_from(&s, 8, 2); /* 9: the best three of six are 8, 7, 3; best first */
    expect_from(&s, 7, 2); /* 10 */
    tell(&s, 9, 0.1);
    tell(&s, 10, 0.1);
    expect_from(&s, 9, 4);  /* 11: of 9, 10, 2, 4 the best two; equal: the earlier */
    expect_from(&s, 10, 4); /* 12 */
    expect_new(&s);         /* 13 */
    asking_finish(&s);
}

/* Both rungs have something to promote: the higher comes first. */
static void promotion_looks_from_the_top(void **state)
{
    (void)state;
    asking s;
    start_small(&s, "promotion");
    for (int i = 0; i < 4; i++) expect_new(&s);
    for (int i = 0; i < 4; i++) tell(&s, i, 0.1 * (i + 1));
    expect_from(&s, 0, 2); /* 4 */
    expect_from(&s, 1, 2); /* 5 */
    expect_new(&s);        /* 6 */
    expect_new(&s);        /* 7 */
    tell(&s, 6, 0.05);
    tell(&s, 7, 0.06);
    tell(&s, 4, 0.2);
    tell(&s, 5, 0.1);
    expect_from(&s, 5, 4);
    expect_from(&s, 6, 2);
    expect_from(&s, 7, 2);
    expect_new(&s);
    asking_finish(&s);
}

static void stopping_by_hand(void **state)
{
    (void)state;
    asking s;
    start_small(&s, "stopping");
    expect_new(&s); /* 0 */
    tell(&s, 0, 0.5);
    expect_from(&s, 0, 2); /* 1: the first always goes on */
    tell(&s, 1, 0.4);
    expect_from(&s, 1, 4); /* 2 */
    expect_new(&s);        /* 3 */
    tell(&s, 3, 0.6);      /* second of two */
    expect_new(&s);        /* 4 */
    tell(&s, 4, 0.4);
    expect_from(&s, 4, 2); /* 5: first of three */
    tell(&s, 5, 0.45);     /* second of two in its rung */
    expect_new(&s);        /* 6 */
    tell(&s, 6, 0.45);
    expect_from(&s, 6, 2); /* 7: second of four */
    expect_new(&s);        /* 8 */
    expect_new(&s);        /* 9 */
    tell(&s, 8, 0.55);     /* fourth of five */
    tell(&s, 9, 0.45);     /* third of six, which ties with the second */
    expect_from(&s, 9, 2); /* 10 */
    expect_new(&s);        /* 11 */
    tell(&s, 11, 0.45);    /* fourth of seven */
    expect_from(&s, 11, 2);
    expect_new(&s);     /* 13 */
    tell(&s, 13, 0.45); /* fifth of eight: of equals the earlier is better */
    expect_new(&s);
    asking_finish(&s);
}

static void the_diverged_never_go_on(void **state)
{
    (void)state;
    static const char *const variants[] = {"promotion", "stopping"};
    for (int v = 0; v < 2; v++) {
        asking s;
        start_small(&s, variants[v]);
        for (int i = 0; i < 4; i++) {
            expect_new(&s);
            tell(&s, i, i % 2 ? NAN : INFINITY);
        }
        expect_new(&s);
        tell(&s, 4, 0.9);
        expect_from(&s, 4, 2);
        expect_new(&s);
        asking_finish(&s);
    }
}

static bool promoted(const asking *s, int64_t number, int64_t before)
{
    for (int64_t i = 0; i < before; i++)
        if (s->proposed[i].proposal.continues && s->proposed[i].proposal.from == number)
            return true;
    return false;
}

/* What the paper says to propose as trial s->asked - 1: the trial to promote, or -1. */
static int64_t by_definition(const asking *s, const int *epochs, int rungs, int reduction)
{
    int64_t now = s->asked - 1;
    for (int k = rungs - 2; k >= 0; k--) {
        int64_t best = -1;
        int size = 0;
        for (int64_t i = 0; i < now; i++)
            size += s->told_of[i] && s->proposed[i].proposal.epochs == epochs[k];
        for (int64_t i = 0; i < now; i++) {
            int rank = 0;
            if (!s->told_of[i] || s->proposed[i].proposal.epochs != epochs[k]) continue;
            for (int64_t j = 0; j < now; j++)
                if (s->told_of[j] && s->proposed[j].proposal.epochs == epochs[k])
                    rank += s->error[j] < s->error[i];
            if (rank >= size / reduction || promoted(s, i, now)) continue;
            if (best < 0 || s->error[i] < s->error[best]) best = i;
        }
        if (best >= 0) return best;
    }
    return -1;
}

static void promotion_is_as_defined(void **state)
{
    (void)state;
    static const int epochs[] = {1, 3, 9, 27};
    for (int workers = 1; workers <= MAX_OPEN; workers++) {
        asking s;
        int64_t seen = 0, promotions = 0;
        asking_start(&s, "asha", 1, workers, 5);
        s.ctx.full_epochs = 27;
        s.limit = 250;
        asking_set(&s, "reduction", "3");
        asking_open(&s);
        for (; asking_step(&s); seen = s.asked) {
            if (s.asked == seen) continue;
            const af_proposal *p = &s.proposed[s.asked - 1].proposal;
            int64_t from = by_definition(&s, epochs, 4, 3);
            assert_int_equal(p->continues, from >= 0);
            if (from >= 0) assert_int_equal(p->from, from);
            promotions += from >= 0;
        }
        asking_finish(&s);
        assert_in_range(promotions, 75, 125); /* 82 of 250, were none promoted too early */
    }
}

/* Without `continue`, the same configurations from scratch. */
static void from_scratch_is_the_same_search(void **state)
{
    (void)state;
    asking with, without;
    asking_start(&with, "asha", 1, 4, 5);
    asking_start(&without, "asha", 1, 4, 5);
    asking_set(&without, "continue", "false");
    asking_run(&with);
    asking_run(&without);
    int continued = 0;
    for (int64_t i = 0; i < TRIALS; i++) {
        const af_proposal *p = &with.proposed[i].proposal, *q = &without.proposed[i].proposal;
        assert_memory_equal(&p->config, &q->config, sizeof p->config);
        assert_int_equal(p->epochs, q->epochs);
        assert_true(p->schedule == AF_PREFIX && q->schedule == AF_OWN && !q->continues);
        continued += p->continues;
    }
    assert_true(continued > 8);
}

/* Hyperband's brackets of four rungs and 3 begin with 27, 12, 6 and 4. */
static void brackets_get_their_share(void **state)
{
    (void)state;
    static const double share[] = {27 / 45.0, 12 / 45.0, 6 / 45.0, 0};
    static const char *const variants[] = {"promotion", "stopping"};
    for (int v = 0; v < 2; v++) {
        asking s;
        int begun[4] = {0}, all = 0;
        asking_start(&s, "asha", 1, 4, 5);
        s.ctx.full_epochs = 27;
        s.limit = MOST_TRIALS;
        asking_set(&s, "reduction", "3");
        asking_set(&s, "brackets", "3");
        asking_set(&s, "variant", variants[v]);
        asking_run(&s);
        for (int64_t i = 0; i < s.asked; i++) {
            const af_proposal *p = &s.proposed[i].proposal;
            int k = p->epochs == 1 ? 0 : p->epochs == 3 ? 1 : p->epochs == 9 ? 2 : 3;
            if (!p->continues) begun[k]++, all++;
        }
        for (int k = 0; k < 4; k++) assert_true(fabs(begun[k] / (double)all - share[k]) < 0.07);
    }
}

static void it_ends_with_its_configurations(void **state)
{
    (void)state;
    static const char *const variants[] = {"promotion", "stopping"};
    for (int v = 0; v < 2; v++) {
        asking s;
        int begun = 0;
        asking_start(&s, "asha", 1, 4, 5);
        asking_set(&s, "configurations", "16");
        asking_set(&s, "variant", variants[v]);
        asking_run(&s);
        assert_true(s.done);
        for (int64_t i = 0; i < s.asked; i++) begun += !s.proposed[i].proposal.continues;
        assert_int_equal(begun, 16);
        if (v == 0) assert_int_equal(s.asked, 16 + 4 + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promotion_by_hand),
        cmocka_unit_test(promotion_looks_from_the_top),
        cmocka_unit_test(stopping_by_hand),
        cmocka_unit_test(the_diverged_never_go_on),
        cmocka_unit_test(promotion_is_as_defined),
        cmocka_unit_test(from_scratch_is_the_same_search),
        cmocka_unit_test(brackets_get_their_share),
        cmocka_unit_test(it_ends_with_its_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
