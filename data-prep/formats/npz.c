/* A member is read into memory of exactly its declared size; one that holds more or less than it
 * declares is refused. */
#include "data-prep/formats/npz.h"
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/alloc.h"
#include "core/base/file.h"

enum { BLOCK = 1 << 16, NAME = 256, DEFLATE_RATIO = 1032 };

typedef struct reader {
    struct archive *a;
    const char *path;
    size_t most; /* bytes of an array, as asked for and as the file can hold */
    bool (*want)(const char *name);
    af_status (*each)(const char *name, const af_pickle_array *array, const char *path,
                      void *payload);
    void *payload;
} reader;

static const char *reason(struct archive *a)
{
    const char *text = archive_error_string(a);
    return text ? text : "no reason given";
}

static af_status open_zip(reader *r, size_t max_array)
{
    struct stat info;
    if (stat(r->path, &info) != 0) return af_file_fail(r->path, "cannot read");
    size_t possible = (size_t)info.st_size <= SIZE_MAX / DEFLATE_RATIO - BLOCK
                          ? (size_t)info.st_size * DEFLATE_RATIO
                          : SIZE_MAX;
    r->most = possible < max_array ? possible : max_array;
    r->a = archive_read_new();
    if (!r->a) return af_fail(AF_ENOMEM, "%s: out of memory", r->path);
    archive_read_support_format_zip(r->a);
    if (archive_read_open_filename(r->a, r->path, BLOCK) != ARCHIVE_OK)
        return af_fail(AF_EFORMAT, "%s: %s; want a whole .npz file", r->path, reason(r->a));
    return AF_OK;
}

static af_status read_bytes(char *data, size_t size, struct archive *a, const char *path)
{
    size_t have = 0;
    char beyond;
    for (;;) {
        bool full = have == size;
        la_ssize_t got = archive_read_data(a, full ? &beyond : data + have, full ? 1 : size - have);
        if (got < 0)
            return af_fail(AF_EFORMAT, "%s: damaged after %zu bytes: %s; get it again", path, have,
                           reason(a));
        if (full && got > 0)
            return af_fail(AF_EFORMAT, "%s: larger than the %zu bytes it declares", path, size);
        if (got == 0) break;
        have += (size_t)got;
    }
    if (have == size) return AF_OK;
    return af_fail(AF_EFORMAT, "%s: %zu bytes, declared are %zu; get it again", path, have, size);
}

static af_status read_array(const reader *r, struct archive_entry *entry, const char *name)
{
    char path[AF_PATH_MAX];
    af_npy f = {0};
    AF_TRY(af_path_format(path, "%s: %s", r->path, name));
    int64_t size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
    if (size < 0 || (uint64_t)size > r->most)
        return af_fail(AF_EFORMAT, "%s: declares %lld bytes, want 0 to %zu", path, (long long)size,
                       r->most);
    char *data = af_alloc((size_t)size);
    if (!data) return af_prefix(AF_ENOMEM, "%s", path);
    af_status st;
    AF_GOTO(st, done, read_bytes(data, (size_t)size, r->a, path));
    AF_GOTO(st, done, af_npy_parse(&f, data, (size_t)size, path));
    st = r->each(name, &f.array, path, r->payload);
done:
    af_npy_close(&f);
    af_free(data);
    return st;
}

/* The name of the array, without .npy; false: some other member. */
static bool array_name(char out[NAME], struct archive_entry *entry)
{
    const char *member = archive_entry_pathname(entry);
    size_t length = member ? strlen(member) : 0;
    if (length < 5 || length - 4 >= NAME || strcmp(member + length - 4, ".npy") != 0) return false;
    if (archive_entry_filetype(entry) != AE_IFREG) return false;
    snprintf(out, NAME, "%.*s", (int)(length - 4), member);
    return true;
}

af_status af_npz_each(const char *path, size_t max_array, bool (*want)(const char *name),
                      af_status (*each)(const char *name, const af_pickle_array *array,
                                        const char *path, void *payload),
                      void *payload)
{
    reader r = {.path = path, .want = want, .each = each, .payload = payload};
    struct archive_entry *entry;
    char name[NAME];
    af_status st;
    AF_GOTO(st, done, open_zip(&r, max_array));
    for (;;) {
        int code = archive_read_next_header(r.a, &entry);
        if (code == ARCHIVE_EOF) break;
        if (code < ARCHIVE_WARN) {
            st = af_fail(AF_EFORMAT, "%s: damaged .npz file: %s; get it again", path, reason(r.a));
            goto done;
        }
        if (!array_name(name, entry) || (want && !want(name))) continue;
        AF_GOTO(st, done, read_array(&r, entry, name));
    }
done:
    archive_read_free(r.a);
    return st;
}
