/* The report as a page: what it says of which results, the same bytes for the same ones, and
 * published numbers only where they belong. */
#include "tests/aid/work.h"
#include <stdio.h>
#include "core/base/alloc.h"
#include "eval/plot.h"
#include "tests/aid/markup.h"
#include "tests/aid/pages.h"
#include "tests/aid/records.h"

/* A run on data that is what it says. */
static json_t *run_on(const char *task, const char *provenance, const char *size,
                      const char *protocol)
{
    json_t *r = result_make(task, "random", "nb201", 0, 0.6, task, "recipe");
    result_set(r, "data", "provenance", json_string(provenance));
    result_set(r, NULL, "size", json_string(size));
    result_set(r, NULL, "protocol", json_string(protocol));
    result_set_ingredient(r, "task_of", "size", json_string(size));
    result_set_ingredient(r, "task_of", "protocol", json_string(protocol));
    return r;
}

/* ---- the page ---- */

static void page_of_a_comparison(void **state)
{
    (void)state;
    static const char *const says[] = {
        "<title>A &lt;title&gt; - Afield</title>",
        "3 methods on darcy and ecg, 1 to 2 seeds each, with a budget of 4x for every search",
        "0.7100 ± 0.0141 (2)</span><small>error 0.2900</small>",
        "<span class=\"best\">0.7900 ± 0.0141 (2)",
        "<td class=\"n\">1 of 2</td>",
        "generated stand-in (*)",
        "1 of 5 cells rest on one seed",
        "linear: not run on every task",
        "Methods work in different spaces",
        "None are shown: on darcy ",
        "f1_macro, higher is better",
        "2000 bootstrap replicates",
        "<td class=\"n\">1.00 to 2.00</td>",
        "A problem is a task with one seed that every method has there: 3 of them",
        "prefers-color-scheme:dark",
        "9 runs, with keys and digests",
    };
    result_put_table();
    char *page = page_of("table", "A <title>", NULL);
    for (size_t i = 0; i < LENGTH(says); i++) page_has(page, says[i], true);
    page_has(page, "<script", false);
    page_has(page, "http", false); /* nothing from elsewhere */
    page_has(page, "url(", false);
    page_has(page, "budgets differ", false);
    char *again = page_of("table", "A <title>", NULL);
    assert_string_equal(page, again);
    af_free(page);
    af_free(again);
}

static void plots_are_drawn(void **state)
{
    (void)state;
    bool plots;
    if (af_plot_usable() != AF_OK) skip();
    result_put_table();
    char *page = page_of("table", NULL, &plots);
    assert_true(plots);
    assert_int_equal(markup_count(page, "<svg class=\"plot\""), 3); /* profile, darcy, ecg */
    assert_true(markup_count(page, "style='stroke:var(--s") >= 3 + 2);
    assert_true(markup_count(page, "style='fill:var(--s") >= 2); /* bands */
    page_has(page, "rgb(", false);                               /* all colours are the page's */
    page_has(page, "id='gp", false);
    page_has(page, "No plot", false);
    af_free(page);
}

/* ---- what is said ---- */

static void cautions_fit_the_results(void **state)
{
    (void)state;
    static const char *const tasks[] = {"a", "b", "c", "d", "e"};
    static const char *const bad[] = {"stand-in (*)",  "Smaller than",     "too few",
                                      "One seed",      "rest on one",      "Budgets differ",
                                      "unsealed",      "not run on every", "different spaces",
                                      "not run alike", "diverged;",        "unfinished"};
    char directory[64];
    for (size_t t = 0; t < LENGTH(tasks); t++)
        for (int k = 0; k < 4; k++) {
            json_t *r = run_on(tasks[t], "real", "full", "clean");
            result_set(r, NULL, "seed", json_integer(k / 2));
            result_set(r, NULL, "method", json_string(k % 2 ? "random" : "other"));
            snprintf(directory, sizeof directory, "cautions/%s%d", tasks[t], k);
            result_put(directory, r);
        }
    char *page = page_of("cautions", NULL, NULL);
    for (size_t i = 0; i < LENGTH(bad); i++) page_has(page, bad[i], false);
    page_has(page, "all methods share space, recipe", true);
    af_free(page);

    json_t *r = run_on("a", "real", "full", "clean"); /* one thing after the other goes wrong */
    result_set(r, NULL, "method", json_string("third"));
    result_set(r, NULL, "budget", json_string("8x"));
    result_set(r, NULL, "sealed", json_false());
    result_set(r, "metric", "error", json_null());
    result_set_ingredient(r, "method_of", "recipe", json_string("mine"));
    result_set_ingredient(r, "method_of", "loss", json_string("another"));
    result_put("cautions/third", r);
    page = page_of("cautions", NULL, NULL);
    page_has(page, "1 of 11 cells rest on one seed", true);
    page_has(page, "Budgets differ", true);
    page_has(page, "third / nb201 8x: unsealed", true);
    page_has(page, "third / nb201 8x: not run on every task", true);
    page_has(page, "they differ in loss, recipe", true);
    page_has(page, "In 1 of 11 cells a run diverged", true);
    page_has(page, "different spaces", false);
    page_has(page, "<td class=\"w\">mine</td>", true);
    af_free(page);
}

