/* The six files in which NAS-Bench-360 gives NinaPro DB5; and recordings, whose windows are a
 * variant. */
#ifndef AF_NINAPRO_RAW_H
#define AF_NINAPRO_RAW_H
#include <jansson.h>
#include "core/data/dataset.h"
#include "data-prep/ninapro/windows.h"

typedef enum af_ninapro_kind { AF_NINAPRO_WINDOWS, AF_NINAPRO_MYO, AF_NINAPRO_DB5 } af_ninapro_kind;

typedef struct af_ninapro_raw {
    af_ninapro_kind kind;
    int subjects;    /* of recordings */
    bool by_subject; /* the splits of recordings: whole subjects; false: repetitions of all */
    af_ninapro_set set[AF_SPLITS];
    int electrodes, classes; /* of all sets; classes: as many as the labels need */
    json_t *source;          /* files with their sha256 */
} af_ninapro_raw;

/* `path`: a directory with ninapro_{train,val,test}.npy (windows x 52 x 16, or of a variant as many
 * electrodes as it has) and label_{train,val,test}.npy; or with recordings at any depth
 * (recordings.h).
 */
AF_CHECKED af_status af_ninapro_raw_read(af_ninapro_raw *out, const char *path);
/* The same without windows and source: from the headers of .npy files, their labels, and the names
 * of recordings. electrodes 0: nothing that af_ninapro_raw_read would take; it says why. */
AF_CHECKED af_status af_ninapro_raw_look(af_ninapro_raw *out, const char *path);
void af_ninapro_raw_close(af_ninapro_raw *r);

#endif
