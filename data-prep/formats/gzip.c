/* The length at the end of the file only says how much room to begin with. */
#include "data-prep/formats/gzip.h"
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include "core/base/alloc.h"
#include "core/base/file.h"

enum { FIRST = 1 << 16, SHORTEST = 18, DEFLATE_RATIO = 1032, BUFFER = 1 << 18 };

/* How much room to begin with: what the file says, unless that is impossible. */
static af_status first_room(size_t *out, const char *path, size_t max)
{
    unsigned char head[2], tail[4];
    long end = 0;
    FILE *f = fopen(path, "rb");
    if (!f) return af_file_fail(path, "cannot open");
    bool good = fread(head, 1, 2, f) == 2 && head[0] == 0x1f && head[1] == 0x8b &&
                fseek(f, -4, SEEK_END) == 0 && fread(tail, 1, 4, f) == 4 && (end = ftell(f)) > 0;
    fclose(f);
    if (!good || end < SHORTEST)
        return af_fail(AF_EFORMAT, "%s: no gzip file; want it as it was downloaded", path);
    size_t says = 0;
    for (int b = 0; b < 4; b++) says |= (size_t)tail[b] << 8 * b;
    size_t possible =
        (size_t)end <= SIZE_MAX / DEFLATE_RATIO ? (size_t)end * DEFLATE_RATIO : SIZE_MAX;
    if (says > possible) says = possible;
    if (says > max) says = max;
    *out = says + FIRST;
    return AF_OK;
}

static af_status inflate_all(char **data, size_t *size, size_t room, gzFile f, const char *path,
                             size_t max)
{
    for (;;) {
        if (*size == room) {
            room = room <= max / 2 ? 2 * room : max + FIRST; /* a byte too many is seen in it */
            char *moved = af_realloc(*data, room);
            if (!moved) return AF_ENOMEM;
            *data = moved;
        }
        size_t want = room - *size < INT_MAX / 2 ? room - *size : INT_MAX / 2;
        int got = gzread(f, *data + *size, (unsigned)want), code;
        const char *why = gzerror(f, &code); /* "PATH: ..." */
        if (!strncmp(why, path, strlen(path)) && !strncmp(why + strlen(path), ": ", 2))
            why += strlen(path) + 2;
        /* a file that ends early only shows in the error number */
        if (got < 0 || (got < (int)want && code != Z_OK && code != Z_STREAM_END))
            return af_fail(AF_EFORMAT, "%s: damaged after %zu bytes: %s; get it again", path, *size,
                           why);
        if (got == 0) return AF_OK;
        *size += (size_t)got;
        if (*size > max)
            return af_fail(AF_EFORMAT,
                           "%s: unpacks to more than %zu bytes, the most a file of this kind has",
                           path, max);
    }
}

af_status af_gzip_read(char **data, size_t *size, const char *path, size_t max)
{
    size_t room = 0;
    *data = NULL;
    *size = 0;
    AF_TRY(first_room(&room, path, max));
    gzFile f = gzopen(path, "rb");
    if (!f) return af_file_fail(path, "cannot open");
    gzbuffer(f, BUFFER);
    *data = af_alloc(room);
    af_status st = *data ? inflate_all(data, size, room, f, path, max) : AF_ENOMEM;
    gzclose_r(f);
    if (st == AF_OK) return AF_OK;
    af_free(*data);
    *data = NULL;
    return st == AF_ENOMEM ? af_prefix(st, "%s", path) : st;
}
