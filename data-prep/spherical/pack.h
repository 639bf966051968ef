/* Images on the sphere into the canonical dataset. */
#ifndef AF_SPHERICAL_PACK_H
#define AF_SPHERICAL_PACK_H
#include <jansson.h>
#include "core/prep.h"

/* How much of the data a size uses, how many grid points on a side become one, summed, and how far
 * spheres are turned that are made here. */
typedef struct af_spherical_extent {
    int64_t train, valid, test; /* at most */
    int block;
    double deflection;
} af_spherical_extent;
extern const af_spherical_extent af_spherical_extents[AF_SIZES];

/* Where images come from: fills out {3, 60, 60} with image k and returns its label. Called by
 * several threads at once. */
typedef struct af_spherical_source {
    int64_t count;
    int (*draw)(uint8_t *out, const void *payload, int64_t k);
    const void *payload;
} af_spherical_source;

/* The last fifth of `train` validates, as in NAS-Bench-360. */
AF_CHECKED af_status af_spherical_pack(const af_prep_request *r, const af_spherical_source *train,
                                       const af_spherical_source *test, const char *provenance,
                                       const json_t *origin);

#endif
