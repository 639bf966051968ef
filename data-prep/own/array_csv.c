/* Tables as text: RFC 4180 with any one-character separator. A line is a sample; empty lines are
 * skipped; every other line has as many fields as the first one. Columns are named by the header or
 * by number, from 1 on; "5-9" is a range. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "data-prep/own/array.h"

enum { FIELD = 256, SHOWN = 40, MAX_COLUMNS = 1 << 20 };

typedef struct table {
    const char *at, *end, *path;
    char separator;
    int64_t line; /* of `at`, from 1 on */
    const af_own_source *source;
    int columns;     /* of a line */
    int *chosen;     /* which are read, in this order */
    int count, room; /* of chosen */
    bool one;        /* a single column was asked for, or there is only one */
    int64_t rows;    /* without the header */
    bool headed;
} table;

static af_status wrong(const table *t, const char *what)
{
    return af_fail(AF_EFORMAT, "%s:%lld: %s", t->path, (long long)t->line, what);
}

/* One field; *last: it ends its line. */
static af_status take_field(table *t, char field[FIELD], bool *last)
{
    size_t n = 0;
    bool quoted = t->at < t->end && *t->at == '"';
    if (quoted) t->at++;
    for (;; t->at++) {
        const char c = t->at < t->end ? *t->at : '\n';
        if (quoted && c == '"' && t->at + 1 < t->end && t->at[1] == '"')
            t->at++; /* a doubled quote */
        else if (quoted && c == '"') {
            t->at++;
            break;
        } else if (quoted && (t->at >= t->end || c == '\n'))
            return wrong(t, "a quote that does not end");
        else if (!quoted && (c == t->separator || c == '\n' || c == '\r'))
            break;
        if (c == '\0') return wrong(t, "a NUL byte; want a text");
        if (n == FIELD - 1) return wrong(t, "a field of more than 255 bytes; want a table");
        field[n++] = c;
    }
    field[n] = '\0';
    if (t->at < t->end && *t->at == '\r') t->at++;
    *last = t->at >= t->end || *t->at == '\n';
    if (!*last && *t->at != t->separator) return wrong(t, "something after a closing quote");
    if (t->at < t->end) t->at++;
    t->line += *last;
    return AF_OK;
}

static void skip_empty(table *t)
{
    for (; t->at < t->end; t->line++) {
        const char *p = t->at;
        if (p < t->end && *p == '\r') p++;
        if (p < t->end && *p != '\n') return;
        t->at = p < t->end ? p + 1 : p;
    }
}

static bool number(const char *text, double *v)
{
    char *end;
    *v = strtod(text, &end);
    end += strspn(end, " ");
    return end != text && !*end;
}

/* Goes over a line: its fields, and whether one of them is a number. */
static af_status look(table *t, int *fields, bool *numbers)
{
    char field[FIELD];
    double v;
    *fields = 0;
    *numbers = false;
    skip_empty(t);
    for (bool last = t->at >= t->end; !last; ++*fields) {
        if (*fields == MAX_COLUMNS) return wrong(t, "too many columns");
        AF_TRY(take_field(t, field, &last));
        *numbers |= number(field, &v);
    }
    return AF_OK;
}

/* Whether a column is asked for by a name that is no number, which only a header can have. */
static bool asks_by_name(const af_yaml_node *columns)
{
    if (!columns) return false;
    if (columns->kind == AF_YAML_TEXT) return *columns->text < '0' || *columns->text > '9';
    for (const af_yaml_node *n = columns->first; n; n = n->next)
        if (n->kind == AF_YAML_TEXT && asks_by_name(n)) return true;
    return false;
}

/* Counts fields, and decides whether the first line is a header: unless told, it is when it has no
 * number, and the second line has one or columns are asked for by name. */
static af_status measure(table *t)
{
    table ahead = *t;
    int fields;
    bool first, second;
    AF_TRY(look(&ahead, &t->columns, &first));
    if (!t->columns) return af_fail(AF_EFORMAT, "%s: empty", t->path);
    AF_TRY(look(&ahead, &fields, &second));
    const bool guess = !first && (second || asks_by_name(t->source->columns));
    t->headed = t->source->header == 2 ? guess : t->source->header == 1;
    skip_empty(t);
    return AF_OK;
}

/* ---- which columns ---- */

/* 1 + the index of a name in the header; 0: none. */
static int find_name(table header, const char *name)
{
    char field[FIELD];
    bool last = false;
    for (int k = 1; !last && header.headed; k++) {
        if (take_field(&header, field, &last) != AF_OK) return 0;
        if (!strcmp(field, name)) return k;
    }
    return 0;
}

static af_status push(table *t, int column, const af_yaml_node *n)
{
    if (t->count == MAX_COLUMNS) return af_yaml_fail(n, "too many columns");
    if (t->count == t->room) {
        const int room = t->room ? 2 * t->room : 64;
        int *moved = af_realloc(t->chosen, (size_t)room * sizeof *moved);
        if (!moved) return AF_ENOMEM;
        t->chosen = moved;
        t->room = room;
    }
    t->chosen[t->count++] = column;
    return AF_OK;
}

