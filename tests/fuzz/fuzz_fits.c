/* Hostile FITS files. The first byte chooses: bare input; or a good file, plain or Rice-compressed,
 * in which triples of input bytes (position, value) are patched. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/fits.h"

static unsigned char sink; /* reading must not be optimised away */

static void read_all(const void *data, size_t size)
{
    af_fits *f;
    if (af_fits_open(&f, data, size, "fuzz") != AF_OK) {
        if (strlen(af_error()) > 1000 || strncmp(af_error(), "fuzz", 4) != 0) abort();
        return;
    }
    for (int k = 0; k < af_fits_images(f); k++) {
        af_fits_image image;
        if (af_fits_read(&image, f, k) != AF_OK) continue;
        for (int i = 0; i < image.rows * image.columns; i++) sink ^= image.pixel[i] > 0;
        af_free(image.pixel);
    }
    af_fits_close(f);
}

static void read_patched(const char *path, const uint8_t *patch, size_t size)
{
    char *good;
    size_t length;
    if (af_file_read(&good, &length, path, 1 << 20) != AF_OK) abort(); /* run in the repository */
    char *patched = af_alloc(length);                                  /* its end is guarded */
    memcpy(patched, good, length);
    for (size_t i = 0; i + 2 < size; i += 3)
        patched[(patch[i] << 8 | patch[i + 1]) % length] = (char)patch[i + 2];
    read_all(patched, length);
    af_free(patched);
    af_free(good);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    if (data[0] % 3 == 0) read_all(data + 1, size - 1);
    if (data[0] % 3 == 1) read_patched("tests/golden/plain.fits", data + 1, size - 1);
    if (data[0] % 3 == 2) read_patched("tests/golden/rice.fits", data + 1, size - 1);
    return 0;
}
