/* DNA sequences with labels, and how many of which size a dataset has. A base is one-hot, four
 * planes of bytes 0 and 1; an unknown base is four zeros. */
#ifndef AF_DEEPSEA_SEQUENCES_H
#define AF_DEEPSEA_SEQUENCES_H
#include "core/data/dataset.h"

enum { AF_DNA_BASES = 4, AF_DNA_LENGTH = 1000, AF_DNA_LABELS = 36 };

typedef struct af_dna_layout {
    int length;               /* bases, the middle ones of AF_DNA_LENGTH */
    int labels;               /* the first ones */
    int64_t count[AF_SPLITS]; /* sequences at most */
} af_dna_layout;
/* full: the counts of NAS-Bench-360's file. */
extern const af_dna_layout af_dna_layouts[AF_SIZES];

typedef struct af_dna_set {
    int64_t count;
    int length, labels;
    uint8_t *x;      /* {count, AF_DNA_BASES, length} */
    float *y;        /* {count, labels}, 0 or 1 */
    int64_t *number; /* {count} in the file, or of the generator */
} af_dna_set;

/* Zeroed, numbered from 0. */
AF_CHECKED af_status af_dna_set_new(af_dna_set *out, int64_t count, const af_dna_layout *l);
void af_dna_set_free(af_dna_set *s);
static inline size_t af_dna_size(const af_dna_set *s)
{
    return (size_t)AF_DNA_BASES * (size_t)s->length; /* bytes of a sequence */
}

#endif
