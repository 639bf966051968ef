/* result.json files from anybody: every field is checked and named, what may stand in one table,
 * CSV. */
#include "tests/aid/work.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/jsonl.h"
#include "eval/results.h"
#include "tests/aid/records.h"

static af_status load(const char *directory)
{
    af_result r;
    char path[AF_PATH_MAX];
    assert_ok(af_path_join(path, work_at(directory), "result.json"));
    af_status st = af_result_load(&r, path);
    if (st == AF_OK) af_result_close(&r);
    return st;
}

/* ---- fields ---- */

/* The object that holds the last member of a dotted path; *name is that member. */
static json_t *holder(json_t *o, char *path, const char **name)
{
    char *dot;
    for (; (dot = strchr(path, '.')); path = dot + 1) {
        *dot = '\0';
        o = json_object_get(o, path);
    }
    *name = path;
    return o;
}

static char *csv_of(const char *directory, size_t *runs)
{
    char *text = NULL;
    size_t size;
    af_results all;
    assert_ok(af_results_find(&all, (const char *[]){work_at(directory)}, 1));
    FILE *f = open_memstream(&text, &size);
    af_results_csv(&all, f);
    fclose(f);
    *runs = all.count;
    af_results_close(&all);
    return text;
}

/* Replaces, or with NULL removes, the field and expects it to be named. */
static void breaks(const char *field, json_t *value)
{
    char path[64], says[80];
    const char *name;
    json_t *result = result_plain();
    snprintf(path, sizeof path, "%s", field);
    json_t *at = holder(result, path, &name);
    assert_non_null(json_object_get(at, name));
    if (value)
        json_object_set_new(at, name, value);
    else
        json_object_del(at, name);
    result_put("field", result);
    assert_int_equal(load("field"), AF_EFORMAT);
    snprintf(says, sizeof says, "result.json: field '%s' is", field);
    assert_says(says);
}

static void every_field_is_checked(void **state)
{
    (void)state;
    size_t runs, fields = 0;
    result_put("field", result_plain());
    assert_ok(load("field"));
    char *csv = csv_of("field", &runs), *rest;
    csv[strcspn(csv, "\n")] = '\0';
    for (char *field = strtok_r(csv, ",", &rest); field; field = strtok_r(NULL, ",", &rest)) {
        if (strcmp(field, "path") == 0 || strcmp(field, "sealed") == 0 ||
            strcmp(field, "anytime") == 0)
            continue; /* the last two may be missing, see tests/test_anytime.c */
        breaks(field, NULL);
        breaks(field, json_true());
        fields++;
    }
    free(csv);
    assert_int_equal(fields, 50);
    breaks("seed", json_integer(-1));
    breaks("spent.total.flops", json_real(-1));
    breaks("run_digest", json_string("0123"));
    breaks("task", json_string(""));
}

static json_t *ingredients(json_t *result, const char *which)
{
    return json_object_get(json_object_get(result, "keys"), which);
}

/* With keys that fit, but ingredients that are missing or contradict the file. */
static void ingredients_are_checked(void **state)
{
    (void)state;
    static const char *const sides[] = {"task_of", "method_of"};
    static const char *const told_elsewhere[] = {
        "task",        "size",    "protocol", "metric", "metric_version", "sha256",
        "test_sha256", "x_flops", "afield",   "space",  "backend"};
    size_t removed = 0, contradicted = 0;
    for (size_t s = 0; s < LENGTH(sides); s++) {
        const char *name;
        json_t *value, *plain = result_plain();
        json_object_foreach(ingredients(plain, sides[s]), name, value)
        {
            char says[80];
            json_t *r = result_plain();
            json_object_del(ingredients(r, sides[s]), name);
            result_rekey(r);
            result_put("ingredients", r);
            assert_int_equal(load("ingredients"), AF_EFORMAT);
            snprintf(says, sizeof says, "field 'keys.%s.%s' is missing", sides[s], name);
            assert_says(says);
            removed++;
        }
        json_decref(plain);
        for (size_t i = 0; i < LENGTH(told_elsewhere); i++) {
            json_t *r = result_plain();
            if (json_object_get(ingredients(r, sides[s]), told_elsewhere[i])) {
                json_object_set_new(ingredients(r, sides[s]), told_elsewhere[i], json_string("2"));
                result_rekey(r);
                result_put("ingredients", r);
                assert_int_equal(load("ingredients"), AF_EFORMAT);
                assert_says("this file was edited");
                contradicted++;
            } else {
                json_decref(r);
            }
        }
    }
    assert_int_equal(removed, 17);
    assert_int_equal(contradicted, LENGTH(told_elsewhere));
}

