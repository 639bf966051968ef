/* Error handling. Every fallible function returns af_status and sets, once and where it happened,
 * a thread-local message that says what, where, what was expected and what to do next.
 *
 *     af_status af_foo_open(af_foo **out, const char *path)        out-parameters come first
 *     {
 *         AF_TRY(af_file_read(&text, &size, path, MAX_SIZE));       forward
 *         if (size < 8)
 *             return af_fail(AF_EFORMAT, "%s: %zu bytes, want at least 8", path, size);
 *         ...
 *     }
 * With something to clean up: `af_status st; AF_GOTO(st, done, af_bar(...)); ... done: ...; return
 * st;`
 */
#ifndef AF_STATUS_H
#define AF_STATUS_H

typedef enum af_status {
    AF_OK = 0,
    AF_EUSAGE = -1,    /* the command line or a suite file asks for something that does not exist */
    AF_EINVAL = -2,    /* an argument or a configuration is out of range */
    AF_EFORMAT = -3,   /* a file is damaged or is not what it should be */
    AF_EIO = -4,       /* the operating system refused */
    AF_ENOTFOUND = -5, /* a file, data set or name is missing */
    AF_ENOMEM = -6,
    AF_EUNSUPPORTED = -7, /* valid, but not available in this build or on this machine */
    AF_EBUDGET = -8,      /* nothing more fits the budget; not a failure of the run */
    AF_EINTERRUPTED = -9, /* a signal asked us to stop */
    AF_EDIVERGED = -10,   /* a training left the finite numbers */
    AF_EINTERNAL = -11,   /* our own bug */
} af_status;

#define AF_CHECKED           __attribute__((warn_unused_result))
#define AF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Sets this thread's message and returns `kind`. */
af_status af_fail(af_status kind, const char *fmt, ...) AF_PRINTF(2, 3);
/* The same, written so that the compiler sees that a failure is never AF_OK. */
static inline af_status af_same_status(af_status st)
{
    return st;
}
#define af_fail(kind, ...) (af_fail((kind), __VA_ARGS__), af_same_status(kind))
/* Puts "prefix: " before this thread's message and returns `kind`: says where on the way up. */
af_status af_prefix(af_status kind, const char *fmt, ...) AF_PRINTF(2, 3);
/* This thread's last message; "" when there is none. Valid until the next af_fail here. */
const char *af_error(void);
/* "format error", "out of memory" ...; never NULL. */
const char *af_status_name(af_status st);
/* 0 ok, 1 failed, 2 usage, 3 stopped by a signal (--resume continues). */
int af_exit_code(af_status st);

#define AF_CAT2(a, b) a##b
#define AF_CAT(a, b)  AF_CAT2(a, b)
#define AF_TRY(expr)  AF_TRY_(expr, AF_CAT(af_try_, __COUNTER__))
#define AF_TRY_(expr, var)                                                                         \
    do {                                                                                           \
        af_status var = (expr);                                                                    \
        if (var != AF_OK) return var;                                                              \
    } while (0)
#define AF_GOTO(st, label, expr)                                                                   \
    do {                                                                                           \
        if (((st) = (expr)) != AF_OK) goto label;                                                  \
    } while (0)

#endif
