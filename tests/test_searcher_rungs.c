/* Ladders of epochs, and the synchronous methods on them: successive halving and Hyperband. */
#include "tests/aid/asking.h"
#include <math.h>
#include "core/registry.h"
#include "core/search/rungs.h"

/* ---- ladders ---- */

static void ladders_are_as_computed_by_hand(void **state)
{
    (void)state;
    static const struct {
        int full, least, reduction, rungs, count, epochs[6];
    } rows[] = {
        {200, 0, 4, 5, 4, {3, 13, 50, 200}}, /* 0.78 is below one epoch */
        {200, 0, 3, 5, 5, {2, 7, 22, 67, 200}},
        {200, 0, 3, 3, 3, {22, 67, 200}},
        {200, 12, 4, 5, 3, {13, 50, 200}},
        {200, 13, 4, 5, 2, {50, 200}}, /* 12.5 is less */
        {27, 0, 3, 4, 4, {1, 3, 9, 27}},
        {20, 0, 4, 5, 3, {1, 5, 20}},
        {5, 0, 4, 5, 2, {1, 5}},
        {5, 0, 3, 5, 2, {2, 5}},
        {2, 0, 3, 5, 1, {2}},
        {1, 0, 2, 5, 1, {1}},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        af_search_context ctx = {.full_epochs = rows[i].full};
        af_ladder_options o = {rows[i].least, 0, rows[i].reduction, rows[i].rungs, true};
        af_ladder l;
        assert_ok(af_ladder_make(&l, &ctx, &o));
        assert_int_equal(l.count, rows[i].count);
        for (int k = 0; k < l.count; k++) assert_int_equal(l.epochs[k], rows[i].epochs[k]);
    }
}

static void ladders_rise(void **state)
{
    (void)state;
    for (int full = 1; full <= 700; full++) {
        for (int reduction = 2; reduction <= 6; reduction++) {
            af_search_context ctx = {.full_epochs = full};
            af_ladder_options o = {0, 0, reduction, AF_MAX_RUNGS, true};
            af_ladder l;
            assert_ok(af_ladder_make(&l, &ctx, &o));
            assert_int_equal(l.epochs[l.count - 1], full);
            assert_true(l.epochs[0] >= 1 && (l.epochs[0] < 2 * reduction));
            for (int k = 1; k < l.count; k++) assert_true(l.epochs[k - 1] < l.epochs[k]);
        }
    }
}

static void ladders_refuse_what_cannot_be(void **state)
{
    (void)state;
    static const char *const names[] = {"successive_halving", "asha", "hyperband"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        asking s;
        asking_start(&s, names[i], 1, 1, 5);
        s.may_fail = true;
        asking_set(&s, "max_epochs", "21");
        asking_open(&s);
        assert_int_equal(s.status, AF_EUSAGE);
        assert_says("max_epochs is 21");
        asking_finish(&s);

        asking_start(&s, names[i], 1, 1, 5);
        s.may_fail = true;
        asking_set(&s, "min_epochs", "6");
        asking_set(&s, "max_epochs", "5");
        asking_open(&s);
        assert_int_equal(s.status, AF_EUSAGE);
        assert_says("min_epochs is 6");
        asking_finish(&s);

        asking_start(&s, names[i], 1, 1, 5);
        s.limit = 1;
        asking_set(&s, "max_epochs", "21"); /* from scratch it may be any */
        asking_set(&s, "continue", "false");
        asking_run(&s);
        assert_int_equal(s.told, 1);
    }
}

/* ---- synchronous brackets ---- */

typedef struct block { /* proposals of one rung */
    int count, epochs;
    bool first; /* of a bracket */
} block;

static bool better(const asking *s, int64_t a, int64_t b)
{
    return s->error[a] < s->error[b] || (s->error[a] == s->error[b] && a < b);
}

