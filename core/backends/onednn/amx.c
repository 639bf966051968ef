/* Laying out the AMX weight gradient for one shape; see amx.h. */
#include "core/backends/onednn/amx.h"

/* Tiles of x and dy that are held at a time: a part of the 2 MB second-level cache of the
 * processors that have AMX. */
enum { HELD_BYTES = 512 << 10 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int parts(int n, int size)
{
    return (n + size - 1) / size;
}

/* A 1x1 kernel sees only pixels: all samples are then one long row. */
static void flatten(af_amx *k, const int pad[4])
{
    bool plain = k->kernel[0] == 1 && k->kernel[1] == 1 && k->stride[0] == 1 && k->stride[1] == 1;
    if (!plain || pad[0] || pad[1] || pad[2] || pad[3]) return;
    k->x.w = k->y.w = k->samples * k->x.h * k->x.w;
    k->x.h = k->y.h = k->samples = 1;
}

/* Which pixels share a strip. False when the kernel is wider than two strips. */
static bool lay_out_rows(af_amx *k)
{
    int reach = (k->kernel[1] - 1) * k->dilation[1];
    k->side = 1;
    if (k->y.w <= AF_TILE_DEPTH && k->x.w <= AF_AMX_SOURCES) {
        k->side = least(AF_TILE_DEPTH / k->y.w, AF_AMX_SOURCES / k->x.w);
        k->side = least(k->side, k->samples);
        k->columns = k->y.w;
        k->whole = true;
        return true;
    }
    if (reach >= AF_AMX_SOURCES) return false;
    k->columns = least(AF_TILE_DEPTH, (AF_AMX_SOURCES - 1 - reach) / k->stride[1] + 1);
    return true;
}

/* Where pixels lie, and which of them each kw wants. */
static void fill_tables(af_amx *k)
{
    int sources = k->whole ? k->side * k->x.w : AF_AMX_SOURCES;
    for (int i = 0; i < sources; i++) {
        int sample = k->whole ? i / k->x.w : 0, pixel = i - sample * k->x.w;
        k->x_at[i] = (sample * k->x.h * k->x.w + pixel) * k->in;
    }
    for (int i = 0; i < k->side * k->columns; i++) {
        int sample = i / k->columns, pixel = i - sample * k->columns;
        k->y_at[i] = (sample * k->y.h * k->y.w + pixel) * k->out;
    }
    k->as_is = -1;
    for (int kw = 0; kw < k->kernel[1]; kw++) {
        af_tile_choice *c = &k->choice[kw];
        bool same = true;
        for (int i = 0; i < k->side * k->columns; i++) {
            int sample = i / k->columns;
            int pixel = i % k->columns * k->stride[1] + kw * k->dilation[1];
            if (k->whole) pixel -= k->left;
            if (k->whole && (pixel < 0 || pixel >= k->x.w)) {
                same = false;
                continue;
            }
            c->at[i] = (uint16_t)(sample * k->x.w + pixel);
            c->present |= (uint32_t)1 << i;
            same = same && c->at[i] == i;
            k->both = k->both || c->at[i] >= AF_TILE_DEPTH;
        }
        if (same) k->as_is = kw;
    }
    if (k->both) k->as_is = -1;
}

static size_t tiles_held(const af_amx *k)
{
    size_t x = (size_t)k->kernel[1] * (size_t)k->blocks_in * (size_t)k->x_rows_held;
    size_t y = (size_t)k->blocks_out * (size_t)k->rows_held;
    return (x + y) * (size_t)k->groups_held * (size_t)k->strips_held;
}

static size_t tiles_for(af_amx *k, int groups, int rows, int strips)
{
    k->groups_held = groups;
    k->rows_held = rows;
    k->strips_held = strips;
    k->x_rows_held = (rows - 1) * k->stride[0] + (k->kernel[0] - 1) * k->dilation[0] + 1;
    return tiles_held(k);
}

/* As many whole groups as fit; else as many rows of one; else as many strips of one row. */
static void choose_held(af_amx *k)
{
    const size_t room = HELD_BYTES / (AF_TILE_HALVES * sizeof(af_bf16));
    int groups = parts(k->samples, k->side), rows = k->y.h, strips = k->strips;
    while (groups > 1 && tiles_for(k, groups, rows, strips) > room) groups--;
    while (rows > 1 && tiles_for(k, groups, rows, strips) > room) rows--;
    while (strips > 1 && tiles_for(k, groups, rows, strips) > room) strips--;
    size_t tiles = tiles_for(k, groups, rows, strips) + 3; /* 2 sources of x, and a filled-up one */
    k->scratch_bytes = tiles * AF_TILE_HALVES * sizeof(af_bf16);
}

bool af_amx_plan(af_amx *k, const af_conv_geometry *g, af_shape x, af_shape y, int samples)
{
    if (g->groups != 1 || g->kernel[1] > AF_AMX_TAPS) return false;
    *k = (af_amx){.in = g->in, .out = g->out, .samples = samples, .x = x, .y = y};
    memcpy(k->kernel, g->kernel, sizeof k->kernel);
    memcpy(k->stride, g->stride, sizeof k->stride);
    memcpy(k->dilation, g->dilation, sizeof k->dilation);
    k->top = g->pad[0];
    k->left = g->pad[2];
    flatten(k, g->pad);
    k->blocks_in = parts(k->in, AF_TILE_SIDE);
    k->blocks_out = parts(k->out, AF_TILE_SIDE);
    if (!lay_out_rows(k)) return false;
    int64_t reach = (int64_t)k->x.h * k->x.w * k->in + (int64_t)k->y.h * k->y.w * k->out;
    if (reach * k->side > INT32_MAX) return false;
    k->strips = parts(k->y.w, k->columns);
    fill_tables(k);
    choose_held(k);
    k->sum_bytes = (size_t)k->blocks_in * (size_t)k->blocks_out * (size_t)k->kernel[0] *
                   (size_t)k->kernel[1] * AF_TILE_FLOATS * sizeof(float);
    return true;
}

void af_amx_unpack(const af_amx *k, const float *sums, float *dw)
{
    int height = k->kernel[0], width = k->kernel[1], taps = height * width;
    for (int o = 0; o < k->out; o++)
        for (int c = 0; c < k->in; c++)
            for (int tap = 0; tap < taps; tap++) {
                int block = c / AF_TILE_SIDE * taps + tap % width * height + tap / width;
                size_t tile = (size_t)(o / AF_TILE_SIDE * k->blocks_in * taps + block);
                int at = c % AF_TILE_SIDE * AF_TILE_SIDE + o % AF_TILE_SIDE;
                *dw++ = sums[tile * AF_TILE_FLOATS + (size_t)at];
            }
}
