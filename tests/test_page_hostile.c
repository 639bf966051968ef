/* A page of results that were made to break it: names, numbers, a gnuplot that is missing or
 * broken, memory that runs out. */
#include "tests/aid/work.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "core/base/alloc.h"
#include "eval/html.h"
#include "eval/page.h"
#include "eval/plot.h"
#include "tests/aid/markup.h"
#include "tests/aid/pages.h"
#include "tests/aid/records.h"

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

/* ---- results made to break it ---- */

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
            result_set(r, "metric", "error", json_real(k ? scales[i] : 1e-5));
            result_set(r, NULL, "anytime",
                       i == 4 ? json_pack("[{si si sf}]", "x", 0, "trials", 1, "error", -1.0)
                              : result_curve(k ? 1e-300 : 1e9, scales[i]));
            result_put(k ? "extreme/a" : "extreme/b", r);
        }
        char *page = page_of("extreme", NULL, &plots);
        if (!plots) fail_msg("scale %g: %s", scales[i], af_error());
        assert_int_equal(markup_count(page, "<svg class=\"plot\""), 2);
        page_has(page, "00000000000", false); /* no number of hundreds of digits */
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
    result_set(r, NULL, "anytime", result_curve(1, 1));
    result_set(r, NULL, "config", json_string(script));
    result_set(r, NULL, "environment",
               json_pack("{ss s{ss si} s[sn] sb ss}", "<b>cpu</b>", script, "libraries", "<i>",
                         quote, "n", 7, "list", "<u>", "flag", 1, "finished", script));
    result_set(r, NULL, "searcher_options", json_pack("{ss}", quote, "éééé\xe2\x80\xae"));
    result_put("hostile/<b>\xff\n\"'", r);
    r = result_make(script, plot, quote, 0, 0.6, "a", "recipe");
    result_set(r, NULL, "searcher_options",
               json_pack("{ss}", "ééééééééééééééééééééééééééééééééééé",
                         "日本語日本語日本語日本語日本語日本語日本語"));
    result_set(r, NULL, "environment", json_string(script));
    result_put("hostile/b", r);
    char *page = page_of("hostile", script, NULL);
    page_has(page, "<script", false);
    page_has(page, "<b>cpu", false);
    page_has(page, "<i>", false);
    page_has(page, "<u>", false);
    page_has(page, " onload='", false);
    page_has(page, "&lt;script&gt;alert(1)", true);
    page_has(page, "!touch pwned", true);
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
    result_put_table();
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
    page_has(page, "No plot: gnuplot is not installed here", true);
    page_has(page, "<svg class=\"plot\"", false);
    page_has(page, "0.7100 ± 0.0141 (2)", true);
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
        page_has(page, "No plot: gnuplot (", true);
        page_has(page, "<svg class=\"plot\"", false);
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
    result_put_table();
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(extreme_numbers_are_drawn),
        cmocka_unit_test(hostile_names_stay_names),
        cmocka_unit_test(without_gnuplot_there_is_a_page),
        cmocka_unit_test(a_broken_gnuplot_costs_only_plots),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
