/* Hostile .npz files. The first byte chooses: bare input; or a good file, stored or deflated, in
 * which triples of input bytes (position, value) are patched. libarchive has no coverage here, so
 * most inputs start from what it accepts. An array lies in memory to its last byte. */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/npz.h"

enum { MOST = 1 << 20, ROOM = 1 << 12, KINDS = 2 };

static const char numbers[] =
    "\x93NUMPY\x01\x00\x46\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 1), }    "
    "   \n123456789012345678901234";

static char good[KINDS][ROOM];
static size_t good_size[KINDS];
static unsigned char sink; /* reading must not be optimised away */

static void must(bool ok)
{
    if (!ok) abort();
}

static void add(struct archive *a, const char *name)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, sizeof numbers - 1);
    must(archive_write_header(a, e) == ARCHIVE_OK);
    must(archive_write_data(a, numbers, sizeof numbers - 1) == sizeof numbers - 1);
    archive_entry_free(e);
}

static af_status each(const char *name, const af_pickle_array *a, const char *path, void *payload)
{
    char text[AF_NPY_SHAPE_TEXT];
    if (!strstr(path, name)) abort();
    af_npy_shape_text(text, a);
    ++*(int *)payload;
    if (a->items || !a->count) return AF_OK;
    sink ^= af_pickle_element(a, a->count - 1) > 0;
    for (size_t i = 0; i < a->count * (size_t)a->dtype.width; i++) sink ^= a->data[i];
    return AF_OK;
}

static int read_all(const void *data, size_t size)
{
    char path[AF_PATH_MAX];
    int arrays = 0;
    const int fd = memfd_create("fuzz", 0);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    must(af_path_format(path, "/proc/self/fd/%d", fd) == AF_OK);
    if (af_npz_each(path, MOST, NULL, each, &arrays) != AF_OK && !strstr(af_error(), path)) abort();
    close(fd);
    return arrays;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    for (int k = 0; k < KINDS; k++) {
        struct archive *a = archive_write_new();
        archive_write_set_format_zip(a);
        must(archive_write_set_options(a, k ? "compression=deflate" : "compression=store") == 0);
        must(archive_write_open_memory(a, good[k], ROOM, &good_size[k]) == ARCHIVE_OK);
        add(a, "x_train.npy");
        add(a, "y_train.npy");
        must(archive_write_close(a) == ARCHIVE_OK);
        archive_write_free(a);
        must(read_all(good[k], good_size[k]) == 2);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    const int k = data[0] % (KINDS + 1);
    if (k == KINDS) {
        read_all(data + 1, size - 1);
        return 0;
    }
    char *patched = af_alloc(good_size[k]);
    must(patched);
    memcpy(patched, good[k], good_size[k]);
    for (size_t i = 1; i + 2 < size; i += 3)
        patched[(data[i] << 8 | data[i + 1]) % good_size[k]] = (char)data[i + 2];
    read_all(patched, good_size[k]);
    af_free(patched);
    return 0;
}
