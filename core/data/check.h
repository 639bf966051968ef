/* What every dataset fulfils, on its way in and on its way out. Internal to core/data. */
#ifndef AF_CHECK_H
#define AF_CHECK_H
#include "core/data/dataset.h"

/* Shapes against the task, labels, ids, indices, groups, finite values. Messages start with the
 * block's name; the caller adds the file and the remedy. */
AF_CHECKED af_status af_dataset_check(const af_dataset *d, const af_task *task,
                                      af_dataset_part part);
/* /level and /noise, as far as they are there: into d, whose mapping, n, input and x_type are
 * known; and whether they are as they should be. */
AF_CHECKED af_status af_background_read(af_dataset *d);
AF_CHECKED af_status af_background_check(const af_dataset *d, af_dataset_part part);
bool af_all_finite(const float *v, int64_t n);
/* The bytes of the longest id, at least 1: the width ids are stored with. */
int af_dataset_id_width(const char *ids, int64_t n);
/* The checksum that core/data/dataset.h describes. */
AF_CHECKED af_status af_dataset_digest(const af_dataset *d, char hex[AF_SHA256_HEX]);
/* Fails with what was last said about `path`, a part of d, and the commands that replace both. */
af_status af_dataset_explain(af_status st, const char *path, const af_dataset *d);

#endif
