/* Windows of the forearm's signals: 52 readings of 16 electrodes (a variant: of others), with the
 * gesture made. */
#ifndef AF_NINAPRO_WINDOWS_H
#define AF_NINAPRO_WINDOWS_H
#include <stdint.h>
#include "core/base/status.h"

enum { AF_NINAPRO_STEPS = 52, AF_NINAPRO_ELECTRODES = 16, AF_NINAPRO_CLASSES = 18 };
enum { AF_NINAPRO_MOST_ELECTRODES = 64, AF_NINAPRO_MOST_CLASSES = 256 };

typedef struct af_ninapro_set {
    int64_t count, room;
    int electrodes;
    int repetitions; /* of a subject, at most */
    float *x;        /* {count, electrodes, AF_NINAPRO_STEPS} */
    uint8_t *label;  /* {count}, 0: rest */
    int32_t *group;  /* {count}, subject * repetitions + repetition; NULL: not known */
} af_ninapro_set;

/* Room for `count` windows, zeroed. repetitions 0: the groups are not known. */
AF_CHECKED af_status af_ninapro_set_new(af_ninapro_set *out, int64_t count, int electrodes,
                                        int repetitions);
/* One more window, to be filled; sets of more than 2 GiB are refused. */
AF_CHECKED af_status af_ninapro_set_add(float **x, af_ninapro_set *s, int label, int32_t group);
void af_ninapro_set_free(af_ninapro_set *s);

#endif
