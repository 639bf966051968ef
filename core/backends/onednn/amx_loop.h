/* The kernel of amx.h, second half: tiles are multiplied. For whichever tiles tile.h was included
 * for; amx_native.c and amx_emulated.c are all that includes it. */
#ifndef AF_AMX_LOOP_H
#define AF_AMX_LOOP_H
#include "core/backends/onednn/amx_strips.h"

/* The strips of a piece in order: `steps` contiguous tiles, `rows` times, `groups` times. */
typedef struct walk {
    int groups, rows, steps;
    size_t a_row, a_group, b_row, b_group; /* halves from one row, group, to the next */
    bool add;                              /* to what the sums already are */
} walk;

static walk walk_over(const af_amx *k, const piece *p, bool add)
{
    size_t a_row = x_tile(k, 0, 0, 0, k->stride[0], 0), b_row = y_tile(k, 0, 0, 1, 0);
    bool joined = k->stride[0] == 1 && p->strips == k->strips_held; /* rows follow each other */
    return (walk){.groups = p->groups,
                  .rows = joined ? 1 : p->rows,
                  .steps = joined ? p->rows * p->strips : p->strips,
                  .a_row = a_row,
                  .a_group = x_tile(k, 0, 0, 1, 0, 0),
                  .b_row = b_row,
                  .b_group = y_tile(k, 0, 1, 0, 0),
                  .add = add};
}

/* `body` on every strip: it lies i halves after the first tile of a, j after that of b. */
#define EACH_STRIP(w, body)                                                                        \
    do {                                                                                           \
        AF_TILE_FENCE(t);                                                                          \
        for (int g_ = 0; g_ < (w)->groups; g_++)                                                   \
            for (int r_ = 0; r_ < (w)->rows; r_++) {                                               \
                size_t i = (size_t)g_ * (w)->a_group + (size_t)r_ * (w)->a_row;                    \
                size_t j = (size_t)g_ * (w)->b_group + (size_t)r_ * (w)->b_row;                    \
                for (int s_ = 0; s_ < (w)->steps;                                                  \
                     s_++, i += AF_TILE_HALVES, j += AF_TILE_HALVES) {                             \
                    body                                                                           \
                }                                                                                  \
            }                                                                                      \
    } while (0)

/* Not inlined, so that a loop has the registers to itself. */
#define INNERMOST AF_TILE_CODE __attribute__((noinline))

#define START(t, tile, sum)                                                                        \
    do {                                                                                           \
        if (w->add)                                                                                \
            AF_TILE_LOAD(t, tile, sum);                                                            \
        else                                                                                       \
            AF_TILE_ZERO(t, tile);                                                                 \
    } while (0)

/* a: the first tiles of two taps. b: of two blocks of output channels. */
INNERMOST static void two_by_two(af_tiles *t, const walk *w, const af_bf16 *const a[2],
                                 const af_bf16 *const b[2], float *const sums[2])
{
    const af_bf16 *a0 = a[0], *a1 = a[1], *b0 = b[0], *b1 = b[1];
    float *low = sums[0], *high = sums[1];
    START(t, 0, low);
    START(t, 1, high);
    START(t, 2, low + AF_TILE_FLOATS);
    START(t, 3, high + AF_TILE_FLOATS);
    EACH_STRIP(w, {
        AF_TILE_LOAD(t, 6, b0 + j);
        AF_TILE_LOAD(t, 4, a0 + i);
        AF_TILE_DOT(t, 0, 4, 6);
        AF_TILE_LOAD(t, 7, b1 + j);
        AF_TILE_DOT(t, 1, 4, 7);
        AF_TILE_LOAD(t, 5, a1 + i);
        AF_TILE_DOT(t, 2, 5, 6);
        AF_TILE_DOT(t, 3, 5, 7);
    });
    AF_TILE_STORE(t, 0, low);
    AF_TILE_STORE(t, 1, high);
    AF_TILE_STORE(t, 2, low + AF_TILE_FLOATS);
    AF_TILE_STORE(t, 3, high + AF_TILE_FLOATS);
}

INNERMOST static void one_by_two(af_tiles *t, const walk *w, const af_bf16 *a0,
                                 const af_bf16 *const b[2], float *const sums[2])
{
    const af_bf16 *b0 = b[0], *b1 = b[1];
    float *low = sums[0], *high = sums[1];
    START(t, 0, low);
    START(t, 1, high);
    EACH_STRIP(w, {
        AF_TILE_LOAD(t, 6, b0 + j);
        AF_TILE_LOAD(t, 4, a0 + i);
        AF_TILE_DOT(t, 0, 4, 6);
        AF_TILE_LOAD(t, 7, b1 + j);
        AF_TILE_DOT(t, 1, 4, 7);
    });
    AF_TILE_STORE(t, 0, low);
    AF_TILE_STORE(t, 1, high);
}

