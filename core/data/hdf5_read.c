/* Reading blocks and attributes. Everything HDF5 says about a block is compared with the length of
 * the file before a pointer is given out: a file cut short is an error here, not a bus error later.
 * A file that shrinks while it is mapped is beyond help; ours are only ever replaced by renaming.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/data/dataset.h"
#include "core/data/hdf5_type.h"

struct af_mapping {
    const char *base;
    size_t size;
    hid_t file;
};

static af_status map_file(af_mapping *m, const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info)) {
        af_status st = af_file_fail(path, "cannot read");
        if (fd >= 0) close(fd);
        return st;
    }
    void *base = MAP_FAILED;
    m->size = (size_t)info.st_size;
    if (S_ISREG(info.st_mode) && m->size) base = mmap(NULL, m->size, PROT_READ, MAP_PRIVATE, fd, 0);
    af_status st = AF_OK;
    if (!S_ISREG(info.st_mode) || !m->size)
        st = af_fail(AF_EFORMAT, "%s: %s, want an HDF5 file", path,
                     m->size ? "not a regular file" : "an empty file");
    else if (base == MAP_FAILED)
        st = af_file_fail(path, "cannot map into memory");
    else
        m->base = base;
    close(fd);
    return st;
}

/* Superblocks before version 2 (HDF5 1.8) have no checksums, and HDF5 1.10 crashes on some damaged
 * files without them. */
static af_status check_start(const af_mapping *m, const char *path)
{
    static const char signature[8] = "\211HDF\r\n\032\n";
    if (m->size <= sizeof signature || memcmp(m->base, signature, sizeof signature) != 0)
        return af_fail(AF_EFORMAT, "%s: not an HDF5 file, or cut short", path);
    if (m->base[sizeof signature] < 2)
        return af_fail(AF_EFORMAT,
                       "%s: an HDF5 file of the oldest format, which has no checksums, want one of "
                       "HDF5 1.8 (h5py: libver='v108')",
                       path);
    return AF_OK;
}

static af_status open_structure(af_mapping *m, const char *path)
{
    char reason[512];
    AF_TRY(check_start(m, path));
    af_hdf5_quiet();
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
    /* finished files never change, and some cluster file systems refuse locks */
    H5Pset_file_locking(access, false, true);
#endif
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    m->file = H5Fopen(path, H5F_ACC_RDONLY, access);
    af_status st = AF_OK;
    if (m->file < 0)
        st = af_fail(AF_EFORMAT, "%s: not a whole HDF5 file (%s)", path,
                     af_hdf5_reason(reason, sizeof reason));
    H5Pclose(access);
    return st;
}

af_status af_mapping_open(af_mapping **out, const char *path)
{
    af_mapping *m = af_calloc(1, sizeof *m);
    if (!m) return AF_ENOMEM;
    m->file = H5I_INVALID_HID;
    af_status st = map_file(m, path);
    if (st == AF_OK) st = open_structure(m, path);
    if (st != AF_OK) {
        af_mapping_close(m);
        return st;
    }
    *out = m;
    return AF_OK;
}

void af_mapping_seal(af_mapping *m)
{
    if (m->file >= 0) H5Fclose(m->file);
    m->file = H5I_INVALID_HID;
}

void af_mapping_close(af_mapping *m)
{
    if (!m) return;
    af_mapping_seal(m);
    union {
        const char *in;
        void *out;
    } base = {.in = m->base};
    if (m->base) munmap(base.out, m->size);
    af_free(m);
}

/* Only hard links count: others may lead into another file, which is not the one mapped. */
bool af_mapping_has(const af_mapping *m, const char *name)
{
    char part[128];
    H5L_info_t link;
    for (const char *end = name; *end;) {
        end += strcspn(end + 1, "/") + 1;
        snprintf(part, sizeof part, "%.*s", (int)(end - name), name);
        if (H5Lexists(m->file, part, H5P_DEFAULT) <= 0 ||
            H5Lget_info(m->file, part, &link, H5P_DEFAULT) < 0 || link.type != H5L_TYPE_HARD)
            return false;
    }
    return true;
}

bool af_mapping_has_attribute(const af_mapping *m, const char *name)
{
    return H5Aexists(m->file, name) > 0;
}

/* Fills type and width. */
static af_status check_type(af_block *b, hid_t set, const af_block_type *types, int count)
{
    char is[64], wants[128];
    hid_t type = H5Dget_type(set);
    if (type < 0) return af_fail(AF_EFORMAT, "%s: its type cannot be read", b->name);
    int found = 0;
    while (found < count && !af_type_is(type, types[found])) found++;
    if (found < count) b->type = types[found];
    if (b->type == AF_TEXT) b->width = (int)H5Tget_size(type);
    af_type_describe(is, type);
    H5Tclose(type);
    if (found < count) return AF_OK;
    af_type_wants(wants, types, count);
    return af_fail(AF_EFORMAT, "%s: holds %s, want %s", b->name, is, wants);
}

