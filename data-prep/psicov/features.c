/* Coevolution methods score a pair by a noisy coupling. Here a contact has a coupling with
 * probability `coupled`, of log-normal strength, weaker the farther apart the residues are; both
 * scores see the same couplings and each its own noise, as methods do that read one alignment. What
 * a single entry says is little; neighbouring entries of the map belong to neighbouring residues,
 * whose distances are alike. */
#include "data-prep/psicov/features.h"
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"

enum { AMINO_ACIDS = 20, NEIGHBOURHOOD = 10 };
static const double coupled = 0.55, contact = 8, softness = 0.8;
/* Kyte and Doolittle, J Mol Biol 157, 1982, over 4.5; in the order ARNDCQEGHILKMFPSTWYV. */
static const double hydropathy[AMINO_ACIDS] = {0.4,   -1,    -0.78, -0.78, 0.56,  -0.78, -0.78,
                                               -0.09, -0.71, 1,     0.84,  -0.87, 0.42,  0.62,
                                               -0.36, -0.18, -0.16, -0.2,  -0.29, 0.93};

int af_psicov_length(uint64_t seed, const char *series, int64_t number, int least, int longest)
{
    af_rng r = af_rng_at(seed, series, 0, 0, 0, (uint32_t)number);
    return least + (int)af_rng_below(&r, (uint64_t)(longest - least + 1));
}

static double sigmoid(double v)
{
    return 1 / (1 + exp(-v));
}

/* softmax(v) in place. */
static void normalise(double *v, int n)
{
    double sum = 0;
    for (int k = 0; k < n; k++) sum += v[k] = exp(v[k]);
    for (int k = 0; k < n; k++) v[k] /= sum;
}

static void measure(af_protein *p, const double *at)
{
    const int n = p->length;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int k = 0; k < 3; k++) {
                const double d = at[3 * i + k] - at[3 * j + k];
                sum += d * d;
            }
            p->far[i * n + j] = (float)sqrt(sum);
        }
}

/* How many residues lie near, minus the chain's mean, over its standard deviation. */
static void bury(double *buried, const af_protein *p)
{
    const int n = p->length;
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        buried[i] = 0;
        for (int j = 0; j < n; j++) buried[i] += p->far[i * n + j] < NEIGHBOURHOOD;
        sum += buried[i];
        squares += buried[i] * buried[i];
    }
    const double mean = sum / n, std = sqrt(fmax(squares / n - mean * mean, 1e-6));
    for (int i = 0; i < n; i++) buried[i] = (buried[i] - mean) / std;
}

static void put(af_protein *p, int row, int i, double v)
{
    p->row[row * p->length + i] = (float)v;
}

/* Features of residues; `oily` receives how hydrophobic each is. */
static void describe_residues(af_protein *p, const int *kind, const double *buried, double *oily,
                              af_rng *r)
{
    for (int i = 0; i < p->length; i++) {
        double ss[3], profile[AMINO_ACIDS], entropy = 0;
        for (int k = 0; k < 3; k++) ss[k] = 2.5 * (k == kind[i]) + af_rng_normal(r);
        normalise(ss, 3);
        for (int k = 0; k < 3; k++) put(p, AF_PSICOV_SS + k, i, ss[k]);
        oily[i] = 0.7 * buried[i] + 0.7 * af_rng_normal(r);
        for (int k = 0; k < AMINO_ACIDS; k++)
            profile[k] = 1.2 * oily[i] * hydropathy[k] + af_rng_normal(r);
        normalise(profile, AMINO_ACIDS);
        for (int k = 0; k < AMINO_ACIDS; k++) {
            put(p, AF_PSICOV_PSSM + k, i, profile[k]);
            entropy -= profile[k] * log(profile[k]);
        }
        put(p, AF_PSICOV_PSSM + AMINO_ACIDS, i, 0.3 * af_rng_unit(r)); /* gaps */
        put(p, AF_PSICOV_PSSM + AMINO_ACIDS + 1, i, log(AMINO_ACIDS) - entropy);
        put(p, AF_PSICOV_ENTROPY, i, entropy / log(AMINO_ACIDS));
        put(p, AF_PSICOV_SA, i, sigmoid(-buried[i] + 0.7 * af_rng_normal(r)));
    }
}

static void describe_pairs(af_protein *p, const double *oily, const double *shared, af_rng *r)
{
    const size_t n = (size_t)p->length;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++) {
            const double d = p->far[i * n + j];
            const bool has = af_rng_unit(r) < coupled;
            const double strength = exp(0.5 * af_rng_normal(r)) * sigmoid((contact - d) / softness);
            const double seen = (has ? strength : 0) + 0.15 * shared[i] * shared[j];
            const double v[AF_PSICOV_MAPS] = {
                [AF_PSICOV_CCMPRED] = 0.3 * (seen + 0.5 * af_rng_normal(r)),
                [AF_PSICOV_FREECONTACT] = seen + 0.8 * af_rng_normal(r),
                [AF_PSICOV_POTENTIAL] = -oily[i] * oily[j] + 0.3 * af_rng_normal(r)};
            for (size_t k = 0; k < AF_PSICOV_MAPS; k++) {
                float *map = p->map + k * n * n;
                map[i * n + j] = map[j * n + i] =
                    i == j && k != AF_PSICOV_POTENTIAL ? 0 : (float)v[k];
            }
        }
}

af_status af_psicov_generate(af_protein *out, uint64_t seed, const char *series, int64_t number,
                             int length)
{
    af_rng r = af_rng_at(seed, series, 1, 0, 0, (uint32_t)number);
    const size_t n = (size_t)length;
    double *work = af_calloc(6 * n, sizeof *work), *at = work;
    int *kind = af_calloc(n, sizeof *kind);
    af_status st = work && kind ? AF_OK : AF_ENOMEM;
    if (st == AF_OK) st = af_protein_new(out, length);
    if (st == AF_OK && (st = af_chain_grow(at, kind, length, &r)) == AF_OK) {
        double *buried = work + 3 * n, *oily = buried + n, *shared = oily + n;
        measure(out, at);
        bury(buried, out);
        for (size_t i = 0; i < n; i++) shared[i] = af_rng_normal(&r);
        describe_residues(out, kind, buried, oily, &r);
        describe_pairs(out, oily, shared, &r);
        af_protein_tidy(out);
    } else if (st != AF_OK && work && kind) {
        af_protein_free(out);
    }
    af_free(kind);
    af_free(work);
    return st;
}
