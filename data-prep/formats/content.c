/* By a head of a few KiB, which is all that is decoded here. */
#include "data-prep/formats/content.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
#include "core/base/file.h"
#include "data-prep/formats/content_inside.h"
#include "data-prep/formats/word.h"

enum { TAR_MAGIC = 257 };

const af_content_name af_content_names[AF_CONTENTS] = {
    [AF_CONTENT_OTHER] = {"a file of no kind that is known here", "files of no known kind", false},
    [AF_CONTENT_EMPTY] = {"an empty file", "empty files", false},
    [AF_CONTENT_IDX] = {"an idx array, the format of MNIST", "idx arrays, the format of MNIST",
                        true},
    [AF_CONTENT_NPY] = {"a NumPy array", "NumPy arrays", true},
    [AF_CONTENT_OBJECTS] = {"a NumPy array of Python objects", "NumPy arrays of Python objects",
                            false},
    [AF_CONTENT_NPZ] = {"a .npz file of NumPy arrays", ".npz files of NumPy arrays", true},
    [AF_CONTENT_TORCH] = {"a PyTorch file", "PyTorch files", false},
    [AF_CONTENT_PICKLE] = {"a Python pickle", "Python pickles", false},
    [AF_CONTENT_HDF5] = {"an HDF5 file", "HDF5 files", true},
    [AF_CONTENT_MAT4] = {"a MATLAB file of version 4", "MATLAB files of version 4", false},
    [AF_CONTENT_MAT5] = {"a MATLAB file of version 5", "MATLAB files of version 5", false},
    [AF_CONTENT_MAT73] = {"a MATLAB file of version 7.3", "MATLAB files of version 7.3", false},
    [AF_CONTENT_FITS] = {"a FITS image", "FITS images", false},
    [AF_CONTENT_PNG] = {"a PNG image", "PNG images", false},
    [AF_CONTENT_JPEG] = {"a JPEG image", "JPEG images", false},
    [AF_CONTENT_TIFF] = {"a TIFF image", "TIFF images", false},
    [AF_CONTENT_WAV] = {"a WAV sound", "WAV sounds", false},
    [AF_CONTENT_FLAC] = {"a FLAC sound", "FLAC sounds", false},
    [AF_CONTENT_OGG] = {"an Ogg sound", "Ogg sounds", false},
    [AF_CONTENT_ARCHIVE] = {"an archive", "archives", false},
    [AF_CONTENT_CIFAR10] = {"a part of CIFAR-10", "parts of CIFAR-10", false},
    [AF_CONTENT_CIFAR100] = {"a part of CIFAR-100", "parts of CIFAR-100", false},
    [AF_CONTENT_PDB] = {"a protein structure (PDB)", "protein structures (PDB)", false},
    [AF_CONTENT_ALIGNMENT] = {"an alignment of sequences", "alignments of sequences", false},
    [AF_CONTENT_FASTA] = {"a file of sequences (FASTA)", "files of sequences (FASTA)", false},
    [AF_CONTENT_WFDB] = {"a WFDB header", "WFDB headers", false},
    [AF_CONTENT_SERIES] = {"a .ts file of time series", ".ts files of time series", true},
    [AF_CONTENT_TABLE] = {"a table (CSV)", "tables (CSV)", true},
    [AF_CONTENT_TEXT] = {"a text", "texts", false},
};

static af_status read_head(af_content_head *h, const char *path)
{
    struct stat info;
    *h = (af_content_head){.path = path};
    if (stat(path, &info)) return af_file_fail(path, "cannot read");
    if (!S_ISREG(info.st_mode)) return af_fail(AF_EFORMAT, "%s: no regular file", path);
    h->whole = info.st_size;
    if (!h->whole) return AF_OK; /* or of /proc, where reading may wait */
    errno = ENOMEM;              /* zlib may be out of it without a word */
    gzFile f = gzopen(path, "rb");
    if (!f) return af_file_fail(path, "cannot open");
    int got = gzread(f, h->byte, AF_CONTENT_HEAD);
    h->gzipped = !gzdirect(f);
    gzclose_r(f);
    h->size = got > 0 ? (size_t)got : 0;
    return AF_OK;
}

/* ---- by first bytes ---- */

static const struct {
    af_content kind;
    size_t at, size;
    const char *bytes;
} magic[] = {
    {AF_CONTENT_NPY, 0, 6, "\x93NUMPY"},
    {AF_CONTENT_HDF5, 0, 8, "\x89HDF\r\n\x1a\n"},
    {AF_CONTENT_MAT73, 0, 10, "MATLAB 7.3"},
    {AF_CONTENT_MAT5, 0, 10, "MATLAB 5.0"},
    {AF_CONTENT_FITS, 0, 9, "SIMPLE  ="},
    {AF_CONTENT_PNG, 0, 8, "\x89PNG\r\n\x1a\n"},
    {AF_CONTENT_JPEG, 0, 3, "\xff\xd8\xff"},
    {AF_CONTENT_TIFF, 0, 4, "II*\0"},
    {AF_CONTENT_TIFF, 0, 4, "MM\0*"},
    {AF_CONTENT_WAV, 8, 4, "WAVE"},
    {AF_CONTENT_FLAC, 0, 4, "fLaC"},
    {AF_CONTENT_OGG, 0, 4, "OggS"},
    {AF_CONTENT_ARCHIVE, TAR_MAGIC, 5, "ustar"},
    {AF_CONTENT_ARCHIVE, 0, 6,
     "\xfd"
     "7zXZ\0"},
    {AF_CONTENT_ARCHIVE, 0, 3, "BZh"},
    {AF_CONTENT_ARCHIVE, 0, 6, "7z\xbc\xaf\x27\x1c"},
    {AF_CONTENT_ARCHIVE, 0, 4, "PK\x03\x04"},
    {AF_CONTENT_PDB, 0, 10, "HEADER    "},
    {AF_CONTENT_PDB, 0, 6, "ATOM  "},
    {AF_CONTENT_FASTA, 0, 1, ">"},
};

