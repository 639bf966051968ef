/* Status codes and the thread's error message. The message is composed aside and then copied, so
 * af_error() itself may be among the arguments. */
#include "core/base/status.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 4096 };
static _Thread_local char message[MESSAGE_MAX];

static const struct {
    af_status status;
    const char *name;
} names[] = {
    {AF_OK, "ok"},
    {AF_EUSAGE, "usage error"},
    {AF_EINVAL, "invalid argument"},
    {AF_EFORMAT, "format error"},
    {AF_EIO, "input/output error"},
    {AF_ENOTFOUND, "not found"},
    {AF_ENOMEM, "out of memory"},
    {AF_EUNSUPPORTED, "not supported here"},
    {AF_EBUDGET, "budget spent"},
    {AF_EINTERRUPTED, "interrupted"},
    {AF_EDIVERGED, "diverged"},
    {AF_EINTERNAL, "internal error"},
};

static void compose(const char *tail, const char *fmt, va_list args) AF_PRINTF(2, 0);
static void compose(const char *tail, const char *fmt, va_list args)
{
    char text[MESSAGE_MAX];
    int n = vsnprintf(text, sizeof text, fmt, args);
    size_t used = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    if (tail)
        snprintf(text + used, sizeof text - used, ": %s", tail);
    else
        text[used] = '\0';
    memcpy(message, text, sizeof message);
}

af_status(af_fail)(af_status kind, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    compose(NULL, fmt, args);
    va_end(args);
    return kind;
}

af_status af_prefix(af_status kind, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    compose(message, fmt, args);
    va_end(args);
    return kind;
}

const char *af_error(void)
{
    return message;
}

const char *af_status_name(af_status st)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].status == st) return names[i].name;
    return "unknown status";
}

int af_exit_code(af_status st)
{
    return st == AF_OK ? 0 : st == AF_EUSAGE ? 2 : st == AF_EINTERRUPTED ? 3 : 1;
}
