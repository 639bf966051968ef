/* Arbitrary bytes as a sound file. What is read is finite, within -1 to 1 for integers, and no
 * longer than the bytes can hold; then it is resampled to 22,050 Hz, cut, and made a mel
 * spectrogram, whose values lie within 80 decibels. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "data-prep/formats/wav.h"
#include "data-prep/fsd50k/features.h"
#include "data-prep/fsd50k/raw.h"

enum { LONGEST = 1 << 16 }; /* bytes: what takes long finds nothing */

static void spectrogram(const int16_t *x, int64_t n)
{
    static af_mel *m;
    static double out[AF_MEL_SIZE];
    static int16_t cut[AF_MEL_CHUNK];
    if (!m && af_mel_new(&m) != AF_OK) return;
    if (n < 1) abort();
    af_fsd_chunk_cut(cut, x, n, (int64_t)(af_fsd_chunk_count(n) - 1) * AF_FSD_HOP);
    af_mel_chunk(m, out, cut);
    for (int i = 0; i < AF_MEL_SIZE; i++)
        if (!(fabs(out[i]) <= 80)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    af_wav w;
    int16_t *x;
    int64_t n;
    if (size > LONGEST) return 0;
    if (af_wav_read(&w, data, size, "fuzz.wav") != AF_OK) return 0;
    if (w.n < 1 || w.rate < AF_WAV_MIN_RATE || w.rate > AF_WAV_MAX_RATE) abort();
    for (int64_t i = 0; i < w.n; i++)
        if (!isfinite(w.x[i])) abort();
    bool brief = w.n < 20000 && size % 8 == 0; /* a spectrogram takes long */
    af_free(w.x);
    if (!brief || af_fsd_sound(&x, &n, data, size, "fuzz.wav") != AF_OK) return 0;
    spectrogram(x, n);
    af_free(x);
    return 0;
}
