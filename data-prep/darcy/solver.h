/* Solves -div(a grad u) = f on the unit square, u = 0 on its boundary: second-order five-point
 * finite differences on nodes x nodes points including the boundary, face coefficients the mean of
 * the two nodes beside. Conjugate gradients, preconditioned by a fast Poisson solver. */
#ifndef AF_DARCY_SOLVER_H
#define AF_DARCY_SOLVER_H
#include <stddef.h>
#include "core/base/status.h"

typedef struct af_darcy_solver af_darcy_solver;
/* nodes >= 3. FFTW plans in one thread at a time, so make and free in one; solve in any. */
AF_CHECKED af_status af_darcy_solver_new(af_darcy_solver **out, int nodes);
void af_darcy_solver_free(af_darcy_solver *s);

typedef struct af_darcy_solved {
    int iterations;
    double residual; /* ||f - A u|| / ||f|| over the interior, computed from u at the end */
} af_darcy_solved;
/* Doubles of work space for one solve, from af_alloc. */
size_t af_darcy_work_size(const af_darcy_solver *s);
/* a, f and u are {nodes, nodes}; a > 0; f is read in the interior only. Stops when the residual has
 * fallen by `tolerance`; a final residual above a hundred times that is AF_EINTERNAL. */
AF_CHECKED af_status af_darcy_solve(af_darcy_solved *out, const af_darcy_solver *s, double *work,
                                    const double *a, const double *f, double tolerance, double *u);

#endif
