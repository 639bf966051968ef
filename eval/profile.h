/* Where the time of a network's training step goes: a timed plan, run on made-up data, beside what
 * this machine does at best on the same work. */
#ifndef AF_PROFILE_H
#define AF_PROFILE_H
#include "core/registry.h"
#include "core/plan/plan.h"

typedef struct af_profile_options {
    const af_backend *backend;
    af_precision precision;
    int batch, threads;
    double seconds; /* to spend on steps */
    bool fast;      /* see af_plan_options */
    bool plain;     /* without passes */
} af_profile_options;

typedef struct af_profile {
    af_plan *plan; /* timed; node seconds are of all `steps` */
    int steps;
    /* Of a step. Timing nodes means to wait for each, which costs nothing on the host and most of
     * the speed on a device: there these are of a plan that is not timed. */
    double ms_least, ms_median;
    double flops;        /* of a step */
    double matmul_rate;  /* FLOP/s of one thread: a 1x1 convolution of 256 to 256 channels */
    double traffic_rate; /* bytes/s of one thread: ReLU of a tensor beyond the caches */
} af_profile;
/* The loss is cross-entropy, or for dense outputs the squared error: its share is negligible. */
AF_CHECKED af_status af_profile_run(af_profile *out, const af_graph *g, const af_io *io,
                                    const af_profile_options *o);
void af_profile_close(af_profile *p);
/* Seconds of all steps that a node would take at those rates: the larger of computing and moving.
 */
double af_profile_predict(const af_profile *p, const af_plan_node_info *n, int back);

#endif
