/* One pass over an archive with one growing buffer; the sizes members declare are not trusted. */
#include "data-prep/formats/archive.h"
#include <archive.h>
#include <archive_entry.h>
#include <stdint.h>
#include <string.h>
#include "core/base/alloc.h"

enum { BLOCK = 1 << 16 };

typedef struct buffer {
    char *data;
    size_t size, capacity;
} buffer;

static const char *const endings[] = {".tar",     ".tar.gz", ".tgz", ".tar.xz", ".txz",
                                      ".tar.bz2", ".zip",    ".7z",  NULL};

bool af_archive_named(const char *path)
{
    size_t length = strlen(path);
    for (int i = 0; endings[i]; i++) {
        size_t n = strlen(endings[i]);
        if (length > n && !strcmp(path + length - n, endings[i])) return true;
    }
    return false;
}

static const char *reason(struct archive *a)
{
    const char *text = archive_error_string(a);
    return text ? text : "no reason given";
}

static af_status read_member(buffer *b, struct archive *a, size_t max, const char *path,
                             const char *member)
{
    b->size = 0;
    for (;;) {
        if (b->capacity - b->size < BLOCK) {
            size_t capacity = b->capacity ? 2 * b->capacity : 2 * (size_t)BLOCK;
            if (capacity > max / 2 && max < SIZE_MAX - 2 * BLOCK)
                capacity = max + 2 * BLOCK; /* a byte too many is seen in it */
            char *data = af_realloc(b->data, capacity);
            if (!data) return af_prefix(AF_ENOMEM, "%s: member %s", path, member);
            b->data = data;
            b->capacity = capacity;
        }
        la_ssize_t got = archive_read_data(a, b->data + b->size, b->capacity - b->size);
        if (got < 0)
            return af_fail(AF_EFORMAT, "%s: member %s: damaged after %zu bytes: %s; get it again",
                           path, member, b->size, reason(a));
        if (got == 0) return AF_OK;
        b->size += (size_t)got;
        if (b->size > max)
            return af_fail(AF_EFORMAT,
                           "%s: member %s is larger than %zu bytes, the most a file of "
                           "this kind has",
                           path, member, max);
    }
}

static af_status open_archive(struct archive **out, const char *path)
{
    struct archive *a = archive_read_new();
    if (!a) return af_fail(AF_ENOMEM, "%s: out of memory", path);
    *out = a;
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    archive_read_support_format_7zip(a);
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
    if (archive_read_open_filename(a, path, BLOCK) != ARCHIVE_OK)
        return af_fail(AF_EFORMAT,
                       "%s: %s; want a whole .tar.gz, .tar.xz, .tar.bz2, .tar, .zip or .7z", path,
                       reason(a));
    return AF_OK;
}

af_status af_archive_walk(const char *path, size_t max_member,
                          bool (*want)(const char *member, void *payload),
                          af_status (*each)(const char *member, const void *data, size_t size,
                                            void *payload),
                          void *payload)
{
    struct archive *a = NULL;
    struct archive_entry *entry;
    buffer b = {0};
    af_status st;
    AF_GOTO(st, done, open_archive(&a, path));
    for (;;) {
        int code = archive_read_next_header(a, &entry);
        if (code == ARCHIVE_EOF) break;
        if (code < ARCHIVE_WARN) {
            st = af_fail(AF_EFORMAT, "%s: damaged archive: %s; get it again", path, reason(a));
            goto done;
        }
        const char *member = archive_entry_pathname(entry);
        if (!member || archive_entry_filetype(entry) != AE_IFREG || !want(member, payload) || !each)
            continue;
        AF_GOTO(st, done, read_member(&b, a, max_member, path, member));
        AF_GOTO(st, done, each(member, b.data, b.size, payload));
    }
done:
    archive_read_free(a);
    af_free(b.data);
    return st;
}

typedef struct caller { /* of af_archive_each */
    bool (*want)(const char *member);
    af_status (*each)(const char *member, const void *data, size_t size, void *payload);
    void *payload;
} caller;

static bool want_of(const char *member, void *self)
{
    const caller *c = self;
    return !c->want || c->want(member);
}

static af_status each_of(const char *member, const void *data, size_t size, void *self)
{
    const caller *c = self;
    return c->each(member, data, size, c->payload);
}

af_status af_archive_each(const char *path, size_t max_member, bool (*want)(const char *member),
                          af_status (*each)(const char *member, const void *data, size_t size,
                                            void *payload),
                          void *payload)
{
    caller c = {want, each, payload};
    return af_archive_walk(path, max_member, want_of, each_of, &c);
}
