/* What a run leaves behind; internal to core/search. The members of result.json are in
 * docs/result.md. */
#ifndef AF_RESULT_H
#define AF_RESULT_H
#include "core/search/run.h"

typedef struct af_run_facts { /* everything result.json is made of; nothing here is owned */
    const af_run_options *options;
    json_t *header;
    const af_dataset *data, *test;
    const af_workbench *searched; /* how trials were trained */
    const af_training *retrained; /* how the chosen configuration was */
    const af_trained *trained;
    const af_config *config;
    const af_found *found;
    const af_ledger *ledger;
    json_t *anytime;          /* see docs/result.md */
    const float *predictions; /* of the test split */
    double score;
    const char *started;
} af_run_facts;

/* The journal's header: everything that decides the run. */
AF_CHECKED af_status af_run_header(json_t **out, const af_run_options *o, const af_workbench *w,
                                   int search_epochs);
AF_CHECKED af_status af_result_json(json_t **out, const af_run_facts *f);
/* started: UTC, as af_clock_utc writes it. */
AF_CHECKED af_status af_environment(json_t **out, const af_backend *backend, int threads,
                                    const char *started);

/* The searcher of a run without one. */
extern const af_searcher af_no_search;

#endif
