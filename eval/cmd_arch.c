/* afield arch: a network's layers, parameters, MACs and FLOPs, without data and without training.
 */
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/data/dataset.h"
#include "eval/cli.h"

enum { MAX_ARCH_FILE = 1 << 24 };

enum { AUTO = AF_SIZES };
static const char *const sizes[] = {
    [AF_TINY] = "tiny", [AF_SMALL] = "small", [AF_FULL] = "full", [AUTO] = "auto", NULL};

typedef struct options {
    const char *task, *input, *space;
    int outputs, size;
    bool dense, json;
} options;
static const af_option table[] = {
    {"task", AF_OPT_TEXT, offsetof(options, task), NULL, 0, 0, "shapes of this task's dataset",
     NULL, "TASK"},
    {"input", AF_OPT_TEXT, offsetof(options, input), NULL, 0, 0,
     "input shape, channels x height x width", NULL, "3x32x32"},
    {"outputs", AF_OPT_INT, offsetof(options, outputs), "10", 1, 1 << 20,
     "classes, or output channels with --dense", NULL, NULL},
    {"dense", AF_OPT_FLAG, offsetof(options, dense), "false", 0, 0, "one output per pixel", NULL,
     NULL},
    {"space", AF_OPT_TEXT, offsetof(options, space), NULL, 0, 0,
     "the space ARCH belongs to (default nb201)", NULL, "SPACE"},
    {"size", AF_OPT_CHOICE, offsetof(options, size), "auto", 0, 0,
     "widths of the network; auto: tiny with --task, full with --input", sizes, NULL},
    {"json", AF_OPT_FLAG, offsetof(options, json), "false", 0, 0, "print JSON", NULL, NULL},
    {0}};

static af_status parse_shape(af_shape *out, const char *text)
{
    int used = 0;
    if (sscanf(text, "%dx%dx%d%n", &out->c, &out->h, &out->w, &used) == 3 && !text[used] &&
        out->c > 0 && out->h > 0 && out->w > 0 && out->c <= AF_MAX_DIM && out->h <= AF_MAX_DIM &&
        out->w <= AF_MAX_DIM)
        return AF_OK;
    return af_fail(AF_EUSAGE,
                   "--input '%.40s', want channels x height x width such as 3x32x32, or 1x1x1000",
                   text);
}

static af_status find_io(af_io *io, const options *o)
{
    if (!o->task == !o->input)
        return af_fail(AF_EUSAGE, "give either --task TASK or --input 3x32x32 --outputs 100");
    af_size size = o->size != AUTO ? (af_size)o->size : o->task ? AF_TINY : AF_FULL;
    *io = (af_io){.output = {o->outputs, 1, 1}, .dense = o->dense, .size = size};
    if (o->input) {
        AF_TRY(parse_shape(&io->input, o->input));
        if (o->dense) io->output = (af_shape){o->outputs, io->input.h, io->input.w};
        return AF_OK;
    }
    const af_task *task;
    af_dataset *d;
    char directory[4096];
    AF_TRY(af_need_task(&task, o->task));
    AF_TRY(af_need_data(directory, task, size));
    AF_TRY(af_dataset_open(&d, directory, task, AF_MAIN));
    *io = af_dataset_io(d);
    af_dataset_close(d);
    return AF_OK;
}

/* The text of ARCH: the word itself, or with a leading @ what a file holds. */
static af_status read_arch(char **out, const char *word)
{
    size_t size;
    *out = NULL;
    if (word[0] != '@') return (*out = af_strdup(word)) ? AF_OK : AF_ENOMEM;
    AF_TRY(af_file_read(out, &size, word + 1, MAX_ARCH_FILE));
    if (strlen(*out) == size) {
        (*out)[strcspn(*out, "\r\n")] = '\0';
        return AF_OK;
    }
    af_free(*out);
    *out = NULL;
    return af_fail(AF_EFORMAT, "%s: not a text; want an architecture on one line", word + 1);
}

/* Says, after what is wrong with it as an architecture, that a word is no baseline either. */
static af_status no_baseline(af_status st, const char *word)
{
    enum { MAX_NAMES = 64 };
    const char *names[MAX_NAMES] = {0};
    char list[512] = "";
    size_t n = 0;
    for (size_t i = 0; n < MAX_NAMES - 1 && af_builtin.space[i]; i++) {
        if (!af_builtin.space[i]->baseline) continue;
        names[n++] = af_builtin.space[i]->name;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", n > 1 ? ", " : "", names[n - 1]);
    }
    const char *near = af_nearest(word, names);
    return af_fail(st, "%s; nor is '%.40s' a baseline%s%s%s, of which there are: %s", af_error(),
                   word, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", list);
}

/* The configuration that a word means: a baseline's default, or a text of the space. */
static af_status find_config(const af_space **space, af_config *c, const char *word,
                             const char *name)
{
    char *text;
    *space = af_find_space(word);
    if (*space && (*space)->baseline) return af_space_parse(*space, c, "default");
    AF_TRY(af_need_space(space, name ? name : "nb201"));
    AF_TRY(read_arch(&text, word));
    af_status st = af_space_parse(*space, c, text);
    af_free(text);
    bool is_name = !name && word[0] != '@' && !strpbrk(word, "|~");
    return st == AF_EINVAL && is_name ? no_baseline(st, word) : st;
}

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
    (void)count;
    const af_space *space;
    af_io io;
    af_config c;
    af_graph *g;
    char name[AF_CONFIG_TEXT];
    AF_TRY(find_config(&space, &c, words[0], o->space));
    AF_TRY(find_io(&io, o));
    AF_TRY(af_space_build(space, &c, &io, &g));
    af_space_print(space, &c, name);
    af_status st = AF_OK;
    if (o->json) {
        st = af_print_json(to_json(g, name));
    } else {
        af_graph_cost cost = af_graph_measure(g);
        print_layers(g);
        printf("\n%s %s, size %s\nparameters %lld\nMACs       %.0f\nFLOPs      %.4g forward, %.4g "
               "backward, per sample\n",
               space->name, name, af_size_names[io.size], (long long)cost.parameters,
               cost.total.macs, cost.total.forward, cost.total.backward);
    }
    af_graph_free(g);
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
