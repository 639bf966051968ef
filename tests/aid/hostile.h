/* Files made to harm, and a process of bounded memory that reads them. Paths are
 * work_dir/DIRECTORY/NAME; directories are made. */
#ifndef AID_HOSTILE_H
#define AID_HOSTILE_H
#include <hdf5.h>
#include <stdbool.h>
#include "core/base/alloc.h"
#include "core/base/apart.h"
#include "tests/aid/work.h"

enum { MIB = 1 << 20 };
#ifdef AF_ASAN
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

int hostile_begin(void **state); /* a group's, in the place of work_make: quiet */
const char *hostile_in(const char *directory, const char *name); /* until the next call */

typedef struct member {
    const char *name, *link; /* a symbolic one; NULL: a file */
    size_t mib;              /* of zeros; 0: a few bytes */
} member;
/* A .tar.gz by its name, else a zip; the list ends with a NULL name. */
void hostile_put_archive(const char *path, const member *m);
/* `head` and then zeros. */
void hostile_put_gzip(const char *path, const char *head, size_t mib);
/* Eight bytes below any header. */
void hostile_put_npy(const char *path, const char *dtype, const char *shape);
void hostile_put(const char *path, const void *data, size_t size);
/* A file of `size` bytes that takes no room. */
void hostile_put_sparse(const char *path, off_t size);
/* One or two arrays of doubles that were never written. */
void hostile_put_hdf5(const char *path, const char *name, const char *second, int rank,
                      const hsize_t *dims, bool chunks, hsize_t user_block);
/* The same as a MATLAB file of version 7.3. */
void hostile_put_mat73(const char *path, const char *name, const char *second, int rank,
                       const hsize_t *dims);
/* A MATLAB file of version 5: an array of 2^31 - 8 bytes, says the tag behind the header. */
void hostile_put_mat5(const char *path);

typedef struct outcome { /* shared with the process that reads */
    af_status status;
    char text[8192];
} outcome;
/* What fn(payload) returned and said where it has 512 MiB and two minutes (memory is not bounded
 * under AddressSanitizer), with its peak beyond what there was before, in MiB. Free it with
 * af_apart_free. */
outcome *hostile_bounded(long *peak, af_status (*fn)(const void *), const void *payload);
/* Cases that end where memory does, which has no bound here. */
bool hostile_unbounded(const char *says);
/* It is an error that names the file, says that, and took no more memory than allowed.
 * AFIELD_SHOW=1 prints it. */
void hostile_judge(const char *what, const outcome *o, long peak, const char *file,
                   const char *says);

typedef struct hostile_import {
    const char *task, *what;
    void (*make)(const char *directory);
    const char *source; /* below the directory; "": the directory */
    const char *file, *says;
} hostile_import;
/* Each is imported as the program does it, as a variant where it is one, at full size; nothing is
 * left behind. */
void hostile_imports(const hostile_import *imports, size_t count);

#endif
