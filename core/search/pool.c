/* See pool.h. One thread waits for all workers with poll. A signal that asks the run to stop
 * reaches a worker from the terminal or is passed on; its training then writes a checkpoint at the
 * end of its epoch, and every worker is waited for. */
#include "core/search/pool.h"
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include "core/base/alloc.h"
#include "core/base/child.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "core/search/record.h"
#include "core/search/run.h"

enum { ATTEMPTS = 3, MAX_JOBS = 1024, POLL_MS = 500, STOP_SECONDS = 30, PIPE_SECONDS = 60 };

typedef struct slot {
    af_child *child; /* NULL: not running */
    bool busy, told_to_stop;
    int attempts; /* workers that this trial took down */
    af_trial trial;
} slot;

struct af_pool {
    af_pool_options o;
    slot *slots;
    struct pollfd *polls;
    int busy;
};

/* ---- processes ---- */

static void stop(slot *s, double grace, char how[64])
{
    af_child_stop(s->child, grace, how);
    s->child = NULL;
}

/* AF_EIO: it died; anything else is its refusal. */
static af_status shake_hands(const af_pool *p, slot *s)
{
    json_t *answer;
    AF_TRY(af_child_send(s->child, json_incref(p->o.open), PIPE_SECONDS, NULL));
    AF_TRY(af_child_receive(&answer, s->child, -1, af_stop_requested));
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

static af_status ensure(const af_pool *p, slot *s)
{
    char name[] = "worker";
    if (s->child) return AF_OK;
    char *program = af_strdup(p->o.program);
    if (!program) return AF_ENOMEM;
    af_status st = af_child_start(&s->child, (char *const[]){program, name, NULL}, true);
    af_free(program);
    AF_TRY(st);
    return shake_hands(p, s);
}

/* To the slot's worker, or to a new one where that is dead. */
static af_status send_trial(const af_pool *p, slot *s)
{
    for (;;) {
        af_status st = ensure(p, s);
        if (st == AF_OK)
            st = af_child_send(s->child, af_run_message(p->o.space, &s->trial), PIPE_SECONDS, NULL);
        if (st != AF_EIO) return st;
        stop(s, 0, NULL);
        if (++s->attempts >= ATTEMPTS) return st;
    }
}

/* The worker is gone: the trial once more, in a new one. */
static af_status again(af_pool *p, slot *s)
{
    char how[64];
    stop(s, 0, how);
    if (af_stop_requested()) {
        s->busy = false;
        p->busy--;
        return AF_OK;
    }
    if (++s->attempts < ATTEMPTS) {
        af_log(AF_LOG_WARN, "the worker of trial %" PRId64 " ended (%s); another one takes over",
               s->trial.number, how);
        return send_trial(p, s);
    }
    return af_fail(AF_EIO,
                   "%d workers ended with it, the last one with %s; if memory is short, use fewer "
                   "--jobs; --resume continues",
                   ATTEMPTS, how);
}

static af_status start(void *self, const af_trial *t)
{
    af_pool *p = self;
    slot *s = p->slots;
    while (s->busy) s++;
    *s = (slot){.child = s->child, .trial = *t};
    AF_TRY(send_trial(p, s));
    s->busy = true;
    p->busy++;
    return AF_OK;
}

/* ---- waiting ---- */

static void pass_stop_on(af_pool *p)
{
    for (int i = 0; i < p->o.jobs; i++) {
        slot *s = &p->slots[i];
        if (!s->busy || s->told_to_stop || !s->child) continue;
        kill(af_child_pid(s->child), SIGTERM);
        s->told_to_stop = true;
    }
}

/* A busy worker that has said something, or NULL after a while. */
static slot *wait_for_any(af_pool *p)
{
    for (int i = 0; i < p->o.jobs; i++) {
        slot *s = &p->slots[i];
        p->polls[i] = (struct pollfd){.fd = s->busy ? af_child_fd(s->child) : -1, .events = POLLIN};
        if (s->busy && af_child_has_line(s->child)) return s;
    }
    if (poll(p->polls, (nfds_t)p->o.jobs, POLL_MS) <= 0) return NULL;
    for (int i = 0; i < p->o.jobs; i++)
        if (p->polls[i].revents) return &p->slots[i];
    return NULL;
}

static af_status read_failure(const json_t *m)
{
    int64_t kind;
    const char *text;
    AF_TRY(af_json_int(&kind, m, "status"));
    AF_TRY(af_json_str(&text, m, "message"));
    if (kind < AF_EINTERNAL || kind >= AF_OK)
        return af_fail(AF_EFORMAT, "a worker reports status %" PRId64, kind);
    return af_fail((af_status)kind, "%s", text);
}

static af_status read_answer(const slot *s, const json_t *m, af_outcome *out)
{
    int64_t number;
    AF_TRY(af_json_int(&number, m, "number"));
    if (number != s->trial.number)
        return af_fail(AF_EFORMAT, "a worker answers for trial %" PRId64, number);
    return json_object_get(m, "message") ? read_failure(m) : af_outcome_read(out, m);
}

/* One that was interrupted leaves a checkpoint and no outcome; *number stays -1. */
static af_status take_answer(af_pool *p, slot *s, int64_t *number, af_outcome *out)
{
    json_t *m;
    af_status said = af_child_receive(&m, s->child, -1, NULL);
    if (said != AF_OK) return af_prefix(said, "its worker");
    if (!m) return again(p, s);
    af_status st = read_answer(s, m, out);
    json_decref(m);
    bool stopped = st == AF_EINTERRUPTED;
    if (stopped && !af_stop_requested()) return again(p, s); /* somebody stopped it alone */
    s->busy = false;
    p->busy--;
    if (!stopped) *number = s->trial.number;
    return stopped ? AF_OK : st;
}

static af_status finish(void *self, int64_t *number, af_outcome *out)
{
    af_pool *p = self;
    *number = -1;
    while (p->busy > 0) {
        if (af_stop_requested()) pass_stop_on(p);
        slot *s = wait_for_any(p);
        if (!s) continue;
        af_status st = take_answer(p, s, number, out);
        if (st != AF_OK) *number = s->trial.number;
        if (st != AF_OK || *number >= 0) return st;
    }
    return af_fail(AF_EINTERRUPTED, "stopped by a signal; --resume continues");
}

/* ---- the whole ---- */

af_status af_pool_new(af_pool **out, const af_pool_options *o)
{
    if (o->jobs < 1 || o->jobs > MAX_JOBS)
        return af_fail(AF_EUSAGE, "%d jobs, want 1 to %d", o->jobs, MAX_JOBS);
    af_pool *p = af_calloc(1, sizeof *p);
    if (!p) return AF_ENOMEM;
    p->o = *o;
    json_incref(p->o.open);
    json_incref(p->o.ready);
    p->slots = af_calloc((size_t)o->jobs, sizeof *p->slots);
    p->polls = af_calloc((size_t)o->jobs, sizeof *p->polls);
    *out = p;
    if (p->slots && p->polls) return AF_OK;
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
    if (p->slots && af_stop_requested()) pass_stop_on(p);
    for (int i = 0; p->slots && i < p->o.jobs; i++)
        stop(&p->slots[i], af_stop_requested() && p->slots[i].busy ? STOP_SECONDS : 0, NULL);
    json_decref(p->o.open);
    json_decref(p->o.ready);
    af_free(p->slots);
    af_free(p->polls);
    af_free(p);
}
