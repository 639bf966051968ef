/* Inside the Winograd convolutions: kernels for one vector instruction set, walks over tiles, and
 * the layout of transformed weights. A tile is some neighbouring outputs; the inputs under them are
 * transformed to `values` numbers, and as many independent products of matrices over the channels
 * replace the sums over taps:
 *
 *     square: F(2x2,3x3), 2x2 outputs, 4x4 inputs, 16 values
 *     line:   F(4,taps), 4 outputs of a row, 3 + taps inputs and values, 3 to 5 taps
 *
 * A line's longer filter is parts of 4 taps: part p of a tile reads what part 0 of the p-th tile
 * after it does, so the inputs of a line's last outputs need `extra` tiles behind them.
 *
 * The one set of kernels in winograd_kernels.h and winograd_line.h is compiled for every
 * instruction set.
 *
 * Buffers: value e of tile t, channel c. "Rows": [e][t][channels]; "panels":
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
    int extra;         /* tiles behind them: inputs only */
    int w, c;          /* the image's */
    size_t apart;      /* floats between the values of a tile */
    int step;          /* floats between tiles */
    size_t panel;      /* floats between panels */
} af_winograd_line;

/* Products of matrices. */
typedef struct af_winograd_product {
    int values;                         /* how many */
    int tiles, depth;                   /* depth: input channels, of all parts */
    int vectors;                        /* 1 or 2: output channels, in vectors */
    int v_step;                         /* floats between tiles of v */
    size_t v_apart, u_apart, out_apart; /* out: of m, or of the second factor d */
} af_winograd_product;

/* Of one kind of tile; `row`: of the images under it, as many as a tile has. */
typedef struct af_winograd_transforms {
    int values;
    /* v = B' x B; rows of the image, zeros for those outside. */
    void (*transform)(float *v, const af_winograd_line *l, const float *const row[4]);
    /* d = A dy A', likewise, into panels, from tile `first` on; extra tiles are zero. */
    void (*expand)(float *d, int first, const af_winograd_line *l, const float *const row[2]);
    /* y = A' m A + bias (if any), or y += ; c: channels of this panel; row[1] NULL: outside */
    void (*contract)(float *const row[2], int stride, const af_winograd_line *l, const float *m,
                     const float *bias, bool add);
} af_winograd_transforms;

enum { AF_LINE_TAPS_MIN = 3, AF_LINE_TAPS_MAX = 5, AF_LINE_OUTPUTS = 4 };
typedef struct af_winograd_isa {
    const char *name[2]; /* of square tiles, of lines */
    int vector, granule; /* floats in a vector; `multiply` wants tiles in multiples, at least two */
    /* m = v u for one panel of weights [e][depth][wide] */
    void (*multiply)(float *m, const float *v, const float *u, const af_winograd_product *p);
    /* du = v' d, or du += v' d, for one panel [e][depth padded][wide] */
    void (*correlate)(float *du, const float *v, const float *d, const af_winograd_product *p,
                      bool add);
    af_winograd_transforms square, line[AF_LINE_TAPS_MAX - AF_LINE_TAPS_MIN + 1];
} af_winograd_isa;

/* NULL: not compiled for this kind of machine. */
extern const af_winograd_isa *const af_winograd_avx2, *const af_winograd_avx512;

/* A walk over tiles: a line is a part of a row of tiles, a strip is several lines. */
typedef struct af_winograd_walk {
    const af_winograd_isa *isa;
    const af_winograd_transforms *tile;
    int high, wide, under; /* outputs of a tile, rows of inputs under it */
    int parts;             /* of the filters: 1, or those of a long line */
    af_shape in, out;      /* images of inputs and outputs */
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
    int all, taps, parts; /* lines: all taps, those of a part, parts; squares: 9, 9, 1 */
} af_filters;

/* Rows of a panel of weights: input channels, each part's in whole vectors if there are several. */
int af_winograd_depth(int in, int parts, int vector);
/* Weights in the Winograd domain: panels [values][depth][wide] of 2 * vector output channels, the
 * last of as many as needed. What a panel does not have of channels and taps is zero. */
size_t af_winograd_weight_floats(int values, int depth, int out, int vector);
void af_winograd_pack_square(float *u, const float *w, const af_filters *f, int vector);
void af_winograd_pack_line(float *u, const float *w, const af_filters *f, int vector);
/* And back; u has `rows` input channels, of a line in each part. */
void af_winograd_unpack_square(float *w, const float *u, const af_filters *f, int rows, int vector);
void af_winograd_unpack_line(float *w, const float *u, const af_filters *f, int rows, int vector);

enum { AF_WINOGRAD_WIDE = 32 };   /* floats in the widest panel */
enum { AF_WINOGRAD_SPACER = 16 }; /* floats; keeps 16 streams out of one set of the cache */

static inline int af_quotient_up(int n, int by)
{
    return (n + by - 1) / by;
}

static inline int af_round_up(int n, int to)
{
    return af_quotient_up(n, to) * to;
}

/* Floats between the values of the weights of a panel. */
static inline size_t af_winograd_weights_apart(int depth, int wide)
{
    return (size_t)depth * (size_t)wide + AF_WINOGRAD_SPACER;
}

/* Floats in the panel of outputs that begins with channel o. */
static inline int af_winograd_wide(int channels, int o, int vector)
{
    return channels - o > vector ? 2 * vector : vector;
}

#endif
