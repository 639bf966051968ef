/* Units, their headers, and plain images. A header is cards of 80 characters in blocks of 2880
 * bytes; data follow, padded to whole blocks. */
#include "data-prep/formats/fits.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/formats/fits_inside.h"

enum { CARD = 80, BLOCK = 2880, NAME = 4096, AXES = 99, PER_BYTE = 64 };

struct af_fits {
    const uint8_t *data;
    size_t size;
    int count, room;
    af_fits_unit *image;
    char name[NAME];
};

/* ---- headers ---- */

/* The value of a card, without spaces in front; NULL: the keyword is not there. */
static const char *find(char value[CARD], const af_fits_header *h, const char *key)
{
    const size_t n = strlen(key);
    for (int k = 0; k < h->cards; k++) {
        const char *card = h->card + k * CARD;
        if (memcmp(card, key, n) != 0 || (n < 8 && card[n] != ' ') || card[8] != '=') continue;
        memcpy(value, card + 9, CARD - 9);
        value[CARD - 9] = '\0';
        return value + strspn(value, " ");
    }
    return NULL;
}

static bool ended(const char *at)
{
    at += strspn(at, " ");
    return *at == '\0' || *at == '/';
}

bool af_fits_integer(int64_t *out, const af_fits_header *h, const char *key)
{
    char value[CARD], *end;
    const char *text = find(value, h, key);
    if (!text) return false;
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    if (end == text || errno || !ended(end)) return false;
    *out = v;
    return true;
}

bool af_fits_number(double *out, const af_fits_header *h, const char *key)
{
    char value[CARD], *end;
    const char *text = find(value, h, key);
    if (!text) return false;
    for (char *c = value; *c && *c != '/'; c++) /* Fortran's exponents */
        if (*c == 'D' || *c == 'd') *c = 'E';
    const double v = strtod(text, &end);
    if (end == text || !isfinite(v) || !ended(end)) return false;
    *out = v;
    return true;
}

bool af_fits_text(char out[AF_FITS_TEXT], const af_fits_header *h, const char *key)
{
    char value[CARD];
    const char *text = find(value, h, key);
    if (!text || *text != '\'') return false;
    size_t n = strcspn(text + 1, "'");
    if (n >= AF_FITS_TEXT) return false;
    while (n && text[n] == ' ') n--; /* text[n] is the last of n characters */
    memcpy(out, text + 1, n);
    out[n] = '\0';
    return true;
}

bool af_fits_true(const af_fits_header *h, const char *key)
{
    char value[CARD];
    const char *text = find(value, h, key);
    return text && *text == 'T';
}

/* The header at `from`, up to its END, and where its data begin; false: there is no END. */
static bool take_header(af_fits_header *h, size_t *data, const af_fits *f, size_t from)
{
    static const char end[] = "END     ";
    *h = (af_fits_header){(const char *)f->data + from, 0};
    for (size_t at = from; at + CARD <= f->size; at += CARD, h->cards++)
        if (memcmp(f->data + at, end, 8) == 0) {
            *data = from + (at - from + CARD + BLOCK - 1) / BLOCK * BLOCK;
            return true;
        }
    return false;
}

/* ---- units ---- */

static bool is_bits(int64_t bits)
{
    return bits == 8 || bits == 16 || bits == 32 || bits == 64 || bits == -32 || bits == -64;
}

/* |BITPIX| / 8 x GCOUNT x (PCOUNT + NAXIS1 x NAXIS2 ...); false: no such header, or larger than any
 * file. */
static bool data_size(uint64_t *size, const af_fits_header *h)
{
    int64_t bits, axes, extra = 0, groups = 1;
    char key[16];
    af_fits_integer(&extra, h, "PCOUNT");
    af_fits_integer(&groups, h, "GCOUNT");
    if (!af_fits_integer(&bits, h, "BITPIX") || !is_bits(bits) ||
        !af_fits_integer(&axes, h, "NAXIS") || axes < 0 || axes > AXES || extra < 0 || groups != 1)
        return false;
    uint64_t product = axes > 0;
    for (int k = 1; k <= axes; k++) {
        int64_t side;
        snprintf(key, sizeof key, "NAXIS%d", k);
        if (!af_fits_integer(&side, h, key) || side < 0 || side > INT32_MAX) return false;
        if (side && product > ((uint64_t)1 << 46) / (uint64_t)side) return false;
        product *= (uint64_t)side;
    }
    if (extra > (int64_t)1 << 46) return false;
    *size = (uint64_t)(llabs(bits) / 8) * (product + (axes ? (uint64_t)extra : 0));
    return true;
}

/* Whether a unit holds an image of two dimensions, and which. */
static bool describe(af_fits_unit *u)
{
    const af_fits_header *h = &u->header;
    int64_t axes = 0, columns = 0, rows = 0, bits = 0;
    char kind[AF_FITS_TEXT] = "IMAGE";
    if (u->number > 1 && !af_fits_text(kind, h, "XTENSION")) return false;
    u->compressed = !strcmp(kind, "BINTABLE") && af_fits_true(h, "ZIMAGE");
    if (!u->compressed && strcmp(kind, "IMAGE") != 0) return false;
    const bool z = u->compressed;
    if (!af_fits_integer(&axes, h, z ? "ZNAXIS" : "NAXIS") || axes != 2 ||
        !af_fits_integer(&columns, h, z ? "ZNAXIS1" : "NAXIS1") ||
        !af_fits_integer(&rows, h, z ? "ZNAXIS2" : "NAXIS2") ||
        !af_fits_integer(&bits, h, z ? "ZBITPIX" : "BITPIX") || !is_bits(bits))
        return false;
    if (columns < 1 || rows < 1) return false;
    u->bits = (int)bits;
    u->columns = columns > AF_FITS_SIDE ? AF_FITS_SIDE + 1 : (int)columns;
    u->rows = rows > AF_FITS_SIDE ? AF_FITS_SIDE + 1 : (int)rows;
    return true;
}

