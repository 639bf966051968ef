/* The sky of a frame, in counts: as a visit's sky.npy says, or estimated. */
#ifndef AF_COSMIC_LEVELS_H
#define AF_COSMIC_LEVELS_H
#include <stddef.h>
#include "data-prep/cosmic/samples.h"

/* From the bytes of a sky.npy, numbers {frames} or {frames, 1}: that of the frame `path`, whose
 * file name begins with its number from 1. `sky` names the file in errors. */
AF_CHECKED af_status af_cosmic_level_of(float *out, const void *data, size_t size, const char *sky,
                                        const char *path);
/* The median of the usable pixels that no ray hit, of an even number the upper one; NAN: none. */
AF_CHECKED af_status af_cosmic_median(float *out, const af_cosmic_frame *f);
/* Whether the sky of every sample is known; of some only is a warning. */
bool af_cosmic_levels_known(const af_cosmic_samples *s);

#endif
