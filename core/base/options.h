/* One table of options drives parsing, bounds, --help, errors and what results record. Used by
 * every command, by searchers and by suite files.
 *
 *     typedef struct opts { int population; double rate; } opts;
 *     static const af_option table[] = {
 *         {"population", AF_OPT_INT, offsetof(opts, population), "10", 1, 1e6, "members kept"},
 *         {0},
 *     };
 *     opts o;
 *     af_options_default(table, &o);
 *     AF_TRY(af_options_set(table, &o, "population", "20"));
 */
#ifndef AF_OPTIONS_H
#define AF_OPTIONS_H
#include <stddef.h>
#include <stdio.h>
#include "core/base/status.h"

typedef enum af_option_kind {
    AF_OPT_INT,    /* int */
    AF_OPT_U64,    /* uint64_t */
    AF_OPT_REAL,   /* double */
    AF_OPT_FLAG,   /* bool: "--resume"; value "true" or "false" in files */
    AF_OPT_TEXT,   /* const char *, borrowed from the value given; NULL when the default is NULL */
    AF_OPT_CHOICE, /* int, index into choices */
} af_option_kind;

typedef struct af_option {
    const char *name;
    af_option_kind kind;
    size_t offset;
    const char *def;  /* as text; NULL: none (TEXT only) */
    double low, high; /* inclusive, for numbers */
    const char *help;
    const char *const *choices; /* NULL-terminated, AF_OPT_CHOICE */
    const char *value;          /* what help calls the value, e.g. "DIR"; NULL: by kind */
} af_option;

void af_options_default(const af_option *table, void *out); /* asserts that the defaults parse */
const af_option *af_options_find(const af_option *table, const char *name, size_t length);
/* Unknown names are AF_EUSAGE and suggest the nearest known one. */
AF_CHECKED af_status af_options_set(const af_option *table, void *out, const char *name,
                                    const char *value);
/* Command line: --name value, --name=value, --flag. Everything else goes to `words` in order
 * ("--" ends options). *words_count is filled; more than max words is AF_EUSAGE. */
AF_CHECKED af_status af_options_parse(const af_option *table, void *out, int argc, char **argv,
                                      const char **words, int max, int *words_count);
void af_options_help(const af_option *table, FILE *to);
/* The value as text, for records; buf of 64 bytes is used for numbers. */
const char *af_options_text(const af_option *o, const void *values, char buf[64]);
/* Nearest name by edit distance among a NULL-terminated list, NULL when none is near. */
const char *af_nearest(const char *name, const char *const *names);

#endif
