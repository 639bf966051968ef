/* numpy's .npy files (NEP 1 and numpy.lib.format, versions 1.0 to 3.0), read from bytes in memory:
 * one array of booleans, integers, floats (also of 16 bits) or texts, in either byte order and
 * either order of axes; or of objects, which lie in the file as a pickle and are read by the safe
 * pickle reader. Arrays with fields, complex numbers, dates and long doubles are refused.
 *
 *     af_npy f;
 *     AF_TRY(af_npy_parse(&f, bytes, size, path));               bytes must outlive f
 *     ... af_pickle_element(&f.array, i) ...                     element i in C order
 *     af_npy_close(&f);
 */
#ifndef AF_NPY_H
#define AF_NPY_H
#include "data-prep/formats/pickle.h"

typedef struct af_npy {
    af_pickle_array array; /* data borrowed from the bytes given */
    af_pickle *objects;    /* whose values array.items are; NULL: numbers or texts */
} af_npy;

/* The header and the size must agree to the byte. `name` opens the error messages. */
AF_CHECKED af_status af_npy_parse(af_npy *out, const void *data, size_t size, const char *name);
/* The header alone, of a file of which `data` are the first bytes: type, shape and count. */
AF_CHECKED af_status af_npy_header(af_pickle_array *out, const void *data, size_t size,
                                   const char *name);
void af_npy_close(af_npy *f);

/* "float32 {3, 46}": type and shape, for messages. */
enum { AF_NPY_SHAPE_TEXT = 256 };
const char *af_npy_shape_text(char out[AF_NPY_SHAPE_TEXT], const af_pickle_array *a);
/* Elements first .. first + count - 1 in C order as floats. One that is no finite float is
 * AF_EFORMAT, with its index. The array must be of numbers. */
AF_CHECKED af_status af_npy_floats(float *out, const af_pickle_array *a, size_t first, size_t count,
                                   const char *name);

#endif
