/* The idx format of the MNIST files (LeCun, Cortes and Burges): two zero bytes, a type, the number
 * of axes, big-endian 32-bit extents, big-endian elements in C order. */
#include <math.h>
#include <string.h>
#include "data-prep/own/array.h"

static const struct {
    uint8_t code;
    size_t width;
    af_own_type values;
} types[] = {{0x08, 1, AF_OWN_UINT8},   {0x09, 1, AF_OWN_INT16},   {0x0b, 2, AF_OWN_INT16},
             {0x0c, 4, AF_OWN_FLOAT32}, {0x0d, 4, AF_OWN_FLOAT32}, {0x0e, 8, AF_OWN_FLOAT32}};
enum { TYPES = sizeof types / sizeof *types };

static uint64_t big(const uint8_t *p, size_t width)
{
    uint64_t v = 0;
    for (size_t k = 0; k < width; k++) v = v << 8 | p[k];
    return v;
}

static double element(const uint8_t *p, int t)
{
    const uint64_t bits = big(p, types[t].width);
    const uint32_t word = (uint32_t)bits;
    float f;
    double d;
    switch (types[t].code) {
    case 0x09:
        return (int8_t)bits;
    case 0x0b:
        return (int16_t)bits;
    case 0x0c:
        return (int32_t)word;
    case 0x0d:
        memcpy(&f, &word, sizeof f);
        return (double)f;
    case 0x0e:
        memcpy(&d, &bits, sizeof d);
        return d;
    default:
        return (double)bits;
    }
}

static af_status store(af_own_array *out, int64_t i, double v, const char *path)
{
    const double f = out->type == AF_OWN_FLOAT32 ? (double)(float)v : v;
    if (!isfinite(f))
        return af_fail(AF_EFORMAT, "%s: element %lld is not a finite number", path, (long long)i);
    if (out->type == AF_OWN_UINT8) ((uint8_t *)out->data)[i] = (uint8_t)v;
    if (out->type == AF_OWN_INT16) ((int16_t *)out->data)[i] = (int16_t)v;
    if (out->type == AF_OWN_FLOAT32) ((float *)out->data)[i] = (float)v;
    if (out->type == AF_OWN_DOUBLE) ((double *)out->data)[i] = v;
    return AF_OK;
}

af_status af_own_read_idx(af_own_array *out, const char *data, size_t size, const char *path,
                          af_own_use use)
{
    const uint8_t *p = (const uint8_t *)data;
    const int rank = size >= 4 ? p[3] : 0;
    const size_t start = 4 + 4 * (size_t)rank;
    int64_t shape[AF_OWN_RANK] = {0};
    int t = 0;
    while (t < TYPES && (size < 4 || types[t].code != p[2])) t++;
    if (t == TYPES || rank < 1 || rank > AF_OWN_RANK || size < start)
        return af_fail(AF_EFORMAT, "%s: no idx file: its first bytes name no type and axes", path);
    for (int k = 0; k < rank; k++) shape[k] = (int64_t)big(p + 4 + 4 * k, 4);
    const af_own_type type = use == AF_OWN_CODES ? AF_OWN_DOUBLE : types[t].values;
    AF_TRY(af_own_array_new(out, type, rank, shape, (uint64_t)size * 8, path));
    if ((uint64_t)out->count * types[t].width != size - start)
        return af_fail(AF_EFORMAT, "%s: %zu bytes of elements, want %lld of %zu each; get it again",
                       path, size - start, (long long)out->count, types[t].width);
    for (int64_t i = 0; i < out->count; i++)
        AF_TRY(store(out, i, element(p + start + (size_t)i * types[t].width, t), path));
    return AF_OK;
}
