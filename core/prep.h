/* Contract: how a task's data is made. data-prep/<task>.c defines `const af_prep af_prep_<task>`;
 * the readers of raw formats live in data-prep/formats. Both write the canonical dataset
 * (core/data). */
#ifndef AF_PREP_H
#define AF_PREP_H
#include "core/task.h"

typedef struct af_prep_request {
    const af_task *task;
    af_size size;
    const char *source;    /* import: a file or directory of raw data */
    uint64_t seed;         /* generate */
    const char *directory; /* where <task>.h5 and <task>.test.h5 go */
} af_prep_request;

typedef struct af_prep {
    const char *name;
    const char *accepts; /* what import understands, for help and errors */
    const char *model;   /* the generative model behind generate, with its source */
    /* Official raw files -> dataset, provenance "real", or "partial" when it is a subset. */
    AF_CHECKED af_status (*import)(const af_prep_request *r);
    /* A stand-in of the same shape and objective, provenance "generated". */
    AF_CHECKED af_status (*generate)(const af_prep_request *r);
} af_prep;

#endif
