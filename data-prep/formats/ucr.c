/* One pass to count lines, one to read them. */
#include "data-prep/formats/ucr.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/ts.h"

enum { TOKEN = 64 };

typedef struct line {
    const char *at, *end;
    int number;
} line;

static const char *const endings[] = {".tsv", ".txt", ".arff", ".ts", NULL};

bool af_ucr_named(const char *path)
{
    for (int i = 0; endings[i]; i++)
        if (af_path_ends(path, endings[i])) return true;
    return false;
}

/* The next line that is not blank and no comment; false: none is left. */
static bool next_line(line *l, const char **rest, const char *end)
{
    while (*rest < end) {
        const char *stop = memchr(*rest, '\n', (size_t)(end - *rest));
        l->at = *rest;
        l->end = stop ? stop : end;
        l->number++;
        *rest = stop ? stop + 1 : end;
        while (l->at < l->end && strchr(" \t\r", *l->at)) l->at++;
        while (l->end > l->at && strchr(" \t\r", l->end[-1])) l->end--;
        if (l->at < l->end && *l->at != '%' && *l->at != '#') return true;
    }
    return false;
}

/* The number at l->at, and past what separates it from the next. */
static af_status next_number(double *out, line *l, bool commas, const char *path)
{
    char token[TOKEN] = "", *stop;
    size_t n;
    *out = NAN;
    const char *from = l->at;
    while (l->at < l->end && !strchr(commas ? "," : " \t", *l->at)) l->at++;
    n = (size_t)(l->at - from);
    if (n && n < TOKEN) {
        memcpy(token, from, n);
        token[n] = '\0';
        *out = strtod(token, &stop);
        if (*stop || stop != token + n) n = 0;
    }
    if (!n || n >= TOKEN || !isfinite(*out) || strpbrk(token, "xXnN"))
        return af_fail(AF_EFORMAT, "%s:%d: \"%.*s\" is not a finite number", path, l->number,
                       (int)(l->at - from < TOKEN ? l->at - from : TOKEN), from);
    if (commas && l->at < l->end) l->at++;
    while (l->at < l->end && strchr(" \t", *l->at)) l->at++;
    return AF_OK;
}

static af_status read_series(af_ucr *u, line *l, bool commas, const char *path)
{
    float *x = u->x + u->count * (size_t)u->length;
    double value;
    if (!commas) AF_TRY(next_number(&u->label[u->count], l, commas, path));
    for (int i = 0; i < u->length; i++) {
        if (l->at == l->end)
            return af_fail(AF_EFORMAT, "%s:%d: %d values, want %d and a class", path, l->number, i,
                           u->length);
        AF_TRY(next_number(&value, l, commas, path));
        x[i] = (float)value;
        if (!isfinite(x[i]))
            return af_fail(AF_EFORMAT, "%s:%d: %g is too large a number", path, l->number, value);
    }
    if (commas && l->at == l->end)
        return af_fail(AF_EFORMAT, "%s:%d: no class after %d values", path, l->number, u->length);
    if (commas) AF_TRY(next_number(&u->label[u->count], l, commas, path));
    if (l->at < l->end)
        return af_fail(AF_EFORMAT, "%s:%d: more than %d values and a class", path, l->number,
                       u->length);
    u->count++;
    return AF_OK;
}

static bool is_data(const line *l)
{
    return l->end - l->at == 5 && !strncasecmp(l->at, "@data", 5);
}

/* out->length is set. */
static af_status parse_ts(af_ucr *out, const char *text, size_t size, const char *path)
{
    af_ts t;
    char label[AF_TS_LABEL], *stop;
    AF_TRY(af_ts_open(&t, text, size, path, true));
    if (t.channels != 1 || t.length != out->length)
        return af_fail(AF_EFORMAT, "%s: series of %lld x %lld values, want 1 x %d and a class",
                       path, (long long)t.channels, (long long)t.length, out->length);
    out->label = af_calloc((size_t)t.n, sizeof *out->label);
    out->x = af_calloc((size_t)t.n, (size_t)t.length * sizeof *out->x);
    af_status st = out->label && out->x ? AF_OK : AF_ENOMEM;
    while (st == AF_OK && (int64_t)out->count < t.n) {
        st = af_ts_next(&t, out->x + out->count * (size_t)t.length, label);
        double *value = &out->label[out->count++];
        if (st == AF_OK) *value = strtod(label, &stop);
        if (st == AF_OK && (*stop || !isfinite(*value)))
            st = af_fail(AF_EFORMAT, "%s:%lld: class \"%s\" is not a finite number", path,
                         (long long)t.line, label);
    }
    if (st != AF_OK) af_ucr_free(out);
    return st;
}

af_status af_ucr_parse(af_ucr *out, const char *text, size_t size, int length, const char *path)
{
    const bool commas = af_path_ends(path, ".arff");
    bool data = !commas;
    const char *rest = text, *end = text + size;
    *out = (af_ucr){.length = length};
    size_t lines = 1;
    line l = {0};
    af_status st = AF_OK;
    if (af_path_ends(path, ".ts")) return parse_ts(out, text, size, path);
    if (memchr(text, '\0', size)) return af_fail(AF_EFORMAT, "%s: no text file", path);
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    /* no line can hold a series in fewer bytes than this, so memory is bounded by the file */
    size_t most = size / ((size_t)length * 2) + 1;
    if (lines < most) most = lines;
    out->label = af_calloc(most, sizeof *out->label);
    out->x = af_calloc(most, (size_t)length * sizeof *out->x);
    if (!out->label || !out->x) st = AF_ENOMEM;
    while (st == AF_OK && !data && next_line(&l, &rest, end)) {
        data = is_data(&l);
        if (*l.at != '@') st = af_fail(AF_EFORMAT, "%s:%d: no @ line before @data", path, l.number);
    }
    while (st == AF_OK && next_line(&l, &rest, end)) st = read_series(out, &l, commas, path);
    if (st == AF_OK && !out->count) st = af_fail(AF_EFORMAT, "%s: no series in it", path);
    if (st != AF_OK) af_ucr_free(out);
    return st;
}

void af_ucr_free(af_ucr *u)
{
    af_free(u->label);
    af_free(u->x);
    *u = (af_ucr){0};
}
