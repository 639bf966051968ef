/* Inputs that a device composes: they go over as they are stored, with what was drawn for each, and
 * the step's own work begins with composing them. */
#include "core/base/alloc.h"
#include "core/plan/internal.h"

struct af_composer {
    af_stored type;
    size_t stride;
    int room;          /* rows */
    char *rows;        /* device, as all that follow */
    float *mean, *std; /* NULL: none */
    float *least;      /* {room} */
    int samples, count;
    bool masks; /* of the rows that were sent last; samples 0: they have been used */
};

af_status af_composer_new(af_plan *p)
{
    const af_plan_input *in = p->o.input;
    const af_shape shape = p->node[p->input].node.shape;
    const size_t size = (size_t)af_shape_size(shape);
    af_composer *c = p->composer = af_calloc(1, sizeof *c);
    if (!c) return AF_ENOMEM;
    c->type = in->type;
    c->stride = af_row_stride(in->type, shape);
    c->room = p->o.train && in->noises ? 2 * p->o.batch : p->o.batch;
    c->rows = af_plan_alloc(p, (size_t)c->room * c->stride);
    c->least = af_plan_alloc(p, (size_t)c->room * sizeof *c->least);
    if (!c->rows || !c->least) return AF_ENOMEM;
    AF_TRY(af_device_copy(p, &c->mean, in->mean, size));
    return af_device_copy(p, &c->std, in->std, size);
}

void af_composer_free(af_plan *p)
{
    af_composer *c = p->composer;
    if (!c) return;
    void *there[] = {c->rows, c->mean, c->std, c->least};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) p->on->free(p->device, there[i]);
    af_free(c);
}

bool af_plan_composes(const af_plan *p, af_stored type)
{
    return p->composer && p->composer->type == type;
}

af_status af_plan_compose(af_plan *p, const af_rows *r)
{
    af_composer *c = p->composer;
    if (!c || c->stride != r->stride || r->count > c->room || r->samples > p->o.batch)
        return af_fail(AF_EINTERNAL,
                       "plan: %d rows of %zu bytes as they are stored, room for %d of %zu",
                       r->count, r->stride, c ? c->room : 0, c ? c->stride : 0);
    p->on->send(p->device, c->rows, r->memory, (size_t)r->count * r->stride);
    c->samples = r->samples;
    c->count = r->count;
    c->masks = r->masks;
    return AF_OK;
}

af_status af_composer_take(af_plan *p, int samples)
{
    af_composer *c = p->composer;
    if (!c || c->samples != samples)
        return af_fail(AF_EINTERNAL, "plan: no x, and %d samples to compose it of, want %d",
                       c ? c->samples : 0, samples);
    c->samples = 0;
    return AF_OK;
}

int af_composer_rows(const af_plan *p)
{
    return p->composer->count;
}

bool af_composer_masks(const af_plan *p)
{
    return p->composer->masks;
}

void af_composer_call(const af_plan *p, float *x)
{
    const af_composer *c = p->composer;
    const af_device_compose d = {.type = c->type,
                                 .shape = p->node[p->input].node.shape,
                                 .n = p->o.batch,
                                 .room = c->room,
                                 .masks = c->masks,
                                 .rows = c->rows,
                                 .stride = c->stride,
                                 .mean = c->mean,
                                 .std = c->std,
                                 .least = c->least,
                                 .x = x,
                                 .inputs = af_device_inputs(p)};
    p->on->compose(p->device, &d);
}
