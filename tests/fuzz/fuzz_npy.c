/* Hostile .npy files. The first byte chooses: bare input; or a good file, of numbers or of objects,
 * in which triples of input bytes (position, value) are patched. What is read lies in the file. */
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/formats/npy.h"

static const char numbers[] =
    "\x93NUMPY\x01\x00\x44\x00{'descr': '>f2', 'fortran_order': True, 'shape': (2, 3, 1), }      \n"
    "123456789012";
static const char objects[] =
    "\x93NUMPY\x02\x00\x35\x00\x00\x00{'descr': '|O', 'fortran_order': False, 'shape': ()}\n"
    "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntU\x01"
    "btR(I1\n(tcnumpy\ndtype\n(U\x02O8I0\nI1\ntR(I3\nU\x01|NNNI-1\nI-1\nI63\ntbI00\n(lp0\n"
    "(dp1\nU\x04"
    "dataI7\nsatb.";

static unsigned char sink; /* reading must not be optimised away */

static void read_all(const void *data, size_t size)
{
    af_npy f;
    char text[AF_NPY_SHAPE_TEXT];
    if (af_npy_parse(&f, data, size, "fuzz") != AF_OK) {
        if (strlen(af_error()) > 1000 || strncmp(af_error(), "fuzz", 4) != 0) abort();
        return;
    }
    const af_pickle_array *a = &f.array;
    af_npy_shape_text(text, a);
    for (size_t i = 0; i < a->count && i < 10000; i++) {
        if (a->items)
            sink ^= a->items[i]->kind;
        else
            sink ^= af_pickle_element(a, i) > 0;
    }
    if (a->count && !a->items) {
        sink ^= af_pickle_element(a, a->count - 1) > 0;
        for (size_t i = 0; i < a->count * (size_t)a->dtype.width; i++) sink ^= a->data[i];
    }
    af_npy_close(&f);
}

static void read_patched(const char *good, size_t length, const uint8_t *patch, size_t size)
{
    char *patched = af_alloc(length); /* its end is guarded */
    memcpy(patched, good, length);
    for (size_t i = 0; i + 2 < size; i += 3)
        patched[(patch[i] << 8 | patch[i + 1]) % length] = (char)patch[i + 2];
    read_all(patched, length);
    af_free(patched);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    if (data[0] % 3 == 0) read_all(data + 1, size - 1);
    if (data[0] % 3 == 1) read_patched(numbers, sizeof numbers - 1, data + 1, size - 1);
    if (data[0] % 3 == 2) read_patched(objects, sizeof objects - 1, data + 1, size - 1);
    return 0;
}
