/* Reads NAS-Bench-360's challenge2017.pkl: a dict of 'data', one-dimensional arrays of readings of
 * any lengths, and 'label', as many of "N", "A", "O" and "~". */
#ifndef AF_ECG_PICKLED_H
#define AF_ECG_PICKLED_H
#include <jansson.h>
#include "core/base/status.h"
#include "data-prep/ecg/record.h"

extern const char af_ecg_pickle_name[]; /* "challenge2017.pkl" */

/* Records in the order of the file, named by their position from "00001". The names A00001 ... are
 * not in the file; a program that writes such files (S. Hong, github.com/hsd1503/resnet1d, util.py)
 * takes the records in the order of RECORDS, which is that of their names. Readings may
 * be stored as any numbers that are whole and fit 16 bits, or as millivolts of 1/1000. *source, for
 * the caller to decref, names the file and its SHA-256. */
AF_CHECKED af_status af_ecg_pickle_read(af_ecg_records *out, json_t **source, const char *path);

#endif
