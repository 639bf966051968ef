/* The header is a Python literal, {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }; only
 * this form is understood, keys in any order. Every size is checked against the bytes that are
 * there before anything is believed. */
#include "data-prep/formats/npy.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAGIC = 6, FIXED = 8, MOST_DIGITS = 18, SHOWN = 24 };

/* ---- the literal ---- */

typedef struct text {
    const char *at, *end;
} text;

static void skip_blanks(text *t)
{
    while (t->at < t->end && strchr(" \t\n\r", *t->at) && *t->at) t->at++;
}

static bool take(text *t, char c)
{
    skip_blanks(t);
    if (t->at == t->end || *t->at != c) return false;
    t->at++;
    return true;
}

static bool take_word(text *t, const char *word)
{
    size_t n = strlen(word);
    skip_blanks(t);
    if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n) != 0) return false;
    t->at += n;
    return true;
}

/* A text in quotes without escapes. */
static bool take_string(text *t, text *out)
{
    skip_blanks(t);
    char quote = t->at < t->end ? *t->at : 0;
    if (quote != '\'' && quote != '"') return false;
    const char *stop = memchr(t->at + 1, quote, (size_t)(t->end - t->at - 1));
    if (!stop) return false;
    *out = (text){t->at + 1, stop};
    t->at = stop + 1;
    return true;
}

static bool says(const text *t, const char *word)
{
    size_t n = (size_t)(t->end - t->at);
    return n == strlen(word) && !memcmp(t->at, word, n);
}

static bool take_extent(text *t, size_t *out)
{
    int digits = 0;
    size_t value = 0;
    skip_blanks(t);
    for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++) {
        if (++digits > MOST_DIGITS) return false;
        value = 10 * value + (size_t)(*t->at - '0');
    }
    if (digits && t->at < t->end && *t->at == 'L') t->at++; /* as Python 2 wrote it */
    *out = value;
    return digits > 0;
}

static af_status take_shape(text *t, af_pickle_array *a)
{
    if (!take(t, '(')) return af_fail(AF_EFORMAT, "'shape' is no tuple");
    a->rank = 0;
    a->count = 1;
    while (!take(t, ')')) {
        size_t extent;
        if (a->rank == AF_PICKLE_RANK)
            return af_fail(AF_EFORMAT, "more than %d axes", AF_PICKLE_RANK);
        if (!take_extent(t, &extent) || (!take(t, ',') && (t->at == t->end || *t->at != ')')))
            return af_fail(AF_EFORMAT, "axis %d of 'shape' is no extent", a->rank);
        if (extent && a->count > (size_t)PTRDIFF_MAX / extent)
            return af_fail(AF_EFORMAT, "impossible extent %zu of axis %d", extent, a->rank);
        a->shape[a->rank++] = extent;
        a->count *= extent;
    }
    return AF_OK;
}

static af_status take_dtype(text *t, af_pickle_array *a)
{
    text descr;
    skip_blanks(t);
    if (t->at < t->end && *t->at == '[')
        return af_fail(AF_EFORMAT, "an array with fields; save each field as an array of its own");
    if (!take_string(t, &descr)) return af_fail(AF_EFORMAT, "'descr' is no text");
    const char *type = descr.at;
    size_t size = (size_t)(descr.end - descr.at);
    char order = size ? *type : 0;
    if (order && strchr("<>|=", order)) type++, size--;
    bool object = size == 1 && *type == 'O'; /* has no width here */
    if (!af_pickle_parse_dtype(&a->dtype, object ? "O8" : type, object ? 2 : size)) {
        char shown[SHOWN];
        size_t n = 0;
        for (; n < size && n < SHOWN - 1; n++)
            shown[n] = type[n] > ' ' && type[n] <= '~' ? type[n] : '?';
        shown[n] = '\0';
        return af_fail(AF_EFORMAT,
                       "elements of type '%s'; want b1, i1 to i8, u1 to u8, f2 to f8, O, or S or "
                       "U with a width: convert with astype and save again",
                       shown);
    }
    a->dtype.big_endian = order == '>';
    return AF_OK;
}

enum { DESCR, FORTRAN, SHAPE, KEYS };
static const char *const keys[KEYS] = {"descr", "fortran_order", "shape"};

static af_status take_value(text *t, af_pickle_array *a, int key)
{
    if (key == DESCR) return take_dtype(t, a);
    if (key == SHAPE) return take_shape(t, a);
    a->fortran = take_word(t, "True");
    if (a->fortran || take_word(t, "False")) return AF_OK;
    return af_fail(AF_EFORMAT, "'fortran_order' is neither True nor False");
}

