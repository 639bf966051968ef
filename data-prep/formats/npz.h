/* numpy's .npz files: a zip archive of .npy files, stored or deflated. One pass, one array in
 * memory at a time, nothing unpacked to disk. What a member declares is checked before memory is
 * taken for it: no more than max_array bytes, and no more than deflate can make of the whole file.
 */
#ifndef AF_NPZ_H
#define AF_NPZ_H
#include "data-prep/formats/npy.h"

/* Calls `each` for every array whose name (without .npy) `want` accepts (NULL: all), in stored
 * order. The array lives until `each` returns; `path` is "FILE: NAME", for messages. */
AF_CHECKED af_status af_npz_each(const char *path, size_t max_array, bool (*want)(const char *name),
                                 af_status (*each)(const char *name, const af_pickle_array *array,
                                                   const char *path, void *payload),
                                 void *payload);

#endif
