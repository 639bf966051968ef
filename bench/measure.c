/* Times whole training steps (forward, loss, backward, update) with a backend, usually the best.
 * The child process sends its result, or the message of its failure, through a pipe; the kernel's
 * account of the child (wait4) gives the peak of its resident memory. The parent never makes a
 * plan, so that what the child inherits is small.
 */
#include "bench/measure.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/plan/plan.h"
#include "core/registry.h"

/* MIN_STEPS are made unless they take PATIENCE times the seconds that a row may take. */
enum { MIN_STEPS = 5, PATIENCE = 10, MAX_STEPS = 10000, MESSAGE = 512 };
/* As in training, a device is not waited for after every step. */
enum { TOGETHER = 10 };

const af_bench_precision af_bench_precisions[] = {
    {"fp32", AF_FULL_PRECISION, false},
    {"bf16", AF_BF16_PRECISION, false},
    {"tf32", AF_TF32_PRECISION, true},
    {NULL, AF_FULL_PRECISION, false},
};

/* ---- in the child ---- */

typedef struct batch {
    float *x;
    void *y;
} batch;

static af_status make_batch(batch *b, const af_graph *g, const af_bench_case *c)
{
    af_shape in = af_graph_shape(g, af_graph_input(g)), out = af_graph_shape(g, af_graph_output(g));
    int64_t x_size = c->batch * af_shape_size(in), y_size = c->batch * af_shape_size(out);
    b->x = af_alloc((size_t)x_size * sizeof *b->x);
    b->y = af_alloc((size_t)y_size * sizeof(float)); /* at least an int32 a sample */
    if (!b->x || !b->y) return AF_ENOMEM;
    for (int64_t i = 0; i < x_size; i++) b->x[i] = (float)sin(0.37 * (double)i * (double)i);
    if (c->network->loss->target == AF_TARGET_CLASS)
        for (int i = 0; i < c->batch; i++) ((int32_t *)b->y)[i] = i % out.c;
    else
        for (int64_t i = 0; i < y_size; i++) ((float *)b->y)[i] = (float)sin((double)i);
    return AF_OK;
}

