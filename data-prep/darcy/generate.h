/* Truthful Darcy samples: a random coefficient and the solution of its boundary value problem on a
 * fine grid, thinned to the data set's. */
#ifndef AF_DARCY_GENERATE_H
#define AF_DARCY_GENERATE_H
#include "core/base/log.h"
#include "data-prep/darcy/grf.h"
#include "data-prep/darcy/samples.h"
#include "data-prep/darcy/solver.h"

/* -div(a grad u) = 1; a is `high` where the Gaussian field is >= 0, else `low`. */
typedef struct af_darcy_model {
    double alpha, tau, low, high, tolerance;
    int grid, stride; /* nodes per side while solving; every stride-th is kept */
} af_darcy_model;

/* What a model needs on its grid; shared by all threads. */
typedef struct af_darcy_machine {
    af_darcy_model model;
    af_grf *grf;
    af_darcy_solver *solver;
    double *source; /* {grid, grid}: f = 1 */
} af_darcy_machine;
AF_CHECKED af_status af_darcy_machine_open(af_darcy_machine *out, const af_darcy_model *model);
void af_darcy_machine_close(af_darcy_machine *m);

typedef struct af_darcy_effort {
    double residual_max;
    int iterations_max;
} af_darcy_effort;
/* Fills the sample set. Sample k depends on (seed, series, k) alone, never on how many there are or
 * on the number of threads. `effort` is raised to what was needed; `progress` (may be NULL) counts
 * on from `done`. */
AF_CHECKED af_status af_darcy_generate(af_darcy_samples *s, const af_darcy_machine *m,
                                       uint64_t seed, uint64_t series, af_darcy_effort *effort,
                                       af_progress *progress, int64_t done);

#endif
