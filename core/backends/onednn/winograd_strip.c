/* Convolution and correlation by Winograd's algorithm, a strip of tiles at a time: transformed,
 * multiplied for one panel of outputs after the other, and transformed back, so that what lies
 * between stays in cache. Tiles are taken in order and strips depend on shapes only, so the bits
 * are the same on any thread. */
#include "core/backends/onednn/onednn.h"
#include "core/backends/onednn/winograd.h"

typedef struct place { /* of a line */
    int image, row, column, tiles;
} place;

static place place_of(const af_winograd_walk *a, int unit)
{
    int row = unit / a->lines, first = unit % a->lines * a->line;
    int left = af_quotient_up(a->out.w, a->wide) - first;
    return (place){.image = row / a->rows,
                   .row = a->high * (row % a->rows),
                   .column = a->wide * first,
                   .tiles = left < a->line ? left : a->line};
}

/* Row i of image n, or NULL when there is no such row. */
static float *row_of(const float *x, af_shape s, int n, int i)
{
    if (i < 0 || i >= s.h) return NULL;
    return (float *)af_unconst(x) + ((size_t)n * s.h + i) * s.w * s.c;
}

static int v_step(const af_winograd_walk *a)
{
    return af_round_up(a->in.c, a->isa->vector);
}

/* Floats between the values of the strip's tiles, `step` floats each. Later parts of the last tiles
 * are read behind them, for nothing. */
static size_t apart(const af_winograd_walk *a, int step)
{
    return (size_t)(a->tiles + a->parts - 1) * step + AF_WINOGRAD_SPACER;
}

/* The strip's inputs in the Winograd domain, in rows; returns the number of tiles, with extra ones.
 */
static int transform(const af_winograd_walk *a, const float *x, int unit, int end, float *v)
{
    af_winograd_line l = {.w = a->in.w, .c = a->in.c, .extra = a->parts - 1, .step = v_step(a)};
    l.apart = apart(a, l.step);
    int tiles = 0;
    for (; unit < end; unit++, tiles += l.tiles + l.extra) {
        place p = place_of(a, unit);
        const float *row[4];
        for (int i = 0; i < a->under; i++) {
            row[i] = row_of(x, a->in, p.image, p.row - a->top + i);
            if (!row[i]) row[i] = a->zeros;
        }
        l.column = p.column - a->left;
        l.tiles = p.tiles;
        a->tile->transform(v + (size_t)tiles * l.step, &l, row);
    }
    return tiles;
}

/* The gradients of the strip's outputs in the Winograd domain, in panels. */
static void expand(const af_winograd_walk *a, const float *dy, int unit, int end, float *d)
{
    size_t each = apart(a, 2 * a->isa->vector);
    af_winograd_line l = {.w = a->out.w,
                          .c = a->out.c,
                          .extra = a->parts - 1,
                          .apart = each,
                          .panel = (size_t)a->tile->values * each};
    for (int tiles = 0; unit < end; unit++, tiles += l.tiles + l.extra) {
        place p = place_of(a, unit);
        const float *row[2];
        for (int i = 0; i < a->high; i++) {
            row[i] = row_of(dy, a->out, p.image, p.row + i);
            if (!row[i]) row[i] = a->zeros;
        }
        l.column = p.column;
        l.tiles = p.tiles;
        a->tile->expand(d, tiles, &l, row);
    }
}

/* The products of one panel, from output channel o on, back to outputs. */
static void contract(const af_winograd_walk *a, const float *m, int unit, int end, int o, float *y,
                     const float *bias, bool add)
{
    int wide = af_winograd_wide(a->out.c, o, a->isa->vector), left = a->out.c - o;
    af_winograd_line l = {
        .w = a->out.w, .c = left < wide ? left : wide, .apart = apart(a, wide), .step = wide};
    for (; unit < end; unit++, m += (l.tiles + a->parts - 1) * wide) {
        place p = place_of(a, unit);
        float *row[2];
        for (int i = 0; i < a->high; i++) {
            row[i] = row_of(y, a->out, p.image, p.row + i);
            if (row[i]) row[i] += o;
        }
        l.column = p.column;
        l.tiles = p.tiles;
        a->tile->contract(row, a->out.c, &l, m, bias ? bias + o : NULL, add);
    }
}

