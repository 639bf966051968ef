/* Makes the oneDNN primitives of a convolution, or says that it is not one for oneDNN: bf16 without
 * AMX is slower than fp32, and so is every pass that oneDNN would not run on AMX. */
#include <dnnl.h>
#include "core/backends/onednn/onednn.h"
#if DNNL_VERSION_MAJOR == 2
#include <stdio.h>
#include <string.h>
#include "core/backends/onednn/conv.h"
#include "core/base/alloc.h"

static const af_binding bindings[AF_PASSES][AF_PASS_ARGS] = {
    [FORWARD] = {{DNNL_ARG_SRC, X},
                 {DNNL_ARG_WEIGHTS, W_FORWARD},
                 {DNNL_ARG_BIAS, BIAS},
                 {DNNL_ARG_DST, Y},
                 {DNNL_ARG_SCRATCHPAD, SCRATCH}},
    [BACKWARD_X] = {{DNNL_ARG_DIFF_DST, Y},
                    {DNNL_ARG_WEIGHTS, W_BACKWARD},
                    {DNNL_ARG_DIFF_SRC, X},
                    {DNNL_ARG_SCRATCHPAD, SCRATCH}},
    [DX_TO_ADD] = {{DNNL_ARG_DIFF_DST, Y},
                   {DNNL_ARG_WEIGHTS, W_BACKWARD},
                   {DNNL_ARG_DIFF_SRC, DX_FLOAT},
                   {DNNL_ARG_SCRATCHPAD, SCRATCH}},
    [BACKWARD_W] = {{DNNL_ARG_SRC, X},
                    {DNNL_ARG_DIFF_DST, Y},
                    {DNNL_ARG_DIFF_WEIGHTS, DW},
                    {DNNL_ARG_DIFF_BIAS, BIAS},
                    {DNNL_ARG_SCRATCHPAD, SCRATCH}},
    [PACK_FORWARD] = {{DNNL_ARG_FROM, W}, {DNNL_ARG_TO, W_FORWARD}, {DNNL_ARG_SCRATCHPAD, SCRATCH}},
    [PACK_BACKWARD] = {{DNNL_ARG_FROM, W},
                       {DNNL_ARG_TO, W_BACKWARD},
                       {DNNL_ARG_SCRATCHPAD, SCRATCH}},
    [UNPACK] = {{DNNL_ARG_FROM, DW}, {DNNL_ARG_TO, W}, {DNNL_ARG_SCRATCHPAD, SCRATCH}},
};

typedef struct builder {
    conv *k;
    dnnl_dims_t stride, dilation, before, after; /* before, after: padding */
    dnnl_memory_desc_t any, any_dw; /* weights and their gradient: oneDNN chooses the layout */
    dnnl_memory_desc_t md[AF_MEMORIES];
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t hint; /* the forward pass, which backward ones refer to */
    size_t scratchpad;
} builder;

static dnnl_status_t describe(builder *b, const af_request *r, const af_conv_geometry *g)
{
    af_shape in = r->in[0], out = r->node->shape;
    const dnnl_dims_t x = {r->n, in.c, in.h, in.w}, y = {r->n, out.c, out.h, out.w},
                      bias = {g->out};
    const dnnl_dims_t w = {g->groups, g->out / g->groups, g->in / g->groups, g->kernel[0],
                           g->kernel[1]};
    int grouped = g->groups > 1;
    dnnl_data_type_t type = r->type == AF_BF16 ? dnnl_bf16 : dnnl_f32;
    const dnnl_dim_t *wd = grouped ? w : w + 1;
    for (int i = 0; i < 2; i++) {
        b->stride[i] = g->stride[i];
        b->dilation[i] = g->kernel[i] > 1 ? g->dilation[i] - 1 : 0; /* oneDNN counts the gaps */
        b->before[i] = g->pad[2 * i];
        b->after[i] = g->pad[2 * i + 1];
    }
    dnnl_status_t st = dnnl_memory_desc_init_by_tag(&b->md[X], 4, x, type, dnnl_nhwc);
    if (!st) st = dnnl_memory_desc_init_by_tag(&b->md[Y], 4, y, type, dnnl_nhwc);
    if (!st) st = dnnl_memory_desc_init_by_tag(&b->any, 4 + grouped, wd, type, dnnl_format_tag_any);
    if (!st)
        st = dnnl_memory_desc_init_by_tag(&b->any_dw, 4 + grouped, wd, dnnl_f32,
                                          dnnl_format_tag_any);
    if (!st)
        st = dnnl_memory_desc_init_by_tag(&b->md[W], 4 + grouped, wd, dnnl_f32,
                                          grouped ? dnnl_goihw : dnnl_oihw);
    if (!st && g->bias) st = dnnl_memory_desc_init_by_tag(&b->md[BIAS], 1, bias, dnnl_f32, dnnl_x);
    if (!st) st = dnnl_memory_desc_init_by_tag(&b->md[DX_FLOAT], 4, x, dnnl_f32, dnnl_nhwc);
    if (!st) st = dnnl_primitive_attr_create(&b->attr);
    if (!st) st = dnnl_primitive_attr_set_scratchpad_mode(b->attr, dnnl_scratchpad_mode_user);
    return st;
}

