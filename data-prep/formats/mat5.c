/* Walks the elements {type, bytes, content} of a file. Of a compressed element only the first bytes
 * are kept, so memory is bounded whatever the file claims. Elements below an array come in two
 * forms, the short one with its type and size in one word. */
#include "data-prep/formats/mat5.h"
#include <string.h>
#include <zlib.h>
#include "core/base/file.h"
#include "data-prep/formats/word.h"

enum { TAG = 8, HEAD = 512, DIMS_MAX = 16 };
enum { MI_INT8 = 1, MI_INT32 = 5, MI_UINT32 = 6, MI_MATRIX = 14, MI_COMPRESSED = 15 };
enum { MX_CHAR = 4, MX_DOUBLE = 6, MX_UINT64 = 15 };
/* Bytes of one number by its MI type; 0: not a number. */
static const int number_size[] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8};
enum { NUMBERS = sizeof number_size / sizeof *number_size };

/* What follows the tag of an array. */
typedef struct array {
    unsigned char head[HEAD];
    int64_t kept, bytes; /* of these in head, of all */
    bool little;
} array;

typedef struct part {
    uint32_t type, bytes;
    int64_t at; /* of the content */
} part;

/* The part at *next, which moves behind it; false when it does not lie in the array. */
static bool take(part *p, const array *a, int64_t *next)
{
    if (*next + TAG > a->kept) return false;
    const uint32_t first = af_word(a->head + *next, !a->little);
    if (first >> 16) {
        *p = (part){first & 0xffff, first >> 16, *next + 4};
        *next += TAG;
        return p->bytes <= 4;
    }
    *p = (part){first, af_word(a->head + *next + 4, !a->little), *next + TAG};
    *next = p->at + ((int64_t)p->bytes + 7) / 8 * 8;
    return p->at + p->bytes <= a->bytes;
}

/* NULL when the array is in order, else what is wrong with it. */
static const char *fault(const array *a)
{
    part flags, dims, name, data;
    int64_t next = 0, count = 1;
    if (!take(&flags, a, &next) || flags.type != MI_UINT32 || flags.bytes != 8 || next > a->kept)
        return "no array flags";
    const int kind = (int)(af_word(a->head + flags.at, !a->little) & 0xff);
    if (kind != MX_CHAR && (kind < MX_DOUBLE || kind > MX_UINT64))
        return "a cell, structure, object or sparse array; save numeric arrays only";
    if (!take(&dims, a, &next) || dims.type != MI_INT32 || dims.bytes < 8 || dims.bytes % 4 ||
        dims.bytes > 4 * DIMS_MAX || next > a->kept)
        return "impossible dimensions";
    for (uint32_t d = 0; d < dims.bytes; d += 4) {
        const int64_t size = (int32_t)af_word(a->head + dims.at + d, !a->little);
        if (size < 0 || (size && count > INT64_MAX / 8 / size)) return "impossible dimensions";
        count *= size;
    }
    if (!take(&name, a, &next) || name.type != MI_INT8 || next > a->kept) return "impossible name";
    if (kind == MX_CHAR) return NULL;
    if (!take(&data, a, &next) || data.type >= NUMBERS || !number_size[data.type] ||
        data.bytes != count * number_size[data.type])
        return "data of another size than its dimensions";
    return NULL;
}

/* Inflates `bytes` bytes to the end, keeps the beginning; false when they do not match their
 * checksum. */
static bool inflate_all(array *a, FILE *f, uint32_t bytes)
{
    unsigned char in[1 << 14], out[1 << 15], tag_and_head[TAG + HEAD];
    z_stream z = {0};
    size_t kept = 0;
    int64_t total = 0;
    if (inflateInit(&z) != Z_OK) return false;
    int state = Z_OK;
    while (state == Z_OK && bytes) {
        size_t want = bytes < sizeof in ? bytes : sizeof in;
        if (fread(in, 1, want, f) != want) break;
        bytes -= (uint32_t)want;
        z.next_in = in;
        z.avail_in = (uInt)want;
        do {
            z.next_out = out;
            z.avail_out = sizeof out;
            state = inflate(&z, Z_NO_FLUSH);
            size_t got = sizeof out - z.avail_out, room = sizeof tag_and_head - kept;
            memcpy(tag_and_head + kept, out, got < room ? got : room);
            kept += got < room ? got : room;
            total += (int64_t)got;
        } while (state == Z_OK && z.avail_out == 0);
        if (state == Z_BUF_ERROR) state = Z_OK; /* wants more input */
    }
    inflateEnd(&z);
    if (state != Z_STREAM_END || kept < TAG || af_word(tag_and_head, !a->little) != MI_MATRIX)
        return false;
    a->kept = (int64_t)kept - TAG;
    a->bytes = total - TAG;
    memcpy(a->head, tag_and_head + TAG, (size_t)a->kept);
    return af_word(tag_and_head + 4, !a->little) <= a->bytes;
}

static bool read_head(array *a, FILE *f, uint32_t bytes)
{
    size_t want = bytes < HEAD ? bytes : HEAD;
    a->kept = (int64_t)want;
    a->bytes = bytes;
    return fread(a->head, 1, want, f) == want;
}

static af_status check_element(FILE *f, const char *path, int64_t at, uint32_t type, uint32_t bytes,
                               bool little)
{
    array a = {.little = little};
    if (type == MI_COMPRESSED && !inflate_all(&a, f, bytes))
        return af_fail(
            AF_EFORMAT,
            "%s: damaged: the compressed element at byte %lld does not match its checksum; "
            "fetch the file again",
            path, (long long)at);
    if (type == MI_MATRIX && !read_head(&a, f, bytes)) return af_file_fail(path, "cannot read");
    const char *wrong = type == MI_COMPRESSED || type == MI_MATRIX ? fault(&a) : "no array";
    if (!wrong) return AF_OK;
    return af_fail(AF_EFORMAT, "%s: the element at byte %lld is not what is read here: %s", path,
                   (long long)at, wrong);
}

af_status af_mat5_check(FILE *f, const char *path, int64_t size, bool little)
{
    for (int64_t at = AF_MAT5_HEADER, bytes; at < size; at += TAG + bytes) {
        unsigned char tag[TAG];
        if (fseeko(f, at, SEEK_SET)) return af_file_fail(path, "cannot read");
        bytes = fread(tag, 1, TAG, f) == TAG ? af_word(tag + 4, !little) : size;
        if (bytes > size - at - TAG)
            return af_fail(AF_EFORMAT,
                           "%s: truncated: %lld bytes, but the element at byte %lld goes on; fetch "
                           "the file again",
                           path, (long long)size, (long long)at);
        AF_TRY(check_element(f, path, at, af_word(tag, !little), (uint32_t)bytes, little));
    }
    return AF_OK;
}
