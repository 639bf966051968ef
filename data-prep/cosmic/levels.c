/* NAS-Bench-360 takes the sky of frame N_NAME.npy from element N - 1 of its visit's sky.npy. */
#include "data-prep/cosmic/levels.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "data-prep/formats/npy.h"

/* The number that a file name begins with, from 1. */
static af_status number_of(size_t *out, const char *path, const char *sky)
{
    const char *name = af_path_name(path);
    char *end;
    errno = 0;
    const unsigned long n = *name >= '0' && *name <= '9' ? strtoul(name, &end, 10) : 0;
    *out = (size_t)n;
    if (n > 0 && !errno) return AF_OK;
    return af_fail(AF_EFORMAT,
                   "%s: want a name that begins with the frame's number, from 1: %s lists the sky "
                   "by it; without that file the sky is not known",
                   path, sky);
}

static af_status level_at(float *out, const af_npy *npy, const char *sky, const char *path)
{
    const af_pickle_array *a = &npy->array;
    char text[AF_NPY_SHAPE_TEXT];
    size_t number;
    if (a->items || a->rank < 1 || a->rank > 2 || (a->rank == 2 && a->shape[1] != 1))
        return af_fail(AF_EFORMAT, "%s: %s, want numbers {frames}", sky,
                       af_npy_shape_text(text, a));
    AF_TRY(number_of(&number, path, sky));
    if (number > a->shape[0])
        return af_fail(AF_EFORMAT, "%s: %zu frames, want at least the %zu of %s", sky, a->shape[0],
                       number, path);
    return af_npy_floats(out, a, number - 1, 1, sky);
}

af_status af_cosmic_level_of(float *out, const void *data, size_t size, const char *sky,
                             const char *path)
{
    af_npy npy;
    AF_TRY(af_npy_parse(&npy, data, size, sky));
    af_status st = level_at(out, &npy, sky, path);
    af_npy_close(&npy);
    return st;
}

/* Hoare's quickselect: element k of v in order; v is rearranged. */
static float in_order(float *v, int64_t n, int64_t k)
{
    for (int64_t low = 0, high = n - 1; low < high;) {
        const float pivot = v[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i > j) break;
            const float swapped = v[i];
            v[i++] = v[j];
            v[j--] = swapped;
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return v[k];
}

af_status af_cosmic_median(float *out, const af_cosmic_frame *f)
{
    const int64_t area = (int64_t)f->rows * f->columns;
    float *v = af_alloc((size_t)area * sizeof *v);
    int64_t n = 0;
    if (!v) return AF_ENOMEM;
    for (int64_t p = 0; p < area; p++)
        if (f->usable[p] && !f->ray[p]) v[n++] = f->image[p];
    *out = n ? in_order(v, n, n / 2) : NAN;
    af_free(v);
    return AF_OK;
}

bool af_cosmic_levels_known(const af_cosmic_samples *s)
{
    int64_t known = 0;
    for (int64_t k = 0; k < s->n; k++) known += !isnan(s->sky[k]);
    if (known && known < s->n)
        af_log(AF_LOG_WARN, "cosmic: the sky of %lld samples of %lld is not known: none gets one",
               (long long)(s->n - known), (long long)s->n);
    return known == s->n;
}
