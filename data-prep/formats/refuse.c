/* Sentences about what was found. Directories are gone through sorted, so the words do not depend
 * on the file system. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/content.h"

enum { SEEN_MOST = 2000, DEPTH = 5, NAMED = 2, TEXT = 800 };

static const char own_hint[] = " (`afield data import-own` reads these)";

typedef struct tally {
    int count[AF_CONTENTS], files, seen; /* seen: with directories */
    char first[AF_CONTENTS][128];        /* of each kind, below the directory */
    size_t root;                         /* length of its path */
} tally;

static af_status count_file(tally *t, const char *path)
{
    af_content kind;
    AF_TRY(af_content_of(&kind, path));
    const char *below = path + t->root;
    if (!t->count[kind]++)
        snprintf(t->first[kind], sizeof *t->first, "%s", below + strspn(below, "/"));
    t->files++;
    return AF_OK;
}

static af_status count_below(tally *t, const char *directory, int depth)
{
    char path[AF_PATH_MAX], **names;
    size_t count;
    struct stat info;
    AF_TRY(af_dir_list(&names, &count, directory));
    af_status st = AF_OK;
    for (size_t k = 0; k < count && st == AF_OK && t->seen < SEEN_MOST; k++, t->seen++) {
        st = af_path_join(path, directory, names[k]);
        if (st != AF_OK || names[k][0] == '.' || stat(path, &info)) continue;
        if (S_ISREG(info.st_mode))
            st = count_file(t, path);
        else if (S_ISDIR(info.st_mode) && depth < DEPTH)
            st = count_below(t, path, depth + 1);
    }
    af_free(names);
    return st;
}

/* The commonest kind that is not yet named; OTHER and TEXT come last, whatever their number. */
static af_content commonest(const tally *t, const bool named[AF_CONTENTS])
{
    int best = -1, most = 0;
    for (int k = 0; k < AF_CONTENTS; k++) {
        const bool vague = k == AF_CONTENT_OTHER || k == AF_CONTENT_TEXT || k == AF_CONTENT_EMPTY;
        const int weight = vague ? t->count[k] : t->count[k] + SEEN_MOST * (t->count[k] > 0);
        if (named[k] || weight <= most) continue;
        most = weight;
        best = k;
    }
    return best < 0 ? AF_CONTENTS : (af_content)best;
}

static af_status refuse_directory(const char *path, const char *want)
{
    tally t = {.root = strlen(path)};
    bool named[AF_CONTENTS] = {false}, own = true;
    char text[TEXT] = "";
    int told = 0;
    while (t.root > 1 && path[t.root - 1] == '/') t.root--;
    AF_TRY(count_below(&t, path, 0));
    if (!t.files)
        return af_fail(AF_ENOTFOUND, "%s: a directory without files; want %s", path, want);
    for (int n = 0; n < NAMED; n++) {
        const af_content k = commonest(&t, named);
        if (k == AF_CONTENTS) break;
        const size_t at = strlen(text);
        if (t.count[k] == 1)
            snprintf(text + at, sizeof text - at, "%s%s (%s)", n ? " and " : "",
                     af_content_names[k].one, t.first[k]);
        else
            snprintf(text + at, sizeof text - at, "%s%d %s (%s ...)", n ? " and " : "", t.count[k],
                     af_content_names[k].many, t.first[k]);
        named[k] = true;
        told += t.count[k];
        own = own && af_content_names[k].own;
    }
    return af_fail(AF_ENOTFOUND, "%s: holds %s%s%s; want %s", path, text,
                   told < t.files ? ", and others" : "", own && told == t.files ? own_hint : "",
                   want);
}

af_status af_refuse(const char *path, const char *want)
{
    struct stat info;
    char about[AF_CONTENT_ABOUT];
    af_content kind;
    if (stat(path, &info)) {
        const int code = errno;
        if (code == ENOENT)
            return af_fail(AF_ENOTFOUND, "%s: no such file or directory; want %s", path, want);
        errno = code;
        return af_file_fail(path, "cannot read");
    }
    if (S_ISDIR(info.st_mode)) return refuse_directory(path, want);
    AF_TRY(af_content_about(&kind, about, path));
    return af_fail(AF_EFORMAT, "%s: this is %s%s%s; want %s", path, af_content_names[kind].one,
                   about, af_content_names[kind].own ? own_hint : "", want);
}

af_status af_want_content(const char *path, af_content kind, const char *want)
{
    struct stat info;
    af_content is;
    if (stat(path, &info) || S_ISDIR(info.st_mode)) return af_refuse(path, want);
    AF_TRY(af_content_of(&is, path));
    return is == kind ? AF_OK : af_refuse(path, want);
}
