/* Child processes that misbehave: in what they write, in what they read, in how they end. Each one
 * is a line for sh. */
#include "core/base/child.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "tests/aid/work.h"

static const double SOON = 20; /* seconds; what is waited for comes at once */

static af_child *sh(const char *command)
{
    af_child *c = NULL;
    char *text = af_strdup(command);
    char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, text, NULL};
    assert_ok(af_child_start(&c, argv, false));
    af_free(text);
    return c;
}

static void reads(af_child *c, const char *want)
{
    char *line = NULL;
    size_t length;
    assert_ok(af_child_read(c, &line, &length, SOON, NULL));
    if (!want) {
        assert_null(line);
        return;
    }
    assert_non_null(line);
    assert_string_equal(line, want);
    assert_int_equal(length, strlen(want));
}

static void says(af_child *c, const char *text)
{
    assert_ok(af_child_write(c, text, strlen(text), SOON, NULL));
}

static void ends(af_child *c, double grace, const char *want)
{
    char how[64];
    af_child_stop(c, grace, how);
    assert_string_equal(how, want);
}

/* ---- lines ---- */

static void lines_go_both_ways(void **state)
{
    (void)state;
    af_child *c = sh("while read a b; do echo \"$b $a\"; done; exit 3");
    for (int i = 0; i < 3; i++) {
        says(c, "one two\n");
        reads(c, "two one");
    }
    says(c, "a b\nc d\n");
    reads(c, "b a");
    reads(c, "d c");
    assert_true(af_child_pid(c) > 1);
    ends(c, SOON, "exit code 3");
}

static void what_is_left_at_the_end_is_a_line(void **state)
{
    (void)state;
    af_child *c = sh("printf 'one\\n\\nlast'");
    reads(c, "one");
    reads(c, "");
    reads(c, "last");
    assert_true(af_child_has_line(c));
    reads(c, NULL);
    reads(c, NULL);
    ends(c, SOON, "exit code 0");
}

static void zero_bytes_are_counted(void **state)
{
    char *line;
    size_t length;
    (void)state;
    af_child *c = sh("printf 'a\\000b\\n\\000\\n\\000'");
    assert_ok(af_child_read(c, &line, &length, SOON, NULL));
    assert_int_equal(length, 3);
    assert_memory_equal(line, "a\0b", 4);
    assert_ok(af_child_read(c, &line, &length, SOON, NULL));
    assert_int_equal(length, 1);
    assert_ok(af_child_read(c, &line, &length, SOON, NULL));
    assert_int_equal(length, 1);
    reads(c, NULL);
    ends(c, SOON, "exit code 0");
}

/* The longest line that is allowed passes, one byte more does not, whatever the buffer holds. */
static void lines_are_bounded(void **state)
{
    char *line, command[128];
    size_t length;
    (void)state;
    snprintf(command, sizeof command, "head -c %d /dev/zero | tr '\\0' x; echo; echo after",
             AF_CHILD_LINE);
    af_child *c = sh(command);
    assert_ok(af_child_read(c, &line, &length, SOON, NULL));
    assert_int_equal(length, AF_CHILD_LINE);
    reads(c, "after");
    ends(c, SOON, "exit code 0");
    snprintf(command, sizeof command, "head -c %d /dev/zero | tr '\\0' x; echo", AF_CHILD_LINE + 1);
    c = sh(command);
    assert_int_equal(af_child_read(c, &line, &length, SOON, NULL), AF_EFORMAT);
    assert_says("a line of more than 1048576 bytes");
    af_child_stop(c, 0, NULL);
    c = sh("tr '\\0' x </dev/zero"); /* never ends */
    assert_int_equal(af_child_read(c, &line, &length, SOON, NULL), AF_EFORMAT);
    af_child_stop(c, 0, NULL);
}

/* ---- waiting ---- */

static bool asked_to_stop;
static bool stop(void)
{
    return asked_to_stop;
}
static void note(int number)
{
    (void)number;
    asked_to_stop = true;
}

