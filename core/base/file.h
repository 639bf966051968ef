/* Files. Whatever is written whole is written beside its target, flushed and renamed, so a crash
 * leaves the old file or the new one. */
#ifndef AF_FILE_H
#define AF_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include "core/base/status.h"

enum { AF_PATH_MAX = 4096 };

/* Atomic. A target that exists and is no regular file (/dev/stdout) is written in place. */
AF_CHECKED af_status af_file_write(const char *path, const void *data, size_t size);
/* Whole file, NUL-terminated one byte past *size; the caller frees with af_free. Files larger than
 * `max` are refused. */
AF_CHECKED af_status af_file_read(char **data, size_t *size, const char *path, size_t max);
bool af_file_exists(const char *path);
bool af_dir_exists(const char *path);
/* Creates the directory and its parents; an existing one is fine. */
AF_CHECKED af_status af_mkdirs(const char *path);
/* "a/b" into buf of AF_PATH_MAX bytes; the arguments may lie in buf. */
AF_CHECKED af_status af_path_join(char buf[AF_PATH_MAX], const char *dir, const char *name);
AF_CHECKED af_status af_path_format(char buf[AF_PATH_MAX], const char *fmt, ...) AF_PRINTF(2, 3);
/* fsyncs the file `tmp`, renames it to `path`, fsyncs the directory; removes `tmp` on failure. For
 * files that a library (HDF5) has written to `tmp`. */
AF_CHECKED af_status af_file_commit(const char *tmp, const char *path);
/* Names of a directory's entries (no . and ..), sorted by bytes, NULL-terminated; free the one
 * block with af_free. */
AF_CHECKED af_status af_dir_list(char ***names, size_t *count, const char *path);
/* What follows the last '/' of a path: a part of it. */
const char *af_path_name(const char *path);
/* Whether a name has this ending, and more before it. */
bool af_path_ends(const char *path, const char *ending);
/* Makes the entry of a file just created survive a power loss. */
AF_CHECKED af_status af_file_sync_directory(const char *path);
void af_file_remove(const char *path); /* no error when missing */
/* Turns errno, just set by the call that failed, into a message with a remedy: "PATH: WHAT: ...".
 */
af_status af_file_fail(const char *path, const char *what);
/* $AFIELD_DATA, else $XDG_DATA_HOME/afield, else ~/.local/share/afield. */
AF_CHECKED af_status af_data_dir(char buf[AF_PATH_MAX]);

#endif
