/* Sequences into the canonical dataset: deepsea.h5 with train and validation, deepsea.test.h5. */
#ifndef AF_DEEPSEA_PACK_H
#define AF_DEEPSEA_PACK_H
#include "core/prep.h"
#include "data-prep/deepsea/sequences.h"

/* The splits are the sets; protocol paper trains on the training set alone and validates nothing;
 * a variant has none.
 * `source` is JSON text. Takes the validation set's sequences over into the training set's, so that
 * both lie in one piece; the caller frees all sets as before. */
AF_CHECKED af_status af_dna_pack(const af_prep_request *r, af_dna_set set[AF_SPLITS],
                                 const char *provenance, const char *source);

#endif
