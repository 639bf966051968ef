/* The structure of a MATLAB file of version 5, checked before a library walks it ("MAT-File
 * Format", The MathWorks): afterwards every size in it is known to be true. */
#ifndef AF_MAT5_H
#define AF_MAT5_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "core/base/status.h"

enum { AF_MAT5_HEADER = 128 };

/* Elements from byte 128 to the end of the file, `size` bytes: each lies in the file; a compressed
 * one inflates to what its Adler-32 says; each holds a full numeric or character array whose data
 * have the size that its dimensions ask for. Cells, structures, objects and sparse arrays are
 * refused. */
AF_CHECKED af_status af_mat5_check(FILE *f, const char *path, int64_t size, bool little);

#endif
