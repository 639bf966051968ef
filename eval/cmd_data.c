/* afield data: makes datasets (generate, import, import-own), checks them, exports them, and finds
 * the raw data (where, fetch). */
#include <stdio.h>
#include <string.h>
#include "core/base/file.h"
#include "core/data/dataset.h"
#include "core/data/export.h"
#include "eval/cli.h"
#include "eval/data.h"
#include "eval/network.h"
#include "eval/own.h"

typedef struct options {
    int size, format;
    uint64_t seed;
    bool json, force;
    const char *to, *from, *sha256;
} options;
static const af_option table[] = {
    {"size", AF_OPT_CHOICE, offsetof(options, size), "auto", 0, 0,
     "import: full unless said; else tiny, or the only size of your own dataset", af_network_sizes,
     NULL},
    {"seed", AF_OPT_U64, offsetof(options, seed), "0", 0, 9e18, "generate: the stand-in's seed",
     NULL, NULL},
    {"force", AF_OPT_FLAG, offsetof(options, force), "false", 0, 0,
     "generate, import and import-own: replace imported data", NULL, NULL},
    {"to", AF_OPT_TEXT, offsetof(options, to), NULL, 0, 0,
     "export and fetch: where to (fetch: raw/TASK in the data directory)", NULL, "DIR"},
    {"format", AF_OPT_CHOICE, offsetof(options, format), "npy", 0, 0, "export: of the arrays",
     af_export_names, NULL},
    {"from", AF_OPT_TEXT, offsetof(options, from), NULL, 0, 0,
     "fetch: another address than those of `afield data where TASK`", NULL, "URL"},
    {"sha256", AF_OPT_TEXT, offsetof(options, sha256), NULL, 0, 0,
     "fetch --from: what the file must have", NULL, "HEX"},
    {"json", AF_OPT_FLAG, offsetof(options, json), "false", 0, 0, "check and where: print JSON",
     NULL, NULL},
    {0}};

typedef struct verb verb;
typedef af_status verb_run(const options *o, const char *word, const char *path);
struct verb {
    const char *name, *usage;
    int words; /* with the verb */
    verb_run *run;
};

/* Imported data may be hard to get again. */
static af_status spare_imported(const af_task *task, const char *directory)
{
    char provenance[AF_PROVENANCE_MAX], path[4096];
    for (int part = AF_MAIN; part <= AF_HELD_OUT; part++) {
        if (af_dataset_provenance(provenance, directory, task->name, part) != AF_OK ||
            strcmp(provenance, "generated") == 0)
            continue;
        AF_TRY(af_dataset_path(path, directory, task->name, part));
        return af_fail(AF_EUSAGE,
                       "%s: holds imported data (%s), which this would replace; move them away, or "
                       "add --force to lose them",
                       path, provenance);
    }
    return AF_OK;
}

static af_size size_for(const options *o, const af_task *task, bool import)
{
    if (o->size != AF_SIZES) return (af_size)o->size;
    return import ? AF_FULL : af_usual_size(task);
}

static af_status own_task(const af_task *task)
{
    char maker[AF_TASK_MAKER];
    af_task_maker(maker, task);
    return af_fail(AF_EUSAGE, "%s is %s; use `%s`", task->name,
                   task->variant_of ? "a variant of a task" : "your own dataset", maker);
}

/* source: NULL to generate. */
static af_status make(const options *o, const char *name, const char *source)
{
    const af_task *task;
    char directory[4096];
    AF_TRY(af_need_task(&task, name));
    const af_size size = size_for(o, task, source);
    const af_prep *prep = af_find_prep(task->name);
    af_variant v = {.name = ""};
    if (task->own) return own_task(task);
    if (!prep) return af_fail(AF_EINTERNAL, "task %s has no prep", task->name);
    AF_TRY(af_dataset_directory(directory, size));
    const af_prep_request r = {task, size, source, o->seed, directory};
    if (source && prep->variant) AF_TRY(prep->variant(&v, &r));
    if (!o->force && !*v.name) AF_TRY(spare_imported(task, directory));
    AF_TRY(af_mkdirs(directory));
    if (*v.name) {
        AF_TRY(af_own_install_variant(&task, prep, &r, &v, o->force));
    } else {
        AF_TRY(source ? prep->import(&r) : prep->generate(&r));
    }
    return af_data_check(task, directory, o->json);
}

