/* Depth first; a link that leads round in a circle ends at the greatest depth. */
#include "data-prep/formats/tree.h"
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/archive.h"

typedef struct walk {
    size_t max;
    bool (*want)(const char *member, void *payload);
    af_status (*each)(const char *member, const void *data, size_t size, void *payload);
    void *payload;
    const char *archive; /* the one being read, named like a member */
    af_status failed;
} walk;

static bool is_hidden(const char *member)
{
    return af_path_name(member)[0] == '.';
}

static bool want_in_archive(const char *member, void *self)
{
    walk *w = self;
    char name[AF_PATH_MAX];
    if (w->failed != AF_OK || is_hidden(member)) return false;
    w->failed = af_path_join(name, w->archive, member);
    return w->failed == AF_OK && w->want(name, w->payload);
}

static af_status each_in_archive(const char *member, const void *data, size_t size, void *self)
{
    walk *w = self;
    char name[AF_PATH_MAX];
    AF_TRY(af_path_join(name, w->archive, member));
    return w->each(name, data, size, w->payload);
}

static af_status walk_archive(walk *w, const char *path, const char *member)
{
    w->archive = member;
    AF_TRY(af_archive_walk(path, w->max, want_in_archive, w->each ? each_in_archive : NULL, w));
    return w->failed;
}

static af_status read_file(walk *w, const char *path, const char *member)
{
    char *data;
    size_t size;
    if (!w->want(member, w->payload) || !w->each) return AF_OK;
    AF_TRY(af_file_read(&data, &size, path, w->max));
    af_status st = w->each(member, data, size, w->payload);
    af_free(data);
    return st;
}

static af_status walk_directory(walk *w, const char *directory, const char *prefix, int depth)
{
    char **names, path[AF_PATH_MAX], member[AF_PATH_MAX];
    size_t count;
    af_status st = AF_OK;
    AF_TRY(af_dir_list(&names, &count, directory));
    for (size_t i = 0; i < count; i++) {
        if (is_hidden(names[i])) continue;
        AF_GOTO(st, done, af_path_join(path, directory, names[i]));
        AF_GOTO(st, done,
                *prefix ? af_path_join(member, prefix, names[i])
                        : af_path_format(member, "%s", names[i]));
        if (!af_dir_exists(path))
            st = af_archive_named(names[i]) ? walk_archive(w, path, member)
                                            : read_file(w, path, member);
        else if (depth < AF_TREE_DEPTH)
            st = walk_directory(w, path, member, depth + 1);
        if (st != AF_OK) goto done;
    }
done:
    af_free(names);
    return st;
}

af_status
af_tree_walk(const char *path, size_t max, bool (*want)(const char *member, void *payload),
             af_status (*each)(const char *member, const void *data, size_t size, void *payload),
             void *payload)
{
    walk w = {.max = max, .want = want, .each = each, .payload = payload, .archive = ""};
    if (af_dir_exists(path)) return walk_directory(&w, path, "", 1);
    if (!af_file_exists(path)) return af_fail(AF_ENOTFOUND, "%s: no such file or directory", path);
    return walk_archive(&w, path, "");
}
