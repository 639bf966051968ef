/* s2_cifar100.gz, as NAS-Bench-360 publishes it: a gzipped pickle of a dict, train and test, each a
 * dict of images (uint8, N x 3 x 60 x 60) and labels. */
#ifndef AF_SPHERICAL_RAW_H
#define AF_SPHERICAL_RAW_H
#include "data-prep/formats/pickle.h"

typedef struct af_s2_images {
    int64_t count;
    const uint8_t *pixel; /* {count, 3, 60, 60} */
    uint8_t *label;       /* {count} */
} af_s2_images;

typedef struct af_s2_raw {
    af_s2_images train, test;
    char *bytes; /* unpacked: 650 MB of the official file */
    af_pickle *pickle;
} af_s2_raw;

AF_CHECKED af_status af_s2_raw_read(af_s2_raw *out, const char *path);
void af_s2_raw_close(af_s2_raw *r);

#endif
