/* Hostile archives, walked as raw data are; and gzip files. libarchive is seen here without
 * coverage, so inputs start close to what it accepts: the first byte chooses bare input as an
 * archive or as a gzip file; or a good archive that the library wrote, .tar, .tar.gz or .zip, in
 * which triples of input bytes (position, value) are patched. A member that is handed over lies in
 * memory to its last byte and is no larger than allowed, and nothing is written anywhere. */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/gzip.h"
#include "data-prep/formats/tree.h"

enum { MOST = 1 << 16, ROOM = 1 << 15, KINDS = 3 };

static char good[KINDS][ROOM];
static size_t good_size[KINDS];
static unsigned char sink; /* reading must not be optimised away */

static void must(bool ok)
{
    if (!ok) abort();
}

static void add(struct archive *a, const char *name, const char *link, size_t size)
{
    static const char content[3000] = "1 2 3\n";
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, link ? AE_IFLNK : AE_IFREG);
    if (link) archive_entry_set_symlink(e, link);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (la_int64_t)size);
    must(archive_write_header(a, e) == ARCHIVE_OK);
    must(!size || archive_write_data(a, content, size) == (la_ssize_t)size);
    archive_entry_free(e);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    for (int k = 0; k < KINDS; k++) {
        struct archive *a = archive_write_new();
        if (k == 2)
            archive_write_set_format_zip(a);
        else
            archive_write_set_format_pax_restricted(a);
        if (k == 1) archive_write_add_filter_gzip(a);
        archive_write_set_bytes_per_block(a, 512);
        must(archive_write_open_memory(a, good[k], ROOM, &good_size[k]) == ARCHIVE_OK);
        add(a, "data/a.txt", NULL, 6);
        add(a, "data/b.bin", NULL, 3000);
        add(a, "data/link", "../../etc/passwd", 0);
        add(a, "../up", NULL, 10);
        must(archive_write_close(a) == ARCHIVE_OK);
        archive_write_free(a);
    }
    return 0;
}

static bool want(const char *member, void *payload)
{
    (void)payload;
    return *member != 'x';
}

static af_status each(const char *member, const void *data, size_t size, void *payload)
{
    (void)payload;
    if (size > MOST || strlen(member) >= AF_PATH_MAX) abort();
    for (size_t i = 0; i < size; i++) sink ^= ((const unsigned char *)data)[i];
    return AF_OK;
}

static void check_message(af_status st, const char *path)
{
    if (st != AF_OK && (strlen(af_error()) > 2 * AF_PATH_MAX || !strstr(af_error(), path))) abort();
}

static void read_all(const void *data, size_t size, bool gzip)
{
    char path[AF_PATH_MAX], *text;
    const int fd = memfd_create("fuzz", 0);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    must(af_path_format(path, "/proc/self/fd/%d", fd) == AF_OK);
    if (gzip) {
        af_status st = af_gzip_read(&text, &size, path, MOST);
        check_message(st, path);
        if (st == AF_OK) each("", text, size, NULL);
        af_free(text);
    } else {
        check_message(af_tree_walk(path, MOST, want, NULL, NULL), path);
        check_message(af_tree_walk(path, MOST, want, each, NULL), path);
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    const int kind = data[0] % (KINDS + 3);
    if (kind >= KINDS + 1) read_all(data + 1, size - 1, kind == KINDS + 1);
    if (kind >= KINDS + 1) return 0;
    /* the last kind: the compressed archive as a gzip file */
    const int k = kind == KINDS ? 1 : kind;
    char *patched = af_alloc(good_size[k]);
    must(patched);
    memcpy(patched, good[k], good_size[k]);
    for (size_t i = 1; i + 2 < size; i += 3)
        patched[(data[i] << 8 | data[i + 1]) % good_size[k]] = (char)data[i + 2];
    read_all(patched, good_size[k], kind == KINDS);
    af_free(patched);
    return 0;
}