/* Of supernets: five operations of equal weight, as at the start of a search. */
static af_status set_coefficients(af_plan *plan)
{
    int count = af_plan_coefficients(plan);
    if (count == 0) return AF_OK;
    double *c = af_alloc((size_t)count * sizeof *c);
    if (!c) return AF_ENOMEM;
    for (int i = 0; i < count; i++) c[i] = 0.2;
    af_plan_set_coefficients(plan, c);
    af_free(c);
    return AF_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static af_status take_steps(af_plan *plan, const batch *b, int first, int count)
{
    af_update u = af_update_default();
    double sum;
    u.lr = 1e-3;
    for (int i = 0; i < count; i++) {
        af_position at = {.step = (uint32_t)(first + i)};
        AF_TRY(af_plan_step(plan, b->x, b->y, &u, at, NULL));
    }
    return af_plan_losses(plan, &sum);
}

/* The first steps are not counted: caches warm up, pages arrive, a device records its work. */
static af_status time_steps(af_bench_result *out, af_plan *plan, const batch *b, double budget,
                            int together)
{
    static double seconds[MAX_STEPS];
    AF_TRY(take_steps(plan, b, 0, together));
    double begin = af_clock(), start = begin;
    int steps = 0;
    while (steps == 0 || (steps < MAX_STEPS &&
                          start < begin + (steps < MIN_STEPS ? PATIENCE * budget : budget))) {
        start = af_clock();
        AF_TRY(take_steps(plan, b, (steps + 1) * together, together));
        double now = af_clock();
        seconds[steps++] = (now - start) / together;
        start = now;
    }
    qsort(seconds, (size_t)steps, sizeof *seconds, ascending);
    out->least = seconds[0];
    out->median = seconds[steps / 2];
    return AF_OK;
}

static af_status choose(const af_backend **out, const af_bench_case *c)
{
    char text[256];
    if (!c->backend) {
        AF_TRY(af_backend_at(out, c->place));
    } else if (!(*out = af_find_backend(c->backend))) {
        return af_fail(AF_EUSAGE,
                       "no backend '%s' in this build; `afield list backends` tells what there is",
                       c->backend);
    }
    AF_TRY((*out)->probe(text, sizeof text));
    if (af_precision_offered(*out, c->precision->precision)) return AF_OK;
    return af_fail(AF_EUSAGE, "backend %s has no precision %s", (*out)->name, c->precision->name);
}

static af_status make_plan(af_plan **out, const af_bench_case *c, const af_backend *backend,
                           const af_graph *g)
{
    af_plan_options o = af_plan_options_default();
    o.batch = c->batch;
    o.loss = c->network->loss;
    o.train = true;
    o.threads = c->threads;
    o.precision = c->precision->precision;
    AF_TRY(af_plan_new(out, g, backend, &o));
    af_plan_init(*out, 1, 1);
    return set_coefficients(*out);
}

/* ---- several networks side by side ---- */

enum { MAX_GANG = 64 };

typedef struct gang {
    pthread_barrier_t ready;
    const batch *b;
    int together;
    double budget;
} gang;

typedef struct member {
    gang *gang;
    pthread_t thread;
    af_plan *plan;
    af_status st;
    char message[MESSAGE];
    int steps;
    double began, ended;
} member;

static af_status train_beside(member *m)
{
    const gang *g = m->gang;
    m->began = m->ended = af_clock();
    while (m->ended < m->began + g->budget) {
        AF_TRY(take_steps(m->plan, g->b, m->steps, g->together));
        m->steps += g->together;
        m->ended = af_clock();
    }
    return AF_OK;
}

static void *run_member(void *arg)
{
    member *m = arg;
    m->st = take_steps(m->plan, m->gang->b, 0, m->gang->together);
    pthread_barrier_wait(&m->gang->ready);
    if (m->st == AF_OK) m->st = train_beside(m);
    if (m->st != AF_OK) snprintf(m->message, sizeof m->message, "%s", af_error());
    return NULL;
}

/* All begin together; each stops at the first step beyond the budget. */
static af_status time_gang(af_bench_result *out, member *m, int count, gang *g)
{
    double began = INFINITY, ended = 0;
    int steps = 0, started = 0;
    pthread_barrier_init(&g->ready, NULL, (unsigned)count);
    for (; started < count; started++) {
        m[started].gang = g;
        if (pthread_create(&m[started].thread, NULL, run_member, &m[started]) != 0) abort();
    }
    for (int i = 0; i < count; i++) pthread_join(m[i].thread, NULL);
    pthread_barrier_destroy(&g->ready);
    for (int i = 0; i < count; i++) {
        if (m[i].st != AF_OK) return af_fail(m[i].st, "%s", m[i].message);
        began = fmin(began, m[i].began);
        ended = fmax(ended, m[i].ended);
        steps += m[i].steps;
    }
    out->least = out->median = (ended - began) / steps;
    return AF_OK;
}

static af_status measure(af_bench_result *out, const af_bench_case *c)
{
    static member m[MAX_GANG];
    const af_backend *backend;
    batch b = {0};
    AF_TRY(choose(&backend, c));
    af_graph *g = af_graph_new();
    if (!g) return AF_ENOMEM;
    int together = backend->device ? TOGETHER : 1;
    af_status st;
    c->network->build(g);
    AF_GOTO(st, done, af_graph_status(g));
    AF_GOTO(st, done, make_batch(&b, g, c));
    for (int i = 0; i < c->gang; i++) AF_GOTO(st, done, make_plan(&m[i].plan, c, backend, g));
    gang all = {.b = &b, .together = together, .budget = c->seconds};
    if (c->gang > 1)
        AF_GOTO(st, done, time_gang(out, m, c->gang, &all));
    else
        AF_GOTO(st, done, time_steps(out, m[0].plan, &b, c->seconds, together));
    const af_cost *cost = af_plan_cost(m[0].plan);
    out->threads = af_plan_describe(m[0].plan).threads;
    out->flops = (cost->forward + cost->backward) * c->batch;
    snprintf(out->backend, sizeof out->backend, "%s", backend->name);
done:
    for (int i = 0; i < c->gang; i++) af_plan_free(m[i].plan);
    af_free(b.x);
    af_free(b.y);
    af_graph_free(g);
    return st;
}

/* ---- between the processes ---- */

typedef struct report {
    af_status st;
    char message[MESSAGE];
    af_bench_result result;
} report;

static void child(int to, const af_bench_case *c)
{
    report r = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would read the result */
    r.st = measure(&r.result, c);
    snprintf(r.message, sizeof r.message, "%s", r.st == AF_OK ? "" : af_error());
    ssize_t sent = write(to, &r, sizeof r); /* smaller than PIPE_BUF: whole or not at all */
    _exit(sent == (ssize_t)sizeof r ? 0 : 1);
}

/* AF_OK when the child sent a report and ended well. */
static af_status receive(report *r, int from, pid_t pid, double *peak_bytes)
{
    int status;
    struct rusage usage;
    size_t got = 0;
    ssize_t n;
    while (got < sizeof *r && (n = read(from, (char *)r + got, sizeof *r - got)) != 0) {
        if (n > 0)
            got += (size_t)n;
        else if (errno != EINTR)
            break;
    }
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR) return af_fail(AF_EIO, "waiting for the timing: %s", strerror(errno));
    *peak_bytes = (double)usage.ru_maxrss * 1024;
    if (WIFSIGNALED(status))
        return af_fail(AF_EIO, "the timing's process was ended by signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    if (got < sizeof *r)
        return af_fail(AF_EINTERNAL, "the timing's process sent %zu of %zu bytes", got, sizeof *r);
    return AF_OK;
}

af_status af_bench_run(af_bench_result *out, const af_bench_case *c)
{
    int ends[2];
    report r;
    if (pipe(ends) != 0) return af_fail(AF_EIO, "a pipe for the timing: %s", strerror(errno));
    fflush(NULL); /* or the child would own a copy of what is not yet written */
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return af_fail(AF_EIO, "a process for the timing: %s", strerror(errno));
    }
    if (pid == 0) child(ends[1], c);
    close(ends[1]);
    double peak;
    af_status st = receive(&r, ends[0], pid, &peak);
    close(ends[0]);
    if (st != AF_OK) return af_prefix(st, "%s", c->network->name);
    if (r.st != AF_OK) return af_fail(r.st, "%s: %s", c->network->name, r.message);
    *out = r.result;
    out->peak_bytes = peak;
    return AF_OK;
}
