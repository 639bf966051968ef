/* The device of the backend cuda_host: its memory is the host's, and work is done as it is queued.
 * A test can watch it. */
#ifndef AF_CUDA_HOST_H
#define AF_CUDA_HOST_H
#include "core/device.h"

extern const af_device_type af_host_device;

/* Does, or while recording keeps, run(work); `work` is copied. */
void af_host_queue(af_device *d, const char *name, void (*run)(const void *work), const void *work,
                   size_t bytes);

/* ---- for tests ---- */

/* While one is set, everything that is allocated from then on is watched, byte by byte. */
typedef struct af_host_watch {
    long launches, allocations, sends, waits, recordings, plays;
    long unwritten;  /* reads of a byte that nobody had written */
    char first[128]; /* the kernel of the first of them */
} af_host_watch;
extern af_host_watch *af_host_watched;
AF_CHECKED af_status af_host_watch_begin(af_host_watch *w);
void af_host_watch_end(void); /* after all plans that were made meanwhile are freed */
/* From here on nobody has written there. */
void af_host_forget(const void *p, size_t bytes);
void af_host_read(const void *p, size_t bytes);
void af_host_wrote(const void *p, size_t bytes);

#endif
