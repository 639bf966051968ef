/* PDNet's files of one protein (Adhikari 2020), as NAS-Bench-360 reads them:
 *
 *   features/ID.pkl       dict: ss {3, L}, pssm {L, 22}, sa {L}, entropy {L}, ccmpred {L, L},
 *                         freecon {L, L}, potential {L, L}
 *   distance/ID-cb.npy    objects: L, sequence, distances {L, L} of C-beta atoms, NAN: not known
 */
#ifndef AF_PSICOV_PDNET_H
#define AF_PSICOV_PDNET_H
#include "core/base/sha256.h"
#include "data-prep/psicov/protein.h"

/* The length alone, from the distances. */
AF_CHECKED af_status af_pdnet_length(int *length, const char *root, const char *id);
/* Adds "NAME SHA256" of both files to `files`. */
AF_CHECKED af_status af_pdnet_read(af_protein *out, const char *root, const char *id,
                                   af_sha256 *files);

#endif
