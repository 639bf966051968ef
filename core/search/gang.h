/* Trials trained side by side in one process, each on a thread of its own. On a device each then
 * has a queue of its own, and small networks fill it together; separate processes would only take
 * turns on it. They share nothing that anybody changes, so every outcome is that of one after
 * another.
 *
 * Memory is the budget: a trial for which there is too little (AF_ENOMEM) steps aside, with
 * everything it had, until another has finished, and begins again. It fails only when it was alone
 * all the time. A failure of one trial does not touch the others. */
#ifndef AF_GANG_H
#define AF_GANG_H
#include "core/search/evaluator.h"

typedef struct af_gang af_gang;
typedef struct af_gang_options {
    const af_evaluator *evaluator; /* borrowed; its `run` is called by several threads at once */
    int capacity;                  /* trials at once, at least 1 */
    /* What became of a trial, said on its thread; several may at once. Where st is a failure, its
     * message is that thread's. From here on there is room for another trial. */
    void (*answer)(void *self, const af_trial *t, af_status st, const af_outcome *o);
    void *self;
} af_gang_options;

AF_CHECKED af_status af_gang_new(af_gang **out, const af_gang_options *o);
/* Begins a trial and returns. AF_EINVAL when `capacity` are under way. */
AF_CHECKED af_status af_gang_start(af_gang *g, const af_trial *t);
void af_gang_free(af_gang *g); /* waits for those under way; NULL is fine */

#endif
