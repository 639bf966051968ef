/* afield plan: how a network is computed here. What the passes did, every node with its kernel,
 * memory, predicted and measured time, and where a training step's time goes. */
#include <stdio.h>
#include <string.h>
#include "eval/cli.h"
#include "eval/network.h"
#include "eval/profile.h"

typedef struct options {
    af_network_options network;
    const char *backend, *precision;
    int batch, threads, device;
    double seconds;
    bool fast, plain, json;
} options;
static const af_option table[] = {
    AF_NETWORK_OPTIONS(offsetof(options, network)),
    {"batch", AF_OPT_INT, offsetof(options, batch), "64", 1, 1 << 20, "samples in a step", NULL,
     NULL},
    AF_DEVICE_OPTION(offsetof(options, device)),
    {"backend", AF_OPT_TEXT, offsetof(options, backend), "auto", 0, 0, "see `afield list backends`",
     NULL, "NAME"},
    {"precision", AF_OPT_TEXT, offsetof(options, precision), "auto", 0, 0,
     "of activations: fp32, bf16, on a card also tf32, or auto", NULL, "NAME"},
    {"fast", AF_OPT_FLAG, offsetof(options, fast), "false", 0, 0,
     "on a card: faster kernels whose results differ from run to run", NULL, NULL},
    {"threads", AF_OPT_INT, offsetof(options, threads), "0", 0, 1024, "0: all cores", NULL, NULL},
    {"seconds", AF_OPT_REAL, offsetof(options, seconds), "2", 0, 3600, "to spend on steps", NULL,
     NULL},
    {"no-passes", AF_OPT_FLAG, offsetof(options, plain), "false", 0, 0,
     "run the graph's own nodes, neither fused nor merged", NULL, NULL},
    {"json", AF_OPT_FLAG, offsetof(options, json), "false", 0, 0, "print JSON", NULL, NULL},
    {0}};

enum { MAX_KINDS = 32 };
typedef struct kind { /* all nodes of one op */
    const char *op;
    int nodes;
    double seconds, flops;
} kind;

static int add_up(kind kinds[MAX_KINDS], const af_plan *p, double *all)
{
    int count = 0;
    af_plan_info info = af_plan_describe(p);
    *all = 0;
    for (int i = 0; i < info.nodes; i++) {
        af_plan_node_info n;
        if (!af_plan_node(p, i, &n)) continue;
        int k = 0;
        while (k < count && strcmp(kinds[k].op, n.node->op->name)) k++;
        if (k == MAX_KINDS) continue;
        if (k == count) kinds[count++] = (kind){n.node->op->name, 0, 0, 0};
        kinds[k].nodes++;
        kinds[k].seconds += n.seconds[0] + n.seconds[1];
        kinds[k].flops += n.flops[0] + n.flops[1];
        *all += n.seconds[0] + n.seconds[1];
    }
    return count;
}

/* ---- for people ---- */

static void print_passes(const af_plan *p)
{
    const char *name, *note;
    for (int i = 0; (name = af_plan_pass(p, i, &note)); i++) printf("%-10s %s\n", name, note);
}

static void print_node(const af_profile *f, int i, const af_plan_node_info *n)
{
    char shape[48], phases[24], kernel[40];
    double ms = 1e3 / f->steps;
    snprintf(shape, sizeof shape, "%dx%dx%d", n->node->shape.c, n->node->shape.h, n->node->shape.w);
    snprintf(phases, sizeof phases, n->phase[1] < 0 ? "%d" : "%d/%d", n->phase[0], n->phase[1]);
    snprintf(kernel, sizeof kernel, "%s%s", n->converts ? "fp32: " : "", n->kernel);
    printf("%5d %-11s %-26.26s %-12s %-8s %8.2f%c %8.3f %8.3f %8.3f %8.3f ", i, n->node->op->name,
           kernel, shape, phases, (double)n->bytes * 1e-6, n->local ? '*' : ' ',
           af_profile_predict(f, n, 0) * ms, n->seconds[0] * ms, af_profile_predict(f, n, 1) * ms,
           n->seconds[1] * ms);
    for (int k = 0; k < n->node->inputs; k++) printf(" %d", n->node->in[k]);
    putchar('\n');
}

static void print_nodes(const af_profile *f)
{
    af_plan_info info = af_plan_describe(f->plan);
    printf("\n%52s %-21s %-9s %18s %17s\n", "", "", "", "forward, ms", "backward, ms");
    printf("%5s %-11s %-26s %-12s %-8s %8s  %8s %8s %8s %8s  %s\n", "node", "op", "kernel",
           "output", "phase", "MB", "expected", "took", "expected", "took", "inputs");
    for (int i = 0; i < info.nodes; i++) {
        af_plan_node_info n;
        if (af_plan_node(f->plan, i, &n)) print_node(f, i, &n);
    }
    printf("MB: of result, gradient and what is kept for the way back; * in the thread's own "
           "memory\n");
}

static void print_kinds(const af_profile *f)
{
    kind kinds[MAX_KINDS];
    double all;
    int count = add_up(kinds, f->plan, &all);
    printf("\n%-12s %6s %10s %7s %10s %9s\n", "op", "nodes", "ms a step", "share", "GFLOP/s",
           "of matmul");
    for (int k = 0; k < count; k++)
        printf("%-12s %6d %10.3f %6.1f%% %10.1f %8.1f%%\n", kinds[k].op, kinds[k].nodes,
               kinds[k].seconds * 1e3 / f->steps, 100 * kinds[k].seconds / all,
               kinds[k].flops * f->steps / kinds[k].seconds * 1e-9,
               100 * kinds[k].flops * f->steps / kinds[k].seconds / f->matmul_rate);
}

