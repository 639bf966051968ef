/* Weights as matrix products want them. A parameter is kept in float as {out, in, kh, kw} (in: of
 * a group); packed it is {out, kh, kw, in}, in the type of the activations. The kernel may grow on
 * the way, by taps that are 0. Gradients go the other way. Networks have hundreds of small ones, so
 * a device keeps a list, and does a whole list by one kernel. */
#ifndef AF_CUDA_PACK_H
#define AF_CUDA_PACK_H
#include <stdbool.h>
#include "core/device.h"

typedef struct af_pack {
    const void *from; /* device */
    void *to;
    int out, in, kernel[2];   /* of the parameter */
    int packed[2], before[2]; /* kernel when packed, and how many of its taps come first */
    bool half;                /* packed in bf16 */
    bool back;                /* packed -> parameter */
} af_pack;

enum { AF_PACKS = 48 }; /* what fits in the arguments of a kernel, 4 KiB */

typedef struct af_pack_list {
    int count;
    af_pack item[AF_PACKS];
} af_pack_list;

#endif