/* Only fast runs say that they are, and then in their key too. */
static void fast_stands_in_the_key(void **state)
{
    (void)state;
    json_t *r = result_plain();
    json_object_set_new(r, "fast", json_true());
    result_put("fast", r);
    assert_int_equal(load("fast"), AF_EFORMAT);
    assert_says("keys.method_of.fast is not what 'fast' says");
    r = result_plain();
    json_object_set_new(r, "fast", json_true());
    json_object_set_new(ingredients(r, "method_of"), "fast", json_true());
    result_rekey(r);
    result_put("fast", r);
    assert_ok(load("fast"));
}

static void foreign_files_are_refused(void **state)
{
    (void)state;
    result_put("foreign", json_pack("{si}", "a", 1));
    assert_int_equal(load("foreign"), AF_EFORMAT);
    assert_says("field 'format' is missing");

    json_t *r = result_plain();
    json_object_set_new(r, "format", json_integer(3));
    result_put("foreign", r);
    assert_int_equal(load("foreign"), AF_EFORMAT);
    assert_says("format 3, this version reads 2");

    r = result_plain(); /* would move the cursor of a terminal */
    json_object_set_new(r, "method", json_string("random\033[2J"));
    result_put("foreign", r);
    assert_int_equal(load("foreign"), AF_EFORMAT);
    assert_says("control characters");

    r = result_plain();
    json_object_set_new(ingredients(r, "task_of"), "sha256", json_string("other"));
    result_put("foreign", r);
    assert_int_equal(load("foreign"), AF_EFORMAT);
    assert_says("keys.task does not belong to keys.task_of");

    assert_int_equal(load("nowhere"), AF_ENOTFOUND);
    af_results all;
    assert_int_equal(af_results_find(&all, (const char *[]){work_at("nowhere")}, 1), AF_ENOTFOUND);
    assert_ok(af_mkdirs(work_at("empty")));
    assert_int_equal(af_results_find(&all, (const char *[]){work_at("empty")}, 1), AF_ENOTFOUND);
    assert_says("no result.json there");
}

/* ---- comparing ---- */

static af_status comparable(const char *directory)
{
    af_results all;
    assert_ok(af_results_find(&all, (const char *[]){work_at(directory)}, 1));
    af_status st = af_results_comparable(&all);
    af_results_close(&all);
    return st;
}

static void unlike_results_do_not_mix(void **state)
{
    (void)state;
    result_put_run("mix/a", "ecg", "random", "nb201", 0, 0.5);
    result_put_run("mix/b", "ecg", "random", "nb201", 1, 0.5);
    result_put_run("mix/c", "darcy", "random", "nb201", 0, 0.5);
    assert_ok(comparable("mix"));

    result_put("mix/d", result_make("ecg", "wrn", "wrn", 0, 0.5, "other", "recipe"));
    assert_int_equal(comparable("mix"), AF_EINVAL);
    assert_says("mix/a/result.json and ");
    assert_says("mix/d/result.json do not belong in one table: the task is not the same, they "
                "differ in sha256 (\"");

    result_put("mix/d", result_make("ecg", "random", "nb201", 2, 0.5, "ecg", "another"));
    assert_int_equal(comparable("mix"), AF_EINVAL);
    assert_says("the method is not the same, they differ in recipe (\"recipe\", \"another\")");

    result_put_run("mix/d", "ecg", "random", "nb201", 1, 0.5);
    assert_int_equal(comparable("mix"), AF_EINVAL);
    assert_says("with the same seed 1");
}

