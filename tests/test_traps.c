/* oneDNN refuses no convolution: what it has no kernel for falls silently to its reference or to
 * products of matrices, tens of times slower. So every convolution and linear layer of the shipped
 * spaces, at every size and for inputs like the tasks' own, is prepared in fp32 and in bf16, and
 * the names of the implementations are read. */
#include "tests/aid/work.h"
#include <stdio.h>
#include "core/registry.h"
#include "core/space.h"

extern const af_op af_op_conv, af_op_linear;

enum { MOST = 1024, DRAWS = 6 };

static const af_io inputs[] = {
    {{4, 1, 1000}, {36, 1, 1}, false, AF_TINY},
    {{3, 32, 32}, {100, 1, 1}, false, AF_TINY},
    {{1, 1, 1000}, {4, 1, 1}, false, AF_TINY},
    {{3, 85, 85}, {1, 85, 85}, true, AF_TINY},
    {{1, 96, 101}, {200, 1, 1}, false, AF_TINY},
};

typedef struct layer {
    af_node node;
    af_shape in[AF_MAX_INPUTS];
    bool first; /* nobody wants its dx */
} layer;

static layer layers[MOST];
static int count;

static bool same(const layer *a, const layer *b)
{
    return a->node.op == b->node.op && a->first == b->first &&
           memcmp(&a->node.attrs, &b->node.attrs, sizeof a->node.attrs) == 0 &&
           memcmp(&a->in[0], &b->in[0], sizeof a->in[0]) == 0;
}

static void collect(const af_graph *g)
{
    for (int i = 0; i < af_graph_count(g); i++) {
        layer l = {.node = *af_graph_node(g, i)};
        if (l.node.op != &af_op_conv && l.node.op != &af_op_linear) continue;
        af_graph_input_shapes(g, i, l.in);
        l.first = l.node.in[0] == af_graph_input(g);
        int k = 0;
        while (k < count && !same(&layers[k], &l)) k++;
        assert_true(k < MOST);
        layers[k] = l;
        if (k == count) count++;
    }
}

static void collect_all(void)
{
    af_rng rng = af_rng_at(1, "traps", 0, 0, 0, 0);
    for (const af_space *const *s = af_builtin.space; *s; s++)
        for (size_t i = 0; i < LENGTH(inputs); i++)
            for (int size = 0; size < AF_SIZES; size++)
                for (int draw = 0; draw < DRAWS; draw++) {
                    af_io io = inputs[i];
                    af_config c = draw ? af_space_sample(*s, &rng) : af_space_default(*s);
                    af_graph *g;
                    io.size = (af_size)size;
                    assert_ok(af_space_build(*s, &c, &io, &g));
                    collect(g);
                    af_graph_free(g);
                }
}

/* Asks for the layer's kernel; false: "not mine". Its name goes to `name`. */
static bool prepare(const af_backend *b, const layer *l, af_dtype type, char *name, size_t size)
{
    af_request r = {.node = &l->node, .in = l->in, .n = 2, .train = true, .type = type};
    r.wants_dx[0] = !l->first;
    af_prepared p;
    assert_ok(b->prepare(&r, &p));
    snprintf(name, size, "%s", p.kernel ? p.kernel->name : "");
    if (!p.kernel) return false;
    b->release(p.self);
    return true;
}

static void complain(const layer *l, const char *type, const char *name)
{
    const af_attrs *a = &l->node.attrs;
    fail_msg("%s %s, %dx%d stride %dx%d, %dx%dx%d to %d: %s", l->node.op->name, type, a->kernel[0],
             a->kernel[1], a->stride[0], a->stride[1], l->in[0].c, l->in[0].h, l->in[0].w,
             l->node.shape.c, *name ? name : "not prepared");
}

/* A product of matrices is right for linear layers and kernels as large as the map. In fp32 oneDNN
 * 2.6 has nothing else for dx of a 1-D convolution with a stride, with AVX-512 neither; there it
 * costs little (16 to 32 and 32 to 64 channels on one AVX2 core: 50 and 69 GF/s, forward 88). */
static bool slow(const layer *l, const char *name, af_dtype type)
{
    const af_attrs *a = &l->node.attrs;
    bool matrices = l->node.shape.h * l->node.shape.w == 1 || l->node.op == &af_op_linear;
    bool strided = l->in[0].h == 1 && a->stride[1] > 1;
    if (strstr(name, "ref")) return true;
    return strstr(name, "gemm") && !matrices && !(strided && type == AF_F32);
}

static void no_slow_convolution(void **state)
{
    (void)state;
    const af_backend *b = af_find_backend("onednn");
    char text[128], name[128];
    if (!b || b->probe(text, sizeof text) != AF_OK) skip();
    bool amx = b->prefers_bf16();
    assert_true(amx == !!strstr(text, "amx"));
    collect_all();
    assert_true(count > 30);
    int gemm = 0, native = 0;
    for (int i = 0; i < count; i++) {
        const layer *l = &layers[i];
        bool own = prepare(b, l, AF_F32, name, sizeof name);
        if (!own || slow(l, name, AF_F32)) complain(l, "fp32", name);
        gemm += strstr(name, "gemm") != NULL;
        own = prepare(b, l, AF_BF16, name, sizeof name);
        bool wanted = amx && l->node.op == &af_op_conv && l->in[0].c >= 16;
        if ((own && !amx) || (wanted && !own) || slow(l, name, AF_BF16)) complain(l, "bf16", name);
        native += own;
    }
    printf("  %s: %d layers, by gemm in fp32 %d; own kernels in bf16 %d\n", text, count, gemm,
           native);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_slow_convolution)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
