/* See call.h. The order of calls is the one that af_kernel documents in core/op.h; like a
 * plan's, threads take whole lanes, and what runs once runs on the first thread. */
#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "core/base/alloc.h"
#include "core/base/bf16.h"
#include "core/device.h"
#include "core/plan/widen.h"
#include "tests/aid/call.h"

extern const af_op af_op_input, af_op_output;

double rig_value(int64_t i, int k)
{
    double t = (double)i;
    return sin(0.37 * t * t + t + k + 0.5);
}

/* ---- the rig: a node and its tensors ---- */

static double *tensor(int64_t size)
{
    return af_calloc((size_t)size, sizeof(double));
}

static void fill(double *to, int n, af_shape s, bool nhwc, int stream)
{
    int64_t i = 0;
    for (int b = 0; b < n; b++)
        for (int c = 0; c < s.c; c++)
            for (int p = 0; p < s.h * s.w; p++, i++) {
                int64_t at = nhwc ? ((int64_t)b * s.h * s.w + p) * s.c + c : i;
                to[at] = rig_value(i, stream);
            }
}

static bool fill_rig(rig *r)
{
    int n = r->from->batch;
    bool complete = (r->dy = tensor(r->y_size)) != NULL;
    for (int i = 0; i < r->inputs; i++)
        complete = (r->x[i] = tensor(r->x_size[i])) != NULL && complete;
    for (int i = 0; i < r->params; i++)
        complete = (r->w[i] = tensor(r->w_size[i])) != NULL && complete;
    if (!complete) return false;
    for (int i = 0; i < r->inputs; i++) fill(r->x[i], n, r->in[i], r->node.op != &af_op_input, i);
    fill(r->dy, n, r->node.shape, r->node.op != &af_op_output, 20);
    for (int i = 0; i < r->params; i++)
        for (int64_t j = 0; j < r->w_size[i]; j++)
            r->w[i][j] = 0.5 * rig_value(j, 10 + i) + (r->param[i].init == AF_INIT_ONES);
    return true;
}

bool rig_make(rig *r, const op_case *from)
{
    *r = (rig){.from = from, .node = {.op = from->op, .attrs = from->attrs}};
    while (r->inputs < 4 && from->in[r->inputs].c > 0) {
        r->in[r->inputs] = from->in[r->inputs];
        r->node.in[r->inputs] = r->inputs;
        r->inputs++;
    }
    r->node.id = r->node.inputs = r->inputs;
    if (from->op->shape(&r->node, r->in, &r->node.shape) != AF_OK) return false;
    if (from->op == &af_op_input) r->in[r->inputs++] = r->node.shape;
    if (from->op->params) r->params = from->op->params(&r->node, r->in, r->param);
    r->y_size = from->batch * af_shape_size(r->node.shape);
    for (int i = 0; i < r->inputs; i++) r->x_size[i] = from->batch * af_shape_size(r->in[i]);
    for (int i = 0; i < r->inputs; i++) r->mix[i] = 1 + 0.5 * rig_value(i, 40);
    for (int i = 0; i < r->params; i++) r->w_size[i] = af_param_size(&r->param[i]);
    if (fill_rig(r)) return true;
    rig_free(r);
    return false;
}

void rig_free(rig *r)
{
    for (int i = 0; i < AF_MAX_INPUTS; i++) af_free(r->x[i]);
    for (int i = 0; i < AF_MAX_PARAMS; i++) af_free(r->w[i]);
    af_free(r->dy);
}

/* ---- one run ---- */

enum { MAX_LANES = 8, MAX_THREADS = 8, MAX_BLOCKS = 96 };

typedef struct block {
    char *here, *there; /* there: on the device, if there is one */
    size_t size;
    bool sent;
} block;

typedef struct run {
    const rig *r;
    const rig_options *o;
    af_prepared prepared;
    const af_kernel *kernel;
    bool own;         /* it reads and writes the tensors as they are stored */
    unsigned widened; /* AF_WIDEN_* */
    void *widen[MAX_THREADS];
    int lanes, lane, chunk; /* lane, chunk: samples in one */
    size_t saved;           /* bytes a sample */
    int partials;           /* doubles a chunk */
    double *dmix;           /* {chunks, inputs} */
    af_call base;           /* pointers to the start of the batch */
    void *dw[MAX_LANES][AF_MAX_PARAMS], *lane_memory[MAX_LANES], *scratch[MAX_THREADS];
    block block[MAX_BLOCKS];
    int blocks;
    const af_device_type *on; /* NULL: the host */
    af_device *device;
} run;

