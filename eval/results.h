/* Results on disk: finding, reading and checking result.json files. They come from anybody, so
 * every member is checked against one table of fields, which is also the CSV's list of columns.
 *
 *     af_results all;
 *     AF_TRY(af_results_find(&all, (const char *[]){"runs"}, 1));
 *     AF_GOTO(st, done, af_results_comparable(&all));
 */
#ifndef AF_RESULTS_H
#define AF_RESULTS_H
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "core/base/status.h"

typedef enum af_spent_part {
    AF_SEARCH,
    AF_RETRAIN,
    AF_SCORE,
    AF_TOTAL,
    AF_SPENT_PARTS
} af_spent_part;
extern const char *const af_spent_names[AF_SPENT_PARTS]; /* "search" ... */
typedef enum af_spent_unit {
    AF_TRIALS,
    AF_EPOCHS,
    AF_SECONDS,
    AF_FLOPS,
    AF_X,
    AF_SPENT_UNITS
} af_spent_unit;

typedef struct af_result { /* texts are borrowed from json; a number that is null there is NAN */
    char *path;
    json_t *json;
    const char *task, *size, *protocol, *method, *space, *budget, *backend, *precision, *config,
        *canonical;
    const char *metric, *provenance, *task_key, *method_key, *proposal_digest, *run_digest;
    int64_t format, seed, workers;
    double score, error, validation_error, x_flops;
    bool searched; /* false: a baseline, whose budget and workers mean nothing */
    bool sealed;   /* false: the method runs code that could reach the test split */
    double spent[AF_SPENT_PARTS][AF_SPENT_UNITS];
} af_result;
AF_CHECKED af_status af_result_load(af_result *out, const char *path);
void af_result_close(af_result *r);
/* The path of the i-th of the members that every result has, joined by dots; NULL after the last.
 */
const char *af_result_field(int i);
json_t *af_result_member(const af_result *r, const char *path); /* borrowed; NULL: not there */

typedef struct af_results {
    af_result *at;
    size_t count, room;
    size_t unfinished; /* directories with a journal and no result */
} af_results;
/* Every result.json below the places (directories, or result.json files), in order of their paths.
 */
AF_CHECKED af_status af_results_find(af_results *out, const char *const *places, int count);
void af_results_close(af_results *all);

/* AF_OK when all may stand in one table: one task key for each task, one method key for each method
 * on a task, no seed twice. Else says what differs between which files. */
AF_CHECKED af_status af_results_comparable(const af_results *all);
/* Same row of a table: what was run is the same but for task and seed. */
bool af_result_same_method(const af_result *a, const af_result *b);
/* A baseline that was run again under another budget, with the same score: it counts once. */
bool af_result_repeats(const af_result *a, const af_result *b);

/* One line a run, all fields, then those that older files lack: sealed, anytime (compact JSON). The
 * first line names them. RFC 4180 quoting. */
void af_results_csv(const af_results *all, FILE *to);

#endif
