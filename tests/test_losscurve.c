/* Fifty training steps on real data against PyTorch's: tests/golden/losscurve_<case>.h5 holds the
 * network's text, initial weights, batches and PyTorch's losses in double, in float and under
 * autocast to bf16, written by tests/golden/losscurve.py. In double the curves must agree to 1e-9;
 * in float and in bf16 ours may stray from the double curve at most three times as far as PyTorch's
 * own curve of that precision does.
 *
 * `test_losscurve --write DIR` writes the inputs of that script: <case>.graph and <case>.weights.
 */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/data/dataset.h"
#include "core/plan/plan.h"
#include "core/registry.h"
#include "tests/aid/work.h"

enum { STEPS = 50 };

typedef struct curve_case {
    const char *name, *space, *arch;
    af_io io;
    const af_loss *loss;
    int batch;
    af_update update;
} curve_case;

static const curve_case cases[] = {
    {"ecg",
     "nb201",
     "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
     {{1, 1, 250}, {4, 1, 1}, false, AF_TINY},
     &af_loss_cross_entropy,
     16,
     {.kind = AF_SGD, .lr = 0.05, .momentum = 0.9, .weight_decay = 5e-4, .nesterov = true}},
    {"darcy",
     "wrn",
     "default",
     {{3, 16, 16}, {1, 16, 16}, true, AF_TINY},
     &af_loss_relative_l2,
     8,
     {.kind = AF_ADAM,
      .lr = 1e-3,
      .weight_decay = 1e-4,
      .beta1 = 0.9,
      .beta2 = 0.999,
      .epsilon = 1e-8,
      .clip = 1}},
};
enum { CASES = sizeof cases / sizeof *cases };

typedef struct golden {
    hid_t file;
    char *graph;
    double *weights, loss64[STEPS], loss[AF_PRECISIONS][STEPS]; /* double; float and bf16 */
    float *x, *y_dense;
    int32_t *y_class;
} golden;

static af_graph *build(const curve_case *c)
{
    af_graph *g;
    af_config config;
    const af_space *space = af_find_space(c->space);
    assert_non_null(space);
    assert_ok(af_space_parse(space, &config, c->arch));
    assert_ok(af_space_build(space, &config, &c->io, &g));
    return g;
}

static void *read_all(hid_t file, const char *name, hid_t type, size_t size, hssize_t want)
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    assert_true(set >= 0);
    hid_t space = H5Dget_space(set);
    hssize_t n = H5Sget_simple_extent_npoints(space);
    if (want > 0) assert_int_equal(n, want);
    void *out = af_calloc((size_t)n + 1, size);
    assert_non_null(out);
    assert_true(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0);
    H5Sclose(space);
    H5Dclose(set);
    return out;
}

static void load_curve(double out[STEPS], hid_t file, const char *name)
{
    double *l = read_all(file, name, H5T_NATIVE_DOUBLE, sizeof *l, STEPS);
    memcpy(out, l, STEPS * sizeof *l);
    af_free(l);
}

static void load(golden *g, const curve_case *c, int64_t weights)
{
    char path[AF_PATH_MAX];
    assert_ok(af_path_format(path, "tests/golden/losscurve_%s.h5", c->name));
    g->file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(g->file >= 0);
    hssize_t samples = STEPS * c->batch;
    g->graph = read_all(g->file, "graph", H5T_NATIVE_CHAR, 1, 0);
    g->weights = read_all(g->file, "weights", H5T_NATIVE_DOUBLE, sizeof(double), weights);
    g->x = read_all(g->file, "x", H5T_NATIVE_FLOAT, sizeof(float),
                    samples * af_shape_size(c->io.input));
    if (c->io.dense)
        g->y_dense = read_all(g->file, "y", H5T_NATIVE_FLOAT, sizeof(float),
                              samples * af_shape_size(c->io.output));
    else
        g->y_class = read_all(g->file, "y", H5T_NATIVE_INT32, sizeof(int32_t), samples);
    load_curve(g->loss64, g->file, "loss_float64");
    load_curve(g->loss[AF_FULL_PRECISION], g->file, "loss_float32");
    load_curve(g->loss[AF_BF16_PRECISION], g->file, "loss_bfloat16");
}

static void unload(golden *g)
{
    H5Fclose(g->file);
    af_free(g->graph);
    af_free(g->weights);
    af_free(g->x);
    af_free(g->y_class);
    af_free(g->y_dense);
}

