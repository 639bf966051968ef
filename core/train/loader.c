/* See loader.h. Two slots take turns. The caller holds one; the other is wanted, being loaded, or
 * ready. A slot that is due and that nobody has begun is loaded by the caller: it never waits for a
 * thread to wake up or to be given a core, so on one core, or when steps are shorter than that, all
 * is as it would be without the thread. All states change under one lock; a slot's batch belongs to
 * whoever set it to loading, and to the caller once it is given out. */
#include "core/train/loader.h"
#include <pthread.h>
#include "core/base/alloc.h"
#include "core/base/log.h"

enum { SLOTS = 2 };
typedef enum state { IDLE, WANTED, LOADING, READY } state;

typedef struct slot {
    state state;
    const int64_t *which;
    int n;
    af_batch batch;
} slot;

struct af_loader {
    slot slot[SLOTS];
    slot *due, *given;    /* of the next batch; of the one in the caller's hands, NULL: none */
    int batch;            /* samples of one */
    const int64_t *which; /* not yet asked for */
    int64_t left;
    af_source source; /* changes only while no slot is loading */
    af_loading measured;
    bool threaded, leaving;
    pthread_t id;
    pthread_mutex_t lock;
    pthread_cond_t wanted, loaded;
};

/* Called with the lock held, which is let go meanwhile. */
static void load(af_loader *l, slot *s)
{
    s->state = LOADING;
    pthread_mutex_unlock(&l->lock);
    const double began = af_clock_thread();
    af_batch_load(&s->batch, &l->source, s->which, s->n);
    const double busy = af_clock_thread() - began;
    pthread_mutex_lock(&l->lock);
    s->state = READY;
    l->measured.busy += busy;
    l->measured.batches++;
}

static slot *other(af_loader *l, const slot *s)
{
    return &l->slot[s == l->slot];
}

/* The first in turn. */
static slot *wanted(af_loader *l)
{
    if (l->due->state == WANTED) return l->due;
    slot *later = other(l, l->due);
    return later->state == WANTED ? later : NULL;
}

static void *live(void *self)
{
    af_loader *l = self;
    pthread_mutex_lock(&l->lock);
    while (!l->leaving) {
        slot *s = wanted(l);
        if (s) {
            load(l, s);
            pthread_cond_signal(&l->loaded);
        } else {
            pthread_cond_wait(&l->wanted, &l->lock);
        }
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* With the lock held: the next batch, if any, is wanted in a slot that nobody uses. */
static void ask(af_loader *l, slot *s)
{
    s->state = IDLE;
    if (!l->left) return;
    s->state = WANTED;
    s->which = l->which;
    s->n = l->left < l->batch ? (int)l->left : l->batch;
    l->which += s->n;
    l->left -= s->n;
    pthread_cond_signal(&l->wanted);
}

/* With the lock held: until nobody is loading the slot. What a caller waits for is measured, and
 * the clock is read only if there is something to wait for. */
static void settle(af_loader *l, slot *s)
{
    if (s->state != WANTED && s->state != LOADING) return;
    const double began = af_clock();
    if (s->state == WANTED) load(l, s);
    while (s->state == LOADING) pthread_cond_wait(&l->loaded, &l->lock);
    l->measured.waited += af_clock() - began;
}

void af_loader_start(af_loader *l, const af_source *source, const int64_t *which, int64_t count)
{
    pthread_mutex_lock(&l->lock);
    for (int k = 0; k < SLOTS; k++) {
        if (l->slot[k].state == WANTED) l->slot[k].state = IDLE; /* nobody wants it any more */
        settle(l, &l->slot[k]);
        l->slot[k].state = IDLE;
    }
    l->source = *source;
    l->which = which;
    l->left = count;
    l->due = &l->slot[0];
    l->given = NULL;
    for (int k = 0; k < SLOTS; k++) ask(l, &l->slot[k]);
    pthread_mutex_unlock(&l->lock);
}

const af_batch *af_loader_next(af_loader *l)
{
    pthread_mutex_lock(&l->lock);
    slot *s = l->due;
    if (l->given) ask(l, l->given);
    settle(l, s);
    l->given = s;
    l->due = other(l, s);
    pthread_mutex_unlock(&l->lock);
    return &s->batch;
}

af_loading af_loader_measured(af_loader *l)
{
    pthread_mutex_lock(&l->lock);
    const af_loading measured = l->measured;
    pthread_mutex_unlock(&l->lock);
    return measured;
}

af_status af_loader_new(af_loader **out, const af_dataset *d, int batch, int64_t most,
                        const af_plan *p)
{
    af_loader *l = af_calloc(1, sizeof *l);
    *out = NULL;
    if (!l) return AF_ENOMEM;
    l->batch = batch;
    l->due = &l->slot[0];
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->wanted, NULL);
    pthread_cond_init(&l->loaded, NULL);
    const int slots = most > batch ? SLOTS : 1; /* without a second batch, without the rest */
    for (int k = 0; k < slots; k++) {
        af_status st = af_batch_new_for(&l->slot[k].batch, d, batch, p);
        if (st != AF_OK) {
            af_loader_free(l);
            return st;
        }
    }
    l->threaded = slots > 1 && pthread_create(&l->id, NULL, live, l) == 0;
    *out = l;
    return AF_OK;
}

void af_loader_free(af_loader *l)
{
    if (!l) return;
    pthread_mutex_lock(&l->lock);
    l->leaving = true;
    pthread_cond_signal(&l->wanted);
    pthread_mutex_unlock(&l->lock);
    if (l->threaded) pthread_join(l->id, NULL);
    for (int k = 0; k < SLOTS; k++) af_batch_close(&l->slot[k].batch);
    pthread_cond_destroy(&l->loaded);
    pthread_cond_destroy(&l->wanted);
    pthread_mutex_destroy(&l->lock);
    af_free(l);
}