static void add_name(char *names, size_t size, const char *name)
{
    size_t used = strlen(names);
    if (!strstr(names, name)) snprintf(names + used, size - used, " %s", name);
}

/* Creates a pass from its description and notes the scratchpad it wants. */
static dnnl_status_t add_pass(builder *b, int pass, const_dnnl_primitive_desc_t pd)
{
    const char *name = "";
    dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name);
    if (pass <= BACKWARD_W) {
        if (b->k->type == AF_BF16 && !strstr(name, "amx")) return dnnl_unimplemented;
        add_name(b->k->name, sizeof b->k->name, name);
    }
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    size_t size = md ? dnnl_memory_desc_get_size(md) : 0;
    if (size > b->scratchpad) b->scratchpad = size;
    return dnnl_primitive_create(&b->k->run.pass[pass], pd);
}

static dnnl_status_t add_reorder(builder *b, int pass, int from, int to)
{
    dnnl_engine_t e = af_onednn_engine();
    dnnl_primitive_desc_t pd;
    dnnl_status_t st =
        dnnl_reorder_primitive_desc_create(&pd, &b->md[from], e, &b->md[to], e, b->attr);
    if (st) return st;
    st = add_pass(b, pass, pd);
    dnnl_primitive_desc_destroy(pd);
    return st;
}

static dnnl_status_t add_forward(builder *b)
{
    const dnnl_memory_desc_t *bias = b->md[BIAS].ndims ? &b->md[BIAS] : NULL;
    dnnl_convolution_desc_t d;
    dnnl_status_t st = dnnl_dilated_convolution_forward_desc_init(
        &d, dnnl_forward_training, dnnl_convolution_direct, &b->md[X], &b->any, bias, &b->md[Y],
        b->stride, b->dilation, b->before, b->after);
    if (!st) st = dnnl_primitive_desc_create(&b->hint, &d, b->attr, af_onednn_engine(), NULL);
    if (st) return st;
    b->md[W_FORWARD] = *dnnl_primitive_desc_query_md(b->hint, dnnl_query_weights_md, 0);
    st = add_pass(b, FORWARD, b->hint);
    return st ? st : add_reorder(b, PACK_FORWARD, W, W_FORWARD);
}

/* dx: the memory that it is written to. The first one chooses the layout of the weights. */
static dnnl_status_t add_backward_x(builder *b, int pass, int dx)
{
    const dnnl_memory_desc_t *w = pass == BACKWARD_X ? &b->any : &b->md[W_BACKWARD];
    dnnl_convolution_desc_t d;
    dnnl_primitive_desc_t pd;
    dnnl_status_t st = dnnl_dilated_convolution_backward_data_desc_init(
        &d, dnnl_convolution_direct, &b->md[dx], w, &b->md[Y], b->stride, b->dilation, b->before,
        b->after);
    if (!st) st = dnnl_primitive_desc_create(&pd, &d, b->attr, af_onednn_engine(), b->hint);
    if (st) return st;
    b->md[W_BACKWARD] = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    st = add_pass(b, pass, pd);
    dnnl_primitive_desc_destroy(pd);
    return st;
}

static dnnl_status_t add_backward_xs(builder *b, const af_request *r)
{
    dnnl_status_t st = add_backward_x(b, BACKWARD_X, X);
    if (!st && r->type == AF_BF16) st = add_backward_x(b, DX_TO_ADD, DX_FLOAT);
    return st ? st : add_reorder(b, PACK_BACKWARD, W, W_BACKWARD);
}

static dnnl_status_t add_backward_w(builder *b)
{
    const dnnl_memory_desc_t *bias = b->md[BIAS].ndims ? &b->md[BIAS] : NULL;
    dnnl_convolution_desc_t d;
    dnnl_primitive_desc_t pd;
    dnnl_status_t st = dnnl_dilated_convolution_backward_weights_desc_init(
        &d, dnnl_convolution_direct, &b->md[X], &b->any_dw, bias, &b->md[Y], b->stride, b->dilation,
        b->before, b->after);
    if (!st) st = dnnl_primitive_desc_create(&pd, &d, b->attr, af_onednn_engine(), b->hint);
    if (st) return st;
    b->md[DW] = *dnnl_primitive_desc_query_md(pd, dnnl_query_diff_weights_md, 0);
    st = add_pass(b, BACKWARD_W, pd);
    dnnl_primitive_desc_destroy(pd);
    return st ? st : add_reorder(b, UNPACK, DW, W);
}

