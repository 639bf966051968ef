/* Raw data as it was got: a directory with files at any depth and archives among them, or one
 * archive. Members are named by their path below `path`; those of an archive inside a directory
 * follow its name. */
#ifndef AF_TREE_H
#define AF_TREE_H
#include <stdbool.h>
#include <stddef.h>
#include "core/base/status.h"

enum { AF_TREE_DEPTH = 6 };

/* Asks `want` for every member, by name in a directory, in stored order in an archive, and gives to
 * `each` what is wanted; larger than `max` is refused. each NULL: nothing is read. Directories
 * below AF_TREE_DEPTH and names that begin with a dot are passed over. */
AF_CHECKED af_status af_tree_walk(const char *path, size_t max,
                                  bool (*want)(const char *member, void *payload),
                                  af_status (*each)(const char *member, const void *data,
                                                    size_t size, void *payload),
                                  void *payload);

#endif
