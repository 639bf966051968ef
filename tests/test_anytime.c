/* Anytime curves: what a file may say, and their mean over seeds, against values by hand. */
#include "tests/aid/work.h"
#include <jansson.h>
#include <math.h>
#include "core/base/philox.h"
#include "eval/anytime.h"
#include "tests/aid/records.h"

static af_status load_with(const char *member, json_t *value)
{
    af_result r;
    char path[AF_PATH_MAX];
    json_t *one = result_plain();
    if (value) json_object_set_new(one, member, value);
    result_put("one", one);
    assert_ok(af_path_join(path, work_at("one"), "result.json"));
    af_status st = af_result_load(&r, path);
    if (st == AF_OK) af_result_close(&r);
    return st;
}

static json_t *parsed(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
    if (!value) fail_msg("%s: %s", text, error.text);
    return value;
}

static void good_members_are_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "[]",
        "[{\"x\":0,\"trials\":0,\"error\":-1}]",
        "[{\"x\":1,\"trials\":1,\"epochs\":1,\"error\":0.5},"
        "{\"x\":2,\"trials\":2,\"epochs\":3,\"error\":0.6}]",
        "[{\"x\":null,\"trials\":1,\"error\":0.5},{\"x\":null,\"trials\":2,\"error\":0.4}]",
        "[{\"x\":0.5,\"trials\":1,\"error\":1,\"more\":7},{\"x\":0.5,\"trials\":1,\"error\":1}]",
    };
    assert_ok(load_with("anytime", NULL));
    for (size_t i = 0; i < LENGTH(good); i++) assert_ok(load_with("anytime", parsed(good[i])));
    assert_ok(load_with("sealed", json_true()));
    assert_ok(load_with("sealed", json_false()));
}

static void bad_members_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"{}", "field 'anytime' is not a list of at most"},
        {"[1]", "field 'anytime', entry 0: not an object"},
        {"[null]", "entry 0: not an object"},
        {"[{\"trials\":1,\"error\":1}]", "entry 0: 'x' is not a number"},
        {"[{\"x\":-1,\"trials\":1,\"error\":1}]", "entry 0: 'x' is not a number, not negative"},
        {"[{\"x\":\"1\",\"trials\":1,\"error\":1}]", "entry 0: 'x' is not"},
        {"[{\"x\":1,\"trials\":1.5,\"error\":1}]", "entry 0: 'trials' is not a whole number"},
        {"[{\"x\":1,\"trials\":-1,\"error\":1}]", "entry 0: 'trials' is not"},
        {"[{\"x\":1,\"trials\":1,\"error\":null}]", "entry 0: 'error' is not a number"},
        {"[{\"x\":2,\"trials\":1,\"error\":1},{\"x\":1,\"trials\":2,\"error\":0}]",
         "entry 1: 'x' is lower"},
        {"[{\"x\":1,\"trials\":3,\"error\":1},{\"x\":2,\"trials\":2,\"error\":0}]",
         "entry 1: 'trials' is lower"},
        {"[{\"x\":1,\"trials\":1,\"error\":1},{\"x\":2,\"trials\":2,\"error\":1.5}]",
         "entry 1: 'error' is higher"},
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        assert_int_equal(load_with("anytime", parsed(bad[i].text)), AF_EFORMAT);
        assert_says(bad[i].says);
        assert_says("one/result.json: ");
    }
    json_t *many = json_array();
    for (int i = 0; i <= AF_ANYTIME_POINTS; i++)
        json_array_append_new(many, parsed("{\"x\":1,\"trials\":1,\"error\":1}"));
    assert_int_equal(load_with("anytime", many), AF_EFORMAT);
    assert_int_equal(load_with("sealed", json_integer(1)), AF_EFORMAT);
    assert_says("field 'sealed' is not true or false");
    assert_int_equal(load_with("sealed", json_null()), AF_EFORMAT);
}

/* ---- the mean ---- */

static af_result made(const char *points, double spent)
{
    af_result r = {.json = json_object()};
    if (points) json_object_set_new(r.json, "anytime", parsed(points));
    r.spent[AF_SEARCH][AF_X] = spent;
    return r;
}

