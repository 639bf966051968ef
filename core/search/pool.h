/* Worker processes: each is this program started anew by exec, with room for some trials at a time
 * and messages in lines (docs/journal.md, "Worker processes"). One that dies is started again and
 * its trials with it, which changes no result; a trial that takes three workers down ends the run.
 * Workers die with the process that started them. */
#ifndef AF_POOL_H
#define AF_POOL_H
#include <jansson.h>
#include "core/search/workers.h"

typedef struct af_pool af_pool;
typedef struct af_pool_options {
    const char *program;   /* path of the afield program */
    int jobs;              /* trials at once */
    int capacity;          /* of one process, see gang.h; as many processes as that takes */
    const af_space *space; /* of the trials' configurations */
    json_t *open;          /* borrowed: the first message to each, see af_pool_open_message */
    json_t *ready;         /* borrowed: the answer that is expected */
} af_pool_options;

/* Processes are started when they are first needed. */
AF_CHECKED af_status af_pool_new(af_pool **out, const af_pool_options *o);
af_workers af_pool_workers(af_pool *p);
void af_pool_free(af_pool *p); /* stops them, whatever they are doing */

/* What a worker needs to know, and what it answers when it has found the same. `threads` is a
 * trial's, `capacity` a worker's. */
json_t *af_pool_open_message(const af_workbench *w, const char *data_directory, int threads,
                             int capacity);
json_t *af_pool_ready_message(const af_workbench *w);

/* ---- messages between the two ---- */

json_t *af_run_message(const af_space *s, const af_trial *t);
AF_CHECKED af_status af_run_message_read(af_trial *out, const af_space *s, const json_t *m);
json_t *af_outcome_message(int64_t number, const af_outcome *o);
/* A failure carries its kind and text to the other side. */
json_t *af_failed_message(int64_t number, af_status st);
/* Either of the two; *number stays -1 where m is no answer. */
AF_CHECKED af_status af_answer_read(int64_t *number, af_outcome *out, const json_t *m);

#endif
