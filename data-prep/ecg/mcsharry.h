/* The dynamical ECG model: P. E. McSharry, G. D. Clifford, L. Tarassenko and L. A. Smith, "A
 * dynamical model for generating synthetic electrocardiogram signals", IEEE Trans. Biomed. Eng.
 * 50(3), 289-294, 2003. A point circles the unit limit cycle once per beat and is pushed up and
 * down near the angles of the P, Q, R, S and T waves; the beat lengths follow a spectrum with Mayer
 * and respiratory peaks.
 *
 *     x' = alpha x - omega y      alpha = 1 - sqrt(x^2 + y^2)
 *     y' = alpha y + omega x      theta = atan2(y, x)
 *     z' = -sum_i a_i d_i exp(-d_i^2 / (2 b_i^2)) - (z - z0(t))    d_i = (theta - theta_i) mod 2 pi
 */
#ifndef AF_ECG_MCSHARRY_H
#define AF_ECG_MCSHARRY_H
#include "core/base/philox.h"

typedef enum af_ecg_wave_name {
    AF_ECG_P,
    AF_ECG_Q,
    AF_ECG_R,
    AF_ECG_S,
    AF_ECG_T,
    AF_ECG_WAVES
} af_ecg_wave_name;

typedef struct af_ecg_wave {
    double theta, a, b; /* angle in radians, height, width in radians */
} af_ecg_wave;
extern const af_ecg_wave af_ecg_published[AF_ECG_WAVES]; /* table I, at 60 beats a minute */

typedef struct af_ecg_beat {
    double rr; /* seconds from its R peak to the next one */
    af_ecg_wave wave[AF_ECG_WAVES];
} af_ecg_beat;

/* The published waves at another mean rate: angles and widths stretch with the square root of the
 * rate (as in the authors' program ECGSYN), heights are kept. */
void af_ecg_waves_at(af_ecg_wave out[AF_ECG_WAVES], double bpm);

/* ---- beat lengths ---- */
enum { AF_RR_TERMS = 128 };
typedef struct af_rr {
    double mean, amplitude[AF_RR_TERMS], phase[AF_RR_TERMS];
} af_rr;
/* Mean and standard deviation of the heart rate, per minute; LF/HF ratio and respiratory frequency.
 * The Mayer peak is at 0.1 Hz, both are 0.01 Hz wide. Phases are random. */
void af_rr_make(af_rr *out, double bpm, double bpm_sd, double ratio, double breath_hz, af_rng *rng);
double af_rr_at(const af_rr *rr, double seconds); /* at least 0.25 */

/* ---- the signal ---- */
typedef struct af_ecg_breath {
    double hz, amplitude, phase; /* z0; the paper's 0.15 mV is 0.005 of z's units */
} af_ecg_breath;
/* n samples of z by fourth-order Runge-Kutta at the sampling rate. The published R wave is 0.0477
 * high. Starts at a phase that the settling leaves; when
 * `beats` run out the last is repeated. */
void af_ecg_integrate(float *z, int n, double rate, const af_ecg_beat *beats, int count,
                      const af_ecg_breath *breath);

#endif
