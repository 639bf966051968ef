#include "data-prep/formats/labelled.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"

static size_t bytes_of(af_stored type)
{
    return type == AF_STORED_UINT8   ? sizeof(uint8_t)
           : type == AF_STORED_INT16 ? sizeof(int16_t)
                                     : sizeof(float);
}

af_status af_labelled_open(af_labelled *out, const af_prep_request *r, af_dataset_part part,
                           int64_t most, af_shape input, af_stored type, int classes)
{
    size_t n = (size_t)most;
    *out = (af_labelled){.request = r, .room = most};
    out->c = (af_dataset_content){.task = r->task,
                                  .size = r->size,
                                  .part = part,
                                  .input = input,
                                  .output = {classes, 1, 1},
                                  .x_type = type};
    out->x = af_calloc(n, (size_t)af_shape_size(input) * bytes_of(type));
    out->y = af_calloc(n, sizeof *out->y);
    out->group = af_calloc(n, sizeof *out->group);
    out->ids = af_calloc(n, AF_ID_MAX);
    out->all = af_calloc(n, sizeof *out->all);
    if (out->x && out->y && out->group && out->ids && out->all) return AF_OK;
    af_labelled_close(out);
    return AF_ENOMEM;
}

void af_labelled_close(af_labelled *p)
{
    af_free(p->x);
    af_free(p->y);
    af_free(p->group);
    af_free(p->ids);
    af_free(p->all);
    *p = (af_labelled){0};
}

void *af_labelled_add(af_labelled *p, int label, int32_t group, const char *id, ...)
{
    int64_t at = p->c.n++;
    va_list args;
    va_start(args, id);
    vsnprintf(p->ids + at * AF_ID_MAX, AF_ID_MAX, id, args);
    va_end(args);
    p->y[at] = label;
    p->group[at] = group;
    p->grouped = group >= 0;
    p->all[at] = at;
    return p->x + (size_t)at * (size_t)af_shape_size(p->c.input) * bytes_of(p->c.x_type);
}

static void finish(af_labelled *p, const char *provenance, const char *source)
{
    p->c.provenance = provenance;
    p->c.source = source;
    p->c.x = p->x;
    p->c.y = p->y;
    p->c.ids = p->ids;
    p->c.group = p->grouped ? p->group : NULL;
}

af_status af_labelled_write(af_labelled *main, int64_t train, af_labelled *held_out,
                            const char *provenance, const json_t *source)
{
    char *text = source ? json_dumps(source, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (!text) return af_fail(AF_ENOMEM, "%s: out of memory", main->request->task->name);
    main->c.split[AF_CLEAN][AF_TRAIN] = (af_indices){main->all, train};
    main->c.split[AF_CLEAN][AF_VALID] = (af_indices){main->all + train, main->c.n - train};
    const int protocols = main->c.task->own ? AF_CLEAN + 1 : AF_PROTOCOLS;
    if (protocols > AF_PAPER)
        main->c.split[AF_PAPER][AF_TRAIN] = (af_indices){main->all, main->c.n};
    for (int p = 0; p < protocols; p++)
        held_out->c.split[p][AF_TEST] = (af_indices){held_out->all, held_out->c.n};
    finish(main, provenance, text);
    finish(held_out, provenance, text);
    af_status st = af_dataset_write_pair(main->request->directory, &main->c, &held_out->c);
    free(text); /* jansson's */
    return st;
}
