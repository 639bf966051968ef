/* A temporary directory for a test program, files in it, and a disk that fills up. work_make and
 * work_remove are group setup and teardown:
 *
 *     return cmocka_run_group_tests(tests, work_make, work_remove);
 */
#ifndef AID_WORK_H
#define AID_WORK_H
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/base/file.h"

#define LENGTH(a) (sizeof(a) / sizeof *(a))
#define assert_ok(expr)                                                                            \
    do {                                                                                           \
        if ((expr) != AF_OK) fail_msg("%s", af_error());                                           \
    } while (0)
/* The last error message contains `text`. */
#define assert_says(text)                                                                          \
    do {                                                                                           \
        if (!strstr(af_error(), text)) fail_msg("\"%s\" lacks \"%s\"", af_error(), text);          \
    } while (0)

extern char work_dir[AF_PATH_MAX];
int work_make(void **state);
int work_remove(void **state); /* with all that is in it */

const char *work_at(const char *name); /* its path; valid until the next call */
void work_put(const char *name, const char *text);
char *work_get(const char *name);                    /* free with af_free */
void work_holds(const char *name, const char *text); /* asserts the content */
size_t work_entries(void);

/* Whether a table's tests are to look at this backend: at all, unless AFIELD_TEST_BACKEND names
 * one. */
bool work_wants(const char *backend);

/* Files of this process may not grow beyond `size` bytes: beyond it a write is cut short and the
 * next one fails, for root too. SIZE_MAX lifts the limit. */
void work_limit_files(size_t size);

#endif
