/* Contract: how a task's data is made. data-prep/<task>.c defines `const af_prep af_prep_<task>`;
 * the readers of raw formats live in data-prep/formats. Both write the canonical dataset
 * (core/data). */
#ifndef AF_PREP_H
#define AF_PREP_H
#include "core/task.h"

typedef struct af_prep_request {
    const af_task *task; /* import: or a variant of the prep's own */
    af_size size;
    const char *source;    /* import: a file or directory of raw data */
    uint64_t seed;         /* generate */
    const char *directory; /* where <task>.h5 and <task>.test.h5 go */
} af_prep_request;

enum { AF_VARIANT_NAME = 41 };

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

/* What files hold that have a task's layout and are not the task: readings of another device, other
 * labels. They become a task of their own, which is its parent in all that is not said here. */
typedef struct af_variant {
    char name[AF_VARIANT_NAME]; /* a-z, 0-9, _; the parent's, or what the data are called */
    char title[96];
    char holds[160];           /* "8 electrodes and 7 gestures" */
    int classes;               /* of tasks that have some */
    const char *const *labels; /* NULL: their names are not known */
    const char *summary, *notes, *cite, *license;
} af_variant;

typedef struct af_prep {
    const char *name;
    const char *accepts;        /* what import understands, for help and errors */
    const char *model;          /* the generative model behind generate, with its source */
    const af_raw_file *sources; /* (optional) where the raw data are; ends with a NULL name */
    /* Official raw files -> dataset, provenance "real", or "partial" when it is a subset. */
    AF_CHECKED af_status (*import)(const af_prep_request *r);
    /* (optional) Which variant of the request's task its source is, before anything is written;
     * out->name stays "" for the task itself and for what import refuses. Import is then called
     * with the variant as the task, and writes it with provenance "own", without protocol paper. */
    AF_CHECKED af_status (*variant)(af_variant *out, const af_prep_request *r);
    /* A stand-in of the same shape and objective, provenance "generated". */
    AF_CHECKED af_status (*generate)(const af_prep_request *r);
} af_prep;

#endif
