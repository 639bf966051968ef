/* A job: one run as people write it, names and texts, on the command line or in a suite. One option
 * table reads both. */
#ifndef AF_JOB_H
#define AF_JOB_H
#include <stdbool.h>
#include <stdint.h>
#include "core/base/file.h"
#include "core/base/options.h"

typedef struct af_job {
    const char *task, *method, *space, *set, *budget, *backend, *precision, *out;
    int size, protocol, epochs, workers, threads, jobs, device;
    uint64_t seed;
    bool resume, fast, json; /* json: print result.json when done */
} af_job;
extern const af_option af_job_options[];
/* The same of `afield serve`: no method, one worker, its results go to its driver. */
extern const af_option af_serve_options[];

/* What a method is called in paths: a name as it is, "mine" of dir/mine.so, "exec-" and eight
 * digits that stand for a command, "serve" for our own input and output. */
void af_job_method_name(char out[64], const char *method);

/* "runs/<task>-<size>-<method>[-<space>]-<budget>-s<seed>": where a job without `out` goes. */
AF_CHECKED af_status af_job_directory(char out[AF_PATH_MAX], const af_job *j);
/* Everything that can be refused without data: names, the budget, the searcher's options. */
AF_CHECKED af_status af_job_check(const af_job *j);
/* Runs it in `out`, which must be set; makes a tiny dataset that is missing. */
AF_CHECKED af_status af_job_run(const af_job *j);

#endif
