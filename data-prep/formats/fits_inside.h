/* What the parts of the FITS reader share. Internal to data-prep/formats. */
#ifndef AF_FITS_INSIDE_H
#define AF_FITS_INSIDE_H
#include <stdbool.h>
#include <stdint.h>
#include "data-prep/formats/fits.h"

enum { AF_FITS_TEXT = 72 };

typedef struct af_fits_header {
    const char *card; /* {cards, 80} */
    int cards;
} af_fits_header;

/* Values of a keyword; false: it is not there, or no such value. */
bool af_fits_integer(int64_t *out, const af_fits_header *h, const char *key);
bool af_fits_number(double *out, const af_fits_header *h, const char *key);
bool af_fits_text(char out[AF_FITS_TEXT], const af_fits_header *h, const char *key);
bool af_fits_true(const af_fits_header *h, const char *key);

typedef struct af_fits_unit {
    int number; /* 1 is the primary one */
    af_fits_header header;
    const uint8_t *data;
    size_t size; /* bytes of data */
    bool compressed;
    int bits; /* BITPIX of the image */
    int rows, columns;
} af_fits_unit;

/* Number e of an array of big-endian numbers of this BITPIX. */
double af_fits_element(const uint8_t *data, int bits, size_t e);
/* Decodes a compressed image into {rows, columns}; `name` opens the messages. */
AF_CHECKED af_status af_fits_decompress(float *out, const af_fits_unit *u, const char *name);
/* Rice: `count` integers of 1, 2 or 4 bytes, coded in blocks. False: the stream ends too early. */
bool af_fits_rice(int32_t *out, size_t count, const uint8_t *data, size_t size, int bytes,
                  int block);

#endif