/* The trial of [from, to) that `place` others of it are better than. */
static int64_t at_place(const asking *s, int64_t from, int64_t to, int place)
{
    for (int64_t i = from; i < to; i++) {
        int n = 0;
        for (int64_t j = from; j < to; j++) n += better(s, j, i);
        if (n == place) return i;
    }
    return -1;
}

/* The proposals are those blocks: new configurations, then the best of the block before. */
static void check_blocks(const asking *s, const block *blocks, int n, bool continues)
{
    int64_t before = 0, at = 0;
    for (int k = 0; k < n; at += blocks[k++].count) {
        for (int i = 0; i < blocks[k].count; i++) {
            const af_proposal *p = &s->proposed[at + i].proposal;
            assert_int_equal(p->epochs, blocks[k].epochs);
            assert_int_equal(p->schedule, continues ? AF_PREFIX : AF_OWN);
            assert_int_equal(p->continues, continues && !blocks[k].first);
            if (blocks[k].first) continue;
            int64_t from = at_place(s, before, at, i);
            assert_memory_equal(&p->config, &s->proposed[from].proposal.config, sizeof p->config);
            if (continues) assert_int_equal(p->from, from);
        }
        before = at;
    }
    assert_int_equal(at, s->asked);
}

typedef struct golden {
    const char *searcher, *option, *value;
    int full, count;
    block blocks[16];
} golden;

/* The last block, new configurations, begins the next bracket. */
static const golden table[] = {
    {"hyperband",
     "variant",
     "paper",
     27,
     11,
     {{27, 1, true},
      {9, 3, false},
      {3, 9, false},
      {1, 27, false},
      {12, 3, true},
      {4, 9, false},
      {1, 27, false},
      {6, 9, true},
      {2, 27, false},
      {4, 27, true},
      {27, 1, true}}},
    {"hyperband",
     "variant",
     "paper",
     81,
     16,
     {{81, 1, true},
      {27, 3, false},
      {9, 9, false},
      {3, 27, false},
      {1, 81, false},
      {34, 3, true},
      {11, 9, false},
      {3, 27, false},
      {1, 81, false},
      {15, 9, true},
      {5, 27, false},
      {1, 81, false},
      {8, 27, true},
      {2, 81, false},
      {5, 81, true},
      {81, 1, true}}},
    {"hyperband",
     "variant",
     "hpbandster",
     27,
     11,
     {{27, 1, true},
      {9, 3, false},
      {3, 9, false},
      {1, 27, false},
      {9, 3, true},
      {3, 9, false},
      {1, 27, false},
      {6, 9, true},
      {2, 27, false},
      {4, 27, true},
      {27, 1, true}}},
    {"successive_halving",
     "configurations",
     "0",
     27,
     5,
     {{27, 1, true}, {9, 3, false}, {3, 9, false}, {1, 27, false}, {27, 1, true}}},
    {"successive_halving",
     "configurations",
     "20",
     27,
     5,
     {{20, 1, true}, {6, 3, false}, {2, 9, false}, {1, 27, false}, {20, 1, true}}},
    {"successive_halving",
     "configurations",
     "2",
     27,
     5,
     {{2, 1, true}, {1, 3, false}, {1, 9, false}, {1, 27, false}, {2, 1, true}}},
    {"successive_halving",
     "reduction",
     "4",
     20,
     4,
     {{16, 1, true}, {4, 5, false}, {1, 20, false}, {16, 1, true}}},
    {"successive_halving", "rungs", "1", 20, 3, {{1, 20, true}, {1, 20, true}, {1, 20, true}}},
};

static void brackets_are_as_computed_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(table); i++) {
        const golden *g = &table[i];
        for (int workers = 1; workers <= MAX_OPEN; workers += 3) {
            for (int continues = 0; continues < 2; continues++) {
                asking s;
                asking_start(&s, g->searcher, 1, workers, 5);
                s.ctx.full_epochs = g->full;
                asking_set(&s, g->option, g->value);
                asking_set(&s, "continue", continues ? "true" : "false");
                s.limit = 0;
                for (int k = 0; k < g->count; k++) s.limit += g->blocks[k].count;
                asking_run(&s);
                check_blocks(&s, g->blocks, g->count, continues);
            }
        }
    }
}

