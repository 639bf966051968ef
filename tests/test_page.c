/* The report as a page: well-formed whatever names it is given, the same bytes for the same
 * results, published numbers only where they belong, and a page even where gnuplot is missing or
 * broken. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "core/base/alloc.h"
#include "eval/html.h"
#include "eval/page.h"
#include "eval/plot.h"
#include "tests/aid/markup.h"
#include "tests/aid/records.h"

/* The page of the results below a directory, checked; free with af_free. */
static char *page_of(const char *directory, const char *title, bool *plots)
{
    af_results all;
    af_report *r;
    bool drawn;
    assert_ok(af_results_find(&all, (const char *[]){work_at(directory)}, 1));
    assert_ok(af_results_comparable(&all));
    assert_ok(af_report_new(&r, &all));
    assert_ok(af_page_write(work_at("page.html"), title, &all, r, &drawn));
    af_report_free(r);
    af_results_close(&all);
    if (plots) *plots = drawn;
    char *page = work_get("page.html");
    markup_check(page);
    return page;
}

static void has(const char *page, const char *part, bool wanted)
{
    if (!strstr(page, part) == wanted)
        fail_msg("\"%s\" is %s the page", part, wanted ? "not in" : "in");
}

static void set(json_t *result, const char *object, const char *member, json_t *value)
{
    json_t *at = object ? json_object_get(result, object) : result;
    json_object_set_new(at, member, value);
}

static void set_ingredient(json_t *result, const char *key, const char *name, json_t *value)
{
    json_object_set_new(json_object_get(json_object_get(result, "keys"), key), name, value);
    result_rekey(result);
}

/* A run on data that is what it says. */
static json_t *run_on(const char *task, const char *provenance, const char *size,
                      const char *protocol)
{
    json_t *r = result_make(task, "random", "nb201", 0, 0.6, task, "recipe");
    set(r, "data", "provenance", json_string(provenance));
    set(r, NULL, "size", json_string(size));
    set(r, NULL, "protocol", json_string(protocol));
    set_ingredient(r, "task_of", "size", json_string(size));
    set_ingredient(r, "task_of", "protocol", json_string(protocol));
    return r;
}

static json_t *curve(double x, double scale)
{
    return json_pack("[{sf si sf}{sf si sf}]", "x", x, "trials", 1, "error", 0.9 * scale, "x",
                     x + 0.25, "trials", 3, "error", 0.4 * scale);
}

static void put_search(const char *directory, const char *task, const char *method, int seed,
                       double score)
{
    json_t *r = result_make(task, method, "nb201", seed, score, task, "recipe");
    set(r, NULL, "anytime", curve(0.1 + 0.05 * seed, 1 - 0.1 * seed));
    result_put(directory, r);
}

static void put_table(void)
{
    put_search("table/1", "ecg", "random", 0, 0.70);
    put_search("table/2", "ecg", "random", 1, 0.72);
    put_search("table/3", "darcy", "random", 0, 0.90);
    put_search("table/4", "darcy", "random", 1, 0.88);
    result_put_run("table/5", "ecg", "wrn", "wrn", 0, 0.80);
    result_put_run("table/6", "ecg", "wrn", "wrn", 1, 0.78);
    result_put_run("table/7", "darcy", "wrn", "wrn", 0, 0.70);
    result_put_run("table/8", "darcy", "wrn", "wrn", 1, 0.72);
    result_put_run("table/9", "ecg", "linear", "linear", 0, 0.5);
}

/* ---- escaping ---- */

