/* Hostile pickles, also as files of PyTorch, and the CIFAR-100 reader behind them. The first byte
 * chooses: bare input; or a good pickle of a numpy array, or of a tensor, in which triples of input
 * bytes (position, value) are patched. What is read is finite, lies in the file or in the pickle's
 * own memory, and is walked to its last byte.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/cifar100/layouts.h"
#include "data-prep/formats/pickle.h"

enum { MOST_VISITS = 10000 };

static const char good[] =
    "\x80\x02}q\x00(U\x04"
    "dataq\x01"
    "cnumpy.core.multiarray\n_reconstruct\nq\x02"
    "cnumpy\n"
    "ndarray\nq\x03K\x00\x85U\x01"
    "b\x87Rq\x04(K\x01K\x02K\x02\x86"
    "cnumpy\ndtype\nq\x05U\x02u2"
    "\x89\x88\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
    "c_codecs\nencode\n"
    "X\x08\x00\x00\x00"
    "abcdefghX\x06\x00\x00\x00latin1\x86Rtb\x8c\x0b"
    "fine_labels](K\x07M\x00\x01"
    "e\x8c\x01x}(NG?\xf0\x00\x00\x00\x00\x00\x00\x88\x8a\x03\x01\x02\x03uu.";

static const char good_tensor[] =
    "\x80\x02}q\x00(X\x01\x00\x00\x00xq\x01"
    "ctorch._utils\n_rebuild_tensor_v2\nq\x02((X\x07\x00\x00\x00storageq\x03"
    "ctorch\nFloatStorage\nq\x04X\x01\x00\x00\x00"
    "0q\x05X\x03\x00\x00\x00"
    "cpuq\x06K@tq\x07QK\x01K\x02K\x03K\x04\x87q\x08K\x10K\x04K\x01\x87q\x09\x89"
    "ccollections\nOrderedDict\nq\x0a)Rq\x0btq\x0cRq\x0du.";

static unsigned char sink; /* reading must not be optimised away */

static void touch(const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++) sink ^= ((const unsigned char *)data)[i];
}

/* Shared values may be met again and again, so the walk is limited. */
static void walk(const af_pickle_value *v, int depth, int *visits)
{
    if (depth > AF_PICKLE_DEPTH) abort();
    if (++*visits > MOST_VISITS) return;
    bool container =
        v->kind == AF_PICKLE_LIST || v->kind == AF_PICKLE_TUPLE || v->kind == AF_PICKLE_DICT;
    if (v->kind == AF_PICKLE_TEXT || v->kind == AF_PICKLE_BYTES) touch(v->data, v->size);
    if (v->kind == AF_PICKLE_DICT && v->count % 2) abort();
    for (size_t i = 0; container && i < v->count; i++) walk(v->items[i], depth + 1, visits);
    if (v->kind == AF_PICKLE_TENSOR) {
        const af_pickle_tensor *t = v->tensor;
        size_t last = t->first, count = 1;
        for (int d = 0; d < t->rank; d++) count *= t->shape[d];
        for (int d = 0; count && d < t->rank; d++) last += (t->shape[d] - 1) * t->stride[d];
        if (count && last >= t->storage.count) abort();
        touch(t->storage.name, t->storage.name_size);
    }
    if (v->kind != AF_PICKLE_ARRAY) return;
    const af_pickle_array *a = v->array;
    for (size_t i = 0; a->items && i < a->count; i++) walk(a->items[i], depth + 1, visits);
    if (a->items || !a->count) return;
    touch(a->data, a->count * (size_t)a->dtype.width);
    double last = af_pickle_element(a, a->count - 1);
    sink ^= last > 0;
}

static void read_all(const void *code, size_t size)
{
    af_pickle *p;
    af_cifar_images images;
    int visits = 0;
    if (af_pickle_parse(&p, code, size, "fuzz") == AF_OK) {
        af_pickle_get(af_pickle_root(p), "data");
        walk(af_pickle_root(p), 1, &visits);
        af_pickle_free(p);
    } else if (strlen(af_error()) > 1000 || strncmp(af_error(), "fuzz", 4) != 0) {
        abort();
    }
    visits = 0;
    if (af_pickle_parse_torch(&p, code, size, "fuzz") == AF_OK) {
        walk(af_pickle_root(p), 1, &visits);
        af_pickle_free(p);
    }
    if (af_cifar100_python(&images, code, size, "fuzz") == AF_OK) {
        touch(images.pixel, (size_t)images.count * AF_CIFAR_BYTES);
        af_cifar_images_free(&images);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    if (data[0] % 2) {
        read_all(data + 1, size - 1);
        return 0;
    }
    const bool tensor = data[0] % 4;
    const size_t length = (tensor ? sizeof good_tensor : sizeof good) - 1;
    char *patched = af_alloc(length); /* its end is guarded */
    memcpy(patched, tensor ? good_tensor : good, length);
    for (size_t i = 1; i + 2 < size; i += 3)
        patched[(data[i] << 8 | data[i + 1]) % length] = (char)data[i + 2];
    read_all(patched, length);
    af_free(patched);
    return 0;
}
