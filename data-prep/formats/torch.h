/* Tensors of a file that torch.save wrote: a .zip of a pickle, data.pkl, which describes tensors,
 * and their storages, data/0 ... The pickle is read by the safe reader; nothing else of PyTorch is.
 *
 *     AF_TRY(af_torch_open(&t, path));
 *     const af_pickle_value *x = af_pickle_get(af_torch_root(t), "x");     kind AF_PICKLE_TENSOR
 *     ... AF_TRY(af_torch_floats(values, t, x->tensor, 0, n, most)) ...
 *     af_torch_close(t);
 */
#ifndef AF_TORCH_H
#define AF_TORCH_H
#include "data-prep/formats/pickle.h"

typedef struct af_torch af_torch;
/* Holds the pickle, of at most 1 MiB, in memory. */
AF_CHECKED af_status af_torch_open(af_torch **out, const char *path);
void af_torch_close(af_torch *t); /* NULL is fine */
const af_pickle_value *af_torch_root(const af_torch *t);
/* Elements first to first + count - 1 along the first axis, in C order, as floats. Reads the
 * storage, once and into one buffer; it may have at most `most` bytes and must have as many as it
 * declares; bools become 0 and 1. A value that is no finite float is AF_EFORMAT. */
AF_CHECKED af_status af_torch_floats(float *out, const af_torch *t, const af_pickle_tensor *tensor,
                                     size_t first, size_t count, size_t most);

#endif
