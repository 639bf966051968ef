/* Configurations as JSON: {"lr": 0.1, "optimiser": "sgd"}. Numbers are written with 17 digits, so a
 * configuration that is sent back is the same one. */
#include <math.h>
#include <string.h>
#include "searchers/exec/protocol.h"

const char *af_exec_shown(char out[AF_EXEC_SHOWN], const char *text)
{
    size_t n = 0;
    for (; text[n] && n < AF_EXEC_SHOWN - 1; n++) {
        unsigned char c = (unsigned char)text[n];
        out[n] = c < 0x20 || c == 0x7f ? '?' : text[n];
    }
    while (text[n] && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) n--; /* a cut character */
    out[n] = '\0';
    return out;
}

af_status af_exec_members(const json_t *object, const char *place, const char *const *known)
{
    char shown[AF_EXEC_SHOWN], list[512] = "";
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const char *const *k = known;
        while (*k && strcmp(*k, key)) k++;
        if (*k) continue;
        for (k = known; *k && strlen(list) < sizeof list - 1; k++) {
            size_t used = strlen(list);
            snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", *k);
        }
        const char *near = af_nearest(key, known);
        return af_fail(AF_EFORMAT, "%s: unknown '%s'%s%s%s; want %s%s", place,
                       af_exec_shown(shown, key), near ? ", did you mean '" : "", near ? near : "",
                       near ? "'?" : "", *list ? list : "none",
                       strlen(list) < sizeof list - 1 ? "" : " ...");
    }
    return AF_OK;
}

static json_t *value_json(const af_knob *k, double v)
{
    if (isnan(v)) return json_null();
    if (k->kind == AF_CATEGORICAL) return json_string(k->choices[(int)v]);
    return k->kind == AF_INTEGER ? json_integer((json_int_t)v) : json_real(v);
}

json_t *af_exec_config(const af_space *s, const af_config *c)
{
    json_t *out = json_object();
    for (int i = 0; out && i < s->count; i++) {
        if (json_object_set_new(out, s->knobs[i].name, value_json(&s->knobs[i], c->v[i])) == 0)
            continue;
        json_decref(out);
        return NULL;
    }
    return out;
}

static af_status read_category(const af_knob *k, double *out, const json_t *value)
{
    char shown[AF_EXEC_SHOWN], list[512] = "";
    const char *text = json_string_value(value);
    for (int i = 0; k->choices[i]; i++) {
        size_t used = strlen(list);
        *out = i;
        if (text && !strcmp(text, k->choices[i])) return AF_OK;
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", k->choices[i]);
    }
    const char *near = text ? af_nearest(text, k->choices) : NULL;
    return af_fail(AF_EFORMAT, "'%s' %s%s%s%s%s%s, want one of: %s", k->name,
                   text ? "has no choice '" : "is no text", text ? af_exec_shown(shown, text) : "",
                   text ? "'" : "", near ? ", did you mean '" : "", near ? near : "",
                   near ? "'?" : "", list);
}

static af_status read_value(const af_knob *k, double *out, const json_t *value)
{
    if (json_is_null(value) && isnan(k->def)) {
        *out = NAN;
        return AF_OK;
    }
    if (k->kind == AF_CATEGORICAL) return read_category(k, out, value);
    if (!json_is_number(value))
        return af_fail(AF_EFORMAT, "'%s' is no number, want %s from %.15g to %.15g%s", k->name,
                       k->kind == AF_INTEGER ? "a whole number" : "a number", k->low, k->high,
                       isnan(k->def) ? ", or null for the recipe's own" : "");
    *out = json_number_value(value);
    return AF_OK;
}

static af_status read_object(const af_space *s, af_config *out, const json_t *value)
{
    const char *names[AF_MAX_KNOBS + 1] = {NULL};
    for (int i = 0; i < s->count; i++) names[i] = s->knobs[i].name;
    AF_TRY(af_exec_members(value, "config", names));
    *out = af_space_default(s);
    for (int i = 0; i < s->count; i++) {
        const json_t *one = json_object_get(value, s->knobs[i].name);
        if (one) AF_TRY(read_value(&s->knobs[i], &out->v[i], one));
    }
    return af_space_check(s, out);
}

af_status af_exec_read_config(const af_space *s, af_config *out, const json_t *value)
{
    af_status st;
    if (json_is_string(value))
        st = af_space_parse(s, out, json_string_value(value));
    else if (json_is_object(value))
        st = read_object(s, out, value);
    else
        return af_fail(AF_EFORMAT,
                       "'config' is %s, want an object {parameter: value}, or a text "
                       "in the form of space %s",
                       value ? "neither object nor text" : "missing", s->name);
    return st == AF_EINVAL ? af_fail(AF_EFORMAT, "%s", af_error()) : st;
}
