/* One gzipped file (RFC 1952), read whole into memory by zlib; its CRC and length are checked. */
#ifndef AF_GZIP_H
#define AF_GZIP_H
#include <stddef.h>
#include "core/base/status.h"

/* The caller frees *data with af_free. More than `max` bytes are refused, however small the file;
 * memory grows with what was really inflated. */
AF_CHECKED af_status af_gzip_read(char **data, size_t *size, const char *path, size_t max);

#endif