void af_winograd_convolve(const af_winograd_walk *a, int n, const float *x, float *y,
                          const float *u, const float *bias, bool add, float *scratch)
{
    int vector = a->isa->vector, granule = a->isa->granule, units = n * a->rows * a->lines;
    size_t values = (size_t)a->tile->values;
    float *v = scratch, *m = v + values * apart(a, v_step(a));
    for (int first = 0, end; first < units; first = end) {
        end = first + a->strip < units ? first + a->strip : units;
        int tiles = af_round_up(transform(a, x, first, end, v), granule);
        af_winograd_product p = {.values = a->tile->values,
                                 .tiles = tiles < 2 * granule ? 2 * granule : tiles,
                                 .depth = af_winograd_depth(a->in.c, a->parts, vector),
                                 .v_step = v_step(a),
                                 .v_apart = apart(a, v_step(a))};
        const float *panel = u;
        for (int o = 0; o < a->out.c; o += 2 * vector, panel += values * p.u_apart) {
            int wide = af_winograd_wide(a->out.c, o, vector);
            p.vectors = wide / vector;
            p.u_apart = af_winograd_weights_apart(p.depth, wide);
            p.out_apart = apart(a, wide);
            a->isa->multiply(m, v, panel, &p);
            contract(a, m, first, end, o, y, bias, add);
        }
    }
}

void af_winograd_correlate(const af_winograd_walk *a, int n, const float *x, const float *dy,
                           float *du, bool add, float *scratch)
{
    int vector = a->isa->vector, units = n * a->rows * a->lines;
    size_t values = (size_t)a->tile->values;
    float *v = scratch, *d = v + values * apart(a, v_step(a));
    size_t each = apart(a, 2 * vector);
    for (int first = 0, end; first < units; first = end, add = true) {
        end = first + a->strip < units ? first + a->strip : units;
        /* behind the last extra tiles there is nothing that could be read */
        af_winograd_product p = {.values = a->tile->values,
                                 .tiles = transform(a, x, first, end, v) - (a->parts - 1),
                                 .depth = a->parts * v_step(a),
                                 .v_step = v_step(a),
                                 .v_apart = apart(a, v_step(a)),
                                 .out_apart = each};
        expand(a, dy, first, end, d);
        const float *second = d;
        float *panel = du;
        for (int o = 0; o < a->out.c; o += 2 * vector, second += values * each) {
            int wide = af_winograd_wide(a->out.c, o, vector);
            p.vectors = wide / vector;
            p.u_apart = af_winograd_weights_apart(p.depth, wide);
            a->isa->correlate(panel, v, second, &p, add);
            panel += values * p.u_apart;
        }
    }
}

/* ---- sizes ---- */

/* Whole blocks of rows for every vector width. 16 channels of 24 tiles, before and after the
 * product, leave room for the weights in a first-level cache; from 128 channels on, twice as many
 * tiles leave the second level and are up to a third slower. */
enum { STRIP = 24 };

void af_winograd_cut(af_winograd_walk *a, int n)
{
    int across = af_quotient_up(a->out.w, a->wide), granule = a->isa->granule, extra = a->parts - 1;
    a->rows = af_quotient_up(a->out.h, a->high);
    a->line = across;
    for (a->lines = 1; a->line + extra > STRIP; a->lines++)
        a->line = af_quotient_up(across, a->lines + 1);
    int units = n * a->rows * a->lines, most = STRIP / (a->line + extra);
    a->strip = units < most ? units : most;
    a->tiles = af_round_up(a->strip * (a->line + extra), granule);
    if (a->tiles < 2 * granule) a->tiles = 2 * granule;
}

size_t af_winograd_convolve_floats(const af_winograd_walk *a)
{
    return (size_t)a->tile->values * (apart(a, v_step(a)) + apart(a, 2 * a->isa->vector));
}

size_t af_winograd_correlate_floats(const af_winograd_walk *a)
{
    int wide = 2 * a->isa->vector, panels = af_quotient_up(a->out.c, wide);
    return (size_t)a->tile->values * (apart(a, v_step(a)) + (size_t)panels * apart(a, wide));
}
