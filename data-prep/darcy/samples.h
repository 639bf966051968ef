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

/* Which samples of a file train and validate, those that validate last; and which test: of a second
 * file, or of the same one. */
typedef struct af_darcy_shares {
    int64_t train, valid, test_first, test;
} af_darcy_shares;
/* A file to learn from, of which at most `learn` samples are used: its last tenth validates; and
 * one to test. */
af_darcy_shares af_darcy_share_two(int64_t count, int64_t learn, int64_t test_count, int64_t test);
/* One file, of which at most `most` samples are used, 80 : 10 : 10, in order. */
af_darcy_shares af_darcy_share_one(int64_t count, int64_t most);

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
