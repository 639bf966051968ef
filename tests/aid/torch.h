/* Files of torch.save, made by hand. */
#ifndef AID_TORCH_H
#define AID_TORCH_H
#include "tests/aid/arrays.h"

typedef struct pt { /* what goes into a file */
    bytes code, storage[2];
} pt;

/* Says a tensor. view: "I2\n(I2\nI3\nt(I9\nI2\nt", first element, shape and strides. */
void pt_tensor(pt *f, const char *class, int storage, size_t count, const char *view);
/* Empties it. Storages without bytes are left out. */
void pt_save(pt *f, const char *path);

#endif
