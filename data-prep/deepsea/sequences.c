#include "data-prep/deepsea/sequences.h"
#include "core/base/alloc.h"

const af_dna_layout af_dna_layouts[AF_SIZES] = {
    [AF_TINY] = {100, 8, {1300, 200, 400}},
    [AF_SMALL] = {AF_DNA_LENGTH, AF_DNA_LABELS, {4000, 1000, 2000}},
    [AF_FULL] = {AF_DNA_LENGTH, AF_DNA_LABELS, {71753, 2490, 149400}},
};

af_status af_dna_set_new(af_dna_set *out, int64_t count, const af_dna_layout *l)
{
    af_dna_set s = {.count = count, .length = l->length, .labels = l->labels};
    s.x = af_calloc((size_t)count, af_dna_size(&s));
    s.y = af_calloc((size_t)count, (size_t)l->labels * sizeof *s.y);
    s.number = af_calloc((size_t)count, sizeof *s.number);
    if (!s.x || !s.y || !s.number) {
        af_dna_set_free(&s);
        return AF_ENOMEM;
    }
    for (int64_t k = 0; k < count; k++) s.number[k] = k;
    *out = s;
    return AF_OK;
}

void af_dna_set_free(af_dna_set *s)
{
    af_free(s->x);
    af_free(s->y);
    af_free(s->number);
    *s = (af_dna_set){0};
}
