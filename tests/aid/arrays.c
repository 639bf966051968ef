#include "tests/aid/arrays.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "tests/aid/work.h"

void bytes_put(bytes *b, const void *data, size_t size)
{
    if (b->room - b->size < size) {
        b->room = 2 * (b->size + size);
        b->data = af_realloc(b->data, b->room);
        assert_non_null(b->data);
    }
    if (size) memcpy(b->data + b->size, data, size);
    b->size += size;
}

void bytes_say(bytes *b, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    assert_in_range(n, 0, sizeof text - 1);
    bytes_put(b, text, (size_t)n);
}

void bytes_npy(bytes *b, const char *dtype, const char *shape, const void *data, size_t size)
{
    char header[256];
    int n = snprintf(header, sizeof header,
                     "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", dtype, shape);
    assert_in_range(n, 0, 255);
    const char length[2] = {(char)n, 0};
    bytes_put(b, "\x93NUMPY\x01\x00", 8);
    bytes_put(b, length, 2);
    bytes_put(b, header, (size_t)n);
    bytes_put(b, data, size);
}

void bytes_array_begin(bytes *b, const char *dtype, const char *order, const char *shape)
{
    bytes_say(b, "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(%st",
              shape);
    bytes_say(b, "cnumpy\ndtype\n(S'%s'\nI0\nI1\ntR(I3\nS'%s'\nNNNI-1\nI-1\nI0\ntbI00\n", dtype,
              order);
}

void bytes_array(bytes *b, const char *dtype, const char *shape, const void *data, size_t size)
{
    char length[4];
    for (int i = 0; i < 4; i++) length[i] = (char)(size >> 8 * i);
    bytes_array_begin(b, dtype, "<", shape);
    bytes_put(b, "T", 1);
    bytes_put(b, length, 4);
    bytes_put(b, data, size);
    bytes_put(b, "tb", 2);
}

void bytes_object_begin(bytes *b)
{
    bytes_npy(b, "|O", "()", "", 0);
    bytes_array_begin(b, "O8", "|", "");
    bytes_say(b, "(l");
}

void bytes_object_end(bytes *b)
{
    bytes_say(b, "atb.");
}

void bytes_save(bytes *b, const char *path)
{
    assert_ok(af_file_write(path, b->data, b->size));
    b->size = 0;
}
