/* Lists are text, one name a line. A name that appears twice would be in two splits and is refused.
 */
#include "data-prep/psicov/lists.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/counts.h"
#include "data-prep/psicov/others.h"
#include "data-prep/psicov/pdnet.h"

enum { RELEASED = 3456, RELEASED_TEST = 150, RELEASED_VALID = 100, MANY = 1000 };
static const size_t list_most = 1 << 20;

typedef struct names {
    int64_t count;
    char (*name)[AF_PSICOV_NAME];
} names;

static af_status add_name(names *n, const char *text, size_t size, const char *path)
{
    bool good = size > 0 && size < AF_PSICOV_NAME;
    for (size_t i = 0; good && i < size; i++)
        good = isalnum((unsigned char)text[i]) || (i && strchr("._-", text[i]));
    if (!good)
        return af_fail(AF_EFORMAT,
                       "%s: entry %lld is '%.*s', want a name of at most %d letters, digits, '.', "
                       "'_' and '-'",
                       path, (long long)n->count + 1, (int)(size < 60 ? size : 60), text,
                       AF_PSICOV_NAME - 1);
    void *more = af_realloc(n->name, (size_t)(n->count + 1) * sizeof *n->name);
    if (!more) return AF_ENOMEM;
    n->name = more;
    snprintf(n->name[n->count++], sizeof *n->name, "%.*s", (int)size, text);
    return AF_OK;
}

static af_status read_list(names *n, const char *path)
{
    char *text;
    size_t size;
    AF_TRY(af_file_read(&text, &size, path, list_most));
    af_status st = AF_OK;
    for (const char *at = text; *at && st == AF_OK;) {
        at += strspn(at, " \t\r\n");
        const size_t length = strcspn(at, " \t\r\n");
        if (length) st = add_name(n, at, length, path);
        at += length;
    }
    af_free(text);
    return st;
}

/* The one list of a directory, else the names of its feature files. */
static af_status list_directory(names *n, const char *root)
{
    char path[AF_PATH_MAX], **entry;
    size_t count;
    AF_TRY(af_dir_list(&entry, &count, root));
    const char *list = NULL;
    int lists = 0;
    for (size_t k = 0; k < count; k++)
        if (af_path_ends(entry[k], ".lst")) list = entry[k], lists++;
    af_status st = lists > 1 ? af_fail(AF_EFORMAT,
                                       "%s: %d files end in .lst, want one, or "
                                       "deepcov.lst and psicov.lst",
                                       root, lists)
                             : AF_OK;
    if (st == AF_OK && lists == 1) st = af_path_join(path, root, list);
    if (st == AF_OK && lists == 1) st = read_list(n, path);
    af_free(entry);
    if (st != AF_OK || lists == 1) return st;
    AF_TRY(af_path_join(path, root, "features"));
    AF_TRY(af_dir_list(&entry, &count, path));
    for (size_t k = 0; k < count && st == AF_OK; k++)
        if (af_path_ends(entry[k], ".pkl")) st = add_name(n, entry[k], strlen(entry[k]) - 4, path);
    af_free(entry);
    return st;
}

/* limit 0: there is none. */
static int64_t at_most(int64_t n, int64_t limit)
{
    return limit ? af_least(n, limit) : n;
}

static af_status add_entries(af_psicov_files *f, const names *n, int64_t first, int64_t count,
                             af_split split, const char *root)
{
    for (int64_t k = first; k < first + count; k++) {
        af_psicov_entry *e = &f->entry[f->count];
        memcpy(e->name, n->name[k], sizeof e->name);
        e->split = split;
        f->root[f->count++] = root;
        AF_TRY(af_pdnet_length(&e->length, root, e->name));
    }
    return AF_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static af_status check_distinct(const af_psicov_files *f)
{
    const char **sorted = af_alloc((size_t)f->count * sizeof *sorted);
    if (!sorted) return AF_ENOMEM;
    for (int64_t k = 0; k < f->count; k++) sorted[k] = f->entry[k].name;
    qsort(sorted, (size_t)f->count, sizeof *sorted, by_name);
    af_status st = AF_OK;
    for (int64_t k = 1; k < f->count && st == AF_OK; k++)
        if (!strcmp(sorted[k], sorted[k - 1]))
            st = af_fail(AF_EFORMAT, "protein '%s' is listed twice; it may be in one split only",
                         sorted[k]);
    af_free(sorted);
    return st;
}

static af_status choose(af_psicov_files *f, const names *learn, const names *test, af_size size)
{
    const af_psicov_layout *l = &af_psicov_layouts[size];
    const bool one = test->count == 0;
    const int64_t n = learn->count, tenth = af_tenth(n);
    const int64_t valid = one ? tenth : n < MANY ? tenth : RELEASED_VALID;
    const int64_t tested = one ? tenth : test->count, train = n - valid - (one ? tenth : 0);
    if (train < 1 || tested < 1)
        return af_fail(AF_EFORMAT, "%lld proteins, want at least 3 to split", (long long)n);
    f->entry = af_calloc((size_t)(n + test->count), sizeof *f->entry);
    f->root = af_calloc((size_t)(n + test->count), sizeof *f->root);
    if (!f->entry || !f->root) return AF_ENOMEM;
    /* the released order: validation first */
    const int64_t from = one ? 0 : valid, held = one ? train : 0;
    AF_TRY(add_entries(f, learn, from, at_most(train, l->train), AF_TRAIN, f->roots[0]));
    AF_TRY(add_entries(f, learn, held, at_most(valid, l->valid), AF_VALID, f->roots[0]));
    AF_TRY(add_entries(f, one ? learn : test, one ? n - tenth : 0, at_most(tested, l->test),
                       AF_TEST, f->roots[one ? 0 : 1]));
    f->whole = size == AF_FULL && n == RELEASED && test->count == RELEASED_TEST;
    return check_distinct(f);
}

static af_status find(af_psicov_files *f, names *learn, names *test, const char *source,
                      af_size size)
{
    char list[AF_PATH_MAX], second[AF_PATH_MAX];
    AF_TRY(af_path_join(list, source, "deepcov.lst"));
    AF_TRY(af_path_join(second, source, "psicov.lst"));
    const bool released = af_file_exists(list) && af_file_exists(second);
    if (!released) {
        char features[AF_PATH_MAX];
        AF_TRY(af_path_join(features, source, "features"));
        if (!af_dir_exists(features)) return af_psicov_refuse(source);
        AF_TRY(af_path_format(f->roots[0], "%s", source));
        AF_TRY(list_directory(learn, source));
    } else {
        AF_TRY(af_path_join(f->roots[0], source, "deepcov"));
        AF_TRY(af_path_join(f->roots[1], source, "psicov"));
        AF_TRY(read_list(learn, list));
        AF_TRY(read_list(test, second));
        if (!test->count) return af_fail(AF_EFORMAT, "%s: empty, want test proteins", second);
    }
    return af_prefix(choose(f, learn, test, size), "%s", source);
}

af_status af_psicov_files_find(af_psicov_files *out, const char *source, af_size size)
{
    names learn = {0}, test = {0};
    *out = (af_psicov_files){.count = 0};
    af_status st = find(out, &learn, &test, source, size);
    af_free(learn.name);
    af_free(test.name);
    if (st != AF_OK) af_psicov_files_free(out);
    return st;
}

void af_psicov_files_free(af_psicov_files *f)
{
    af_free(f->entry);
    af_free(f->root);
    f->entry = NULL;
    f->root = NULL;
}
