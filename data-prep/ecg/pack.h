/* Records into the canonical dataset: <task>.h5 with train and validation, <task>.test.h5. */
#ifndef AF_ECG_PACK_H
#define AF_ECG_PACK_H
#include "core/prep.h"
#include "data-prep/ecg/record.h"

/* Thins the records, sorted by name, to what the size keeps; splits; writes both files. `source` is
 * JSON text. */
AF_CHECKED af_status af_ecg_pack(const af_prep_request *r, af_ecg_records *set,
                                 const char *provenance, const char *source);

#endif
