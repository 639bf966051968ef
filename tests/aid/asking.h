/* A black-box search without training: a searcher is asked and told, and every proposal is checked
 * against the contract. The objective is additive over the knobs, an error for each value of each,
 * and few epochs add a bias that differs from network to network. Workers are not equally fast:
 * which open trial ends is drawn. */
#ifndef AID_ASKING_H
#define AID_ASKING_H
#include "tests/aid/work.h"
#include "core/searcher.h"

enum { TRIALS = 60, MOST_TRIALS = 400, MAX_OPEN = 8, ASKED = -1 };

/* A search under way: what is open, and everything that was proposed. */
typedef struct asking {
    const af_searcher *searcher;
    void *options, *self;
    af_search_context ctx;
    uint64_t landscape; /* of the objective */
    double error_at_7;  /* of trial 7, unless it is 0 */
    int limit;          /* trials; TRIALS at first */
    bool may_fail;      /* a failed call ends the search; else it fails the test */
    af_status status;   /* the first that is not AF_OK */
    af_trial open[MAX_OPEN];
    int open_count;
    af_trial proposed[MOST_TRIALS];
    double error[MOST_TRIALS]; /* NAN until told */
    bool told_of[MOST_TRIALS], continued[MOST_TRIALS];
    int events[8 * MOST_TRIALS]; /* the journal: ASKED, or the index in `open` of what was told */
    int64_t asked, told;
    int event_count;
    af_answer answer; /* the last */
    bool done;
    double best;
} asking;

/* On NAS-Bench-201, 12 epochs of 20, default options. */
void asking_start(asking *s, const char *searcher, uint64_t seed, int workers, uint64_t landscape);
void asking_set(asking *s, const char *option, const char *value); /* before asking_open */
void asking_open(asking *s);
void asking_finish(asking *s); /* who is done stays done */
bool asking_ask(asking *s);    /* true when there is a new open trial, the last of `open` */
void asking_tell(asking *s, int i, double error); /* of open[i] */
bool asking_step(asking *s);                      /* keeps all workers busy; false at the end */
void asking_run(asking *s);                       /* all three */

double asking_error(const asking *s, const af_proposal *p);
bool asking_same(const asking *a, const asking *b); /* proposals */

#endif
