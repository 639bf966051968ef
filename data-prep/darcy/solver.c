/* Preconditioned conjugate gradients for the Darcy operator A. With the Poisson operator P (a = 1)
 * as preconditioner the spectrum of P^-1 A lies in [min a, max a], whatever the grid: contrast 4
 * costs about twenty iterations. P is inverted by sine transforms (DST-I) along the rows, which
 * leaves one tridiagonal system in the columns for each mode; these are solved side by side.
 * Vectors are {nodes, nodes} and keep zeros on the boundary, so the operator needs no cases. */
#include "data-prep/darcy/solver.h"
#include <fftw3.h>
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"

enum { MAX_ITERATIONS = 500, WORK_VECTORS = 4 };

struct af_darcy_solver {
    size_t nodes;
    double *ratio; /* {nodes - 2, nodes - 2}: elimination factors, row i, mode k */
    fftw_plan sines;
};

static size_t cells(const af_darcy_solver *s)
{
    return s->nodes * s->nodes;
}

/* Column systems -z[i-1] + b z[i] - z[i+1] = r[i], b = 4 - 2 cos(pi k / (nodes - 1)): eliminating
 * from the top, z[i] = (r[i] + ...) ratio[i] + ratio[i] z[i+1]. */
static void factor(double *ratio, size_t m)
{
    const double pi = acos(-1);
    for (size_t k = 0; k < m; k++) {
        double b = 4 - 2 * cos(pi * (double)(k + 1) / (double)(m + 1)), above = 0;
        for (size_t i = 0; i < m; i++) above = ratio[i * m + k] = 1 / (b - above);
    }
}

af_status af_darcy_solver_new(af_darcy_solver **out, int nodes)
{
    af_darcy_solver *s = af_calloc(1, sizeof *s);
    if (!s) return AF_ENOMEM;
    s->nodes = (size_t)nodes;
    int m = nodes - 2;
    s->ratio = af_alloc((size_t)m * (size_t)m * sizeof *s->ratio);
    double *sample = af_alloc(cells(s) * sizeof *sample);
    if (sample) /* the interior rows of a vector, in place */
        s->sines =
            fftw_plan_many_r2r(1, &m, m, sample + nodes + 1, NULL, 1, nodes, sample + nodes + 1,
                               NULL, 1, nodes, &(fftw_r2r_kind){FFTW_RODFT00}, FFTW_ESTIMATE);
    af_free(sample);
    if (!s->ratio || !s->sines) {
        af_darcy_solver_free(s);
        return af_fail(AF_ENOMEM, "no memory for a Darcy solver of %d x %d nodes", nodes, nodes);
    }
    factor(s->ratio, (size_t)m);
    *out = s;
    return AF_OK;
}

void af_darcy_solver_free(af_darcy_solver *s)
{
    if (!s) return;
    if (s->sines) fftw_destroy_plan(s->sines);
    af_free(s->ratio);
    af_free(s);
}

size_t af_darcy_work_size(const af_darcy_solver *s)
{
    return WORK_VECTORS * cells(s);
}

/* z = P^-1 r up to a constant factor, which conjugate gradients do not notice. */
static void precondition(const af_darcy_solver *s, const double *r, double *z)
{
    size_t n = s->nodes, m = n - 2;
    memcpy(z, r, cells(s) * sizeof *z);
    double *inner = z + n + 1;
    fftw_execute_r2r(s->sines, inner, inner);
    for (size_t k = 0; k < m; k++) inner[k] *= s->ratio[k];
    for (size_t i = 1; i < m; i++)
        for (size_t k = 0; k < m; k++)
            inner[i * n + k] = (inner[i * n + k] + inner[(i - 1) * n + k]) * s->ratio[i * m + k];
    for (size_t i = m - 1; i-- > 0;)
        for (size_t k = 0; k < m; k++)
            inner[i * n + k] += s->ratio[i * m + k] * inner[(i + 1) * n + k];
    fftw_execute_r2r(s->sines, inner, inner);
}

/* y = h^2 A x in the interior. */
static void apply(const af_darcy_solver *s, const double *a, const double *x, double *y)
{
    size_t n = s->nodes;
    for (size_t i = 1; i < n - 1; i++)
        for (size_t c = i * n + 1; c < i * n + n - 1; c++)
            y[c] = 0.5 *
                   ((a[c] + a[c - n]) * (x[c] - x[c - n]) + (a[c] + a[c + n]) * (x[c] - x[c + n]) +
                    (a[c] + a[c - 1]) * (x[c] - x[c - 1]) + (a[c] + a[c + 1]) * (x[c] - x[c + 1]));
}

static double dot(const double *x, const double *y, size_t count)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++) sum += x[i] * y[i];
    return sum;
}

/* r = h^2 f in the interior, 0 on the boundary. */
static void right_side(const af_darcy_solver *s, const double *f, double *r)
{
    size_t n = s->nodes;
    double h = 1 / (double)(n - 1);
    memset(r, 0, cells(s) * sizeof *r);
    for (size_t i = 1; i < n - 1; i++)
        for (size_t c = i * n + 1; c < i * n + n - 1; c++) r[c] = h * h * f[c];
}

static double true_residual(const af_darcy_solver *s, const double *a, const double *f,
                            const double *u, double *b, double *au)
{
    right_side(s, f, b);
    double size = sqrt(dot(b, b, cells(s)));
    apply(s, a, u, au);
    for (size_t c = 0; c < cells(s); c++) b[c] -= au[c];
    return size > 0 ? sqrt(dot(b, b, cells(s))) / size : 0;
}

af_status af_darcy_solve(af_darcy_solved *out, const af_darcy_solver *s, double *work,
                         const double *a, const double *f, double tolerance, double *u)
{
    size_t count = cells(s);
    double *r = work, *z = r + count, *p = z + count, *ap = p + count;
    int iteration = 0;
    memset(u, 0, count * sizeof *u);
    memset(work, 0, WORK_VECTORS * count * sizeof *work);
    right_side(s, f, r);
    const double enough = tolerance * sqrt(dot(r, r, count));
    for (double rz = 0; iteration < MAX_ITERATIONS; iteration++) {
        if (sqrt(dot(r, r, count)) <= enough) break;
        precondition(s, r, z);
        double before = rz;
        rz = dot(r, z, count);
        double beta = iteration ? rz / before : 0;
        for (size_t c = 0; c < count; c++) p[c] = z[c] + beta * p[c];
        apply(s, a, p, ap);
        double alpha = rz / dot(p, ap, count);
        for (size_t c = 0; c < count; c++) {
            u[c] += alpha * p[c];
            r[c] -= alpha * ap[c];
        }
    }
    *out = (af_darcy_solved){iteration, true_residual(s, a, f, u, r, ap)};
    if (out->residual <= 100 * tolerance) return AF_OK;
    return af_fail(AF_EINTERNAL,
                   "Darcy solve: relative residual %.3g after %d iterations, want %.3g; "
                   "the coefficient must be positive and of moderate contrast",
                   out->residual, iteration, tolerance);
}
