/* A network from the command line: a text of a space, @FILE with one, or a baseline's name; and
 * what it must fit, from a task's dataset or from options. */
#ifndef AF_NETWORK_H
#define AF_NETWORK_H
#include "core/registry.h"

extern const char *const af_network_sizes[]; /* choices of `size`; the last one is "auto" */

typedef struct af_network_options {
    const char *task, *input, *space;
    int outputs, size;
    bool dense;
} af_network_options;

/* Their rows of a command's option table; `at` is where the struct lies. */
/* clang-format off */
#define AF_NETWORK_OPTIONS(at)                                                                     \
    {"task", AF_OPT_TEXT, (at) + offsetof(af_network_options, task), NULL, 0, 0,                   \
     "shapes of this task's dataset", NULL, "TASK"},                                               \
    {"input", AF_OPT_TEXT, (at) + offsetof(af_network_options, input), NULL, 0, 0,                 \
     "input shape, channels x height x width", NULL, "3x32x32"},                                   \
    {"outputs", AF_OPT_INT, (at) + offsetof(af_network_options, outputs), "10", 1, 1 << 20,        \
     "classes, or output channels with --dense", NULL, NULL},                                      \
    {"dense", AF_OPT_FLAG, (at) + offsetof(af_network_options, dense), "false", 0, 0,              \
     "one output per pixel", NULL, NULL},                                                          \
    {"space", AF_OPT_TEXT, (at) + offsetof(af_network_options, space), NULL, 0, 0,                 \
     "the space ARCH belongs to (default nb201)", NULL, "SPACE"},                                  \
    {"size", AF_OPT_CHOICE, (at) + offsetof(af_network_options, size), "auto", 0, 0,               \
     "widths of the network; auto: tiny with --task (your own dataset's only size), full with "    \
     "--input", af_network_sizes, NULL}
/* clang-format on */

typedef struct af_network {
    const af_space *space;
    af_io io;
    af_graph *graph; /* the caller's */
    char name[AF_CONFIG_TEXT];
} af_network;
AF_CHECKED af_status af_network_build(af_network *out, const char *word,
                                      const af_network_options *o);

#endif
