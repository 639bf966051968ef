/* What is known of the clips before a sample is read: their names, splits and labels. Both layouts
 * of the raw files and the generator make such a table, and the packer takes from it what a size
 * uses. */
#ifndef AF_FSD_CLIPS_H
#define AF_FSD_CLIPS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/data/dataset.h"

enum { AF_FSD_LABELS = 200, AF_FSD_NAME = 48 };

typedef struct af_fsd_clip {
    char name[AF_FSD_NAME];
    af_split split;
    bool there; /* its sound was found, or can be made */
    int chunks; /* of a clip that comes in pieces: how many of them were found */
    uint8_t label[AF_FSD_LABELS / 8];
} af_fsd_clip;

typedef struct af_fsd_clips {
    af_fsd_clip *c;
    int count, capacity;
    int labels; /* of the vocabulary */
    char vocabulary[AF_FSD_LABELS][AF_FSD_NAME];
} af_fsd_clips;

/* A new clip without labels; NULL when memory is short. The name must fit. */
af_fsd_clip *af_fsd_clips_add(af_fsd_clips *s, const char *name, af_split split);
/* By name; a name that occurs twice is an error that begins with `path`. */
AF_CHECKED af_status af_fsd_clips_sort(af_fsd_clips *s, const char *path);
/* The same; entries of one name, split and labels become one clip. */
AF_CHECKED af_status af_fsd_clips_merge(af_fsd_clips *s, const char *path);
/* The number of a clip among sorted ones; -1: not there. */
int af_fsd_clips_find(const af_fsd_clips *s, const char *name);
void af_fsd_clips_close(af_fsd_clips *s);

void af_fsd_label_set(af_fsd_clip *c, int label);
bool af_fsd_label_has(const af_fsd_clip *c, int label);
/* -1: not in the vocabulary. */
int af_fsd_label_find(const af_fsd_clips *s, const char *name);

#endif
