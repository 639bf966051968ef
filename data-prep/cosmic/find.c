/* Finding the files and dealing out visits. Directories are listed sorted, so the order never
 * depends on the file system, as it does in NAS-Bench-360. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/base/log.h"
#include "data-prep/cosmic/raw.h"
#include "data-prep/formats/content.h"

enum { DEEPEST = 8, FEWEST_VISITS = 3 };
static const char SKY[] = "sky.npy";

static af_status add(af_cosmic_files *f, af_cosmic_file file)
{
    if (f->count == f->room) {
        const int64_t room = f->room ? 2 * f->room : 64;
        void *more = af_realloc(f->file, (size_t)room * sizeof *f->file);
        if (!more) return AF_ENOMEM;
        f->file = more;
        f->room = room;
    }
    if (!file.path || !file.visit) return AF_ENOMEM;
    f->file[f->count++] = file;
    return AF_OK;
}

/* The last two directories of a path: "10595/2". */
static const char *visit_of(af_cosmic_files *f, const char *path)
{
    const char *end = strrchr(path, '/'), *from = end;
    for (int slashes = 0; from > path && slashes < 2; from--) slashes += from[-1] == '/';
    from += *from == '/';
    return af_arena_printf(f->arena, "%.*s", (int)(end - from), from);
}

static af_status take_array(af_cosmic_files *f, const char *path, af_split split)
{
    if (!af_path_ends(path, ".npy") || !strcmp(af_path_name(path), SKY)) return AF_OK;
    const char *sky =
        af_arena_printf(f->arena, "%.*s%s", (int)(af_path_name(path) - path), path, SKY);
    if (!sky) return AF_ENOMEM;
    return add(f, (af_cosmic_file){.path = af_arena_strdup(f->arena, path),
                                   .sky = af_file_exists(sky) ? sky : NULL,
                                   .visit = visit_of(f, path),
                                   .split = split});
}

static af_status take_pair(af_cosmic_files *f, const char *path)
{
    const char *name = af_path_name(path), *mark = strstr(name, "_ooi_");
    if (!af_path_ends(name, ".fits") || af_path_ends(name, "_mask.fits")) return AF_OK;
    const int stem = (int)(mark ? mark - name : (long)strlen(name) - 5);
    const int before = (int)(name - path) + stem;
    const char *mask = af_arena_printf(f->arena, "%.*s%s%s", before, path,
                                       mark ? "_ood_" : "_mask.fits", mark ? mark + 5 : "");
    if (!mask) return AF_ENOMEM;
    if (!af_file_exists(mask)) {
        if (!mark) return AF_OK; /* some other image, or itself a mask */
        return af_fail(AF_ENOTFOUND, "%s: its data-quality file %s is not there", path, mask);
    }
    return add(f, (af_cosmic_file){.path = af_arena_strdup(f->arena, path),
                                   .mask = mask,
                                   .visit = af_arena_printf(f->arena, "%.*s", stem, name),
                                   .quality = mark != NULL});
}

/* Calls for every file below; `arrays`: of the tree, else FITS pairs. */
static af_status walk(af_cosmic_files *f, const char *directory, bool arrays, af_split split,
                      int depth)
{
    char path[AF_PATH_MAX], **name;
    size_t count;
    if (depth > DEEPEST)
        return af_fail(AF_EFORMAT, "%s: more than %d directories deep", directory, DEEPEST);
    AF_TRY(af_dir_list(&name, &count, directory));
    af_status st = AF_OK;
    for (size_t k = 0; k < count && st == AF_OK; k++) {
        st = af_path_join(path, directory, name[k]);
        if (st != AF_OK) break;
        if (af_dir_exists(path))
            st = walk(f, path, arrays, split, depth + 1);
        else
            st = arrays ? take_array(f, path, split) : take_pair(f, path);
    }
    af_free(name);
    return st;
}

/* Test files last, then by visit and path. */
static int in_order(const void *a, const void *b)
{
    const af_cosmic_file *x = a, *y = b;
    if ((x->split == AF_TEST) != (y->split == AF_TEST)) return x->split == AF_TEST ? 1 : -1;
    const int visits = strcmp(x->visit, y->visit);
    return visits ? visits : strcmp(x->path, y->path);
}

static bool same_visit(const af_cosmic_file *a, const af_cosmic_file *b)
{
    return (a->split == AF_TEST) == (b->split == AF_TEST) && !strcmp(a->visit, b->visit);
}

/* Numbers visits; returns how many are not in npy_test. */
static int32_t number_visits(af_cosmic_files *f)
{
    int32_t visits = 0, learning = 0;
    for (int64_t k = 0; k < f->count; k++) {
        if (k && !same_visit(&f->file[k], &f->file[k - 1])) visits++;
        f->file[k].group = visits;
        if (f->file[k].split != AF_TEST) learning = visits + 1;
    }
    return learning;
}

static af_status deal(af_cosmic_files *f, const char *source)
{
    qsort(f->file, (size_t)f->count, sizeof *f->file, in_order);
    const int32_t visits = number_visits(f), tenth = visits < 10 ? 1 : visits / 10;
    const bool given = f->test > 0;
    const int32_t train = visits - (given ? tenth : 2 * tenth);
    if (train < 1)
        return af_fail(AF_EFORMAT,
                       "%s: frames of %d visits to train and validate%s, want at least %d: samples "
                       "of one visit stay in one split",
                       source, visits, given ? "" : " and test", FEWEST_VISITS - given);
    for (int64_t k = 0; k < f->count; k++) {
        af_cosmic_file *file = &f->file[k];
        if (file->split == AF_TEST) continue;
        const int32_t g = file->group;
        file->split = g < train ? AF_TRAIN : g < train + tenth ? AF_VALID : AF_TEST;
    }
    for (int64_t k = 0; given && k < f->test; k++)
        for (int64_t j = 0; j < f->train; j++)
            if (!strcmp(f->file[f->train + k].visit, f->file[j].visit)) {
                af_log(AF_LOG_WARN, "cosmic: visit %s is in npy_train and in npy_test",
                       f->file[j].visit);
                return AF_OK;
            }
    return AF_OK;
}

static af_status find(af_cosmic_files *f, const char *source)
{
    static const char want[] =
        "npy_train/f435w/PROPOSAL/VISIT/*.npy, or pairs of FITS files: *_ooi_*.fits with "
        "*_ood_*.fits, NAME.fits with NAME_mask.fits, in a directory";
    char train[AF_PATH_MAX], test[AF_PATH_MAX];
    if (!af_dir_exists(source)) return af_refuse(source, want);
    AF_TRY(af_path_join(train, source, "npy_train/f435w"));
    AF_TRY(af_path_join(test, source, "npy_test/f435w"));
    const bool tree = af_dir_exists(train);
    AF_TRY(walk(f, tree ? train : source, tree, AF_TRAIN, 0));
    f->train = f->count;
    if (tree && af_dir_exists(test)) AF_TRY(walk(f, test, true, AF_TEST, 0));
    f->test = f->count - f->train;
    return f->train ? deal(f, source) : af_refuse(source, want);
}

af_status af_cosmic_files_find(af_cosmic_files *out, const char *source)
{
    *out = (af_cosmic_files){.arena = af_arena_new()};
    af_status st = out->arena ? find(out, source) : AF_ENOMEM;
    if (st != AF_OK) af_cosmic_files_free(out);
    return st;
}

void af_cosmic_files_free(af_cosmic_files *f)
{
    af_free(f->file);
    if (f->arena) af_arena_free(f->arena);
    *f = (af_cosmic_files){0};
}
