/* Means, sample standard deviations, ranks with ties averaged. Two passes for the deviation: the
 * one-pass formula loses all digits when the spread is small beside the mean. Quantiles, and the
 * ratios of performance profiles. */
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

double af_quantile(const double *ascending, size_t n, double q)
{
    if (!n) return NAN;
    double at = q * (double)(n - 1), below = floor(at);
    size_t i = (size_t)below;
    if (i + 1 >= n) return ascending[n - 1];
    return ascending[i] + (at - below) * (ascending[i + 1] - ascending[i]);
}

void af_error_ratios(double *ratios, const double *errors, size_t methods, size_t problems)
{
    for (size_t p = 0; p < problems; p++) {
        double best = INFINITY;
        for (size_t m = 0; m < methods; m++) best = fmin(best, errors[m * problems + p]);
        for (size_t m = 0; m < methods; m++) {
            double e = errors[m * problems + p];
            if (isnan(e) || isinf(e))
                ratios[m * problems + p] = INFINITY;
            else
                ratios[m * problems + p] = e == best ? 1 : best > 0 ? e / best : INFINITY;
        }
    }
}

double af_profile_at(const double *ratios, size_t n, double tau)
{
    size_t reached = 0;
    for (size_t i = 0; i < n; i++) reached += ratios[i] <= tau;
    return n ? (double)reached / (double)n : 0;
}
