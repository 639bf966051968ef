/* What the program says on stderr: log lines and progress bars. Results go to stdout elsewhere. */
#ifndef AF_LOG_H
#define AF_LOG_H
#include <stdbool.h>
#include "core/base/status.h"

typedef enum af_log_level { AF_LOG_ERROR, AF_LOG_WARN, AF_LOG_INFO, AF_LOG_DEBUG } af_log_level;
void af_log_set(af_log_level most); /* default AF_LOG_INFO */
void af_log(af_log_level level, const char *fmt, ...) AF_PRINTF(2, 3);

/* True when `fd` is a terminal and NO_COLOR is unset. */
bool af_colour(int fd);

/* A progress bar on a terminal (redrawn at most ten times a second); elsewhere one line at the end.
 * Nothing when the level is below AF_LOG_INFO. */
typedef struct af_progress af_progress;
af_progress *af_progress_new(const char *title, double total); /* NULL is accepted by the others */
void af_progress_set(af_progress *p, double done, const char *fmt, ...) AF_PRINTF(3, 4);
void af_progress_end(af_progress *p, const char *fmt, ...) AF_PRINTF(2, 3); /* frees */

/* Clock: monotonic seconds; CPU seconds of the calling thread; UTC date and time as
 * 2026-01-31T12:00:00Z. */
double af_clock(void);
double af_clock_thread(void);
void af_clock_utc(char buf[21]);

#endif
