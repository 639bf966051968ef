/* Rhythms, subjects and disturbances around the dynamical ECG model: what turns it into records of
 * the challenge's four classes. The class decides the rhythm, or the noise; everything else is
 * drawn alike for all, so that no class can be told by amplitude, polarity or length. */
#ifndef AF_ECG_RHYTHM_H
#define AF_ECG_RHYTHM_H
#include <stdbool.h>
#include "data-prep/ecg/mcsharry.h"
#include "data-prep/ecg/record.h"

typedef enum af_rhythm_name {
    AF_RHYTHM_SINUS,
    AF_RHYTHM_FIBRILLATION,
    AF_RHYTHM_ATRIAL_BEATS,
    AF_RHYTHM_VENTRICULAR_BEATS,
    AF_RHYTHM_SLOW,
    AF_RHYTHM_FAST,
    AF_RHYTHM_WIDE,
    AF_RHYTHMS,
} af_rhythm_name;

typedef struct af_rhythm {
    const char *name;
    af_ecg_label label;
    double share;      /* of the records of its label */
    double bpm[2];     /* range of the mean rate */
    double irregular;  /* > 0: beat lengths are independent, lognormal with this mean spread */
    bool fibrillation; /* no P wave, fibrillatory baseline */
    double ectopic;    /* mean share of premature beats */
    bool ventricular;  /* they are wide, without P, with a compensatory pause */
    double width;      /* of every QRS, 1: normal */
} af_rhythm;
extern const af_rhythm af_rhythms[AF_RHYTHMS];

enum { AF_ECG_BEATS = 256 };
/* Beats for `seconds` and some more at this mean rate; returns their number. */
int af_rhythm_beats(af_ecg_beat out[AF_ECG_BEATS], const af_rhythm *r, double bpm, double seconds,
                    af_rng *rng);
/* Record k of `seed`: its label and length, then its samples. */
af_ecg_label af_ecg_draw(int *length, uint64_t seed, int k, bool brief);
void af_ecg_synthesise(af_ecg_record *out, uint64_t seed, int k);

#endif
