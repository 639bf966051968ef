/* Numbers and texts that pickles spell out: the lines of protocol 0, and bytes that Python 3 writes
 * under old protocols as text in Latin-1. */
#include <stdlib.h>
#include <string.h>
#include "data-prep/formats/pickle_machine.h"

enum { LONGEST_NUMBER = 64 };

static af_status copy_number(char text[LONGEST_NUMBER], const af_pickle_operand *line)
{
    static const char allowed[] = "+-0123456789.eEinfINFatyAN";
    if (!line->size || line->size >= LONGEST_NUMBER)
        return af_fail(AF_EFORMAT, "a number of %zu characters, want 1 to %d", line->size,
                       LONGEST_NUMBER - 1);
    memcpy(text, line->data, line->size);
    text[line->size] = '\0';
    if (strlen(text) != line->size || strspn(text, allowed) != line->size)
        return af_fail(AF_EFORMAT, "not a number in decimal digits");
    return AF_OK;
}

af_status af_pickle_integer(int64_t *out, const af_pickle_operand *line)
{
    char text[LONGEST_NUMBER], *end;
    af_pickle_operand digits = *line;
    if (digits.size && digits.data[digits.size - 1] == 'L') digits.size--;
    AF_TRY(copy_number(text, &digits));
    size_t sign = *text == '-' || *text == '+', length = strlen(text);
    if (length - sign > 18 || strspn(text + sign, "0123456789") != length - sign)
        return af_fail(AF_EFORMAT, "not an integer of at most 18 digits");
    *out = strtoll(text, &end, 10);
    return end == text + length && length > sign ? AF_OK : af_fail(AF_EFORMAT, "not an integer");
}

af_status af_pickle_real(double *out, const af_pickle_operand *line)
{
    char text[LONGEST_NUMBER], *end;
    AF_TRY(copy_number(text, line));
    *out = strtod(text, &end);
    return *end ? af_fail(AF_EFORMAT, "not a number") : AF_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads `digits` hexadecimal digits at from[at]; -1: they are not there. */
static int64_t hex_at(const af_pickle_operand *from, size_t at, int digits)
{
    int64_t value = 0;
    if (from->size - at < (size_t)digits) return -1;
    for (int i = 0; i < digits; i++) {
        int d = hex_digit(from->data[at + (size_t)i]);
        if (d < 0) return -1;
        value = value * 16 + d;
    }
    return value;
}

/* What Python's repr of a byte string has after a backslash. */
static int simple_escape(char c)
{
    static const char names[] = "abfnrtv\\'\"", values[] = "\a\b\f\n\r\t\v\\'\"";
    const char *at = c ? strchr(names, c) : NULL;
    return at ? (unsigned char)values[at - names] : -1;
}

af_status af_pickle_quoted(af_pickle_value *out, af_pickle_machine *m,
                           const af_pickle_operand *line)
{
    const char *from = line->data;
    size_t last = line->size - 1, n = 0;
    if (line->size < 2 || (*from != '\'' && *from != '"') || from[last] != *from)
        return af_fail(AF_EFORMAT, "want a text in quotes");
    void *room;
    AF_TRY(af_pickle_take(&room, m, line->size));
    char *to = room;
    const af_pickle_operand inside = {.data = from, .size = last};
    for (size_t i = 1; i < last; n++) {
        if (from[i] != '\\') {
            to[n] = from[i++];
            continue;
        }
        bool hex = i + 1 < last && from[i + 1] == 'x';
        int64_t byte = hex            ? hex_at(&inside, i + 2, 2)
                       : i + 1 < last ? simple_escape(from[i + 1])
                                      : -1;
        if (byte < 0) return af_fail(AF_EFORMAT, "unknown escape after character %zu", i);
        to[n] = (char)byte;
        i += hex ? 4 : 2;
    }
    out->data = to;
    out->size = n;
    return AF_OK;
}

static size_t put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const int lead[] = {0, 0xc0, 0xe0, 0xf0};
    to[0] = (char)(lead[more] | (int)(c >> 6 * more));
    for (int i = 1; i <= more; i++) to[i] = (char)(0x80 | (int)(c >> 6 * (more - i) & 0x3f));
    return (size_t)more + 1;
}

/* Latin-1 in which only backslash-u and backslash-U are escapes. */
af_status af_pickle_escaped(af_pickle_value *out, af_pickle_machine *m,
                            const af_pickle_operand *line)
{
    void *room;
    AF_TRY(af_pickle_take(&room, m, 2 * line->size));
    char *to = room;
    size_t n = 0;
    for (size_t i = 0; i < line->size;) {
        char kind = line->data[i] == '\\' && i + 1 < line->size ? line->data[i + 1] : 0;
        int digits = kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
        int64_t c = digits ? hex_at(line, i + 2, digits) : (unsigned char)line->data[i];
        if (c < 0 || c > 0x10ffff)
            return af_fail(AF_EFORMAT, "unknown escape after character %zu", i);
        n += put_utf8(to + n, (uint32_t)c);
        i += digits ? (size_t)digits + 2 : 1;
    }
    out->data = to;
    out->size = n;
    return AF_OK;
}

af_status af_pickle_latin1(af_pickle_value *out, af_pickle_machine *m, const af_pickle_value *text)
{
    void *room;
    AF_TRY(af_pickle_take(&room, m, text->size));
    char *to = room;
    const unsigned char *from = (const unsigned char *)text->data;
    size_t n = 0;
    for (size_t i = 0; i < text->size; n++) {
        bool two = (from[i] == 0xc2 || from[i] == 0xc3) && i + 1 < text->size &&
                   (from[i + 1] & 0xc0) == 0x80;
        if (from[i] >= 0x80 && !two)
            return af_fail(AF_EFORMAT, "character %zu of the text is not Latin-1", n);
        to[n] = two ? (char)((from[i] & 3) << 6 | (from[i + 1] & 0x3f)) : (char)from[i];
        i += two ? 2 : 1;
    }
    out->data = to;
    out->size = n;
    return AF_OK;
}
