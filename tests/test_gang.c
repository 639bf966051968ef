/* Trials side by side in one process: outcomes are those of one after another, on every backend,
 * also beside one that diverges; and those for which memory is short wait for the others. Gangs in
 * worker processes are tested in test_jobs.c. */
#include "core/search/gang.h"
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "core/base/log.h"
#include "core/registry.h"
#include "core/search/stop.h"
#include "tests/aid/work.h"

enum { TRIALS = 12, MOST_CAPACITY = 5 };

/* ---- asking a gang, and hearing it ---- */

typedef struct heard {
    pthread_mutex_t lock;
    pthread_cond_t more;
    int under_way, count;
    af_status st[TRIALS];
    af_outcome outcome[TRIALS];
    char message[TRIALS][200];
    int times[TRIALS];
} heard;

static void hear(void *self, const af_trial *t, af_status st, const af_outcome *o)
{
    heard *h = self;
    pthread_mutex_lock(&h->lock);
    h->st[t->number] = st;
    h->outcome[t->number] = *o;
    if (st != AF_OK) snprintf(h->message[t->number], 200, "%s", af_error());
    h->times[t->number]++;
    h->under_way--;
    h->count++;
    pthread_cond_signal(&h->more);
    pthread_mutex_unlock(&h->lock);
}

/* All trials, `capacity` at once; the next one begins as soon as one is done. */
static void run_all(heard *h, const af_evaluator *e, int capacity, const af_trial *t, int count)
{
    af_gang *g;
    *h = (heard){.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};
    const af_gang_options o = {e, capacity, hear, h};
    assert_ok(af_gang_new(&g, &o));
    for (int i = 0; i < count; i++) {
        pthread_mutex_lock(&h->lock);
        while (h->under_way == capacity) pthread_cond_wait(&h->more, &h->lock);
        h->under_way++;
        pthread_mutex_unlock(&h->lock);
        assert_ok(af_gang_start(g, &t[i]));
    }
    af_gang_free(g);
    assert_int_equal(h->count, count);
    for (int i = 0; i < count; i++) assert_int_equal(h->times[i], 1);
}

/* ---- memory ---- */

/* Trials that want as much of the store as they have epochs. */
typedef struct store {
    pthread_mutex_t lock;
    int size, used, calls, refusals;
    bool until_signal; /* they go on until then */
} store;

enum { BROKEN = 100 }; /* epochs of one that fails otherwise */

static void work(const store *s)
{
    const struct timespec nap = {.tv_nsec = 2000000};
    do nanosleep(&nap, NULL);
    while (s->until_signal && !af_stop_requested());
}

static af_status take(void *self, const af_trial *t, af_outcome *out)
{
    store *s = self;
    int wants = t->proposal.epochs;
    pthread_mutex_lock(&s->lock);
    bool fits = s->used + wants <= s->size;
    s->calls++;
    s->refusals += !fits;
    s->used += fits ? wants : 0;
    pthread_mutex_unlock(&s->lock);
    if (wants == BROKEN) return af_fail(AF_EIO, "broken");
    if (!fits) return af_fail(AF_ENOMEM, "no room for %d", wants);
    work(s);
    pthread_mutex_lock(&s->lock);
    s->used -= wants;
    pthread_mutex_unlock(&s->lock);
    *out = (af_outcome){.error = wants};
    return s->until_signal ? af_fail(AF_EINTERRUPTED, "stopped") : AF_OK;
}

static void short_memory_is_waited_for(void **state)
{
    (void)state;
    static const int wants[TRIALS] = {4, 4, 3, 5, BROKEN, 1, 2, 9, 5, 5, 1, 4};
    af_trial t[TRIALS] = {{0}};
    for (int i = 0; i < TRIALS; i++)
        t[i] = (af_trial){.number = i, .proposal = {.epochs = wants[i]}};
    for (int capacity = 1; capacity <= MOST_CAPACITY; capacity++) {
        static heard h;
        store s = {.lock = PTHREAD_MUTEX_INITIALIZER, .size = 5};
        const af_evaluator e = {.self = &s, .run = take};
        run_all(&h, &e, capacity, t, TRIALS);
        for (int i = 0; i < TRIALS; i++) {
            af_status want = wants[i] == BROKEN ? AF_EIO : wants[i] > 5 ? AF_ENOMEM : AF_OK;
            assert_int_equal(h.st[i], want);
            if (want == AF_OK) assert_true(h.outcome[i].error == wants[i]);
        }
        assert_string_equal(h.message[4], "broken");
        assert_string_equal(h.message[7], "no room for 9");
        assert_int_equal(s.used, 0);
        assert_true(capacity == 1 ? s.calls == TRIALS : s.calls > TRIALS);
        assert_true(s.calls - s.refusals <= TRIALS); /* what was given room was not begun again */
        assert_true(s.calls <= TRIALS * TRIALS);     /* one attempt for each that finished */
    }
}

/* Two for one place: the second waits, and a signal ends its waiting. In a child: the signal stays.
 */