/* The product of the dimensions stays below the file's length, so nothing overflows. */
static af_status check_dims(const af_mapping *m, af_block *b, hid_t set)
{
    hsize_t dims[H5S_MAX_RANK];
    hid_t space = H5Dget_space(set);
    int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    bool ok = rank == b->rank && H5Sget_simple_extent_dims(space, dims, NULL) >= 0;
    if (space >= 0) H5Sclose(space);
    if (!ok) return af_fail(AF_EFORMAT, "%s: has %d dimensions, want %d", b->name, rank, b->rank);
    hsize_t total = 1;
    for (int i = 0; i < rank; i++) {
        if (dims[i] < 1 || dims[i] > m->size / total)
            return af_fail(AF_EFORMAT,
                           "%s: dimension %d is %llu, want at least 1 and data that "
                           "fit the file of %zu bytes",
                           b->name, i, (unsigned long long)dims[i], m->size);
        total *= dims[i];
        b->dims[i] = (int64_t)dims[i];
    }
    return AF_OK;
}

static af_status check_layout(const char *name, hid_t set)
{
    hid_t plist = H5Dget_create_plist(set);
    bool ok =
        plist >= 0 && H5Pget_layout(plist) == H5D_CONTIGUOUS && H5Pget_external_count(plist) == 0;
    if (plist >= 0) H5Pclose(plist);
    return ok ? AF_OK
              : af_fail(AF_EFORMAT,
                        "%s: stored chunked, compact or outside this file, want "
                        "contiguous storage without filters",
                        name);
}

static af_status locate(const af_mapping *m, af_block *b, hid_t set)
{
    AF_TRY(check_dims(m, b, set));
    AF_TRY(check_layout(b->name, set));
    const haddr_t offset = H5Dget_offset(set);
    if (offset == HADDR_UNDEF) return af_fail(AF_EFORMAT, "%s: was never written", b->name);
    const int64_t bytes = af_block_bytes(b);
    if (offset > m->size || (uint64_t)bytes > m->size - offset)
        return af_fail(AF_EFORMAT,
                       "%s: bytes %llu to %llu of a file of %zu bytes; the file is "
                       "truncated",
                       b->name, (unsigned long long)offset,
                       (unsigned long long)offset + (unsigned long long)bytes, m->size);
    if (offset % af_type_alignment(b->type))
        return af_fail(AF_EFORMAT, "%s: starts at byte %llu, want a multiple of %u", b->name,
                       (unsigned long long)offset, af_type_alignment(b->type));
    b->data = m->base + offset;
    return AF_OK;
}

af_status af_mapping_block_of(const af_mapping *m, af_block *b, const af_block_type *types,
                              int count)
{
    char reason[512];
    if (!af_mapping_has(m, b->name)) return af_fail(AF_EFORMAT, "%s: missing", b->name);
    hid_t set = H5Dopen2(m->file, b->name, H5P_DEFAULT);
    if (set < 0)
        return af_fail(AF_EFORMAT, "%s: cannot be opened as a dataset (%s)", b->name,
                       af_hdf5_reason(reason, sizeof reason));
    af_status st = check_type(b, set, types, count);
    if (st == AF_OK) st = locate(m, b, set);
    H5Dclose(set);
    return st;
}

af_status af_mapping_block(const af_mapping *m, af_block *b)
{
    const af_block_type wanted = b->type;
    return af_mapping_block_of(m, b, &wanted, 1);
}

/* Reads a scalar attribute as `as`; `want` is its class and names it in messages. */
static af_status read_scalar(const af_mapping *m, const char *name, H5T_class_t want, hid_t as,
                             size_t largest, void *out)
{
    char is[64];
    hid_t attribute = H5Aopen(m->file, name, H5P_DEFAULT);
    if (attribute < 0) return af_fail(AF_EFORMAT, "attribute '%s': missing", name);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    af_type_describe(is, type);
    if (want == H5T_STRING)
        H5Tset_cset(as, H5Tget_cset(type)); /* HDF5 converts no character sets */
    bool fits = H5Tget_class(type) == want && H5Tis_variable_str(type) <= 0 &&
                H5Tget_size(type) <= largest && H5Sget_simple_extent_npoints(space) == 1;
    bool ok = fits && H5Aread(attribute, as, out) >= 0;
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    if (ok) return AF_OK;
    return af_fail(AF_EFORMAT, "attribute '%s': %s, want one %s of at most %zu bytes", name,
                   fits ? "damaged" : is, want == H5T_STRING ? "fixed-length string" : "integer",
                   largest);
}

af_status af_mapping_text(const af_mapping *m, const char *name, char *out, size_t size)
{
    hid_t as = H5Tcopy(H5T_C_S1);
    H5Tset_size(as, size);
    af_status st = read_scalar(m, name, H5T_STRING, as, size - 1, out);
    H5Tclose(as);
    return st;
}

af_status af_mapping_integer(const af_mapping *m, const char *name, int64_t *out)
{
    return read_scalar(m, name, H5T_INTEGER, H5T_NATIVE_INT64, sizeof *out, out);
}
