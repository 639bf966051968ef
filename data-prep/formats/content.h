/* What a file or a directory is, told by first bytes and, where these say nothing, by its name: so
 * that an importer that was given something else can say what it got.
 *
 * Where a file of one kind is wanted, else "PATH: this is ...; want WANT":
 *
 *     AF_TRY(af_want_content(path, AF_CONTENT_ARCHIVE, want));
 *
 * Where nothing that is wanted was in a directory, "PATH: holds ...; want WANT":
 *
 *     if (!found) return af_refuse(path, want);
 */
#ifndef AF_CONTENT_H
#define AF_CONTENT_H
#include <stdbool.h>
#include "core/base/status.h"

typedef enum af_content {
    AF_CONTENT_OTHER,
    AF_CONTENT_EMPTY,
    AF_CONTENT_IDX,
    AF_CONTENT_NPY,
    AF_CONTENT_OBJECTS, /* .npy, too, but a pickle inside */
    AF_CONTENT_NPZ,
    AF_CONTENT_TORCH,
    AF_CONTENT_PICKLE,
    AF_CONTENT_HDF5,
    AF_CONTENT_MAT4,
    AF_CONTENT_MAT5,
    AF_CONTENT_MAT73,
    AF_CONTENT_FITS,
    AF_CONTENT_PNG,
    AF_CONTENT_JPEG,
    AF_CONTENT_TIFF,
    AF_CONTENT_WAV,
    AF_CONTENT_FLAC,
    AF_CONTENT_OGG,
    AF_CONTENT_ARCHIVE, /* .zip, .7z, tar and what may be one below gzip, xz or bzip2 */
    AF_CONTENT_CIFAR10,
    AF_CONTENT_CIFAR100,
    AF_CONTENT_PDB,
    AF_CONTENT_ALIGNMENT,
    AF_CONTENT_FASTA,
    AF_CONTENT_WFDB,
    AF_CONTENT_SERIES, /* .ts */
    AF_CONTENT_TABLE,
    AF_CONTENT_TEXT,
    AF_CONTENTS,
} af_content;

/* Of a file; what is gzipped counts as what is inside. A file that cannot be read is an error. */
AF_CHECKED af_status af_content_of(af_content *out, const char *path);
/* AF_OK when `path` is a file of this kind; else as af_refuse. */
AF_CHECKED af_status af_want_content(const char *path, af_content kind, const char *want);
/* Fails, saying what `path` is: AF_EFORMAT for a file, AF_ENOTFOUND for a directory and for what is
 * not there, AF_EIO for what cannot be read. In a directory files are looked at down to some depth
 * and up to some number, and the commonest two kinds are named. */
AF_CHECKED af_status af_refuse(const char *path, const char *want);

/* ---- for refuse.c ---- */

enum { AF_CONTENT_ABOUT = 160 };
typedef struct af_content_name {
    const char *one, *many; /* "a NumPy array", "NumPy arrays" */
    bool own;               /* `afield data import-own` reads it */
} af_content_name;
extern const af_content_name af_content_names[AF_CONTENTS];
/* As af_content_of; `about`: "" or more of it, ", <f4 (3, 46)", in printable characters. */
AF_CHECKED af_status af_content_about(af_content *out, char about[AF_CONTENT_ABOUT],
                                      const char *path);

#endif
