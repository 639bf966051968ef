/* Processes of the program that tests kill, and what a run of it left. */
#ifndef AID_PROCESSES_H
#define AID_PROCESSES_H
#include <sys/types.h>
#include "core/base/file.h"

/* build/<configuration>/afield, beside the tests; fails when it is not built. */
void program_path(char out[AF_PATH_MAX]);
/* Children of a process, by /proc; returns how many were filled in. */
int children_of(pid_t parent, pid_t *out, int max);
/* "PROPOSALS RUN": both digests in the result.json of a directory. */
void read_digests(char digests[200], const char *directory);

#endif
