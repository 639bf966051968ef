/* FSD50K's files, in the official layout or NAS-Bench-360's: directories, archives, or directories
 * with archives in them. Two passes: names and tables first, then the sounds that are wanted, one
 * at a time. */
#ifndef AF_FSD_RAW_H
#define AF_FSD_RAW_H
#include "core/prep.h"

AF_CHECKED af_status af_fsd_raw_import(const af_prep_request *r);

/* A sound file as 16-bit mono at 22,050 Hz; free with af_free. */
AF_CHECKED af_status af_fsd_sound(int16_t **out, int64_t *n, const void *data, size_t size,
                                  const char *path);

#endif
