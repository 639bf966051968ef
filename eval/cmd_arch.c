/* afield arch: a network's layers, parameters, MACs and FLOPs, without data and without training.
 */
#include <stdio.h>
#include "eval/cli.h"
#include "eval/network.h"

typedef struct options {
    af_network_options network;
    bool json;
} options;
static const af_option table[] = {
    AF_NETWORK_OPTIONS(offsetof(options, network)),
    {"json", AF_OPT_FLAG, offsetof(options, json), "false", 0, 0, "print JSON", NULL, NULL},
    {0}};

static void print_layers(const af_graph *g)
{
    printf("%5s  %-12s %-16s %14s %16s  %s\n", "node", "op", "output", "parameters", "MACs",
           "inputs");
    for (int i = 0; i < af_graph_count(g); i++) {
        const af_node *n = af_graph_node(g, i);
        char shape[64];
        snprintf(shape, sizeof shape, "%dx%dx%d", n->shape.c, n->shape.h, n->shape.w);
        printf("%5d  %-12s %-16s %14lld %16.0f ", i, n->op->name, shape,
               (long long)af_node_parameters(g, i), af_node_cost(g, i).macs);
        for (int k = 0; k < n->inputs; k++) printf(" %d", n->in[k]);
        putchar('\n');
    }
}

static json_t *to_json(const af_graph *g, const char *name)
{
    af_graph_cost c = af_graph_measure(g);
    json_t *layers = json_array();
    for (int i = 0; i < af_graph_count(g); i++) {
        const af_node *n = af_graph_node(g, i);
        json_t *in = json_array();
        for (int k = 0; k < n->inputs; k++) json_array_append_new(in, json_integer(n->in[k]));
        json_array_append_new(layers,
                              json_pack("{s:i, s:s, s:[iii], s:I, s:f, s:o}", "node", i, "op",
                                        n->op->name, "output", n->shape.c, n->shape.h, n->shape.w,
                                        "parameters", (json_int_t)af_node_parameters(g, i), "macs",
                                        af_node_cost(g, i).macs, "inputs", in));
    }
    return json_pack("{s:s, s:I, s:I, s:f, s:f, s:o}", "arch", name, "parameters",
                     (json_int_t)c.parameters, "macs", (json_int_t)c.total.macs, "flops_forward",
                     c.total.forward, "flops_backward", c.total.backward, "layers", layers);
}

static af_status run(const void *values, const char *const *words, int count)
{
    const options *o = values;
    af_network n;
    (void)count;
    AF_TRY(af_network_build(&n, words[0], &o->network));
    af_status st = AF_OK;
    if (o->json) {
        st = af_print_json(to_json(n.graph, n.name));
    } else {
        af_graph_cost cost = af_graph_measure(n.graph);
        print_layers(n.graph);
        printf("\n%s %s, size %s\nparameters %lld\nMACs       %.0f\nFLOPs      %.4g forward, %.4g "
               "backward, per sample\n",
               n.space->name, n.name, af_size_names[n.io.size], (long long)cost.parameters,
               cost.total.macs, cost.total.forward, cost.total.backward);
    }
    af_graph_free(n.graph);
    return st;
}

const af_cmd af_cmd_arch = {
    .name = "arch",
    .usage = "ARCH|@FILE|BASELINE (--task TASK | --input 3x32x32 --outputs 100) [--json]",
    .summary = "a network's layers, parameters and cost",
    .order = 4,
    .more = "examples:\n  afield arch wrn --input 3x32x32 --outputs 100\n"
            "  afield arch '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
            "|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|' --task ecg --size tiny",
    .options = table,
    .options_size = sizeof(options),
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