static void texts_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"plain é ± 日本 😀", "plain é ± 日本 😀"},
        {"<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"},
        {"a\nb\x7f\x01", "a\xef\xbf\xbd"
                         "b\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xff\xc0\x80 \xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"a\xe2\x80\xae"
         "b",
         "a\xef\xbf\xbd"
         "b"}, /* turns the direction of writing */
        {"\xef\xbf\xbf", "\xef\xbf\xbd"},
        {"", ""},
        {NULL, ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        af_html(f, "[$]", cases[i].text);
        fclose(f);
        char want[128];
        snprintf(want, sizeof want, "[%s]", cases[i].want);
        assert_string_equal(text, want);
        free(text);
    }
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    af_html_cut(f, "ab€d", 4); /* € has three bytes */
    af_html_cut(f, "ab€d", 5);
    af_html_cut(f, "ab€d", 6);
    fclose(f);
    assert_string_equal(text, "ab…ab€…ab€d");
    free(text);
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
    put_table();
    char *page = page_of("table", "A <title>", NULL);
    for (size_t i = 0; i < LENGTH(says); i++) has(page, says[i], true);
    has(page, "<script", false);
    has(page, "http", false); /* nothing from elsewhere */
    has(page, "url(", false);
    has(page, "budgets differ", false);
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
    put_table();
    char *page = page_of("table", NULL, &plots);
    assert_true(plots);
    assert_int_equal(markup_count(page, "<svg class=\"plot\""), 3); /* profile, darcy, ecg */
    assert_true(markup_count(page, "style='stroke:var(--s") >= 3 + 2);
    assert_true(markup_count(page, "style='fill:var(--s") >= 2); /* bands */
    has(page, "rgb(", false);                                    /* all colours are the page's */
    has(page, "id='gp", false);
    has(page, "No plot", false);
    af_free(page);
}

/* Numbers that leave no room on an axis, or too much. */
static void extreme_numbers_are_drawn(void **state)
{
    (void)state;
    static const double scales[] = {0, 1e-300, 1e-9, 1e300, -1};
    bool plots;
    if (af_plot_usable() != AF_OK) skip();
    for (size_t i = 0; i < LENGTH(scales); i++) {
        for (int k = 0; k < 2; k++) {
            json_t *r = result_make("ecg", k ? "a" : "b", "nb201", 0, 0.5, "ecg", "recipe");
            set(r, "metric", "error", json_real(k ? scales[i] : 1e-5));
            set(r, NULL, "anytime",
                i == 4 ? json_pack("[{si si sf}]", "x", 0, "trials", 1, "error", -1.0)
                       : curve(k ? 1e-300 : 1e9, scales[i]));
            result_put(k ? "extreme/a" : "extreme/b", r);
        }
        char *page = page_of("extreme", NULL, &plots);
        if (!plots) fail_msg("scale %g: %s", scales[i], af_error());
        assert_int_equal(markup_count(page, "<svg class=\"plot\""), 2);
        has(page, "00000000000", false); /* no number of hundreds of digits */
        af_free(page);
    }
}

/* Whoever names a method, a task, a directory or a machine like this wants to leave its place. */
static void hostile_names_stay_names(void **state)
{
    (void)state;
    static const char script[] = "\"><script>alert(1)</script>", quote[] = "' onload='x' y=\"",
                      plot[] = "EOD\\n!touch pwned\\n`touch pwned` %s%n $1 @{x} \\n";
    json_t *r = result_make(script, plot, quote, 0, 0.5, "a", "recipe");
    set(r, NULL, "anytime", curve(1, 1));
    set(r, NULL, "config", json_string(script));
    set(r, NULL, "environment",
        json_pack("{ss s{ss si} s[sn] sb ss}", "<b>cpu</b>", script, "libraries", "<i>", quote, "n",
                  7, "list", "<u>", "flag", 1, "finished", script));
    set(r, NULL, "searcher_options", json_pack("{ss}", quote, "éééé\xe2\x80\xae"));
    result_put("hostile/<b>\xff\n\"'", r);
    r = result_make(script, plot, quote, 0, 0.6, "a", "recipe");
    set(r, NULL, "searcher_options",
        json_pack("{ss}", "ééééééééééééééééééééééééééééééééééé",
                  "日本語日本語日本語日本語日本語日本語日本語"));
    set(r, NULL, "environment", json_string(script));
    result_put("hostile/b", r);
    char *page = page_of("hostile", script, NULL);
    has(page, "<script", false);
    has(page, "<b>cpu", false);
    has(page, "<i>", false);
    has(page, "<u>", false);
    has(page, " onload='", false);
    has(page, "&lt;script&gt;alert(1)", true);
    has(page, "!touch pwned", true);
    assert_false(af_file_exists("pwned"));
    af_free(page);

    af_results all; /* a cut label is still a text that JSON takes */
    af_report *report;
    assert_ok(af_results_find(&all, (const char *[]){work_at("hostile")}, 1));
    assert_ok(af_report_new(&report, &all));
    json_t *json = af_report_json(report);
    assert_int_equal(json_array_size(json_object_get(json, "methods")), 2);
    json_decref(json);
    af_report_free(report);
    af_results_close(&all);
}

