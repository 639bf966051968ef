/* HDF5, as far as a dataset needs it: files of contiguous arrays ("blocks") and scalar attributes.
 * HDF5 lays a file out; the bytes of the blocks are written by pwrite and read by mmap, so a full
 * disk is one error with its errno, and a block that reaches past the end of a damaged file is
 * refused before anyone touches it. Internal to core/data.
 */
#ifndef AF_HDF5_H
#define AF_HDF5_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

typedef enum af_block_type {
    AF_FLOAT32,
    AF_INT32,
    AF_INT64,
    AF_UINT8,
    AF_INT16,
    AF_TEXT,
    AF_BLOCK_TYPES
} af_block_type;
enum { AF_BLOCK_RANK = 4 };

typedef struct af_block {
    const char *name; /* "/splits/clean/train" */
    af_block_type type;
    int width; /* AF_TEXT: bytes of one string, padded with NULs */
    int rank;
    int64_t dims[AF_BLOCK_RANK];
    const void *data; /* in C order */
} af_block;

typedef struct af_attribute {
    const char *name;
    const char *text; /* NULL: the number counts */
    double number;
    bool integer; /* store the number as int64 */
} af_attribute;

int64_t af_block_bytes(const af_block *b);

/* Atomic; equal contents give equal files. */
AF_CHECKED af_status af_hdf5_write(const char *path, const af_block *blocks, int count,
                                   const af_attribute *attributes, int attribute_count);

/* A file being read: its structure through HDF5 until it is sealed, its bytes until it is closed.
 */
typedef struct af_mapping af_mapping;
AF_CHECKED af_status af_mapping_open(af_mapping **out, const char *path);
void af_mapping_seal(af_mapping *m); /* lets go of HDF5; blocks stay mapped */
void af_mapping_close(af_mapping *m);
bool af_mapping_has(const af_mapping *m, const char *name);
bool af_mapping_has_attribute(const af_mapping *m, const char *name);
/* name, type and rank say what is wanted; width, dims and data are filled. Messages of these four
 * start with the name of the block or attribute, not with the path. */
AF_CHECKED af_status af_mapping_block(const af_mapping *m, af_block *b);
/* The same for a block of any of several types; b->type is filled, too. */
AF_CHECKED af_status af_mapping_block_of(const af_mapping *m, af_block *b,
                                         const af_block_type *types, int count);
AF_CHECKED af_status af_mapping_text(const af_mapping *m, const char *name, char *out, size_t size);
AF_CHECKED af_status af_mapping_integer(const af_mapping *m, const char *name, int64_t *out);

/* HDF5's innermost complaint about the call that just failed; "" when there is none. */
const char *af_hdf5_reason(char *out, size_t size);

#endif
