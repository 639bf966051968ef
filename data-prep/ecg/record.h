/* An ECG record as the challenge's recorder wrote it: one lead, 300 Hz, int16 at 1000 per mV. Real
 * and generated records both take this form, so everything after it is the same code. */
#ifndef AF_ECG_RECORD_H
#define AF_ECG_RECORD_H
#include <stdint.h>

typedef enum af_ecg_label {
    AF_ECG_NORMAL,
    AF_ECG_FIBRILLATION,
    AF_ECG_OTHER,
    AF_ECG_NOISY,
    AF_ECG_LABELS,
} af_ecg_label;

enum { AF_ECG_RATE = 300, AF_ECG_MAX_SECONDS = 61, AF_ECG_NAME = 32 };

typedef struct af_ecg_record {
    char name[AF_ECG_NAME];
    af_ecg_label label;
    int length; /* samples */
    int16_t *x;
} af_ecg_record;

typedef struct af_ecg_records {
    af_ecg_record *r;
    int count, capacity;
} af_ecg_records;

/* Adds a record with room for `length` samples; NULL when memory is short. */
af_ecg_record *af_ecg_records_add(af_ecg_records *set, int length);
void af_ecg_records_close(af_ecg_records *set);

#endif