/* ---- gnuplot ---- */

/* The page where PATH holds only a gnuplot that is this script; NULL: none. */
static char *page_with_gnuplot(const char *script, bool *plots)
{
    char saved[AF_PATH_MAX];
    snprintf(saved, sizeof saved, "%s", getenv("PATH"));
    assert_ok(af_mkdirs(work_at("bin")));
    af_file_remove(work_at("bin/gnuplot"));
    if (script) {
        work_put("bin/gnuplot", script);
        assert_int_equal(chmod(work_at("bin/gnuplot"), 0755), 0);
    }
    setenv("PATH", work_at("bin"), 1);
    put_table();
    char *page = page_of("table", NULL, plots);
    setenv("PATH", saved, 1);
    return page;
}

static void without_gnuplot_there_is_a_page(void **state)
{
    (void)state;
    bool plots;
    char *page = page_with_gnuplot(NULL, &plots);
    assert_false(plots);
    assert_says("gnuplot is not installed here");
    assert_says("apt-get install gnuplot-nox");
    has(page, "No plot: gnuplot is not installed here", true);
    has(page, "<svg class=\"plot\"", false);
    has(page, "0.7100 ± 0.0141 (2)", true);
    af_free(page);
}

static void a_broken_gnuplot_costs_only_plots(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "#!/bin/sh\nexit 3\n",
        "#!/bin/sh\necho nonsense\nwhile read -r line; do :; done\n",
        "#!/bin/sh\nwhile read -r line; do :; done\necho '<svg'\necho '>'\necho '<g id=\"a\">'\n",
    };
    for (size_t i = 0; i < LENGTH(scripts); i++) {
        bool plots;
        char *page = page_with_gnuplot(scripts[i], &plots);
        assert_false(plots);
        assert_says("gnuplot (");
        has(page, "No plot: gnuplot (", true);
        has(page, "<svg class=\"plot\"", false);
        af_free(page);
    }
}

/* Memory that runs out anywhere is an error, never a page with holes. */
static void memory_may_run_out(void **state)
{
    (void)state;
    char saved[AF_PATH_MAX];
    bool plots, done = false;
    int failures = 0;
    snprintf(saved, sizeof saved, "%s", getenv("PATH"));
    setenv("PATH", "/none", 1);
    put_table();
    char *want = page_of("table", NULL, NULL);
    af_results all;
    assert_ok(af_results_find(&all, (const char *[]){work_at("table")}, 1));
    for (unsigned long k = 1; !done && k < 1000; k++) {
        af_report *r = NULL;
        af_file_remove(work_at("page.html"));
        af_alloc_fail_at(k);
        unsigned long before = af_alloc_count();
        af_status st = af_report_new(&r, &all);
        if (st == AF_OK) st = af_page_write(work_at("page.html"), NULL, &all, r, &plots);
        done = af_alloc_count() - before < k;
        af_alloc_fail_at(0);
        if (st == AF_OK) {
            char *page = work_get("page.html");
            assert_string_equal(page, want);
            af_free(page);
        } else {
            assert_int_equal(st, AF_ENOMEM);
            assert_false(af_file_exists(work_at("page.html")));
            failures++;
        }
        af_report_free(r);
    }
    assert_true(done && failures > 20);
    setenv("PATH", saved, 1);
    af_results_close(&all);
    af_free(want);
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
            set(r, NULL, "seed", json_integer(k / 2));
            set(r, NULL, "method", json_string(k % 2 ? "random" : "other"));
            snprintf(directory, sizeof directory, "cautions/%s%d", tasks[t], k);
            result_put(directory, r);
        }
    char *page = page_of("cautions", NULL, NULL);
    for (size_t i = 0; i < LENGTH(bad); i++) has(page, bad[i], false);
    has(page, "all methods share space, recipe", true);
    af_free(page);

    json_t *r = run_on("a", "real", "full", "clean"); /* one thing after the other goes wrong */
    set(r, NULL, "method", json_string("third"));
    set(r, NULL, "budget", json_string("8x"));
    set(r, NULL, "sealed", json_false());
    set(r, "metric", "error", json_null());
    set_ingredient(r, "method_of", "recipe", json_string("mine"));
    set_ingredient(r, "method_of", "loss", json_string("another"));
    result_put("cautions/third", r);
    page = page_of("cautions", NULL, NULL);
    has(page, "1 of 11 cells rest on one seed", true);
    has(page, "Budgets differ", true);
    has(page, "third / nb201 8x: unsealed", true);
    has(page, "third / nb201 8x: not run on every task", true);
    has(page, "they differ in loss, recipe", true);
    has(page, "In 1 of 11 cells a run diverged", true);
    has(page, "different spaces", false);
    has(page, "<td class=\"w\">mine</td>", true);
    af_free(page);
}

