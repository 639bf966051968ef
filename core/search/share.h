/* A search that shares weights: how long it is, its journal, its checkpoints; core/search/share.c.
 * Weights and the searcher's state are in a checkpoint, written between two steps: at least every
 * checkpoint_seconds and when a signal asks the run to stop. An epoch is in the journal before a
 * checkpoint is written beyond it. Resuming goes on from the checkpoint; epochs that it does again
 * are compared with the journal. */
#ifndef AF_SHARE_H
#define AF_SHARE_H
#include <jansson.h>
#include "core/search/evaluator.h"
#include "core/search/run.h"

typedef struct af_share {
    const af_searcher *searcher;
    const void *options; /* NULL: the searcher's defaults */
    af_search_context context;
    const af_workbench *bench;
    af_ledger *ledger; /* search is kept here */
    const char *journal, *checkpoint;
    double checkpoint_seconds;
    json_t *header; /* borrowed */
    bool resume;
    af_status (*on_epoch)(void *payload, int epoch, int epochs, double loss, const af_ledger *l);
    void *payload;
} af_share;

/* Whether the searcher can spend this budget: one that shares weights makes no trials. */
AF_CHECKED af_status af_share_check(const af_searcher *s, const af_budget *b);
/* out->best.proposal.config is what was derived; there are no trials and no validation error. */
AF_CHECKED af_status af_share_run(af_found *out, const af_share *s);

#endif
