/* Which proteins an import takes, and in which split each goes. */
#ifndef AF_PSICOV_LISTS_H
#define AF_PSICOV_LISTS_H
#include "core/base/file.h"
#include "core/prep.h"
#include "data-prep/psicov/pack.h"

typedef struct af_psicov_files {
    int64_t count;
    af_psicov_entry *entry;
    const char **root; /* of each: where features/ and distance/ are */
    char roots[2][AF_PATH_MAX];
    bool whole; /* the released lists, all of them */
} af_psicov_files;

/* With deepcov.lst and psicov.lst, as released: proteins of the first train, its first hundred (or
 * tenth, when there are fewer than 1000) validate, those of the second test. With one list, or
 * none: of what stands beside, in its order or sorted, the last tenth tests and the one before
 * validates.
 */
AF_CHECKED af_status af_psicov_files_find(af_psicov_files *out, const char *source, af_size size);
void af_psicov_files_free(af_psicov_files *f);

#endif
