/* Getting one file over http, https or from file:, by libcurl. What came so far is kept in
 * <path>.part, with <path>.part.json beside it saying of which file; a later call goes on there
 * when the server still has the same file, and starts over when it does not or cannot. */
#ifndef AF_DOWNLOAD_H
#define AF_DOWNLOAD_H
#include "core/base/sha256.h"

typedef struct af_download {
    const char *url, *path;
    const char *sha256; /* what it must have, 64 hexadecimal digits; NULL: not checked */
} af_download;

/* A file that is there already is checked, not fetched. `sha256`: of what is there now. */
AF_CHECKED af_status af_download_run(char sha256[AF_SHA256_HEX], const af_download *d);
/* http://, https:// or file:// */
AF_CHECKED af_status af_download_check_url(const char *url);

#endif
