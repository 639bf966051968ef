/* One array of a user's file, whatever its format: .npy, .npz, HDF5, idx (MNIST's), CSV, .ts; the
 * last three and .npy also gzipped. The content tells the format, not the name. Nothing is trusted:
 * sizes are checked against the file before memory is taken, and numbers are finite or refused. */
#ifndef AF_OWN_ARRAY_H
#define AF_OWN_ARRAY_H
#include "data-prep/own/manifest.h"

enum { AF_OWN_RANK = 8 };

typedef enum af_own_type {
    AF_OWN_UINT8,
    AF_OWN_INT16,
    AF_OWN_FLOAT32,
    AF_OWN_DOUBLE,
    AF_OWN_TEXT, /* strings of AF_ID_MAX bytes */
} af_own_type;

typedef struct af_own_array {
    af_own_type type;
    int rank;
    int64_t shape[AF_OWN_RANK], count;
    void *data; /* {count}, C order */
} af_own_array;

/* What it is read for: inputs and dense targets, as UINT8, INT16 or FLOAT32; or labels, ids, groups
 * and indices, as DOUBLE or TEXT. */
typedef enum af_own_use { AF_OWN_VALUES, AF_OWN_CODES } af_own_use;

/* `base`: the manifest's directory. Errors name the file and, before it, the manifest's line. */
AF_CHECKED af_status af_own_array_read(af_own_array *out, const af_own_source *s, const char *base,
                                       af_own_use use);
void af_own_array_close(af_own_array *a);
double af_own_element(const af_own_array *a, int64_t i); /* not of TEXT */
/* The file of a source, below base unless it is absolute. */
AF_CHECKED af_status af_own_path(char out[4096], const af_own_source *s, const char *base);

/* ---- the formats; internal to data-prep/own ---- */

/* Sets shape and count and takes memory; at most `most` bytes. */
AF_CHECKED af_status af_own_array_new(af_own_array *out, af_own_type type, int rank,
                                      const int64_t *shape, uint64_t most, const char *path);
size_t af_own_array_bytes(const af_own_array *a);
AF_CHECKED af_status af_own_read_hdf5(af_own_array *out, const char *path, const af_own_source *s,
                                      af_own_use use);
/* Text in memory; out->rank is 1 for one column. */
AF_CHECKED af_status af_own_read_csv(af_own_array *out, const char *text, size_t size,
                                     const char *path, const af_own_source *s, af_own_use use);
/* Values {N, C, W}, or labels {N}. */
AF_CHECKED af_status af_own_read_ts(af_own_array *out, const char *data, size_t size,
                                    const char *path, af_own_use use);
AF_CHECKED af_status af_own_read_idx(af_own_array *out, const char *data, size_t size,
                                     const char *path, af_own_use use);

#endif
