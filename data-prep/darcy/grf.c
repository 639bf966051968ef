/* The field is its Karhunen-Loeve expansion: the sum over (k1, k2) != (0, 0) of
 *     tau^(alpha-1) (pi^2 (k1^2 + k2^2) + tau^2)^(-alpha/2) N(0,1) c_k1 c_k2 cos(pi k1 x) cos(pi k2
 * y) with c_0 = 1 and else sqrt 2. The reference code sums the same series at cell centres: its
 * factor s cancels the 1/s of the orthonormal inverse DCT. Here DCT-I sums it at the nodes j /
 * (nodes - 1), where the solver wants the coefficient. */
#include "data-prep/darcy/grf.h"
#include <fftw3.h>
#include <math.h>
#include "core/base/alloc.h"

struct af_grf {
    int nodes;
    double alpha, tau;
    double *weight; /* {nodes, nodes}: amplitude and norms, as REDFT00 wants them */
    fftw_plan sum;
};

double af_grf_amplitude(const af_grf *g, int k1, int k2)
{
    const double pi = acos(-1);
    if (k1 == 0 && k2 == 0) return 0;
    double lambda = pi * pi * ((double)k1 * k1 + (double)k2 * k2) + g->tau * g->tau;
    return pow(g->tau, g->alpha - 1) * pow(lambda, -g->alpha / 2);
}

/* REDFT00 counts the inner modes twice. */
static double norm(const af_grf *g, int k)
{
    return k == 0 ? 1 : k == g->nodes - 1 ? sqrt(2) : sqrt(0.5);
}

af_status af_grf_new(af_grf **out, int nodes, double alpha, double tau)
{
    af_grf *g = af_calloc(1, sizeof *g);
    if (!g) return AF_ENOMEM;
    *g = (af_grf){.nodes = nodes, .alpha = alpha, .tau = tau};
    size_t n = (size_t)nodes;
    g->weight = af_alloc(n * n * sizeof *g->weight);
    double *sample = af_alloc(n * n * sizeof *sample);
    if (sample)
        g->sum = fftw_plan_r2r_2d(nodes, nodes, sample, sample, FFTW_REDFT00, FFTW_REDFT00,
                                  FFTW_ESTIMATE);
    af_free(sample);
    if (!g->weight || !g->sum) {
        af_grf_free(g);
        return af_fail(AF_ENOMEM, "no memory for random fields of %d x %d points", nodes, nodes);
    }
    for (int k1 = 0; k1 < nodes; k1++)
        for (int k2 = 0; k2 < nodes; k2++)
            g->weight[(size_t)k1 * n + (size_t)k2] =
                af_grf_amplitude(g, k1, k2) * norm(g, k1) * norm(g, k2);
    *out = g;
    return AF_OK;
}

void af_grf_free(af_grf *g)
{
    if (!g) return;
    if (g->sum) fftw_destroy_plan(g->sum);
    af_free(g->weight);
    af_free(g);
}

void af_grf_sample(const af_grf *g, af_rng *r, double *out)
{
    size_t modes = (size_t)g->nodes * (size_t)g->nodes;
    for (size_t k = 0; k < modes; k++) out[k] = g->weight[k] * af_rng_normal(r);
    fftw_execute_r2r(g->sum, out, out);
}