static void print_summary(const af_profile *f, const options *o, const af_backend *backend,
                          af_precision precision)
{
    af_plan_info i = af_plan_describe(f->plan);
    double rate = f->flops / f->ms_median * 1e3;
    printf(
        "\nstep       %.2f ms at least, %.2f ms median of %d; %.1f samples/s, %.1f GFLOP/s, %.1f%% "
        "of the matmul rate\n",
        f->ms_least, f->ms_median, f->steps, o->batch / f->ms_median * 1e3, rate * 1e-9,
        100 * rate / (f->matmul_rate * i.threads));
    printf("rates      a thread: %.1f GFLOP/s in a large 1x1 convolution, %.2f GB/s moved by ReLU "
           "beyond the caches\n",
           f->matmul_rate * 1e-9, f->traffic_rate * 1e-9);
    printf("plan       %s, %s, batch %d in %d lanes, chunks of %d, %d threads, %d phases\n",
           backend->name, af_precision_name(backend, precision), o->batch, i.lanes, i.chunk,
           i.threads, i.phases);
    printf(
        "memory     %.1f MB: %.1f of the whole batch, %.1f of threads and lanes, %.1f parameters\n",
        (double)i.bytes_total * 1e-6, (double)i.bytes_batch * 1e-6, (double)i.bytes_lane * 1e-6,
        (double)i.bytes_params * 1e-6);
}

/* ---- for scripts ---- */

static json_t *node_json(const af_profile *f, int i, const af_plan_node_info *n)
{
    double ms = 1e3 / f->steps;
    json_t *in = json_array();
    for (int k = 0; k < n->node->inputs; k++)
        json_array_append_new(in, json_integer(n->node->in[k]));
    return json_pack("{s:i, s:s, s:s, s:b, s:[iii], s:[ii], s:I, s:[ff], s:[ff], s:o}", "node", i,
                     "op", n->node->op->name, "kernel", n->kernel, "converts", n->converts,
                     "output", n->node->shape.c, n->node->shape.h, n->node->shape.w, "phases",
                     n->phase[0], n->phase[1], "bytes", (json_int_t)n->bytes, "expected_ms",
                     af_profile_predict(f, n, 0) * ms, af_profile_predict(f, n, 1) * ms, "ms",
                     n->seconds[0] * ms, n->seconds[1] * ms, "inputs", in);
}

static json_t *to_json(const af_profile *f, const af_network *net, const options *o,
                       const af_backend *backend, af_precision precision)
{
    af_plan_info i = af_plan_describe(f->plan);
    json_t *nodes = json_array(), *passes = json_object();
    const char *name, *note;
    for (int k = 0; (name = af_plan_pass(f->plan, k, &note)); k++)
        json_object_set_new(passes, name, json_string(note));
    for (int k = 0; k < i.nodes; k++) {
        af_plan_node_info n;
        if (af_plan_node(f->plan, k, &n)) json_array_append_new(nodes, node_json(f, k, &n));
    }
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:I, s:f, s:f, s:i, s:f, s:f, s:f, "
                     "s:o, s:o}",
                     "arch", net->name, "backend", backend->name, "precision",
                     af_precision_name(backend, precision), "batch", o->batch, "threads", i.threads,
                     "lanes", i.lanes, "chunk", i.chunk, "phases", i.phases, "bytes",
                     (json_int_t)i.bytes_total, "ms_min", f->ms_least, "ms_median", f->ms_median,
                     "steps", f->steps, "flops", f->flops, "matmul_flops_per_s", f->matmul_rate,
                     "traffic_bytes_per_s", f->traffic_rate, "passes", passes, "nodes", nodes);
}

static af_status run(const void *values, const char *const *words, int count)
{
    const options *o = values;
    af_network net;
    af_profile f;
    af_profile_options p = {.batch = o->batch,
                            .threads = o->threads,
                            .seconds = o->seconds,
                            .fast = o->fast,
                            .plain = o->plain};
    (void)count;
    AF_TRY(af_need_backend(&p.backend, (af_place)o->device, o->backend));
    AF_TRY(af_check_fast(p.backend, o->fast));
    AF_TRY(af_precision_find(&p.precision, p.backend, o->precision));
    AF_TRY(af_network_build(&net, words[0], &o->network));
    af_status st = af_profile_run(&f, net.graph, &net.io, &p);
    if (st == AF_OK && o->json) {
        st = af_print_json(to_json(&f, &net, o, p.backend, p.precision));
    } else if (st == AF_OK) {
        printf("%s %s\n", net.space->name, net.name);
        print_passes(f.plan);
        print_nodes(&f);
        print_kinds(&f);
        print_summary(&f, o, p.backend, p.precision);
    }
    if (st == AF_OK) af_profile_close(&f);
    af_graph_free(net.graph);
    return st;
}

const af_cmd af_cmd_plan = {
    .name = "plan",
    .usage = "ARCH|@FILE|BASELINE (--task TASK | --input 3x32x32 --outputs 100) [options]",
    .summary = "how a network is computed here, and where a training step's time goes",
    .order = 4,
    .more = "examples:\n  afield plan wrn --input 3x32x32 --outputs 100 --threads 1\n"
            "  afield plan '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
            "|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|' --task ecg --precision bf16",
    .options = table,
    .options_size = sizeof(options),
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
