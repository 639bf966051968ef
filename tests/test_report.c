/* Reports: statistics against hand-computed values, cells, ranks and labels, the printed table. */
#include "tests/aid/work.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "eval/report.h"
#include "eval/statistics.h"
#include "tests/aid/records.h"

/* ---- statistics ---- */

static void means_and_deviations(void **state)
{
    (void)state;
    static const double v[] = {2, 4, 4, 4,
                               5, 5, 7, 9}; /* squares of differences from 5 sum to 32 */
    assert_true(af_mean(v, 8) == 5);
    assert_true(fabs(af_sample_sd(v, 8) - sqrt(32.0 / 7)) < 1e-15);
    static const double big[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}; /* 36 + 9 + 9 + 36 over 3 */
    assert_true(af_sample_sd(big, 4) == sqrt(30));
    assert_true(isnan(af_mean(v, 0)) && isnan(af_sample_sd(v, 0)) && isnan(af_sample_sd(v, 1)));
    assert_true(af_mean(v, 1) == 2);
}

static void ranks_average_ties(void **state)
{
    (void)state;
    static const struct {
        double v[4], want[4];
    } cases[] = {
        {{0.3, 0.1, 0.3, 0.2}, {3.5, 1, 3.5, 2}},
        {{7, 7, 7, 7}, {2.5, 2.5, 2.5, 2.5}},
        {{1, 1, 1, 0}, {3, 3, 3, 1}},
        {{NAN, 0.2, INFINITY, NAN}, {3.5, 1, 2, 3.5}},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        double got[4];
        af_ranks(got, cases[i].v, 4);
        for (int k = 0; k < 4; k++) assert_true(got[k] == cases[i].want[k]);
    }
}

/* ---- the table ---- */

static int row_of(const af_report *r, const char *label)
{
    for (int i = 0; i < r->rows; i++)
        if (strcmp(r->label[i], label) == 0) return i;
    fail_msg("no row '%s'", label);
    return -1;
}

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static void put_table(void)
{
    result_put_run("table/1", "ecg", "random", "nb201", 0, 0.70);
    result_put_run("table/2", "ecg", "random", "nb201", 1, 0.72);
    result_put_run("table/3", "ecg", "random", "nb201", 2, 0.77);
    result_put_run("table/4", "ecg", "wrn", "wrn", 0, 0.80);
    result_put_run("table/5", "darcy", "random", "nb201", 0, 0.90);
    result_put_run("table/6", "darcy", "wrn", "wrn", 0, 0.90);
    result_put_run("table/7", "ecg", "linear", "linear", 0, 0.99); /* on one task only */
    assert_ok(af_mkdirs(work_at("table/8")));
    work_put("table/8/journal.jsonl", ""); /* still running */
}

static void cells_and_ranks(void **state)
{
    (void)state;
    af_results all;
    af_report *r;
    put_table();
    assert_ok(af_results_find(&all, (const char *[]){work_at("table")}, 1));
    assert_int_equal(all.count, 7);
    assert_int_equal(all.unfinished, 1);
    assert_ok(af_report_new(&r, &all));
    assert_int_equal(r->tasks, 2);
    assert_string_equal(r->task[0]->task, "darcy");
    assert_int_equal(r->rows, 3);

    const af_cell *c = af_report_cell(r, row_of(r, "random / nb201"), 1);
    assert_int_equal(c->runs, 3);
    assert_true(near(c->score, 0.73) && near(c->error, 0.27));
    assert_true(near(c->score_sd, sqrt((0.0009 + 0.0001 + 0.0016) / 2)));
    assert_true(near(c->error_sd, c->score_sd));
    assert_true(near(c->spent[AF_TOTAL][AF_FLOPS], 3e9) && near(c->spent[AF_SEARCH][AF_TRIALS], 2));
    assert_true(isnan(af_report_cell(r, row_of(r, "wrn"), 1)->score_sd));

    /* darcy ties (1.5 each), ecg: wrn before random; linear is not ranked, though best on ecg */
    assert_int_equal(row_of(r, "wrn"), 0);
    assert_int_equal(row_of(r, "linear"), 2);
    assert_true(near(r->rank[0], 1.25) && near(r->rank[1], 1.75) && isnan(r->rank[2]));
    assert_int_equal(af_report_cell(r, 2, 0)->runs, 0);
    af_report_free(r);
    af_results_close(&all);
}

static void labels_tell_rows_apart(void **state)
{
    (void)state;
    af_results all;
    af_report *r;
    json_t *other = result_plain();
    result_set_budget(other, "8x", 4);
    result_put("labels/a", other);
    result_put("labels/b", result_plain());
    other = result_plain();
    json_object_set_new(json_object_get(other, "metric"), "score", json_null());
    json_object_set_new(json_object_get(other, "metric"), "error", json_null());
    json_object_set_new(other, "method", json_string("other"));
    result_put("labels/c", other);
    assert_ok(af_results_find(&all, (const char *[]){work_at("labels")}, 1));
    assert_ok(af_report_new(&r, &all));
    row_of(r, "random / nb201 4x");
    row_of(r, "random / nb201 8x");
    int diverged = row_of(r, "other / nb201 4x");
    assert_true(r->budgets_differ);
    assert_int_equal(diverged, 2);
    assert_true(isnan(af_report_cell(r, diverged, 0)->error) && r->rank[diverged] == 3);
    af_report_free(r);
    af_results_close(&all);
}

