/* From a record to its samples: low-pass and decimation (tiny), z-score of the record, windows; and
 * the split by record.
 *
 * At full size windows follow NAS-Bench-360: starts range(0, length - 1000, stride), the stride by
 * label. At small and tiny their number does not depend on the label: evenly spaced, as many per
 * record as make about a fixed number in all. */
#ifndef AF_ECG_WINDOWS_H
#define AF_ECG_WINDOWS_H
#include "core/data/dataset.h"
#include "data-prep/ecg/record.h"

typedef struct af_ecg_layout {
    int decimate;    /* samples of the record per sample of the dataset */
    int window;      /* samples */
    int max_records; /* evenly spaced among the sorted ones; 0: all */
    int windows;     /* about so many in all; 0: stride by label */
    int max_windows; /* of a record */
} af_ecg_layout;
extern const af_ecg_layout af_ecg_layouts[AF_SIZES];
extern const int af_ecg_stride[AF_ECG_LABELS]; /* 500, 83, 250, 25 */

/* len(range(0, length - window, stride)). */
int64_t af_ecg_window_count(int64_t length, int64_t window, int64_t stride);
/* Windows of one record among `records`, and the start of the i-th. length: after decimation. */
int64_t af_ecg_windows_of(const af_ecg_layout *l, int64_t length, af_ecg_label label, int records);
int64_t af_ecg_window_start(const af_ecg_layout *l, int64_t length, af_ecg_label label, int records,
                            int64_t i);
/* out[i] in {AF_TRAIN, AF_VALID, AF_TEST}: of RandomState(0).permutation(n), test is the first
 * ceil(n / 10), validation the next as many. n >= 3. */
AF_CHECKED af_status af_ecg_split(af_split *out, int n);
/* Decimates and scales to mean 0, standard deviation 1 (a constant record to 0); `out` holds
 * length / decimate values. Returns that number. */
int af_ecg_standardise(float *out, const int16_t *x, int length, int decimate);

#endif
