/* SHA-256 (OpenSSL's libcrypto behind it): dataset checksums, digests of results, journal lines. */
#ifndef AF_SHA256_H
#define AF_SHA256_H
#include <stddef.h>
#include "core/base/status.h"

enum { AF_SHA256_HEX = 65 }; /* 64 hexadecimal digits and a NUL */

typedef struct af_sha256 af_sha256;
af_sha256 *af_sha256_new(void); /* NULL when memory is short */
void af_sha256_add(af_sha256 *h, const void *data, size_t size);
void af_sha256_addf(af_sha256 *h, const char *fmt, ...) AF_PRINTF(2, 3);
/* Writes the digest of what was added so far and frees h. */
void af_sha256_end(af_sha256 *h, char hex[AF_SHA256_HEX]);
void af_sha256_of(const void *data, size_t size, char hex[AF_SHA256_HEX]);
AF_CHECKED af_status af_sha256_file(const char *path, char hex[AF_SHA256_HEX]);

#endif
