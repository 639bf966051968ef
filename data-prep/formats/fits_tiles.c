/* Images compressed by tiles: a row of a binary table holds where a tile's bytes lie in the heap
 * behind the table, and, of floats, by what its integers are scaled. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "core/base/alloc.h"
#include "data-prep/formats/fits_inside.h"

enum { FIELDS = 999, RANDOMS = 10000, ZERO_VALUE = -2147483646 };

typedef struct column {
    bool there;
    char type;   /* of TFORM; P or Q: a descriptor of bytes in the heap */
    size_t from; /* in a row */
} column;

typedef struct table {
    const af_fits_unit *u;
    const char *name;
    int64_t width, rows;
    const uint8_t *heap;
    size_t heap_size;
    column coded, gzipped, by, zero;
    int64_t tile[2]; /* columns, rows of a tile */
    int bytes, block;
    int dither; /* 0: none, 1, 2: methods */
    int64_t seed;
    bool has_blank;
    int64_t blank;
    float *random;
} table;

static af_status wrong(const table *t, const char *what)
{
    return af_fail(AF_EFORMAT, "%s: unit %d: compressed image: %s", t->name, t->u->number, what);
}

/* Bytes of a field such as "1PB(1020)", "2E" or "1D"; 0: not understood. */
static size_t field_size(char *type, const char *form)
{
    static const char types[] = "LBAIJEKDCPMQ";
    static const size_t sizes[] = {1, 1, 1, 2, 4, 4, 8, 8, 8, 8, 16, 16};
    char *end;
    const long repeat = *form >= '0' && *form <= '9' ? strtol(form, &end, 10) : 1;
    form += strspn(form, "0123456789");
    if (repeat < 0 || repeat > 1 << 20 || !*form) return 0;
    const char *at = strchr(types, *form);
    *type = *form;
    return at ? sizes[at - types] * (size_t)repeat : 0;
}

static af_status find_columns(table *t)
{
    const af_fits_header *h = &t->u->header;
    struct {
        const char *name, *types;
        column *c;
    } wanted[] = {{"COMPRESSED_DATA", "PQ", &t->coded},
                  {"GZIP_COMPRESSED_DATA", "PQ", &t->gzipped},
                  {"ZSCALE", "D", &t->by},
                  {"ZZERO", "D", &t->zero}};
    int64_t fields = 0;
    size_t from = 0;
    if (!af_fits_integer(&fields, h, "TFIELDS") || fields < 1 || fields > FIELDS)
        return wrong(t, "no valid TFIELDS");
    for (int k = 1; k <= fields; k++) {
        char key[16], form[AF_FITS_TEXT], title[AF_FITS_TEXT] = "", type = 0;
        snprintf(key, sizeof key, "TFORM%d", k);
        if (!af_fits_text(form, h, key)) return wrong(t, "a column without TFORM");
        snprintf(key, sizeof key, "TTYPE%d", k);
        af_fits_text(title, h, key);
        const size_t size = field_size(&type, form);
        if (!size) return wrong(t, "a column of unknown TFORM");
        for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++)
            if (!strcmp(title, wanted[w].name) && strchr(wanted[w].types, type))
                *wanted[w].c = (column){true, type, from};
        from += size;
    }
    if ((int64_t)from != t->width) return wrong(t, "columns are not as wide as NAXIS1");
    return t->coded.there ? AF_OK : wrong(t, "no column COMPRESSED_DATA");
}

/* ZNAMEi = 'BLOCKSIZE', ZVALi = 32, and the like. */
static void find_parameters(table *t)
{
    for (int k = 1; k <= 9; k++) {
        char key[16], name[AF_FITS_TEXT];
        int64_t value;
        snprintf(key, sizeof key, "ZNAME%d", k);
        if (!af_fits_text(name, &t->u->header, key)) continue;
        snprintf(key, sizeof key, "ZVAL%d", k);
        if (!af_fits_integer(&value, &t->u->header, key) || value < 1 || value > 1024) continue;
        if (!strcmp(name, "BLOCKSIZE")) t->block = (int)value;
        if (!strcmp(name, "BYTEPIX")) t->bytes = (int)value;
    }
}

