/* From proteins to the two files. A validation or test protein becomes all tiles of its padded map,
 * row by row; a training protein the same when it fits one tile, else random crops of which an
 * epoch sees one. A protein is a group. */
#ifndef AF_PSICOV_PACK_H
#define AF_PSICOV_PACK_H
#include <jansson.h>
#include "core/prep.h"
#include "data-prep/psicov/protein.h"

typedef struct af_psicov_entry {
    char name[AF_PSICOV_NAME];
    int length;
    af_split split;
} af_psicov_entry;

typedef struct af_psicov_set {
    int64_t count;
    const af_psicov_entry *entry;
    /* Protein k of the set. */
    af_status (*fetch)(af_protein *out, void *self, int64_t k);
    void *self;
    const char *provenance;
} af_psicov_set;

/* `source` is asked for when all proteins have been fetched; it gives a new reference. */
AF_CHECKED af_status af_psicov_pack(const af_prep_request *r, const af_psicov_set *s,
                                    json_t *(*source)(void *self));

#endif
