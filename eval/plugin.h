/* Searchers from outside the tree: shared objects named by their path. core/searcher.h says how one
 * is written. */
#ifndef AF_EVAL_PLUGIN_H
#define AF_EVAL_PLUGIN_H
#include <stdbool.h>
#include "core/base/sha256.h"
#include "core/searcher.h"

/* A path: it holds a '/' and ends in ".so". */
bool af_is_plugin(const char *method);
/* Loads it and checks its stamp and its struct. *out is marked foreign and lives as long as the
 * program. sha256: of the file. */
AF_CHECKED af_status af_plugin_open(const af_searcher **out, char sha256[AF_SHA256_HEX],
                                    const char *path);

#endif
