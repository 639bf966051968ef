/* From clips to the canonical dataset: one-second pieces of a clip become mel spectrograms, one
 * after another and on disk, so memory does not grow with the data but for a few words a sample.
 *
 * A clip at 22,050 Hz is cut at 0, 0.5, 1 ... seconds, as long as something is left; a piece
 * shorter than a second is repeated until it fills one. x holds 400 steps a decibel as int16 (all
 * values lie within 80), of tiny the means over 4 x 4 points. Scaling: protocol paper as published,
 * in decibels; clean divides by the standard deviation over the training samples, one number. Both
 * have the same splits.
 *
 * Of each recording of noise as many chunks are kept, evenly spaced from its first second to its
 * last, so that all recordings are mixed in equally often; chunks of short ones overlap. */
#ifndef AF_FSD_PACK_H
#define AF_FSD_PACK_H
#include "core/prep.h"
#include "data-prep/fsd50k/clips.h"

enum { AF_FSD_STEPS = 400, AF_FSD_HOP = 11025 };

typedef struct af_fsd_layout {
    int labels;           /* the most frequent ones among training clips; clips without one go */
    int clips[AF_SPLITS]; /* at most, evenly spaced by name; 0: all */
    int chunks;           /* of a clip at most, evenly spaced; 0: all */
    int noise;            /* recordings of noise at most, evenly spaced by name */
    int noise_chunks;     /* of each of them */
    int pool;             /* points of the spectrogram per point of x, both ways */
} af_fsd_layout;
extern const af_fsd_layout af_fsd_layouts[AF_SIZES];

/* Chunks of a clip of n samples at 22,050 Hz. */
int af_fsd_chunk_count(int64_t n);
/* Whether chunk k of `count` is used. */
bool af_fsd_chunk_used(const af_fsd_layout *l, int k, int count);
/* Whether recording k of `count` is used, and where its chunk k of n samples begins. */
bool af_fsd_noise_used(const af_fsd_layout *l, int k, int count);
int64_t af_fsd_noise_start(const af_fsd_layout *l, int k, int64_t n);

typedef struct af_fsd_pack af_fsd_pack;
/* Decides on labels and clips among those that are `there`; `clips`, sorted, must outlive it. */
AF_CHECKED af_status af_fsd_pack_new(af_fsd_pack **out, const af_prep_request *r,
                                     const af_fsd_clips *clips);
void af_fsd_pack_free(af_fsd_pack *p);
bool af_fsd_pack_wants(const af_fsd_pack *p, int clip);
/* Clips that are wanted, by split. */
const int *af_fsd_pack_counts(const af_fsd_pack *p);
/* A whole clip that is wanted, in any order. */
AF_CHECKED af_status af_fsd_pack_clip(af_fsd_pack *p, int clip, const int16_t *x, int64_t n);
/* Chunk k of a wanted clip that comes in pieces. */
AF_CHECKED af_status af_fsd_pack_chunk(af_fsd_pack *p, int clip, int k, const int16_t *x,
                                       int64_t n);
/* Recording `number` of noise, in any order: background samples for training. */
AF_CHECKED af_status af_fsd_pack_noise(af_fsd_pack *p, int number, const int16_t *x, int64_t n);
AF_CHECKED af_status af_fsd_pack_write(af_fsd_pack *p, const char *provenance, const char *source);

#endif
