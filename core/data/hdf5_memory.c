/* The driver behind hdf5_memory.h. Its one invariant: no callback fails once the file is open. When
 * memory is short a piece is dropped and noted, and the writer gives up after closing. */
#include "core/data/hdf5_memory.h"
#include <string.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif
#include "core/base/alloc.h"

typedef struct memory_file {
    H5FD_t base; /* first, as HDF5 wants it */
    af_pieces *pieces;
} memory_file;

static H5FD_t *open_file(const char *name, unsigned flags, hid_t access, haddr_t most)
{
    (void)name, (void)flags, (void)most;
    af_pieces *const *p = H5Pget_driver_info(access);
    memory_file *f = af_calloc(1, sizeof *f);
    if (!f) {
        (*p)->short_of_memory = true;
        return NULL;
    }
    f->pieces = *p;
    return &f->base;
}

static herr_t close_file(H5FD_t *file)
{
    af_free(file);
    return 0;
}

static af_pieces *pieces_of(const H5FD_t *file)
{
    return ((const memory_file *)(const void *)file)->pieces;
}

static haddr_t get_end(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return pieces_of(file)->end;
}

static herr_t set_end(H5FD_t *file, H5FD_mem_t type, haddr_t end)
{
    (void)type;
    pieces_of(file)->end = end;
    return 0;
}

static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t plist, haddr_t at, size_t size,
                         void *to)
{
    (void)type, (void)plist;
    const af_pieces *p = pieces_of(file);
    memset(to, 0, size);
    for (size_t i = 0; i < p->count; i++) {
        const af_piece *e = &p->list[i];
        const haddr_t from = e->at > at ? e->at : at;
        const haddr_t end = e->at + e->size < at + size ? e->at + e->size : at + size;
        if (from < end) memcpy((char *)to + (from - at), e->bytes + (from - e->at), end - from);
    }
    return 0;
}

static bool add(af_pieces *p, haddr_t at, const void *bytes, size_t size)
{
    if (p->count == p->capacity) {
        const size_t capacity = 2 * p->capacity + 16;
        af_piece *list = af_realloc(p->list, capacity * sizeof *list);
        if (!list) return false;
        p->list = list;
        p->capacity = capacity;
    }
    char *copy = af_alloc(size);
    if (!copy) return false;
    memcpy(copy, bytes, size);
    p->list[p->count++] = (af_piece){at, size, copy};
    return true;
}

static herr_t write_bytes(H5FD_t *file, H5FD_mem_t type, hid_t plist, haddr_t at, size_t size,
                          const void *from)
{
    (void)type, (void)plist;
    af_pieces *p = pieces_of(file);
    if (!add(p, at, from, size)) p->short_of_memory = true;
    return 0;
}

bool af_pieces_driver(hid_t *driver, hid_t access, af_pieces *p)
{
    static const H5FD_class_t class = {
#if H5_VERSION_GE(1, 13, 0)
        .version = H5FD_CLASS_VERSION,
        .value = 600,
#endif
        .name = "afield-memory",
        .maxaddr = INT64_MAX,
        .fc_degree = H5F_CLOSE_STRONG,
        .fapl_size = sizeof p,
        .open = open_file,
        .close = close_file,
        .get_eoa = get_end,
        .set_eoa = set_end,
        .get_eof = get_end,
        .read = read_bytes,
        .write = write_bytes,
        .fl_map = H5FD_FLMAP_DICHOTOMY,
    };
    *driver = H5FDregister(&class);
    return *driver >= 0 && H5Pset_driver(access, *driver, &p) >= 0;
}

void af_pieces_free(af_pieces *p)
{
    for (size_t i = 0; i < p->count; i++) af_free(p->list[i].bytes);
    af_free(p->list);
}
