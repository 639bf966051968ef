/* From the samples of a chunk to the numbers that are stored. Internal to pack. */
#ifndef AF_FSD_FEATURES_H
#define AF_FSD_FEATURES_H
#include "data-prep/fsd50k/mel.h"
#include "data-prep/fsd50k/pack.h"

/* {1, bands / pool, frames / pool}; points that do not fill a square are left out. */
af_shape af_fsd_feature_shape(const af_fsd_layout *l);
/* The chunk that begins at `start` of n samples, at most a second of it, repeated to fill one. */
void af_fsd_chunk_cut(int16_t out[AF_MEL_CHUNK], const int16_t *x, int64_t n, int64_t start);
void af_fsd_features(int16_t *out, const af_fsd_layout *l, const af_mel *m,
                     const int16_t x[AF_MEL_CHUNK]);

#endif
