/* What 1x costs on this machine: FLOPs by counting, seconds by timing a few real training steps. */
#ifndef AF_TIMING_H
#define AF_TIMING_H
#include "core/search/run.h"

typedef struct af_timing {
    double x_flops; /* of 1x */
    double step_flops, step_seconds;
    double x_seconds; /* estimated: training steps only */
    double waiting;   /* share of step_seconds spent waiting for a batch */
    double loading;   /* CPU seconds of making a batch, over step_seconds */
    int steps, batch; /* that were timed */
    size_t memory;    /* bytes of the training plan */
    int threads;
} af_timing;
AF_CHECKED af_status af_time_x(af_timing *out, const af_task *task, af_size size,
                               const af_backend *backend, int threads);

#endif
