/* A suite: a YAML file that names tasks, methods and seeds; every combination is one job.
 *
 *     title: a first comparison
 *     tasks: [darcy, ecg]
 *     methods:
 *       - method: wrn
 *       - method: regularized_evolution
 *         space: nb201             # optional; so are set and name
 *         set: population=5
 *     seeds: [0, 1, 2]             # optional from here on
 *     budget: 4x                   # also: size, protocol, epochs,
 *                                  # workers, device, backend, precision, fast
 */
#ifndef AF_SUITE_H
#define AF_SUITE_H
#include "eval/job.h"

typedef struct af_suite_method {
    char *method, *space, *set;
    char *name; /* of its directories, where two methods would share them */
} af_suite_method;

typedef struct af_suite {
    char *title;
    char **tasks, **seeds; /* seeds: NULL means seed 0 */
    af_suite_method *methods;
    unsigned tasks_count, seeds_count, methods_count;
    /* as --options; NULL: their defaults */
    char *size, *budget, *protocol, *epochs, *workers, *device, *backend, *precision, *fast;
} af_suite;

/* Checks everything that can be known without data, so that a typing error in the last line costs
 * nothing. Errors are AF_EUSAGE with the file and the line or the key. */
AF_CHECKED af_status af_suite_load(af_suite **out, const char *path);
/* The same from memory, with a NUL after the text; `path` is for messages. */
AF_CHECKED af_status af_suite_parse(af_suite **out, const char *text, size_t size,
                                    const char *path);
void af_suite_free(af_suite *s);

/* Jobs in the order of the file: tasks, then methods, then seeds. */
size_t af_suite_count(const af_suite *s);
/* Borrows the suite's texts. `name` is the job's directory below the suite's. */
AF_CHECKED af_status af_suite_job(af_job *out, char name[256], const af_suite *s, size_t index);

#endif
