/* A WFDB header, line by line, word by word; every number is read to its end or refused. */
#include "data-prep/formats/wfdb.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 512 };

typedef struct reader {
    const char *path, *next, *end;
    char line[LINE_MAX_BYTES];
    char *word; /* rest of the line */
    int number;
} reader;

static af_status refuse(const reader *r, const char *field, const char *got, const char *want)
{
    return af_fail(AF_EFORMAT, "%s:%d: field '%s' is \"%.60s\", want %s", r->path, r->number, field,
                   got, want);
}

/* The next line that is neither empty nor a comment; *more is false at the end. */
static af_status next_line(reader *r, bool *more)
{
    while (r->next < r->end) {
        const char *stop = memchr(r->next, '\n', (size_t)(r->end - r->next));
        size_t length = (size_t)((stop ? stop : r->end) - r->next);
        r->number++;
        if (length >= LINE_MAX_BYTES || memchr(r->next, 0, length))
            return af_fail(AF_EFORMAT, "%s:%d: not a line of text of at most %d bytes", r->path,
                           r->number, LINE_MAX_BYTES - 1);
        memcpy(r->line, r->next, length);
        r->line[length] = 0;
        r->next = stop ? stop + 1 : r->end;
        r->word = r->line + strspn(r->line, " \t\r\v\f");
        if (*r->word && *r->word != '#') {
            *more = true;
            return AF_OK;
        }
    }
    *more = false;
    return AF_OK;
}

/* The next blank-separated word; "" at the end of the line. */
static char *next_word(reader *r)
{
    char *word = r->word, *end = word + strcspn(word, " \t\r\v\f");
    r->word = end + strspn(end, " \t\r\v\f");
    *end = 0;
    return word;
}

static bool take_int(const char **p, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(*p, &end, 10);
    if (end == *p || errno) return false;
    *p = end;
    *out = value;
    return true;
}

static bool take_real(const char **p, double *out)
{
    char *end;
    errno = 0;
    double value = strtod(*p, &end);
    if (end == *p || errno || !isfinite(value)) return false;
    *p = end;
    *out = value;
    return true;
}

static af_status copy_word(const reader *r, char out[AF_WFDB_NAME], const char *word,
                           const char *field)
{
    if (!*word || strlen(word) >= AF_WFDB_NAME) return refuse(r, field, word, "1 to 63 bytes");
    strcpy(out, word);
    return AF_OK;
}

/* name signals [frequency[/counter...]] [samples] [time] [date] */
static af_status record_line(reader *r, af_wfdb_header *out)
{
    const char *word = next_word(r);
    if (strchr(word, '/')) return refuse(r, "record", word, "a single-segment record");
    AF_TRY(copy_word(r, out->record, word, "record"));
    int64_t signals;
    const char *start = word = next_word(r);
    if (!take_int(&word, &signals) || *word || signals < 1 || signals > AF_WFDB_SIGNALS)
        return refuse(r, "number of signals", start, "1 to 12");
    out->signals = (int)signals;
    out->frequency = 250; /* header(5)'s default */
    start = word = next_word(r);
    if (*word &&
        (!take_real(&word, &out->frequency) || (*word && *word != '/') || out->frequency <= 0))
        return refuse(r, "sampling frequency", start, "a number above 0");
    start = word = next_word(r);
    if (*word && (!take_int(&word, &out->samples) || *word || out->samples < 0))
        return refuse(r, "number of samples", start, "a count");
    return AF_OK;
}

/* "16", "16x2", "16:1", "16+24" and their combinations; only one sample a frame, no skew. */
static af_status format_field(reader *r, af_wfdb_signal *s)
{
    const char *start = next_word(r), *word = start;
    int64_t format, frames = 1, skew = 0;
    bool good = take_int(&word, &format) && format >= 0 && format < 1000;
    if (good && *word == 'x') word++, good = take_int(&word, &frames);
    if (good && *word == ':') word++, good = take_int(&word, &skew);
    if (good && *word == '+') word++, good = take_int(&word, &s->byte_offset);
    if (!good || *word || frames != 1 || skew != 0 || s->byte_offset < 0)
        return refuse(r, "format", start, "a format with an optional byte offset, such as 16+24");
    s->format = (int)format;
    return AF_OK;
}

/* gain[(baseline)][/units]; a gain of 0 or none means 200 per mV. */
static af_status gain_field(reader *r, af_wfdb_signal *s, bool *baseline)
{
    const char *start = next_word(r), *word = start;
    strcpy(s->units, "mV");
    s->gain = 200;
    *baseline = false;
    if (!*word) return AF_OK;
    bool good = take_real(&word, &s->gain);
    if (good && *word == '(') {
        word++;
        good = take_int(&word, &s->baseline) && *word++ == ')';
        *baseline = true;
    }
    if (!good || (*word && *word != '/')) return refuse(r, "gain", start, "such as 1000/mV");
    if (*word == '/') AF_TRY(copy_word(r, s->units, word + 1, "units"));
    if (s->gain == 0) s->gain = 200;
    return AF_OK;
}

static af_status signal_line(reader *r, af_wfdb_signal *s)
{
    bool baseline;
    AF_TRY(copy_word(r, s->file, next_word(r), "signal file"));
    AF_TRY(format_field(r, s));
    AF_TRY(gain_field(r, s, &baseline));
    int64_t block = 0;
    const struct {
        const char *name;
        int64_t *value;
    } rest[] = {{"ADC resolution", &s->adc_bits},
                {"ADC zero", &s->adc_zero},
                {"initial value", &s->first},
                {"checksum", &s->checksum},
                {"block size", &block}};
    for (size_t i = 0; i < sizeof rest / sizeof *rest && *r->word; i++) {
        const char *start = next_word(r), *word = start;
        if (!take_int(&word, rest[i].value) || *word)
            return refuse(r, rest[i].name, start, "an integer");
    }
    if (!baseline) s->baseline = s->adc_zero;
    size_t length = strlen(r->word);
    while (length && strchr(" \t\r\v\f", r->word[length - 1])) r->word[--length] = 0;
    return *r->word ? copy_word(r, s->description, r->word, "description") : AF_OK;
}

af_status af_wfdb_parse(af_wfdb_header *out, const char *text, size_t size, const char *path)
{
    reader r = {.path = path, .next = text, .end = text + size};
    bool more;
    *out = (af_wfdb_header){0};
    AF_TRY(next_line(&r, &more));
    if (!more) return af_fail(AF_EFORMAT, "%s: no record line; want a WFDB header", path);
    AF_TRY(record_line(&r, out));
    for (int i = 0; i < out->signals; i++) {
        AF_TRY(next_line(&r, &more));
        if (!more)
            return af_fail(AF_EFORMAT, "%s: %d signal lines, want %d as the record line says", path,
                           i, out->signals);
        AF_TRY(signal_line(&r, &out->signal[i]));
    }
    return AF_OK;
}
