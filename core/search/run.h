/* A run: one task, one method, one budget, one seed; search, then retraining, then one look at the
 * test split. Everything that happens is in <out>/journal.jsonl before anything depends on it, so a
 * run killed at any instant resumes and ends as an undisturbed one.
 *
 * Virtual workers: W trials are in flight; outcomes are told in the order of a clock that counts
 * predicted work (FLOPs), ties by trial number. Execution order never shows: real workers
 * (workers.h) may be fewer, and are not part of what decides a run.
 */
#ifndef AF_RUN_H
#define AF_RUN_H
#include <jansson.h>
#include "core/backend.h"
#include "core/metric.h"
#include "core/search/evaluator.h"
#include "core/search/ledger.h"
#include "core/search/stop.h"
#include "core/searcher.h"
#include "core/task.h"

/* The search alone, on any evaluator; core/search/search.c. Journal records: "header" (everything
 * that decides the run; a different one refuses to resume and says which field differs), "propose",
 * "outcome", "end". Replays what the journal holds: re-asked proposals are verified. */
typedef struct af_search {
    const af_searcher *searcher;
    const void *options; /* NULL: the searcher's defaults */
    af_search_context context;
    const af_evaluator *evaluator;
    const struct af_workers *workers; /* NULL: the evaluator, in this process */
    af_ledger *ledger;                /* search and committed are kept here */
    const char *journal;              /* path */
    json_t *header;                   /* borrowed */
    bool resume; /* false: an existing journal is an error that names --resume */
    af_status (*on_trial)(void *payload, const af_trial *t, const af_outcome *o,
                          const af_ledger *l);
    void *payload;
} af_search;
typedef struct af_found {
    bool any;
    af_trial best; /* of those that did not diverge: the longest training, of these the lowest
                      validation error, of equals the earlier number */
    af_outcome outcome;
    int64_t trials;
    bool shared; /* derived from shared weights: no trial, no error; best holds configuration,
                    epochs */
    char proposal_digest[65]; /* of the header and every proposal, in order of number */
    char outcome_digest[65];  /* of every outcome's reproducible fields, in order of number */
} af_found;
AF_CHECKED af_status af_search_run(af_found *out, const af_search *s);

/* The whole run; core/search/run.c. */
typedef struct af_run_options {
    const af_task *task;
    const af_metric *metric;
    const af_searcher
        *searcher; /* NULL: the method is the space's default configuration (a baseline) */
    const void *searcher_options;
    json_t *searcher_options_json; /* recorded */
    const af_space *space;
    const af_space *wrn; /* the space that defines x */
    const af_backend *backend;
    af_precision precision;
    bool fast; /* results may differ from run to run, if that is quicker; devices only */
    af_budget budget;
    uint64_t seed;
    af_size size;
    af_protocol protocol;
    int epochs; /* of the recipe, whose schedule they compress; 0: the task's own */
    int workers, threads;
    int jobs;            /* trials executed at once, in other processes; 1: in this one */
    int gang;            /* of them in one process; 0: all on a device, else each has its own */
    const char *program; /* of those processes: the path of afield; NULL where jobs is 1 */
    const char *data_directory, *out;
    bool resume;
    bool quiet; /* no progress bar */
} af_run_options;
/* Leaves result.json and predictions.h5 in `out`. A finished run with --resume says so, AF_OK. */
AF_CHECKED af_status af_run(const af_run_options *o);

/* The members of result.json, see docs/result.md:
 * format, afield, task, size, method, space, searcher options, seed, protocol, budget, workers,
 * backend, precision, fast, config, canonical, metric {name, version, score, error,
 * validation_error}, spent {search, retrain, score, total: trials, epochs, seconds, flops, x},
 * x_flops, keys {task, method}, proposal_digest, run_digest, environment {cpu, backend, libraries,
 * compiler}, data {provenance, sha256 of both files}, curve, anytime, sealed. */

/* FLOPs of one x: wrn's default configuration, the task's recipe at this size, training only. */
AF_CHECKED af_status af_x_flops(double *out, const af_task *task, const af_space *wrn, af_size size,
                                const af_io *io, int64_t train_samples);

#endif
