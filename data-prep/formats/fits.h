/* FITS images (Pence et al., The FITS standard 3.0, A&A 524, 2010) from bytes in memory: images of
 * two dimensions in any number type, scaled by BSCALE and BZERO, in the primary unit, in
 * extensions, or compressed by tiles in a binary table: Rice, with tiles of floats that could not
 * be quantised gzipped beside (chapter 10 of the standard 4.0). Read here and not by cfitsio, which
 * trusts a table's descriptors and the ends of its streams, and crashes on damaged files.
 *
 *     af_fits *f;
 *     AF_TRY(af_fits_open(&f, bytes, size, path));             bytes must outlive f
 *     for (int k = 0; k < af_fits_images(f); k++) ... af_fits_read(&image, f, k) ...
 *     af_fits_close(f);
 */
#ifndef AF_FITS_H
#define AF_FITS_H
#include <stddef.h>
#include "core/base/status.h"

typedef struct af_fits af_fits;
typedef struct af_fits_image {
    int rows, columns; /* NAXIS2, NAXIS1 */
    float *pixel;      /* {rows, columns}, af_free; NAN where blank */
} af_fits_image;

enum { AF_FITS_SIDE = 65536, AF_FITS_UNITS = 1024 };
/* `name` opens the error messages. Units that hold no 2-D image are passed over; a file without any
 * is AF_EFORMAT. Every image's data must lie in the file, and a compressed one may have at most 64
 * pixels for each of the file's bytes. */
AF_CHECKED af_status af_fits_open(af_fits **out, const void *data, size_t size, const char *name);
void af_fits_close(af_fits *f);
int af_fits_images(const af_fits *f);
/* Image k in the order of the file. */
AF_CHECKED af_status af_fits_read(af_fits_image *out, const af_fits *f, int k);

#endif
