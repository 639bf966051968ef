/* DARTS on NAS-Bench-201's supernet, a whole run on small generated data: killed again and again in
 * one run, on any number of threads, it ends with the bits of an undisturbed one. In children,
 * because threads do not survive a fork. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "core/registry.h"
#include "core/search/run.h"
#include "tests/aid/work.h"

typedef struct job {
    const char *out, *budget;
    int threads;
} job;

static af_status run(const job *j)
{
    char out[AF_PATH_MAX];
    const af_task *task = af_find_task("darcy");
    const af_searcher *darts = af_find_searcher("darts");
    af_budget budget;
    AF_TRY(af_path_join(out, work_dir, j->out));
    AF_TRY(af_budget_parse(&budget, j->budget));
    void *options = af_calloc(1, darts->options_size);
    if (!options) return AF_ENOMEM;
    af_options_default(darts->options, options);
    AF_TRY(af_options_set(darts->options, options, "batch", "8")); /* six steps an epoch */
    const af_run_options o = {.task = task,
                              .metric = af_find_metric(task->metric),
                              .searcher = darts,
                              .searcher_options = options,
                              .space = af_find_space("nb201"),
                              .wrn = af_find_space("wrn"),
                              .backend = af_default_backend(),
                              .budget = budget,
                              .seed = 4,
                              .size = AF_TINY,
                              .workers = 4,
                              .threads = j->threads,
                              .data_directory = work_dir,
                              .out = out,
                              .resume = true,
                              .quiet = true};
    af_status st = af_run(&o);
    af_free(options);
    return st;
}

static af_status generate(const job *j)
{
    (void)j;
    const af_prep_request r = {af_find_task("darcy"), AF_TINY, NULL, 3, work_dir};
    return af_find_prep("darcy")->generate(&r);
}

static pid_t begin(af_status (*what)(const job *), const job *j)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) return child;
    af_status st = what(j);
    if (st != AF_OK) work_put("error", af_error());
    _exit(-st);
}

static af_status end(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status)) return AF_EINTERNAL;
    if (WEXITSTATUS(status) == 0) return AF_OK;
    char *message = work_get("error");
    af_status st = af_fail((af_status)-WEXITSTATUS(status), "%s", message);
    af_free(message);
    return st;
}

static json_t *result_of(const char *out)
{
    char path[AF_PATH_MAX];
    json_t *result = NULL;
    assert_ok(af_path_format(path, "%s/%s/result.json", work_dir, out));
    assert_ok(af_json_load(&result, path));
    return result;
}

static void assert_same_digests(const char *out)
{
    json_t *a = result_of("whole"), *b = result_of(out);
    const char *const names[] = {"proposal_digest", "run_digest", "config"};
    for (size_t i = 0; i < LENGTH(names); i++)
        assert_string_equal(json_string_value(json_object_get(a, names[i])),
                            json_string_value(json_object_get(b, names[i])));
    json_decref(a);
    json_decref(b);
}

static const char BUDGET[] = "6epochs";
static double seconds_of_whole;

static int make(void **state)
{
    if (work_make(state)) return -1;
    const job whole = {"whole", BUDGET, 2};
    assert_ok(end(begin(generate, &whole)));
    double started = af_clock();
    assert_ok(end(begin(run, &whole)));
    seconds_of_whole = af_clock() - started;
    return 0;
}

static void result_says_what_was_derived(void **state)
{
    (void)state;
    double epochs, trials, flops, x;
    int64_t chosen;
    af_config c;
    json_t *r = result_of("whole"),
           *search = json_object_get(json_object_get(r, "spent"), "search");
    assert_ok(af_json_real(&epochs, search, "epochs"));
    assert_ok(af_json_real(&trials, search, "trials"));
    assert_ok(af_json_real(&flops, search, "flops"));
    assert_ok(af_json_real(&x, r, "x_flops"));
    assert_true(epochs == 6 && trials == 0 && flops > 0 && flops < 6 * x);
    assert_ok(af_json_int(&chosen, json_object_get(r, "chosen"), "epochs"));
    assert_int_equal(chosen, 6);
    assert_true(json_is_null(json_object_get(json_object_get(r, "chosen"), "trial")));
    assert_ok(af_space_parse(af_find_space("nb201"), &c,
                             json_string_value(json_object_get(r, "config"))));
    json_decref(r);
    assert_false(af_file_exists(work_at("whole/supernet.bin")));
}

static void threads_decide_nothing(void **state)
{
    (void)state;
    const job one = {"one", BUDGET, 1};
    assert_ok(end(begin(run, &one)));
    assert_same_digests("one");
}

/* Killed at five instants of one run, stopped at two of them by SIGTERM, which leaves a checkpoint;
 * the next start goes on. */
static void a_run_killed_again_and_again_ends_alike(void **state)
{
    (void)state;
    int stopped = 0;
    bool checkpointed = false;
    for (int i = 0; i < 7; i++) {
        const job j = {"killed", BUDGET, 1 + i % 2};
        pid_t child = begin(run, &j);
        usleep((useconds_t)(1e6 * seconds_of_whole * (0.15 + 0.04 * i)));
        kill(child, i % 3 == 1 ? SIGTERM : SIGKILL);
        stopped += end(child) != AF_OK;
        checkpointed |= af_file_exists(work_at("killed/supernet.bin"));
    }
    assert_true(stopped >= 3 && checkpointed);
    const job last = {"killed", BUDGET, 2};
    assert_ok(end(begin(run, &last)));
    assert_same_digests("killed");
}

static void budgets_too_small_are_named(void **state)
{
    (void)state;
    const job small = {"small", "1e3flop", 1}, trials = {"trials", "5trials", 1};
    assert_int_equal(end(begin(run, &small)), AF_EBUDGET);
    assert_says("budget 1000flop: not one step of the supernet fits");
    assert_int_equal(end(begin(run, &trials)), AF_EUSAGE);
    assert_says("'darts' shares weights and makes no trials");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(result_says_what_was_derived),
        cmocka_unit_test(threads_decide_nothing),
        cmocka_unit_test(a_run_killed_again_and_again_ends_alike),
        cmocka_unit_test(budgets_too_small_are_named),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, make, work_remove);
}
