/* Time series as .ts text (the UCR and UEA archives, timeseriesclassification.com; sktime): lines
 * that begin with # or @ up to @data, then a line a sample: channels parted by colons, their values
 * by commas, last the class label. Samples of unequal size, missing values (?) and time stamps are
 * refused.
 *
 *     af_ts t;
 *     AF_TRY(af_ts_open(&t, text, size, path, false));           text must outlive t
 *     ... for each of t.n samples: AF_TRY(af_ts_next(&t, values, label)); ...
 */
#ifndef AF_TS_H
#define AF_TS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

enum { AF_TS_LABEL = 64 };

typedef struct af_ts {
    const char *path;
    bool labelled;
    int64_t n, channels, length; /* samples; of each of them */
    int64_t line;                /* of the last sample, for messages */
    const char *at, *end;        /* internal: what is left */
} af_ts;

/* False when no header up to @data begins the text. */
bool af_ts_is(const char *text, size_t size);
/* Every sample is looked at, so that what is wrong is told here. `labelled`: a label is wanted also
 * where the header says of none. */
AF_CHECKED af_status af_ts_open(af_ts *out, const char *text, size_t size, const char *path,
                                bool labelled);
/* values: {channels, length}, or NULL; label: padded with zeros, "" where there are none. To be
 * called n times at most. */
AF_CHECKED af_status af_ts_next(af_ts *t, float *values, char label[AF_TS_LABEL]);

#endif
