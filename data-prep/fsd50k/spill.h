/* An array that grows on disk and is read back as memory: of a data set larger than this machine's
 * memory only the pages in use are held. The file has no name once it is open, so nothing is left
 * whatever happens. */
#ifndef AF_FSD_SPILL_H
#define AF_FSD_SPILL_H
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

typedef struct af_spill {
    int fd; /* -1: not open */
    int64_t size;
    void *map;
    char path[4096]; /* for errors */
} af_spill;

/* In `directory`, which is made if need be. */
AF_CHECKED af_status af_spill_open(af_spill *s, const char *directory);
AF_CHECKED af_status af_spill_add(af_spill *s, const void *data, size_t size);
/* All that was added, until the spill is closed; nothing may be added any more. */
AF_CHECKED af_status af_spill_map(af_spill *s, const void **out);
void af_spill_close(af_spill *s); /* also one that failed to open, or {.fd = -1} */

#endif
