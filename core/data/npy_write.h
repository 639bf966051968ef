/* Writing numpy's .npy (format 1.0, C order), piece by piece, so that nothing large is held in
 * memory. The file appears under its name when it is whole.
 *
 *     af_npy_out *f;
 *     AF_TRY(af_npy_create(&f, "x.npy", "<f4", 2, (int64_t[]){n, 3}));
 *     for (...) if (st == AF_OK) st = af_npy_append(f, row, sizeof row);
 *     st = af_npy_finish(f, st);
 */
#ifndef AF_NPY_WRITE_H
#define AF_NPY_WRITE_H
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

enum { AF_NPY_OUT_RANK = 4 };
typedef struct af_npy_out af_npy_out;
/* `descr`: numpy's name of the type, "<f4", "|u1", "|S12". */
AF_CHECKED af_status af_npy_create(af_npy_out **out, const char *path, const char *descr, int rank,
                                   const int64_t *dims);
AF_CHECKED af_status af_npy_append(af_npy_out *f, const void *data, size_t size);
/* Gives the file its name if `st` is AF_OK, else removes it; frees f. Returns the first failure. */
AF_CHECKED af_status af_npy_finish(af_npy_out *f, af_status st);

#endif