static af_status generate(const options *o, const char *name, const char *path)
{
    (void)path;
    return make(o, name, NULL);
}

static af_status import_own(const options *o, const char *manifest, const char *path)
{
    const af_task *task;
    char directory[4096];
    (void)path;
    if (o->size != AF_SIZES)
        return af_fail(AF_EUSAGE, "--size: the manifest's `size:` says it; leave it out here");
    AF_TRY(af_own_install(&task, directory, manifest, o->force));
    return af_data_check(task, directory, o->json);
}

static af_status check(const options *o, const char *name, const char *path)
{
    const af_task *task;
    char directory[4096];
    (void)path;
    AF_TRY(af_need_task(&task, name));
    AF_TRY(af_dataset_directory(directory, size_for(o, task, false)));
    return af_data_check(task, directory, o->json);
}

static af_status export(const options *o, const char *name, const char *path)
{
    const af_task *task;
    char directory[4096];
    (void)path;
    AF_TRY(af_need_task(&task, name));
    if (!o->to) return af_fail(AF_EUSAGE, "--to DIR is missing: where the arrays go");
    const af_size size = size_for(o, task, false);
    AF_TRY(af_need_data(directory, task, size));
    AF_TRY(af_dataset_export(task, directory, o->to, (af_export_format)o->format));
    printf("%s, %s, as %s in %s; %s/dataset.json says what is there\n", task->name,
           af_size_names[size], af_export_names[o->format], o->to, o->to);
    return AF_OK;
}

static af_status where(const options *o, const char *name, const char *path)
{
    const af_task *task;
    (void)path;
    AF_TRY(af_need_task(&task, name));
    return af_data_where(task, o->json);
}

static af_status fetch(const options *o, const char *name, const char *path)
{
    const af_task *task;
    (void)path;
    AF_TRY(af_need_task(&task, name));
    const af_fetch_request r = {task, o->from, o->to, o->sha256};
    return af_data_fetch(&r);
}

static const verb verbs[] = {{"generate", "TASK", 2, generate},
                             {"import", "TASK PATH", 3, make},
                             {"import-own", "MANIFEST.yaml", 2, import_own},
                             {"check", "TASK", 2, check},
                             {"export", "TASK --to DIR", 2, export},
                             {"where", "TASK", 2, where},
                             {"fetch", "TASK", 2, fetch}};
enum { VERBS = sizeof verbs / sizeof *verbs };

static af_status run(const void *values, const char *const *words, int count)
{
    const char *names[VERBS + 1] = {0};
    for (int k = 0; k < VERBS; k++) {
        const verb *v = &verbs[k];
        names[k] = v->name;
        if (strcmp(v->name, words[0])) continue;
        if (count != v->words)
            return af_fail(AF_EUSAGE, "usage: afield data %s %s", v->name, v->usage);
        return v->run(values, words[1], count == 3 ? words[2] : NULL);
    }
    const char *near = af_nearest(words[0], names);
    return af_fail(
        AF_EUSAGE,
        "'%.40s', want generate, import, import-own, check, export, where or fetch%s%s%s", words[0],
        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

const af_cmd af_cmd_data = {
    .name = "data",
    .usage = "generate TASK | import TASK PATH | import-own MANIFEST | check TASK |\n"
             "                   export TASK --to DIR | where TASK | fetch TASK  [options]",
    .summary = "make, check and export datasets; your own ones too",
    .order = 3,
    .more =
        "generate    a stand-in of the task's data\n"
        "import      the official files; a part of them is accepted and marked partial; data of\n"
        "            another device or of other labels become a task of another name\n"
        "import-own  your own arrays, by a manifest (YAML; docs/data.md, "
        "examples/fashion_mnist.yaml):\n"
        "            the task in it then works in every command\n"
        "check       checksums, splits, what is there\n"
        "export      x, y, id and group of each split, for NumPy, PyTorch or anything else\n"
        "where       where the raw files are, as far as is known\n"
        "fetch       gets them, going on where an earlier try ended\n\n"
        "Datasets live in $AFIELD_DATA, else in the XDG data directory (~/.local/share/afield).\n"
        "`afield describe TASK` says which files an import reads.",
    .options = table,
    .options_size = sizeof(options),
    .min_words = 2,
    .max_words = 3,
    .run = run,
};
