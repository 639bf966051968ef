/* afield: finds the command, parses its options, turns a status into an exit code. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/base/version.h"
#include "core/data/dataset.h"
#include "eval/cli.h"
#include "eval/own.h"

static int by_order(const void *a, const void *b)
{
    const af_cmd *x = *(const af_cmd *const *)a, *y = *(const af_cmd *const *)b;
    return x->order != y->order ? x->order - y->order : strcmp(x->name, y->name);
}

static void print_help(FILE *to)
{
    const af_cmd *sorted[64];
    size_t n = 0;
    while (n < 64 && af_commands[n]) sorted[n] = af_commands[n], n++;
    qsort(sorted, n, sizeof *sorted, by_order);
    fprintf(to,
            "afield %s: compares neural architecture search methods across unlike domains\n\n"
            "usage: afield COMMAND [words] [--options]\n\n",
            AF_VERSION);
    for (size_t i = 0; i < n; i++) fprintf(to, "  %-10s %s\n", sorted[i]->name, sorted[i]->summary);
    fprintf(to, "\n`afield COMMAND --help` says more. Exit codes: 0 ok, 1 failed, 2 usage, 3 "
                "stopped by a signal.\n");
}

static void print_command_help(const af_cmd *c)
{
    printf("usage: afield %s %s\n\n%s\n", c->name, c->usage, c->summary);
    if (c->options && c->options[0].name) {
        printf("\noptions:\n");
        af_options_help(c->options, stdout);
    }
    if (c->more) printf("\n%s\n", c->more);
}

static const af_cmd *find(const char *name)
{
    for (size_t i = 0; af_commands[i]; i++)
        if (strcmp(af_commands[i]->name, name) == 0) return af_commands[i];
    return NULL;
}

static af_status unknown(const char *name)
{
    const char *names[64] = {0};
    for (size_t i = 0; i < 63 && af_commands[i]; i++) names[i] = af_commands[i]->name;
    const char *near = af_nearest(name, names);
    return af_fail(AF_EUSAGE, "no command '%.40s'%s%s%s; `afield help` lists them", name,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static af_status run(const af_cmd *c, int argc, char **argv)
{
    const char *words[32];
    int count;
    void *options = af_calloc(1, c->options_size + 1);
    if (!options) return AF_ENOMEM;
    af_status st;
    af_options_default(c->options, options);
    AF_GOTO(st, done, af_options_parse(c->options, options, argc, argv, words, 32, &count));
    if (count < c->min_words || count > c->max_words) {
        st = af_fail(AF_EUSAGE, "usage: afield %s %s", c->name, c->usage);
        goto done;
    }
    st = c->run(options, words, count);
done:
    af_free(options);
    return st;
}

static int report(const af_cmd *c, af_status st)
{
    if (st == AF_OK) return 0;
    if (st == AF_EUSAGE && c)
        af_log(AF_LOG_ERROR, "%s\ntry `afield %s --help`", af_error(), c->name);
    else
        af_log(AF_LOG_ERROR, "%s", af_error());
    return af_exit_code(st);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        printf("afield %s\n", AF_VERSION);
        return 0;
    }
    const char *name = argv[1];
    bool help = strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
    if (help && argc > 2) name = argv[2];
    if (help && argc == 2) {
        print_help(stdout);
        return 0;
    }
    const af_cmd *c = find(name);
    if (!c) return report(NULL, unknown(name));
    if (help || asks_for_help(argc - 2, argv + 2)) {
        print_command_help(c);
        return 0;
    }
    af_hdf5_quiet();
    af_own_register();
    int code = report(c, run(c, argc - 2, argv + 2));
    if (fflush(stdout) != 0) {
        af_log(AF_LOG_ERROR, "standard output: cannot write");
        return code ? code : 1;
    }
    return code;
}