static dnnl_status_t build(builder *b, const af_request *r, const af_conv_geometry *g)
{
    dnnl_status_t st = describe(b, r, g);
    if (!st) st = add_forward(b);
    if (!st && r->train && r->wants_dx[0]) st = add_backward_xs(b, r);
    if (!st && r->train && !b->k->gradient) st = add_backward_w(b);
    if (!st && b->k->gradient) add_name(b->k->name, sizeof b->k->name, "own_amx");
    const dnnl_dims_t bytes = {(dnnl_dim_t)b->scratchpad + 1};
    if (!st) st = dnnl_memory_desc_init_by_tag(&b->md[SCRATCH], 1, bytes, dnnl_u8, dnnl_x);
    if (b->hint) dnnl_primitive_desc_destroy(b->hint);
    if (b->attr) dnnl_primitive_attr_destroy(b->attr);
    return st;
}

static void release(void *self)
{
    conv *k = self;
    af_primitives_close(&k->run);
    af_free(k->w[0]);
    af_free(k->w[1]);
    af_free(k);
}

static size_t round_up(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Sizes everything that the passes in `b` work on. */
static af_status equip(const builder *b, const af_request *r, af_prepared *out)
{
    conv *k = b->k;
    size_t dw_bytes = k->gradient ? k->amx.sum_bytes : dnnl_memory_desc_get_size(&b->md[DW]);
    size_t dx_bytes = k->run.pass[BACKWARD_X] ? dnnl_memory_desc_get_size(&b->md[DX_FLOAT]) : 0;
    k->dx_count = dx_bytes / sizeof(float);
    k->dw_count = dw_bytes / sizeof(float);
    k->bias_count = b->md[BIAS].ndims ? r->node->shape.c : 0;
    size_t sum_bytes = (size_t)k->bias_count * sizeof(float);
    if (k->gradient)
        sum_bytes = larger(sum_bytes, k->amx.scratch_bytes);
    else
        sum_bytes += dw_bytes;
    k->temporary = r->train ? round_up(larger(dx_bytes, sum_bytes)) : 0;
    for (int i = 0; i < 2; i++) {
        size_t size = dnnl_memory_desc_get_size(&b->md[i ? W_BACKWARD : W_FORWARD]);
        k->w[i] = af_calloc(1, size);
        if (!k->w[i]) return AF_ENOMEM;
    }
    k->kernel = af_conv_slots(k->name, r->train);
    out->kernel = &k->kernel;
    out->self = k;
    out->lane_bytes = dw_bytes;
    out->scratch_bytes = k->temporary + b->scratchpad + 1;
    return af_primitives_open(&k->run, b->md);
}

af_status af_onednn_dense(const af_request *r, const af_conv_geometry *g, af_prepared *out)
{
    if (r->type == AF_BF16 && !af_onednn_has_amx()) return AF_OK;
    if (!af_onednn_engine()) return af_fail(AF_EINTERNAL, "oneDNN: cannot create a CPU engine");
    conv *k = af_calloc(1, sizeof *k);
    if (!k) return AF_ENOMEM;
    k->base.release = release;
    k->type = r->type;
    if (r->type == AF_BF16 && r->train && af_amx_plan(&k->amx, g, r->in[0], r->node->shape, r->n))
        k->gradient = af_amx_native;
    k->run.bindings = bindings;
    snprintf(k->name, sizeof k->name, "onednn");
    builder b = {.k = k};
    int threads = af_onednn_alone();
    dnnl_status_t done = build(&b, r, g);
    af_onednn_together(threads);
    af_status st = AF_OK;
    if (done == dnnl_unimplemented || done == dnnl_invalid_arguments) goto undo; /* not mine */
    AF_GOTO(st, undo, af_onednn_status(done, "cannot prepare a convolution"));
    AF_GOTO(st, undo, equip(&b, r, out));
    return AF_OK;
undo:
    release(k);
    memset(out, 0, sizeof *out);
    return st;
}
#else
af_status af_onednn_dense(const af_request *r, const af_conv_geometry *g, af_prepared *out)
{
    (void)r, (void)g, (void)out;
    return AF_OK;
}
#endif