/* A block of NaNs, of the right kind for float and double. */
static void *take(run *u, size_t size)
{
    block *b = &u->block[u->blocks++];
    assert_true(u->blocks <= MAX_BLOCKS);
    *b = (block){.here = af_alloc(size), .size = size};
    if (u->on) b->there = u->on->alloc(u->device, size);
    assert_true(b->here && (b->there || !u->on));
    memset(b->here, 0xff, size);
    return b->here;
}

/* ---- devices: every block has a twin there ---- */

static block *block_of(const run *u, const void *p)
{
    for (int i = 0; i < u->blocks; i++) {
        const block *b = &u->block[i];
        if ((const char *)p >= b->here && (const char *)p < b->here + b->size + !b->size)
            return (block *)(uintptr_t)b;
    }
    fail_msg("%s: a pointer to no block", u->r->from->name);
    return NULL;
}

static void *there(const run *u, const void *p)
{
    if (!p) return NULL;
    const block *b = block_of(u, p);
    return b->there + ((const char *)p - b->here);
}

static void send_new_blocks(run *u)
{
    for (int i = 0; u->on && i < u->blocks; i++) {
        block *b = &u->block[i];
        if (!b->sent) u->on->send(u->device, b->there, b->here, b->size);
        b->sent = true;
    }
}

static void fetch_block(const run *u, const void *p)
{
    if (!u->on) return;
    const block *b = block_of(u, p);
    if (u->on->fetch(u->device, b->here, b->there, b->size) != AF_OK) fail_msg("%s", af_error());
}

static af_call call_there(const run *u, af_call c)
{
    for (int i = 0; i < AF_MAX_INPUTS; i++) {
        bool off = u->r->node.op->mixes && !c.x[i];
        c.x[i] = there(u, c.x[i]);
        c.dx[i] = off ? NULL : there(u, c.dx[i]);
    }
    for (int i = 0; i < AF_MAX_PARAMS; i++) {
        c.w[i] = there(u, c.w[i]);
        c.dw[i] = there(u, c.dw[i]);
    }
    c.y = there(u, c.y);
    c.dy = there(u, c.dy);
    c.mix = there(u, c.mix);
    c.dmix = there(u, c.dmix);
    c.saved = there(u, c.saved);
    c.shared = there(u, c.shared);
    c.lane = there(u, c.lane);
    c.scratch = there(u, c.scratch);
    c.inputs = there(u, c.inputs);
    c.partial = NULL;
    return c;
}

static double rounded(double v)
{
    return (double)af_bf16_float(af_bf16_round((float)v));
}

static void put(void *to, int64_t i, double v, af_dtype type)
{
    if (type == AF_F64)
        ((double *)to)[i] = v;
    else if (type == AF_F32)
        ((float *)to)[i] = (float)v;
    else
        ((af_bf16 *)to)[i] = af_bf16_round((float)v);
}

static void *copy_in(run *u, const double *from, int64_t n, af_dtype type, bool round)
{
    void *to = take(u, (size_t)n * af_dtype_size(type));
    for (int64_t i = 0; i < n; i++) put(to, i, round ? rounded(from[i]) : from[i], type);
    return to;
}

/* Types of a node's parameters and sides: the host's input and the prediction are never in bf16. */
static af_dtype own_type(const run *u)
{
    return u->o->dtype == AF_BF16 ? AF_F32 : u->o->dtype;
}
static af_dtype x_type(const run *u)
{
    return u->r->node.op == &af_op_input ? AF_F32 : u->o->dtype;
}
static af_dtype y_type(const run *u)
{
    return u->r->node.op == &af_op_output ? own_type(u) : u->o->dtype;
}

static double *copy_out(const run *u, const void *from, int64_t n, af_dtype type)
{
    double *to = tensor(n);
    assert_non_null(to);
    fetch_block(u, from);
    for (int64_t i = 0; i < n; i++)
        to[i] = type == AF_F64   ? ((const double *)from)[i]
                : type == AF_F32 ? (double)((const float *)from)[i]
                                 : (double)af_bf16_float(((const af_bf16 *)from)[i]);
    return to;
}

