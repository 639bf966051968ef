/* Making pages of made-up results. */
#include "tests/aid/pages.h"
#include "core/base/alloc.h"
#include "eval/page.h"
#include "tests/aid/markup.h"
#include "tests/aid/records.h"
#include "tests/aid/work.h"

char *page_of(const char *directory, const char *title, bool *plots)
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

void page_has(const char *page, const char *part, bool wanted)
{
    if (!strstr(page, part) == wanted)
        fail_msg("\"%s\" is %s the page", part, wanted ? "not in" : "in");
}

void result_set(json_t *result, const char *object, const char *member, json_t *value)
{
    json_t *at = object ? json_object_get(result, object) : result;
    json_object_set_new(at, member, value);
}

void result_set_ingredient(json_t *result, const char *key, const char *name, json_t *value)
{
    json_object_set_new(json_object_get(json_object_get(result, "keys"), key), name, value);
    result_rekey(result);
}

json_t *result_curve(double x, double scale)
{
    return json_pack("[{sf si sf}{sf si sf}]", "x", x, "trials", 1, "error", 0.9 * scale, "x",
                     x + 0.25, "trials", 3, "error", 0.4 * scale);
}

void result_put_search(const char *directory, const char *task, const char *method, int seed,
                       double score)
{
    json_t *r = result_make(task, method, "nb201", seed, score, task, "recipe");
    result_set(r, NULL, "anytime", result_curve(0.1 + 0.05 * seed, 1 - 0.1 * seed));
    result_put(directory, r);
}

void result_put_table(void)
{
    result_put_search("table/1", "ecg", "random", 0, 0.70);
    result_put_search("table/2", "ecg", "random", 1, 0.72);
    result_put_search("table/3", "darcy", "random", 0, 0.90);
    result_put_search("table/4", "darcy", "random", 1, 0.88);
    result_put_run("table/5", "ecg", "wrn", "wrn", 0, 0.80);
    result_put_run("table/6", "ecg", "wrn", "wrn", 1, 0.78);
    result_put_run("table/7", "darcy", "wrn", "wrn", 0, 0.70);
    result_put_run("table/8", "darcy", "wrn", "wrn", 1, 0.72);
    result_put_run("table/9", "ecg", "linear", "linear", 0, 0.5);
}
