/* Samples lie in the order of their numbers, the training set before the validation set; ids are
 * split and number. */
#include "data-prep/deepsea/pack.h"
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"

static af_status grow(void **p, size_t size)
{
    void *more = af_realloc(*p, size);
    if (!more) return AF_ENOMEM;
    *p = more;
    return AF_OK;
}

static af_status append(af_dna_set *to, af_dna_set *from)
{
    const size_t have = (size_t)to->count, more = (size_t)from->count, n = have + more;
    const size_t size = af_dna_size(to), labels = (size_t)to->labels;
    AF_TRY(grow((void **)&to->x, n * size));
    AF_TRY(grow((void **)&to->y, n * labels * sizeof *to->y));
    AF_TRY(grow((void **)&to->number, n * sizeof *to->number));
    memcpy(to->x + have * size, from->x, more * size);
    memcpy(to->y + have * labels, from->y, more * labels * sizeof *to->y);
    memcpy(to->number + have, from->number, more * sizeof *to->number);
    to->count = (int64_t)n;
    af_dna_set_free(from);
    return AF_OK;
}

typedef struct part {
    af_dataset_content c;
    char *ids;
    int64_t *all;
} part;

static void part_close(part *p)
{
    af_free(p->ids);
    af_free(p->all);
}

static af_status part_open(part *p, const af_prep_request *r, const af_dna_set *s)
{
    p->ids = af_calloc((size_t)s->count, AF_ID_MAX);
    p->all = af_calloc((size_t)s->count, sizeof *p->all);
    if (!p->ids || !p->all) return AF_ENOMEM;
    for (int64_t i = 0; i < s->count; i++) p->all[i] = i;
    p->c.task = r->task;
    p->c.size = r->size;
    p->c.n = s->count;
    p->c.input = (af_shape){AF_DNA_BASES, 1, s->length};
    p->c.output = (af_shape){s->labels, 1, 1};
    p->c.dense = true; /* targets are floats */
    p->c.x_type = AF_STORED_UINT8;
    p->c.x = s->x;
    p->c.y = s->y;
    p->c.ids = p->ids;
    return AF_OK;
}

static void name(part *p, const af_dna_set *s, int64_t first, int64_t count, af_split split)
{
    for (int64_t i = first; i < first + count; i++)
        snprintf(p->ids + i * AF_ID_MAX, AF_ID_MAX, "%s-%06lld", af_split_names[split],
                 (long long)s->number[i]);
}

static af_status fill(part *main, part *held_out, const af_prep_request *r, af_dna_set *set)
{
    const int64_t train = set[AF_TRAIN].count, valid = set[AF_VALID].count;
    const int64_t test = set[AF_TEST].count;
    AF_TRY(append(&set[AF_TRAIN], &set[AF_VALID]));
    AF_TRY(part_open(main, r, &set[AF_TRAIN]));
    AF_TRY(part_open(held_out, r, &set[AF_TEST]));
    name(main, &set[AF_TRAIN], 0, train, AF_TRAIN);
    name(main, &set[AF_TRAIN], train, valid, AF_VALID);
    name(held_out, &set[AF_TEST], 0, test, AF_TEST);
    main->c.split[AF_CLEAN][AF_TRAIN] = (af_indices){main->all, train};
    main->c.split[AF_CLEAN][AF_VALID] = (af_indices){main->all + train, valid};
    held_out->c.split[AF_CLEAN][AF_TEST] = (af_indices){held_out->all, test};
    if (r->task->own) return AF_OK;
    main->c.split[AF_PAPER][AF_TRAIN] = (af_indices){main->all, train};
    held_out->c.split[AF_PAPER][AF_TEST] = (af_indices){held_out->all, test};
    return AF_OK;
}

af_status af_dna_pack(const af_prep_request *r, af_dna_set set[AF_SPLITS], const char *provenance,
                      const char *source)
{
    part main = {.c.part = AF_MAIN}, held_out = {.c.part = AF_HELD_OUT};
    af_status st;
    AF_GOTO(st, done, fill(&main, &held_out, r, set));
    main.c.provenance = held_out.c.provenance = provenance;
    main.c.source = held_out.c.source = source;
    st = af_dataset_write_pair(r->directory, &main.c, &held_out.c);
done:
    part_close(&main);
    part_close(&held_out);
    return st;
}
