/* What the ECG task imports: the challenge's records (physionet.h) or NAS-Bench-360's pickle of
 * them (pickled.h), told apart by what `path` holds. */
#ifndef AF_ECG_SOURCE_H
#define AF_ECG_SOURCE_H
#include <jansson.h>
#include "core/base/status.h"
#include "data-prep/ecg/record.h"

/* *source is for the caller to decref. */
AF_CHECKED af_status af_ecg_source_read(af_ecg_records *out, json_t **source, const char *path);

#endif
