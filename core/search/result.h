/* What a run leaves behind; internal to core/search. The members of result.json are in
 * docs/result.md. */
#ifndef AF_RESULT_H
#define AF_RESULT_H
#include "core/search/run.h"

typedef struct af_run_facts { /* everything result.json is made of; nothing here is owned */
    const af_run_options *options;
    const json_t *header;
    const af_dataset *data, *test;
    const af_recipe *recipe;  /* with the configuration's own values */
    const af_found *found;
    const af_config *config;
    const af_ledger *ledger;
    const af_trained *trained;
    const float *predictions; /* of the test split */
    int64_t predictions_count;
    double score;
    const char *started;
} af_run_facts;

/* The journal's header: everything that decides the run. */
AF_CHECKED af_status af_run_header(json_t **out, const af_run_options *o, const af_dataset *d,
                                   const af_recipe *recipe, int search_epochs);
json_t *af_recipe_json(const af_recipe *r);
AF_CHECKED af_status af_result_json(json_t **out, const af_run_facts *f);
/* started: UTC, as af_clock_utc writes it. */
AF_CHECKED af_status af_environment(json_t **out, const af_backend *backend, int threads,
                                    const char *started);

#endif
