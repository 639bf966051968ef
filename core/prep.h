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

/* A file that the raw data can be had from, as far as is known; what is not known is NULL. */
typedef struct af_raw_file {
    const char *name;    /* the file's own name */
    const char *url;     /* of the file, or of a page that leads to it */
    bool direct;         /* the url answers with the file: `afield data fetch` can get it */
    bool prepared;       /* by NAS-Bench-360, from the official data */
    const char *size;    /* "161 MB" */
    const char *license; /* of this file; NULL: none is stated */
    const char *sha256;
    const char *note; /* whether import reads it, and what to mind */
} af_raw_file;

typedef struct af_prep {
    const char *name;
    const char *accepts;        /* what import understands, for help and errors */
    const char *model;          /* the generative model behind generate, with its source */
    const af_raw_file *sources; /* (optional) where the raw data are; ends with a NULL name */
    /* Official raw files -> dataset, provenance "real", or "partial" when it is a subset. */
    AF_CHECKED af_status (*import)(const af_prep_request *r);
    /* A stand-in of the same shape and objective, provenance "generated". */
    AF_CHECKED af_status (*generate)(const af_prep_request *r);
} af_prep;

#endif
