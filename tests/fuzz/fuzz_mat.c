/* Hostile MATLAB files: open, look for an array, read a corner of it. matio is seen here without
 * coverage, so inputs start close to what it accepts: a good array of version 5, in which pairs of
 * input bytes (position, value) are patched. The first byte chooses: bare input, patches, patches
 * and then compression. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include "core/base/file.h"
#include "data-prep/formats/mat.h"

enum { HEADER = 128, MATRIX = 14, COMPRESSED = 15, ROOM = 4096 };

/* coeff, double, 2 x 2 x 2: flags, dimensions, name, values; each with its tag {type, bytes}. */
static const uint32_t array[] = {
    6, 8,          6, 0,          5,          12,         2, 2,
    2, 0,          1, 5,          0x66656f63, 0x66,       9, 64,
    0, 0x3ff00000, 0, 0x40000000, 0,          0x40080000, 0, 0x40100000,
    0, 0x40140000, 0, 0x40180000, 0,          0x401c0000, 0, 0x40200000};

static size_t element(unsigned char *out, uint32_t type, const void *content, size_t size)
{
    const uint32_t tag[2] = {type, (uint32_t)size};
    memcpy(out, tag, sizeof tag);
    memcpy(out + sizeof tag, content, size);
    return sizeof tag + size;
}

static size_t make_file(unsigned char *out, const uint8_t *data, size_t size)
{
    unsigned char content[sizeof array], inner[ROOM / 2], packed[ROOM / 2];
    uLongf packed_size = sizeof packed;
    memset(out, ' ', HEADER);
    memcpy(out, "MATLAB 5.0 MAT-file", 19);
    memcpy(out + 124, "\0\1IM", 4);
    memcpy(content, array, sizeof array);
    for (size_t i = 1; i + 1 < size; i += 2) content[data[i] % sizeof content] = data[i + 1];
    size_t inner_size = element(inner, MATRIX, content, sizeof content);
    if (data[0] % 4 > 1) {
        memcpy(out + HEADER, inner, inner_size);
        return HEADER + inner_size;
    }
    if (compress(packed, &packed_size, inner, inner_size) != Z_OK) return HEADER;
    return HEADER + element(out + HEADER, COMPRESSED, packed, packed_size);
}

static void read_corner(af_mat *m, const char *name)
{
    static double room[1 << 8];
    af_mat_shape shape;
    if (af_mat_shape_of(&shape, m, name) != AF_OK) return;
    af_mat_slab slab = af_mat_whole(&shape);
    for (int d = 0; d < shape.rank; d++)
        if (slab.count[d] > 4) slab.count[d] = 4;
    if (af_mat_read(room, m, name, &slab) != AF_OK) return;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char made[ROOM];
    char path[AF_PATH_MAX];
    af_mat *m;
    if (!size) return 0;
    int fd = memfd_create("fuzz", 0);
    size_t made_size = data[0] % 4 ? make_file(made, data, size) : 0;
    ssize_t written = made_size ? write(fd, made, made_size) : write(fd, data + 1, size - 1);
    if (written >= 0 && af_path_format(path, "/proc/self/fd/%d", fd) == AF_OK &&
        af_mat_open(&m, path) == AF_OK) {
        read_corner(m, "coeff");
        read_corner(m, "sol");
        af_mat_close(m);
    }
    close(fd);
    return 0;
}
