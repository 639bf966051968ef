/* Statistics of tables: what summarises several seeds, and what summarises several tasks. */
#ifndef AF_STATISTICS_H
#define AF_STATISTICS_H
#include <stddef.h>
#include "core/base/status.h"

double af_mean(const double *v, size_t n);      /* NAN when n is 0 */
double af_sample_sd(const double *v, size_t n); /* divides by n - 1; NAN when n < 2 */
/* Ranks from 1 for the lowest value; equal values share the mean of the ranks they take. Values
 * that are no numbers come last, all equal. */
void af_ranks(double *ranks, const double *v, size_t n);
/* The q-quantile of n ascending values, between neighbours linear in q (n - 1); NAN when n is 0. */
double af_quantile(const double *ascending, size_t n, double q);

typedef struct af_sample {
    const double *at;
    size_t n; /* at least 1 */
} af_sample;
typedef struct af_interval {
    double low, high;
} af_interval;
enum { AF_REPLICATES = 2000, AF_BOOTSTRAP_METHODS = 200 };
/* Percentile bootstrap, 95 %, of each method's rank by mean error, averaged over tasks. A replicate
 * draws as many tasks as there are, with replacement, and for every task drawn as many seeds of
 * every method as it has, with replacement, each method on its own. The random numbers are the
 * Philox streams (0, "bootstrap", replicate), so the same samples give the same bits.
 * NAN: it says nothing, as there is one task and no method has a second seed; or there are more
 * than AF_BOOTSTRAP_METHODS methods. errors {methods, tasks}; out {methods}. */
AF_CHECKED af_status af_bootstrap_ranks(af_interval *out, const af_sample *errors, size_t methods,
                                        size_t tasks);

/* Ratios of a performance profile (Dolan, More: Benchmarking optimization software with performance
 * profiles, Mathematical Programming 91, 2002): error over the lowest error of the same problem.
 * Where the lowest is 0 or less there are no ratios: who reaches it has 1, the others infinity. An
 * error that is NAN (diverged, or not run) has infinity. Both {methods, problems}. */
void af_error_ratios(double *ratios, const double *errors, size_t methods, size_t problems);
/* Share of n ratios that are at most tau; 0 when n is 0. */
double af_profile_at(const double *ratios, size_t n, double tau);

#endif