/* The 10000 numbers of the standard's dither: Park and Miller's generator from 1. */
static af_status make_randoms(table *t)
{
    const double a = 16807, m = 2147483647;
    double seed = 1;
    t->random = af_alloc(RANDOMS * sizeof *t->random);
    if (!t->random) return AF_ENOMEM;
    for (int k = 0; k < RANDOMS; k++) {
        const double product = a * seed;
        seed = product - m * (double)(int)(product / m);
        t->random[k] = (float)(seed / m);
    }
    return AF_OK;
}

static af_status find_quantisation(table *t)
{
    const af_fits_header *h = &t->u->header;
    char method[AF_FITS_TEXT] = "";
    t->has_blank = af_fits_integer(&t->blank, h, "ZBLANK");
    if (t->u->bits > 0) return AF_OK;
    if (!t->by.there || !t->zero.there) return wrong(t, "floats without ZSCALE and ZZERO");
    af_fits_text(method, h, "ZQUANTIZ");
    if (!strcmp(method, "SUBTRACTIVE_DITHER_1")) t->dither = 1;
    if (!strcmp(method, "SUBTRACTIVE_DITHER_2")) t->dither = 2;
    if (!t->dither)
        return *method && strcmp(method, "NO_DITHER") ? wrong(t, "unknown ZQUANTIZ") : AF_OK;
    if (!af_fits_integer(&t->seed, h, "ZDITHER0") || t->seed < 1 || t->seed > RANDOMS)
        return wrong(t, "ZDITHER0 is not 1 to 10000");
    return make_randoms(t);
}

static af_status open_table(table *t)
{
    const af_fits_unit *u = t->u;
    char method[AF_FITS_TEXT] = "";
    int64_t heap;
    if (!af_fits_text(method, &u->header, "ZCMPTYPE") || strcmp(method, "RICE_1") != 0)
        return wrong(t, "ZCMPTYPE is not RICE_1; unpack it with funpack");
    if (!af_fits_integer(&t->width, &u->header, "NAXIS1") || t->width < 1 ||
        !af_fits_integer(&t->rows, &u->header, "NAXIS2") || t->rows < 1)
        return wrong(t, "an empty table");
    const uint64_t bytes = (uint64_t)t->width * (uint64_t)t->rows; /* both fit in 31 bits */
    heap = (int64_t)bytes;
    af_fits_integer(&heap, &u->header, "THEAP");
    if (bytes > u->size || heap < (int64_t)bytes || (uint64_t)heap > u->size)
        return wrong(t, "THEAP is not behind the table");
    t->heap = u->data + heap;
    t->heap_size = u->size - (size_t)heap;
    t->tile[0] = u->columns;
    t->tile[1] = 1;
    af_fits_integer(&t->tile[0], &u->header, "ZTILE1");
    af_fits_integer(&t->tile[1], &u->header, "ZTILE2");
    if (t->tile[0] < 1 || t->tile[1] < 1) return wrong(t, "empty tiles");
    if (t->tile[0] > u->columns) t->tile[0] = u->columns;
    if (t->tile[1] > u->rows) t->tile[1] = u->rows;
    t->bytes = 4;
    t->block = 32;
    find_parameters(t);
    if (t->bytes != 1 && t->bytes != 2 && t->bytes != 4)
        return wrong(t, "BYTEPIX is not 1, 2 or 4");
    AF_TRY(find_columns(t));
    return find_quantisation(t);
}

static uint64_t big_endian(const uint8_t *at, int bytes)
{
    uint64_t v = 0;
    for (int k = 0; k < bytes; k++) v = v << 8 | at[k];
    return v;
}

/* The bytes that a row's descriptor points to; *size 0: none. False: outside the heap. */
static bool stream_of(const uint8_t **data, size_t *size, const table *t, const column *c,
                      int64_t row)
{
    *size = 0;
    if (!c->there) return true;
    const uint8_t *at = t->u->data + (size_t)(row * t->width) + c->from;
    const int half = c->type == 'P' ? 4 : 8;
    const uint64_t length = big_endian(at, half), offset = big_endian(at + half, half);
    if (!length) return true;
    if (offset > t->heap_size || length > t->heap_size - offset) return false;
    *data = t->heap + offset;
    *size = (size_t)length;
    return true;
}

