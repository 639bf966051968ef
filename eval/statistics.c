/* Means, sample standard deviations, ranks with ties averaged. Two passes for the deviation: the
 * one-pass formula loses all digits when the spread is small beside the mean. */
#include "eval/statistics.h"
#include <math.h>

double af_mean(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += v[i];
    return n ? sum / (double)n : NAN;
}

double af_sample_sd(const double *v, size_t n)
{
    double mean = af_mean(v, n), squares = 0;
    for (size_t i = 0; i < n; i++) squares += (v[i] - mean) * (v[i] - mean);
    return n < 2 ? NAN : sqrt(squares / (double)(n - 1));
}

void af_ranks(double *ranks, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t better = 0, equal = 0;
        for (size_t k = 0; k < n; k++) {
            if (isnan(v[i]) ? isnan(v[k]) : v[k] == v[i])
                equal++;
            else if (isnan(v[i]) || v[k] < v[i])
                better++;
        }
        ranks[i] = (double)better + ((double)equal + 1) / 2;
    }
}
