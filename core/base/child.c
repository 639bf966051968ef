/* Child processes and lines. Nothing here trusts the other side: lines are bounded, waiting is
 * bounded, and a pipe that broke is an error instead of a signal. */
#include "core/base/child.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"

struct af_child {
    pid_t pid; /* 0: ourselves */
    int in, out;
    bool in_group, eof;
    char *buffer; /* read, not yet handed out: from `start` to `end` */
    size_t start, end, seen, room;
};

/* ---- starting ---- */

static af_status child_new(af_child **out)
{
    af_child *c = af_calloc(1, sizeof *c);
    if (!c) return AF_ENOMEM;
    *c = (af_child){.in = -1, .out = -1};
    *out = c;
    return AF_OK;
}

/* In the child: from here on only calls that are safe after a fork. */
static void become(char *const *argv, const int in[2], const int out[2], const int report[2],
                   bool in_group, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < NSIG; s++)
        if (s != SIGKILL && s != SIGSTOP) signal(s, SIG_DFL);
    if (!in_group) setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
#ifdef CLOSE_RANGE_CLOEXEC /* files that a library has open are not its business */
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
#endif
    if (dup2(in[0], 0) >= 0 && dup2(out[1], 1) >= 0) execvp(argv[0], argv);
    int error = errno;
    ssize_t ignored = write(report[1], &error, sizeof error);
    (void)ignored;
    _exit(127);
}

static void close_pair(int p[2])
{
    for (int i = 0; i < 2; i++)
        if (p[i] >= 0) close(p[i]);
}

/* A pipe whose ends are none of 0, 1 and 2, also where those are closed: dup2 onto itself would not
 * survive the exec. */
static bool make_pipe(int p[2])
{
    if (pipe2(p, O_CLOEXEC)) return false;
    for (int i = 0; i < 2; i++) {
        if (p[i] > 2) continue;
        int higher = fcntl(p[i], F_DUPFD_CLOEXEC, 3);
        if (higher < 0) return false;
        close(p[i]);
        p[i] = higher;
    }
    return true;
}

/* The exec's error comes through a pipe that a successful exec closes. */
static af_status start(af_child *c, char *const *argv, int in[2], int out[2], int report[2])
{
    if (!make_pipe(in) || !make_pipe(out) || !make_pipe(report))
        return af_file_fail(argv[0], "no pipe for it");
    pid_t parent = getpid();
    c->pid = fork();
    if (c->pid == 0) become(argv, in, out, report, c->in_group, parent);
    if (c->pid < 0) {
        c->pid = 0;
        return af_file_fail(argv[0], "cannot start");
    }
    if (!c->in_group) setpgid(c->pid, c->pid);
    close(report[1]);
    report[1] = -1;
    int error = 0;
    ssize_t n;
    do n = read(report[0], &error, sizeof error);
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof error) {
        waitpid(c->pid, NULL, 0);
        c->pid = 0;
        errno = error;
        return af_file_fail(argv[0], "cannot start");
    }
    c->in = in[1];
    c->out = out[0];
    in[1] = out[0] = -1;
    return fcntl(c->in, F_SETFL, O_NONBLOCK) || fcntl(c->out, F_SETFL, O_NONBLOCK)
               ? af_file_fail(argv[0], "cannot set up its pipes")
               : AF_OK;
}

af_status af_child_start(af_child **out, char *const *argv, bool in_group)
{
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    af_child *c;
    AF_TRY(child_new(&c));
    c->in_group = in_group;
    signal(SIGPIPE, SIG_IGN);
    af_status st = start(c, argv, pipes[0], pipes[1], pipes[2]);
    for (int i = 0; i < 3; i++) close_pair(pipes[i]);
    if (st == AF_OK)
        *out = c;
    else
        af_child_stop(c, 0, NULL);
    return st;
}

af_status af_child_ourselves(af_child **out)
{
    af_child *c;
    AF_TRY(child_new(&c));
    signal(SIGPIPE, SIG_IGN);
    c->in = dup(1);
    c->out = dup(0);
    if (c->in >= 0 && c->out >= 0) {
        *out = c;
        return AF_OK;
    }
    af_status st = af_file_fail("standard input and output", "cannot use them");
    af_child_stop(c, 0, NULL);
    return st;
}

/* ---- lines ---- */

/* 1: ready; 0: the time is over; -1: errno. `stop` is asked every tenth of a second, since a signal
 * may be delivered to another thread. */
static int wait_for(int fd, short events, double until, bool (*stop)(void))
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = events};
        double left = until < 0 ? HUGE_VAL : fmax(0, until - af_clock());
        double slice = fmin(left, stop ? 0.1 : 1000);
        if (stop && stop()) return 1; /* the caller asks it as well */
        int ready = poll(&p, 1, (int)ceil(slice * 1000));
        if (ready < 0 && errno == EINTR) continue;
        if (ready || slice >= left) return ready;
    }
}

static af_status stopped(void)
{
    return af_fail(AF_EINTERRUPTED, "stopped by a signal");
}