static af_status choose_one(table *t, const af_yaml_node *n)
{
    int first, last, used = 0;
    if (n->kind != AF_YAML_TEXT) return af_yaml_fail(n, "want names or numbers of columns");
    const int named = find_name(*t, n->text);
    if (named)
        first = last = named;
    else if (sscanf(n->text, "%7d-%7d%n", &first, &last, &used) == 2 && used && !n->text[used])
        ;
    else if (sscanf(n->text, "%7d%n", &first, &used) == 1 && !n->text[used])
        last = first;
    else
        return af_yaml_fail(n, "no column '%.*s' in %s; want a name%s, a number or 5-9", SHOWN,
                            n->text, t->path,
                            t->headed ? " of its first line" : " (it has no header)");
    if (first < 1 || last < first || last > t->columns)
        return af_yaml_fail(n, "'%.*s', but %s has columns 1 to %d", SHOWN, n->text, t->path,
                            t->columns);
    for (int k = first; k <= last; k++) AF_TRY(push(t, k - 1, n));
    return AF_OK;
}

static af_status choose(table *t)
{
    const af_yaml_node *list = t->source->columns;
    if (!list)
        for (int k = 0; k < t->columns; k++) AF_TRY(push(t, k, t->source->at));
    else if (list->kind == AF_YAML_TEXT)
        AF_TRY(choose_one(t, list));
    else
        for (const af_yaml_node *n = list->first; n; n = n->next) AF_TRY(choose_one(t, n));
    t->one = t->count == 1;
    return t->count ? AF_OK : af_yaml_fail(list, "no columns");
}

/* ---- values ---- */

/* Counts lines; each has its fields. */
static af_status count_rows(table t, int64_t *rows)
{
    char field[FIELD];
    *rows = -(int64_t)t.headed;
    for (skip_empty(&t); t.at < t.end; skip_empty(&t), ++*rows) {
        bool last = false;
        int fields = 0;
        const int64_t line = t.line;
        for (; !last; fields++) AF_TRY(take_field(&t, field, &last));
        if (fields != t.columns)
            return af_fail(AF_EFORMAT, "%s:%lld: %d fields, want %d as in the first line", t.path,
                           (long long)line, fields, t.columns);
    }
    return *rows > 0 ? AF_OK : af_fail(AF_EFORMAT, "%s: no lines below its header", t.path);
}

static af_status store(const table *t, af_own_array *out, int64_t i, const char *field, int column)
{
    double v;
    if (out->type == AF_OWN_TEXT) {
        if (strlen(field) >= AF_ID_MAX) return wrong(t, "a text of more than 63 bytes");
        memcpy((char *)out->data + i * AF_ID_MAX, field, strlen(field));
        return AF_OK;
    }
    const bool plain = number(field, &v);
    if (!plain || !isfinite(out->type == AF_OWN_FLOAT32 ? (double)(float)v : v))
        return af_fail(AF_EFORMAT, "%s:%lld: '%.*s' in column %d, want a finite number", t->path,
                       (long long)t->line, SHOWN, field, column + 1);
    if (out->type == AF_OWN_FLOAT32)
        ((float *)out->data)[i] = (float)v;
    else
        ((double *)out->data)[i] = v;
    return AF_OK;
}

static af_status fill(table t, af_own_array *out, char *fields)
{
    int64_t at = 0, row = -(int64_t)t.headed;
    for (skip_empty(&t); t.at < t.end; skip_empty(&t), row++) {
        const int64_t line = t.line;
        bool last = false;
        for (int k = 0; !last; k++) AF_TRY(take_field(&t, fields + (size_t)k * FIELD, &last));
        const int64_t next = t.line;
        t.line = line; /* for messages */
        for (int k = 0; k < t.count && row >= 0; k++)
            AF_TRY(store(&t, out, at++, fields + (size_t)t.chosen[k] * FIELD, t.chosen[k]));
        t.line = next;
    }
    return AF_OK;
}

static af_status read_table(table *t, af_own_array *out, size_t size, af_own_use use)
{
    const int rank = t->one ? 1 : 2;
    const int64_t shape[2] = {t->rows, t->count};
    char *fields = af_calloc((size_t)t->columns, FIELD);
    af_own_type type = use == AF_OWN_VALUES ? AF_OWN_FLOAT32 : AF_OWN_DOUBLE;
    af_status st = fields ? AF_OK : AF_ENOMEM;
    if (st == AF_OK) st = af_own_array_new(out, type, rank, shape, UINT64_MAX, t->path);
    if (st == AF_OK) st = fill(*t, out, fields);
    if (st == AF_EFORMAT && use == AF_OWN_CODES && t->one) { /* not all are numbers: texts */
        af_own_array_close(out);
        st = af_own_array_new(out, AF_OWN_TEXT, 1, shape, (uint64_t)size * AF_ID_MAX, t->path);
        if (st == AF_OK) st = fill(*t, out, fields);
    }
    af_free(fields);
    return st;
}

af_status af_own_read_csv(af_own_array *out, const char *text, size_t size, const char *path,
                          const af_own_source *s, af_own_use use)
{
    const char *dot = strrchr(path, '.');
    table t = {.at = text, .end = text + size, .path = path, .line = 1, .source = s};
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) t.at += 3; /* byte order mark */
    t.separator = s->separator ? *s->separator : dot && !strncmp(dot, ".tsv", 4) ? '\t' : ',';
    af_status st;
    AF_GOTO(st, done, measure(&t));
    AF_GOTO(st, done, choose(&t));
    AF_GOTO(st, done, count_rows(t, &t.rows));
    st = read_table(&t, out, size, use);
done:
    af_free(t.chosen);
    return st;
}
