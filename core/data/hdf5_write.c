/* Writing blocks and attributes into a new HDF5 file. HDF5 lays the file out in memory, where every
 * block gets its place but no bytes; then this file writes what HDF5 made and the blocks. The 1.8
 * format is asked for because its checksums turn damaged metadata into errors; no times are stored,
 * so equal contents give equal files. After a failure nothing is left beside the target. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/data/dataset.h"
#include "core/data/hdf5_memory.h"
#include "core/data/hdf5_type.h"

enum { ALIGNMENT = 64 };

void af_hdf5_quiet(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

typedef struct reason {
    char *text;
    size_t size;
} reason;

static herr_t note(unsigned depth, const H5E_error2_t *e, void *payload)
{
    reason *r = payload;
    if (depth == 0 && e->desc) snprintf(r->text, r->size, "%s", e->desc);
    return 0;
}

const char *af_hdf5_reason(char *out, size_t size)
{
    reason r = {out, size};
    out[0] = '\0';
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note, &r);
    return out;
}

/* The property lists of one file. */
typedef struct properties {
    hid_t driver, access, file, group, block;
} properties;

static bool properties_open(properties *p, af_pieces *pieces)
{
    p->access = H5Pcreate(H5P_FILE_ACCESS);
    p->file = H5Pcreate(H5P_FILE_CREATE);
    p->group = H5Pcreate(H5P_GROUP_CREATE);
    p->block = H5Pcreate(H5P_DATASET_CREATE);
    return af_pieces_driver(&p->driver, p->access, pieces) &&
           H5Pset_libver_bounds(p->access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
           H5Pset_alignment(p->access, 1, ALIGNMENT) >= 0 &&
           H5Pset_obj_track_times(p->file, false) >= 0 &&
           H5Pset_obj_track_times(p->group, false) >= 0 &&
           H5Pset_obj_track_times(p->block, false) >= 0 &&
           H5Pset_layout(p->block, H5D_CONTIGUOUS) >= 0 &&
           H5Pset_alloc_time(p->block, H5D_ALLOC_TIME_EARLY) >= 0 &&
           H5Pset_fill_time(p->block, H5D_FILL_TIME_NEVER) >= 0;
}

static void properties_close(properties *p)
{
    H5Pclose(p->access);
    H5Pclose(p->file);
    H5Pclose(p->group);
    H5Pclose(p->block);
    H5FDunregister(p->driver);
}

static bool add_groups(hid_t file, const properties *p, const char *name)
{
    char part[128];
    for (const char *slash = strchr(name + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
        htri_t there = H5Lexists(file, part, H5P_DEFAULT);
        if (there > 0) continue;
        hid_t group =
            there < 0 ? there : H5Gcreate2(file, part, H5P_DEFAULT, p->group, H5P_DEFAULT);
        if (group < 0 || H5Gclose(group) < 0) return false;
    }
    return true;
}

static bool add_block(hid_t file, const properties *p, const af_block *b, haddr_t *offset)
{
    hsize_t dims[AF_BLOCK_RANK];
    for (int i = 0; i < b->rank; i++) dims[i] = (hsize_t)b->dims[i];
    if (!add_groups(file, p, b->name)) return false;
    hid_t type = af_type_of(b), space = H5Screate_simple(b->rank, dims, NULL);
    hid_t set = H5Dcreate2(file, b->name, type, space, H5P_DEFAULT, p->block, H5P_DEFAULT);
    *offset = set < 0 ? HADDR_UNDEF : H5Dget_offset(set);
    H5Sclose(space);
    H5Tclose(type);
    return *offset != HADDR_UNDEF && H5Dclose(set) >= 0;
}

static bool add_attribute(hid_t file, const af_attribute *a)
{
    const int64_t integer = (int64_t)a->number;
    const void *value = a->text      ? (const void *)a->text
                        : a->integer ? (const void *)&integer
                                     : (const void *)&a->number;
    hid_t type = a->text ? af_type_text(strlen(a->text))
                         : H5Tcopy(a->integer ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE);
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(file, a->name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = attribute >= 0 && H5Awrite(attribute, type, value) >= 0;
    if (attribute >= 0) ok = H5Aclose(attribute) >= 0 && ok;
    H5Sclose(space);
    H5Tclose(type);
    return ok;
}

/* Fills `pieces` and the offsets of the blocks. */
static af_status lay_out(af_pieces *pieces, haddr_t *offsets, const char *path,
                         const af_block *blocks, int count, const af_attribute *attributes,
                         int attribute_count)
{
    char why[512] = "";
    properties p;
    af_hdf5_quiet();
    bool ok = properties_open(&p, pieces);
    hid_t file = ok ? H5Fcreate(path, H5F_ACC_TRUNC, p.file, p.access) : H5I_INVALID_HID;
    ok = file >= 0;
    for (int i = 0; i < count && ok; i++) ok = add_block(file, &p, &blocks[i], &offsets[i]);
    for (int i = 0; i < attribute_count && ok; i++) ok = add_attribute(file, &attributes[i]);
    if (!ok) af_hdf5_reason(why, sizeof why);
    if (file >= 0 && H5Fclose(file) < 0) ok = false;
    properties_close(&p);
    if (pieces->short_of_memory) return af_fail(AF_ENOMEM, "%s: not enough memory to write", path);
    return ok ? AF_OK : af_fail(AF_EINTERNAL, "%s: HDF5 cannot store this: %s", path, why);
}

static af_status put(int fd, const char *path, const char *data, int64_t size, haddr_t offset)
{
    off_t at = (off_t)offset;
    while (size) {
        ssize_t n = pwrite(fd, data, (size_t)size, at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return af_file_fail(path, "cannot write");
        data += n;
        at += n;
        size -= n;
    }
    return AF_OK;
}

static af_status fill(int fd, const char *path, const af_block *blocks, int count,
                      const af_attribute *attributes, int attribute_count)
{
    af_pieces p = {0};
    haddr_t *offsets = af_calloc((size_t)count, sizeof *offsets);
    if (!offsets) return AF_ENOMEM;
    af_status st = lay_out(&p, offsets, path, blocks, count, attributes, attribute_count);
    if (st == AF_OK && ftruncate(fd, (off_t)p.end)) st = af_file_fail(path, "cannot write");
    for (size_t i = 0; i < p.count && st == AF_OK; i++)
        st = put(fd, path, p.list[i].bytes, (int64_t)p.list[i].size, p.list[i].at);
    for (int i = 0; i < count && st == AF_OK; i++)
        st = put(fd, path, blocks[i].data, af_block_bytes(&blocks[i]), offsets[i]);
    af_pieces_free(&p);
    af_free(offsets);
    return st;
}

af_status af_hdf5_write(const char *path, const af_block *blocks, int count,
                        const af_attribute *attributes, int attribute_count)
{
    char tmp[AF_PATH_MAX];
    AF_TRY(af_path_format(tmp, "%s.%ld.tmp", path, (long)getpid()));
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return af_file_fail(path, "cannot write here");
    af_status st = fill(fd, path, blocks, count, attributes, attribute_count);
    if (close(fd) && st == AF_OK) st = af_file_fail(path, "cannot close");
    if (st != AF_OK) {
        af_file_remove(tmp);
        return st;
    }
    return af_file_commit(tmp, path);
}
