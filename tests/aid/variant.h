/* Variants of tasks, imported as the program does it. */
#ifndef AID_VARIANT_H
#define AID_VARIANT_H
#include "core/data/dataset.h"
#include "core/prep.h"
#include "data-prep/own/manifest.h"

/* What files are; v->name "" when they are no variant. */
af_status variant_of(af_variant *v, const af_prep *prep, const char *path, af_size size);
/* The task of a variant, by way of its manifest; free it with af_own_free. */
af_own *variant_task(const af_variant *v, const af_task *parent, af_size size);
/* Both, and the data into the test's directory; the files must be a variant. */
af_own *variant_import(af_variant *v, const af_prep *prep, const char *path, af_size size);
/* What `afield data import` does: the variant that the source is, else the prep's own task, is
 * imported. r->task: the prep's own. */
af_status variant_or_task(const af_prep *prep, const af_prep_request *r);
/* The same, into the test's directory. */
af_status variant_try(const af_prep *prep, const char *path, af_size size);
/* A part of what was imported; provenance and protocols of a variant are asserted. */
af_dataset *variant_open(const af_own *own, af_dataset_part part);

#endif
