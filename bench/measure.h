/* One timing: a network at a precision, batch and number of threads, in a process of its own, whose
 * peak memory can then be told. */
#ifndef AF_BENCH_MEASURE_H
#define AF_BENCH_MEASURE_H
#include "bench/networks.h"
#include "core/registry.h"

typedef struct af_bench_precision {
    const char *name;
    af_precision precision;
    bool on_request; /* not every backend offers it */
} af_bench_precision;
extern const af_bench_precision af_bench_precisions[]; /* ends with a NULL name */

typedef struct af_bench_case {
    const af_bench_network *network;
    const af_bench_precision *precision;
    const char *backend; /* NULL: the best one of */
    af_place place;
    int threads, batch;
    int gang; /* networks side by side, each on a thread of the process, as --jobs trains them */
    double seconds; /* to spend on steps, after a first one that is not counted */
} af_bench_case;

typedef struct af_bench_result {
    char backend[32];
    int threads;          /* that the plan really has */
    double least, median; /* seconds a step; on a device of ten in a row, waited for at their end;
                             of a gang both are the time over all its networks' steps */
    double flops;         /* of a step, forward and backward, by the ops' own cost rules */
    double peak_bytes; /* largest resident size of the process: code, libraries, batch and plan */
} af_bench_result;

/* Forks, so the caller must have no threads and no device yet. */
AF_CHECKED af_status af_bench_run(af_bench_result *out, const af_bench_case *c);

#endif
