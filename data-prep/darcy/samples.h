/* Darcy samples on the data set's grid, and how they become its two files: channels, identifiers,
 * splits of both protocols, scaling. */
#ifndef AF_DARCY_SAMPLES_H
#define AF_DARCY_SAMPLES_H
#include <jansson.h>
#include "core/data/dataset.h"
#include "core/prep.h"

typedef struct af_darcy_samples {
    int64_t count;
    int nodes; /* per side */
    float
        *x; /* {count, 3, nodes, nodes}: coefficient; coordinates along the last axis, along rows */
    float *y;  /* {count, 1, nodes, nodes}: solution */
    char *ids; /* {count} of AF_ID_MAX bytes */
} af_darcy_samples;

/* Coordinates and identifiers "<name>-00042" (numbered from `first`) are filled in. */
AF_CHECKED af_status af_darcy_samples_new(af_darcy_samples *out, int64_t count, int nodes,
                                          const char *name, int64_t first);
void af_darcy_samples_free(af_darcy_samples *s);
/* Where the coefficient and the solution of sample k go, {nodes, nodes} each. */
float *af_darcy_coefficient(const af_darcy_samples *s, int64_t k);
float *af_darcy_solution(const af_darcy_samples *s, int64_t k);

typedef struct af_darcy_origin {
    const char *provenance;
    json_t *source;
    const char *const *names; /* extra attributes */
    const double *values;
    int attributes;
} af_darcy_origin;
/* Writes both files: the first `train` samples of `main` train, the others validate. */
AF_CHECKED af_status af_darcy_write(const af_prep_request *r, const af_darcy_samples *main,
                                    int64_t train, const af_darcy_samples *test,
                                    const af_darcy_origin *origin);

#endif
