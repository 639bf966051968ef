/* A growing list of records; each owns its samples. */
#include "data-prep/ecg/record.h"
#include "core/base/alloc.h"

af_ecg_record *af_ecg_records_add(af_ecg_records *set, int length)
{
    if (set->count == set->capacity) {
        int capacity = set->capacity ? 2 * set->capacity : 256;
        af_ecg_record *r = af_realloc(set->r, (size_t)capacity * sizeof *r);
        if (!r) return NULL;
        set->r = r;
        set->capacity = capacity;
    }
    int16_t *x = af_calloc((size_t)length, sizeof *x);
    if (!x) return NULL;
    af_ecg_record *record = &set->r[set->count++];
    *record = (af_ecg_record){.length = length, .x = x};
    return record;
}

void af_ecg_records_close(af_ecg_records *set)
{
    for (int i = 0; i < set->count; i++) af_free(set->r[i].x);
    af_free(set->r);
    *set = (af_ecg_records){0};
}
