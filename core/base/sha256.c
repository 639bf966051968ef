/* SHA-256 through libcrypto's EVP interface. Once a context exists, its functions fail only when
 * libcrypto itself is broken or memory is gone for a few hundred bytes; a wrong digest would be
 * worse than stopping, so that stops the program. */
#include "core/base/sha256.h"
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"

enum { DIGEST_SIZE = 32, READ_SIZE = 1 << 16 };

struct af_sha256 {
    EVP_MD_CTX *ctx;
};

static void must(bool ok)
{
    if (ok) return;
    fputs("afield: SHA-256 is not available from libcrypto; check the OpenSSL installation\n",
          stderr);
    abort();
}

static void to_hex(char hex[AF_SHA256_HEX], const unsigned char digest[DIGEST_SIZE])
{
    for (int i = 0; i < DIGEST_SIZE; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

af_sha256 *af_sha256_new(void)
{
    af_sha256 *h = af_alloc(sizeof *h);
    if (!h) return NULL;
    h->ctx = EVP_MD_CTX_new();
    if (!h->ctx || !EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL)) {
        af_fail(AF_ENOMEM, "out of memory: cannot start a SHA-256 digest");
        EVP_MD_CTX_free(h->ctx);
        af_free(h);
        return NULL;
    }
    return h;
}

void af_sha256_add(af_sha256 *h, const void *data, size_t size)
{
    must(EVP_DigestUpdate(h->ctx, data, size));
}

void af_sha256_addf(af_sha256 *h, const char *fmt, ...)
{
    char small[1024], *text = small;
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, fmt, args);
    must(n >= 0);
    if ((size_t)n >= sizeof small) {
        must((text = af_alloc((size_t)n + 1)) != NULL);
        vsnprintf(text, (size_t)n + 1, fmt, again);
    }
    af_sha256_add(h, text, (size_t)n);
    if (text != small) af_free(text);
    va_end(again);
    va_end(args);
}

void af_sha256_end(af_sha256 *h, char hex[AF_SHA256_HEX])
{
    unsigned char digest[DIGEST_SIZE];
    must(EVP_DigestFinal_ex(h->ctx, digest, NULL));
    to_hex(hex, digest);
    EVP_MD_CTX_free(h->ctx);
    af_free(h);
}

void af_sha256_of(const void *data, size_t size, char hex[AF_SHA256_HEX])
{
    unsigned char digest[DIGEST_SIZE];
    must(EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL));
    to_hex(hex, digest);
}

af_status af_sha256_file(const char *path, char hex[AF_SHA256_HEX])
{
    af_sha256 *h = af_sha256_new();
    char *buffer = af_alloc(READ_SIZE);
    af_status st = h && buffer ? AF_OK : AF_ENOMEM;
    int fd = st == AF_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (st == AF_OK && fd < 0) st = af_file_fail(path, "cannot open");
    while (st == AF_OK) {
        ssize_t n = read(fd, buffer, READ_SIZE);
        if (n < 0) st = af_file_fail(path, "cannot read");
        if (n <= 0) break;
        af_sha256_add(h, buffer, (size_t)n);
    }
    if (fd >= 0) close(fd);
    af_free(buffer);
    if (h) af_sha256_end(h, hex);
    return st;
}