static void recipes_are_compared_by_member(void **state)
{
    (void)state;
    json_t *a = result_plain(), *b = result_plain();
    set_ingredient(a, "method_of", "recipe", json_pack("{si sf}", "epochs", 20, "lr", 0.1));
    set_ingredient(b, "method_of", "recipe",
                   json_pack("{si sf si}", "epochs", 20, "lr", 0.025, "<extra>", 1));
    set(b, NULL, "method", json_string("other"));
    result_put("recipes/a", a);
    result_put("recipes/b", b);
    char *page = page_of("recipes", NULL, NULL);
    has(page, "<td>recipe, lr</td><td class=\"w\">0.1</td><td class=\"w\">random / nb201</td>",
        true);
    has(page, "<td>recipe, lr</td><td class=\"w\">0.025</td><td class=\"w\">other / nb201</td>",
        true);
    has(page, "<td>recipe, &lt;extra&gt;</td><td class=\"w\">absent</td>", true);
    has(page, "recipe, epochs", false);
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
        has(page, "NAS-Bench-360", !cases[i].why);
        if (cases[i].why)
            has(page, cases[i].why, true);
        else
            has(page,
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
    has(page, "1 method on ecg, 1 seed each", true);
    has(page, "No interval: it needs a second task", true);
    has(page, "<h2>Performance profile</h2>", false);
    has(page, "class=\"best\"", false);
    af_free(page);

    for (int i = 0; i < 360; i++) {
        snprintf(task, sizeof task, "task%d", i % 3);
        snprintf(method, sizeof method, "method%02d", i / 3 % 20);
        snprintf(directory, sizeof directory, "many/%03d", i);
        put_search(directory, task, method, i / 60, 0.5 + 0.001 * i);
    }
    bool plots;
    page = page_of("many", NULL, &plots);
    has(page, "20 methods on task0, task1 and task2, 6 seeds each", true);
    has(page, "18 of them", true);
    has(page, "360 runs, with keys and digests", true);
    if (plots) has(page, "The first 12 of 20 methods", true);
    af_free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(page_of_a_comparison),
        cmocka_unit_test(plots_are_drawn),
        cmocka_unit_test(extreme_numbers_are_drawn),
        cmocka_unit_test(hostile_names_stay_names),
        cmocka_unit_test(without_gnuplot_there_is_a_page),
        cmocka_unit_test(a_broken_gnuplot_costs_only_plots),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(cautions_fit_the_results),
        cmocka_unit_test(recipes_are_compared_by_member),
        cmocka_unit_test(published_numbers_stand_where_they_belong),
        cmocka_unit_test(one_run_and_hundreds),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
