/* The gradient of a convolution's weights on AMX: bf16 activations, sums in float.
 *
 *     dw[o][c][kh][kw] = sum over samples and output pixels of
 *                        dy[pixel][o] * x[pixel * stride + k * dilation - pad][c]
 *
 * is a product of matrices whose inner dimension is the pixels. 32 of them at a time ("a strip")
 * are one step of a tile: x is transposed to tiles [channel][pixel], one copy for each kw, in which
 * the pixels of one row lie under those of dy; another kh is only another row of the same copy. dy
 * becomes tiles [pair of pixels][channel][2]. Rows narrower than a strip lie side by side, of
 * several samples; wide rows are cut into strips, whose last one is filled up with zeros. All tiles
 * of one (16 input channels, kw, kh, 16 output channels) add to one tile of floats, which stays in
 * a register over as many strips as fit the cache.
 *
 * Sums run sample by sample, row by row, strip by strip, whatever is held at a time, so neither the
 * thread nor the size of the scratch shows in the bits. */
#ifndef AF_AMX_H
#define AF_AMX_H
#include "core/backends/onednn/onednn.h"
#include "core/backends/onednn/tile_pack.h"

enum {
    AF_AMX_TAPS = 16,
    AF_AMX_SOURCES = 2 * AF_TILE_DEPTH
}; /* widest kernel; pixels of x under
      a strip of dy, at most */

typedef struct af_amx {
    int in, out, samples; /* channels; samples in one call */
    af_shape x, y;
    int kernel[2], stride[2], dilation[2], top;
    int blocks_in, blocks_out; /* of 16 channels, the last one filled up with zeros */
    bool whole;                /* strips hold whole rows; else they are cut from rows */
    int side;                  /* samples whose rows share a strip */
    int columns, strips;       /* output pixels of a sample in a strip; strips in a row */
    int left;                  /* cut rows: padding before the first pixel */
    bool both;                 /* a strip of dy needs more than 32 pixels of x */
    int as_is;                 /* kw whose tile is the transposed x itself; -1: none */
    int32_t x_at[AF_AMX_SOURCES], y_at[AF_TILE_DEPTH]; /* elements from a strip's first pixel */
    af_tile_choice choice[AF_AMX_TAPS];                /* per kw */
    /* What is in scratch at a time: groups of `side` samples, rows of y, strips; rows of x. */
    int groups_held, rows_held, strips_held, x_rows_held;
    size_t sum_bytes, scratch_bytes;
} af_amx;

/* False: not a shape for this kernel. `samples` is the number in every later call. */
bool af_amx_plan(af_amx *k, const af_conv_geometry *g, af_shape x, af_shape y, int samples);

/* sums = or += the gradient over `samples`, in an order of its own; both 64-byte aligned. */
typedef void af_amx_run(const af_amx *k, const af_bf16 *x, const af_bf16 *dy, float *sums, bool add,
                        void *scratch);
extern af_amx_run *const af_amx_native;   /* NULL: not compiled for this kind of processor */
extern af_amx_run *const af_amx_emulated; /* plain C, for tests */

/* From sums to dw {out, in, kh, kw}. */
void af_amx_unpack(const af_amx *k, const float *sums, float *dw);

#endif
