/* Manifests are read again at every look-up and kept for as long as the process lives, since tasks
 * are handed around as pointers; one that has not changed is the same task. */
#include "eval/own.h"
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "data-prep/own/own.h"
#include "data-prep/own/variant.h"
#include "eval/cli.h"

typedef struct kept {
    struct kept *next;
    char path[AF_PATH_MAX];
    char *text;
    af_own *own;
} kept;
static kept *all; /* reachable to the end, on purpose */

static af_status directory(char out[AF_PATH_MAX])
{
    char data[AF_PATH_MAX];
    AF_TRY(af_data_dir(data));
    return af_path_join(out, data, "own");
}

static af_status path_of(char out[AF_PATH_MAX], const char *name)
{
    char at[AF_PATH_MAX];
    AF_TRY(directory(at));
    return af_path_format(out, "%s/%s.yaml", at, name);
}

static bool possible(const char *name)
{
    const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n && n <= AF_OWN_NAME && !name[n];
}

static af_status keep(const af_task **out, const char *path, const char *name, char *text,
                      size_t size)
{
    kept *k = af_calloc(1, sizeof *k);
    if (!k) return AF_ENOMEM;
    snprintf(k->path, sizeof k->path, "%s", path);
    af_status st = af_own_parse(&k->own, text, size, path);
    if (st == AF_OK && strcmp(k->own->task.name, name))
        st = af_fail(AF_EFORMAT, "%s: holds task '%s'; rename the file, or import it again", path,
                     k->own->task.name);
    if (st != AF_OK) {
        af_own_free(k->own);
        af_free(k);
        return st;
    }
    k->text = text;
    k->next = all;
    all = k;
    *out = &k->own->task;
    return AF_OK;
}

af_status af_own_find(const af_task **out, const char *name)
{
    char path[AF_PATH_MAX], *text;
    size_t size;
    *out = NULL;
    if (!possible(name)) return AF_OK;
    AF_TRY(path_of(path, name));
    if (!af_file_exists(path)) return AF_OK;
    AF_TRY(af_file_read(&text, &size, path, AF_OWN_FILE));
    for (kept *k = all; k && !*out; k = k->next)
        if (!strcmp(k->path, path) && !strcmp(k->text, text)) *out = &k->own->task;
    af_status st = *out ? AF_OK : keep(out, path, name, text, size);
    if (!all || all->text != text) af_free(text);
    return st;
}

static const af_task *find(const char *name)
{
    const af_task *t;
    return af_own_find(&t, name) == AF_OK ? t : NULL;
}

void af_own_register(void)
{
    af_more_tasks = find;
}

af_status af_own_list(char ***names, size_t *count)
{
    char at[AF_PATH_MAX];
    size_t n, used = 0;
    AF_TRY(directory(at));
    *count = 0;
    *names = NULL;
    if (!af_dir_exists(at)) return (*names = af_calloc(1, sizeof **names)) ? AF_OK : AF_ENOMEM;
    AF_TRY(af_dir_list(names, &n, at));
    for (size_t i = 0; i < n; i++) {
        char *dot = strrchr((*names)[i], '.');
        if (!dot || strcmp(dot, ".yaml")) continue;
        *dot = '\0';
        if (possible((*names)[i])) (*names)[used++] = (*names)[i];
    }
    (*names)[used] = NULL;
    *count = used;
    return AF_OK;
}

/* Data of an earlier import whose manifest gave another size. */
static void remove_other_sizes(const af_task *t)
{
    char at[AF_PATH_MAX], path[AF_PATH_MAX], provenance[AF_PROVENANCE_MAX];
    for (int size = 0; size < AF_SIZES; size++)
        for (int part = AF_MAIN; part <= AF_HELD_OUT; part++)
            if (size != (int)t->size && af_dataset_directory(at, (af_size)size) == AF_OK &&
                af_dataset_provenance(provenance, at, t->name, (af_dataset_part)part) == AF_OK &&
                !strcmp(provenance, "own") &&
                af_dataset_path(path, at, t->name, (af_dataset_part)part) == AF_OK)
                af_file_remove(path);
}

