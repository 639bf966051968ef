/* numpy's bytes by hand: .npy files and pickled arrays, for tests of importers. A `bytes` grows as
 * it is written to; free its data with af_free. */
#ifndef AID_ARRAYS_H
#define AID_ARRAYS_H
#include <stddef.h>
#include "core/base/status.h"

typedef struct bytes {
    char *data;
    size_t size, room;
} bytes;

void bytes_put(bytes *b, const void *data, size_t size);
void bytes_say(bytes *b, const char *fmt, ...) AF_PRINTF(2, 3);
/* A .npy file: dtype as "<f4", shape as "(3, 46)". */
void bytes_npy(bytes *b, const char *dtype, const char *shape, const void *data, size_t size);
/* A pickled array of little-endian numbers: dtype as "f4", shape as "I3\nI46\n". */
void bytes_array(bytes *b, const char *dtype, const char *shape, const void *data, size_t size);
/* Before what it holds: a list of objects, or bytes; "tb" ends it. order: "<" or "|". */
void bytes_array_begin(bytes *b, const char *dtype, const char *order, const char *shape);
/* Before and after the pickle of what a .npy file of one object holds. */
void bytes_object_begin(bytes *b);
void bytes_object_end(bytes *b);
/* Into a file of the test's directory, and empties b. */
void bytes_save(bytes *b, const char *path);

#endif
