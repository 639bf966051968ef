/* Suite files: the matrix in order, defaults, and one clear error for each thing that can be wrong.
 */
#include "tests/aid/work.h"
#include <stdio.h>
#include "core/search/ledger.h"
#include "core/task.h"
#include "eval/suite.h"

static af_status parse(af_suite **out, const char *text)
{
    return af_suite_parse(out, text, strlen(text), "s.yaml");
}

static void matrix_in_order(void **state)
{
    (void)state;
    static const char text[] =
        "title: \"two by two\"\n"
        "tasks: [darcy, ecg]\n"
        "methods:\n"
        "  - method: wrn\n"
        "  - method: random\n"
        "    space: wrn\n"
        "    set: unique=true\n"
        "  - {method: regularized_evolution, name: small, set: \"population=5,sample=2\"}\n"
        "seeds: [3, 4]\n"
        "budget: 20trials\n"
        "size: small\n"
        "protocol: paper\n"
        "workers: 2\n";
    static const char *const names[] = {
        "darcy-wrn-s3",      "darcy-wrn-s4",      "darcy-random-wrn-s3", "darcy-random-wrn-s4",
        "darcy-small-s3",    "darcy-small-s4",    "ecg-wrn-s3",          "ecg-wrn-s4",
        "ecg-random-wrn-s3", "ecg-random-wrn-s4", "ecg-small-s3",        "ecg-small-s4"};
    af_suite *s;
    assert_ok(parse(&s, text));
    assert_string_equal(s->title, "two by two");
    assert_int_equal(af_suite_count(s), LENGTH(names));
    for (size_t i = 0; i < LENGTH(names); i++) {
        af_job j;
        char name[256];
        assert_ok(af_suite_job(&j, name, s, i));
        assert_string_equal(name, names[i]);
        assert_string_equal(j.task, i < 6 ? "darcy" : "ecg");
        assert_int_equal(j.seed, 3 + i % 2);
        assert_string_equal(j.budget, "20trials");
        assert_int_equal(j.size, AF_SMALL);
        assert_int_equal(j.protocol, AF_PAPER);
        assert_int_equal(j.workers, 2);
        assert_ok(af_job_check(&j));
    }
    af_suite_free(s);
}

static void defaults(void **state)
{
    (void)state;
    af_suite *s;
    af_job j;
    char name[256];
    assert_ok(parse(&s, "tasks: [ecg]\nmethods:\n  - method: random\n"));
    assert_int_equal(af_suite_count(s), 1);
    assert_ok(af_suite_job(&j, name, s, 0));
    assert_string_equal(name, "ecg-random-s0");
    assert_null(j.space);
    assert_null(j.set);
    assert_string_equal(j.budget, "4x");
    assert_int_equal(j.size, AF_SIZES);
    assert_int_equal(j.protocol, AF_CLEAN);
    assert_int_equal(j.workers, 4);
    assert_int_equal(j.seed, 0);
    af_suite_free(s);
}

