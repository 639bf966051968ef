/* Proposals and outcomes as JSON, for the journal and for worker processes. Doubles are kept as
 * bits, so whoever reads them continues with exactly the numbers that were written. */
#ifndef AF_RECORD_H
#define AF_RECORD_H
#include <jansson.h>
#include "core/base/sha256.h"
#include "core/search/trial.h"

/* {parameter: bits} */
json_t *af_config_bits(const af_space *s, const af_config *c);
AF_CHECKED af_status af_config_from_bits(af_config *out, const af_space *s, const json_t *o);

/* Adds "config", "text" (the same, readable), "epochs", "schedule" and, if it continues a trial,
 * "from" to an object; false: no memory. */
bool af_proposal_write(json_t *to, const af_space *s, const af_proposal *p);
AF_CHECKED af_status af_proposal_read(af_proposal *out, const af_space *s, const json_t *o);
/* "'red' (3 epochs, own)", for messages. */
void af_proposal_say(char out[AF_CONFIG_TEXT + 80], const af_space *s, const af_proposal *p);
bool af_proposal_same(const af_space *s, const af_proposal *a, const af_proposal *b);

/* "error", "loss", "trials", "epochs", "seconds", "flops" as bits, "best_epoch", "digest". */
bool af_outcome_write(json_t *to, const af_outcome *o);
AF_CHECKED af_status af_outcome_read(af_outcome *out, const json_t *o);

/* What both digests of a search are made of; seconds are not reproducible and left out. */
void af_proposal_digest(af_sha256 *h, const af_space *s, const af_proposal *p);
void af_outcome_digest(af_sha256 *h, const af_outcome *o);

#endif