af_status af_child_write(af_child *c, const char *text, size_t size, double seconds,
                         bool (*stop)(void))
{
    double until = seconds < 0 ? -1 : af_clock() + seconds;
    for (size_t done = 0; done < size;) {
        int ready = wait_for(c->in, POLLOUT, until, stop);
        if (stop && stop()) return stopped();
        if (ready == 0)
            return af_fail(AF_EIO, "it did not read what was sent to it within %g s", seconds);
        /* our own output may be one that blocks: never more than a pipe that is ready takes */
        size_t most = c->pid || size - done < PIPE_BUF ? size - done : PIPE_BUF;
        ssize_t n = ready < 0 ? -1 : write(c->in, text + done, most);
        if (n < 0 && errno == EPIPE) return af_fail(AF_EIO, "it does not read any more");
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return af_fail(AF_EIO, "cannot write to it: %s", strerror(errno));
        if (n > 0) done += (size_t)n;
    }
    return AF_OK;
}

static char *find_newline(af_child *c)
{
    char *nl = memchr(c->buffer + c->start + c->seen, '\n', c->end - c->start - c->seen);
    c->seen = c->end - c->start;
    return nl;
}

bool af_child_has_line(const af_child *c)
{
    return c->eof || (c->end > c->start && memchr(c->buffer + c->start, '\n', c->end - c->start));
}

static af_status too_long(void)
{
    return af_fail(AF_EFORMAT, "a line of more than %d bytes", AF_CHILD_LINE);
}

/* Room for at least one more byte and a NUL. */
static af_status make_room(af_child *c)
{
    if (c->start) {
        memmove(c->buffer, c->buffer + c->start, c->end - c->start);
        c->end -= c->start;
        c->start = 0;
    }
    if (c->end > AF_CHILD_LINE) return too_long();
    if (c->end + 1 < c->room) return AF_OK;
    size_t room = c->room ? 2 * c->room : 4096;
    char *more = af_realloc(c->buffer, room);
    if (!more) return AF_ENOMEM;
    c->buffer = more;
    c->room = room;
    return AF_OK;
}

/* Once the output is closed: what is left without a newline is a line. */
static void last_line(af_child *c, char **line, size_t *length)
{
    *line = c->end > c->start ? c->buffer + c->start : NULL;
    if (*line) c->buffer[c->end] = '\0';
    if (length) *length = c->end - c->start;
    c->start = c->end;
}

af_status af_child_read(af_child *c, char **line, size_t *length, double seconds,
                        bool (*stop)(void))
{
    double until = seconds < 0 ? -1 : af_clock() + seconds;
    for (;;) {
        char *nl = c->end > c->start ? find_newline(c) : NULL;
        if (nl) {
            *line = c->buffer + c->start;
            if (nl - *line > AF_CHILD_LINE) return too_long();
            *nl = '\0';
            if (length) *length = (size_t)(nl - *line);
            c->start = (size_t)(nl + 1 - c->buffer);
            c->seen = 0;
            return AF_OK;
        }
        if (c->eof) {
            last_line(c, line, length);
            return AF_OK;
        }
        AF_TRY(make_room(c));
        int ready = wait_for(c->out, POLLIN, until, stop);
        if (stop && stop()) return stopped();
        if (ready == 0) return af_fail(AF_EIO, "no answer within %g s", seconds);
        ssize_t n = ready < 0 ? -1 : read(c->out, c->buffer + c->end, c->room - c->end - 1);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return af_fail(AF_EIO, "cannot read from it: %s", strerror(errno));
        c->eof = n == 0;
        if (n > 0) c->end += (size_t)n;
    }
}

bool af_child_deaf(const af_child *c, double seconds)
{
    struct pollfd p = {.fd = c->in};
    return poll(&p, 1, (int)(1000 * seconds)) > 0 && (p.revents & (POLLERR | POLLHUP));
}

int af_child_fd(const af_child *c)
{
    return c->out;
}

int af_child_pid(const af_child *c)
{
    return c->pid;
}

/* ---- the end ---- */

static void say_how(char how[64], int status)
{
    if (!how) return;
    if (WIFSIGNALED(status))
        snprintf(how, 64, "signal %d (%.40s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(how, 64, "exit code %d", WEXITSTATUS(status));
}

/* Waits without collecting: until it is collected, its group's number stays its own. */
static bool ended(pid_t pid, double grace)
{
    const struct timespec nap = {0, 2000000};
    double until = af_clock() + grace;
    for (;;) {
        siginfo_t info = {0};
        if (!waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid == pid)
            return true;
        if (af_clock() >= until) return false;
        nanosleep(&nap, NULL);
    }
}

void af_child_stop(af_child *c, double grace, char how[64])
{
    int status = 0;
    if (!c) return;
    if (c->in >= 0) close(c->in);
    if (c->out >= 0) close(c->out);
    if (how) how[0] = '\0';
    if (c->pid > 0) {
        ended(c->pid, grace);
        /* its own children, which may have outlived it, go too */
        kill(c->in_group ? c->pid : -c->pid, SIGKILL);
        while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) {}
        say_how(how, status);
    }
    af_free(c->buffer);
    af_free(c);
}
