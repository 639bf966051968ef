/* Time series as .ts text (the UEA & UCR archive, sktime): header lines that begin with # or @,
 * then after @data a line a sample: channels parted by colons, values by commas, last the class
 * label. The same file gives x, {N, C, W}, and y, the labels. Series of unequal length, missing
 * values (?) and time stamps are refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "data-prep/own/array.h"

enum { VALUE = 64, SHOWN = 40 };

typedef struct series {
    const char *path, *at, *end; /* at: behind @data */
    int64_t line;                /* of `at` */
    bool labelled, timed;
    int64_t n, channels, length;
} series;

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

/* False: no @data. */
static bool read_header(series *s, const char *text, size_t size)
{
    const char *end = text + size;
    s->end = end;
    for (const char *p = text; p < end; p++) {
        const char *stop = line_end(p, end);
        s->line++;
        if (*p != '@' && *p != '#' && *p != '\r' && *p != '\n') return false;
        s->labelled |= says(p, stop, "@classLabel true");
        s->timed |= says(p, stop, "@timestamps true");
        if (says(p, stop, "@data")) {
            s->at = stop < end ? stop + 1 : end;
            s->line++;
            return true;
        }
        p = stop;
    }
    return false;
}

bool af_own_is_ts(const char *data, size_t size)
{
    series s = {0};
    return size && (*data == '@' || *data == '#') && read_header(&s, data, size);
}

static af_status wrong(const series *s, const char *what)
{
    return af_fail(AF_EFORMAT, "%s:%lld: %s", s->path, (long long)s->line, what);
}

/* The next sample's line without its end; NULL: there is none. */
static const char *next_line(series *s, const char **stop)
{
    while (s->at < s->end) {
        const char *p = s->at;
        *stop = line_end(p, s->end);
        s->at = *stop < s->end ? *stop + 1 : s->end;
        while (*stop > p && ((*stop)[-1] == '\r' || (*stop)[-1] == ' ')) --*stop;
        if (*stop > p) return p;
        s->line++;
    }
    return NULL;
}

/* Takes a sample apart: values go to `out` (NULL: only counted), the label to `label`. */
static af_status take_sample(series *s, const char *p, const char *stop, float *out,
                             char label[AF_ID_MAX])
{
    int64_t channel = 0, w = 0;
    const char *end = stop, *colon = stop;
    memset(label, 0, AF_ID_MAX);
    if (s->labelled) {
        while (colon > p && colon[-1] != ':') colon--;
        if (colon == p || stop == colon) return wrong(s, "no class label at its end");
        if (stop - colon >= AF_ID_MAX) return wrong(s, "a label of more than 63 bytes");
        memcpy(label, colon, (size_t)(stop - colon));
        end = colon - 1;
    }
    for (bool more = true; more;) {
        char text[VALUE], *rest;
        size_t n = 0;
        while (p + n < end && p[n] != ',' && p[n] != ':') n++;
        snprintf(text, sizeof text, "%.*s", (int)(n < VALUE ? n : VALUE - 1), p);
        const double v = strtod(text, &rest);
        if (rest == text || rest[strspn(rest, " ")] || !isfinite((float)v))
            return af_fail(AF_EFORMAT, "%s:%lld: '%.*s', want a finite number", s->path,
                           (long long)s->line, SHOWN, text);
        w++;
        if (out) *out++ = (float)v;
        p += n;
        more = p < end;
        if (!more || *p == ':') {
            if (!s->length) s->length = w;
            if (w != s->length) return wrong(s, "series of another length; want all equally long");
            channel++;
            w = 0;
        }
        if (more && ++p == end) return wrong(s, "no value at its end");
    }
    if (!s->channels) s->channels = channel;
    return channel == s->channels ? AF_OK : wrong(s, "another number of channels than before");
}

static af_status measure(series s, series *out)
{
    char label[AF_ID_MAX];
    const char *stop;
    for (const char *p; (p = next_line(&s, &stop)); s.n++, s.line++)
        AF_TRY(take_sample(&s, p, stop, NULL, label));
    out->n = s.n;
    out->channels = s.channels;
    out->length = s.length;
    return s.n ? AF_OK : af_fail(AF_EFORMAT, "%s: no samples below @data", s.path);
}

/* Labels that are all numbers become numbers. */
static af_status to_numbers(af_own_array *a, const char *path)
{
    af_own_array numbers;
    for (int64_t i = 0; i < a->count; i++) {
        char *end;
        const char *text = (const char *)a->data + i * AF_ID_MAX;
        const double v = strtod(text, &end);
        if (*end || !isfinite(v)) return AF_OK;
    }
    AF_TRY(af_own_array_new(&numbers, AF_OWN_DOUBLE, 1, a->shape, UINT64_MAX, path));
    for (int64_t i = 0; i < a->count; i++)
        ((double *)numbers.data)[i] = strtod((const char *)a->data + i * AF_ID_MAX, NULL);
    af_own_array_close(a);
    *a = numbers;
    return AF_OK;
}

af_status af_own_read_ts(af_own_array *out, const char *data, size_t size, const char *path,
                         af_own_use use)
{
    series s = {.path = path};
    char label[AF_ID_MAX];
    const char *stop;
    const bool values = use == AF_OWN_VALUES;
    if (!read_header(&s, data, size)) return af_fail(AF_EFORMAT, "%s: no @data line", path);
    if (s.timed)
        return af_fail(AF_EUNSUPPORTED, "%s: has time stamps; write the values alone", path);
    if (!values && !s.labelled)
        return af_fail(AF_EFORMAT, "%s: has no labels (no `@classLabel true`)", path);
    AF_TRY(measure(s, &s));
    const int64_t shape[] = {s.n, s.channels, s.length};
    AF_TRY(af_own_array_new(out, values ? AF_OWN_FLOAT32 : AF_OWN_TEXT, values ? 3 : 1, shape,
                            (uint64_t)size * AF_ID_MAX, path));
    int64_t i = 0;
    for (const char *p; (p = next_line(&s, &stop)); i++, s.line++) {
        float *to = values ? (float *)out->data + i * s.channels * s.length : NULL;
        AF_TRY(take_sample(&s, p, stop, to, values ? label : (char *)out->data + i * AF_ID_MAX));
    }
    return values ? AF_OK : to_numbers(out, path);
}
