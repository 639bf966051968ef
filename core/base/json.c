/* JSON files and typed members on top of jansson. Duplicate keys are refused; doubles that must
 * survive exactly travel as hexadecimal strings, which also carry infinities and NaN (of a NaN only
 * the sign survives). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/jsonl.h"

static const size_t MAX_SIZE = (size_t)256 << 20;

af_status af_json_load(json_t **out, const char *path)
{
    char *text;
    size_t size;
    json_error_t error;
    AF_TRY(af_file_read(&text, &size, path, MAX_SIZE));
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    af_free(text);
    if (!value)
        return af_fail(AF_EFORMAT, "%s:%d:%d: not valid JSON: %s; correct the file or remove it",
                       path, error.line, error.column, error.text);
    *out = value;
    return AF_OK;
}

af_status af_json_save(const json_t *value, const char *path)
{
    const size_t flags = JSON_INDENT(2) | JSON_SORT_KEYS;
    size_t size = json_dumpb(value, NULL, 0, flags);
    if (!size) return af_fail(AF_EINTERNAL, "%s: this value cannot be written as JSON", path);
    char *text = af_alloc(size + 1);
    if (!text) return AF_ENOMEM;
    json_dumpb(value, text, size, flags);
    text[size] = '\n';
    af_status st = af_file_write(path, text, size + 1);
    af_free(text);
    return st;
}

static const char *kind_of(const json_t *value)
{
    static const char *const kinds[] = {
        [JSON_OBJECT] = "an object",   [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
        [JSON_INTEGER] = "an integer", [JSON_REAL] = "a real",    [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",        [JSON_NULL] = "null",
    };
    return kinds[json_typeof(value)];
}

static af_status mismatch(const json_t *object, const char *key, const char *want)
{
    const json_t *value = json_object_get(object, key);
    if (value) return af_fail(AF_EFORMAT, "field '%s' is %s, want %s", key, kind_of(value), want);
    if (json_is_object(object))
        return af_fail(AF_EFORMAT, "field '%s' missing, want %s", key, want);
    return af_fail(AF_EFORMAT, "%s where an object with the field '%s' was expected",
                   object ? kind_of(object) : "nothing", key);
}

af_status af_json_int(int64_t *out, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value)) return mismatch(object, key, "an integer");
    *out = json_integer_value(value);
    return AF_OK;
}

af_status af_json_real(double *out, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value)) return mismatch(object, key, "a number");
    *out = json_number_value(value);
    return AF_OK;
}

af_status af_json_str(const char **out, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) return mismatch(object, key, "a string");
    *out = json_string_value(value);
    return AF_OK;
}

json_t *af_json_bits(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%a", value);
    return json_string(text);
}

af_status af_json_from_bits(double *out, const json_t *object, const char *key)
{
    static const char want[] = "a hexadecimal double such as \"0x1.8p+1\"";
    const char *text = json_string_value(json_object_get(object, key));
    if (!text) return mismatch(object, key, want);
    char *end;
    const char *digits = text + (*text == '-');
    bool hex = digits[0] == '0' && digits[1] == 'x';
    bool special = !strcmp(digits, "inf") || !strcmp(digits, "nan");
    double value = strtod(text, &end);
    if ((!hex && !special) || *end || (hex && isinf(value)))
        return af_fail(AF_EFORMAT, "field '%s' is \"%.40s\", want %s", key, text, want);
    *out = value;
    return AF_OK;
}

json_t *af_json_text(const char *text)
{
    json_t *whole = json_string(text);
    if (whole) return whole;
    char *ascii = af_strdup(text);
    for (char *c = ascii; c && *c; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    whole = ascii ? json_string(ascii) : NULL;
    af_free(ascii);
    return whole;
}
