/* Mel spectrograms as NAS-Bench-360 makes them with torchaudio's MelSpectrogram and librosa's
 * power_to_db: of one second at 22,050 Hz, frames of 661 samples under a periodic Hann window in
 * the middle of 1920 points, 220 samples apart, the signal reflected at its ends; the power
 * spectrum under 96 triangles, equally wide on the HTK mel scale from 0 to 11,025 Hz and of height
 * 1; decibels relative to 1, at least 1e-10 and at most 80 below the largest; minus their mean.
 * (The original adds 75 before it subtracts the mean, which changes nothing.) In double precision,
 * where the original computes in single. */
#ifndef AF_FSD_MEL_H
#define AF_FSD_MEL_H
#include <stdint.h>
#include "core/base/status.h"

enum {
    AF_MEL_RATE = 22050,
    AF_MEL_CHUNK = AF_MEL_RATE, /* samples of a spectrogram */
    AF_MEL_POINTS = 1920,
    AF_MEL_WINDOW = 661,
    AF_MEL_HOP = 220,
    AF_MEL_BANDS = 96,
    AF_MEL_FRAMES = 1 + AF_MEL_CHUNK / AF_MEL_HOP, /* 101 */
    AF_MEL_SIZE = AF_MEL_BANDS * AF_MEL_FRAMES,
};

typedef struct af_mel af_mel;
/* Planning is not thread-safe: make it outside of parallel regions. */
AF_CHECKED af_status af_mel_new(af_mel **out);
void af_mel_free(af_mel *m); /* NULL is fine */
/* x in units of 1 / 32768 -> decibels {bands, frames}; by several threads at once. */
void af_mel_chunk(const af_mel *m, double out[AF_MEL_SIZE], const int16_t x[AF_MEL_CHUNK]);

#endif
