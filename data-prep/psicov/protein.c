/* Channels come in the order of NAS-Bench-360: every row of residue features twice, spread along
 * the columns and then along the rows, and the three maps. */
#include "data-prep/psicov/protein.h"
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"

const af_psicov_layout af_psicov_layouts[AF_SIZES] = {
    [AF_TINY] = {24, 2, 4, 48, 8, 16, false},
    [AF_SMALL] = {64, 5, 2, 100, 20, 30, true},
    [AF_FULL] = {128, 5, 2, 0, 0, 0, true},
};

af_status af_protein_new(af_protein *p, int length)
{
    const size_t n = (size_t)length;
    *p = (af_protein){length, af_calloc(AF_PSICOV_ROWS * n, sizeof *p->row),
                      af_calloc(AF_PSICOV_MAPS * n * n, sizeof *p->map),
                      af_calloc(n * n, sizeof *p->far)};
    if (p->row && p->map && p->far) return AF_OK;
    af_protein_free(p);
    return AF_ENOMEM;
}

void af_protein_free(af_protein *p)
{
    af_free(p->row);
    af_free(p->map);
    af_free(p->far);
    *p = (af_protein){0};
}

void af_protein_tidy(af_protein *p)
{
    const int n = p->length;
    for (int e = 0; e < n * n; e++)
        if (p->far[e] < 1) p->far[e] = 1;
    for (int i = 0; i < n; i++) {
        const float *before = &p->far[i * n + (i ? i - 1 : 1)];
        const float *after = &p->far[i * n + (i < n - 1 ? i + 1 : n - 2)];
        p->far[i * n + i] = (*before + *after) / 2;
    }
}

static bool wanted(const af_psicov_layout *l, int row)
{
    return l->profile || row < AF_PSICOV_PSSM || row == AF_PSICOV_SA;
}

int af_psicov_channels(const af_psicov_layout *l)
{
    int channels = AF_PSICOV_MAPS;
    for (int k = 0; k < AF_PSICOV_ROWS; k++) channels += wanted(l, k) ? 2 : 0;
    return channels;
}

int af_psicov_grid(const af_psicov_layout *l, int length)
{
    return (length + 2 * l->pad + l->tile - 1) / l->tile;
}

/* A tile's window on the map: its cell (i, j) is (top + i, left + j), inside for these i and j. */
typedef struct window {
    int tile, top, left, row_from, row_to, column_from, column_to;
} window;

static void span(int *from, int *to, int start, int tile, int length)
{
    *from = start < 0 ? -start : 0;
    *to = start + tile > length ? length - start : tile;
    if (*from > tile) *from = tile;
    if (*to < *from) *to = *from;
}

static void put_map(float *x, const float *map, int length, const window *w)
{
    const size_t run = (size_t)(w->column_to - w->column_from);
    for (int i = w->row_from; i < w->row_to && run; i++)
        memcpy(x + i * w->tile + w->column_from,
               map + (size_t)(w->top + i) * (size_t)length + (size_t)(w->left + w->column_from),
               run * sizeof *x);
}

static void put_row(float *x, const float *row, const window *w)
{
    float *across = x, *down = x + w->tile * w->tile;
    for (int i = w->row_from; i < w->row_to; i++)
        for (int j = w->column_from; j < w->column_to; j++) {
            across[i * w->tile + j] = row[w->left + j];
            down[i * w->tile + j] = row[w->top + i];
        }
}

void af_protein_crop(float *x, float *y, uint8_t *mask, const af_protein *p,
                     const af_psicov_layout *l, int top, int left)
{
    window w = {.tile = l->tile, .top = top - l->pad, .left = left - l->pad};
    const size_t area = (size_t)l->tile * (size_t)l->tile, n = (size_t)p->length;
    span(&w.row_from, &w.row_to, w.top, l->tile, p->length);
    span(&w.column_from, &w.column_to, w.left, l->tile, p->length);
    memset(x, 0, (size_t)af_psicov_channels(l) * area * sizeof *x);
    memset(mask, 0, area);
    for (size_t e = 0; e < area; e++) y[e] = AF_PSICOV_CAP;
    for (int k = 0; k < AF_PSICOV_ROWS; k++) {
        if (!wanted(l, k)) continue;
        put_row(x, p->row + (size_t)k * n, &w);
        x += 2 * area;
    }
    for (int k = 0; k < AF_PSICOV_MAPS; k++, x += area)
        put_map(x, p->map + (size_t)k * n * n, p->length, &w);
    put_map(y, p->far, p->length, &w);
    for (int i = w.row_from; i < w.row_to; i++)
        for (int j = w.column_from; j < w.column_to; j++) {
            float *v = &y[i * l->tile + j];
            mask[i * l->tile + j] = !isnan(*v);
            if (isnan(*v)) *v = 0;
            if (*v > AF_PSICOV_CAP) *v = AF_PSICOV_CAP;
        }
}
