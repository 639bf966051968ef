/* Spaces. The first half holds for every space that exists, baselines included; the second for
 * kinds of parameters that no built-in space may have yet. What single spaces promise:
 * test_architecture.c.
 */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/registry.h"

enum { SAMPLES = 1000 };

#define EACH_SPACE(s)                                                                              \
    for (const af_space *const *s##_at = af_builtin.space, *s; (s = *s##_at) != NULL; s##_at++)

static af_rng stream(uint64_t i)
{
    return af_rng_at(1, "test", i, 0, 0, 0);
}

/* NAN equals itself here. */
static bool same_config(const af_config *a, const af_config *b)
{
    return !memcmp(a, b, sizeof *a);
}

static int differences(const af_space *s, const af_config *a, const af_config *b)
{
    int n = 0;
    for (int i = 0; i < s->count; i++)
        n += a->v[i] != b->v[i] && !(isnan(a->v[i]) && isnan(b->v[i]));
    return n;
}

static void round_trip(const af_space *s, const af_config *c)
{
    char text[AF_CONFIG_TEXT], again[AF_CONFIG_TEXT];
    af_config back;
    af_space_print(s, c, text);
    assert_ok(af_space_parse(s, &back, text));
    assert_int_equal(differences(s, c, &back), 0);
    af_space_print(s, &back, again);
    assert_string_equal(text, again);
}

static void every_default_is_valid(void **state)
{
    (void)state;
    int spaces = 0;
    EACH_SPACE(s)
    {
        af_config c = af_space_default(s), parsed;
        assert_ok(af_space_check(s, &c));
        round_trip(s, &c);
        assert_ok(af_space_parse(s, &parsed, "default"));
        assert_true(same_config(&c, &parsed));
        assert_true(s->name && s->title && s->summary && s->cite && s->build);
        assert_in_range(s->count, 0, AF_MAX_KNOBS);
        spaces++;
    }
    assert_true(spaces >= 3);
}

static void every_sample_is_valid(void **state)
{
    (void)state;
    EACH_SPACE(s)
    {
        for (uint64_t i = 0; i < SAMPLES; i++) {
            af_rng r = stream(i), again = stream(i);
            af_config c = af_space_sample(s, &r), d = af_space_sample(s, &again);
            assert_ok(af_space_check(s, &c));
            assert_true(same_config(&c, &d));
            for (int k = s->count; k < AF_MAX_KNOBS; k++) assert_true(c.v[k] == 0);
            round_trip(s, &c);
        }
    }
}

/* Every choice of every parameter turns up among the samples. */
static void every_choice_is_drawn(void **state)
{
    (void)state;
    EACH_SPACE(s)
    {
        for (int k = 0; k < s->count; k++) {
            if (s->knobs[k].kind != AF_CATEGORICAL) continue;
            int drawn[64] = {0};
            for (uint64_t i = 0; i < SAMPLES; i++) {
                af_rng r = stream(i);
                drawn[(int)af_space_sample(s, &r).v[k]]++;
            }
            for (int j = 0; s->knobs[k].choices[j]; j++) assert_true(drawn[j] > 0);
        }
    }
}

static void every_mutation_changes_one_thing(void **state)
{
    (void)state;
    EACH_SPACE(s)
    {
        bool changed[AF_MAX_KNOBS] = {false};
        for (uint64_t i = 0; i < SAMPLES && s->count > 0; i++) {
            af_rng r = stream(i);
            af_config c = i % 2 ? af_space_sample(s, &r) : af_space_default(s), d = c;
            af_space_mutate(s, &d, &r);
            assert_ok(af_space_check(s, &d));
            assert_int_equal(differences(s, &c, &d), 1);
            for (int k = 0; k < s->count; k++)
                if (memcmp(&c.v[k], &d.v[k], sizeof c.v[k])) changed[k] = true;
        }
        for (int k = 0; k < s->count; k++) assert_true(changed[k]);
    }
}

static void every_crossover_mixes(void **state)
{
    (void)state;
    EACH_SPACE(s)
    {
        bool first[AF_MAX_KNOBS] = {false}, second[AF_MAX_KNOBS] = {false};
        for (uint64_t i = 0; i < SAMPLES; i++) {
            af_rng r = stream(i);
            af_config a = af_space_sample(s, &r), b = af_space_sample(s, &r);
            af_config c = af_space_crossover(s, &a, &b, &r);
            assert_ok(af_space_check(s, &c));
            for (int k = 0; k < s->count; k++) {
                assert_true(c.v[k] == a.v[k] || c.v[k] == b.v[k]);
                if (a.v[k] == b.v[k]) continue;
                *(c.v[k] == a.v[k] ? &first[k] : &second[k]) = true;
            }
        }
        for (int k = 0; k < s->count; k++) assert_true(first[k] && second[k]);
    }
}

static void every_neighbour_is_valid_and_near(void **state)
{
    (void)state;
    enum { MAX = 1024 };
    static af_config near[MAX];
    EACH_SPACE(s)
    {
        for (uint64_t i = 0; i < 20; i++) {
            af_rng r = stream(i);
            af_config c = i ? af_space_sample(s, &r) : af_space_default(s);
            int n = af_space_neighbours(s, &c, NULL, 0);
            assert_in_range(n, s->count, MAX);
            assert_int_equal(af_space_neighbours(s, &c, near, MAX), n);
            for (int j = 0; j < n; j++) {
                assert_ok(af_space_check(s, &near[j]));
                assert_int_equal(differences(s, &c, &near[j]), 1);
                for (int k = 0; k < j; k++)
                    assert_int_not_equal(differences(s, near + k, near + j), 0);
            }
        }
    }
}

static void every_encoding_is_bounded_and_distinct(void **state)
{
    (void)state;
    enum { MAX = 1024 };
    EACH_SPACE(s)
    {
        double a[MAX], b[MAX];
        for (uint64_t i = 0; i < 100; i++) {
            af_rng r = stream(i);
            af_config c = i ? af_space_sample(s, &r) : af_space_default(s);
            int n = af_space_encode(s, &c, a, MAX);
            assert_in_range(n, s->count, MAX);
            assert_int_equal(af_space_encode(s, &c, NULL, 0), n);
            for (int j = 0; j < n; j++) assert_true(a[j] >= 0 && a[j] <= 1);
            if (s->count == 0) continue;
            af_space_mutate(s, &c, &r);
            assert_int_equal(af_space_encode(s, &c, b, MAX), n);
            assert_memory_not_equal(a, b, (size_t)n * sizeof *a);
        }
    }
}

/* ---- networks ---- */

static const af_io ios[] = {
    {{3, 32, 32}, {100, 1, 1}, false, AF_FULL}, {{1, 16, 52}, {18, 1, 1}, false, AF_FULL},
    {{3, 15, 61}, {7, 1, 1}, false, AF_FULL},   {{2, 2, 1}, {2, 1, 1}, false, AF_FULL},
    {{1, 85, 85}, {1, 85, 85}, true, AF_FULL},  {{57, 20, 31}, {3, 20, 31}, true, AF_FULL},
    {{1, 1, 1000}, {4, 1, 1}, false, AF_FULL},  {{1, 1, 46}, {24, 1, 1}, false, AF_FULL},
    {{4, 1, 333}, {36, 1, 1}, false, AF_FULL},  {{4, 1, 1}, {2, 1, 1}, false, AF_FULL},
    {{2, 1, 77}, {5, 1, 77}, true, AF_FULL},
};

/* All nodes are used: nothing is computed for nothing. */
static void assert_all_used(const af_graph *g)
{
    int n = af_graph_count(g);
    bool *used = af_calloc((size_t)n, sizeof *used);
    assert_non_null(used);
    for (af_id id = 0; id < n; id++)
        for (int i = 0; i < af_graph_node(g, id)->inputs; i++)
            used[af_graph_node(g, id)->in[i]] = true;
    for (af_id id = 0; id < n - 1; id++) assert_true(used[id]);
    af_free(used);
}

static void every_space_builds_for_every_task(void **state)
{
    (void)state;
    EACH_SPACE(s)
    {
        for (size_t i = 0; i < LENGTH(ios); i++) {
            double macs[AF_SIZES];
            for (int size = 0; size < AF_SIZES; size++) {
                af_io io = ios[i];
                io.size = (af_size)size;
                af_graph *g;
                af_rng r = stream(i);
                af_config c = size ? af_space_default(s) : af_space_sample(s, &r);
                assert_ok(af_space_build(s, &c, &io, &g));
                assert_true(af_shape_same(af_graph_shape(g, af_graph_output(g)), io.output));
                assert_true(af_shape_same(af_graph_shape(g, af_graph_input(g)), io.input));
                assert_all_used(g);
                af_graph_cost cost = af_graph_measure(g);
                assert_true(cost.parameters > 0);
                macs[size] = cost.total.macs;
                af_graph_free(g);
            }
            assert_true(macs[AF_SMALL] <= macs[AF_FULL] && macs[AF_TINY] <= macs[AF_FULL]);
        }
    }
}

static void bad_shapes_are_refused(void **state)
{
    (void)state;
    static const af_io bad[] = {
        {{0, 32, 32}, {10, 1, 1}, false, AF_FULL},  {{3, -1, 32}, {10, 1, 1}, false, AF_FULL},
        {{3, 32, 32}, {0, 1, 1}, false, AF_FULL},   {{3, 32, 32}, {10, 32, 32}, false, AF_FULL},
        {{3, 32, 32}, {10, 16, 32}, true, AF_FULL}, {{3, 32, 32}, {10, 1, 1}, false, AF_SIZES},
    };
    EACH_SPACE(s)
    {
        af_config c = af_space_default(s);
        for (size_t i = 0; i < LENGTH(bad); i++) {
            af_graph *g;
            assert_int_equal(af_space_build(s, &c, &bad[i], &g), AF_EINVAL);
            assert_says(s->name);
        }
    }
}

/* Each of a build's allocations may fail: an error then, and nothing is lost (a sanitizer looks).
 */
static void builds_survive_short_memory(void **state)
{
    (void)state;
    EACH_SPACE(s)
    {
        af_config c = af_space_default(s);
        for (unsigned long k = 1;; k++) {
            af_graph *g;
            af_alloc_fail_at(k);
            af_status st = af_space_build(s, &c, &ios[0], &g);
            af_alloc_fail_at(0);
            if (st == AF_OK) {
                assert_true(k > 1);
                af_graph_free(g);
                break;
            }
            assert_int_equal(st, AF_ENOMEM);
        }
    }
}

/* ---- texts ---- */

static void long_texts_are_refused_briefly(void **state)
{
    (void)state;
    enum { LONG = 1000000 };
    static const char CELL[] = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    char *text = malloc(LONG + 1);
    assert_non_null(text);
    text[LONG] = '\0';
    EACH_SPACE(s)
    {
        af_config c;
        memset(text, '|', LONG);
        assert_int_equal(af_space_parse(s, &c, text), AF_EINVAL);
        assert_says("1000000 characters, want at most");
        assert_true(strlen(af_error()) < 100);
        for (int i = 0; i < LONG; i++) text[i] = CELL[i % (int)(sizeof CELL - 1)];
        assert_int_equal(af_space_parse(s, &c, text), AF_EINVAL);
        assert_true(strlen(af_error()) < 100);
    }
    free(text);
}

/* ---- parameters of every kind ---- */

static const char *const colours[] = {"red", "green", "blue", NULL};
static const af_knob mixed_knobs[] = {
    {"colour", AF_CATEGORICAL, colours, 0, 0, 1}, {"depth", AF_INTEGER, NULL, -2, 3, 0},
    {"ratio", AF_FLOAT, NULL, -1, 1, 0.5},        {"rate", AF_LOG_FLOAT, NULL, 1e-4, 1, 0.01},
    {"fixed", AF_FLOAT, NULL, 2, 2, 2},           {"layers", AF_INTEGER, NULL, 1, 8, NAN},
};
static const af_space mixed = {.name = "mixed", .knobs = mixed_knobs, .count = 6};

static void mixed_samples_cover_their_ranges(void **state)
{
    (void)state;
    double low[6], high[6], log_sum = 0;
    for (int k = 0; k < 6; k++) low[k] = INFINITY, high[k] = -INFINITY;
    for (uint64_t i = 0; i < SAMPLES; i++) {
        af_rng r = stream(i);
        af_config c = af_space_sample(&mixed, &r);
        assert_ok(af_space_check(&mixed, &c));
        round_trip(&mixed, &c);
        for (int k = 0; k < 6; k++) {
            low[k] = fmin(low[k], c.v[k]);
            high[k] = fmax(high[k], c.v[k]);
        }
        log_sum += log10(c.v[3]);
        af_config d = c;
        af_space_mutate(&mixed, &d, &r);
        assert_int_equal(differences(&mixed, &c, &d), 1);
        assert_true(d.v[4] == 2); /* has nothing else to be */
    }
    assert_true(low[1] == -2 && high[1] == 3);
    assert_true(low[2] < -0.98 && high[2] > 0.98);
    assert_true(low[3] < 1.2e-4 && high[3] > 0.9);
    assert_true(fabs(log_sum / SAMPLES + 2) < 0.2); /* 5 standard errors; uniform in rate: -0.43 */
    assert_true(low[5] == 1 && high[5] == 8);
    assert_true(af_space_size(&mixed) == HUGE_VAL);
}

static void mixed_neighbours(void **state)
{
    (void)state;
    af_config c = af_space_default(&mixed), near[16];
    /* two colours, depth -1 and 1, ratio 0.3 and 0.7, rate a tenth of four decades, layers' middle
     */
    static const double want[][2] = {{0, 0},   {0, 2},          {1, -1},        {1, 1}, {2, 0.3},
                                     {2, 0.7}, {3, 0.00398107}, {3, 0.0251189}, {5, 4}};
    assert_int_equal(af_space_neighbours(&mixed, &c, near, 16), LENGTH(want));
    for (size_t i = 0; i < LENGTH(want); i++) assert_true(near[i].v[(int)want[i][0]] == want[i][1]);
    c.v[1] = -2; /* at an end there is one step less */
    c.v[2] = 0.95;
    assert_int_equal(af_space_neighbours(&mixed, &c, near, 3), LENGTH(want) - 1);
    assert_true(near[2].v[1] == -1);
    assert_int_equal(af_space_neighbours(&mixed, &c, near, 16), LENGTH(want) - 1);
    assert_true(near[4].v[2] == 1);
}

static void mixed_encoding(void **state)
{
    (void)state;
    static const double want[] = {0, 1, 0, 0.4, 0.75, 0.5, 0, 0.5};
    af_config c = af_space_default(&mixed);
    double code[8], part[3] = {9, 9, 9};
    assert_int_equal(af_space_encode(&mixed, &c, code, 8), 8);
    for (int i = 0; i < 8; i++) assert_true(fabs(code[i] - want[i]) < 1e-12);
    assert_int_equal(af_space_encode(&mixed, &c, part, 2), 8);
    assert_true(part[1] == 1 && part[2] == 9);
}

static void mixed_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "mixed: character 1: found the end, want a parameter's name"},
        {"colour", "character 7: found the end, want '='"},
        {"color=red", "character 1: unknown parameter 'color'; did you mean 'colour'?"},
        {"colour=red,xyz=1", "character 12: unknown parameter 'xyz', want one of: colour, depth"},
        {"colour=pink",
         "character 8: 'pink' is no value of 'colour', want one of: red, green, blue"},
        {"colour=", "'' is no value of 'colour'"},
        {"colour=recipe", "no value"},
        {"depth=4", "'depth' is 4, want -2 to 3"},
        {"depth=1.5", "'depth' is 1.5, want a whole number"},
        {"depth=x", "character 7: 'x' is no number, want 'depth' from -2 to 3"},
        {"ratio=nan", "no number"},
        {"ratio=inf", "'ratio' is inf, want -1 to 1"},
        {"rate=0", "'rate' is 0, want 0.0001 to 1"},
        {"depth=1,depth=1", "character 9: 'depth' is given twice"},
        {"depth=1,", "character 9: found the end"},
        {"depth=1 ", "character 8: found byte 0x20, want ',' or the end"},
        {"=3", "character 1: found '='"},
        {"depth=111111111111111111111111111111111111111111111111111111111111111111111111111",
         "character 70: found '1', want ',' or the end"},
    };
    af_config c = af_space_default(&mixed), before = c;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(af_space_parse(&mixed, &c, cases[i].text), AF_EINVAL);
        assert_says(cases[i].says);
        assert_true(same_config(&c, &before));
    }
    assert_ok(af_space_parse(&mixed, &c, "layers=3,colour=blue,rate=1e-3"));
    assert_true(c.v[0] == 2 && c.v[1] == 0 && c.v[3] == 1e-3 && c.v[5] == 3);
    assert_ok(af_space_parse(&mixed, &c, "layers=recipe"));
    assert_true(isnan(c.v[5]) && c.v[0] == 1);
    c.v[0] = 3;
    assert_int_equal(af_space_check(&mixed, &c), AF_EINVAL);
    assert_says("'colour' is choice 3, want a whole number from 0 to 2");
    c.v[0] = NAN;
    assert_int_equal(af_space_check(&mixed, &c), AF_EINVAL);
}

