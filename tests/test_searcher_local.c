/* Local search, against the sequential algorithm written down plainly, and what remains of it with
 * several asks open. */
#include "tests/aid/asking.h"
#include <math.h>
#include "core/registry.h"

enum { MOST_NEIGHBOURS = 64, EDGES_CHANGES = 24 };

static int apart(const af_config *a, const af_config *b)
{
    int n = 0;
    for (int k = 0; k < AF_MAX_KNOBS; k++) n += a->v[k] != b->v[k];
    return n;
}

static bool same_network(const asking *s, const af_config *a, const af_config *b)
{
    char x[AF_CONFIG_TEXT], y[AF_CONFIG_TEXT];
    af_space_canonical(s->ctx.space, a, x);
    af_space_canonical(s->ctx.space, b, y);
    return !strcmp(x, y);
}

static const af_config *config_of(const asking *s, int64_t i)
{
    return &s->proposed[i].proposal.config;
}

/* The trial that proposed this network, of the first n, or -1. */
static int64_t known(const asking *s, const af_config *c, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (same_network(s, config_of(s, i), c)) return i;
    return -1;
}

/* Knows the errors of a finished search only when it has tried the network itself. */
typedef struct plain {
    const asking *s; /* what it is compared with */
    af_rng r;        /* of trial n */
    int64_t n;
} plain;

static void try_it(plain *p, const af_config *c)
{
    assert_memory_equal(c, config_of(p->s, p->n), sizeof *c);
    p->r = af_search_rng(&p->s->ctx, ++p->n);
}

static void try_random(plain *p)
{
    af_config c;
    do c = af_space_sample(p->s->ctx.space, &p->r);
    while (known(p->s, &c, p->n) >= 0);
    try_it(p, &c);
}

/* Descends from the point to a local minimum. */
static void descend(plain *p, af_config point, double error, bool full)
{
    for (bool moved = true; moved;) {
        af_config list[MOST_NEIGHBOURS];
        int64_t order[MOST_NEIGHBOURS];
        int n = af_space_neighbours(p->s->ctx.space, &point, list, MOST_NEIGHBOURS), best = -1;
        double least = error;
        for (int i = 0; i < n; i++) order[i] = i;
        af_rng_shuffle(&p->r, order, n);
        /* first what is known, since it costs nothing, then the others */
        for (int pass = 0; pass < (full ? 1 : 2) && best < 0; pass++) {
            for (int i = 0; i < n && (full || best < 0) && p->n < p->s->asked; i++) {
                int64_t trial = known(p->s, &list[order[i]], p->n);
                if (trial < 0 && (full || pass == 1)) {
                    trial = p->n;
                    try_it(p, &list[order[i]]);
                }
                if (trial < 0 || !(p->s->error[trial] < least)) continue;
                least = p->s->error[trial];
                best = (int)order[i];
            }
        }
        moved = best >= 0 && p->n < p->s->asked;
        if (moved) point = list[best];
        error = least;
    }
}

static void it_is_the_plain_algorithm(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        bool full = seed % 2;
        asking s;
        asking_start(&s, "local_search", seed, 1, 5 + seed);
        asking_set(&s, "full", full ? "true" : "false");
        s.limit = 300;
        asking_run(&s);
        plain p = {.s = &s, .r = af_search_rng(&s.ctx, 0)};
        int starts = 0;
        int64_t best = 0;
        for (int i = 0; i < 10; i++) {
            try_random(&p);
            if (s.error[i] < s.error[best]) best = i;
        }
        for (; p.n < s.asked; starts++) {
            descend(&p, *config_of(&s, best), s.error[best], full);
            if (p.n == s.asked) break;
            best = p.n;
            try_random(&p);
        }
        assert_int_equal(p.n, 300);
        assert_true(starts >= 2); /* it has started anew */
    }
}

/* Every network that one change makes of trial i's is known, and none is better. */
static bool is_minimum(const asking *s, int64_t i)
{
    af_config list[MOST_NEIGHBOURS];
    int n = af_space_neighbours(s->ctx.space, config_of(s, i), list, MOST_NEIGHBOURS);
    for (int j = 0; j < n; j++) {
        int64_t trial = known(s, &list[j], s->asked);
        if (trial < 0 || s->error[trial] < s->error[i]) return false;
    }
    return true;
}

static void it_stops_at_a_minimum(void **state)
{
    (void)state;
    for (int workers = 1; workers <= MAX_OPEN; workers++) {
        asking s;
        int minima = 0;
        asking_start(&s, "local_search", 1, workers, 5);
        asking_set(&s, "restart", "false");
        s.limit = MOST_TRIALS;
        asking_run(&s);
        assert_true(s.done && s.asked < 200);
        for (int64_t i = 0; i < s.asked; i++) minima += is_minimum(&s, i);
        assert_int_equal(minima, 1);
    }
}

/* An error of its own for each network, so that there are many minima. */
static double rugged(const asking *s, const af_config *c)
{
    char form[AF_CONFIG_TEXT];
    uint64_t hash = 14695981039346656037u;
    af_space_canonical(s->ctx.space, c, form);
    for (const char *p = form; *p; p++) hash = (hash ^ (unsigned char)*p) * 1099511628211u;
    af_rng r = af_rng_at(s->landscape, "rugged", hash, 0, 0, 0);
    return af_rng_unit(&r);
}

