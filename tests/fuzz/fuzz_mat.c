/* Arbitrary bytes as a MATLAB file: open, look for an array, read a corner of it. The first byte
 * chooses a header to put in front, so that most inputs get past it: none, version 5, version 4. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/base/file.h"
#include "data-prep/formats/mat.h"

static size_t put_header(unsigned char *out, unsigned char kind)
{
    static const unsigned char array4[20] = {[4] = 2, [8] = 3, [16] = 6}; /* double, 2 x 3, name */
    if (kind % 3 == 1) {
        memset(out, ' ', 124);
        memcpy(out, "MATLAB 5.0 MAT-file", 19);
        memcpy(out + 124, "\0\1IM", 4);
        return 128;
    }
    if (kind % 3 == 2) {
        memcpy(out, array4, sizeof array4);
        memcpy(out + sizeof array4, "coeff", 6);
        return sizeof array4 + 6;
    }
    return 0;
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
    unsigned char header[128];
    char path[AF_PATH_MAX];
    af_mat *m;
    if (!size) return 0;
    int fd = memfd_create("fuzz", 0);
    size_t n = put_header(header, data[0]);
    if (fd < 0 || write(fd, header, n) < 0 || write(fd, data + 1, size - 1) < 0) return 0;
    if (af_path_format(path, "/proc/self/fd/%d", fd) == AF_OK && af_mat_open(&m, path) == AF_OK) {
        read_corner(m, "coeff");
        read_corner(m, "sol");
        af_mat_close(m);
    }
    close(fd);
    return 0;
}
