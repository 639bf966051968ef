/* Splits by group: all samples of a record, clip or subject fall into the same split.
 *
 *     af_indices split[AF_SPLITS];
 *     af_split_plan plan = {.n = n, .group = group, .seed = 0, .valid = 0.1, .test = 0.1};
 *     AF_TRY(af_split_by_group(split, &plan));    ... af_split_free(split);
 */
#ifndef AF_SPLIT_H
#define AF_SPLIT_H
#include "core/data/dataset.h"

typedef struct af_split_plan {
    int64_t n;            /* samples */
    const int32_t *group; /* {n}; NULL: every sample is a group, named by its index */
    /* All groups in the order they are dealt out: first to train, then to valid, then to test.
     * Groups without samples may appear and keep their place. NULL: shuffled by seed. */
    const int64_t *order;
    int64_t groups; /* of order */
    uint64_t seed;
    double valid, test; /* shares of the groups, rounded to the nearest count; train has the rest */
} af_split_plan;

/* Sample indices in ascending order; a split without samples has i NULL. */
AF_CHECKED af_status af_split_by_group(af_indices out[AF_SPLITS], const af_split_plan *plan);
void af_split_free(af_indices split[AF_SPLITS]);

#endif
