/* Arrays that may be larger than memory: beyond 256 MiB they lie in a nameless file, which is gone
 * when they are freed, also after a crash. */
#ifndef AF_PSICOV_SCRATCH_H
#define AF_PSICOV_SCRATCH_H
#include <stddef.h>
#include "core/base/status.h"

typedef struct af_scratch {
    void *data;
    size_t mapped; /* bytes; 0: from af_alloc */
} af_scratch;
/* Zeroed. The file goes into `directory`. */
AF_CHECKED af_status af_scratch_new(af_scratch *s, size_t size, const char *directory);
void af_scratch_free(af_scratch *s);

#endif
