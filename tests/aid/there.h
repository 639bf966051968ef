/* Memory of cuda_host's device, for tests of kernels: what is there and what comes back. All abort
 * the test (cmocka) on failure.
 *
 *     there t;
 *     there_open(&t);                         watched: t.watch
 *     float *x = there_put(&t, values, sizeof values);
 *     ...                                     kernels, queued on t.device
 *     there_get(&t, values, x, sizeof values);
 *     there_close(&t);                        frees all of it
 */
#ifndef AID_THERE_H
#define AID_THERE_H
#include "core/backends/cuda_host/host.h"

enum { THERE_BLOCKS = 64 };

typedef struct there {
    af_device *device;
    af_host_watch watch;
    void *block[THERE_BLOCKS];
    int blocks;
} there;

void there_open(there *t);
void there_close(there *t);
void *there_put(there *t, const void *from, size_t bytes);
void *there_room(there *t, size_t bytes); /* nobody has written there */
void there_get(there *t, void *to, const void *from, size_t bytes);
/* So far no kernel has read what nobody had written. */
void there_clean(const there *t);

#endif