static void drop(af_result *runs, int count)
{
    for (int i = 0; i < count; i++) json_decref(runs[i].json);
}

static void mean_of_two_by_hand(void **state)
{
    (void)state;
    af_result runs[] = {
        made("[{\"x\":0.5,\"trials\":1,\"error\":0.8},{\"x\":2,\"trials\":3,\"error\":0.4}]", 4),
        made("[{\"x\":1,\"trials\":1,\"error\":0.6},{\"x\":3,\"trials\":3,\"error\":0.2}]", 3.5),
    };
    static const double x[] = {1, 2, 3, 4}, mean[] = {0.7, 0.5, 0.3, 0.3},
                        low[] = {0.6, 0.4, 0.2, 0.2}, high[] = {0.8, 0.6, 0.4, 0.4};
    af_curve c;
    assert_ok(af_anytime_mean(&c, (const af_result *[]){&runs[0], &runs[1]}, 2));
    assert_int_equal(c.n, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(c.x[i] == x[i] && fabs(c.y[i] - mean[i]) < 1e-12);
        assert_true(c.low[i] == low[i] && c.high[i] == high[i]);
    }
    af_curve_free(&c);

    assert_ok(af_anytime_mean(&c, (const af_result *[]){&runs[1]}, 1));
    assert_int_equal(c.n, 3);
    assert_true(c.x[0] == 1 && c.x[1] == 3 && c.x[2] == 3.5 && c.y[2] == 0.2);
    assert_true(!c.low && !c.high); /* one run has no band */
    af_curve_free(&c);
    drop(runs, 2);
}

static void runs_without_points_have_no_curve(void **state)
{
    (void)state;
    af_result runs[] = {
        made("[{\"x\":1,\"trials\":1,\"error\":0.6}]", 1), /* all of it on the first */
        made("[{\"x\":null,\"trials\":1,\"error\":0.6}]", 4),
        made("[]", 4),
        made(NULL, NAN),
    };
    af_curve c;
    assert_ok(af_anytime_mean(&c, (const af_result *[]){&runs[0]}, 1));
    assert_true(c.n == 2 && c.x[0] == 1 && c.x[1] == 1);
    af_curve_free(&c);
    for (int i = 1; i < 4; i++) {
        assert_ok(af_anytime_mean(&c, (const af_result *[]){&runs[0], &runs[i]}, 2));
        assert_int_equal(c.n, 0);
        af_curve_free(&c);
    }
    assert_ok(af_anytime_mean(&c, NULL, 0));
    assert_int_equal(c.n, 0);
    drop(runs, 4);
}

static void long_curves_are_thinned(void **state)
{
    (void)state;
    json_t *points = json_array();
    double x = 0, error = 1;
    af_rng rng = af_rng_at(1, "test", 0, 0, 0, 0);
    for (int i = 0; i < 5000; i++) {
        x += 1e-3 + af_rng_unit(&rng);
        error *= 0.999;
        json_array_append_new(points, json_pack("{sf si sf}", "x", x, "trials", i, "error", error));
    }
    af_result run = {.json = json_pack("{so}", "anytime", points)};
    run.spent[AF_SEARCH][AF_X] = x + 1;
    af_curve c;
    assert_ok(af_anytime_mean(&c, (const af_result *[]){&run}, 1));
    assert_in_range(c.n, AF_ANYTIME_STEPS / 2, AF_ANYTIME_STEPS + 1);
    for (size_t i = 1; i < c.n; i++) assert_true(c.x[i] > c.x[i - 1] && c.y[i] <= c.y[i - 1]);
    assert_true(c.x[c.n - 1] == x + 1 && c.y[c.n - 1] == error);
    af_curve_free(&c);
    drop(&run, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_members_are_taken),
        cmocka_unit_test(bad_members_are_refused),
        cmocka_unit_test(mean_of_two_by_hand),
        cmocka_unit_test(runs_without_points_have_no_curve),
        cmocka_unit_test(long_curves_are_thinned),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
