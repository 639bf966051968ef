/* Log lines, progress bars and the clock. One lock orders everything that goes to stderr; a log
 * line first clears the bar that stands on the terminal's current line. */
#include "core/base/log.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "core/base/alloc.h"

#define CLEAR_LINE "\r\033[K"
enum { BAR_WIDTH = 24, LINE_MAX_BYTES = 256 };
static const double REDRAW_SECONDS = 0.1;

static atomic_int most_shown = AF_LOG_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool bar_drawn; /* a bar stands on the current line; under `lock` */

static const struct {
    const char *word, *colour;
} levels[] = {
    [AF_LOG_ERROR] = {"error: ", "\033[31m"},
    [AF_LOG_WARN] = {"warning: ", "\033[33m"},
    [AF_LOG_INFO] = {"", ""},
    [AF_LOG_DEBUG] = {"debug: ", "\033[2m"},
};

struct af_progress {
    char title[64], note[128];
    double total, done, started, drawn;
    bool terminal;
};

void af_log_set(af_log_level most)
{
    atomic_store(&most_shown, (int)most);
}

static bool is_terminal(int fd)
{
    const char *term = getenv("TERM");
    return isatty(fd) && !(term && !strcmp(term, "dumb"));
}

bool af_colour(int fd)
{
    const char *off = getenv("NO_COLOR"); /* no-color.org: an empty one does not count */
    return is_terminal(fd) && !(off && *off);
}

static void clear_bar(void)
{
    if (bar_drawn) fputs(CLEAR_LINE, stderr);
    bar_drawn = false;
}

void af_log(af_log_level level, const char *fmt, ...)
{
    if ((int)level > atomic_load(&most_shown)) return;
    bool colour = levels[level].colour[0] && af_colour(STDERR_FILENO);
    va_list args;
    va_start(args, fmt);
    pthread_mutex_lock(&lock);
    clear_bar();
    fprintf(stderr, "%s%s%s", colour ? levels[level].colour : "", levels[level].word,
            colour ? "\033[0m" : "");
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    pthread_mutex_unlock(&lock);
    va_end(args);
}

af_progress *af_progress_new(const char *title, double total)
{
    if (atomic_load(&most_shown) < AF_LOG_INFO) return NULL;
    af_progress *p = af_calloc(1, sizeof *p);
    if (!p) return NULL;
    snprintf(p->title, sizeof p->title, "%s", title);
    p->total = total;
    p->started = af_clock();
    p->drawn = -REDRAW_SECONDS;
    p->terminal = is_terminal(STDERR_FILENO);
    return p;
}

static int terminal_columns(void)
{
    struct winsize size;
    bool known = !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col;
    return known ? size.ws_col : 80;
}

/* "title [======      ]  50%  note  12 s left", cut to the terminal's width. */
static void draw(const af_progress *p, double now)
{
    char line[LINE_MAX_BYTES], bar[BAR_WIDTH + 1] = "", left[32] = "";
    double part = p->total > 0 ? p->done / p->total : 0;
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '=', (size_t)(part * BAR_WIDTH));
    double elapsed = now - p->started;
    if (part > 0 && elapsed > 1)
        snprintf(left, sizeof left, "  %.0f s left", elapsed * (1 - part) / part);
    snprintf(line, sizeof line, "%s [%s] %3.0f%%  %s%s", p->title, bar, 100 * part, p->note, left);
    pthread_mutex_lock(&lock);
    fprintf(stderr, CLEAR_LINE "%.*s", terminal_columns() - 1, line);
    bar_drawn = true;
    pthread_mutex_unlock(&lock);
}

static void set_note(af_progress *p, const char *fmt, va_list args) AF_PRINTF(2, 0);
static void set_note(af_progress *p, const char *fmt, va_list args)
{
    if (fmt)
        vsnprintf(p->note, sizeof p->note, fmt, args);
    else
        p->note[0] = '\0';
}

void af_progress_set(af_progress *p, double done, const char *fmt, ...)
{
    if (!p) return;
    p->done = done;
    double now = af_clock();
    if (!p->terminal || now - p->drawn < REDRAW_SECONDS) return;
    va_list args;
    va_start(args, fmt);
    set_note(p, fmt, args);
    va_end(args);
    draw(p, now);
    p->drawn = now;
}

void af_progress_end(af_progress *p, const char *fmt, ...)
{
    if (!p) return;
    va_list args;
    va_start(args, fmt);
    set_note(p, fmt, args);
    va_end(args);
    af_log(AF_LOG_INFO, "%s: %s%s%.1f s", p->title, p->note, p->note[0] ? ", " : "",
           af_clock() - p->started);
    af_free(p);
}

static double clock_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double af_clock(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

double af_clock_thread(void)
{
    return clock_of(CLOCK_THREAD_CPUTIME_ID);
}

void af_clock_utc(char buf[21])
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(buf, 21, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
