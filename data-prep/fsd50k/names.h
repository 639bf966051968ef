/* Names of sound files, without directories; and which of them may be recordings of noise. Internal
 * to the import. */
#ifndef AF_FSD_NAMES_H
#define AF_FSD_NAMES_H
#include "data-prep/fsd50k/clips.h"

typedef struct af_fsd_names {
    char (*n)[AF_FSD_NAME];
    int count, capacity;
} af_fsd_names;

/* The name must fit. */
AF_CHECKED af_status af_fsd_names_add(af_fsd_names *s, const char *name);
/* A name that occurs twice is an error that begins with `path`. */
AF_CHECKED af_status af_fsd_names_sort(af_fsd_names *s, const char *path);
int af_fsd_names_find(const af_fsd_names *s, const char *name); /* of sorted ones; -1: none */
void af_fsd_names_close(af_fsd_names *s);

/* Whether a member is a sound file. */
bool af_fsd_is_sound(const char *member);
/* Whether it lies in a directory, or at the top of an archive, whose name begins with "noise"; what
 * is above that says nothing. A clip of the tables is a clip there, too. */
bool af_fsd_is_noise(const char *member);

#endif