static int wait_until_signalled(void)
{
    static heard h;
    const struct timespec nap = {.tv_nsec = 50000000};
    store s = {.lock = PTHREAD_MUTEX_INITIALIZER, .size = 5, .until_signal = true};
    const af_evaluator e = {.self = &s, .run = take};
    const af_gang_options o = {&e, 2, hear, &h};
    const af_trial t[] = {{.number = 0, .proposal = {.epochs = 5}},
                          {.number = 1, .proposal = {.epochs = 4}},
                          {.number = 2, .proposal = {.epochs = 1}}};
    af_gang *g;
    h = (heard){.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};
    af_catch_signals();
    if (af_gang_new(&g, &o) != AF_OK) return 1;
    if (af_gang_start(g, &t[0]) != AF_OK) return 2;
    nanosleep(&nap, NULL);
    if (af_gang_start(g, &t[1]) != AF_OK) return 3;
    nanosleep(&nap, NULL);
    if (af_gang_start(g, &t[2]) != AF_EINVAL) return 4;
    kill(getpid(), SIGTERM);
    af_gang_free(g);
    if (h.count != 2 || h.st[0] != AF_EINTERRUPTED || h.st[1] != AF_EINTERRUPTED) return 5;
    return s.calls == 2 && s.used == 0 ? 0 : 6;
}

static void signals_end_the_waiting(void **state)
{
    int status;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(wait_until_signalled());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- trainings ---- */

enum { WILD = 1, NETWORKS = 3, EPOCHS = 1 };

typedef struct scene {
    af_workbench bench, wild; /* which diverges */
    af_evaluator calm_one, wild_one;
} scene;

static af_status train(void *self, const af_trial *t, af_outcome *out)
{
    const scene *s = self;
    const af_evaluator *e = t->number == WILD ? &s->wild_one : &s->calm_one;
    return e->run(e->self, t, out);
}

static void open_scene(scene *s, const af_dataset *d, const af_backend *b)
{
    const af_task *task = af_find_task("darcy");
    s->bench = (af_workbench){.task = task,
                              .metric = af_find_metric(task->metric),
                              .data = d,
                              .space = af_find_space("nb201"),
                              .backend = b,
                              .io = af_dataset_io(d),
                              .recipe = task->recipe[AF_TINY],
                              .seed = 11,
                              .threads = 2};
    s->bench.recipe.epochs = EPOCHS;
    s->wild = s->bench;
    s->wild.recipe.lr = 1e38;
    s->calm_one = af_evaluator_train(&s->bench, 0);
    s->wild_one = af_evaluator_train(&s->wild, 0);
}

static void assert_same(const af_outcome *got, const af_outcome *want)
{
    assert_true(got->error == want->error);
    assert_true(got->loss == want->loss);
    assert_true(got->spend.flops == want->spend.flops);
    assert_true(got->spend.epochs == want->spend.epochs);
    assert_string_equal(got->digest, want->digest);
}

static void outcomes_are_the_same(void **state)
{
    const af_backend *b = *state;
    char text[256];
    scene s;
    static heard h;
    af_dataset *d;
    af_trial t[NETWORKS] = {{0}};
    af_outcome want[NETWORKS];
    if (b->probe(text, sizeof text) != AF_OK) skip();
    assert_ok(af_dataset_open(&d, work_dir, af_find_task("darcy"), AF_MAIN));
    open_scene(&s, d, b);
    const af_evaluator e = {.self = &s, .run = train};
    af_rng rng = af_rng_at(3, "gang", 0, 0, 0, 0);
    for (int i = 0; i < NETWORKS; i++) {
        t[i] = (af_trial){.number = i, .root = i};
        t[i].proposal.config = af_space_sample(s.bench.space, &rng);
        t[i].proposal.epochs = EPOCHS;
        assert_ok(train(&s, &t[i], &want[i]));
        assert_true(isinf(want[i].error) == (i == WILD));
    }
    int least = b == af_default_backend() ? 1 : NETWORKS; /* the others are slow */
    for (int capacity = least; capacity <= NETWORKS; capacity++) {
        run_all(&h, &e, capacity, t, NETWORKS);
        for (int i = 0; i < NETWORKS; i++) {
            if (h.st[i] != AF_OK) fail_msg("trial %d: %s", i, h.message[i]);
            assert_same(&h.outcome[i], &want[i]);
        }
    }
    af_dataset_close(d);
}

static int make(void **state)
{
    if (work_make(state)) return -1;
    const af_prep_request r = {af_find_task("darcy"), AF_TINY, NULL, 3, work_dir};
    assert_ok(af_find_prep("darcy")->generate(&r));
    return 0;
}

int main(void)
{
    enum { MAX = 32 };
    struct CMUnitTest tests[MAX] = {cmocka_unit_test(short_memory_is_waited_for),
                                    cmocka_unit_test(signals_end_the_waiting)};
    size_t n = 2;
    for (const af_backend *const *b = af_builtin.backend; *b && n < MAX; b++)
        tests[n++] = (struct CMUnitTest){(*b)->name, outcomes_are_the_same, NULL, NULL,
                                         (void *)(uintptr_t)*b};
    af_log_set(AF_LOG_ERROR);
    return _cmocka_run_group_tests("gang", tests, n, make, work_remove);
}
