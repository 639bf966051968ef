/* Times the engine and writes CSV, one row a network, precision and number of threads, each in a
 * process of its own. What the columns mean: bench/README.md.
 *
 *     engine [--only NAME] [--threads N] [--precision P] [--seconds S] [--batch N]
 *            [--device D | --backend NAME] [FILE]
 *     engine --list        name, parameters and MACs of a sample of every network
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "bench/measure.h"
#include "core/base/options.h"

typedef struct options {
    const char *only, *precision, *backend;
    int threads, batch, device, gang;
    double seconds;
    bool list, help;
} options;
static const af_option table[] = {
    {"only", AF_OPT_TEXT, offsetof(options, only), NULL, 0, 0, "this network alone", NULL, "NAME"},
    {"threads", AF_OPT_INT, offsetof(options, threads), "0", 0, 1024, "0: 1, then 2", NULL, NULL},
    {"precision", AF_OPT_TEXT, offsetof(options, precision), NULL, 0, 0, "this precision alone",
     NULL, "NAME"},
    {"device", AF_OPT_CHOICE, offsetof(options, device), "auto", 0, 0,
     "auto: a card where one is usable", af_place_names, NULL},
    {"backend", AF_OPT_TEXT, offsetof(options, backend), NULL, 0, 0,
     "this one, see `afield list backends`; default: the device's best", NULL, "NAME"},
    {"seconds", AF_OPT_REAL, offsetof(options, seconds), "5", 0, 3600,
     "to spend on each row; five steps are made unless they take ten times that", NULL, NULL},
    {"batch", AF_OPT_INT, offsetof(options, batch), "0", 0, 65536, "samples; 0: the network's own",
     NULL, NULL},
    {"gang", AF_OPT_INT, offsetof(options, gang), "1", 1, 64,
     "networks side by side in one process; a step's time is then that of any of them", NULL, NULL},
    {"list", AF_OPT_FLAG, offsetof(options, list), "false", 0, 0,
     "print name, parameters, MACs of a sample", NULL, NULL},
    {"help", AF_OPT_FLAG, offsetof(options, help), "false", 0, 0, "print this", NULL, NULL},
    {0}};

enum { MAX_NAMES = 16 };

/* `wanted` is NULL or one of the names. */
static af_status check_name(const char *what, const char *wanted, const char *const *names)
{
    if (!wanted) return AF_OK;
    for (int i = 0; names[i]; i++)
        if (!strcmp(wanted, names[i])) return AF_OK;
    const char *near = af_nearest(wanted, names);
    return af_fail(AF_EUSAGE, "unknown %s '%s'%s%s%s; --list and --help tell what there is", what,
                   wanted, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static af_status check_names(const options *o)
{
    const char *names[MAX_NAMES + 1] = {0};
    for (int i = 0; i < MAX_NAMES && af_bench_networks[i].name; i++)
        names[i] = af_bench_networks[i].name;
    AF_TRY(check_name("network", o->only, names));
    memset(names, 0, sizeof names);
    for (int i = 0; i < MAX_NAMES && af_bench_precisions[i].name; i++)
        names[i] = af_bench_precisions[i].name;
    return check_name("precision", o->precision, names);
}

static bool wanted(const char *name, const char *only)
{
    return !only || !strcmp(name, only);
}

static af_status list(const char *only)
{
    for (const af_bench_network *n = af_bench_networks; n->name; n++) {
        if (!wanted(n->name, only)) continue;
        af_graph *g = af_graph_new();
        if (!g) return AF_ENOMEM;
        n->build(g);
        af_status st = af_graph_status(g);
        af_graph_cost cost = {0};
        if (st == AF_OK) cost = af_graph_measure(g);
        af_graph_free(g);
        AF_TRY(st);
        printf("%s %lld %.0f\n", n->name, (long long)cost.parameters, cost.total.macs);
    }
    return AF_OK;
}

static void print_row(FILE *to, const af_bench_case *c, const af_bench_result *r)
{
    fprintf(to, "%s,%s,%d,%d,%.2f,%.2f,%.1f,%.1f,%.1f,%s\n", c->network->name, c->precision->name,
            r->threads, c->batch, r->least * 1e3, r->median * 1e3, c->batch / r->median,
            r->flops / r->median * 1e-9, r->peak_bytes * 1e-6, r->backend);
    fflush(to);
}

static af_status time_all(FILE *csv, const options *o)
{
    static const int usual[] = {1, 2};
    for (const af_bench_network *n = af_bench_networks; n->name; n++)
        for (const af_bench_precision *p = af_bench_precisions; p->name; p++)
            for (int i = 0; i < (o->threads ? 1 : 2); i++) {
                if (!wanted(n->name, o->only) || !wanted(p->name, o->precision)) continue;
                if (p->on_request && !o->precision) continue;
                af_bench_case c = {.network = n,
                                   .precision = p,
                                   .backend = o->backend,
                                   .place = (af_place)o->device,
                                   .threads = o->threads ? o->threads : usual[i],
                                   .batch = o->batch ? o->batch : n->batch,
                                   .gang = o->gang,
                                   .seconds = o->seconds};
                af_bench_result r;
                AF_TRY(af_bench_run(&r, &c));
                print_row(stdout, &c, &r);
                if (csv) print_row(csv, &c, &r);
            }
    return AF_OK;
}

static af_status run(const options *o, const char *path)
{
    static const char header[] = "name,precision,threads,batch,ms_per_step,ms_median,images_per_s,"
                                 "gflops,peak_mb,backend\n";
    AF_TRY(check_names(o));
    if (o->list) return list(o->only);
    FILE *csv = path ? fopen(path, "w") : NULL;
    if (path && !csv) return af_fail(AF_EIO, "%s: %s", path, strerror(errno));
    fputs(header, stdout);
    if (csv) fputs(header, csv);
    af_status st = time_all(csv, o);
    if (csv && fclose(csv) != 0 && st == AF_OK)
        st = af_fail(AF_EIO, "%s: %s", path, strerror(errno));
    return st;
}

int main(int argc, char **argv)
{
    options o;
    const char *path = NULL;
    int words;
    af_options_default(table, &o);
    af_status st = af_options_parse(table, &o, argc - 1, argv + 1, &path, 1, &words);
    if (st == AF_OK && o.help) {
        printf("usage: %s [options] [FILE]\n\nFILE receives the CSV too.\n\n", argv[0]);
        af_options_help(table, stdout);
        return 0;
    }
    if (st == AF_OK) st = run(&o, path);
    if (st != AF_OK) fprintf(stderr, "%s: %s\n", argv[0], af_error());
    return af_exit_code(st);
}
