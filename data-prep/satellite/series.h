/* Series of 46 readings with the cover of the plot, as files hold them or as they are generated. */
#ifndef AF_SATELLITE_SERIES_H
#define AF_SATELLITE_SERIES_H
#include <stdint.h>
#include "core/base/status.h"

enum { AF_SATELLITE_STEPS = 46, AF_SATELLITE_CLASSES = 24 };

typedef struct af_satellite_set {
    int64_t count;
    float *x;       /* {count, AF_SATELLITE_STEPS} */
    uint8_t *label; /* {count}, 0 to 23 */
} af_satellite_set;

/* Room for `count` series, zeroed. */
AF_CHECKED af_status af_satellite_set_new(af_satellite_set *out, int64_t count);
void af_satellite_set_free(af_satellite_set *s);

#endif
