/* Numeric arrays of MATLAB files, versions 5 and 7.3 (HDF5), through matio. Only the elements
 * asked for are held in memory, whatever the file claims.
 *
 *     AF_TRY(af_mat_open(&m, "data.mat"));
 *     AF_GOTO(st, done, af_mat_shape_of(&shape, m, "coeff"));
 *     slab = af_mat_whole(&shape);  slab.step[1] = 5;  slab.count[1] = 85;
 *     AF_GOTO(st, done, af_mat_read(values, m, "coeff", &slab));
 */
#ifndef AF_MAT_H
#define AF_MAT_H
#include <stdbool.h>
#include <stdint.h>
#include "core/base/status.h"

enum { AF_MAT_RANK = 4 };
typedef struct af_mat_shape {
    int rank; /* 2 to AF_MAT_RANK, as MATLAB counts */
    int64_t dims[AF_MAT_RANK];
} af_mat_shape;
/* Every step-th element from `first` on, `count` of them, along each dimension. */
typedef struct af_mat_slab {
    int64_t first[AF_MAT_RANK], step[AF_MAT_RANK], count[AF_MAT_RANK];
} af_mat_slab;

typedef struct af_mat af_mat;
/* Checks the whole file, for version 5 by reading it once. */
AF_CHECKED af_status af_mat_open(af_mat **out, const char *path);
void af_mat_close(af_mat *m); /* NULL is fine */
/* Version 7.3, where steps are cheap; in compressed arrays of version 5 every step is a search. */
bool af_mat_is_hdf5(const af_mat *m);
/* The shape of a full, real, numeric array; anything else under that name is AF_EFORMAT, nothing
 * AF_ENOTFOUND. Dimensions in MATLAB's order: the first runs fastest in memory. */
AF_CHECKED af_status af_mat_shape_of(af_mat_shape *out, af_mat *m, const char *name);
af_mat_slab af_mat_whole(const af_mat_shape *shape);
/* Elements of a slab as doubles, first dimension fastest; out has room for all of them. Data that
 * end early are AF_EFORMAT. */
AF_CHECKED af_status af_mat_read(double *out, af_mat *m, const char *name, const af_mat_slab *slab);

#endif
