/* Real frames. Two arrangements:
 *
 *   npy_train/f435w/PROPOSAL/VISIT/N.npy, and npy_test/ alike: deepCR's HST ACS/WFC set (Zhang and
 *       Bloom, ApJ 889, 2020) as NAS-Bench-360 reads it. An array {3, H, W}: image, cosmic-ray
 *       mask, mask of pixels to be ignored. sky.npy beside them has the sky levels of the visit.
 *   FITS files anywhere below a directory, in pairs: *_ooi_*.fits with *_ood_*.fits, image and data
 *       quality of the DECam community pipeline, where code 5 is a cosmic ray, 0 is good and all
 *       others are ignored; or NAME.fits with NAME_mask.fits, which is 1 at cosmic rays. The sky is
 *       estimated: the median of an image's good pixels.
 */
#ifndef AF_COSMIC_RAW_H
#define AF_COSMIC_RAW_H
#include "core/base/alloc.h"
#include "data-prep/cosmic/samples.h"

typedef struct af_cosmic_file {
    const char *path, *mask; /* mask: of FITS pairs; NULL: in the file itself */
    const char *sky;         /* sky.npy of the visit; NULL: none */
    const char *visit;       /* proposal and visit, or exposure */
    bool quality;            /* mask holds data-quality codes */
    af_split split;
    int32_t group;
} af_cosmic_file;

typedef struct af_cosmic_files {
    af_arena *arena;
    int64_t count, room;
    af_cosmic_file *file; /* by part, visit and path */
    int64_t train, test;  /* of npy_train and npy_test; 0: one collection */
} af_cosmic_files;

/* Sorted, with splits: whole visits. What npy_test holds tests, and the last tenth of the other
 * visits validates; of one collection the last tenth tests and the one before validates. */
AF_CHECKED af_status af_cosmic_files_find(af_cosmic_files *out, const char *source);
void af_cosmic_files_free(af_cosmic_files *f);
/* Cuts samples from the frames of one file: of an array the rows and columns 64 .. 191, or the
 * central 128 when it is smaller than 192; of FITS images everything. Adds to `sha256` "NAME
 * SHA256" of what was read. */
AF_CHECKED af_status af_cosmic_read(af_cosmic_samples *s, const af_cosmic_file *f,
                                    af_sha256 *sha256);

#endif
