/* Arbitrary text as the tables of FSD50K. The first byte chooses: bare CSV, a vocabulary of either
 * kind, a table of clips, a table of chunks. Fields lie in the copy and end; what is taken obeys
 * the bounds of the table. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/formats/csv.h"
#include "data-prep/fsd50k/truth.h"

static const char words[] = "0,Bark,/m\n1,Dog,/m\n2,Rain,/m\n";

static void bare(const char *text, size_t size)
{
    af_csv c;
    bool more = true;
    long last = 0;
    size_t all = 0;
    af_status st = af_csv_open(&c, text, size, "fuzz.csv");
    while (st == AF_OK && (st = af_csv_next(&c, &more)) == AF_OK && more) {
        if (c.fields < 1 || c.fields > AF_CSV_FIELDS || c.line <= last) abort();
        last = c.line;
        for (int i = 0; i < c.fields; i++) all += strlen(c.field[i]) + 1;
        if (all > size + 1) abort(); /* no byte is given twice */
    }
    af_csv_close(&c);
}

static void check(const af_fsd_clips *s)
{
    if (s->labels < 0 || s->labels > AF_FSD_LABELS) abort();
    for (int i = 0; i < s->labels; i++)
        if (!memchr(s->vocabulary[i], 0, AF_FSD_NAME)) abort();
    for (int k = 0; k < s->count; k++) {
        if (!memchr(s->c[k].name, 0, AF_FSD_NAME)) abort();
        for (int i = s->labels; i < AF_FSD_LABELS; i++)
            if (af_fsd_label_has(&s->c[k], i)) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static af_fsd_clips s;
    af_fsd_pieces pieces = {0};
    if (!size) return 0;
    const char *text = (const char *)data + 1;
    const int kind = data[0] % 5;
    size--;
    if (kind == 0) bare(text, size);
    af_status st = af_fsd_vocabulary_csv(&s, words, sizeof words - 1, "words.csv");
    if (kind == 1) st = af_fsd_vocabulary_csv(&s, text, size, "fuzz.csv");
    if (kind == 2) st = af_fsd_vocabulary_json(&s, text, size, "fuzz.json");
    if (kind == 3) st = af_fsd_truth_csv(&s, size & 1 ? AF_TEST : AF_TRAIN, text, size, "fuzz.csv");
    if (kind == 4) st = af_fsd_pieces_csv(&s, &pieces, AF_VALID, text, size, "fuzz.csv");
    if (st == AF_OK && kind == 4) st = af_fsd_pieces_sort(&pieces, "fuzz.csv");
    if (st == AF_OK && kind == 4) st = af_fsd_clips_merge(&s, "fuzz.csv");
    if (st == AF_OK && kind == 3) st = af_fsd_clips_sort(&s, "fuzz.csv");
    if (st == AF_OK) check(&s);
    for (int k = 0; k < pieces.count && st == AF_OK; k++)
        if (!af_fsd_pieces_find(&pieces, pieces.p[k].file)) abort();
    af_fsd_pieces_close(&pieces);
    af_fsd_clips_close(&s);
    return 0;
}
