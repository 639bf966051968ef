/* Labelled samples on their way into the canonical dataset: what preps of single-label tasks share.
 * A part is filled sample by sample; the main part's first `train` samples train and the others
 * validate, protocol paper trains on all of them; the held-out part is the test split of both.
 *
 *     af_labelled main = {0}, test = {0};
 *     AF_GOTO(st, done, af_labelled_open(&main, r, AF_MAIN, most, shape, AF_STORED_FLOAT32, 24));
 *     float *x = af_labelled_add(&main, label, group, "train-%05lld", (long long)k);    fill it
 *     ... AF_GOTO(st, done, af_labelled_write(&main, train, &test, "partial", source));
 *     done: af_labelled_close(&main); af_labelled_close(&test);
 */
#ifndef AF_LABELLED_H
#define AF_LABELLED_H
#include <jansson.h>
#include "core/data/dataset.h"
#include "core/prep.h"

typedef struct af_labelled {
    af_dataset_content c; /* c.n: samples so far; scaling and more may be set before writing */
    const af_prep_request *request;
    int64_t room;
    char *x;
    int32_t *y, *group;
    char *ids;
    int64_t *all;
    bool grouped;
} af_labelled;

/* Room for `most` samples; memory is taken once. */
AF_CHECKED af_status af_labelled_open(af_labelled *out, const af_prep_request *r,
                                      af_dataset_part part, int64_t most, af_shape input,
                                      af_stored type, int classes);
void af_labelled_close(af_labelled *p);
/* The next sample's room, {C, H, W} of the stored type, zeroed. group -1: the task has none. There
 * must be room. The rest names it: AF_ID_MAX - 1 bytes are kept. */
void *af_labelled_add(af_labelled *p, int label, int32_t group, const char *id, ...)
    AF_PRINTF(4, 5);
/* `source`: of the dataset's origin; NULL is AF_ENOMEM, so that a failed json_pack can be passed.
 */
AF_CHECKED af_status af_labelled_write(af_labelled *main, int64_t train, af_labelled *held_out,
                                       const char *provenance, const json_t *source);

#endif