static af_status read_literal(af_pickle_array *a, text t)
{
    bool seen[KEYS] = {0};
    if (!take(&t, '{')) return af_fail(AF_EFORMAT, "no {");
    while (!take(&t, '}')) {
        text name;
        int key = 0;
        if (!take_string(&t, &name) || !take(&t, ':'))
            return af_fail(AF_EFORMAT, "no key where one is due");
        while (key < KEYS && !says(&name, keys[key])) key++;
        if (key == KEYS || seen[key])
            return af_fail(AF_EFORMAT, "%s key", key == KEYS ? "an unknown" : "twice the same");
        seen[key] = true;
        AF_TRY(take_value(&t, a, key));
        if (!take(&t, ',') && (t.at == t.end || *t.at != '}'))
            return af_fail(AF_EFORMAT, "no comma after '%s'", keys[key]);
    }
    skip_blanks(&t);
    if (t.at != t.end) return af_fail(AF_EFORMAT, "more after the }");
    for (int k = 0; k < KEYS; k++)
        if (!seen[k]) return af_fail(AF_EFORMAT, "no '%s'", keys[k]);
    return AF_OK;
}

/* ---- the file ---- */

/* *start: where the elements begin. */
static af_status read_header(af_pickle_array *a, size_t *start, const uint8_t *data, size_t size)
{
    if (size < FIXED + 2 || memcmp(data, "\x93NUMPY", MAGIC) != 0)
        return af_fail(AF_EFORMAT, "no .npy file: it does not begin with \\x93NUMPY");
    int version = data[MAGIC], width = version == 1 ? 2 : 4;
    if (version < 1 || version > 3)
        return af_fail(AF_EFORMAT, ".npy version %d, want 1 to 3", version);
    size_t length = 0, fixed = (size_t)(FIXED + width);
    for (int b = 0; b < width && FIXED + (size_t)b < size; b++)
        length |= (size_t)data[FIXED + b] << 8 * b;
    if (size < fixed || length > size - fixed)
        return af_fail(AF_EFORMAT, "a header of %zu bytes in a file of %zu; get it again", length,
                       size);
    *start = fixed + length;
    const char *from = (const char *)data + fixed;
    af_status st = read_literal(a, (text){from, from + length});
    return st == AF_OK ? st : af_prefix(st, "header");
}

static af_status read_objects(af_npy *out, const uint8_t *data, size_t size, const char *name)
{
    af_status st = af_pickle_parse(&out->objects, data, size, name);
    if (st != AF_OK) return st;
    const af_pickle_value *root = af_pickle_root(out->objects);
    const af_pickle_array *a = root->kind == AF_PICKLE_ARRAY ? root->array : NULL;
    if (!a || !a->items || a->count != out->array.count)
        return af_fail(AF_EFORMAT, "%s: no array of %zu objects in its pickle; it is damaged", name,
                       out->array.count);
    out->array.items = a->items;
    return AF_OK;
}

static af_status parse(af_npy *out, const uint8_t *data, size_t size, const char *name)
{
    af_pickle_array *a = &out->array;
    size_t start = 0;
    af_status st = read_header(a, &start, data, size);
    if (st != AF_OK) return af_prefix(st, "%s", name);
    if (a->dtype.kind == 'O') return read_objects(out, data + start, size - start, name);
    size_t width = (size_t)a->dtype.width, have = size - start;
    if (have % width || have / width != a->count)
        return af_fail(AF_EFORMAT,
                       "%s: %zu bytes of elements, want %zu of %zu each; it is cut short or "
                       "damaged, get it again",
                       name, have, a->count, width);
    a->data = data + start;
    return AF_OK;
}

af_status af_npy_parse(af_npy *out, const void *data, size_t size, const char *name)
{
    *out = (af_npy){0};
    af_status st = parse(out, data, size, name);
    if (st != AF_OK) af_npy_close(out);
    return st;
}

af_status af_npy_header(af_pickle_array *out, const void *data, size_t size, const char *name)
{
    size_t start;
    *out = (af_pickle_array){0};
    af_status st = read_header(out, &start, data, size);
    return st == AF_OK ? st : af_prefix(st, "%s", name);
}

void af_npy_close(af_npy *f)
{
    if (f->objects) af_pickle_free(f->objects);
    *f = (af_npy){0};
}

/* ---- looking ---- */

const char *af_npy_shape_text(char out[AF_NPY_SHAPE_TEXT], const af_pickle_array *a)
{
    static const struct {
        char kind;
        const char *name;
    } names[] = {{'b', "bool"},   {'i', "int"},   {'u', "uint"}, {'f', "float"},
                 {'O', "object"}, {'S', "bytes"}, {'U', "text"}};
    const char *name = "";
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (names[k].kind == a->dtype.kind) name = names[k].name;
    bool sized = strchr("iuf", a->dtype.kind);
    int n = sized ? snprintf(out, AF_NPY_SHAPE_TEXT, "%s%d {", name, 8 * a->dtype.width)
                  : snprintf(out, AF_NPY_SHAPE_TEXT, "%s {", name);
    for (int d = 0; d < a->rank; d++)
        n += snprintf(out + n, (size_t)(AF_NPY_SHAPE_TEXT - n), d ? ", %zu" : "%zu", a->shape[d]);
    snprintf(out + n, (size_t)(AF_NPY_SHAPE_TEXT - n), "}");
    return out;
}

af_status af_npy_floats(float *out, const af_pickle_array *a, size_t first, size_t count,
                        const char *name)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = (float)af_pickle_element(a, first + i);
        if (!isfinite(out[i]))
            return af_fail(AF_EFORMAT, "%s: element %zu is not a finite number", name, first + i);
    }
    return AF_OK;
}
