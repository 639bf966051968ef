/* A user's own tasks, and variants of tasks: manifests kept in <data directory>/own/<task>.yaml
 * beside the datasets made from them. Once af_own_register was called, af_find_task knows them too.
 */
#ifndef AF_EVAL_OWN_H
#define AF_EVAL_OWN_H
#include "core/registry.h"

void af_own_register(void);
/* *out is NULL when there is no such manifest; a damaged one is an error. The task lives as long as
 * the process. */
AF_CHECKED af_status af_own_find(const af_task **out, const char *name);
/* Names of all manifests, sorted, NULL-terminated; the caller frees the block with af_free. */
AF_CHECKED af_status af_own_list(char ***names, size_t *count);
/* `afield data import-own MANIFEST`; *out: the task, whose data are now in `directory`. */
AF_CHECKED af_status af_own_install(const af_task **out, char directory[4096], const char *path,
                                    bool force);
/* `afield data import TASK PATH` of files that are a variant of that task: the variant becomes a
 * task, whose data go to the request's directory. */
AF_CHECKED af_status af_own_install_variant(const af_task **out, const af_prep *prep,
                                            const af_prep_request *r, const af_variant *v,
                                            bool force);
/* Size of a task that nobody chose: tiny, or the only one of an own task. */
static inline af_size af_usual_size(const af_task *t)
{
    return t->own ? t->size : AF_TINY;
}

#endif
