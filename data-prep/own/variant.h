/* The manifest of a variant: what core/prep.h says of it, and everything else as its parent has it.
 * A manifest read again gives the same task. */
#ifndef AF_OWN_VARIANT_H
#define AF_OWN_VARIANT_H
#include "core/prep.h"

/* *out: `*size` bytes of YAML and a NUL; the caller frees them with af_free. */
AF_CHECKED af_status af_own_variant_text(char **out, size_t *size, const af_variant *v,
                                         const af_task *parent, af_size at);

#endif
