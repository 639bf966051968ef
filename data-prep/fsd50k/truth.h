/* Names, splits and labels of FSD50K's clips, from either layout's text files:
 *
 *   official        vocabulary.csv  0,Accelerating_and_revving_and_vroom,/m/07q2z82
 *                   dev.csv         fname,labels,mids,split
 * 64760,"Electric_guitar,Guitar",...,train eval.csv        fname,labels,mids NAS-Bench-360
 * lbl_map.json    {"Accelerating_and_revving_and_vroom": 0, ...} tr.csv, val.csv, eval.csv
 * files,labels,ext: a line for each chunk; `ext` names the clip that it was cut from, chunks of a
 * clip in their order
 *
 * Texts are UTF-8 and untrusted; `path` names the file in errors. */
#ifndef AF_FSD_TRUTH_H
#define AF_FSD_TRUTH_H
#include "data-prep/fsd50k/clips.h"

/* Fills the vocabulary, of at most AF_FSD_LABELS labels numbered 0, 1 ... */
AF_CHECKED af_status af_fsd_vocabulary_csv(af_fsd_clips *s, const char *text, size_t size,
                                           const char *path);
AF_CHECKED af_status af_fsd_vocabulary_json(af_fsd_clips *s, const char *text, size_t size,
                                            const char *path);
/* Adds the clips of a file; the vocabulary comes first. split AF_TEST: eval.csv, else the file says
 * which of train and val a clip is in. */
AF_CHECKED af_status af_fsd_truth_csv(af_fsd_clips *s, af_split split, const char *text,
                                      size_t size, const char *path);

typedef struct af_fsd_piece { /* a chunk as a file of its own */
    char file[AF_FSD_NAME], clip[AF_FSD_NAME];
    int number; /* in the order of the list */
    bool there;
} af_fsd_piece;
typedef struct af_fsd_pieces {
    af_fsd_piece *p;
    int count, capacity;
} af_fsd_pieces;
/* Adds clips and chunks of a file. */
AF_CHECKED af_status af_fsd_pieces_csv(af_fsd_clips *s, af_fsd_pieces *pieces, af_split split,
                                       const char *text, size_t size, const char *path);
/* By file name; a name that occurs twice is an error. */
AF_CHECKED af_status af_fsd_pieces_sort(af_fsd_pieces *s, const char *path);
af_fsd_piece *af_fsd_pieces_find(const af_fsd_pieces *s, const char *file); /* NULL: not there */
void af_fsd_pieces_close(af_fsd_pieces *s);

#endif
