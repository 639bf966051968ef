/* See pool.h. One thread waits for all workers with poll. A signal that asks the run to stop
 * reaches a worker from the terminal or is passed on; its trainings then write checkpoints at the
 * end of their epochs, and every worker is waited for. */
#include "core/search/pool.h"
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include "core/base/alloc.h"
#include "core/base/child.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "core/search/run.h"

enum { ATTEMPTS = 3, MAX_JOBS = 1024, POLL_MS = 500, STOP_SECONDS = 30, PIPE_SECONDS = 60 };

typedef struct worker {
    af_child *child; /* NULL: not running */
    bool told_to_stop;
} worker;

/* For one trial. Those of worker i are i, i + workers, ...: trials are spread evenly. */
typedef struct slot {
    bool busy, sent;
    int attempts; /* workers that this trial took down, perhaps with others */
    af_trial trial;
} slot;

struct af_pool {
    af_pool_options o;
    int workers, busy; /* slots */
    worker *worker;
    slot *slots;
    struct pollfd *polls;
};

static worker *owner(const af_pool *p, const slot *s)
{
    return &p->worker[(s - p->slots) % p->workers];
}

/* The worker's busy slot after `s`, or its first one (NULL); NULL: there is none. */
static slot *next_busy(const af_pool *p, const worker *w, slot *s)
{
    s = s ? s + p->workers : p->slots + (w - p->worker);
    while (s < p->slots + p->o.jobs && !s->busy) s += p->workers;
    return s < p->slots + p->o.jobs ? s : NULL;
}

static void release(af_pool *p, slot *s)
{
    if (s->busy) p->busy--;
    s->busy = false;
}

static void release_all(af_pool *p, const worker *w)
{
    for (slot *s = NULL; (s = next_busy(p, w, s));) release(p, s);
}

/* ---- processes ---- */

static void stop(worker *w, double grace, char how[64])
{
    af_child_stop(w->child, grace, how);
    *w = (worker){0};
}

/* AF_EIO: it died; anything else is its refusal. */
static af_status shake_hands(const af_pool *p, worker *w)
{
    json_t *answer;
    AF_TRY(af_child_send(w->child, json_incref(p->o.open), PIPE_SECONDS, NULL));
    AF_TRY(af_child_receive(&answer, w->child, -1, af_stop_requested));
    if (!answer) return af_fail(AF_EIO, "a worker ended before it was ready");
    const char *message = json_string_value(json_object_get(answer, "message"));
    af_status st = AF_OK;
    if (message)
        st = af_fail(AF_EINVAL, "a worker cannot begin: %s", message);
    else if (!json_equal(answer, p->o.ready))
        st = af_fail(AF_EINVAL, "a worker is of another version of the program or found other "
                                "data; was one of them replaced? --resume continues");
    json_decref(answer);
    return st;
}

static af_status ensure(const af_pool *p, worker *w)
{
    char name[] = "worker";
    if (w->child) return AF_OK;
    char *program = af_strdup(p->o.program);
    if (!program) return AF_ENOMEM;
    af_status st = af_child_start(&w->child, (char *const[]){program, name, NULL}, true);
    af_free(program);
    AF_TRY(st);
    return shake_hands(p, w);
}

static af_status send_new(const af_pool *p, worker *w)
{
    AF_TRY(ensure(p, w));
    for (slot *s = NULL; (s = next_busy(p, w, s));) {
        if (s->sent) continue;
        AF_TRY(af_child_send(w->child, af_run_message(p->o.space, &s->trial), PIPE_SECONDS, NULL));
        s->sent = true;
    }
    return AF_OK;
}

/* The worker is gone, and its trials are to be sent once more. Returns one that has taken down as
 * many as a trial may, or NULL. */
static const slot *bury(const af_pool *p, worker *w, char how[64])
{
    const slot *bad = NULL;
    stop(w, 0, how);
    for (slot *s = NULL; (s = next_busy(p, w, s));) {
        s->sent = false;
        if (++s->attempts >= ATTEMPTS && !bad) bad = s;
    }
    return bad;
}

/* What has not been sent yet: to the worker, or to a new one where that is dead. *number: the trial
 * that took too many down. A signal leaves the worker without trials. */
static af_status send_trials(af_pool *p, worker *w, int64_t *number)
{
    for (;;) {
        af_status st = send_new(p, w);
        if (st == AF_EINTERRUPTED) {
            stop(w, 0, NULL);
            release_all(p, w);
        }
        if (st != AF_EIO) return st;
        const slot *bad = bury(p, w, NULL);
        if (!bad) continue;
        *number = bad->trial.number;
        return st;
    }
}

/* The worker is gone: its trials once more, in a new one. */
static af_status again(af_pool *p, worker *w, int64_t *number)
{
    char how[64];
    const slot *bad = bury(p, w, how);
    slot *first = next_busy(p, w, NULL);
    if (af_stop_requested()) {
        release_all(p, w);
        return AF_OK;
    }
    if (!bad) {
        af_log(AF_LOG_WARN, "the worker of trial %" PRId64 "%s ended (%s); another one takes over",
               first->trial.number, next_busy(p, w, first) ? " and others" : "", how);
        af_status st = send_trials(p, w, number);
        return st == AF_EINTERRUPTED ? AF_OK : st;
    }
    *number = bad->trial.number;
    return af_fail(AF_EIO,
                   "%d workers ended with it, the last one with %s; if memory is short, use fewer "
                   "--jobs; --resume continues",
                   ATTEMPTS, how);
}

