/* The files that Satellite is published in. */
#ifndef AF_SATELLITE_RAW_H
#define AF_SATELLITE_RAW_H
#include <jansson.h>
#include "data-prep/satellite/series.h"

typedef struct af_satellite_raw {
    af_satellite_set train, valid, test; /* valid may be empty */
    int sorted;                          /* train may be sorted by class */
    json_t *source;                      /* layout, files with their sha256 */
} af_satellite_raw;

/* `path`: a directory with satellite_train.npy and satellite_test.npy of NAS-Bench-360, or with
 * Crop_TRAIN and Crop_TEST of the UCR archive as .npy, .ts, .tsv, .txt or .arff, of which the first
 * kind that is there is read. */
AF_CHECKED af_status af_satellite_raw_read(af_satellite_raw *out, const char *path);
void af_satellite_raw_close(af_satellite_raw *r);

#endif
