/* MATLAB's level 4 files ("MAT-File Format", The MathWorks, section on version 4): a chain of
 * matrices, each a header of five 32-bit integers, a name and column-major data. Read here from
 * bytes in memory, as they come out of an archive, which matio cannot do. */
#ifndef AF_MAT4_H
#define AF_MAT4_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

typedef enum af_mat4_type {
    AF_MAT4_DOUBLE,
    AF_MAT4_SINGLE,
    AF_MAT4_INT32,
    AF_MAT4_INT16,
    AF_MAT4_UINT16,
    AF_MAT4_UINT8,
    AF_MAT4_TYPES,
} af_mat4_type;

typedef struct af_mat4 {
    af_mat4_type type;
    bool big_endian;
    int64_t rows, cols;
    size_t offset;             /* of the data in the file */
    const unsigned char *data; /* borrowed from the bytes given */
} af_mat4;

/* Finds a full, real, numeric matrix by name; everything is checked against `size`. */
AF_CHECKED af_status af_mat4_find(af_mat4 *out, const void *bytes, size_t size, const char *name,
                                  const char *path);
/* Copies rows * cols values of a matrix of type AF_MAT4_INT16. */
void af_mat4_int16(int16_t *out, const af_mat4 *m);

#endif