static af_status start(void *self, const af_trial *t)
{
    af_pool *p = self;
    slot *s = p->slots;
    int64_t bad;
    while (s->busy) s++;
    *s = (slot){.busy = true, .trial = *t};
    p->busy++;
    af_status st = send_trials(p, owner(p, s), &bad);
    if (st != AF_OK) release(p, s);
    return st;
}

/* ---- waiting ---- */

static void pass_stop_on(af_pool *p)
{
    for (worker *w = p->worker; w < p->worker + p->workers; w++) {
        if (w->told_to_stop || !w->child || !next_busy(p, w, NULL)) continue;
        kill(af_child_pid(w->child), SIGTERM);
        w->told_to_stop = true;
    }
}

/* A busy worker that has said something, or NULL after a while. */
static worker *wait_for_any(af_pool *p)
{
    for (int i = 0; i < p->workers; i++) {
        worker *w = &p->worker[i];
        bool busy = next_busy(p, w, NULL);
        p->polls[i] = (struct pollfd){.fd = busy ? af_child_fd(w->child) : -1, .events = POLLIN};
        if (busy && af_child_has_line(w->child)) return w;
    }
    if (poll(p->polls, (nfds_t)p->workers, POLL_MS) <= 0) return NULL;
    for (int i = 0; i < p->workers; i++)
        if (p->polls[i].revents) return &p->worker[i];
    return NULL;
}

static slot *find_trial(const af_pool *p, const worker *w, int64_t number)
{
    slot *s = next_busy(p, w, NULL);
    while (s && s->trial.number != number) s = next_busy(p, w, s);
    return s;
}

/* One that was interrupted leaves a checkpoint and no outcome; *number stays -1. */
static af_status take_answer(af_pool *p, worker *w, int64_t *number, af_outcome *out)
{
    json_t *m;
    int64_t of;
    af_status said = af_child_receive(&m, w->child, -1, NULL);
    if (said != AF_OK) return af_prefix(said, "a worker");
    if (!m) return again(p, w, number);
    af_status st = af_answer_read(&of, out, m);
    json_decref(m);
    if (of < 0 && st != AF_OK) return af_prefix(st, "a worker");
    slot *s = find_trial(p, w, of);
    if (!s) return af_fail(AF_EFORMAT, "a worker answers for trial %" PRId64, of);
    bool stopped = st == AF_EINTERRUPTED;
    if (stopped && !af_stop_requested()) return again(p, w, number); /* somebody stopped it alone */
    release(p, s);
    if (!stopped) *number = of;
    return stopped ? AF_OK : st;
}

static af_status finish(void *self, int64_t *number, af_outcome *out)
{
    af_pool *p = self;
    *number = -1;
    while (p->busy > 0) {
        if (af_stop_requested()) pass_stop_on(p);
        worker *w = wait_for_any(p);
        if (!w) continue;
        af_status st = take_answer(p, w, number, out);
        if (st != AF_OK || *number >= 0) return st;
    }
    return af_fail(AF_EINTERRUPTED, "stopped by a signal; --resume continues");
}

/* ---- the whole ---- */

af_status af_pool_new(af_pool **out, const af_pool_options *o)
{
    if (o->jobs < 1 || o->jobs > MAX_JOBS || o->capacity < 1)
        return af_fail(AF_EUSAGE, "%d jobs, %d a process; want 1 to %d, and at least 1", o->jobs,
                       o->capacity, MAX_JOBS);
    af_pool *p = af_calloc(1, sizeof *p);
    if (!p) return AF_ENOMEM;
    p->o = *o;
    json_incref(p->o.open);
    json_incref(p->o.ready);
    p->workers = (o->jobs - 1) / o->capacity + 1;
    p->worker = af_calloc((size_t)p->workers, sizeof *p->worker);
    p->slots = af_calloc((size_t)o->jobs, sizeof *p->slots);
    p->polls = af_calloc((size_t)p->workers, sizeof *p->polls);
    *out = p;
    if (p->worker && p->slots && p->polls) return AF_OK;
    af_pool_free(p);
    return AF_ENOMEM;
}

af_workers af_pool_workers(af_pool *p)
{
    return (af_workers){.self = p, .slots = p->o.jobs, .start = start, .finish = finish};
}

void af_pool_free(af_pool *p)
{
    if (!p) return;
    /* busy ones remain only after a failure; a signal gives them time for a checkpoint */
    bool whole = p->worker && p->slots && p->polls, signalled = af_stop_requested();
    if (whole && signalled) pass_stop_on(p);
    for (worker *w = p->worker; whole && w < p->worker + p->workers; w++)
        stop(w, signalled && next_busy(p, w, NULL) ? STOP_SECONDS : 0, NULL);
    json_decref(p->o.open);
    json_decref(p->o.ready);
    af_free(p->worker);
    af_free(p->slots);
    af_free(p->polls);
    af_free(p);
}
