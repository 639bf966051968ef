/* One pass over a copy of the text; quoted fields are unescaped in place, where they only shrink.
 */
#include "data-prep/formats/csv.h"
#include <string.h>
#include "core/base/alloc.h"

static af_status refuse(const af_csv *c, const char *what)
{
    return af_fail(AF_EFORMAT, "%s:%ld: field %d: %s", c->path, c->line, c->fields, what);
}

af_status af_csv_open(af_csv *c, const char *text, size_t size, const char *path)
{
    *c = (af_csv){.path = path, .line = 1, .next_line = 1};
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) text += 3, size -= 3;
    if (size && memchr(text, 0, size))
        return af_fail(AF_EFORMAT, "%s: holds NUL bytes, want a text of comma-separated values",
                       path);
    c->text = af_alloc(size + 1);
    if (!c->text) return AF_ENOMEM;
    if (size) memcpy(c->text, text, size);
    c->text[size] = 0;
    c->next = c->text;
    c->end = c->text + size;
    return AF_OK;
}

void af_csv_close(af_csv *c)
{
    af_free(c->text);
    c->text = NULL;
}

/* 0, 1 or 2 bytes of line end; the text's end is the NUL behind it. */
static int line_end(const char *at)
{
    return *at == '\n' ? 1 : at[0] == '\r' && at[1] == '\n' ? 2 : 0;
}

/* From the opening quote; *at moves behind the closing one. */
static af_status quoted(af_csv *c, char **at)
{
    char *from = *at + 1, *to = from;
    c->field[c->fields++] = to;
    for (;; from++) {
        if (from == c->end) return refuse(c, "its quote is never closed");
        if (*from == '"' && from[1] != '"') break;
        if (*from == '"') from++;
        if (*from == '\n') c->next_line++;
        *to++ = *from;
    }
    *at = from + 1;
    *to = 0; /* at or before the closing quote */
    return AF_OK;
}

static af_status plain(af_csv *c, char **at)
{
    char *p = *at;
    c->field[c->fields++] = p;
    while (p != c->end && *p != ',' && !line_end(p)) {
        if (*p == '"') return refuse(c, "a quote inside a field that has none at its beginning");
        p++;
    }
    *at = p;
    return AF_OK;
}

af_status af_csv_next(af_csv *c, bool *more)
{
    char *p = c->next;
    for (int n; (n = line_end(p)) > 0; p += n) c->next_line++;
    *more = p != c->end;
    c->fields = 0;
    c->line = c->next_line;
    if (!*more) return AF_OK;
    for (;;) {
        if (c->fields == AF_CSV_FIELDS) return refuse(c, "one more than can be right");
        AF_TRY(*p == '"' ? quoted(c, &p) : plain(c, &p));
        int n = line_end(p);
        bool comma = *p == ',';
        if (p != c->end && !comma && !n) return refuse(c, "text behind its closing quote");
        if (!comma) {
            c->next = p + n;
            c->next_line += n > 0;
            *p = 0;
            return AF_OK;
        }
        *p++ = 0;
    }
}
