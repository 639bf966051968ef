/* What is to be told of a file whose kind is known by its head. Internal to content.c. */
#ifndef AF_CONTENT_INSIDE_H
#define AF_CONTENT_INSIDE_H
#include <stddef.h>
#include <stdint.h>
#include "data-prep/formats/content.h"

enum { AF_CONTENT_HEAD = 4096 };
typedef struct af_content_head {
    const char *path;
    char byte[AF_CONTENT_HEAD + 1]; /* inflated; ends with a NUL */
    size_t size;
    int64_t whole; /* bytes of the file */
    bool gzipped;
} af_content_head;

/* Each adds to `about`, in printable characters, what it finds; a file that is damaged has nothing
 * to tell. */
af_content af_content_zip(char about[AF_CONTENT_ABOUT], const af_content_head *h); /* its kind */
void af_content_pickle(char about[AF_CONTENT_ABOUT], const af_content_head *h); /* keys of a dict */
void af_content_npy(char about[AF_CONTENT_ABOUT], const af_content_head *h);
void af_content_idx(char about[AF_CONTENT_ABOUT], const af_content_head *h);

#endif