/* Two zero bytes, a type, the number of axes: few other files begin so and have the right size. */
static bool is_idx(const af_content_head *h)
{
    const size_t axes = (unsigned char)h->byte[3];
    return h->size >= 8 && !h->byte[0] && !h->byte[1] && h->byte[2] >= 8 && h->byte[2] <= 14 &&
           axes >= 1 && axes <= 8 && h->size >= 4 + 4 * axes;
}

/* A matrix header: type, rows, columns, imaginary, length of its name; the name. */
static bool is_mat4(const af_content_head *h)
{
    if (h->size < 22) return false;
    const bool big = !h->byte[0] && !h->byte[1];
    const uint32_t type = af_word(h->byte, big) % 1000, length = af_word(h->byte + 16, big);
    return type < 60 && type % 10 < 3 && af_word(h->byte + 12, big) < 2 && length > 1 &&
           length <= 64 && 20 + length <= h->size && !h->byte[19 + length] &&
           isalpha((unsigned char)h->byte[20]);
}

/* Protocol 2 and later say so in their first two bytes; before, dicts and lists began like this. */
static bool is_pickle(const af_content_head *h)
{
    const char *b = h->byte;
    if (b[0] == '\x80') return h->size > 2 && b[1] >= 2 && b[1] <= 5;
    return (b[0] == '(' && (b[1] == 'd' || b[1] == 'l')) || !strncmp(b, "}q", 2) ||
           !strncmp(b, "]q", 2);
}

/* ---- by content and name ---- */

static bool named(const af_content_head *h, const char *ending)
{
    char longer[16];
    snprintf(longer, sizeof longer, "%s.gz", ending);
    return af_path_ends(h->path, h->gzipped ? longer : ending);
}

static af_content kind_of_cifar(const af_content_head *h)
{
    const char *name = af_path_name(h->path);
    const bool pickle = is_pickle(h);
    const bool ten = !strncmp(name, "data_batch_", 11) || !strncmp(name, "test_batch", 10);
    const bool hundred = !strcmp(name, "train.bin") || !strcmp(name, "test.bin") ||
                         (pickle && (!strcmp(name, "train") || !strcmp(name, "test")));
    if (ten && (pickle || (named(h, ".bin") && h->whole % 3073 == 0))) return AF_CONTENT_CIFAR10;
    return hundred && (pickle || h->whole % 3074 == 0) ? AF_CONTENT_CIFAR100 : AF_CONTENT_OTHER;
}

static bool is_text(const af_content_head *h)
{
    for (size_t i = 0; i < h->size; i++) {
        const unsigned char c = (unsigned char)h->byte[i];
        if (c < ' ' && !strchr("\t\r\n\f", c)) return false;
        if (c == 0 || c == 0x7f) return false;
    }
    return true;
}

static af_content kind_of_text(const af_content_head *h)
{
    if (named(h, ".aln") || named(h, ".a3m")) return AF_CONTENT_ALIGNMENT;
    if (named(h, ".hea")) return AF_CONTENT_WFDB;
    if (named(h, ".ts")) return AF_CONTENT_SERIES;
    if (named(h, ".csv") || named(h, ".tsv")) return AF_CONTENT_TABLE;
    return AF_CONTENT_TEXT;
}

static af_content recognise(char about[AF_CONTENT_ABOUT], const af_content_head *h)
{
    if (!h->size) return h->gzipped || h->whole ? AF_CONTENT_OTHER : AF_CONTENT_EMPTY;
    for (size_t k = 0; k < sizeof magic / sizeof *magic; k++) {
        if (h->size < magic[k].at + magic[k].size ||
            memcmp(h->byte + magic[k].at, magic[k].bytes, magic[k].size) != 0)
            continue;
        const bool zip = !strncmp(magic[k].bytes, "PK", 2) && !h->gzipped;
        if (zip) return af_content_zip(about, h);
        const bool objects =
            magic[k].kind == AF_CONTENT_NPY && memmem(h->byte, h->size, "'|O'", 4) != NULL;
        return objects ? AF_CONTENT_OBJECTS : magic[k].kind;
    }
    const af_content cifar = kind_of_cifar(h);
    if (cifar != AF_CONTENT_OTHER) return cifar;
    if (is_pickle(h)) return AF_CONTENT_PICKLE;
    if (is_mat4(h)) return AF_CONTENT_MAT4;
    if (is_idx(h)) return AF_CONTENT_IDX;
    return is_text(h) ? kind_of_text(h) : AF_CONTENT_OTHER;
}

af_status af_content_of(af_content *out, const char *path)
{
    char ignored[AF_CONTENT_ABOUT] = "";
    af_content_head h;
    AF_TRY(read_head(&h, path));
    *out = recognise(ignored, &h);
    return AF_OK;
}

af_status af_content_about(af_content *out, char about[AF_CONTENT_ABOUT], const char *path)
{
    af_content_head h;
    about[0] = '\0';
    AF_TRY(read_head(&h, path));
    *out = recognise(about, &h);
    if (*out == AF_CONTENT_PICKLE) af_content_pickle(about, &h);
    if (*out == AF_CONTENT_NPY) af_content_npy(about, &h);
    if (*out == AF_CONTENT_IDX) af_content_idx(about, &h);
    return AF_OK;
}
