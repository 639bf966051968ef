/* Resampled in double precision, then rounded to the 16 bits in which NAS-Bench-360 keeps its
 * chunks. */
#include <math.h>
#include "core/base/alloc.h"
#include "data-prep/formats/wav.h"
#include "data-prep/fsd50k/mel.h"
#include "data-prep/fsd50k/raw.h"

af_status af_fsd_sound(int16_t **out, int64_t *n, const void *data, size_t size, const char *path)
{
    af_wav w;
    double *y = NULL;
    AF_TRY(af_wav_read(&w, data, size, path));
    af_status st = af_resample(&y, n, w.x, w.n, w.rate, AF_MEL_RATE);
    af_free(w.x);
    if (st != AF_OK) return st == AF_ENOMEM ? st : af_prefix(st, "%s", path);
    int16_t *x = af_alloc((size_t)*n * sizeof *x);
    for (int64_t i = 0; x && i < *n; i++) {
        double v = fmin(fmax(32768 * y[i], INT16_MIN), INT16_MAX);
        x[i] = (int16_t)lrint(v);
    }
    af_free(y);
    if (!x) return AF_ENOMEM;
    *out = x;
    return AF_OK;
}
