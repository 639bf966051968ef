/* See team.h. A job and a barrier round are both a counter that moves on; waiting is for it to
 * move. */
#include "core/plan/team.h"
#include <pthread.h>
#include <stdatomic.h>
#include "core/base/alloc.h"

enum { SPINS = 2000 }; /* about thirty microseconds */

/* A counter that threads wait on until it leaves a value: spinning first, then asleep. */
typedef struct gate {
    atomic_uint value;
    pthread_mutex_t lock;
    pthread_cond_t moved;
} gate;

typedef struct member {
    af_team *team;
    int thread;
    pthread_t id;
} member;

struct af_team {
    int size;
    member *members; /* [1 .. size-1] have threads of their own */
    gate jobs, rounds;
    atomic_int arrived;
    void (*work)(void *arg, int thread); /* NULL: go home */
    void *arg;
};

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void gate_open(gate *g)
{
    atomic_init(&g->value, 0);
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->moved, NULL);
}

static void gate_close(gate *g)
{
    pthread_cond_destroy(&g->moved);
    pthread_mutex_destroy(&g->lock);
}

static unsigned gate_value(gate *g)
{
    return atomic_load_explicit(&g->value, memory_order_acquire);
}

static void gate_move(gate *g)
{
    pthread_mutex_lock(&g->lock);
    atomic_fetch_add_explicit(&g->value, 1, memory_order_release);
    pthread_mutex_unlock(&g->lock);
    pthread_cond_broadcast(&g->moved);
}

static void gate_wait(gate *g, unsigned old)
{
    for (int spin = 0; spin < SPINS; spin++) {
        if (gate_value(g) != old) return;
        pause_briefly();
    }
    pthread_mutex_lock(&g->lock);
    while (gate_value(g) == old) pthread_cond_wait(&g->moved, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void *live(void *self)
{
    const member *m = self;
    af_team *t = m->team;
    for (unsigned job = 0;; job++) {
        gate_wait(&t->jobs, job);
        if (!t->work) return NULL;
        t->work(t->arg, m->thread);
        af_team_wait(t);
    }
}

af_status af_team_new(af_team **out, int size)
{
    af_team *t = af_calloc(1, sizeof *t);
    *out = NULL;
    if (!t) return AF_ENOMEM;
    t->members = af_calloc((size_t)size, sizeof *t->members);
    if (!t->members) {
        af_free(t);
        return AF_ENOMEM;
    }
    gate_open(&t->jobs);
    gate_open(&t->rounds);
    atomic_init(&t->arrived, 0);
    for (t->size = 1; t->size < size; t->size++) {
        member *m = &t->members[t->size];
        *m = (member){.team = t, .thread = t->size};
        if (pthread_create(&m->id, NULL, live, m) != 0) break;
    }
    *out = t;
    return AF_OK;
}

void af_team_free(af_team *t)
{
    if (!t) return;
    t->work = NULL;
    gate_move(&t->jobs);
    for (int i = 1; i < t->size; i++) pthread_join(t->members[i].id, NULL);
    gate_close(&t->jobs);
    gate_close(&t->rounds);
    af_free(t->members);
    af_free(t);
}

int af_team_size(const af_team *t)
{
    return t->size;
}

void af_team_run(af_team *t, void (*work)(void *arg, int thread), void *arg)
{
    t->work = work;
    t->arg = arg;
    if (t->size > 1) gate_move(&t->jobs);
    work(arg, 0);
    af_team_wait(t);
}

void af_team_wait(af_team *t)
{
    if (t->size == 1) return;
    unsigned round = gate_value(&t->rounds);
    if (atomic_fetch_add_explicit(&t->arrived, 1, memory_order_acq_rel) + 1 < t->size) {
        gate_wait(&t->rounds, round);
        return;
    }
    atomic_store_explicit(&t->arrived, 0, memory_order_relaxed);
    gate_move(&t->rounds);
}
