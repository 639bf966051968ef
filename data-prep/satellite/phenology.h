/* The stand-in for Satellite: a year of the vegetation index NDVI of plots under 24 covers, by
 * double-logistic phenology (Beck et al., Improved monitoring of vegetation dynamics at very high
 * latitudes: a new method using MODIS NDVI, Remote Sens. Environ. 100(3), 2006): base and peak,
 * green-up and senescence, some covers with a second season. Sowing dates, rates and levels vary
 * from plot to plot; readings have correlated noise; clouded ones are interpolated linearly between
 * clear ones, and some clouds are missed. Similar covers differ in the form and length of a season
 * whose date is not theirs alone, so that a linear model of the readings does not tell them apart.
 */
#ifndef AF_SATELLITE_PHENOLOGY_H
#define AF_SATELLITE_PHENOLOGY_H
#include "data-prep/satellite/series.h"

enum { AF_PHENOLOGY_VERSION = 1 };
/* All series, in parallel. Series k of a series number depends on seed, number and k only; its
 * class is k modulo 24. */
void af_phenology_draw(af_satellite_set *out, uint64_t seed, uint64_t series);

#endif
