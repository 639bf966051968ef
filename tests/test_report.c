/* Results and reports: statistics against hand-computed values, every field of a foreign result.json
 * checked, what may stand in one table, cells, ranks and labels, CSV. */
#include "tests/aid/work.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/jsonl.h"
#include "core/base/sha256.h"
#include "eval/report.h"
#include "eval/statistics.h"

/* ---- statistics ---- */

static void means_and_deviations(void **state)
{
    (void)state;
    static const double v[] = {2, 4, 4, 4, 5, 5, 7, 9}; /* squares of differences from 5 sum to 32 */
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

/* ---- results to read ---- */

static json_t *spent(double x)
{
    return json_pack("{sf sf sf sf sf}", "trials", 2 * x, "epochs", 3 * x, "seconds", 4 * x, "flops", 1e9 * x,
                     "x", x);
}

static json_t *hash_of(const json_t *ingredients)
{
    char hex[AF_SHA256_HEX], *text = json_dumps(ingredients, JSON_COMPACT | JSON_SORT_KEYS);
    af_sha256_of(text, strlen(text), hex);
    free(text);
    return json_string(hex);
}

/* `data` and `recipe` go into the keys, so results with other ones are not comparable. */
static json_t *result_with(const char *task, const char *method, const char *space, int seed, double score,
                           const char *data, const char *recipe)
{
    char digest[AF_SHA256_HEX];
    af_sha256_of(data, strlen(data), digest);
    json_t *task_of = json_pack("{ss ss}", "sha256", data, "protocol", "clean");
    json_t *method_of = json_pack("{ss ss}", "recipe", recipe, "precision", "fp32");
    return json_pack(
        "{si ss ss ss ss ss ss s{ss} si ss si ss ss ss s{ss si sf sf sf} s{so so so so} sf s{ss ss ss}"
        " s{so so so so} ss ss}",
        "format", 1, "afield", "0.1.0", "task", task, "size", "tiny", "protocol", "clean", "method", method,
        "space", space, "searcher_options", "note", "a, \"b\"", "seed", seed, "budget", "4x", "workers", 4,
        "backend", "onednn", "config", "c", "canonical", "c", "metric", "name", "f1_macro", "version", 1,
        "score", score, "error", 1 - score, "validation_error", 0.25, "spent", "search", spent(1), "retrain",
        spent(2), "score", spent(0), "total", spent(3), "x_flops", 1e9, "data", "provenance", "generated",
        "sha256", digest, "test_sha256", digest, "keys", "task", hash_of(task_of), "method",
        hash_of(method_of), "task_of", task_of, "method_of", method_of, "proposal_digest", digest,
        "run_digest", digest);
}

static json_t *plain_result(void)
{
    return result_with("ecg", "random", "nb201", 0, 0.75, "data", "recipe");
}

static void put_result(const char *directory, json_t *result)
{
    char path[AF_PATH_MAX];
    assert_non_null(result);
    assert_ok(af_mkdirs(work_at(directory)));
    assert_ok(af_path_join(path, work_at(directory), "result.json"));
    assert_ok(af_json_save(result, path));
    json_decref(result);
}

/* One run; equal data and recipe. */
static void put_run(const char *directory, const char *task, const char *method, const char *space, int seed,
                    double score)
{
    put_result(directory, result_with(task, method, space, seed, score, task, "recipe"));
}

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
    json_t *result = plain_result();
    snprintf(path, sizeof path, "%s", field);
    json_t *at = holder(result, path, &name);
    assert_non_null(json_object_get(at, name));
    if (value)
        json_object_set_new(at, name, value);
    else
        json_object_del(at, name);
    put_result("field", result);
    assert_int_equal(load("field"), AF_EFORMAT);
    snprintf(says, sizeof says, "result.json: field '%s' is", field);
    assert_says(says);
}

static void every_field_is_checked(void **state)
{
    (void)state;
    size_t runs, fields = 0;
    put_result("field", plain_result());
    assert_ok(load("field"));
    char *csv = csv_of("field", &runs), *rest;
    csv[strcspn(csv, "\n")] = '\0';
    for (char *field = strtok_r(csv, ",", &rest); field; field = strtok_r(NULL, ",", &rest)) {
        if (strcmp(field, "path") == 0) continue;
        breaks(field, NULL);
        breaks(field, json_true());
        fields++;
    }
    free(csv);
    assert_int_equal(fields, 49);
    breaks("seed", json_integer(-1));
    breaks("spent.total.flops", json_real(-1));
    breaks("run_digest", json_string("0123"));
    breaks("task", json_string(""));
}

