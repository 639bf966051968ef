/* Making a dataset from a manifest: <directory of its size>/<task>.h5 and <task>.test.h5, of
 * provenance "own". Whatever is wrong is found before anything is written. */
#ifndef AF_OWN_H
#define AF_OWN_H
#include "data-prep/own/manifest.h"

/* `path`: of the manifest, from whose directory its files are read. */
AF_CHECKED af_status af_own_import(const af_own *own, const char *path, const char *directory);

#endif
