/* One pass to measure, one to read. */
#include "data-prep/formats/ts.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { VALUE = 64, SHOWN = 40 };

static bool says(const char *line, const char *end, const char *word)
{
    const size_t n = strlen(word);
    return (size_t)(end - line) >= n && !strncasecmp(line, word, n);
}

static const char *line_end(const char *p, const char *end)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    return newline ? newline : end;
}

/* False: no @data, before line t->line that is of something else, or at all. */
static bool read_header(af_ts *t, bool *timed, const char *text, size_t size)
{
    t->end = text + size;
    t->line = 0;
    for (t->at = text; t->at < t->end;) {
        const char *p = t->at, *stop = line_end(p, t->end);
        t->line++;
        if (*p != '@' && *p != '#' && *p != '\r' && *p != '\n') return false;
        t->at = stop < t->end ? stop + 1 : t->end;
        t->labelled |= says(p, stop, "@classLabel true");
        *timed |= says(p, stop, "@timestamps true");
        if (says(p, stop, "@data")) return true;
    }
    return false;
}

bool af_ts_is(const char *text, size_t size)
{
    af_ts t = {0};
    bool timed = false;
    return size && (*text == '@' || *text == '#') && read_header(&t, &timed, text, size);
}

static af_status wrong(const af_ts *t, const char *what)
{
    return af_fail(AF_EFORMAT, "%s:%lld: %s", t->path, (long long)t->line, what);
}

/* The next sample's line without its end; NULL: there is none. */
static const char *next_line(af_ts *t, const char **stop)
{
    while (t->at < t->end) {
        const char *p = t->at;
        *stop = line_end(p, t->end);
        t->at = *stop < t->end ? *stop + 1 : t->end;
        t->line++;
        while (*stop > p && strchr(" \t\r", (*stop)[-1])) --*stop;
        if (*stop > p && *p != '#') return p;
    }
    return NULL;
}

/* Moves *stop before the label. */
static af_status take_label(const af_ts *t, const char *p, const char **stop,
                            char label[AF_TS_LABEL])
{
    const char *colon = *stop;
    memset(label, 0, AF_TS_LABEL);
    if (!t->labelled) return AF_OK;
    while (colon > p && colon[-1] != ':') colon--;
    if (colon == p || *stop == colon) return wrong(t, "no class label at its end");
    if (*stop - colon >= AF_TS_LABEL) return wrong(t, "a label of more than 63 bytes");
    memcpy(label, colon, (size_t)(*stop - colon));
    *stop = colon - 1;
    return AF_OK;
}

/* The value at *p, which moves behind it. */
static af_status take_value(const af_ts *t, float *out, const char **p, const char *end)
{
    char text[VALUE], *rest;
    const char *from = *p;
    while (*p < end && **p != ',' && **p != ':') ++*p;
    const size_t n = (size_t)(*p - from);
    snprintf(text, sizeof text, "%.*s", (int)(n < VALUE ? n : VALUE - 1), from);
    *out = (float)strtod(text, &rest);
    if (n < VALUE && rest != text && !rest[strspn(rest, " \t")] && !strpbrk(text, "xX") &&
        isfinite(*out))
        return AF_OK;
    return af_fail(AF_EFORMAT, "%s:%lld: '%.*s', want a finite number", t->path, (long long)t->line,
                   SHOWN, text);
}

/* Takes a sample apart: values go to `out` (NULL: only counted), the label to `label`. */
static af_status take_sample(af_ts *t, const char *p, const char *end, float *out,
                             char label[AF_TS_LABEL])
{
    int64_t channel = 0, w = 0;
    AF_TRY(take_label(t, p, &end, label));
    for (bool more = true; more;) {
        float v;
        AF_TRY(take_value(t, &v, &p, end));
        w++;
        if (out) *out++ = v;
        more = p < end;
        if (!more || *p == ':') {
            if (!t->length) t->length = w;
            if (w != t->length) return wrong(t, "series of another length; want all equally long");
            channel++;
            w = 0;
        }
        if (more && ++p == end) return wrong(t, "no value at its end");
    }
    if (!t->channels) t->channels = channel;
    return channel == t->channels ? AF_OK : wrong(t, "another number of channels than before");
}

static af_status measure(af_ts *t)
{
    char label[AF_TS_LABEL];
    const char *stop;
    const af_ts start = *t;
    for (const char *p; (p = next_line(t, &stop)); t->n++)
        AF_TRY(take_sample(t, p, stop, NULL, label));
    t->at = start.at;
    t->line = start.line;
    return t->n ? AF_OK : af_fail(AF_EFORMAT, "%s: no samples below @data", t->path);
}

af_status af_ts_open(af_ts *out, const char *text, size_t size, const char *path, bool labelled)
{
    bool timed = false;
    *out = (af_ts){.path = path, .labelled = labelled};
    if (size && memchr(text, '\0', size)) return af_fail(AF_EFORMAT, "%s: no text file", path);
    if (!read_header(out, &timed, text, size))
        return out->at < out->end ? wrong(out, "no @ line before @data")
                                  : af_fail(AF_EFORMAT, "%s: no @data line", path);
    if (timed) return af_fail(AF_EUNSUPPORTED, "%s: has time stamps; write the values alone", path);
    return measure(out);
}

af_status af_ts_next(af_ts *t, float *values, char label[AF_TS_LABEL])
{
    const char *stop, *p = next_line(t, &stop);
    if (!p) return af_fail(AF_EINTERNAL, "%s: no sample is left", t->path);
    return take_sample(t, p, stop, values, label);
}
