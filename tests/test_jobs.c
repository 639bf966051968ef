/* Worker processes: however many there are, however many trials each trains at once, and whatever
 * becomes of them, a search comes out the same. Iterates the searchers that propose trials. The
 * program they run is the one built beside the tests. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/child.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "core/registry.h"
#include "core/search/run.h"
#include "tests/aid/processes.h"
#include "tests/aid/work.h"

static char program[AF_PATH_MAX];

static int make(void **state)
{
    if (work_make(state)) return -1;
    program_path(program);
    const af_prep_request r = {af_find_task("darcy"), AF_TINY, NULL, 3, work_dir};
    assert_ok(af_find_prep("darcy")->generate(&r));
    return 0;
}

typedef struct job {
    const char *out, *program;
    const af_searcher *searcher;
    int jobs;
    bool resume;
    int gang; /* trials of one process; 0: as the backend has it */
} job;

/* In a child: threads do not survive a fork, and the next run is forked too. */
static af_status run(const job *j)
{
    char out[AF_PATH_MAX];
    AF_TRY(af_path_join(out, work_dir, j->out));
    const af_task *task = af_find_task("darcy");
    void *options = af_calloc(1, j->searcher->options_size + 1);
    if (!options) return AF_ENOMEM;
    if (j->searcher->options) af_options_default(j->searcher->options, options);
    const af_run_options o = {.task = task,
                              .metric = af_find_metric(task->metric),
                              .searcher = j->searcher,
                              .searcher_options = options,
                              .space = af_find_space("nb201"),
                              .wrn = af_find_space("wrn"),
                              .backend = af_default_backend(),
                              .budget = {16, AF_UNIT_TRIALS},
                              .seed = 7,
                              .size = AF_TINY,
                              .workers = 4,
                              .threads = 2,
                              .jobs = j->jobs,
                              .gang = j->gang,
                              .program = j->program ? j->program : program,
                              .data_directory = work_dir,
                              .out = out,
                              .resume = j->resume,
                              .quiet = true};
    af_status st = af_run(&o);
    af_free(options);
    return st;
}

static pid_t begin(const job *j)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) return child;
    af_status st = run(j);
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

static char *digests_of(const char *out)
{
    char directory[AF_PATH_MAX], text[200];
    assert_ok(af_path_join(directory, work_dir, out));
    read_digests(text, directory);
    return af_strdup(text);
}

static void jobs_decide_nothing(void **state)
{
    const af_searcher *s = *state;
    char *want = NULL;
    for (int jobs = 1; jobs <= 3; jobs++) {
        char out[64];
        snprintf(out, sizeof out, "%.40s-%d", s->name, jobs);
        const job j = {out, NULL, s, jobs, false, 0};
        assert_ok(end(begin(&j)));
        char *got = digests_of(out);
        if (want) assert_string_equal(got, want);
        if (want)
            af_free(got);
        else
            want = got;
    }
    af_free(want);
}

/* Of what `calm` left. */
static void assert_as_calm(const char *out)
{
    char *want = digests_of("calm"), *got = digests_of(out);
    assert_string_equal(got, want);
    af_free(want);
    af_free(got);
}

/* Several trials in each process, evenly or not. */
static void gangs_decide_nothing(void **state)
{
    (void)state;
    static const int cases[][2] = {{2, 2}, {4, 2}, {4, 3}, {3, 4}, {4, 4}};
    const job calm = {"calm", NULL, af_find_searcher("random"), 1, false, 0};
    assert_ok(end(begin(&calm)));
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char out[32];
        snprintf(out, sizeof out, "gang-%zu", i);
        const job j = {out, NULL, calm.searcher, cases[i][0], false, cases[i][1]};
        pid_t child = begin(&j), workers[8];
        int most = 0, status;
        while (waitpid(child, &status, WNOHANG) == 0) {
            int n = children_of(child, workers, LENGTH(workers));
            most = n > most ? n : most;
            usleep(5000);
        }
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_int_equal(most, (cases[i][0] + cases[i][1] - 1) / cases[i][1]);
        assert_as_calm(out);
    }
}

