/* The official raw files of Darcy Flow: MATLAB arrays `coeff` and `sol`, samples x s x s, s 421 or
 * 85. */
#ifndef AF_DARCY_RAW_H
#define AF_DARCY_RAW_H
#include "core/base/file.h"
#include "data-prep/darcy/samples.h"
#include "data-prep/formats/mat.h"

typedef struct af_darcy_raw {
    af_mat *mat;
    char path[AF_PATH_MAX], sha256[AF_SHA256_HEX];
    int64_t count;
    int grid; /* points per side */
} af_darcy_raw;

/* Opens a file and checks both shapes. */
AF_CHECKED af_status af_darcy_raw_open(af_darcy_raw *out, const char *path);
void af_darcy_raw_close(af_darcy_raw *f);
/* A new set of `count` samples from `first` on, thinned to nodes x nodes points. Refuses
 * coefficients that are not positive and values that are not finite. */
AF_CHECKED af_status af_darcy_raw_read(af_darcy_samples *out, const af_darcy_raw *f, int64_t first,
                                       int64_t count, int nodes);
/* {"name", "sha256", "samples", "grid"}, for the record; NULL when memory is short. */
json_t *af_darcy_raw_json(const af_darcy_raw *f);

#endif