static void run_curve(const curve_case *c, const af_graph *graph, const golden *g,
                      const char *backend, af_precision precision, double loss[STEPS])
{
    af_plan *p;
    af_plan_options o = af_plan_options_default();
    o.batch = c->batch;
    o.train = true;
    o.loss = c->loss;
    o.precision = precision;
    assert_ok(af_plan_new(&p, graph, af_find_backend(backend), &o));
    af_plan_init(p, 0, 0);
    af_plan_write(p, AF_WEIGHTS, g->weights);
    af_update u = c->update;
    for (int s = 0; s < STEPS; s++) {
        const float *x = g->x + (int64_t)s * c->batch * af_shape_size(c->io.input);
        const void *y =
            c->io.dense
                ? (const void *)(g->y_dense + (int64_t)s * c->batch * af_shape_size(c->io.output))
                : (const void *)(g->y_class + (int64_t)s * c->batch);
        u.count = s;
        assert_ok(af_plan_step(p, x, y, &u, (af_position){0}, &loss[s]));
    }
    af_plan_free(p);
}

/* Largest relative distance of two curves. */
static double distance(const double *a, const double *b)
{
    double most = 0;
    for (int s = 0; s < STEPS; s++) most = fmax(most, fabs(a[s] - b[s]) / fabs(b[s]));
    return most;
}

static void follows_pytorch(void **state)
{
    const curve_case *c = *state;
    golden g = {0};
    double loss[STEPS];
    af_graph *graph = build(c);
    char *text = af_graph_print(graph);
    load(&g, c, af_graph_measure(graph).parameters);
    assert_string_equal(text, g.graph); /* the file is about this network */
    run_curve(c, graph, &g, "reference64", AF_FULL_PRECISION, loss);
    printf("  %-5s float64 reference: %.2g from PyTorch's (loss %.4f -> %.4f)\n", c->name,
           distance(loss, g.loss64), loss[0], loss[STEPS - 1]);
    assert_true(distance(loss, g.loss64) <= 1e-9);
    assert_true(loss[STEPS - 1] < 0.95 * loss[0]);
    for (size_t i = 0; af_builtin.backend[i]; i++) {
        const af_backend *b = af_builtin.backend[i];
        char why[256];
        /* what runs a card's kernels on the host is slow; test_device has it train */
        bool slow = b->device && !strcmp(b->name, "cuda_host") && !getenv("AFIELD_LONG");
        if (slow || b->dtype != AF_F32 || !work_wants(b->name) ||
            b->probe(why, sizeof why) != AF_OK)
            continue;
        /* the reference has no bf16 of its own, and is slow */
        for (int p = 0; p < (b->prepare ? AF_PRECISIONS : 1); p++) {
            if (!af_precision_offered(b, (af_precision)p)) continue;
            /* TF32 has more bits than bfloat16, of which there is a curve */
            const int known = p == AF_TF32_PRECISION ? AF_BF16_PRECISION : p;
            double theirs = distance(g.loss[known], g.loss64);
            run_curve(c, graph, &g, b->name, (af_precision)p, loss);
            printf("  %-5s %s %s: %.2g from the double curve; PyTorch's: %.2g\n", c->name,
                   af_precision_name(b, (af_precision)p), b->name, distance(loss, g.loss64),
                   theirs);
            assert_true(distance(loss, g.loss64) <= 3 * theirs);
        }
    }
    unload(&g);
    af_free(text);
    af_graph_free(graph);
}

static int write_inputs(const char *directory)
{
    for (int i = 0; i < CASES; i++) {
        char path[AF_PATH_MAX];
        af_plan *p;
        af_plan_options o = af_plan_options_default();
        af_graph *g = build(&cases[i]);
        char *text = af_graph_print(g);
        assert_ok(af_path_format(path, "%s/%s.graph", directory, cases[i].name));
        assert_ok(af_file_write(path, text, strlen(text)));
        assert_ok(af_plan_new(&p, g, af_find_backend("reference64"), &o));
        af_plan_init(p, 360, 0);
        size_t size = (size_t)af_plan_size(p, AF_WEIGHTS) * sizeof(double);
        double *w = af_alloc(size);
        af_plan_read(p, AF_WEIGHTS, w);
        assert_ok(af_path_format(path, "%s/%s.weights", directory, cases[i].name));
        assert_ok(af_file_write(path, w, size));
        af_free(w);
        af_free(text);
        af_plan_free(p);
        af_graph_free(g);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write") == 0) return write_inputs(argv[2]);
    struct CMUnitTest tests[CASES];
    memset(tests, 0, sizeof tests);
    for (int i = 0; i < CASES; i++) {
        tests[i].name = cases[i].name;
        tests[i].test_func = follows_pytorch;
        tests[i].initial_state = (void *)(uintptr_t)&cases[i];
    }
    return _cmocka_run_group_tests("losscurve", tests, CASES, NULL, NULL);
}
