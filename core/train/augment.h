/* Augmentation of training images, as data in a recipe: a random crop out of the padded image, a
 * flip, and a square set to zero (cutout: DeVries and Taylor, arXiv 1708.04552), in this order.
 * Crop and flip see the image as stored, so padding is a stored 0; the square is cut after scaling.
 * Along an axis of one element nothing happens. For spectrograms: whole rows (frequencies) and
 * whole columns (frames) set to the sample's least value, after scaling (SpecAugment without its
 * warping: Park et al., Interspeech 2019; numbers as in NAS-Bench-360: one to `masks` times a band
 * of rows and one of columns, every width uniform up to the share given).
 *
 * Two more use what a dataset says of background (core/data/dataset.h), and do nothing where it
 * says nothing. Mixing: a share of the samples becomes (1 - a) x + a noise, a uniform up to the
 * most given; the noise is a background sample that went through all of the above by draws of its
 * own, so both are scaled alike. Level: a sample's level times a uniform number is added to it as
 * it is stored, before anything else. As the published benchmark does, validation and test samples
 * get a level too, at draws that are always the same.
 *
 * Draws come from the stream "augment", those of masks from "spec_augment", all of a mix from
 * "mix", and of levels from "level", at (epoch, index of the sample in the dataset): neither the
 * order of a batch, nor threads, nor resuming changes them. */
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
    double mix_share, mix_most;                 /* of samples; of the noise in one. 0: none */
    double level_least, level_most;             /* times the sample's level; equal: none */
    bool in_paper;                              /* all of this only under protocol paper */
} af_augment;

enum { AF_AUGMENT_TEXT = 256, AF_AUGMENT_MASKS = 4 };
/* "crop 4, flip, cutout 16"; "under paper: ..."; "" when nothing is done. */
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

typedef struct af_mix_draw {
    int64_t noise;        /* which background sample; -1: none */
    float part;           /* of it in the mixture */
    af_augment_draw move; /* what happens to it before */
    af_mask_draw masks;
} af_mix_draw;

/* For a dataset of `noises` background samples. */
af_mix_draw af_augment_mix_at(const af_augment *a, af_shape s, int64_t noises, uint64_t seed,
                              uint64_t trial, uint32_t epoch, int64_t sample);
void af_augment_mix(float *x, const float *noise, af_shape s, float part);

/* The epoch of validation and test samples, at seed 0 and trial 0. */
#define AF_AUGMENT_SCORING UINT32_MAX
bool af_augment_levels(const af_augment *a); /* whether it varies them */
/* What a sample's level is multiplied by. */
float af_augment_level_at(const af_augment *a, uint64_t seed, uint64_t trial, uint32_t epoch,
                          int64_t sample);

#endif
