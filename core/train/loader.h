/* Batches in turn, each made ready while the one before it is in use: two of them, and a thread
 * that fills the other. The batches are those that af_batch_load makes, whoever makes them, so
 * nothing depends on timing. After af_loader_new nothing is allocated and no file is opened; pages
 * of the dataset that are not in memory yet are waited for by the thread. Internal to train. */
#ifndef AF_LOADER_H
#define AF_LOADER_H
#include "core/train/batch.h"

typedef struct af_loader af_loader;
/* For batches of `batch` samples of d, `most` samples in turn; of the kind that the plan is best
 * given, NULL: floats. Where the system refuses a thread,
 * or there is only one batch, the caller's makes them. */
AF_CHECKED af_status af_loader_new(af_loader **out, const af_dataset *d, int batch, int64_t most,
                                   const af_plan *p);
/* Also when batches are left; NULL is fine. */
void af_loader_free(af_loader *l);
/* From here on: which[0 .. count-1], which stays the caller's, in batches; the last may be smaller.
 * Batches left from the last start are forgotten. */
void af_loader_start(af_loader *l, const af_source *source, const int64_t *which, int64_t count);
/* What loading has cost, from the first start on. */
typedef struct af_loading {
    double waited;   /* seconds that callers stood in af_loader_start and af_loader_next because a
                        batch was not ready: waiting for the thread, or making it themselves */
    double busy;     /* CPU seconds of making batches, whoever made them */
    int64_t batches; /* that were made, some perhaps ahead of what was taken */
} af_loading;
af_loading af_loader_measured(af_loader *l);
/* The next batch; it is valid until the next call. Not to be called when there is none. */
const af_batch *af_loader_next(af_loader *l);

#endif