static void it_starts_anew_at_a_minimum(void **state)
{
    (void)state;
    for (int workers = 1; workers <= MAX_OPEN; workers++) {
        asking s;
        int minima = 0;
        asking_start(&s, "local_search", 1, workers, 5);
        asking_open(&s);
        while (s.asked < MOST_TRIALS || s.open_count > 0) {
            bool may_ask = s.asked < MOST_TRIALS && s.open_count < workers;
            if (!may_ask || !asking_ask(&s))
                asking_tell(&s, 0, rugged(&s, &s.open[0].proposal.config));
        }
        for (int64_t i = 0; i < s.asked; i++) minima += is_minimum(&s, i);
        assert_true(minima >= 4);
        asking_finish(&s);
    }
}

static void it_tries_no_network_twice(void **state)
{
    (void)state;
    asking s;
    asking_start(&s, "local_search", 1, 4, 5);
    s.limit = MOST_TRIALS;
    asking_run(&s);
    for (int64_t i = 0; i < s.asked; i++) assert_int_equal(known(&s, config_of(&s, i), i), -1);
}

/* Without another start each proposal after the first ten is one change from one before; with
 * number knobs too. */
static void it_goes_from_neighbour_to_neighbour(void **state)
{
    (void)state;
    static const char *const spaces[] = {"nb201", "wrn"};
    for (size_t k = 0; k < LENGTH(spaces); k++) {
        asking s;
        int minima = 0;
        asking_start(&s, "local_search", 1, 4, 5);
        asking_set(&s, "restart", "false");
        s.ctx.space = af_find_space(spaces[k]);
        s.limit = MOST_TRIALS;
        asking_run(&s);
        assert_true(s.done && s.asked > 12);
        for (int64_t i = 10; i < s.asked; i++) {
            int nearest = AF_MAX_KNOBS;
            for (int64_t j = 0; j < i; j++) {
                int d = apart(config_of(&s, i), config_of(&s, j));
                if (d < nearest) nearest = d;
            }
            assert_int_equal(nearest, 1);
        }
        for (int64_t i = 0; i < s.asked; i++) minima += is_minimum(&s, i);
        assert_int_equal(minima, 1);
    }
}

/* Ten equal networks: the search stays at the first, and all around it is tried. */
static void equal_is_not_better(void **state)
{
    (void)state;
    asking s;
    asking_start(&s, "local_search", 1, 1, 5);
    asking_set(&s, "restart", "false");
    asking_open(&s);
    while (asking_ask(&s)) {
        if (s.asked > 10) assert_int_equal(apart(config_of(&s, s.asked - 1), config_of(&s, 0)), 1);
        asking_tell(&s, 0, 0.5);
    }
    assert_true(s.done);
    assert_in_range(s.asked, 20, 10 + EDGES_CHANGES);
    asking_finish(&s);
}

static void tell_number(asking *s, int64_t number, double error)
{
    int i = 0;
    while (s->open[i].number != number) assert_true(++i < s->open_count);
    asking_tell(s, i, error);
}

/* How many neighbours of trial i are the network of trial j; *beside: trial k is a neighbour of one
 * of them. */
static int in_common(const asking *s, int64_t i, int64_t j, int64_t k, bool *beside)
{
    af_config list[MOST_NEIGHBOURS];
    int n = af_space_neighbours(s->ctx.space, config_of(s, i), list, MOST_NEIGHBOURS), count = 0;
    *beside = false;
    for (int m = 0; m < n; m++) {
        if (!same_network(s, &list[m], config_of(s, j))) continue;
        count++;
        if (apart(&list[m], config_of(s, k)) == 1) *beside = true;
    }
    return count;
}

/* Neighbours of the old point that are told after a move do not move it, though they are better,
 * unless they are neighbours of the new point as well. */
static void what_is_told_late_moves_only_neighbours(void **state)
{
    (void)state;
    int near = 0, far = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        asking s;
        asking_start(&s, "local_search", seed, 3, 5);
        asking_set(&s, "initial", "1");
        asking_open(&s);
        assert_true(asking_ask(&s));
        assert_false(asking_ask(&s)); /* for the start is waited */
        assert_int_equal(s.answer, AF_WAIT);
        tell_number(&s, 0, 0.5);
        for (int i = 1; i <= 3; i++) {
            assert_true(asking_ask(&s));
            assert_int_equal(apart(config_of(&s, i), config_of(&s, 0)), 1);
        }
        tell_number(&s, 2, 0.4);
        assert_true(asking_ask(&s));
        assert_int_equal(apart(config_of(&s, 4), config_of(&s, 2)), 1);
        tell_number(&s, 1, 0.3);
        assert_true(asking_ask(&s));
        bool beside;
        bool moves = in_common(&s, 2, 1, 5, &beside) > 0;
        assert_true(moves ? beside : apart(config_of(&s, 5), config_of(&s, 2)) == 1);
        near += moves;
        far += !moves;
        asking_finish(&s);
    }
    assert_true(near > 0 && far > 0);
}

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

static void it_beats_random_search(void **state)
{
    (void)state;
    double random = mean_best("random", 1);
    for (int workers = 1; workers <= 8; workers *= 2) {
        double local = mean_best("local_search", workers);
        print_message("%d workers: mean best error of %d trials, local search %.4f, random %.4f\n",
                      workers, TRIALS, local, random);
        assert_true(local < random - 0.01);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_plain_algorithm),
        cmocka_unit_test(it_stops_at_a_minimum),
        cmocka_unit_test(it_starts_anew_at_a_minimum),
        cmocka_unit_test(it_tries_no_network_twice),
        cmocka_unit_test(it_goes_from_neighbour_to_neighbour),
        cmocka_unit_test(equal_is_not_better),
        cmocka_unit_test(what_is_told_late_moves_only_neighbours),
        cmocka_unit_test(it_beats_random_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
