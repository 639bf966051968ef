/* The kernel of amx.h, first half: pixels become tiles. For whichever tiles tile.h was included
 * for, as amx_loop.h, which is the other half. */
#ifndef AF_AMX_STRIPS_H
#define AF_AMX_STRIPS_H
#include "core/backends/onednn/amx.h"

/* What is held at a time: groups of samples, rows of y, strips, from the first of each on. */
typedef struct piece {
    int group, groups, row, rows, strip, strips;
} piece;

/* Pixels [first, last) of a tile's 32 exist; with less than a whole tile they are copied to `spare`
 * among zeros. */
typedef struct pixels {
    const af_bf16 *from;
    const int32_t *at;
} pixels;

static const int32_t spare_at[AF_TILE_DEPTH] = {
    0,   16,  32,  48,  64,  80,  96,  112, 128, 144, 160, 176, 192, 208, 224, 240,
    256, 272, 288, 304, 320, 336, 352, 368, 384, 400, 416, 432, 448, 464, 480, 496};

AF_TILE_CODE static pixels find_pixels(const af_bf16 *from, int64_t shift, const int32_t *at,
                                       int first, int last, int channels, af_bf16 *spare)
{
    if (first <= 0 && last >= AF_TILE_DEPTH && channels >= AF_TILE_SIDE)
        return (pixels){from + shift, at};
    if (first < 0) first = 0;
    if (last > AF_TILE_DEPTH) last = AF_TILE_DEPTH;
    if (channels > AF_TILE_SIDE) channels = AF_TILE_SIDE;
    memset(spare, 0, AF_TILE_HALVES * sizeof *spare);
    for (int i = first; i < last; i++)
        for (int c = 0; c < channels; c++) spare[i * AF_TILE_SIDE + c] = from[shift + at[i] + c];
    return (pixels){spare, spare_at};
}

static int present_samples(const af_amx *k, int group)
{
    int rest = k->samples - group * k->side;
    return rest < k->side ? rest : k->side;
}

/* ---- x ---- */

/* The tile of x for (kw, 16 channels, group, row of x, strip), counted from the held ones. */
static size_t x_tile(const af_amx *k, int kw, int block, int group, int row, int strip)
{
    size_t at = (size_t)(kw * k->blocks_in + block);
    at = at * (size_t)k->groups_held + (size_t)group;
    at = at * (size_t)k->x_rows_held + (size_t)row;
    return (at * (size_t)k->strips_held + (size_t)strip) * AF_TILE_HALVES;
}

/* Half of the pixels under a strip, transposed. row: of x, from its first sample's first pixel. */
AF_TILE_CODE static void transpose_half(const af_amx *k, const af_bf16 *row, int block, int strip,
                                        int samples, int half, af_bf16 *to, af_bf16 *spare)
{
    int start = k->whole ? 0 : strip * k->columns * k->stride[1] - k->left;
    int end = k->whole ? samples * k->x.w : k->x.w - start, skip = half * AF_TILE_DEPTH;
    pixels p = find_pixels(row + block * AF_TILE_SIDE, (int64_t)start * k->in, k->x_at + skip,
                           -start - skip, end - skip, k->in - block * AF_TILE_SIDE, spare);
    af_tile_transpose(to, p.from, p.at);
}

/* One row of x under the piece's strips, for every kw. source: two tiles. */
AF_TILE_CODE static void prepare_row(const af_amx *k, const piece *p, const af_bf16 *row, int block,
                                     int group, int held_row, af_bf16 *tiles, af_bf16 *source)
{
    int samples = present_samples(k, p->group + group);
    bool follow = !k->whole && k->columns * k->stride[1] == AF_TILE_DEPTH; /* halves overlap */
    af_bf16 *first = source, *second = source + AF_TILE_HALVES, *spare = second + AF_TILE_HALVES;
    for (int s = 0; s < p->strips; s++) {
        if (k->as_is >= 0) first = tiles + x_tile(k, k->as_is, block, group, held_row, s);
        if (s == 0 || !follow || !k->both)
            transpose_half(k, row, block, p->strip + s, samples, 0, first, spare);
        if (k->both) transpose_half(k, row, block, p->strip + s, samples, 1, second, spare);
        for (int kw = 0; kw < k->kernel[1]; kw++)
            if (kw != k->as_is)
                af_tile_choose(tiles + x_tile(k, kw, block, group, held_row, s), first,
                               k->both ? second : first, &k->choice[kw]);
        if (!follow || !k->both) continue;
        af_bf16 *swap = first;
        first = second;
        second = swap;
    }
}

AF_TILE_CODE static void prepare_x(const af_amx *k, const piece *p, const af_bf16 *x,
                                   af_bf16 *tiles, af_bf16 *source)
{
    int rows = (p->rows - 1) * k->stride[0] + (k->kernel[0] - 1) * k->dilation[0] + 1;
    size_t row_size = (size_t)k->x.w * (size_t)k->in, tile_bytes = AF_TILE_HALVES * sizeof *tiles;
    for (int block = 0; block < k->blocks_in; block++)
        for (int g = 0; g < p->groups; g++)
            for (int r = 0; r < rows; r++) {
                int row = p->row * k->stride[0] + r - k->top;
                size_t sample = (size_t)(p->group + g) * (size_t)k->side;
                if (k->kernel[0] == 1 && r % k->stride[0]) continue; /* no kh looks there */
                if (row >= 0 && row < k->x.h) {
                    const af_bf16 *from = x + (sample * (size_t)k->x.h + (size_t)row) * row_size;
                    prepare_row(k, p, from, block, g, r, tiles, source);
                    continue;
                }
                for (int kw = 0; kw < k->kernel[1]; kw++)
                    memset(tiles + x_tile(k, kw, block, g, r, 0), 0,
                           (size_t)p->strips * tile_bytes);
            }
}

/* ---- dy ---- */

static size_t y_tile(const af_amx *k, int block, int group, int row, int strip)
{
    size_t at = (size_t)block * (size_t)k->groups_held + (size_t)group;
    at = at * (size_t)k->rows_held + (size_t)row;
    return (at * (size_t)k->strips_held + (size_t)strip) * AF_TILE_HALVES;
}

AF_TILE_CODE static void prepare_strip(const af_amx *k, const af_bf16 *row, int block, int strip,
                                       int samples, af_bf16 *to, af_bf16 *spare)
{
    int start = strip * k->columns, rest = k->y.w - start;
    int end = k->whole ? samples * k->columns : rest < k->columns ? rest : k->columns;
    pixels p = find_pixels(row + block * AF_TILE_SIDE, (int64_t)start * k->out, k->y_at, 0, end,
                           k->out - block * AF_TILE_SIDE, spare);
    af_tile_interleave(to, p.from, p.at);
}

AF_TILE_CODE static void prepare_y(const af_amx *k, const piece *p, const af_bf16 *dy,
                                   af_bf16 *tiles, af_bf16 *spare)
{
    size_t row_size = (size_t)k->y.w * (size_t)k->out;
    for (int block = 0; block < k->blocks_out; block++)
        for (int g = 0; g < p->groups; g++)
            for (int r = 0; r < p->rows; r++) {
                int samples = present_samples(k, p->group + g);
                size_t sample = (size_t)(p->group + g) * (size_t)k->side;
                size_t row = sample * (size_t)k->y.h + (size_t)(p->row + r);
                for (int s = 0; s < p->strips; s++)
                    prepare_strip(k, dy + row * row_size, block, p->strip + s, samples,
                                  tiles + y_tile(k, block, g, r, s), spare);
            }
}

#endif