INNERMOST static void three_by_one(af_tiles *t, const walk *w, const af_bf16 *const a[3],
                                   const af_bf16 *b0, float *sums)
{
    const af_bf16 *a0 = a[0], *a1 = a[1], *a2 = a[2];
    START(t, 0, sums);
    START(t, 1, sums + AF_TILE_FLOATS);
    START(t, 2, sums + 2 * AF_TILE_FLOATS);
    EACH_STRIP(w, {
        AF_TILE_LOAD(t, 6, b0 + j);
        AF_TILE_LOAD(t, 3, a0 + i);
        AF_TILE_DOT(t, 0, 3, 6);
        AF_TILE_LOAD(t, 4, a1 + i);
        AF_TILE_DOT(t, 1, 4, 6);
        AF_TILE_LOAD(t, 5, a2 + i);
        AF_TILE_DOT(t, 2, 5, 6);
    });
    AF_TILE_STORE(t, 0, sums);
    AF_TILE_STORE(t, 1, sums + AF_TILE_FLOATS);
    AF_TILE_STORE(t, 2, sums + 2 * AF_TILE_FLOATS);
}

INNERMOST static void one_by_one(af_tiles *t, const walk *w, const af_bf16 *a0, const af_bf16 *b0,
                                 float *sums)
{
    START(t, 0, sums);
    EACH_STRIP(w, {
        AF_TILE_LOAD(t, 6, b0 + j);
        AF_TILE_LOAD(t, 4, a0 + i);
        AF_TILE_DOT(t, 0, 4, 6);
    });
    AF_TILE_STORE(t, 0, sums);
}

/* Tap number i in the order of the sums: (16 input channels, kw, kh), so that neighbours read the
 * same tiles, one row apart. */
static const af_bf16 *tap(const af_amx *k, const af_bf16 *x_tiles, int i)
{
    int kh = i % k->kernel[0], kw = i / k->kernel[0] % k->kernel[1];
    int block = i / k->kernel[0] / k->kernel[1];
    return x_tiles + x_tile(k, kw, block, 0, kh * k->dilation[0], 0);
}

AF_TILE_CODE static void multiply(af_tiles *t, const af_amx *k, const walk *w, const af_bf16 *x,
                                  const af_bf16 *dy, float *sums)
{
    int taps = k->blocks_in * k->kernel[0] * k->kernel[1], o = 0;
    size_t step = y_tile(k, 1, 0, 0, 0), row = (size_t)taps * AF_TILE_FLOATS;
    for (; o + 1 < k->blocks_out; o += 2, sums += 2 * row) {
        const af_bf16 *const b[2] = {dy + (size_t)o * step, dy + (size_t)(o + 1) * step};
        for (int i = 0; i < taps; i += 2) {
            float *const to[2] = {sums + i * AF_TILE_FLOATS, sums + row + i * AF_TILE_FLOATS};
            const af_bf16 *const a[2] = {tap(k, x, i), i + 1 < taps ? tap(k, x, i + 1) : NULL};
            if (a[1])
                two_by_two(t, w, a, b, to);
            else
                one_by_two(t, w, a[0], b, to);
        }
    }
    if (o == k->blocks_out) return;
    int i = 0;
    for (; i + 2 < taps; i += 3) {
        const af_bf16 *const a[3] = {tap(k, x, i), tap(k, x, i + 1), tap(k, x, i + 2)};
        three_by_one(t, w, a, dy + (size_t)o * step, sums + i * AF_TILE_FLOATS);
    }
    for (; i < taps; i++)
        one_by_one(t, w, tap(k, x, i), dy + (size_t)o * step, sums + i * AF_TILE_FLOATS);
}

/* ---- all of it ---- */

static int held(int done, int all, int at_a_time)
{
    return all - done < at_a_time ? all - done : at_a_time;
}

AF_TILE_CODE static void af_amx_run_with(const af_amx *k, const af_bf16 *x, const af_bf16 *dy,
                                         float *sums, bool add, void *scratch)
{
    af_tiles t;
    int groups = (k->samples + k->side - 1) / k->side;
    af_bf16 *source = scratch, *spare = source + 2 * AF_TILE_HALVES;
    af_bf16 *x_tiles = spare + AF_TILE_HALVES;
    af_bf16 *y_tiles = x_tiles + x_tile(k, k->kernel[1], 0, 0, 0, 0);
    piece p = {0};
    AF_TILE_CONFIGURE(&t);
    for (p.group = 0; p.group < groups; p.group += p.groups)
        for (p.row = 0; p.row < k->y.h; p.row += p.rows)
            for (p.strip = 0; p.strip < k->strips; p.strip += p.strips, add = true) {
                p.groups = held(p.group, groups, k->groups_held);
                p.rows = held(p.row, k->y.h, k->rows_held);
                p.strips = held(p.strip, k->strips, k->strips_held);
                prepare_x(k, &p, x, x_tiles, source);
                prepare_y(k, &p, dy, y_tiles, spare);
                walk w = walk_over(k, &p, add);
                multiply(&t, k, &w, x_tiles, y_tiles, sums);
            }
    AF_TILE_RELEASE(&t);
}

#endif
