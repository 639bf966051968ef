/* Time series: the same file gives x, {N, C, W}, and y, the labels. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include "core/data/dataset.h"
#include "data-prep/formats/ts.h"
#include "data-prep/own/array.h"

static_assert((int)AF_TS_LABEL == (int)AF_ID_MAX, "labels are texts of an array");

/* Labels that are all numbers become numbers. */
static af_status to_numbers(af_own_array *a, const char *path)
{
    af_own_array numbers;
    for (int64_t i = 0; i < a->count; i++) {
        char *end;
        const char *text = (const char *)a->data + i * AF_ID_MAX;
        const double v = strtod(text, &end);
        if (*end || !isfinite(v)) return AF_OK;
    }
    AF_TRY(af_own_array_new(&numbers, AF_OWN_DOUBLE, 1, a->shape, UINT64_MAX, path));
    for (int64_t i = 0; i < a->count; i++)
        ((double *)numbers.data)[i] = strtod((const char *)a->data + i * AF_ID_MAX, NULL);
    af_own_array_close(a);
    *a = numbers;
    return AF_OK;
}

af_status af_own_read_ts(af_own_array *out, const char *data, size_t size, const char *path,
                         af_own_use use)
{
    af_ts t;
    char label[AF_TS_LABEL];
    const bool values = use == AF_OWN_VALUES;
    AF_TRY(af_ts_open(&t, data, size, path, false));
    if (!values && !t.labelled)
        return af_fail(AF_EFORMAT, "%s: has no labels (no `@classLabel true`)", path);
    const int64_t shape[] = {t.n, t.channels, t.length};
    AF_TRY(af_own_array_new(out, values ? AF_OWN_FLOAT32 : AF_OWN_TEXT, values ? 3 : 1, shape,
                            (uint64_t)size * AF_ID_MAX, path));
    for (int64_t i = 0; i < t.n; i++) {
        float *to = values ? (float *)out->data + i * t.channels * t.length : NULL;
        AF_TRY(af_ts_next(&t, to, values ? label : (char *)out->data + i * AF_ID_MAX));
    }
    return values ? AF_OK : to_numbers(out, path);
}
