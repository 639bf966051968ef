/* Gaussian random fields on the unit square with zero-Neumann boundary, covariance
 * tau^(2 alpha - 2) (-Laplace + tau^2)^(-alpha), zero mean: the law of Darcy Flow's coefficient
 * before thresholding (Li et al. 2021, GRF.m). */
#ifndef AF_DARCY_GRF_H
#define AF_DARCY_GRF_H
#include "core/base/philox.h"
#include "core/base/status.h"

typedef struct af_grf af_grf;
/* On nodes x nodes points including the boundary, nodes >= 3. Make and free from one thread at a
 * time (FFTW's planner); sampling is safe from many. */
AF_CHECKED af_status af_grf_new(af_grf **out, int nodes, double alpha, double tau);
void af_grf_free(af_grf *g);
/* One field {nodes, nodes}; `out` comes from af_alloc. Draws nodes^2 normals. */
void af_grf_sample(const af_grf *g, af_rng *r, double *out);
/* The standard deviation of mode (k1, k2), 0 <= k < nodes; the basis functions cos(pi k1 x)
 * cos(pi k2 y) have unit L2 norm. Mode (0, 0) has none. */
double af_grf_amplitude(const af_grf *g, int k1, int k2);

#endif