/* Trials that continue others do so in a gang as well. */
static void gangs_continue_trials(void **state)
{
    (void)state;
    const job j = {"asha-gang", NULL, af_find_searcher("asha"), 4, false, 4};
    assert_ok(end(begin(&j)));
    char *want = digests_of("asha-1"), *got = digests_of("asha-gang");
    assert_string_equal(got, want);
    af_free(want);
    af_free(got);
}

/* Workers that die are replaced, and their trials with them. */
static void dead_workers_are_replaced(const char *out, int jobs, int gang)
{
    const job j = {out, NULL, af_find_searcher("random"), jobs, false, gang};
    pid_t child = begin(&j), workers[8];
    int kills = 0, status;
    for (int i = 0; waitpid(child, &status, WNOHANG) == 0; i++) {
        usleep(20000);
        int n = children_of(child, workers, LENGTH(workers));
        if (i % 8 == 3 && n > 0 && kills < (gang ? 2 : 4)) /* a trial of a gang is hit by each */
            kills += !kill(workers[i / 8 % n], SIGKILL);
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(kills > 0);
    assert_as_calm(out);
}

static void dead_processes_are_replaced(void **state)
{
    (void)state;
    dead_workers_are_replaced("killed", 2, 0);
}

static void dead_gangs_are_replaced(void **state)
{
    (void)state;
    dead_workers_are_replaced("killed-gang", 4, 4);
}

/* Asked to stop, a run waits for checkpoints; resumed, it ends as it would have. */
static void signals_stop(const char *out, int gang)
{
    const job first = {out, NULL, af_find_searcher("random"), 2, false, gang};
    const job again = {out, NULL, af_find_searcher("random"), 3, true, gang};
    pid_t child = begin(&first), workers[8];
    usleep(400000);
    int n = children_of(child, workers, LENGTH(workers));
    kill(child, SIGTERM);
    af_status st = end(child);
    assert_true(st == AF_EINTERRUPTED || st == AF_OK);
    for (int i = 0; i < n; i++) assert_true(kill(workers[i], 0) != 0 && errno == ESRCH);
    assert_ok(end(begin(&again)));
    assert_as_calm(out);
}

static void signals_stop_all(void **state)
{
    (void)state;
    signals_stop("stopped", 0);
}

static void signals_stop_gangs(void **state)
{
    (void)state;
    signals_stop("stopped-gang", 2);
}

/* A worker asked to stop by somebody else is replaced like a dead one. */
static void stopped_gangs_are_replaced(void **state)
{
    (void)state;
    const job j = {"termed", NULL, af_find_searcher("random"), 4, false, 4};
    pid_t child = begin(&j), workers[8];
    int told = 0, status;
    for (int i = 0; waitpid(child, &status, WNOHANG) == 0; i++) {
        usleep(20000);
        int n = children_of(child, workers, LENGTH(workers));
        if (i % 8 == 5 && n > 0 && told < 2) told += !kill(workers[0], SIGTERM);
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(told > 0);
    assert_as_calm("termed");
}

static void bad_programs_are_named(void **state)
{
    (void)state;
    const struct {
        const char *program, *says;
    } cases[] = {{"/no/such/program", "cannot start"},
                 {"/bin/true", "ended before it was ready"},
                 {"/bin/echo", "want JSON"}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char out[16];
        snprintf(out, sizeof out, "bad%zu", i);
        const job j = {out, cases[i].program, af_find_searcher("random"), 2, false, 0};
        assert_true(end(begin(&j)) != AF_OK);
        assert_says(cases[i].says);
        assert_says("trial 0");
    }
}

int main(void)
{
    enum { MAX = 64 };
    struct CMUnitTest tests[MAX];
    size_t n = 0;
    for (const af_searcher *const *s = af_builtin.searcher; *s && n < MAX - 8; s++)
        if (!(*s)->search && !(*s)->foreign)
            tests[n++] = (struct CMUnitTest){(*s)->name, jobs_decide_nothing, NULL, NULL,
                                             (void *)(uintptr_t)*s};
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(gangs_decide_nothing);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(gangs_continue_trials);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(dead_processes_are_replaced);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(dead_gangs_are_replaced);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(signals_stop_all);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(signals_stop_gangs);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(stopped_gangs_are_replaced);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(bad_programs_are_named);
    af_log_set(AF_LOG_ERROR);
    return _cmocka_run_group_tests("jobs", tests, n, make, work_remove);
}