static void foreign_files_are_refused(void **state)
{
    (void)state;
    put_result("foreign", json_pack("{si}", "a", 1));
    assert_int_equal(load("foreign"), AF_EFORMAT);
    assert_says("field 'format' is missing");

    json_t *r = plain_result();
    json_object_set_new(r, "format", json_integer(2));
    put_result("foreign", r);
    assert_int_equal(load("foreign"), AF_EFORMAT);
    assert_says("format 2, this version reads 1");

    r = plain_result(); /* would move the cursor of a terminal */
    json_object_set_new(r, "method", json_string("random\033[2J"));
    put_result("foreign", r);
    assert_int_equal(load("foreign"), AF_EFORMAT);
    assert_says("control characters");

    r = plain_result();
    json_object_set_new(json_object_get(json_object_get(r, "keys"), "task_of"), "sha256", json_string("other"));
    put_result("foreign", r);
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
    put_run("mix/a", "ecg", "random", "nb201", 0, 0.5);
    put_run("mix/b", "ecg", "random", "nb201", 1, 0.5);
    put_run("mix/c", "darcy", "random", "nb201", 0, 0.5);
    assert_ok(comparable("mix"));

    put_result("mix/d", result_with("ecg", "wrn", "wrn", 0, 0.5, "other", "recipe"));
    assert_int_equal(comparable("mix"), AF_EINVAL);
    assert_says("mix/a/result.json and ");
    assert_says("mix/d/result.json do not belong in one table: the task is not the same, they differ in sha256 "
                "(\"ecg\", \"other\")");

    put_result("mix/d", result_with("ecg", "random", "nb201", 2, 0.5, "ecg", "another"));
    assert_int_equal(comparable("mix"), AF_EINVAL);
    assert_says("the method is not the same, they differ in recipe (\"recipe\", \"another\")");

    put_run("mix/d", "ecg", "random", "nb201", 1, 0.5);
    assert_int_equal(comparable("mix"), AF_EINVAL);
    assert_says("with the same seed 1");
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
    put_run("table/1", "ecg", "random", "nb201", 0, 0.70);
    put_run("table/2", "ecg", "random", "nb201", 1, 0.72);
    put_run("table/3", "ecg", "random", "nb201", 2, 0.77);
    put_run("table/4", "ecg", "wrn", "wrn", 0, 0.80);
    put_run("table/5", "darcy", "random", "nb201", 0, 0.90);
    put_run("table/6", "darcy", "wrn", "wrn", 0, 0.90);
    put_run("table/7", "ecg", "linear", "linear", 0, 0.99); /* on one task only */
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
    json_t *other = plain_result();
    json_object_set_new(other, "budget", json_string("8x"));
    put_result("labels/a", other);
    put_result("labels/b", plain_result());
    other = plain_result();
    json_object_set_new(json_object_get(other, "metric"), "score", json_null());
    json_object_set_new(json_object_get(other, "metric"), "error", json_null());
    json_object_set_new(other, "method", json_string("other"));
    put_result("labels/c", other);
    assert_ok(af_results_find(&all, (const char *[]){work_at("labels")}, 1));
    assert_ok(af_report_new(&r, &all));
    row_of(r, "random / nb201 4x");
    row_of(r, "random / nb201 8x");
    int diverged = row_of(r, "other / nb201");
    assert_int_equal(diverged, 2);
    assert_true(isnan(af_report_cell(r, diverged, 0)->error) && r->rank[diverged] == 3);
    af_report_free(r);
    af_results_close(&all);
}

static void csv_has_all_fields(void **state)
{
    (void)state;
    size_t runs, lines = 0, columns = 1, commas = 1;
    put_table();
    char *csv = csv_of("table", &runs);
    assert_int_equal(runs, 7);
    assert_non_null(strstr(csv, ",\"{\"\"note\"\":\"\"a, \\\"\"b\\\"\"\"\"}\","));
    char *second = strchr(csv, '\n') + 1;
    for (char *p = csv; p < second; p++) columns += *p == ',';
    bool quoted = false;
    for (char *p = second; *p != '\n'; p++) {
        quoted ^= *p == '"';
        commas += *p == ',' && !quoted;
    }
    for (char *p = csv; *p; p++) lines += *p == '\n';
    assert_int_equal(columns, 50);
    assert_int_equal(commas, columns);
    assert_int_equal(lines, 8);
    free(csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_and_deviations),
        cmocka_unit_test(ranks_average_ties),
        cmocka_unit_test(every_field_is_checked),
        cmocka_unit_test(foreign_files_are_refused),
        cmocka_unit_test(unlike_results_do_not_mix),
        cmocka_unit_test(cells_and_ranks),
        cmocka_unit_test(labels_tell_rows_apart),
        cmocka_unit_test(csv_has_all_fields),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