/* Room for a gradient; with `add` something to add to is there already, in the first lane. */
static void *gradient_space(run *u, int64_t n, bool first, bool add, af_dtype type)
{
    void *p = take(u, (size_t)n * af_dtype_size(type));
    if (u->r->node.op->gathers) memset(p, 0, (size_t)n * af_dtype_size(type)); /* slices */
    for (int64_t i = 0; add && i < n; i++) {
        double start = first ? rig_value(i, 30) : 0;
        put(p, i, u->o->round ? rounded(start) : start, type);
    }
    return p;
}

static bool wanted(const run *u, int input)
{
    return u->o->backward && u->r->node.op != &af_op_input && !(u->o->skip_dx >> input & 1);
}

static void choose_kernel(run *u)
{
    const af_backend *b = u->o->backend;
    af_request q = {.node = &u->r->node,
                    .in = u->r->in,
                    .n = u->chunk,
                    .train = u->o->train,
                    .type = u->o->dtype,
                    .device = u->device};
    unsigned sides =
        (x_type(u) == AF_BF16 ? AF_WIDEN_X : 0) | (y_type(u) == AF_BF16 ? AF_WIDEN_Y : 0);
    bool ask = b != NULL && b->prepare != NULL;
    u->kernel = u->r->node.op->reference[own_type(u)];
    for (int i = 0; i < u->r->inputs; i++) q.wants_dx[i] = wanted(u, i);
    bool mixed = sides == AF_WIDEN_X || sides == AF_WIDEN_Y;
    if (ask && (u->on || !mixed) && b->prepare(&q, &u->prepared) != AF_OK)
        fail_msg("%s: %s", b->name, af_error());
    u->own = u->prepared.kernel != NULL;
    assert_true(u->own || !u->on);
    if (!u->own && sides) {
        q.type = AF_F32;
        u->widened = sides;
        if (ask && b->prepare(&q, &u->prepared) != AF_OK) fail_msg("%s: %s", b->name, af_error());
    }
    if (u->prepared.kernel != NULL) u->kernel = u->prepared.kernel;
}

/* Work memory: what is kept between the passes, per chunk, per lane and per thread. */
static void set_up_work(run *u)
{
    const rig *r = u->r;
    const af_op *op = r->node.op;
    af_call *c = &u->base;
    int shared = op->shared ? op->shared(&r->node, r->in) : 0;
    u->saved = op->saved ? op->saved(&r->node, r->in) : 0;
    u->partials = op->partials ? op->partials(&r->node, r->in) : 0;
    c->saved = take(u, u->saved * (size_t)r->from->batch);
    if (!u->on)
        c->partial = take(u, (size_t)(u->partials * r->from->batch / u->chunk) * sizeof(double));
    c->shared = take(u, (size_t)shared * sizeof(double));
    double *mix = take(u, sizeof r->mix);
    memcpy(mix, r->mix, sizeof r->mix);
    c->mix = mix;
    u->dmix = take(u, (size_t)(r->from->batch / u->chunk * r->inputs) * sizeof(double));
    assert_true(u->o->threads <= MAX_THREADS);
    for (int i = 0; i == 0 || i < u->o->threads; i++)
        u->scratch[i] = take(u, u->prepared.scratch_bytes);
    for (int i = 0; u->widened && (i == 0 || i < u->o->threads); i++)
        u->widen[i] = take(u, af_widen_bytes(&r->node, r->in, u->chunk));
    c->scratch = u->scratch[0];
    for (int lane = 0; lane < u->lanes; lane++) {
        u->lane_memory[lane] = take(u, u->prepared.lane_bytes);
        for (int i = 0; u->o->backward && i < r->params; i++)
            if (r->param[i].trained)
                u->dw[lane][i] = gradient_space(u, r->w_size[i], lane == 0, u->o->add, own_type(u));
    }
}

