/* Which windows a record gives, how its samples are scaled, and which split it falls into. */
#include "data-prep/ecg/windows.h"
#include <math.h>
#include "core/base/alloc.h"
#include "data-prep/ecg/permutation.h"

enum { TAPS = 33 };

const af_ecg_layout af_ecg_layouts[AF_SIZES] = {
    [AF_TINY] =
        {.decimate = 4, .window = 250, .max_records = 300, .windows = 900, .max_windows = 8},
    [AF_SMALL] = {.decimate = 1, .window = 1000, .windows = 8000, .max_windows = 24},
    [AF_FULL] = {.decimate = 1, .window = 1000},
};
const int af_ecg_stride[AF_ECG_LABELS] = {
    [AF_ECG_NORMAL] = 500,
    [AF_ECG_FIBRILLATION] = 500 / 6,
    [AF_ECG_OTHER] = 500 / 2,
    [AF_ECG_NOISY] = 500 / 20,
};

int64_t af_ecg_window_count(int64_t length, int64_t window, int64_t stride)
{
    return length > window ? (length - window + stride - 1) / stride : 0;
}

int64_t af_ecg_windows_of(const af_ecg_layout *l, int64_t length, af_ecg_label label, int records)
{
    if (!l->windows) return af_ecg_window_count(length, l->window, af_ecg_stride[label]);
    int64_t count = (l->windows + records / 2) / records; /* rounded */
    if (count < 1) count = 1;
    if (count > l->max_windows) count = l->max_windows;
    int64_t room = length > l->window ? length - l->window : 0;
    return count < room ? count : room;
}

int64_t af_ecg_window_start(const af_ecg_layout *l, int64_t length, af_ecg_label label, int records,
                            int64_t i)
{
    if (!l->windows) return i * af_ecg_stride[label];
    return i * (length - l->window) / af_ecg_windows_of(l, length, label, records);
}

af_status af_ecg_split(af_split *out, int n)
{
    int64_t *order = af_calloc((size_t)n, sizeof *order);
    if (!order) return AF_ENOMEM;
    int tenth = (int)ceil(0.1 * n); /* in double, as scikit-learn does */
    af_numpy_permutation(order, n, 0);
    for (int i = 0; i < n; i++)
        out[order[i]] = i < tenth ? AF_TEST : i < 2 * tenth ? AF_VALID : AF_TRAIN;
    af_free(order);
    return AF_OK;
}

/* A sinc low-pass at 0.8 of the new Nyquist frequency under a Hamming window, gain 1 at 0 Hz. */
static void low_pass(double taps[TAPS], int decimate)
{
    double sum = 0, cut = 0.8 * 0.5 / decimate;
    for (int i = 0; i < TAPS; i++) {
        double t = i - TAPS / 2, phase = 2 * M_PI * cut * t;
        taps[i] =
            (t == 0 ? 1 : sin(phase) / phase) * (0.54 + 0.46 * cos(2 * M_PI * t / (TAPS - 1)));
        sum += taps[i];
    }
    for (int i = 0; i < TAPS; i++) taps[i] /= sum;
}

int af_ecg_standardise(float *out, const int16_t *x, int length, int decimate)
{
    int n = length / decimate;
    double taps[TAPS], sum = 0, square = 0;
    low_pass(taps, decimate);
    for (int i = 0; i < n; i++) {
        double v = decimate == 1 ? x[i] : 0;
        for (int k = 0; k < TAPS && decimate > 1; k++) {
            int at = i * decimate + k - TAPS / 2;
            v += taps[k] * x[at < 0 ? 0 : at < length ? at : length - 1];
        }
        out[i] = (float)v;
        sum += v;
    }
    double mean = n ? sum / n : 0;
    for (int i = 0; i < n; i++) square += (out[i] - mean) * (out[i] - mean);
    double sd = n ? sqrt(square / n) : 0;
    for (int i = 0; i < n; i++) out[i] = sd > 0 ? (float)((out[i] - mean) / sd) : 0;
    return n;
}
