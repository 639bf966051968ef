/* Frames of the sky, the square samples cut from them, and how these become the two files. */
#ifndef AF_COSMIC_SAMPLES_H
#define AF_COSMIC_SAMPLES_H
#include <jansson.h>
#include "core/data/dataset.h"
#include "core/prep.h"

typedef struct af_cosmic_frame {
    int rows, columns;
    float *image;    /* {rows, columns}, counts */
    uint8_t *ray;    /* 1: hit by a cosmic ray */
    uint8_t *usable; /* 0: left out of the loss */
    float sky;       /* counts; NAN: not known */
} af_cosmic_frame;
/* The sky is not known yet. */
AF_CHECKED af_status af_cosmic_frame_new(af_cosmic_frame *f, int rows, int columns);
void af_cosmic_frame_free(af_cosmic_frame *f);

typedef struct af_cosmic_layout {
    int tile;                /* side of a sample */
    int64_t most[AF_SPLITS]; /* samples, thinned evenly; 0: all */
} af_cosmic_layout;
extern const af_cosmic_layout af_cosmic_layouts[AF_SIZES];

/* Grows as samples are added. */
typedef struct af_cosmic_samples {
    int tile;
    int64_t n, room;
    float *x, *y;  /* {n, tile, tile} */
    uint8_t *mask; /* {n, tile, tile} */
    float *sky;    /* {n}, of the frame */
    int32_t *group;
    unsigned char *split; /* {n} of af_split */
    char *ids;            /* {n} of AF_ID_MAX bytes */
} af_cosmic_samples;
void af_cosmic_samples_free(af_cosmic_samples *s);
/* All whole tiles of a grid centred on the part of `f` that begins at (top, left). Returns AF_OK
 * also when none fits; *added says how many. */
AF_CHECKED af_status af_cosmic_cut(int *added, af_cosmic_samples *s, const af_cosmic_frame *f,
                                   int top, int left, int rows, int columns, const char *name,
                                   int32_t group, af_split split);
/* The dataset has levels if the sky of every sample is known. `source` is borrowed. */
AF_CHECKED af_status af_cosmic_write(const af_prep_request *r, const af_cosmic_samples *s,
                                     const char *provenance, json_t *source);

#endif
