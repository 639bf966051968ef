/* Work in a process of its own: for libraries that may crash, loop for ever or ask for absurd
 * amounts of memory when a file is damaged, as HDF5 does. Whatever happens there is one error here.
 *
 *     job *j = af_apart_alloc(sizeof *j);                  in: what to do; out: what came of it
 *     if (!j) return AF_ENOMEM;
 *     ... st = af_apart(path, most, work, j) ...           work(j) runs in the child
 *     af_apart_free(j, sizeof *j);
 *
 * What `work` writes elsewhere is lost with the child, so results go into such memory. It must not
 * log, and takes no lock that another thread may hold. */
#ifndef AF_APART_H
#define AF_APART_H
#include <stddef.h>
#include "core/base/status.h"

/* Memory that the child shares, zeroed; NULL: there is none, with a message. */
void *af_apart_alloc(size_t size);
void af_apart_free(void *p, size_t size); /* NULL is fine */
/* The status and the message of work(payload). It may take `most` bytes more than this process has
 * now (not limited under AddressSanitizer), and some minutes of processor time, more for a large
 * file. A crash, or time that runs out, is AF_EFORMAT; `path` opens its message. */
AF_CHECKED af_status af_apart(const char *path, size_t most, af_status (*work)(void *payload),
                              void *payload);
/* The same with another limit of processor time. */
AF_CHECKED af_status af_apart_within(const char *path, size_t most, unsigned long seconds,
                                     af_status (*work)(void *payload), void *payload);

#endif
