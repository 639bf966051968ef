/* Whole runs of the program with worker processes, each killed by SIGKILL once at a random instant:
 * every other one loses a worker and goes on by itself, the rest lose the process that leads and
 * are resumed. All end with the digests of an undisturbed run. Iterates the searchers that propose
 * trials. AFIELD_KILLS: how many runs (default 6; `make test-long`: 100). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "core/registry.h"
#include "tests/aid/processes.h"
#include "tests/aid/work.h"

enum { MAX_METHODS = 64 };

static char program[AF_PATH_MAX];

static pid_t launch(const char *const *argv)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) return child;
    int log = open(work_at("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    dup2(log, 1);
    dup2(log, 2);
    execv(program, (char *const *)(uintptr_t)argv);
    _exit(127);
}

static int wait_for(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static pid_t start_run(const char *method, const char *out, bool resume)
{
    return launch((const char *const[]){
        program, "run", "--task", "darcy", "--method", method, "--budget", "40epochs", "--seed",
        "5", "--threads", "2", "--jobs", "2", "--out", out, resume ? "--resume" : NULL, NULL});
}

static void run_to_end(const char *method, const char *out, bool resume)
{
    int status = wait_for(start_run(method, out, resume));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    char *log = work_get("log");
    size_t n = strlen(log);
    fail_msg("%s in %s: status %d: ...%s", method, out, status, log + (n > 500 ? n - 500 : 0));
}

static int make(void **state)
{
    if (work_make(state)) return -1;
    program_path(program);
    assert_int_equal(setenv("AFIELD_DATA", work_at("data"), 1), 0);
    const char *const generate[] = {program, "data", "generate", "darcy", "--size", "tiny", NULL};
    assert_int_equal(wait_for(launch(generate)), 0);
    return 0;
}

/* The n-th child of a process, counted round; 0: it has none. */
static pid_t child_of(pid_t parent, unsigned n)
{
    pid_t children[8];
    int count = children_of(parent, children, LENGTH(children));
    return count ? children[n % (unsigned)count] : 0;
}

typedef struct method {
    const char *name;
    char digests[200];
    double seconds;
} method;

static int find_methods(method *m)
{
    int n = 0;
    for (const af_searcher *const *s = af_builtin.searcher; *s && n < MAX_METHODS; s++) {
        if ((*s)->search || (*s)->foreign) continue;
        const char *out = work_at((*s)->name);
        char directory[AF_PATH_MAX];
        m[n].name = (*s)->name;
        snprintf(directory, sizeof directory, "%s", out);
        double started = af_clock();
        run_to_end(m[n].name, directory, false);
        m[n].seconds = af_clock() - started;
        read_digests(m[n].digests, directory);
        n++;
    }
    return n;
}

/* One run, killed once; false: it was over before. */
static bool kill_one(const method *m, const char *out, bool leader, af_rng *r)
{
    pid_t child = start_run(m->name, out, false);
    usleep((useconds_t)(1e6 * m->seconds * af_rng_unit(r)));
    pid_t victim = leader ? child : child_of(child, (unsigned)af_rng_below(r, 8));
    bool killed = victim > 0 && kill(victim, SIGKILL) == 0;
    int status = wait_for(child);
    if (leader) {
        killed = WIFSIGNALED(status);
        run_to_end(m->name, out, true);
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_msg("%s: a dead worker ended the run (%d)", out, status);
    }
    return killed;
}

static void killed_runs_end_the_same(void **state)
{
    static method methods[MAX_METHODS];
    const char *asked = getenv("AFIELD_KILLS");
    int want = asked ? atoi(asked) : 6, kills = 0, leaders = 0, runs = 0;
    double started = af_clock();
    (void)state;
    int n = find_methods(methods);
    assert_true(n > 0);
    for (; kills < want; runs++) {
        const method *m = &methods[runs / 2 % n];
        char out[AF_PATH_MAX], digests[200];
        af_rng r = af_rng_at(17, "kill", (uint64_t)runs, 0, 0, 0);
        assert_true(runs < 4 * want + 20); /* kills come too late otherwise */
        assert_ok(af_path_format(out, "%s/run%d", work_dir, runs));
        bool killed = kill_one(m, out, runs % 2 == 0, &r);
        read_digests(digests, out);
        if (strcmp(digests, m->digests) != 0)
            fail_msg("run %d of %s: %s, want %s", runs, m->name, digests, m->digests);
        kills += killed;
        leaders += killed && runs % 2 == 0;
    }
    print_message(
        "%d runs of %d methods killed (%d led, %d were workers), %d not in time, %.0f s\n", kills,
        n, leaders, kills - leaders, runs - kills, af_clock() - started);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_runs_end_the_same)};
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, make, work_remove);
}
