/* Sound events for the stand-in. An event is deterministic plus stochastic, as in spectral
 * modelling synthesis (X. Serra and J. Smith, Computer Music Journal 14(4), 1990): partials whose
 * frequencies follow a contour, or noise in a band that does, under an envelope. A clip is one to
 * three events at random times and levels over background noise, as soundscapes are put together
 * for research (J. Salamon et al., Scaper, WASPAA 2017); it is labelled as a whole, so a second of
 * it may hold less than its labels say.
 *
 * Labels form a hierarchy like FSD50K's. A leaf is a source with a contour, an envelope and a
 * register; it implies two parents, source with contour and source with envelope. Pitch within the
 * register, rates, times and levels are drawn alike for all. Leaves are unequally frequent, by a
 * power of their rank. */
#ifndef AF_FSD_EVENTS_H
#define AF_FSD_EVENTS_H
#include "core/base/philox.h"
#include "data-prep/fsd50k/clips.h"

enum { AF_FSD_SOURCES = 5, AF_FSD_CONTOURS = 4, AF_FSD_ENVELOPES = 4, AF_FSD_REGISTERS = 2 };

typedef struct af_fsd_world { /* how many of each a size has, the first ones */
    int sources, contours, envelopes, registers;
    double seconds[2]; /* of a clip */
} af_fsd_world;
extern const af_fsd_world af_fsd_worlds[AF_SIZES];

/* Leaves, then parents by contour, then parents by envelope: as many labels as the layout has. */
int af_fsd_world_labels(const af_fsd_world *w);
void af_fsd_world_vocabulary(af_fsd_clips *s, const af_fsd_world *w);

/* Clip k of `seed`: its number of samples at 22,050 Hz and its labels, then its sound. */
int64_t af_fsd_draw(af_fsd_clip *c, const af_fsd_world *w, uint64_t seed, int k);
/* n is what was drawn. */
AF_CHECKED af_status af_fsd_synthesise(int16_t *x, int64_t n, const af_fsd_world *w, uint64_t seed,
                                       int k);

/* Recording k of noise alone, of the kind that is behind the events. */
AF_CHECKED af_status af_fsd_background(int16_t *x, int64_t n, uint64_t seed, int k);

#endif
