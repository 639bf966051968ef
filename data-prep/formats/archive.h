/* Archives (.tar.gz, .tar.xz, .tar.bz2, .tar, .zip, .7z) by libarchive: one pass over the members,
 * each read whole into one buffer, nothing unpacked to disk. Formats and filters that reach outside
 * the file (mtree, external programs) stay off. */
#ifndef AF_ARCHIVE_H
#define AF_ARCHIVE_H
#include <stdbool.h>
#include <stddef.h>
#include "core/base/status.h"

/* True when the name ends like an archive that af_archive_each reads. */
bool af_archive_named(const char *path);
/* Calls `each` for every regular member whose name `want` accepts (NULL: all), in stored order.
 * `data` lives until `each` returns. A wanted member larger than max_member is refused. */
AF_CHECKED af_status af_archive_each(const char *path, size_t max_member,
                                     bool (*want)(const char *member),
                                     af_status (*each)(const char *member, const void *data,
                                                       size_t size, void *payload),
                                     void *payload);
/* The same; `want` is given the payload, too. each NULL: nothing is read, only names are told. */
AF_CHECKED af_status af_archive_walk(const char *path, size_t max_member,
                                     bool (*want)(const char *member, void *payload),
                                     af_status (*each)(const char *member, const void *data,
                                                       size_t size, void *payload),
                                     void *payload);

#endif
