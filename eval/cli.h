/* The program's commands: eval/cmd_<name>.c defines `const af_cmd af_cmd_<name>`; the table of all
 * is generated. One option table per command drives parsing, --help and errors. Results go to
 * stdout, everything for people to stderr. */
#ifndef AF_CLI_H
#define AF_CLI_H
#include <jansson.h>
#include "core/base/options.h"
#include "core/registry.h"

typedef struct af_cmd {
    const char *name, *usage,
        *summary;     /* usage: what follows the name, e.g. "TASK PATH [options]" */
    const char *more; /* (optional) more help, examples */
    int order;        /* in the list of commands */
    const af_option *options;
    size_t options_size;
    int min_words, max_words; /* words that are not options */
    af_status (*run)(const void *options, const char *const *words, int count);
} af_cmd;
extern const af_cmd *const af_commands[];

/* Finds a plugin or fails with AF_EUSAGE, the known names and the nearest one. */
AF_CHECKED af_status af_need_task(const af_task **out, const char *name);
AF_CHECKED af_status af_need_space(const af_space **out, const char *name);
/* `name` "auto": the best one at `place`. Another name must compute there. */
AF_CHECKED af_status af_need_backend(const af_backend **out, af_place place, const char *name);
/* Whether --fast means anything to it. */
AF_CHECKED af_status af_check_fast(const af_backend *b, bool fast);
/* The option --device of a table whose struct has the member as an int. */
#define AF_DEVICE_OPTION(offset)                                                                   \
    {                                                                                              \
        "device", AF_OPT_CHOICE, offset, "auto", 0, 0,                                             \
            "to compute on: the CPU, an NVIDIA card, or auto: the card where one is usable",       \
            af_place_names, NULL                                                                   \
    }
/* A method: a searcher, a plugin's path, "exec:COMMAND", or a baseline, which is a space without a
 * searcher (*searcher NULL). With a searcher the space is `space`, default nb201. */
AF_CHECKED af_status af_need_method(const af_searcher **searcher, const af_space **out,
                                    const char *method, const char *space);

/* The task's directory; a missing dataset is generated when the size is tiny. */
AF_CHECKED af_status af_need_data(char directory[4096], const af_task *task, af_size size);

/* Prints a JSON value to stdout, indented, and frees it. */
AF_CHECKED af_status af_print_json(json_t *value);
/* Aligned columns on stdout; rows are NULL-terminated arrays of cells, the first row is the head;
 * right[i] aligns column i to the right. Underlines the head on terminals. */
void af_print_table(const char *const *const *rows, const bool *right);
/* "1.23e+12" -> "1.23 TFLOP"; 12345 -> "12.3 k". */
void af_print_si(char out[32], double value, const char *unit);

#endif
