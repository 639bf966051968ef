/* Members of an archive that libarchive writes. */
#ifndef AID_ARCHIVE_H
#define AID_ARCHIVE_H
#include <archive.h>
#include <stddef.h>

/* A regular file; put_file: with the content of that at `path`. */
void archive_put(struct archive *a, const char *member, const void *data, size_t size);
void archive_put_file(struct archive *a, const char *member, const char *path);

#endif
