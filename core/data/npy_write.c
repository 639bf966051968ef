/* The header is padded so that elements begin at a multiple of 64 bytes, as numpy's own do. */
#include "core/data/npy_write.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"

enum { ALIGN = 64, FIXED = 10, HEADER = 256 };

struct af_npy_out {
    FILE *f;
    char path[AF_PATH_MAX], tmp[AF_PATH_MAX];
};

static af_status write_header(af_npy_out *o, const char *descr, int rank, const int64_t *dims)
{
    char text[HEADER + ALIGN];
    int n = snprintf(text, HEADER, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int k = 0; k < rank; k++)
        n += snprintf(text + n, (size_t)(HEADER - n),
                      rank == 1 ? "%lld,"
                      : k       ? ", %lld"
                                : "%lld",
                      (long long)dims[k]);
    n += snprintf(text + n, (size_t)(HEADER - n), "), }");
    while ((FIXED + n + 1) % ALIGN) text[n++] = ' ';
    text[n++] = '\n';
    const unsigned char fixed[FIXED] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)n, (unsigned char)(n >> 8)};
    AF_TRY(af_npy_append(o, fixed, sizeof fixed));
    return af_npy_append(o, text, (size_t)n);
}

af_status af_npy_create(af_npy_out **out, const char *path, const char *descr, int rank,
                        const int64_t *dims)
{
    af_npy_out *o = af_calloc(1, sizeof *o);
    *out = NULL;
    if (!o) return AF_ENOMEM;
    af_status st = af_path_format(o->path, "%s", path);
    if (st == AF_OK) st = af_path_format(o->tmp, "%s.tmp%ld", path, (long)getpid());
    if (st == AF_OK && !(o->f = fopen(o->tmp, "wb"))) st = af_file_fail(path, "cannot write");
    if (st == AF_OK) st = write_header(o, descr, rank, dims);
    if (st != AF_OK) return af_npy_finish(o, st);
    *out = o;
    return AF_OK;
}

af_status af_npy_append(af_npy_out *o, const void *data, size_t size)
{
    if (fwrite(data, 1, size, o->f) == size) return AF_OK;
    return af_file_fail(o->path, "cannot write");
}

af_status af_npy_finish(af_npy_out *o, af_status st)
{
    if (o->f && fclose(o->f) && st == AF_OK) st = af_file_fail(o->path, "cannot write");
    if (st == AF_OK)
        st = af_file_commit(o->tmp, o->path);
    else
        af_file_remove(o->tmp);
    af_free(o);
    return st;
}