static void another_x_is_another_task(void **state)
{
    (void)state;
    json_t *r = result_make("ecg", "wrn", "wrn", 0, 0.5, "ecg", "recipe");
    result_put_run("x/a", "ecg", "random", "nb201", 0, 0.5);
    json_object_set_new(r, "x_flops", json_real(1e9 + 1.0 / 1024));
    json_object_set_new(ingredients(r, "task_of"), "x_flops", json_string("1000000000.0009766"));
    result_rekey(r);
    result_put("x/b", r);
    assert_int_equal(comparable("x"), AF_EINVAL);
    assert_says("they differ in x_flops (\"1000000000\", \"1000000000.0009766\")");
}

static void put_with_budget(const char *directory, const char *method, const char *space,
                            double score, const char *budget)
{
    json_t *r = result_make("ecg", method, space, 0, score, "ecg", "recipe");
    result_set_budget(r, budget, 4);
    result_put(directory, r);
}

static void baselines_have_no_budget(void **state)
{
    (void)state;
    put_with_budget("base/a", "wrn", "wrn", 0.5, "4x");
    put_with_budget("base/b", "wrn", "wrn", 0.5, "8x");
    assert_ok(comparable("base"));
    put_with_budget("base/b", "wrn", "wrn", 0.6, "8x"); /* which one should count? */
    assert_int_equal(comparable("base"), AF_EINVAL);
    assert_says("with the same seed 0");
    put_with_budget("base/b", "wrn", "wrn", 0.5, "4x"); /* the same run twice */
    assert_int_equal(comparable("base"), AF_EINVAL);

    put_with_budget("searches/a", "random", "nb201", 0.5, "4x");
    put_with_budget("searches/b", "random", "nb201", 0.6, "8x");
    assert_ok(comparable("searches"));
}

/* ---- CSV ---- */

static void csv_has_all_fields(void **state)
{
    (void)state;
    size_t runs, lines = 0, columns = 1, commas = 1;
    result_put_run("csv/a", "ecg", "random", "nb201", 0, 0.5);
    json_t *newer = result_make("ecg", "random", "nb201", 1, 0.5, "ecg", "recipe");
    json_object_set_new(newer, "sealed", json_false());
    json_object_set_new(newer, "anytime",
                        json_pack("[{sn si sf}]", "x", "trials", 1, "error", 0.5));
    result_put("csv/b", newer);
    char *csv = csv_of("csv", &runs);
    assert_int_equal(runs, 2);
    assert_non_null(strstr(csv, ",\"{\"\"note\"\":\"\"a, \\\"\"b\\\"\"\"\"}\","));
    char *second = strchr(csv, '\n') + 1;
    for (char *p = csv; p < second; p++) columns += *p == ',';
    bool quoted = false;
    for (char *p = second; *p != '\n'; p++) {
        quoted ^= *p == '"';
        commas += *p == ',' && !quoted;
    }
    for (char *p = csv; *p; p++) lines += *p == '\n';
    assert_non_null(strstr(second, ",true,\n")); /* an older file: sealed, no curve */
    assert_non_null(
        strstr(second, ",false,\"[{\"\"error\"\":0.5,\"\"trials\"\":1,\"\"x\"\":null}]\"\n"));
    assert_int_equal(columns, 53);
    assert_int_equal(commas, columns);
    assert_int_equal(lines, 3);
    free(csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_checked),    cmocka_unit_test(foreign_files_are_refused),
        cmocka_unit_test(ingredients_are_checked),   cmocka_unit_test(unlike_results_do_not_mix),
        cmocka_unit_test(another_x_is_another_task), cmocka_unit_test(baselines_have_no_budget),
        cmocka_unit_test(fast_stands_in_the_key),    cmocka_unit_test(csv_has_all_fields),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