static void start_nine(asking *s)
{
    asking_start(s, "successive_halving", 1, MAX_OPEN, 5);
    s->ctx.full_epochs = 9; /* 9 of 1 epoch, 3 of 3, 1 of 9 */
    asking_open(s);
}

static void a_rung_is_waited_for(void **state)
{
    (void)state;
    asking s;
    start_nine(&s);
    assert_true(asking_ask(&s));
    asking_tell(&s, 0, 0.1);
    for (int i = 1; i < 9; i++) assert_true(asking_ask(&s));
    for (int i = 0; i < 8; i++) {
        assert_false(asking_ask(&s));
        assert_int_equal(s.answer, AF_WAIT);
        asking_tell(&s, s.open_count - 1, 0.2);
    }
    assert_true(asking_ask(&s));
    assert_int_equal(s.proposed[9].proposal.from, 0);
    asking_finish(&s);
}

/* Nine configurations, of which the first `finite` do not diverge, then the rest of the bracket. */
static void tell_nine(asking *s, int finite)
{
    start_nine(s);
    for (int i = 0; i < 9; i++) {
        assert_true(asking_ask(s));
        asking_tell(s, 0, i < finite ? 0.5 : i % 2 ? INFINITY : NAN);
    }
    for (int i = 0; i < 5; i++) {
        assert_true(asking_ask(s));
        asking_tell(s, 0, 0.4);
    }
    asking_finish(s);
}

static void the_diverged_are_not_promoted(void **state)
{
    (void)state;
    static const int epochs[4][5] = {
        {1, 1, 1, 1, 1}, {3, 9, 1, 1, 1}, {3, 3, 9, 1, 1}, {3, 3, 3, 9, 1}};
    for (int finite = 0; finite < 4; finite++) {
        asking s;
        tell_nine(&s, finite);
        for (int i = 0; i < 5; i++)
            assert_int_equal(s.proposed[9 + i].proposal.epochs, epochs[finite][i]);
        for (int i = finite; i < 9; i++) assert_false(s.continued[i]);
    }
}

/* ---- what it is for ---- */

/* Best error of a full training for so many epochs, charged as core charges them. */
static double best_of_epochs(const char *name, uint64_t seed, int epochs)
{
    asking s;
    double best = INFINITY;
    asking_start(&s, name, seed, 4, 100 + seed);
    s.ctx.epochs = s.ctx.full_epochs;
    s.limit = MOST_TRIALS;
    asking_run(&s);
    for (int64_t i = 0; i < s.asked; i++) {
        epochs -= s.proposed[i].proposal.epochs - s.proposed[i].epochs_done;
        if (epochs < 0) break;
        if (s.proposed[i].proposal.epochs == s.ctx.full_epochs) best = fmin(best, s.error[i]);
    }
    return best;
}

static void short_trainings_pay(void **state)
{
    (void)state;
    enum { SEEDS = 20, EPOCHS = 400 };
    static const char *const names[] = {"random", "successive_halving", "asha", "hyperband"};
    double mean[LENGTH(names)] = {0};
    for (size_t i = 0; i < LENGTH(names); i++) {
        for (uint64_t seed = 0; seed < SEEDS; seed++)
            mean[i] += best_of_epochs(names[i], seed, EPOCHS) / SEEDS;
        print_message("%d epochs: mean best error, %s %.4f\n", EPOCHS, names[i], mean[i]);
        if (i) assert_true(mean[i] < mean[0] - 0.01);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ladders_are_as_computed_by_hand),
        cmocka_unit_test(ladders_rise),
        cmocka_unit_test(ladders_refuse_what_cannot_be),
        cmocka_unit_test(brackets_are_as_computed_by_hand),
        cmocka_unit_test(a_rung_is_waited_for),
        cmocka_unit_test(the_diverged_are_not_promoted),
        cmocka_unit_test(short_trainings_pay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
