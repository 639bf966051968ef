/* Inside the Winograd convolutions: kernels for one vector instruction set, walks over tiles, and
 * the layout of transformed weights. The Winograd domain of F(2x2,3x3): a tile is 2x2 outputs, the
 * 4x4 inputs under them are transformed to 16 values, and 16 independent products of matrices over
 * the channels replace the sums over 3x3 taps. The one set of kernels in winograd_kernels.h is
 * compiled for every instruction set.
 *
 * Buffers: value e (0 .. 15) of tile t, channel c. "Rows": [e][t][channels]; "panels":
 * [channels / wide][e][t][wide], where wide is two vectors, or one in the last panel when that
 * suffices. Neighbouring e are `apart` floats apart. Channels are padded to whole vectors. */
#ifndef AF_WINOGRAD_H
#define AF_WINOGRAD_H
#include <stdbool.h>
#include <stddef.h>
#include "core/graph/graph.h"

/* Some neighbouring tiles of one row of tiles, and the image they are cut from (or written to). */
typedef struct af_winograd_line {
    int column, tiles; /* first column of the first tile; may lie in the padding */
    int w, c;          /* the image's */
    size_t apart;      /* floats between the values of a tile */
    int step;          /* floats between tiles */
    size_t panel;      /* floats between panels */
} af_winograd_line;

/* 16 products of matrices. */
typedef struct af_winograd_product {
    int tiles, depth;                   /* depth: input channels */
    int vectors;                        /* 1 or 2: output channels, in vectors */
    int v_step;                         /* floats between tiles of v */
    size_t v_apart, u_apart, out_apart; /* out: of m, or of the second factor d */
} af_winograd_product;

typedef struct af_winograd_isa {
    const char *name;
    int vector, granule; /* floats in a vector; `multiply` wants tiles in multiples, at least two */
    /* v = B' x B; rows of the image, zeros for those outside. */
    void (*transform)(float *v, const af_winograd_line *l, const float *const row[4]);
    /* d = A dy A', likewise, into panels, from tile `first` on. */
    void (*expand)(float *d, int first, const af_winograd_line *l, const float *const row[2]);
    /* m = v u for one panel of weights [e][depth][wide] */
    void (*multiply)(float *m, const float *v, const float *u, const af_winograd_product *p);
    /* y = A' m A + bias (if any), or y += ; c: channels of this panel; row[1] NULL: outside */
    void (*contract)(float *const row[2], int stride, const af_winograd_line *l, const float *m,
                     const float *bias, bool add);
    /* du = v' d, or du += v' d, for one panel [e][depth padded][wide] */
    void (*correlate)(float *du, const float *v, const float *d, const af_winograd_product *p,
                      bool add);
} af_winograd_isa;

/* NULL: not compiled for this kind of machine. */
extern const af_winograd_isa *const af_winograd_avx2, *const af_winograd_avx512;

/* A walk over tiles: a line is a part of a row of tiles, a strip is several lines. */
typedef struct af_winograd_walk {
    const af_winograd_isa *isa;
    af_shape in, out;      /* images of the tiles' 4x4 and 2x2 sides */
    int top, left;         /* padding */
    int rows, line, lines; /* tile rows of an image, tiles in a line, lines in a row of tiles */
    int strip, tiles;      /* lines in a strip; tiles that it has room for */
    const float *zeros;    /* a row of the wider image */
} af_winograd_walk;

/* Cuts chunks of n images into strips; in, out, padding and isa are given. */
void af_winograd_cut(af_winograd_walk *a, int n);
/* Floats of scratch that the two below want. */
size_t af_winograd_convolve_floats(const af_winograd_walk *a);
size_t af_winograd_correlate_floats(const af_winograd_walk *a);
/* y = x * u + bias (bias may be NULL), or y += */
void af_winograd_convolve(const af_winograd_walk *a, int n, const float *x, float *y,
                          const float *u, const float *bias, bool add, float *scratch);
/* du = the correlation of x and dy, or du += */
void af_winograd_correlate(const af_winograd_walk *a, int n, const float *x, const float *dy,
                           float *du, bool add, float *scratch);

/* Where a set of filters lies: tap t of the filter from channel i to channel o is at
 * o * out_step + i * in_step + tap + t * tap_step. */
typedef struct af_filters {
    int in, out, in_step, out_step, tap, tap_step;
} af_filters;

/* Weights in the Winograd domain: panels [16][in][wide] of 2 * vector output channels. */
size_t af_winograd_weight_floats(int in, int out, int vector);
void af_winograd_pack(float *u, const float *w, const af_filters *f, int vector);
/* And back; u has `rows` input channels. */
void af_winograd_unpack(float *w, const float *u, const af_filters *f, int rows, int vector);

enum { AF_WINOGRAD_SPACER = 16 }; /* floats; keeps 16 streams out of one set of the cache */

static inline int af_round_up(int n, int to)
{
    return (n + to - 1) / to * to;
}

/* Floats between the 16 values of the weights of a panel. */
static inline size_t af_winograd_weights_apart(int in, int wide)
{
    return (size_t)in * (size_t)wide + AF_WINOGRAD_SPACER;
}

/* Floats in the panel of outputs that begins with channel o. */
static inline int af_winograd_wide(int channels, int o, int vector)
{
    return channels - o > vector ? 2 * vector : vector;
}

#endif
