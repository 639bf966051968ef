/* What searchers of many fidelities share: ladders of epochs, rungs of outcomes, and the bracket of
 * synchronous successive halving.
 *
 * A ladder ends at max_epochs; each rung below has a `reduction`-th of that, rounded to whole
 * epochs. There are as many rungs as keep at least min_epochs before rounding, one at least: a
 * rung below one epoch does not exist. So 200 epochs and 4 give 3, 13, 50, 200 and 5 epochs give 1,
 * 5. Rungs differ by one epoch or more, since the quotients do. */
#ifndef AF_RUNGS_H
#define AF_RUNGS_H
#include "core/searcher.h"

enum { AF_MAX_RUNGS = 20 };

typedef struct af_ladder_options {
    int min_epochs, max_epochs; /* 0: one; 0: the recipe's */
    int reduction, rungs;
    bool continues;
} af_ladder_options;

/* Rows of an option table, for a member of type af_ladder_options. */
#define AF_LADDER_OPTIONS(options, member, reduction_default)                                      \
    {"min_epochs",                                                                                 \
     AF_OPT_INT,                                                                                   \
     offsetof(options, member.min_epochs),                                                         \
     "0",                                                                                          \
     0,                                                                                            \
     1e6,                                                                                          \
     "no rung has fewer; 0: 1",                                                                    \
     NULL,                                                                                         \
     NULL},                                                                                        \
        {"max_epochs",                                                                             \
         AF_OPT_INT,                                                                               \
         offsetof(options, member.max_epochs),                                                     \
         "0",                                                                                      \
         0,                                                                                        \
         1e6,                                                                                      \
         "of the highest rung; 0: the recipe's",                                                   \
         NULL,                                                                                     \
         NULL},                                                                                    \
        {"reduction",                                                                              \
         AF_OPT_INT,                                                                               \
         offsetof(options, member.reduction),                                                      \
         reduction_default,                                                                        \
         2,                                                                                        \
         1000,                                                                                     \
         "epochs grow by this factor from rung to rung, and one configuration of so many goes on", \
         NULL,                                                                                     \
         NULL},                                                                                    \
        {"rungs", AF_OPT_INT, offsetof(options, member.rungs), "5", 1, AF_MAX_RUNGS, "at most",    \
         NULL,    NULL},                                                                           \
    {                                                                                              \
        "continue", AF_OPT_FLAG, offsetof(options, member.continues), "true", 0, 0,                \
            "trainings go on from rung to rung, in the schedule of the whole recipe; false: each " \
            "rung "                                                                                \
            "trains from scratch, with the schedule compressed into its epochs",                   \
            NULL, NULL                                                                             \
    }

typedef struct af_ladder {
    int reduction, count;
    int epochs[AF_MAX_RUNGS]; /* lowest first */
    bool continues;
} af_ladder;

/* AF_EUSAGE: min_epochs above max_epochs, or a continued training beyond the recipe. */
AF_CHECKED af_status af_ladder_make(af_ladder *out, const af_search_context *ctx,
                                    const af_ladder_options *o);
/* ceil((s_max + 1) / (s + 1) * reduction^s), with s + 1 the rungs from `first` to the top and
 * s_max + 1 all rungs: the configurations of Hyperband's bracket that starts at `first` (Li et al.,
 * JMLR 2018, algorithm 1). */
int af_ladder_configurations(const af_ladder *l, int first);

typedef struct af_rung_entry {
    int64_t number; /* of the trial */
    double error;   /* INFINITY when it is not finite: never to be promoted */
    af_config config;
    bool passed;   /* the stopping rule of asha let it go on */
    bool promoted; /* proposed for the next rung */
} af_rung_entry;

/* Outcomes of one rung, best first; of equal ones the earlier trial. Zero-initialised is empty. */
typedef struct af_rung {
    af_rung_entry *entries;
    int count, room;
} af_rung;

/* *rank (may be NULL): its index in the rung, for now. */
AF_CHECKED af_status af_rung_add(af_rung *r, const af_trial *t, const af_outcome *o, int *rank);
void af_rung_free(af_rung *r);

/* Fills in fidelity; with `from`, an entry of the rung below, the configuration too. */
void af_ladder_propose(const af_ladder *l, int rung, const af_rung_entry *from, af_proposal *out);

/* One bracket of synchronous successive halving: new random configurations in the lowest rung, then
 * in each rung the best of the one below, best first, when all of that is told. Of n, the k-th rung
 * takes floor(n / reduction^k), one at least, and fewer when fewer did not diverge. */
typedef struct af_bracket {
    const af_ladder *ladder;
    int first, rung;          /* the lowest rung, the present one */
    int planned, size, asked; /* of the present one */
    af_rung now, below;
} af_bracket;

/* b is zero-initialised or was begun before. */
void af_bracket_begin(af_bracket *b, const af_ladder *l, int first, int configurations);
/* AF_DONE: the bracket is over. */
void af_bracket_ask(af_bracket *b, const af_search_context *ctx, int64_t number, af_proposal *out,
                    af_answer *answer);
AF_CHECKED af_status af_bracket_tell(af_bracket *b, const af_trial *t, const af_outcome *o);
void af_bracket_free(af_bracket *b);

#endif