static void silence_is_bounded(void **state)
{
    char *line;
    (void)state;
    af_child *c = sh("printf half; exec sleep 1000");
    double before = af_clock();
    assert_int_equal(af_child_read(c, &line, NULL, 0.2, NULL), AF_EIO);
    assert_says("no answer within 0.2 s");
    assert_true(af_clock() - before >= 0.2 && af_clock() - before < SOON);
    assert_int_equal(af_child_read(c, &line, NULL, 0, NULL), AF_EIO);
    assert_false(af_child_has_line(c));
    ends(c, 0.05, "signal 9 (Killed)");
}

static void a_signal_ends_the_wait(void **state)
{
    char *line;
    (void)state;
    asked_to_stop = false;
    struct sigaction old, action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, &old);
    char command[64];
    snprintf(command, sizeof command, "sleep 0.3; kill -USR1 %d; exec sleep 1000", (int)getpid());
    af_child *c = sh(command);
    assert_int_equal(af_child_read(c, &line, NULL, -1, stop), AF_EINTERRUPTED);
    assert_int_equal(af_child_write(c, "x\n", 2, -1, stop), AF_EINTERRUPTED);
    sigaction(SIGUSR1, &old, NULL);
    ends(c, 0, "signal 9 (Killed)");
}

/* It has more to say than a pipe holds, and listens to nothing. */
static void one_that_never_reads_is_given_up(void **state)
{
    (void)state;
    const size_t size = 1 << 20;
    char *much = af_calloc(1, size);
    assert_non_null(much);
    af_child *c = sh("exec sleep 1000");
    assert_int_equal(af_child_write(c, much, size, 0.2, NULL), AF_EIO);
    assert_says("did not read what was sent to it within 0.2 s");
    ends(c, 0, "signal 9 (Killed)");
    af_free(much);
}

static void a_broken_pipe_is_an_error(void **state)
{
    (void)state;
    af_child *c = sh("exec 0<&-; echo closed; exec sleep 1000");
    reads(c, "closed");
    assert_int_equal(af_child_write(c, "x\n", 2, SOON, NULL), AF_EIO);
    assert_says("does not read any more");
    ends(c, 0, "signal 9 (Killed)");
    c = sh("exit 7");
    reads(c, NULL);
    ends(c, SOON, "exit code 7");
}

/* ---- starting and ending ---- */

static void what_cannot_start_is_an_error(void **state)
{
    af_child *c = NULL;
    char *const none[] = {(char[]){"afield-no-such-program"}, NULL};
    char *const directory[] = {(char[]){"/"}, NULL};
    (void)state;
    assert_int_equal(af_child_start(&c, none, false), AF_ENOTFOUND);
    assert_says("afield-no-such-program: cannot start");
    assert_int_equal(af_child_start(&c, directory, true), AF_EIO);
    assert_null(c);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left to be collected */
    assert_int_equal(errno, ECHILD);
}

static bool alive(int pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f) return false;
    bool read = fgets(text, sizeof text, f) != NULL;
    fclose(f);
    char *end = read ? strrchr(text, ')') : NULL;
    return end && end[2] != 'Z' && end[2] != 'X';
}

static void wait_for_death(int pid)
{
    double until = af_clock() + SOON;
    while (alive(pid) && af_clock() < until) usleep(1000);
    assert_false(alive(pid));
}

static int number_from(af_child *c)
{
    char *line;
    assert_ok(af_child_read(c, &line, NULL, SOON, NULL));
    assert_non_null(line);
    int number = atoi(line);
    assert_true(number > 1);
    return number;
}

static void grandchildren_go_too(void **state)
{
    (void)state;
    /* the program hangs; or has ended and left one behind */
    static const char *const commands[] = {
        "trap '' HUP TERM INT; sleep 1000 & echo $!; wait",
        "sleep 1000 </dev/null >/dev/null & echo $!",
        "sh -c 'sleep 1000 & echo $!; wait' & wait",
    };
    for (size_t i = 0; i < LENGTH(commands); i++) {
        af_child *c = sh(commands[i]);
        int grandchild = number_from(c), child = af_child_pid(c);
        assert_true(alive(grandchild));
        af_child_stop(c, 0.2, NULL);
        wait_for_death(grandchild);
        assert_false(alive(child));
    }
}

