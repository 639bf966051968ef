#include "tests/aid/archive.h"
#include <archive_entry.h>
#include "core/base/alloc.h"
#include "tests/aid/work.h"

void archive_put(struct archive *a, const char *member, const void *data, size_t size)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, member);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (la_int64_t)size);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, data, size), (la_ssize_t)size);
    archive_entry_free(e);
}

void archive_put_file(struct archive *a, const char *member, const char *path)
{
    char *data;
    size_t size;
    assert_ok(af_file_read(&data, &size, path, 1 << 24));
    archive_put(a, member, data, size);
    af_free(data);
}
