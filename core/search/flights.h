/* Trials in flight on the virtual clock; for core/search/search.c. A trial that starts at clock c
 * and is predicted to cost f FLOPs ends at c + f, whatever it turns out to cost and whenever it is
 * really executed. So the order of ends is known when trials start, and the workers can be busy
 * with later ones while the first is waited for. */
#ifndef AF_FLIGHTS_H
#define AF_FLIGHTS_H
#include "core/search/journal.h"
#include "core/search/run.h"
#include "core/search/workers.h"

typedef enum af_flight_state { AF_QUEUED, AF_RUNNING, AF_LANDED } af_flight_state;

typedef struct af_flight {
    af_trial trial;
    af_flight_state state;
    af_outcome outcome; /* of one that landed */
    af_spend predicted; /* committed until it is told */
    double end;
} af_flight;

typedef struct af_flights {
    const af_search *s;
    af_journal *journal;
    const af_workers *workers;
    af_flight *at; /* room for context.workers */
    int count, running;
    double now;
} af_flights;

/* The trial takes off; it is recorded by now. One whose outcome the journal has is not executed. */
AF_CHECKED af_status af_flights_add(af_flights *f, const af_trial *t, const af_spend *predicted);
/* Waits for the trial that ends first, takes it out and moves the clock. */
AF_CHECKED af_status af_flights_next(af_flights *f, af_flight *out);

/* After a signal: what other processes have finished, or finish now, goes to the journal; nothing
 * new begins. The error message stays. */
void af_flights_drain(af_flights *f);

#endif