static void set_up(run *u)
{
    const rig *r = u->r;
    bool round = u->o->round;
    af_call *c = &u->base;
    if (u->on && u->on->open(&u->device) != AF_OK) fail_msg("%s", af_error());
    u->lanes = u->o->lanes > 0 && !u->on ? u->o->lanes : 1;
    u->lane = r->from->batch / u->lanes;
    u->chunk = u->o->chunk > 0 && !u->on ? u->o->chunk : u->lane;
    assert_true(u->lanes <= MAX_LANES);
    assert_int_equal(u->lane * u->lanes, r->from->batch);
    assert_int_equal(u->lane % u->chunk, 0);
    choose_kernel(u);
    *c = (af_call){.node = &r->node,
                   .in = r->in,
                   .self = u->prepared.self,
                   .train = u->o->train,
                   .at = {7, 3, u->o->epoch, u->o->step}};
    for (int i = 0; i < r->inputs; i++) {
        c->add[i] = u->o->add || u->o->add_x;
        void *x = copy_in(u, r->x[i], r->x_size[i], x_type(u), round);
        c->x[i] = r->node.op->mixes && r->mix[i] == 0 ? NULL : x;
        if (wanted(u, i)) c->dx[i] = gradient_space(u, r->x_size[i], true, c->add[i], x_type(u));
    }
    for (int i = 0; i < r->params; i++)
        c->w[i] = copy_in(u, r->w[i], r->w_size[i], own_type(u), false);
    c->y = take(u, (size_t)r->y_size * af_dtype_size(y_type(u)));
    c->dy = copy_in(u, r->dy, r->y_size, y_type(u), round);
    af_step_inputs *inputs = take(u, sizeof *inputs);
    *inputs = (af_step_inputs){.at = c->at, .samples = r->from->batch, .momentum = -1};
    c->inputs = inputs;
    set_up_work(u);
}

/* The call for the chunk that starts at sample `first`. */
static af_call call_at(const run *u, int first)
{
    const rig *r = u->r;
    af_call c = u->base;
    size_t width = af_dtype_size(x_type(u)), n = (size_t)first;
    int lane = first / u->lane;
    c.n = u->chunk;
    c.first = first;
    for (int i = 0; i < r->inputs; i++) {
        size_t size = n * (size_t)af_shape_size(r->in[i]);
        if (c.x[i] != NULL) c.x[i] = (const char *)c.x[i] + size * width;
        if (c.dx[i] != NULL) c.dx[i] = (char *)c.dx[i] + size * width;
    }
    size_t out = n * (size_t)af_shape_size(r->node.shape) * af_dtype_size(y_type(u));
    c.y = (char *)c.y + out;
    c.dy = (const char *)c.dy + out;
    for (int i = 0; i < r->params; i++) c.dw[i] = u->dw[lane][i];
    c.add_w = u->o->add || first % u->lane != 0;
    c.saved = (char *)c.saved + n * u->saved;
    if (c.partial) c.partial += first / u->chunk * u->partials;
    c.dmix = u->dmix + first / u->chunk * r->inputs;
    c.lane = u->lane_memory[lane];
    if (u->on) c.scratch = u->scratch[0];
    return u->on ? call_there(u, c) : c;
}

/* A device: one call for the whole batch. */
static bool called_there(run *u, void (*slot)(const af_call *c))
{
    if (!u->on) return false;
    send_new_blocks(u);
    af_call c = call_at(u, 0);
    if (slot) slot(&c);
    return true;
}

static void on_chunks(run *u, void (*slot)(const af_call *c), af_item_kind kind)
{
    if (slot == NULL || called_there(u, slot)) return;
#pragma omp parallel for num_threads(u->o->threads > 0 ? u->o->threads : 1) schedule(static, 1)
    for (int lane = 0; lane < u->lanes; lane++)
        for (int at = 0; at < u->lane; at += u->chunk) {
            af_call c = call_at(u, lane * u->lane + at);
            c.scratch = u->scratch[omp_get_thread_num()];
            if (u->widened)
                af_widen(slot, &c, kind, u->widened, u->widen[omp_get_thread_num()]);
            else
                slot(&c);
        }
}

static void on_batch(run *u, void (*slot)(const af_call *c, int chunks))
{
    if (slot == NULL) return;
    send_new_blocks(u);
    af_call c = call_at(u, 0);
    c.n = u->r->from->batch;
    slot(&c, c.n / u->chunk);
}

static void settle(const run *u)
{
    if (u->on) u->on->settle(u->device);
}

/* What backward may not read is NaN from here on, as if the plan had reused the memory. */
static void forget(run *u)
{
    const rig *r = u->r;
    size_t width = sizeof(double);
    if (!(r->node.op->reads & AF_BACKWARD_X))
        for (int i = 0; i < r->inputs; i++) u->base.x[i] = take(u, (size_t)r->x_size[i] * width);
    if (!(r->node.op->reads & AF_BACKWARD_Y)) u->base.y = take(u, (size_t)r->y_size * width);
}

