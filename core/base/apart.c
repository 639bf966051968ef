/* A child by fork, without exec: it sees all that this process has, and ends without running
 * anything that belongs to this process. */
#include "core/base/apart.h"
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"

/* Seconds of processor time: of any file, and the bytes of it that add one; and how long after the
 * signal that says so the child is killed. */
enum { PATIENCE = 300, BYTES_A_SECOND = 1 << 20, GRACE = 10 };

typedef struct report {
    bool done; /* else the child did not get that far */
    af_status status;
    char text[8192];
} report;

void *af_apart_alloc(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p != MAP_FAILED) return p;
    af_status st = af_fail(AF_ENOMEM, "out of memory: cannot share %zu bytes; free memory", size);
    (void)st;
    return NULL;
}

void af_apart_free(void *p, size_t size)
{
    if (p) munmap(p, size);
}

/* In the child. The sanitizer reserves terabytes of addresses, so there is nothing to limit. */
static void limit_memory(size_t most)
{
#ifdef AF_ASAN
    (void)most;
#else
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f) return;
    const bool known = fscanf(f, "%lu", &pages) == 1;
    fclose(f);
    const rlim_t now = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
    struct rlimit limit;
    if (!known || most > RLIM_INFINITY - now || getrlimit(RLIMIT_AS, &limit) != 0) return;
    if (limit.rlim_max != RLIM_INFINITY && now + most > limit.rlim_max) return;
    limit.rlim_cur = now + most;
    setrlimit(RLIMIT_AS, &limit);
#endif
}

/* In the child. A lower limit that was set before stays. */
static void limit_time(unsigned long seconds)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CPU, &limit) != 0) return;
    if (seconds < limit.rlim_cur) limit.rlim_cur = seconds;
    if (seconds + GRACE < limit.rlim_max) limit.rlim_max = seconds + GRACE;
    setrlimit(RLIMIT_CPU, &limit);
}

/* A crash kills it quietly: no handler of this process runs, no core is dumped. */
static void be_child(report *r, pid_t parent, size_t most, unsigned long seconds,
                     af_status (*work)(void *), void *payload)
{
    const struct rlimit none = {0, 0};
    for (int s = 1; s < NSIG; s++)
        if (s != SIGKILL && s != SIGSTOP) signal(s, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    setrlimit(RLIMIT_CORE, &none);
    limit_memory(most);
    limit_time(seconds);
    r->status = work(payload);
    snprintf(r->text, sizeof r->text, "%s", r->status == AF_OK ? "" : af_error());
    r->done = true;
    _exit(0);
}

static af_status judge(const report *r, const char *path, int status)
{
    const int by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (by == SIGINT || by == SIGTERM || by == SIGHUP)
        return af_fail(AF_EINTERRUPTED, "%s: stopped by a signal while it was read", path);
    if (by == SIGXCPU)
        return af_fail(AF_EFORMAT,
                       "%s: damaged: the library that reads it did not end, its processor time is "
                       "used up; get it again",
                       path);
    if (by == SIGKILL)
        return af_fail(AF_ENOMEM,
                       "%s: reading it was killed, as happens when memory runs out; free memory",
                       path);
    if (!r->done)
        return af_fail(AF_EFORMAT,
                       "%s: damaged: the library that reads it crashed (%s %d); get it again", path,
                       by ? "signal" : "exit", by ? by : WEXITSTATUS(status));
    return r->status == AF_OK ? AF_OK : af_fail(r->status, "%s", r->text);
}

af_status af_apart_within(const char *path, size_t most, unsigned long seconds,
                          af_status (*work)(void *payload), void *payload)
{
    int status = 0;
    report *r = af_apart_alloc(sizeof *r);
    if (!r) return AF_ENOMEM;
    const pid_t parent = getpid(), child = fork();
    if (!child) be_child(r, parent, most, seconds, work, payload);
    pid_t ended = child;
    while (child > 0 && (ended = waitpid(child, &status, 0)) < 0 && errno == EINTR) {}
    af_status st = ended < 0 ? af_fail(AF_EIO, "%s: cannot start a process to read it: %s", path,
                                       strerror(errno))
                             : judge(r, path, status);
    af_apart_free(r, sizeof *r);
    return st;
}

af_status af_apart(const char *path, size_t most, af_status (*work)(void *payload), void *payload)
{
    struct stat info;
    const off_t bytes = stat(path, &info) ? 0 : info.st_size;
    const unsigned long seconds = PATIENCE + (unsigned long)bytes / BYTES_A_SECOND;
    return af_apart_within(path, most, seconds, work, payload);
}
