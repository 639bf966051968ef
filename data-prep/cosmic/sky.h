/* The stand-in's frames: sky, stars, galaxies, noise of the detector, and cosmic rays whose charge
 * is known pixel by pixel. */
#ifndef AF_COSMIC_SKY_H
#define AF_COSMIC_SKY_H
#include "data-prep/cosmic/samples.h"

/* Frame `number` of visit `visit`. Frames of a visit share sky, seeing and the rate of rays. */
AF_CHECKED af_status af_cosmic_generate(af_cosmic_frame *out, int side, uint64_t seed,
                                        int64_t visit, int number);

#endif
