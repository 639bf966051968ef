/* What is said of data in NinaPro's layout that are not the task's. */
#ifndef AF_NINAPRO_VARIANTS_H
#define AF_NINAPRO_VARIANTS_H
#include "core/prep.h"
#include "data-prep/ninapro/raw.h"

/* Windows of 16 electrodes and 18 classes, as NAS-Bench-360 gives them. */
bool af_ninapro_is_task(const af_ninapro_raw *raw);
void af_ninapro_describe(af_variant *out, const af_ninapro_raw *raw, const af_task *parent);

#endif
