/* Python pickles as data: protocols 0 to 5, plain values and numpy arrays. A pickle is a program;
 * here it is interpreted over values of this file only. The few names that numpy's pickles call
 * stand in one table (pickle_numpy.c); whatever else a file wants to import, call or build is
 * refused with its byte offset. Nothing of Python is ever run.
 *
 *     af_pickle *p;
 *     AF_TRY(af_pickle_parse(&p, bytes, size, path));            bytes must outlive p
 *     const af_pickle_value *v = af_pickle_get(af_pickle_root(p), "data");
 *     if (v && v->kind == AF_PICKLE_ARRAY) ... af_pickle_element(v->array, i) ...
 *     af_pickle_free(p);
 *
 * Values take at most 1 MiB + 32 times the size of the file, whatever the file says. Values may be
 * shared, but none contains itself and none lies deeper than AF_PICKLE_DEPTH. */
#ifndef AF_PICKLE_H
#define AF_PICKLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

enum { AF_PICKLE_RANK = 8, AF_PICKLE_DEPTH = 64, AF_PICKLE_UCS4 = 4 };

typedef enum af_pickle_kind {
    AF_PICKLE_NONE,
    AF_PICKLE_BOOL,
    AF_PICKLE_INT,
    AF_PICKLE_FLOAT,
    AF_PICKLE_TEXT,  /* str; UTF-8 as stored, not checked */
    AF_PICKLE_BYTES, /* bytes, bytearray, and str of Python 2 */
    AF_PICKLE_LIST,
    AF_PICKLE_TUPLE,
    AF_PICKLE_DICT,
    AF_PICKLE_ARRAY,
    AF_PICKLE_DTYPE,  /* of numpy, without an array */
    AF_PICKLE_GLOBAL, /* a name that was not called */
    AF_PICKLE_TENSOR, /* of PyTorch; in af_pickle_parse_torch only, as are storages */
    AF_PICKLE_STORAGE,
    AF_PICKLE_KINDS,
} af_pickle_kind;
extern const char *const af_pickle_kind_names[AF_PICKLE_KINDS]; /* "None", "bool" ... */

typedef struct af_pickle_value af_pickle_value;

typedef struct af_pickle_dtype {
    char kind; /* 'b'ool, 'i'nt, 'u'nsigned, 'f'loat, 'O'bject, text: 'S' bytes, 'U' UCS-4 */
    int width; /* bytes of an element */
    bool big_endian;
} af_pickle_dtype;

typedef struct af_pickle_array {
    af_pickle_dtype dtype;
    bool fortran; /* stored with the first axis running fastest */
    int rank;
    size_t shape[AF_PICKLE_RANK], count;
    const uint8_t *data;           /* count elements, not aligned; NULL for objects */
    af_pickle_value *const *items; /* objects, in stored order */
} af_pickle_array;

/* A file of PyTorch's beside the pickle, and the strided part of one that a tensor is. All elements
 * lie inside. */
typedef struct af_pickle_storage {
    af_pickle_dtype dtype;
    const char *name; /* of the file: "0" */
    size_t name_size, count;
} af_pickle_storage;

typedef struct af_pickle_tensor {
    af_pickle_storage storage;
    int rank;
    size_t shape[AF_PICKLE_RANK], stride[AF_PICKLE_RANK], first; /* in elements */
} af_pickle_tensor;

struct af_pickle_value {
    af_pickle_kind kind;
    int32_t height; /* private */
    union {
        int64_t integer; /* BOOL, INT */
        double real;
        struct { /* TEXT, BYTES; no NUL at the end */
            const char *data;
            size_t size;
        };
        struct { /* LIST, TUPLE; DICT: key, value, key, value ... */
            af_pickle_value **items;
            size_t count;
        };
        const af_pickle_array *array;
        af_pickle_dtype dtype;
        const struct af_pickle_global *global;
        const af_pickle_tensor *tensor;
        const af_pickle_storage *storage;
    };
};

typedef struct af_pickle af_pickle;
/* `name` opens the error messages. */
AF_CHECKED af_status af_pickle_parse(af_pickle **out, const void *data, size_t size,
                                     const char *name);
/* The same for the data.pkl inside a file of torch.save, whose tensors become descriptions. */
AF_CHECKED af_status af_pickle_parse_torch(af_pickle **out, const void *data, size_t size,
                                           const char *name);
void af_pickle_free(af_pickle *p); /* with all its values */
const af_pickle_value *af_pickle_root(const af_pickle *p);

/* A TEXT or BYTES of this content. */
bool af_pickle_says(const af_pickle_value *v, const char *text);
/* The value whose key says this; NULL: no such key, or no dict. The last one counts, as in Python.
 */
const af_pickle_value *af_pickle_get(const af_pickle_value *dict, const char *key);
/* Element i in C order of an array of numbers; integers beyond 2^53 are rounded. NAN for
 * objects and texts. */
double af_pickle_element(const af_pickle_array *a, size_t i);
/* numpy's "f4" and the like, without a byte order: b1, i1 to i8, u1 to u8, f2, f4, f8, O, or S or U
 * with a width. False: another type. */
bool af_pickle_parse_dtype(af_pickle_dtype *out, const char *text, size_t size);

#endif