static void space_without_parameters(void **state)
{
    (void)state;
    static const af_space empty = {.name = "empty"};
    char text[AF_CONFIG_TEXT];
    af_rng r = stream(0);
    af_config c = af_space_sample(&empty, &r), back;
    af_space_mutate(&empty, &c, &r);
    af_space_print(&empty, &c, text);
    assert_string_equal(text, "default");
    assert_ok(af_space_parse(&empty, &back, text));
    assert_true(af_space_size(&empty) == 1);
    assert_int_equal(af_space_neighbours(&empty, &c, NULL, 0), 0);
}

static void sizes_are_found(void **state)
{
    (void)state;
    for (int i = 0; i < AF_SIZES; i++) {
        af_size size;
        assert_ok(af_size_find(&size, af_size_names[i]));
        assert_int_equal(size, i);
    }
    assert_int_equal(af_size_find(&(af_size){0}, "huge"), AF_EUSAGE);
    assert_says("tiny, small or full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default_is_valid),
        cmocka_unit_test(every_sample_is_valid),
        cmocka_unit_test(every_choice_is_drawn),
        cmocka_unit_test(every_mutation_changes_one_thing),
        cmocka_unit_test(every_crossover_mixes),
        cmocka_unit_test(every_neighbour_is_valid_and_near),
        cmocka_unit_test(every_encoding_is_bounded_and_distinct),
        cmocka_unit_test(every_space_builds_for_every_task),
        cmocka_unit_test(bad_shapes_are_refused),
        cmocka_unit_test(builds_survive_short_memory),
        cmocka_unit_test(long_texts_are_refused_briefly),
        cmocka_unit_test(mixed_samples_cover_their_ranges),
        cmocka_unit_test(mixed_neighbours),
        cmocka_unit_test(mixed_encoding),
        cmocka_unit_test(mixed_texts),
        cmocka_unit_test(space_without_parameters),
        cmocka_unit_test(sizes_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
