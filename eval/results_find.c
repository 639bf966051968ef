/* Finding result.json files below directories, in order of their paths. */
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "eval/results.h"

enum { MAX_DEPTH = 16 };

static af_status add(af_results *all, const char *path)
{
    if (all->count == all->room) {
        size_t room = all->room ? 2 * all->room : 16;
        af_result *at = af_realloc(all->at, room * sizeof *at);
        if (!at) return AF_ENOMEM;
        all->at = at;
        all->room = room;
    }
    AF_TRY(af_result_load(&all->at[all->count], path));
    all->count++;
    return AF_OK;
}

static af_status scan(af_results *all, const char *directory, int depth)
{
    char **names, path[AF_PATH_MAX];
    size_t count;
    bool journal = false, result = false;
    if (depth > MAX_DEPTH)
        return af_fail(AF_EINVAL,
                       "%s: more than %d directories deep; name a directory further down",
                       directory, MAX_DEPTH);
    AF_TRY(af_dir_list(&names, &count, directory));
    af_status st = AF_OK;
    for (size_t i = 0; st == AF_OK && i < count; i++) {
        journal |= strcmp(names[i], "journal.jsonl") == 0;
        if ((st = af_path_join(path, directory, names[i])) != AF_OK) break;
        if (strcmp(names[i], "result.json") == 0 && !af_dir_exists(path)) {
            result = true;
            st = add(all, path);
        } else if (names[i][0] != '.' && af_dir_exists(path)) {
            st = scan(all, path, depth + 1);
        }
    }
    all->unfinished += journal && !result;
    af_free(names);
    return st;
}

af_status af_results_find(af_results *out, const char *const *places, int count)
{
    af_results all = {0};
    af_status st = AF_OK;
    for (int i = 0; st == AF_OK && i < count; i++) {
        if (af_dir_exists(places[i]))
            st = scan(&all, places[i], 0);
        else if (af_file_exists(places[i]))
            st = add(&all, places[i]);
        else
            st = af_fail(AF_ENOTFOUND, "%s: no such directory", places[i]);
    }
    if (st == AF_OK && all.count == 0)
        st = af_fail(AF_ENOTFOUND,
                     "%s: no result.json there; `afield run` and `afield bench` leave them",
                     places[0]);
    if (st == AF_OK)
        *out = all;
    else
        af_results_close(&all);
    return st;
}

void af_results_close(af_results *all)
{
    for (size_t i = 0; i < all->count; i++) af_result_close(&all->at[i]);
    af_free(all->at);
    *all = (af_results){0};
}
