/* The parts of `afield data`, one file each. */
#ifndef AF_EVAL_DATA_H
#define AF_EVAL_DATA_H
#include "core/registry.h"

/* Both files of a dataset: opened, verified, disjoint; printed. */
AF_CHECKED af_status af_data_check(const af_task *task, const char *directory, bool as_json);
/* Where the raw data are, and the commands that follow. */
AF_CHECKED af_status af_data_where(const af_task *task, bool as_json);

typedef struct af_fetch_request {
    const af_task *task;
    const char *from;   /* URL; NULL: the direct ones of the task's sources */
    const char *to;     /* directory; NULL: <data directory>/raw/<task> */
    const char *sha256; /* what the file must have; NULL: as the sources say, or not checked */
} af_fetch_request;
AF_CHECKED af_status af_data_fetch(const af_fetch_request *r);

#endif
