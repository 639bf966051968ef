/* What commands look up: plugins by name with helpful refusals, shapes, datasets. */
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/data/dataset.h"
#include "eval/cli.h"
#include "eval/own.h"
#include "eval/plugin.h"

static af_status refuse(const char *kind, const char *name, const char *const *names)
{
    char list[1024] = "";
    for (size_t i = 0; names[i]; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = af_nearest(name, names);
    return af_fail(AF_EUSAGE, "no %s '%.60s'%s%s%s; there are: %s", kind, name,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", list);
}

enum { MAX_NAMES = 128 };

af_status af_need_task(const af_task **out, const char *name)
{
    const char *names[MAX_NAMES] = {0};
    char **own;
    size_t count, n = 0;
    if ((*out = af_find_task(name))) return AF_OK;
    AF_TRY(af_own_find(out, name)); /* says what is wrong with a damaged manifest */
    if (*out) return AF_OK;
    AF_TRY(af_own_list(&own, &count));
    for (size_t i = 0; n < MAX_NAMES - 1 && af_builtin.task[i]; i++)
        names[n++] = af_builtin.task[i]->name;
    for (size_t i = 0; n < MAX_NAMES - 1 && i < count; i++) names[n++] = own[i];
    af_status st = refuse("task", name, names);
    af_free(own);
    return st;
}

af_status af_need_space(const af_space **out, const char *name)
{
    const char *names[MAX_NAMES] = {0};
    if ((*out = af_find_space(name))) return AF_OK;
    for (size_t i = 0; i < MAX_NAMES - 1 && af_builtin.space[i]; i++)
        names[i] = af_builtin.space[i]->name;
    return refuse("space", name, names);
}

af_status af_need_backend(const af_backend **out, af_place place, const char *name)
{
    const char *names[MAX_NAMES] = {"auto"};
    char text[256];
    if (strcmp(name, "auto") == 0) return af_backend_at(out, place);
    if ((*out = af_find_backend(name))) {
        if (af_backend_fits(*out, place)) return (*out)->probe(text, sizeof text);
        return af_fail(AF_EUSAGE,
                       "device '%s' and backend '%s' contradict each other; leave out --backend, "
                       "or --device",
                       af_place_names[place], name);
    }
    if (strcmp(name, "cuda") == 0) return af_backend_at(out, AF_PLACE_CUDA); /* says why */
    for (size_t i = 0; i < MAX_NAMES - 2 && af_builtin.backend[i]; i++)
        names[i + 1] = af_builtin.backend[i]->name;
    return refuse("backend", name, names);
}

af_status af_check_fast(const af_backend *b, bool fast)
{
    if (!fast || b->device) return AF_OK;
    return af_fail(AF_EUSAGE,
                   "--fast: backend '%s' computes on the CPU, where results never differ from run "
                   "to run; leave it out",
                   b->name);
}

af_status af_need_method(const af_searcher **searcher, const af_space **out, const char *method,
                         const char *space)
{
    const char *names[MAX_NAMES] = {0};
    size_t n = 0;
    char sha256[AF_SHA256_HEX];
    bool exec = strncmp(method, "exec:", 5) == 0;
    *searcher = af_find_searcher(exec ? "exec" : method);
    if (af_is_plugin(method) && !exec) AF_TRY(af_plugin_open(searcher, sha256, method));
    if (*searcher) {
        AF_TRY(af_need_space(out, space ? space : "nb201"));
        if (!(*searcher)->search || (*out)->supernet) return AF_OK;
        return af_fail(AF_EUSAGE,
                       "method '%s' shares weights, but space '%s' has no supernet; `afield "
                       "describe SPACE` says which has one, such as nb201",
                       method, (*out)->name);
    }
    *out = af_find_space(method);
    if (*out && (*out)->baseline) {
        if (!space || strcmp(space, method) == 0) return AF_OK;
        return af_fail(AF_EUSAGE,
                       "baseline '%s' is a space of its own; leave --space out, or tune it with "
                       "--space %s --method random",
                       method, method);
    }
    for (size_t i = 0; n < MAX_NAMES - 1 && af_builtin.searcher[i]; i++)
        names[n++] = af_builtin.searcher[i]->name;
    for (size_t i = 0; n < MAX_NAMES - 1 && af_builtin.space[i]; i++)
        if (af_builtin.space[i]->baseline) names[n++] = af_builtin.space[i]->name;
    size_t length = strlen(method);
    if (length > 3 && strcmp(method + length - 3, ".so") == 0)
        return af_fail(AF_EUSAGE, "no method '%.60s'; a plugin is named by its path: ./%.60s",
                       method, method);
    return refuse("method", method, names);
}

/* A tiny stand-in of an older format is made anew, as one that is missing is. */
static bool replaceable(const char *directory, const af_task *task, af_size size)
{
    char provenance[AF_PROVENANCE_MAX];
    bool outdated[2];
    if (size != AF_TINY) return false;
    for (int part = AF_MAIN; part <= AF_HELD_OUT; part++)
        if (af_dataset_outdated(&outdated[part], directory, task->name, part) != AF_OK ||
            af_dataset_provenance(provenance, directory, task->name, part) != AF_OK ||
            strcmp(provenance, "generated") != 0)
            return false;
    return outdated[AF_MAIN] || outdated[AF_HELD_OUT];
}

/* Whether a dataset is complete; a half one that was imported is not to be replaced unasked. */
static af_status have_data(bool *out, const char *directory, const af_task *task, af_size size)
{
    char path[2][4096], provenance[AF_PROVENANCE_MAX];
    bool there[2];
    for (int part = AF_MAIN; part <= AF_HELD_OUT; part++) {
        AF_TRY(af_dataset_path(path[part], directory, task->name, part));
        there[part] = af_file_exists(path[part]);
    }
    *out = there[AF_MAIN] && there[AF_HELD_OUT];
    if (*out && replaceable(directory, task, size)) *out = false;
    if (there[AF_MAIN] && there[AF_HELD_OUT]) return AF_OK;
    const af_dataset_part other = there[AF_MAIN] ? AF_MAIN : AF_HELD_OUT;
    bool ours = !there[other];
    if (!ours && af_dataset_provenance(provenance, directory, task->name, other) == AF_OK)
        ours = strcmp(provenance, "generated") == 0;
    if (size == AF_TINY && ours) return AF_OK;
    return af_fail(AF_ENOTFOUND,
                   "%s: not there%s%s%s; make both files with `afield data generate %s --size %s` "
                   "or `afield data import %s PATH --size %s`",
                   path[there[AF_MAIN] ? AF_HELD_OUT : AF_MAIN], there[other] ? ", but " : "",
                   there[other] ? path[other] : "", there[other] ? " is" : "", task->name,
                   af_size_names[size], task->name, af_size_names[size]);
}

static af_status need_own(const char *directory, const af_task *task, af_size size)
{
    char path[4096], maker[AF_TASK_MAKER];
    af_task_maker(maker, task);
    if (size != task->size)
        return af_fail(AF_EUSAGE, "task %s has data of one size, %s; leave --size out", task->name,
                       af_size_names[task->size]);
    for (int part = AF_MAIN; part <= AF_HELD_OUT; part++) {
        AF_TRY(af_dataset_path(path, directory, task->name, part));
        if (!af_file_exists(path))
            return af_fail(AF_ENOTFOUND, "%s: not there; make it with `%s --force`", path, maker);
    }
    return AF_OK;
}

af_status af_need_data(char directory[4096], const af_task *task, af_size size)
{
    bool have;
    AF_TRY(af_dataset_directory(directory, size));
    if (task->own) return need_own(directory, task, size);
    AF_TRY(have_data(&have, directory, task, size));
    if (have) return AF_OK;
    const af_prep *prep = af_find_prep(task->name);
    if (!prep) return af_fail(AF_EINTERNAL, "task %s has no prep", task->name);
    af_log(AF_LOG_INFO, "generating the tiny stand-in of %s", task->name);
    AF_TRY(af_mkdirs(directory));
    return prep->generate(&(af_prep_request){.task = task, .size = size, .directory = directory});
}
