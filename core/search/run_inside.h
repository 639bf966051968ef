/* A run under way; for core/search/run*.c. */
#ifndef AF_RUN_INSIDE_H
#define AF_RUN_INSIDE_H
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/search/run.h"

enum { AF_CHECKPOINT_SECONDS = 30 };

typedef struct af_run_state {
    const af_run_options *o;
    int lock;
    char journal[AF_PATH_MAX], checkpoint[AF_PATH_MAX], result[AF_PATH_MAX];
    char predictions[AF_PATH_MAX], supernet[AF_PATH_MAX], trials[AF_PATH_MAX], started[21],
        budget[32];
    af_dataset *data, *test;
    af_workbench bench;
    json_t *header, *anytime;
    af_search_context context;
    af_ledger ledger;
    af_found found;
    af_config config; /* the chosen one */
    af_graph *graph;
    af_training retraining;
    af_trained trained;
    float *pred;
    double score, lowest;
    af_progress *bar;
} af_run_state;

/* The first stage: fills found, config, anytime and the ledger's search; run_search.c. */
AF_CHECKED af_status af_run_search(af_run_state *r);

#endif
