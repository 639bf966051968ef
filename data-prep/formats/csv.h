/* Comma-separated values as RFC 4180 defines them: records end in CR LF or LF, a field may stand in
 * double quotes and then hold commas, line breaks and doubled quotes. A byte order mark is skipped,
 * and so are blank lines. What the RFC leaves open is refused: quotes inside a plain field, text
 * behind a closing quote, a quote that is never closed, NUL bytes.
 *
 *     af_csv c;
 *     AF_GOTO(st, done, af_csv_open(&c, text, size, path));
 *     while ((st = af_csv_next(&c, &more)) == AF_OK && more) use(c.field, c.fields);
 *     done: af_csv_close(&c);
 */
#ifndef AF_CSV_H
#define AF_CSV_H
#include <stdbool.h>
#include <stddef.h>
#include "core/base/status.h"

enum { AF_CSV_FIELDS = 16 };

typedef struct af_csv {
    const char *path;
    char *text, *next, *end;
    char *field[AF_CSV_FIELDS]; /* of the record, NUL-terminated; valid until the next one */
    int fields;                 /* records of more than AF_CSV_FIELDS are refused */
    long line, next_line;       /* where the record and the next one begin, from 1 */
} af_csv;

/* Copies the text; `path` only names it in errors. To be closed whatever is returned. */
AF_CHECKED af_status af_csv_open(af_csv *c, const char *text, size_t size, const char *path);
/* The next record; *more is false at the end. */
AF_CHECKED af_status af_csv_next(af_csv *c, bool *more);
void af_csv_close(af_csv *c);

#endif
