/* Times whole training steps (forward, loss, backward, update) of three networks of the kinds that
 * the tasks train, and writes CSV. Machines have quiet and busy moments, so thread counts take
 * turns step by step, and both the minimum and the median are given.
 *
 *     bench_engine [FILE [SECONDS]]        SECONDS to spend on each network, default 8
 */
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/plan/plan.h"
#include "core/registry.h"

enum { MIN_STEPS = 5, MAX_STEPS = 1000, RUNS = 2 };

/* ---- networks ---- */

static af_id conv_norm(af_graph *g, af_id x, af_attrs a)
{
    return af_batch_norm(g, af_conv(g, x, a));
}

/* ReLU - 3x3 convolution - batch norm: the dearest operation of NAS-Bench-201. */
static af_id edge(af_graph *g, af_id x, int channels, int stride)
{
    return conv_norm(g, af_relu(g, x), af_conv_attrs(channels, 3, stride));
}

static af_id cell(af_graph *g, af_id x, int channels)
{
    af_id node[4] = {x};
    for (int to = 1; to < 4; to++) {
        af_id in[3];
        for (int from = 0; from < to; from++) in[from] = edge(g, node[from], channels, 1);
        node[to] = af_add(g, in, to);
    }
    return node[3];
}

static af_id reduction(af_graph *g, af_id x, int channels)
{
    af_attrs half = af_pool_attrs_2d(2, 2, 2, 2);
    for (int i = 0; i < 4; i++) half.pad[i] = 0;
    af_id in[2] = {edge(g, edge(g, x, channels, 2), channels, 1),
                   af_conv(g, af_avg_pool(g, x, half), af_conv_attrs(channels, 1, 1))};
    return af_add(g, in, 2);
}

/* NAS-Bench-201 with 3x3 convolutions on all edges, C = 16, N = 5 (Dong & Yang 2020). */
static void nb201(af_graph *g)
{
    af_id x = af_input(g, (af_shape){3, 32, 32});
    x = conv_norm(g, x, af_conv_attrs(16, 3, 1));
    for (int stage = 0; stage < 3; stage++) {
        if (stage > 0) x = reduction(g, x, 16 << stage);
        for (int i = 0; i < 5; i++) x = cell(g, x, 16 << stage);
    }
    x = af_global_pool(g, af_relu(g, af_batch_norm(g, x)));
    af_output(g, af_linear(g, x, 100, true));
}

/* The one-dimensional ResNet of Wang et al. 2017. */
static void resnet_1d(af_graph *g)
{
    static const int widths[3] = {64, 128, 128}, kernels[3] = {8, 5, 3};
    af_id x = af_input(g, (af_shape){1, 1, 1000});
    for (int block = 0; block < 3; block++) {
        af_id y = x;
        for (int i = 0; i < 3; i++) {
            y = conv_norm(g, y, af_conv_attrs_2d(widths[block], 1, kernels[i], 1, 1));
            if (i < 2) y = af_relu(g, y);
        }
        bool wider = af_graph_shape(g, x).c != widths[block];
        af_id both[2] = {y, wider ? conv_norm(g, x, af_conv_attrs(widths[block], 1, 1)) : x};
        x = af_relu(g, af_add(g, both, 2));
    }
    af_output(g, af_linear(g, af_global_pool(g, x), 4, true));
}

/* Wide ResNet 16-4 (Zagoruyko & Komodakis 2016) that keeps the resolution, for dense outputs. */
static void wrn_dense(af_graph *g)
{
    af_id x = af_input(g, (af_shape){1, 85, 85});
    x = af_conv(g, x, af_conv_attrs(16, 3, 1));
    for (int block = 0; block < 6; block++) {
        int channels = 64 << block / 2;
        bool wider = block % 2 == 0;
        af_id y = af_relu(g, af_batch_norm(g, x));
        af_id both[2] = {0, wider ? af_conv(g, y, af_conv_attrs(channels, 1, 1)) : x};
        y = af_relu(g, conv_norm(g, y, af_conv_attrs(channels, 3, 1)));
        both[0] = af_conv(g, y, af_conv_attrs(channels, 3, 1));
        x = af_add(g, both, 2);
    }
    x = af_relu(g, af_batch_norm(g, x));
    af_output(g, af_conv(g, x, af_conv_attrs(1, 1, 1)));
}

static const struct network {
    const char *name;
    void (*build)(af_graph *g);
    const af_loss *loss;
    int batch;
} networks[] = {
    {"nb201-all-3x3-c16-n5", nb201, &af_loss_cross_entropy, 64},
    {"resnet-1d-64-128-128", resnet_1d, &af_loss_cross_entropy, 64},
    {"wrn-16-4-dense-85x85", wrn_dense, &af_loss_relative_l2, 4},
};

/* ---- timing ---- */

typedef struct run {
    af_plan *plan;
    double seconds[MAX_STEPS];
    int steps;
} run;

