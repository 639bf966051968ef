/* A convolution by oneDNN, prepared: shared by its kernels (conv.c) and by what makes them
 * (conv_build.c). Memories are what a primitive reads or writes; dx has that of x, dy that of y. */
#ifndef AF_ONEDNN_CONV_H
#define AF_ONEDNN_CONV_H
#include "core/backends/onednn/amx.h"
#include "core/backends/onednn/primitive.h"

enum { X, Y, W, BIAS, W_FORWARD, W_BACKWARD, DW, DX_FLOAT, SCRATCH };
/* Passes. DX_TO_ADD: dx in float, to be added to one in bf16 and rounded once. */
enum { FORWARD, BACKWARD_X, DX_TO_ADD, BACKWARD_W, PACK_FORWARD, PACK_BACKWARD, UNPACK };

typedef struct conv {
    af_onednn_self base;
    af_primitives run;
    af_kernel kernel;
    char name[96]; /* of oneDNN's implementations, each once */
    af_dtype type; /* of x, y and their gradients */
    float *w[2];   /* packed weights: for forward, for backward by x */
    size_t dx_count, dw_count;
    int bias_count;
    size_t temporary;     /* bytes at the start of the scratch; oneDNN's scratchpad follows */
    af_amx_run *gradient; /* of the weights, by our own kernel; NULL: by oneDNN */
    af_amx amx;
} conv;

/* The kernel slots that `train` needs. */
af_kernel af_conv_slots(const char *name, bool train);

#endif
