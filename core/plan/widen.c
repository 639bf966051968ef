/* See widen.h. Two inputs may be one tensor, whose gradient both add to: they then share a copy. */
#include "core/plan/widen.h"
#include "core/base/bf16.h"

typedef struct copies {
    float *free;
    int count;
    struct {
        void *from;
        float *wide;
        size_t n;
    } kept[AF_MAX_INPUTS + 2]; /* to be rounded back */
} copies;

static size_t room(size_t n)
{
    return (n + 15) & ~(size_t)15;
}

size_t af_widen_bytes(const af_node *node, const af_shape *in, int n)
{
    size_t floats = 2 * room((size_t)n * (size_t)af_shape_size(node->shape));
    for (int i = 0; i < node->inputs; i++)
        floats += 2 * room((size_t)n * (size_t)af_shape_size(in[i]));
    return floats * sizeof(float);
}

static float *copy_in(copies *m, const void *from, size_t n)
{
    if (!from) return NULL;
    float *to = m->free;
    m->free += room(n);
    af_bf16_widen(to, from, n);
    return to;
}

/* A tensor that slot writes; with `load` it adds to what is there. */
static void *copy_out(copies *m, void *from, size_t n, bool load)
{
    if (!from) return NULL;
    for (int i = 0; i < m->count; i++)
        if (m->kept[i].from == from) return m->kept[i].wide;
    float *wide = m->free;
    m->free += room(n);
    if (load) af_bf16_widen(wide, from, n);
    m->kept[m->count].from = from;
    m->kept[m->count].wide = wide;
    m->kept[m->count++].n = n;
    return wide;
}

void af_widen(void (*slot)(const af_call *), const af_call *c, af_item_kind kind, unsigned sides,
              void *memory)
{
    copies m = {.free = memory};
    af_call wide = *c;
    bool back = kind == AF_GATHER_BACK || kind == AF_BACKWARD;
    unsigned reads = back ? c->node->op->reads : AF_BACKWARD_X;
    size_t out = (size_t)c->n * (size_t)af_shape_size(c->node->shape);
    for (int i = 0; (sides & AF_WIDEN_X) && i < c->node->inputs; i++) {
        bool each = kind == AF_GATHER || (kind == AF_BACKWARD && c->node->op->gathers);
        bool other = each && i != c->input;
        if (other) wide.x[i] = wide.dx[i] = NULL;
        if (other) continue;
        size_t n = (size_t)c->n * (size_t)af_shape_size(c->in[i]);
        bool gathered = !c->node->op->gathers || i < af_gathers(c->node);
        bool reads_x = reads & AF_BACKWARD_X && (!back || gathered);
        wide.x[i] = reads_x ? copy_in(&m, c->x[i], n) : NULL;
        bool load = c->add[i] || af_reads_slice(c->node, c->in[i]);
        wide.dx[i] = kind == AF_BACKWARD ? copy_out(&m, c->dx[i], n, load) : NULL;
    }
    if (sides & AF_WIDEN_Y) {
        wide.dy = back ? copy_in(&m, c->dy, out) : NULL;
        wide.y = NULL;
        if (reads & AF_BACKWARD_Y) wide.y = copy_in(&m, c->y, out);
        if (kind == AF_FORWARD) wide.y = copy_out(&m, c->y, out, false);
    }
    slot(&wide);
    for (int i = 0; i < m.count; i++) af_bf16_narrow(m.kept[i].from, m.kept[i].wide, m.kept[i].n);
}