static void recipes_are_compared_by_member(void **state)
{
    (void)state;
    json_t *a = result_plain(), *b = result_plain();
    result_set_ingredient(a, "method_of", "recipe", json_pack("{si sf}", "epochs", 20, "lr", 0.1));
    result_set_ingredient(b, "method_of", "recipe",
                          json_pack("{si sf si}", "epochs", 20, "lr", 0.025, "<extra>", 1));
    result_set(b, NULL, "method", json_string("other"));
    result_put("recipes/a", a);
    result_put("recipes/b", b);
    char *page = page_of("recipes", NULL, NULL);
    page_has(page, "<td>recipe, lr</td><td class=\"w\">0.1</td><td class=\"w\">random / nb201</td>",
             true);
    page_has(page,
             "<td>recipe, lr</td><td class=\"w\">0.025</td><td class=\"w\">other / nb201</td>",
             true);
    page_has(page, "<td>recipe, &lt;extra&gt;</td><td class=\"w\">absent</td>", true);
    page_has(page, "recipe, epochs", false);
    af_free(page);
}

static void published_numbers_stand_where_they_belong(void **state)
{
    (void)state;
    static const struct {
        const char *task, *provenance, *size, *protocol;
        const char *why; /* NULL: shown */
    } cases[] = {
        {"ecg", "real", "full", "paper", NULL},
        {"ecg", "generated", "full", "paper", "on ecg the data is a generated stand-in"},
        {"ecg", "partial", "full", "paper", "on ecg the data is a part of the real one"},
        {"ecg", "invented", "full", "paper", "on ecg the data is a part of the real one"},
        {"ecg", "real", "small", "paper", "on ecg the size is not the full one"},
        {"ecg", "real", "full", "clean", "on ecg the protocol is not the paper&#39;s"},
        {"mine", "real", "full", "paper", "on mine no number was published"},
        {"darcy", "real", "full", "paper", "on darcy no number was published"}, /* by f1_macro */
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        result_put("published",
                   run_on(cases[i].task, cases[i].provenance, cases[i].size, cases[i].protocol));
        char *page = page_of("published", NULL, NULL);
        assert_int_equal(markup_count(page, "class=\"published\""), cases[i].why ? 0 : 9);
        page_has(page, "NAS-Bench-360", !cases[i].why);
        if (cases[i].why)
            page_has(page, cases[i].why, true);
        else
            page_has(page,
                     "<th scope=\"row\">WRN-16-4 default</th><td>ecg</td><td>1-f1_macro</td>"
                     "<td class=\"n\">0.43 ± 0.01</td><td class=\"n\">3</td>",
                     true);
        assert_int_equal(markup_count(page, "Expert hand-designed"), cases[i].why ? 0 : 1);
        af_free(page);
    }
}

static void one_run_and_hundreds(void **state)
{
    (void)state;
    char directory[64], task[16], method[16];
    result_put("single", result_plain());
    char *page = page_of("single", NULL, NULL);
    page_has(page, "1 method on ecg, 1 seed each", true);
    page_has(page, "No interval: it needs a second task", true);
    page_has(page, "<h2>Performance profile</h2>", false);
    page_has(page, "class=\"best\"", false);
    af_free(page);

    for (int i = 0; i < 360; i++) {
        snprintf(task, sizeof task, "task%d", i % 3);
        snprintf(method, sizeof method, "method%02d", i / 3 % 20);
        snprintf(directory, sizeof directory, "many/%03d", i);
        result_put_search(directory, task, method, i / 60, 0.5 + 0.001 * i);
    }
    bool plots;
    page = page_of("many", NULL, &plots);
    page_has(page, "20 methods on task0, task1 and task2, 6 seeds each", true);
    page_has(page, "18 of them", true);
    page_has(page, "360 runs, with keys and digests", true);
    if (plots) page_has(page, "The first 12 of 20 methods", true);
    af_free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_of_a_comparison),
        cmocka_unit_test(plots_are_drawn),
        cmocka_unit_test(cautions_fit_the_results),
        cmocka_unit_test(recipes_are_compared_by_member),
        cmocka_unit_test(published_numbers_stand_where_they_belong),
        cmocka_unit_test(one_run_and_hundreds),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