static void grace_is_given(void **state)
{
    (void)state;
    af_child *c = sh("cat >/dev/null; exit 5"); /* ends when its input does */
    ends(c, SOON, "exit code 5");
    c = sh("kill -SEGV $$");
    reads(c, NULL);
    ends(c, SOON, "signal 11 (Segmentation fault)");
    af_child_stop(NULL, 1, NULL);
}

/* A program of ours that is killed takes what it started with it. */
static void it_dies_with_us(void **state)
{
    int pipes[2], grandchild = 0;
    (void)state;
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        af_child *c = sh("exec sleep 1000");
        int number = af_child_pid(c);
        if (write(pipes[1], &number, sizeof number) < 0) _exit(1);
        for (;;) pause();
    }
    assert_int_equal(read(pipes[0], &grandchild, sizeof grandchild), sizeof grandchild);
    assert_true(alive(grandchild));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    wait_for_death(grandchild);
    close(pipes[0]);
    close(pipes[1]);
}

/* Signals are as they were for a new program; nothing that is open here is open there. */
static void it_starts_clean(void **state)
{
    (void)state;
    signal(SIGUSR2, SIG_IGN);
    work_put("file", "x");
    int fd = open(work_at("file"), O_RDONLY);
    assert_true(fd > 2);
    char command[128];
    snprintf(command, sizeof command, "test -e /proc/self/fd/%d && echo open; kill -USR2 $$", fd);
    af_child *c = sh(command);
    reads(c, NULL);
    ends(c, SOON, "signal 12 (User defined signal 2)");
    close(fd);
    signal(SIGUSR2, SIG_DFL);
}

/* Where our own input and output are closed, its pipes still are its own. */
static void closed_streams_are_no_trap(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        close(0);
        close(1);
        af_child *c;
        char *line;
        char *const argv[] = {(char[]){"cat"}, NULL};
        bool good = af_child_start(&c, argv, false) == AF_OK &&
                    af_child_write(c, "x\n", 2, SOON, NULL) == AF_OK &&
                    af_child_read(c, &line, NULL, SOON, NULL) == AF_OK && line &&
                    !strcmp(line, "x");
        if (good) af_child_stop(c, SOON, NULL);
        _exit(good ? 0 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

/* Our own streams in the place of a program's: here those of a process between two pipes. */
static void we_can_be_the_other_side(void **state)
{
    int in[2], out[2], status;
    char text[32] = "";
    (void)state;
    assert_int_equal(pipe(in) || pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        af_child *c;
        char *line;
        bool good = af_child_ourselves(&c) == AF_OK &&
                    af_child_read(c, &line, NULL, SOON, NULL) == AF_OK && line &&
                    !strcmp(line, "hello") && af_child_write(c, "yes\n", 4, SOON, NULL) == AF_OK &&
                    af_child_read(c, &line, NULL, SOON, NULL) == AF_OK && !line;
        af_child_stop(c, 0, NULL);
        _exit(good && write(1, "still\n", 6) == 6 ? 0 : 1);
    }
    close(in[0]);
    close(out[1]);
    assert_int_equal(write(in[1], "hello\n", 6), 6);
    close(in[1]);
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_true(read(out[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, "yes\nstill\n");
    close(out[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_go_both_ways),
        cmocka_unit_test(what_is_left_at_the_end_is_a_line),
        cmocka_unit_test(zero_bytes_are_counted),
        cmocka_unit_test(lines_are_bounded),
        cmocka_unit_test(silence_is_bounded),
        cmocka_unit_test(a_signal_ends_the_wait),
        cmocka_unit_test(one_that_never_reads_is_given_up),
        cmocka_unit_test(a_broken_pipe_is_an_error),
        cmocka_unit_test(what_cannot_start_is_an_error),
        cmocka_unit_test(grandchildren_go_too),
        cmocka_unit_test(grace_is_given),
        cmocka_unit_test(it_dies_with_us),
        cmocka_unit_test(it_starts_clean),
        cmocka_unit_test(closed_streams_are_no_trap),
        cmocka_unit_test(we_can_be_the_other_side),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