/* What goes to standard output while `print` runs. */
static char *printed(const af_report *r)
{
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    assert_non_null(freopen(work_at("printed.txt"), "w", stdout));
    af_status st = af_report_print(r);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    assert_ok(st);
    return work_get("printed.txt");
}

static void put_run(const char *directory, const char *method, const char *space, int seed,
                    const char *budget, int workers)
{
    json_t *r = result_make("ecg", method, space, seed, 0.5, "ecg", "recipe");
    result_set_budget(r, budget, workers);
    result_put(directory, r);
}

static void has(const char *text, const char *part, bool wanted)
{
    if (!strstr(text, part) == wanted)
        fail_msg("\"%s\" is %s\n%s", part, wanted ? "not in" : "in", text);
}

/* Two methods that search with different budgets; a baseline's budget splits and labels nothing. */
static void unequal_budgets_are_said(void **state)
{
    (void)state;
    static const char warning[] =
        "warning: budgets differ; ranks across unequal budgets do not compare methods\n";
    af_results all;
    af_report *r;
    put_run("budgets/a", "random", "nb201", 0, "4x", 4);
    put_run("budgets/b", "other", "nb201", 0, "8x", 4);
    put_run("budgets/c", "wrn", "wrn", 0, "4x", 4);
    put_run("budgets/d", "wrn", "wrn", 0, "8x", 2); /* the same again */
    put_run("budgets/e", "wrn", "wrn", 1, "8x", 4);
    assert_ok(af_results_find(&all, (const char *[]){work_at("budgets")}, 1));
    assert_ok(af_results_comparable(&all));
    assert_ok(af_report_new(&r, &all));
    assert_int_equal(r->rows, 3);
    row_of(r, "random / nb201 4x");
    row_of(r, "other / nb201 8x");
    assert_int_equal(af_report_cell(r, row_of(r, "wrn"), 0)->runs, 2);
    char *text = printed(r);
    has(text, warning, true);
    assert_null(strstr(strstr(text, warning) + 1, warning));
    af_free(text);
    af_report_free(r);
    af_results_close(&all);

    put_run("budgets/b", "other", "nb201", 0, "4x", 2);
    assert_ok(af_results_find(&all, (const char *[]){work_at("budgets")}, 1));
    assert_ok(af_report_new(&r, &all));
    row_of(r, "random / nb201 workers=4");
    row_of(r, "other / nb201 workers=2");
    row_of(r, "wrn");
    text = printed(r);
    has(text, "budgets differ", false);
    af_free(text);
    af_report_free(r);
    af_results_close(&all);
}

static void partial_data_are_marked(void **state)
{
    (void)state;
    af_results all;
    af_report *r;
    json_t *one = result_plain();
    json_object_set_new(json_object_get(one, "data"), "provenance", json_string("partial"));
    result_put("partial", one);
    assert_ok(af_results_find(&all, (const char *[]){work_at("partial")}, 1));
    assert_ok(af_report_new(&r, &all));
    char *text = printed(r);
    has(text, "ecg† f1_macro", true);
    has(text, "† part of the real data", true);
    has(text, "*", false);
    af_free(text);
    af_report_free(r);
    af_results_close(&all);
}

static void printed_table(void **state)
{
    (void)state;
    static const char *const says[] = {
        "method          darcy* f1_macro  darcy* error        ecg* f1_macro",
        "random / nb201           0.9000        0.1000  0.7300 ± 0.0361 (3)  0.2700 ± 0.0361 (3)  "
        "1.75",
        "linear                        -             -",
        "* generated stand-in data",
        "mean ± sample standard deviation (seeds)",
        "generated (stand-in), train ",
    };
    af_results all;
    af_report *r;
    put_table();
    assert_ok(af_results_find(&all, (const char *[]){work_at("table")}, 1));
    assert_ok(af_report_new(&r, &all));
    char *text = printed(r);
    for (size_t i = 0; i < LENGTH(says); i++)
        if (!strstr(text, says[i])) fail_msg("\"%s\" is not in\n%s", says[i], text);
    af_free(text);
    json_t *json = af_report_json(r);
    json_t *methods = json_object_get(json, "methods");
    assert_int_equal(json_array_size(methods), 3);
    json_t *first = json_array_get(methods, 0);
    assert_string_equal(json_string_value(json_object_get(first, "method")), "wrn");
    assert_true(near(json_real_value(json_object_get(first, "rank")), 1.25));
    json_decref(json);
    af_report_free(r);
    af_results_close(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_and_deviations),    cmocka_unit_test(ranks_average_ties),
        cmocka_unit_test(cells_and_ranks),         cmocka_unit_test(labels_tell_rows_apart),
        cmocka_unit_test(printed_table),           cmocka_unit_test(unequal_budgets_are_said),
        cmocka_unit_test(partial_data_are_marked),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
