/* Reads the raw training set of the PhysioNet/CinC Challenge 2017: <record>.mat (MAT v4, int16
 * `val`), <record>.hea where present, and REFERENCE*.csv, from a directory or from an archive. */
#ifndef AF_ECG_PHYSIONET_H
#define AF_ECG_PHYSIONET_H
#include <jansson.h>
#include "core/base/status.h"
#include "data-prep/ecg/record.h"

/* Records sorted by name, labelled by the newest REFERENCE file found (v3 before v2 ...; beside an
 * archive counts too). *source, for the caller to decref, names that file and the SHA-256 of every
 * raw file, or of the archive. A .hea that contradicts its .mat, a record without a label, a
 * duplicate or an unknown label is an error; a label without a record is not (a subset). */
AF_CHECKED af_status af_physionet_read(af_ecg_records *out, json_t **source, const char *path);

/* The labels of a REFERENCE file, "A00001,N" a line; sorted by name. The caller frees with af_free.
 */
typedef struct af_ecg_reference {
    char name[AF_ECG_NAME];
    af_ecg_label label;
} af_ecg_reference;
AF_CHECKED af_status af_physionet_reference(af_ecg_reference **out, int *count, const char *text,
                                            size_t size, const char *path);

#endif
