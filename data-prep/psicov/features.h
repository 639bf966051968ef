/* What an alignment would tell about a stand-in's chain: noisy secondary structure, burial, a
 * profile of amino acids, and two coevolution scores that are high for some of the contacts only.
 */
#ifndef AF_PSICOV_FEATURES_H
#define AF_PSICOV_FEATURES_H
#include "data-prep/psicov/chain.h"
#include "data-prep/psicov/protein.h"

/* Protein `number` of a series: its length depends on these and on `longest` alone. */
int af_psicov_length(uint64_t seed, const char *series, int64_t number, int least, int longest);
AF_CHECKED af_status af_psicov_generate(af_protein *out, uint64_t seed, const char *series,
                                        int64_t number, int length);

#endif