/* Comes last: a task that is known has its data. */
static af_status store(const af_task **out, const af_task *t, const char *text, size_t size)
{
    char path[AF_PATH_MAX];
    AF_TRY(directory(path));
    AF_TRY(af_mkdirs(path));
    AF_TRY(path_of(path, t->name));
    AF_TRY(af_file_write(path, text, size));
    remove_other_sizes(t);
    return af_own_find(out, t->name);
}

/* A variant's name comes with its files, so it may be one that the user gave to something else. */
static af_status same_parent(const char *path, const af_task *t)
{
    char *text;
    size_t size;
    af_own *stored = NULL;
    AF_TRY(af_file_read(&text, &size, path, AF_OWN_FILE));
    af_status st = af_own_parse(&stored, text, size, path);
    const char *parent = st == AF_OK ? stored->task.variant_of : NULL;
    if (st == AF_OK && (!parent || strcmp(parent, t->variant_of)))
        st = af_fail(AF_EUSAGE,
                     "%s: task '%s' is %s%s, which a variant of %s would replace; import it under "
                     "another name, then remove this file",
                     path, t->name, parent ? "a variant of " : "data of your own, by import-own",
                     parent ? parent : "", t->variant_of);
    af_own_free(stored);
    af_free(text);
    return st;
}

/* A task of this name that was imported before, with another size too. */
static af_status spare(const af_own *own, bool force)
{
    char path[AF_PATH_MAX];
    AF_TRY(path_of(path, own->task.name));
    if (!af_file_exists(path)) return AF_OK;
    if (own->task.variant_of) AF_TRY(same_parent(path, &own->task));
    if (force) return AF_OK;
    return af_fail(
        AF_EUSAGE, "%s: task '%s' was imported before, which this would replace; %sadd --force",
        path, own->task.name, own->task.variant_of ? "" : "give the new one another name, or ");
}

static af_status need_files(const af_own *own, const char *path)
{
    if (!own->task.variant_of) return AF_OK;
    return af_fail(AF_EUSAGE, "%s: names no data; `afield data import %s PATH` makes them", path,
                   own->task.variant_of);
}

af_status af_own_install(const af_task **out, char at[4096], const char *path, bool force)
{
    char *text;
    size_t size;
    af_own *own = NULL;
    AF_TRY(af_file_read(&text, &size, path, AF_OWN_FILE));
    af_status st;
    AF_GOTO(st, done, af_own_parse(&own, text, size, path));
    AF_GOTO(st, done, need_files(own, path));
    AF_GOTO(st, done, spare(own, force));
    AF_GOTO(st, done, af_dataset_directory(at, own->task.size));
    AF_GOTO(st, done, af_mkdirs(at));
    AF_GOTO(st, done, af_own_import(own, path, at));
    st = store(out, &own->task, text, size);
done:
    af_own_free(own);
    af_free(text);
    return st;
}

af_status af_own_install_variant(const af_task **out, const af_prep *prep, const af_prep_request *r,
                                 const af_variant *v, bool force)
{
    char *text;
    size_t size;
    af_own *own = NULL;
    af_prep_request inside = *r;
    AF_TRY(af_own_variant_text(&text, &size, v, r->task, r->size));
    af_status st;
    AF_GOTO(st, done, af_own_parse(&own, text, size, v->name));
    AF_GOTO(st, done, spare(own, force));
    af_log(AF_LOG_INFO, "%s: %s: not the task %s; imported as the task %s", r->source, v->holds,
           r->task->name, v->name);
    inside.task = &own->task;
    AF_GOTO(st, done, prep->import(&inside));
    st = store(out, &own->task, text, size);
done:
    af_own_free(own);
    af_free(text);
    return st;
}
