/* Another program, spoken to in lines: started by exec, its standard input and output are pipes,
 * its standard error is ours. It is the leader of a process group of its own unless `in_group`, and
 * is killed with us.
 *
 *     AF_TRY(af_child_start(&c, (char *const[]){"sh", "-c", command, NULL}, false));
 *     AF_TRY(af_child_write(c, line, length, seconds, NULL)); a line and its newline
 *     AF_TRY(af_child_read(c, &line, NULL, seconds, NULL));  NULL: it closed its output
 *     af_child_stop(c, 1, NULL);
 */
#ifndef AF_CHILD_H
#define AF_CHILD_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include "core/base/status.h"

enum { AF_CHILD_LINE = 1 << 20 }; /* bytes of a line at most; a longer one is AF_EFORMAT */

typedef struct af_child af_child;
/* argv ends with NULL; argv[0] is looked up in PATH, AF_ENOTFOUND when it is not there. in_group:
 * signals of the terminal reach it. */
AF_CHECKED af_status af_child_start(af_child **out, char *const *argv, bool in_group);
/* Our own standard input and output in the place of a program. */
AF_CHECKED af_status af_child_ourselves(af_child **out);
/* Waits while the pipe is full, `seconds` at most (negative: for ever). A program that is gone is
 * AF_EIO; AF_EINTERRUPTED when `stop` (may be NULL) says so. */
AF_CHECKED af_status af_child_write(af_child *c, const char *text, size_t size, double seconds,
                                    bool (*stop)(void));
/* *line, without its newline and NUL-terminated, lives until the next call; it may hold zero bytes,
 * *length (may be NULL) counts them. NULL when the program closed its output. AF_EIO after
 * `seconds` without a whole line (negative: waits for ever), AF_EINTERRUPTED when
 * `stop` (may be NULL) says so. */
AF_CHECKED af_status af_child_read(af_child *c, char **line, size_t *length, double seconds,
                                   bool (*stop)(void));
/* The same for a line of JSON. Sending takes `message` over; NULL is AF_ENOMEM. What is no JSON is
 * AF_EFORMAT; *out is NULL when the program closed its output. */
AF_CHECKED af_status af_child_send(af_child *c, json_t *message, double seconds,
                                   bool (*stop)(void));
AF_CHECKED af_status af_child_receive(json_t **out, af_child *c, double seconds,
                                      bool (*stop)(void));
/* Whether af_child_read would return at once; to wait for several with poll: af_child_fd. */
bool af_child_has_line(const af_child *c);
/* Whether nobody reads any more what we would write; waits `seconds` for that. */
bool af_child_deaf(const af_child *c, double seconds);
int af_child_fd(const af_child *c);
int af_child_pid(const af_child *c);
/* Closes the pipes, gives it `grace` seconds to end, then kills its group (the process alone if
 * in_group). *how (may be NULL, 64 bytes): "exit code 3", "signal 9 (Killed)". */
void af_child_stop(af_child *c, double grace, char how[64]);

#endif