typedef struct batch {
    float *x;
    void *y;
} batch;

static af_status make_batch(batch *b, const af_graph *g, const struct network *n)
{
    af_shape in = af_graph_shape(g, af_graph_input(g)), out = af_graph_shape(g, af_graph_output(g));
    int64_t x_size = n->batch * af_shape_size(in), y_size = n->batch * af_shape_size(out);
    b->x = af_alloc((size_t)x_size * sizeof *b->x);
    b->y = af_alloc((size_t)y_size * sizeof(float)); /* at least an int32 a sample */
    if (!b->x || !b->y) return AF_ENOMEM;
    for (int64_t i = 0; i < x_size; i++) b->x[i] = (float)sin(0.37 * (double)i * (double)i);
    if (n->loss->target == AF_TARGET_CLASS)
        for (int i = 0; i < n->batch; i++) ((int32_t *)b->y)[i] = i % out.c;
    else
        for (int64_t i = 0; i < y_size; i++) ((float *)b->y)[i] = (float)sin((double)i);
    return AF_OK;
}

static af_status step(run *r, const batch *b)
{
    af_update u = af_update_default();
    u.lr = 1e-3;
    double loss, start = af_clock();
    AF_TRY(af_plan_step(r->plan, b->x, b->y, &u, (af_position){.step = (uint32_t)r->steps}, &loss));
    r->seconds[r->steps++] = af_clock() - start;
    return AF_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(FILE *csv, const struct network *n, const af_backend *backend, run *r)
{
    af_plan_info info = af_plan_describe(r->plan);
    const af_cost *cost = af_plan_cost(r->plan);
    qsort(r->seconds, (size_t)r->steps, sizeof *r->seconds, ascending);
    double least = r->seconds[0], median = r->seconds[r->steps / 2];
    char row[256];
    snprintf(row, sizeof row, "%s,%s,%s,%d,%d,%.2f,%.2f,%.1f,%.1f,%.1f\n", n->name, backend->name,
             backend->dtype == AF_F32 ? "fp32" : "fp64", info.threads, n->batch, least * 1e3,
             median * 1e3, n->batch / median,
             (cost->forward + cost->backward) * n->batch / median * 1e-9,
             (double)info.bytes_total / 1e6);
    fputs(row, stdout);
    fflush(stdout);
    if (csv != stdout) fputs(row, csv);
}

static af_status time_network(FILE *csv, const struct network *n, const af_backend *backend,
                              double seconds)
{
    static run runs[RUNS];
    batch b = {0};
    af_graph *g = af_graph_new();
    if (!g) return AF_ENOMEM;
    af_status st = AF_OK;
    n->build(g);
    AF_GOTO(st, done, af_graph_status(g));
    AF_GOTO(st, done, make_batch(&b, g, n));
    for (int i = 0; i < RUNS; i++) {
        runs[i].steps = 0;
        af_plan_options o = af_plan_options_default();
        o.batch = n->batch;
        o.loss = n->loss;
        o.train = true;
        o.threads = i == 0 ? 1 : omp_get_num_procs();
        AF_GOTO(st, done, af_plan_new(&runs[i].plan, g, backend, &o));
        af_plan_init(runs[i].plan, 1, 1);
        AF_GOTO(st, done, step(&runs[i], &b)); /* caches warm up, pages arrive */
        runs[i].steps = 0;
    }
    double end = af_clock() + seconds;
    while ((af_clock() < end || runs[0].steps < MIN_STEPS) && runs[0].steps < MAX_STEPS)
        for (int i = 0; i < RUNS; i++) AF_GOTO(st, done, step(&runs[i], &b));
    for (int i = 0; i < RUNS; i++) report(csv, n, backend, &runs[i]);
done:
    for (int i = 0; i < RUNS; i++) {
        af_plan_free(runs[i].plan);
        runs[i].plan = NULL;
    }
    af_free(b.x);
    af_free(b.y);
    af_graph_free(g);
    return st;
}

int main(int argc, char **argv)
{
    const af_backend *backend = af_default_backend();
    FILE *csv = argc > 1 ? fopen(argv[1], "w") : stdout;
    double seconds = argc > 2 ? atof(argv[2]) : 8;
    const char *header = "name,backend,precision,threads,batch,ms_per_step_min,ms_per_step_median,"
                         "images_per_s,gflops,peak_mb\n";
    if (!csv) {
        perror(argv[1]);
        return 1;
    }
    fputs(header, stdout);
    if (csv != stdout) fputs(header, csv);
    af_status st = AF_OK;
    for (size_t i = 0; i < sizeof networks / sizeof *networks && st == AF_OK; i++)
        st = time_network(csv, &networks[i], backend, seconds);
    if (st != AF_OK) fprintf(stderr, "bench_engine: %s\n", af_error());
    if (csv != stdout && fclose(csv) != 0 && st == AF_OK) {
        perror(argv[1]);
        return 1;
    }
    return af_exit_code(st);
}
