/* The chain of matrices of a MAT v4 file. A header's first integer is M*1000 + O*100 + P*10 + T:
 * byte order, zero, precision, and kind (0 full numeric, 1 text, 2 sparse). */
#include "data-prep/formats/mat4.h"
#include <string.h>

enum { HEADER = 20, NAME_MAX_BYTES = 64, BIG_ENDIAN_MARK = 1000 };

static const size_t width[AF_MAT4_TYPES] = {8, 4, 4, 2, 2, 1};
static const char *const type_names[AF_MAT4_TYPES] = {"double", "single", "int32",
                                                      "int16",  "uint16", "uint8"};

static int32_t get32(const unsigned char *p, bool big)
{
    uint32_t v = big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                     : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    return (int32_t)v;
}

/* Reads the matrix header at `at`: its shape, its kind, where its data lies and where it ends. */
static af_status header(af_mat4 *m, const char **name, int *kind, size_t *end,
                        const unsigned char *bytes, size_t size, size_t at, const char *path)
{
    if (size - at < HEADER)
        return af_fail(AF_EFORMAT, "%s: byte %zu: %zu bytes left, a MAT v4 header has %d", path, at,
                       size - at, HEADER);
    const unsigned char *p = bytes + at;
    int64_t code = get32(p, false);
    m->big_endian = code < 0 || code >= BIG_ENDIAN_MARK;
    if (m->big_endian) code = (int64_t)get32(p, true) - BIG_ENDIAN_MARK;
    if (code < 0 || code >= 10 * AF_MAT4_TYPES || code % 10 > 2)
        return af_fail(AF_EFORMAT, "%s: byte %zu: no MAT v4 matrix header%s", path, at,
                       size > 6 && !memcmp(bytes, "MATLAB", 6) ? "; this is MAT v5 or later" : "");
    m->type = (af_mat4_type)(code / 10);
    *kind = code % 10;
    m->rows = get32(p + 4, m->big_endian);
    m->cols = get32(p + 8, m->big_endian);
    int32_t imaginary = get32(p + 12, m->big_endian), length = get32(p + 16, m->big_endian);
    if (m->rows < 0 || m->cols < 0 || (imaginary != 0 && imaginary != 1))
        return af_fail(AF_EFORMAT, "%s: byte %zu: matrix of %lld x %lld, imaginary flag %d", path,
                       at, (long long)m->rows, (long long)m->cols, (int)imaginary);
    if (length < 1 || length > NAME_MAX_BYTES || (size_t)length > size - at - HEADER ||
        p[HEADER + length - 1] != 0)
        return af_fail(AF_EFORMAT, "%s: byte %zu: name of %d bytes, want 1 to %d, ending with NUL",
                       path, at + 16, (int)length, NAME_MAX_BYTES);
    *name = (const char *)p + HEADER;
    m->offset = at + HEADER + (size_t)length;
    m->data = bytes + m->offset;
    /* compared by division: 16 * values may pass 2^64 */
    uint64_t values = (uint64_t)m->rows * (uint64_t)m->cols;
    uint64_t room = (size - m->offset) / width[m->type];
    if (values > room || (imaginary && values > room / 2))
        return af_fail(AF_EFORMAT,
                       "%s: byte %zu: matrix '%s' of %lld x %lld %s does not fit the %zu "
                       "bytes left; the file is cut off or damaged",
                       path, at, *name, (long long)m->rows, (long long)m->cols, type_names[m->type],
                       size - m->offset);
    *end = m->offset + (size_t)values * width[m->type] * (imaginary ? 2 : 1);
    if (imaginary) *kind = -1;
    return AF_OK;
}

af_status af_mat4_find(af_mat4 *out, const void *bytes, size_t size, const char *name,
                       const char *path)
{
    for (size_t at = 0, end = 0; at < size; at = end) {
        const char *found;
        int kind;
        AF_TRY(header(out, &found, &kind, &end, bytes, size, at, path));
        if (strcmp(found, name)) continue;
        if (kind != 0)
            return af_fail(AF_EFORMAT, "%s: '%s' is text, sparse or complex, want a real matrix",
                           path, name);
        return AF_OK;
    }
    return af_fail(AF_EFORMAT, "%s: no matrix '%s' among its %zu bytes", path, name, size);
}

void af_mat4_int16(int16_t *out, const af_mat4 *m)
{
    int64_t n = m->rows * m->cols;
    for (int64_t i = 0; i < n; i++) {
        const unsigned char *p = m->data + 2 * i;
        unsigned v = m->big_endian ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
        out[i] = (int16_t)v;
    }
}
