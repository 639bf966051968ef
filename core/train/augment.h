/* Augmentation of training images, as data in a recipe: a random crop out of the padded image, a
 * flip, and a square set to zero (cutout: DeVries and Taylor, arXiv 1708.04552), in this order.
 * Crop and flip see the image as stored, so padding is a stored 0; the square is cut after scaling.
 * Along an axis of one element nothing happens. For spectrograms: whole rows (frequencies) and
 * whole columns (frames) set to the sample's least value, after scaling (SpecAugment without its
 * warping: Park et al., Interspeech 2019; numbers as in NAS-Bench-360: one to `masks` times a band
 * of rows and one of columns, every width uniform up to the share given).
 *
 * Draws come from the stream "augment", those of masks from "spec_augment", at (epoch, index of the
 * sample in the dataset): neither the order of a batch, nor threads, nor resuming changes them. */
#ifndef AF_AUGMENT_H
#define AF_AUGMENT_H
#include "core/base/philox.h"
#include "core/graph/graph.h"

typedef struct af_augment {
    int pad;    /* zeros on each side before the crop; 0: none */
    bool flip;  /* left to right, every other time */
    int cutout; /* side of the square, centred anywhere, clipped at the border; 0: none */
    int masks;  /* most bands of rows, and of columns, at most AF_AUGMENT_MASKS; 0: none */
    double mask_share, mask_rows, mask_columns; /* of samples; of rows and columns, at most */
    bool mask_in_paper;                         /* only under protocol paper */
} af_augment;

enum { AF_AUGMENT_TEXT = 160, AF_AUGMENT_MASKS = 4 };
/* "crop 4, flip, cutout 16"; "" when nothing is done. */
void af_augment_print(char out[AF_AUGMENT_TEXT], const af_augment *a);

typedef struct af_augment_draw {  /* what happens to one image */
    int dy, dx;                   /* output (y, x) shows input (y + dy, x + dx) */
    bool flip;                    /* of the cropped image */
    int top, bottom, left, right; /* the square: rows top .. bottom - 1; empty: none */
} af_augment_draw;

af_augment_draw af_augment_at(const af_augment *a, af_shape s, uint64_t seed, uint64_t trial,
                              uint32_t epoch, int64_t sample);
/* Crop and flip; `to` and `from` are {C, H, W} and do not overlap. */
void af_augment_move(float *to, const float *from, af_shape s, const af_augment_draw *d);
void af_augment_cut(float *x, af_shape s, const af_augment_draw *d);

typedef struct af_mask_draw { /* bands of one sample; of no width: nothing is done */
    int count;
    struct {
        int row, rows, column, columns;
    } band[AF_AUGMENT_MASKS];
} af_mask_draw;

af_mask_draw af_augment_masks_at(const af_augment *a, af_shape s, uint64_t seed, uint64_t trial,
                                 uint32_t epoch, int64_t sample);
void af_augment_mask(float *x, af_shape s, const af_mask_draw *d);

#endif