static af_status add_image(af_fits *f, const af_fits_unit *u)
{
    const uint64_t pixels = (uint64_t)u->rows * (uint64_t)u->columns;
    if (u->rows > AF_FITS_SIDE || u->columns > AF_FITS_SIDE || pixels / PER_BYTE > f->size)
        return af_fail(AF_EFORMAT,
                       "%s: unit %d declares %d rows and %d columns, want at most %d of each and "
                       "what a file of %zu bytes can hold; fetch the file again",
                       f->name, u->number, u->rows, u->columns, AF_FITS_SIDE, f->size);
    if (f->count == f->room) {
        const int room = f->room ? 2 * f->room : 4;
        void *more = af_realloc(f->image, (size_t)room * sizeof *f->image);
        if (!more) return AF_ENOMEM;
        f->image = more;
        f->room = room;
    }
    f->image[f->count++] = *u;
    return AF_OK;
}

static af_status find_images(af_fits *f)
{
    size_t at = 0;
    int number = 1;
    for (; number <= AF_FITS_UNITS; number++) {
        af_fits_unit u = {.number = number};
        size_t data;
        uint64_t size;
        /* whatever follows the last unit is not looked at */
        if (number > 1 && (f->size - at < BLOCK || memcmp(f->data + at, "XTENSION=", 9) != 0))
            break;
        if (!take_header(&u.header, &data, f, at) || !data_size(&size, &u.header))
            return af_fail(AF_EFORMAT, "%s: unit %d has no valid header; fetch the file again",
                           f->name, number);
        if (data > f->size || size > f->size - data)
            return af_fail(AF_EFORMAT,
                           "%s: the file of %zu bytes ends before the data of unit %d; fetch it "
                           "again",
                           f->name, f->size, number);
        u.data = f->data + data;
        u.size = (size_t)size;
        if (describe(&u)) AF_TRY(add_image(f, &u));
        const size_t padded = (u.size + BLOCK - 1) / BLOCK * BLOCK;
        at = padded > f->size - data ? f->size : data + padded;
    }
    if (f->count) return AF_OK;
    return af_fail(AF_EFORMAT, "%s: %d units and no image of two dimensions, want at least one",
                   f->name, number - 1);
}

af_status af_fits_open(af_fits **out, const void *data, size_t size, const char *name)
{
    if (size < BLOCK || memcmp(data, "SIMPLE  =", 9) != 0)
        return af_fail(AF_EFORMAT,
                       "%s: no FITS file: it does not begin with SIMPLE, or is shorter "
                       "than one block of %d bytes",
                       name, BLOCK);
    af_fits *f = af_calloc(1, sizeof *f);
    if (!f) return AF_ENOMEM;
    f->data = data;
    f->size = size;
    snprintf(f->name, sizeof f->name, "%s", name);
    af_status st = find_images(f);
    if (st == AF_OK)
        *out = f;
    else
        af_fits_close(f);
    return st;
}

void af_fits_close(af_fits *f)
{
    if (!f) return;
    af_free(f->image);
    af_free(f);
}

int af_fits_images(const af_fits *f)
{
    return f->count;
}

/* ---- pixels ---- */

double af_fits_element(const uint8_t *data, int bits, size_t e)
{
    const int bytes = abs(bits) / 8;
    const uint8_t *at = data + e * (size_t)bytes;
    uint64_t v = 0;
    float narrow;
    double wide;
    for (int k = 0; k < bytes; k++) v = v << 8 | at[k];
    const uint32_t low = (uint32_t)v;
    switch (bits) {
    case 8:
        return (double)v;
    case 16:
        return (int16_t)v;
    case 32:
        return (int32_t)low;
    case 64:
        return (double)(int64_t)v;
    case -32:
        memcpy(&narrow, &low, sizeof narrow);
        return (double)narrow;
    default:
        memcpy(&wide, &v, sizeof wide);
        return wide;
    }
}

/* BSCALE, BZERO and, of integers, BLANK. */
static void scale(float *pixel, size_t count, const af_fits_unit *u)
{
    double by = 1, zero = 0;
    int64_t blank = 0;
    const bool has_blank = u->bits > 0 && af_fits_integer(&blank, &u->header, "BLANK");
    af_fits_number(&by, &u->header, "BSCALE");
    af_fits_number(&zero, &u->header, "BZERO");
    if (by == 1 && zero == 0 && !has_blank) return;
    for (size_t e = 0; e < count; e++)
        pixel[e] = has_blank && pixel[e] == (float)blank ? NAN : (float)(pixel[e] * by + zero);
}

af_status af_fits_read(af_fits_image *out, const af_fits *f, int k)
{
    const af_fits_unit *u = &f->image[k];
    const size_t count = (size_t)u->rows * (size_t)u->columns;
    float *pixel = af_calloc(count, sizeof *pixel);
    if (!pixel) return AF_ENOMEM;
    af_status st = AF_OK;
    if (u->compressed)
        st = af_fits_decompress(pixel, u, f->name);
    else
        for (size_t e = 0; e < count; e++) pixel[e] = (float)af_fits_element(u->data, u->bits, e);
    if (st != AF_OK) {
        af_free(pixel);
        return st;
    }
    scale(pixel, count, u);
    *out = (af_fits_image){u->rows, u->columns, pixel};
    return AF_OK;
}
