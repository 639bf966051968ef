/* Statistics of tables: what summarises several seeds, and what summarises several tasks. */
#ifndef AF_STATISTICS_H
#define AF_STATISTICS_H
#include <stddef.h>

double af_mean(const double *v, size_t n);      /* NAN when n is 0 */
double af_sample_sd(const double *v, size_t n); /* divides by n - 1; NAN when n < 2 */
/* Ranks from 1 for the lowest value; equal values share the mean of the ranks they take. Values
 * that are no numbers come last, all equal. */
void af_ranks(double *ranks, const double *v, size_t n);

#endif