/* count big-endian floats (or integers) of the image's own type out of a gzip stream. */
static bool gunzip(float *out, size_t count, const uint8_t *data, size_t size, int bits)
{
    const size_t bytes = count * (size_t)(abs(bits) / 8);
    uint8_t *room = af_alloc(bytes);
    z_stream z = {.next_out = room, .avail_out = (uInt)bytes, .avail_in = (uInt)size};
    memcpy(&z.next_in, &data, sizeof data);
    bool good = room && bytes <= UINT32_MAX && size <= UINT32_MAX;
    if (good && inflateInit2(&z, 15 + 32) == Z_OK) {
        const int said = inflate(&z, Z_FINISH);
        good = said == Z_STREAM_END && z.avail_out == 0;
        inflateEnd(&z);
    } else {
        good = false;
    }
    for (size_t e = 0; good && e < count; e++) out[e] = (float)af_fits_element(room, bits, e);
    af_free(room);
    return good;
}

/* Integers of tile `row` (from 0) as the values they stand for. */
static void unquantise(float *out, const int32_t *v, size_t count, const table *t, int64_t row)
{
    double by = 1, zero = 0;
    const uint8_t *at = t->u->data + (size_t)(row * t->width);
    if (t->u->bits < 0) {
        by = af_fits_element(at + t->by.from, -64, 0);
        zero = af_fits_element(at + t->zero.from, -64, 0);
    }
    int seed = t->dither ? (int)((row + t->seed - 1) % RANDOMS) : 0;
    int next = t->dither ? (int)(t->random[seed] * 500) : 0;
    for (size_t e = 0; e < count; e++) {
        if (t->has_blank && v[e] == t->blank)
            out[e] = NAN;
        else if (t->dither == 2 && v[e] == ZERO_VALUE)
            out[e] = 0;
        else if (t->dither)
            out[e] = (float)(((double)v[e] - (double)t->random[next] + 0.5) * by + zero);
        else
            out[e] = (float)(v[e] * by + zero);
        if (t->dither && ++next == RANDOMS) {
            seed = (seed + 1) % RANDOMS;
            next = (int)(t->random[seed] * 500);
        }
    }
}

static af_status read_tile(float *out, int32_t *room, size_t count, const table *t, int64_t row)
{
    const uint8_t *data = NULL;
    size_t size;
    if (!stream_of(&data, &size, t, &t->coded, row))
        return wrong(t, "a tile lies outside the file");
    if (size) {
        if (!af_fits_rice(room, count, data, size, t->bytes, t->block))
            return wrong(t, "a tile's bytes end too early");
        unquantise(out, room, count, t, row);
        return AF_OK;
    }
    if (!stream_of(&data, &size, t, &t->gzipped, row))
        return wrong(t, "a tile lies outside the file");
    if (!size) return wrong(t, "a tile without data");
    return gunzip(out, count, data, size, t->u->bits) ? AF_OK
                                                      : wrong(t, "a gzipped tile is damaged");
}

static af_status read_tiles(float *out, const table *t, float *pixels, int32_t *room)
{
    const af_fits_unit *u = t->u;
    const int64_t across = (u->columns + t->tile[0] - 1) / t->tile[0];
    const int64_t down = (u->rows + t->tile[1] - 1) / t->tile[1];
    if (across * down != t->rows) return wrong(t, "not one row of the table for each tile");
    for (int64_t k = 0; k < t->rows; k++) {
        const int64_t left = k % across * t->tile[0], top = k / across * t->tile[1];
        const int64_t w = left + t->tile[0] > u->columns ? u->columns - left : t->tile[0];
        const int64_t h = top + t->tile[1] > u->rows ? u->rows - top : t->tile[1];
        AF_TRY(read_tile(pixels, room, (size_t)(w * h), t, k));
        for (int64_t i = 0; i < h; i++)
            memcpy(out + (top + i) * u->columns + left, pixels + i * w, (size_t)w * sizeof *out);
    }
    return AF_OK;
}

af_status af_fits_decompress(float *out, const af_fits_unit *u, const char *name)
{
    table t = {.u = u, .name = name};
    af_status st = open_table(&t);
    if (st == AF_OK) {
        const size_t most = (size_t)t.tile[0] * (size_t)t.tile[1];
        float *pixels = af_alloc(most * sizeof *pixels);
        int32_t *room = af_alloc(most * sizeof *room);
        st = pixels && room ? read_tiles(out, &t, pixels, room) : AF_ENOMEM;
        af_free(room);
        af_free(pixels);
    }
    af_free(t.random);
    return st;
}