static void execute(run *u, rig_result *out)
{
    const af_kernel *k = u->kernel;
    const rig *r = u->r;
    send_new_blocks(u);
    af_call c = call_at(u, 0);
    if (k->begin) k->begin(&c);
    settle(u);
    if (u->o->train && u->partials > 0) {
        int gathers = af_gathers(&r->node);
        for (int i = 0; i < gathers; i++) {
            u->base.input = i;
            on_chunks(u, k->gather, AF_GATHER);
        }
        on_batch(u, k->combine);
    }
    on_chunks(u, k->forward, AF_FORWARD);
    out->y = copy_out(u, u->base.y, r->y_size, y_type(u));
    if (!u->o->backward) return;
    forget(u);
    if (u->partials > 0) {
        on_chunks(u, k->gather_back, AF_GATHER_BACK);
        on_batch(u, k->combine_back);
    }
    for (int i = 0; i < (r->node.op->gathers ? r->inputs : 1); i++) {
        u->base.input = i;
        on_chunks(u, k->backward, AF_BACKWARD);
    }
    for (int lane = 0; k->finish && lane < u->lanes; lane++) {
        c = call_at(u, lane * u->lane);
        k->finish(&c);
    }
    settle(u);
}

static void collect(const run *u, rig_result *out)
{
    const rig *r = u->r;
    af_dtype type = own_type(u);
    if (u->o->backward && r->node.op->mixes) fetch_block(u, u->dmix);
    for (int i = 0; u->o->backward && r->node.op->mixes && i < r->inputs; i++)
        for (int k = 0; k < r->from->batch / u->chunk; k++)
            out->dmix[i] += r->mix[i] == 0 ? 0 : u->dmix[k * r->inputs + i];
    for (int i = 0; i < r->inputs; i++)
        if (u->base.dx[i] != NULL) out->dx[i] = copy_out(u, u->base.dx[i], r->x_size[i], x_type(u));
    for (int i = 0; i < r->params; i++) {
        out->w[i] = copy_out(u, u->base.w[i], r->w_size[i], type);
        if (u->dw[0][i] == NULL) continue;
        out->dw[i] = copy_out(u, u->dw[0][i], r->w_size[i], type);
        for (int lane = 1; lane < u->lanes; lane++) {
            double *more = copy_out(u, u->dw[lane][i], r->w_size[i], type);
            for (int64_t j = 0; j < r->w_size[i]; j++) out->dw[i][j] += more[j];
            af_free(more);
        }
    }
}

void rig_run(rig_result *out, const rig *r, const rig_options *o)
{
    run u = {.r = r, .o = o, .on = o->backend ? o->backend->device : NULL};
    *out = (rig_result){0};
    set_up(&u);
    out->overridden = u.own;
    snprintf(out->kernel, sizeof out->kernel, "%s", u.kernel->name);
    execute(&u, out);
    collect(&u, out);
    if (u.prepared.self != NULL) o->backend->release(u.prepared.self);
    for (int i = 0; i < u.blocks; i++) {
        af_free(u.block[i].here);
        if (u.on) u.on->free(u.device, u.block[i].there);
    }
    if (u.on) u.on->close(u.device);
}

void rig_clear(rig_result *out)
{
    af_free(out->y);
    for (int i = 0; i < AF_MAX_INPUTS; i++) af_free(out->dx[i]);
    for (int i = 0; i < AF_MAX_PARAMS; i++) {
        af_free(out->dw[i]);
        af_free(out->w[i]);
    }
    *out = (rig_result){0};
}

/* ---- comparing ---- */

double mismatch(const double *got, const double *want, int64_t n)
{
    double error = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        double e = fabs(got[i] - want[i]);
        if (!(e <= error)) error = e;
        size = fmax(size, fabs(want[i]));
        if (isnan(error)) return INFINITY;
    }
    return error == 0 ? 0 : error / size;
}

bool all_zero(const double *a, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (a[i] != 0) return false;
    return true;
}

bool mutation_noticed(const double *got, const double *want, int64_t n, double tolerance)
{
    double *wrong = af_calloc((size_t)n, sizeof *wrong);
    assert_non_null(wrong);
    bool zero = all_zero(want, n);
    for (int64_t i = 0; i < n; i++) wrong[i] = zero ? 1 : -got[i];
    bool noticed = mismatch(wrong, want, n) > tolerance;
    af_free(wrong);
    return noticed;
}
