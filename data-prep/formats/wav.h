/* Sound files by libsndfile: WAV (RIFF, RIFX, RF64, WAVEX) and FLAC, integers or floats; encodings
 * that lose (ADPCM, mu-law ...) and every other container are refused before libsndfile sees them.
 */
#ifndef AF_WAV_H
#define AF_WAV_H
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

enum {
    AF_WAV_CHANNELS = 8,
    AF_WAV_MIN_RATE = 4000,
    AF_WAV_MAX_RATE = 192000,
    AF_WAV_MAX_SAMPLES = 192000 * 80, /* of one channel: eleven minutes at 22,050 Hz */
};

typedef struct af_wav {
    double *x; /* {n}, -1 to 1: the mean of the channels; free with af_free */
    int64_t n;
    int rate, channels;
} af_wav;

/* `path` only names the file in errors. On failure nothing is to be freed. */
AF_CHECKED af_status af_wav_read(af_wav *out, const void *data, size_t size, const char *path);

/* x at another rate: band-limited interpolation (a sinc under a Kaiser window, as in J. O. Smith,
 * Digital Audio Resampling Home Page). Output i is at time i / to; beyond its ends x is 0. It
 * passes up to 0.91 of the lower Nyquist frequency, and 90 dB are lost from that frequency on;
 * equal rates are a copy. Rates must share a factor of 25 Hz, as all usual ones do. *count is
 * ceil(n to / from); *out is freed with af_free. */
AF_CHECKED af_status af_resample(double **out, int64_t *count, const double *x, int64_t n, int from,
                                 int to);

#endif