#define HEAD "tasks: [ecg]\nmethods:\n  - method: random\n"
static const struct {
    const char *text, *says;
} bad[] = {
    {HEAD "bugdet: 4x\n", "s.yaml:4: unknown key 'bugdet', did you mean 'budget'?"},
    {HEAD "    sedes: [0]\n", "s.yaml:4: unknown key 'sedes', did you mean 'seeds'?"},
    {HEAD "quite_else: 1\n",
     "s.yaml:4: unknown key 'quite_else'; `afield bench --help` shows a suite"},
    {"tasks: [ecg]\n", "s.yaml:1: Missing required mapping field: methods"},
    {"tasks: []\nmethods:\n  - method: wrn\n", "s.yaml:1: Insufficient entries"},
    {"tasks: ecg\nmethods:\n  - method: wrn\n", "s.yaml:1: Expecting SEQUENCE, got event: SCALAR"},
    {"tasks: [ecg]\nmethods: [wrn]\n", "s.yaml:2: Expecting MAPPING, got event: SCALAR"},
    {HEAD "  - wrn\n",
     "s.yaml:4: Expecting MAPPING, got event: SCALAR, in sequence entry '2'; write "
     "a method as `- method: NAME`"},
    {"tasks: [ecg]\nmethods:\n  - space: wrn\n", "Missing required mapping field: method"},
    {"tasks: [ecg]\n" HEAD, "Mapping field already seen: tasks"},
    {"tasks: [&a ecg, *a]\nmethods:\n  - method: wrn\n", "alias"},
    {"tasks: [ecg\n", "libyaml: did not find expected ',' or ']'"},
    {"", "s.yaml: empty"},
    {"tasks: [darcyy]\nmethods:\n  - method: wrn\n",
     "s.yaml: no task 'darcyy', did you mean 'darcy'?"},
    {"tasks: [ecg]\nmethods:\n  - method: randm\n",
     "s.yaml: no method 'randm', did you mean 'random'?"},
    {HEAD "    space: nb102\n", "s.yaml: no space 'nb102', did you mean 'nb201'?"},
    {HEAD "    set: uniqe=true\n", "s.yaml: --set: unknown option uniqe; did you mean unique? "
                                   "`afield describe random` lists them"},
    {HEAD "    set: quite_else=1\n",
     "s.yaml: --set: unknown option quite_else; `afield describe random` lists them"},
    {HEAD "    set: unique\n", "--set 'unique', want NAME=VALUE"},
    {HEAD "    set: unique=maybe\n", "--set: unique: 'maybe' is neither true nor false"},
    {"tasks: [ecg]\nmethods:\n  - method: wrn\n    set: a=1\n",
     "'wrn' is a baseline and searches nothing"},
    {HEAD "budget: 4\n", "s.yaml: budget '4', position 2: the unit is missing"},
    {HEAD "size: huge\n", "s.yaml: size: 'huge' is unknown, want tiny, small, full or auto"},
    {HEAD "protocol: x\n", "s.yaml: protocol: 'x' is unknown, want clean or paper"},
    {HEAD "workers: 0\n", "s.yaml: workers: '0' is not a whole number from 1 to 1024"},
    {HEAD "seeds: [0, -1]\n", "s.yaml: seed: '-1' is not a whole number"},
    {HEAD "seeds: [1, 2, 1]\n", "s.yaml: 'ecg-random-s1' comes twice"},
    {HEAD "backend: gpu\n", "s.yaml: no backend 'gpu'"},
    {HEAD "    name: ../up\n", "cannot be a directory's"},
};

static void errors_say_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        af_suite *s;
        assert_int_equal(parse(&s, bad[i].text), AF_EUSAGE);
        assert_says(bad[i].says);
        assert_null(strchr(af_error(), '\n'));
    }
}

static void files(void **state)
{
    (void)state;
    af_suite *s;
    work_put("good.yaml", HEAD);
    assert_ok(af_suite_load(&s, work_at("good.yaml")));
    af_suite_free(s);
    assert_int_equal(af_suite_load(&s, work_at("none.yaml")), AF_ENOTFOUND);
    assert_says("none.yaml");
}

static void default_directories(void **state)
{
    (void)state;
    static const struct {
        af_job job;
        const char *want;
    } cases[] = {
        {{.task = "ecg", .method = "wrn", .budget = "4x"}, "runs/ecg-tiny-wrn-4x-s0"},
        {{.task = "ecg", .method = "random", .budget = "20trials", .size = AF_FULL, .seed = 7},
         "runs/ecg-full-random-nb201-20trials-s7"},
        {{.task = "darcy",
          .method = "random",
          .space = "wrn",
          .budget = "4x",
          .protocol = AF_PAPER},
         "runs/darcy-tiny-random-wrn-4x-paper-s0"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char path[AF_PATH_MAX];
        assert_ok(af_job_directory(path, &cases[i].job));
        assert_string_equal(path, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrix_in_order),     cmocka_unit_test(defaults),
        cmocka_unit_test(errors_say_where),    cmocka_unit_test(files),
        cmocka_unit_test(default_directories),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
