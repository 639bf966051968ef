/* WFDB headers (.hea), the text files that describe PhysioNet's signals, as specified in header(5)
 * of the WFDB Applications Guide: a record line, then one line per signal. Multi-segment records
 * are refused. Time and date are not interpreted, as real files also carry ISO dates. */
#ifndef AF_WFDB_H
#define AF_WFDB_H
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

enum { AF_WFDB_NAME = 64, AF_WFDB_SIGNALS = 12 };

typedef struct af_wfdb_signal {
    char file[AF_WFDB_NAME], units[AF_WFDB_NAME], description[AF_WFDB_NAME];
    int format;          /* 16: two bytes a sample, little-endian */
    int64_t byte_offset; /* of the first sample in the file */
    double gain;         /* ADC units per physical unit */
    int64_t baseline, adc_bits, adc_zero, first, checksum;
} af_wfdb_signal;

typedef struct af_wfdb_header {
    char record[AF_WFDB_NAME];
    int signals;
    double frequency; /* samples per second */
    int64_t samples;  /* per signal; 0: not stated */
    af_wfdb_signal signal[AF_WFDB_SIGNALS];
} af_wfdb_header;

/* `path` only names the file in errors, which carry line and field. */
AF_CHECKED af_status af_wfdb_parse(af_wfdb_header *out, const char *text, size_t size,
                                   const char *path);

#endif
