/* The threads of a plan: they sleep between steps, and a barrier inside a step spins only briefly.
 * OpenMP's own regions and barriers spin for milliseconds, which on a machine with other work to do
 * keeps from running the very thread that is waited for: small networks then train many times
 * slower. Kernels run on one thread each; a library with threads of its own is kept to one by its
 * backend. */
#ifndef AF_TEAM_H
#define AF_TEAM_H
#include "core/base/status.h"

typedef struct af_team af_team;
/* `size` threads, the caller's included; fewer when the system refuses more. */
AF_CHECKED af_status af_team_new(af_team **out, int size);
void af_team_free(af_team *t); /* not while af_team_run is under way; NULL is fine */
int af_team_size(const af_team *t);
/* Calls work(arg, thread) once on every thread, 0 being the caller; returns when all have returned.
 */
void af_team_run(af_team *t, void (*work)(void *arg, int thread), void *arg);
/* Inside work: returns when all threads have come here. What they wrote before is seen after. */
void af_team_wait(af_team *t);

#endif
