/* A search without networks: a small space, an evaluator whose outcomes are a function of the
 * trial, and searchers that propose at random, in generations (with a WAIT between), or wrongly. */
#ifndef AID_FAKE_H
#define AID_FAKE_H
#include "core/search/run.h"

extern const af_space fake_space;

typedef struct fake {  /* how the evaluator behaves, and what was seen */
    double cost[8];    /* FLOPs of trials 0 .. 7; 0: a function of the configuration */
    bool diverges[8];  /* such a trial has error NAN and costs half of what was predicted */
    double seconds;    /* each trial's; negative: different in every call */
    double overcharge; /* added to what was predicted */
    int64_t stop_at;   /* `stop` is called before this trial is run */
    void (*stop)(void);
    int runs;          /* calls so far */
    double charged;    /* FLOPs of all of them */
    int64_t told[256]; /* trial numbers in the order in which the search told them */
    int tells;
    double most; /* the largest spend, in the budget's unit, seen when a trial was told */
} fake;

enum {
    FAKE_X = 50000,
    FAKE_MOST = 27000
}; /* FLOPs of one x; of the dearest trial without cost[] */
fake fake_new(void);
af_evaluator fake_evaluator(fake *f);

extern const af_searcher fake_random;      /* also varies epochs and schedule; never DONE */
extern const af_searcher fake_generations; /* three at a time, then WAITs; breeds the best */
extern const af_searcher fake_impatient;   /* WAITs at once */
extern const af_searcher fake_wrong;       /* proposes what the space does not hold */

/* A search of `budget` into the journal `name` of the work directory; `extra` is a
 * header field, `epochs` (0: 2) the default fidelity. */
typedef struct fake_setup {
    const af_searcher *searcher;
    const char *budget, *journal, *extra;
    int workers;
    uint64_t seed;
    bool resume;
    int epochs;
} fake_setup;
af_status fake_search(af_found *out, af_ledger *ledger, fake *f, const fake_setup *s);

#endif
