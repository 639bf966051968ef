/* REFERENCE*.csv: one "record,label" a line; lines may end in CR LF and blank ones are skipped. */
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/ecg/physionet.h"

static const char codes[AF_ECG_LABELS + 1] = "NAO~"; /* in the order of af_ecg_label */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const af_ecg_reference *)a)->name, ((const af_ecg_reference *)b)->name);
}

static af_status parse_line(af_ecg_reference *out, const char *line, size_t length,
                            const char *path, int number)
{
    const char *comma = memchr(line, ',', length);
    size_t name = comma ? (size_t)(comma - line) : 0;
    if (name < 1 || name >= AF_ECG_NAME || memchr(line, 0, length))
        return af_fail(AF_EFORMAT, "%s:%d: \"%.*s\", want RECORD,LABEL such as A00001,N", path,
                       number, (int)(length < 60 ? length : 60), line);
    const char *code = length == name + 2 ? strchr(codes, line[name + 1]) : NULL;
    if (!code)
        return af_fail(AF_EFORMAT, "%s:%d: label \"%.*s\" of record %.*s, want N, A, O or ~", path,
                       number, (int)(length - name - 1 < 20 ? length - name - 1 : 20), comma + 1,
                       (int)name, line);
    memset(out->name, 0, sizeof out->name);
    memcpy(out->name, line, name);
    out->label = (af_ecg_label)(code - codes);
    return AF_OK;
}

static af_status parse_lines(af_ecg_reference *list, int *count, const char *text, size_t size,
                             const char *path)
{
    int number = 1;
    for (const char *at = text, *end = text + size; at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *next = stop ? stop + 1 : end;
        size_t length = (size_t)((stop ? stop : end) - at);
        while (length && strchr("\r \t", at[length - 1])) length--;
        if (length) AF_TRY(parse_line(&list[(*count)++], at, length, path, number));
        at = next;
    }
    return AF_OK;
}

af_status af_physionet_reference(af_ecg_reference **out, int *count, const char *text, size_t size,
                                 const char *path)
{
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    af_ecg_reference *list = af_calloc(lines, sizeof *list);
    if (!list) return AF_ENOMEM;
    af_status st;
    *count = 0;
    AF_GOTO(st, failed, parse_lines(list, count, text, size, path));
    if (!*count) {
        st = af_fail(AF_EFORMAT, "%s: no labels; want lines such as A00001,N", path);
        goto failed;
    }
    qsort(list, (size_t)*count, sizeof *list, by_name);
    for (int i = 1; i < *count; i++)
        if (!by_name(&list[i - 1], &list[i])) {
            st = af_fail(AF_EFORMAT, "%s: record %s is labelled twice", path, list[i].name);
            goto failed;
        }
    *out = list;
    return AF_OK;
failed:
    af_free(list);
    return st;
}
