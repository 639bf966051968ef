/* The first pass over the raw files: which layout, the text files, which sounds are there. Internal
 * to the import. */
#ifndef AF_FSD_TABLES_H
#define AF_FSD_TABLES_H
#include <jansson.h>
#include "data-prep/fsd50k/names.h"
#include "data-prep/fsd50k/truth.h"

typedef enum af_fsd_kind { AF_FSD_OFFICIAL, AF_FSD_CHUNKED, AF_FSD_KINDS } af_fsd_kind;
extern const char *const af_fsd_kind_names[AF_FSD_KINDS];

typedef struct af_fsd_tables {
    af_fsd_kind kind;
    af_fsd_clips clips;   /* sorted */
    af_fsd_pieces pieces; /* AF_FSD_CHUNKED: sorted by file; numbered 0, 1 ... within their clip */
    int sounds;           /* files of the tables that are there */
    af_fsd_names noise;   /* recordings of noise, sorted */
    json_t *files;        /* text file -> sha256 */
} af_fsd_tables;

/* To be closed whatever is returned. */
AF_CHECKED af_status af_fsd_tables_read(af_fsd_tables *out, const char *path);
void af_fsd_tables_close(af_fsd_tables *t);
/* The clip of a sound file of the tables, -1: not of them; *piece is its chunk, NULL in the
 * official layout. */
int af_fsd_tables_clip(const af_fsd_tables *t, const char *member, const af_fsd_piece **piece);

#endif
