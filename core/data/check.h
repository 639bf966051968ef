/* What every dataset fulfils, on its way in and on its way out. Internal to core/data. */
#ifndef AF_CHECK_H
#define AF_CHECK_H
#include "core/data/dataset.h"

/* Shapes against the task, labels, ids, indices, finite values. Messages start with the block's
 * name; the caller adds the file and the remedy. */
AF_CHECKED af_status af_dataset_check(const af_dataset *d, const af_task *task,
                                      af_dataset_part part);
/* The bytes of the longest id, at least 1: the width ids are stored with. */
int af_dataset_id_width(const char *ids, int64_t n);
/* SHA-256 of what the file stores: x, y, ids, groups and, each after a line "/splits/clean/train
 * 900", the splits. */
AF_CHECKED af_status af_dataset_digest(const af_dataset *d, char hex[AF_SHA256_HEX]);

#endif
