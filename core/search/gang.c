/* See gang.h. A trial is one or more attempts; those that wait for memory go in the order in which
 * they began to. */
#include "core/search/gang.h"
#include <inttypes.h>
#include <pthread.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/search/stop.h"

typedef enum state { FREE, UNDER_WAY, DONE } state;

typedef struct seat {
    af_gang *gang;
    state state; /* DONE: its thread is about to end and is to be joined */
    pthread_t thread;
    af_trial trial;
    int64_t waits;    /* for memory, as the how-manieth; 0: it does not */
    int64_t finished; /* trials, when it began to wait */
    int64_t began;    /* as the how-manieth attempt */
    bool alone;       /* when it began */
} seat;

struct af_gang {
    af_gang_options o;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    seat *seats;
    int attempts;                    /* under way */
    int64_t begun, waited, finished; /* attempts, waits and trials, from the beginning */
};

/* ---- memory ---- */

static bool first_in_turn(const seat *s)
{
    const af_gang *g = s->gang;
    for (int i = 0; i < g->o.capacity; i++)
        if (g->seats[i].waits && g->seats[i].waits < s->waits) return false;
    return true;
}

/* A trial that has finished gave memory back; where nobody is at it, there will be no more. */
static bool may_begin(const seat *s)
{
    const af_gang *g = s->gang;
    return first_in_turn(s) && (g->attempts == 0 || g->finished > s->finished);
}

static af_status begin_attempt(seat *s)
{
    af_gang *g = s->gang;
    pthread_mutex_lock(&g->lock);
    while (s->waits && !may_begin(s) && !af_stop_requested())
        pthread_cond_wait(&g->changed, &g->lock);
    bool stop = s->waits && af_stop_requested();
    if (s->waits) pthread_cond_broadcast(&g->changed); /* the next one is first now */
    s->waits = 0;
    if (!stop) {
        s->alone = g->attempts++ == 0;
        s->began = ++g->begun;
    }
    pthread_mutex_unlock(&g->lock);
    return stop ? af_fail(AF_EINTERRUPTED, "stopped by a signal; --resume continues") : AF_OK;
}

/* Whether that was the last one; else memory is to be waited for. */
static bool end_attempt(seat *s, af_status st)
{
    af_gang *g = s->gang;
    pthread_mutex_lock(&g->lock);
    bool alone = s->alone && g->begun == s->began, last = st != AF_ENOMEM || alone;
    g->attempts--;
    if (last) {
        g->finished++;
    } else {
        s->waits = ++g->waited;
        s->finished = g->finished;
    }
    bool warn = s->waits == 1;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
    if (warn)
        af_log(AF_LOG_WARN, "trial %" PRId64 " waits until another has finished: %s",
               s->trial.number, af_error());
    return last;
}

/* ---- trials ---- */

static void *live(void *self)
{
    seat *s = self;
    af_gang *g = s->gang;
    const af_evaluator *e = g->o.evaluator;
    const af_trial trial = s->trial;
    af_outcome o = {0};
    af_status st;
    do {
        st = begin_attempt(s);
        if (st != AF_OK) break;
        st = e->run(e->self, &trial, &o);
    } while (!end_attempt(s, st));
    pthread_mutex_lock(&g->lock);
    s->state = DONE;
    pthread_mutex_unlock(&g->lock);
    g->o.answer(g->o.self, &trial, st, &o);
    return NULL;
}

/* One where nobody sits any more, or NULL. */
static seat *find_room(af_gang *g)
{
    seat *found = NULL;
    pthread_mutex_lock(&g->lock);
    for (int i = 0; i < g->o.capacity && !found; i++)
        if (g->seats[i].state != UNDER_WAY) found = &g->seats[i];
    pthread_mutex_unlock(&g->lock);
    if (found && found->state == DONE) pthread_join(found->thread, NULL);
    return found;
}

af_status af_gang_start(af_gang *g, const af_trial *t)
{
    seat *s = find_room(g);
    if (!s) return af_fail(AF_EINVAL, "more than %d trials at once", g->o.capacity);
    pthread_mutex_lock(&g->lock);
    *s = (seat){.gang = g, .state = UNDER_WAY, .trial = *t};
    bool begun = pthread_create(&s->thread, NULL, live, s) == 0;
    if (!begun) s->state = FREE;
    pthread_mutex_unlock(&g->lock);
    return begun ? AF_OK : af_fail(AF_EIO, "the system refuses a thread for it; use fewer --jobs");
}

af_status af_gang_new(af_gang **out, const af_gang_options *o)
{
    af_gang *g = af_calloc(1, sizeof *g);
    *out = NULL;
    if (!g) return AF_ENOMEM;
    g->o = *o;
    g->seats = af_calloc((size_t)o->capacity, sizeof *g->seats);
    if (!g->seats) {
        af_free(g);
        return AF_ENOMEM;
    }
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, NULL);
    *out = g;
    return AF_OK;
}

void af_gang_free(af_gang *g)
{
    if (!g) return;
    for (int i = 0; i < g->o.capacity; i++) {
        pthread_mutex_lock(&g->lock);
        bool used = g->seats[i].state != FREE;
        pthread_mutex_unlock(&g->lock);
        if (used) pthread_join(g->seats[i].thread, NULL);
    }
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
    af_free(g->seats);
    af_free(g);
}
